import { bundleText, createBundle } from '../../submission/index.js';
import { button, h } from '../element.js';
import { t } from '../language.js';
import { go } from '../navigation.js';
import { backTo, heading, verbatim } from '../parts.js';
import { saveLink } from '../saving.js';
import { hashedPictures, session } from '../session.js';
import { announce } from '../status.js';

/** A name that says nothing. */
const FILE_NAME = 'numbers.json';

/** What the file will hold and what cannot be recovered, said before it is made. */
export function bundleScreen(): HTMLElement {
  return h(
    'section',
    {},
    heading(t('bundleTitle')),
    h('p', { class: 'lead' }, t('bundleBody')),
    h('p', {}, t('bundleCode')),
    h('p', { class: 'strong' }, t('bundleWarn')),
    h('div', { class: 'actions' }, button(t('bundleMake'), make, 'primary'), backTo('pictures')),
  );
}

async function make(): Promise<void> {
  session.made = await createBundle(hashedPictures().map(({ image }) => image));
  go('code');
}

/** The code that takes the file back, before the file itself: it is to be written down. */
export function codeScreen(): HTMLElement {
  const { withdrawToken } = session.made!;
  return h(
    'section',
    {},
    heading(t('codeTitle')),
    h('p', { class: 'lead' }, t('codeBody')),
    h('p', { class: 'code', dir: 'ltr', id: 'code' }, withdrawToken),
    h(
      'div',
      { class: 'actions' },
      button(t('next'), () => go('preview'), 'primary'),
      button(t('codeCopy'), () => copy(withdrawToken)),
      backTo('pictures'),
    ),
  );
}

/** The file, byte for byte, and the way to save it. */
export function previewScreen(): HTMLElement {
  const text = bundleText(session.made!.bundle);
  return h(
    'section',
    {},
    heading(t('previewTitle')),
    h('p', { class: 'lead' }, t('previewBody')),
    verbatim(text, t('previewLabel')),
    h('p', { class: 'note' }, t('saveBody')),
    h(
      'div',
      { class: 'actions' },
      saveLink(t('save'), text, FILE_NAME, () => announce(t('saved'))),
      button(t('next'), () => go('done')),
      backTo('code'),
    ),
  );
}

async function copy(code: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(code);
    announce(t('codeCopied'));
  } catch {
    announce(t('codeNotCopied'));
  }
}
