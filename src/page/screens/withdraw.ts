import { type Bundle, createWithdrawal, readBundle } from '../../index.js';
import { takeDropped } from '../parts/dropped.js';
import { button, h } from '../parts/element.js';
import { filePicker } from '../parts/file-picker.js';
import { t } from '../parts/language.js';
import { actions, backButton, screen, verbatim } from '../parts/parts.js';
import { saveLink } from '../parts/saving.js';
import { announce, showResult } from '../parts/status.js';

const FILE_NAME = 'numbers-back.json';

/** Withdraws a saved file. Its code makes another file, which states this. */
export function withdrawScreen(): HTMLElement {
  let bundle: Bundle | undefined;
  const notice = h('p', { role: 'alert', class: 'strong' });
  const result = h('div');
  const code = h('input', {
    type: 'text',
    id: 'withdraw-code',
    class: 'field',
    dir: 'ltr',
    autocomplete: 'off',
    autocapitalize: 'characters',
    spellcheck: 'false',
  });
  const choose = async ([file]: readonly Blob[]) => {
    result.replaceChildren();
    try {
      bundle = readBundle(new Uint8Array(await file!.arrayBuffer()));
      notice.textContent = t('withdrawRead');
      code.focus();
    } catch {
      bundle = undefined;
      notice.textContent = t('withdrawBadFile');
    }
  };
  takeDropped(choose);
  const make = async () => {
    result.replaceChildren();
    notice.textContent = '';
    if (!bundle) {
      notice.textContent = t('withdrawNoFile');
      return;
    }
    try {
      const withdrawal = await createWithdrawal(bundle, code.value);
      const text = `${JSON.stringify(withdrawal, null, 2)}\n`;
      const save = saveLink(t('withdrawSave'), text, FILE_NAME, () =>
        showResult(t('saved', { file: FILE_NAME }), 'done', 'buttons'),
      );
      result.replaceChildren(
        h('p', { class: 'strong' }, t('withdrawReady')),
        verbatim(text, t('previewLabel')),
        save,
      );
      announce(t('withdrawReady'));
      save.focus();
    } catch {
      notice.textContent = t('withdrawBadCode');
    }
  };
  return screen(
    t('withdrawTitle'),
    h('p', { class: 'lead' }, t('withdrawBody')),
    filePicker(
      'withdraw-file',
      t('withdrawFile'),
      '.json,application/json',
      false,
      choose,
      'plain',
    ),
    h('label', { for: 'withdraw-code', class: 'label' }, t('withdrawCode')),
    code,
    notice,
    result,
    actions(button(t('withdrawMake'), make, 'primary'), backButton()),
  );
}
