import { createBundle } from '../../index.js';
import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen, verbatim } from '../parts/parts.js';
import { saveLink } from '../parts/saving.js';
import { hashedPictures, isMadeOfThese, session } from '../parts/session.js';
import { shapeNumbers } from '../parts/shape-numbers.js';
import { showResult } from '../parts/status.js';

/** A name that reveals nothing. */
const FILE_NAME = 'numbers.json';

/** States what the file will hold and what cannot be recovered, before it is made. */
export function bundleScreen(): HTMLElement {
  // A second file of the same pictures would have another code and make the first file useless.
  const again = isMadeOfThese();
  const shapes = hashedPictures().some(({ image }) => shapeNumbers(image).length > 0);
  const changed = session.made !== undefined && !again;
  return screen(
    t('bundleTitle'),
    h('p', { class: 'lead' }, t('bundleBody')),
    shapes ? h('p', { id: 'bundle-shapes' }, t('bundleShapes')) : undefined,
    h('p', {}, t('bundleCode')),
    h('p', { class: 'strong' }, t('bundleWarn')),
    again ? h('p', { class: 'good' }, t('bundleKept')) : undefined,
    changed ? h('p', { class: 'maybe' }, t('bundleChanged')) : undefined,
    actions(
      again
        ? button(t('next'), () => go('code'), 'primary')
        : button(t('bundleMake'), make, 'primary'),
      backButton(),
    ),
  );
}

async function make(): Promise<void> {
  const images = hashedPictures().map(({ image }) => image);
  try {
    session.made = { ...(await createBundle(images)), images, saved: false };
  } catch {
    showResult(t('bundleFailed'), 'failed', 'buttons');
    return;
  }
  go('code');
}

/** Shows the code that withdraws the file. It comes before the file, to be written down. */
export function codeScreen(): HTMLElement {
  const { withdrawToken } = session.made!;
  return screen(
    t('codeTitle'),
    h('p', { class: 'lead' }, t('codeBody')),
    h('p', { class: 'code', dir: 'ltr', id: 'code' }, withdrawToken),
    actions(
      button(t('next'), () => go('preview'), 'primary'),
      button(t('codeCopy'), () => copy(withdrawToken)),
      backButton(),
    ),
  );
}

/** Shows the file, byte for byte, and a link that saves it. */
export function previewScreen(): HTMLElement {
  const made = session.made!;
  const { text } = made.bundle;
  const next = button(t('next'), () => go('done'));
  const save = saveLink(t('save'), text, FILE_NAME, () => {
    made.saved = true;
    showResult(t('saved', { file: FILE_NAME }), 'done', 'buttons');
    // Going on is what follows now.
    save.after(next);
  });
  return screen(
    t('previewTitle'),
    h('p', { class: 'lead' }, t('previewBody')),
    verbatim(text, t('previewLabel')),
    h('p', { class: 'note' }, t('saveBody')),
    actions(save, next, backButton()),
  );
}

async function copy(code: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(code);
    showResult(t('codeCopied'), 'done', 'buttons');
  } catch {
    showResult(t('codeNotCopied'), 'failed', 'buttons');
  }
}
