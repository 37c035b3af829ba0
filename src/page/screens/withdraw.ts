import { createWithdrawal } from '../../index.js';
import { postToShell } from '../frame-message.js';
import { codeField } from '../parts/code-field.js';
import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { actions, backButton, row, screen, verbatim } from '../parts/parts.js';
import { saveLink } from '../parts/saving.js';
import { announce, showResult } from '../parts/status.js';
import { taker } from '../parts/taker.js';

const FILE_NAME = 'numbers-back.json';

/**
 * Takes a file back: its code alone makes another file, which says so. The service of this page
 * needs no such file.
 */
export function withdrawScreen(): HTMLElement {
  const notice = h('p', { role: 'alert', class: 'strong' });
  const result = h('div');
  const code = codeField();
  const make = async () => {
    result.replaceChildren();
    notice.textContent = '';
    try {
      const withdrawal = await createWithdrawal(code.value);
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
      code.focus();
    }
  };
  return screen(
    t('withdrawTitle'),
    taker()
      ? row(t('withdrawHere', { host: taker() }), t('withdrawHereBody'), () =>
          postToShell({ open: 'takeBack' }),
        )
      : undefined,
    h('p', { class: 'lead' }, t('withdrawBody')),
    h('label', { for: 'withdraw-code', class: 'label' }, t('withdrawCode')),
    code,
    notice,
    result,
    actions(button(t('withdrawMake'), make, 'primary'), backButton()),
  );
}
