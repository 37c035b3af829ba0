import { createBundle } from '../../index.js';
import { postToShell } from '../frame-message.js';
import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { go } from '../parts/navigation.js';
import { actions, backButton, screen, verbatim } from '../parts/parts.js';
import { printSheet } from '../parts/print-sheet.js';
import { saveLink } from '../parts/saving.js';
import { contentOf, hashedPictures, listedOf, session } from '../parts/session.js';
import { showResult } from '../parts/status.js';
import { isSendable, summaryOf, taker } from '../parts/taker.js';

/** A name that reveals nothing. */
const FILE_NAME = 'numbers.json';

/** Makes the file with its code, if it is not made yet, and goes to them. */
export async function makeFile(): Promise<void> {
  // A second file of the same pictures would have another code and make the first file useless.
  if (session.made?.of !== contentOf()) {
    try {
      await make();
    } catch {
      showResult(t('bundleFailed'), 'failed', 'heading');
      return;
    }
  }
  go('code');
}

async function make(): Promise<void> {
  const digests = session.pictures.flatMap(({ digest }) =>
    digest === undefined ? [] : [{ algorithm: 'sha256' as const, digest }],
  );
  const made = await createBundle(hashedPictures().map(listedOf), { digests });
  const isSecond = session.made?.isSaved || session.made?.isSent || false;
  const isNew = { isSaved: false, isSent: false, isWritten: false, isSecond };
  session.made = { ...made, of: contentOf(), ...isNew };
}

/**
 * The code and the file on one card. The code is written down before the file is saved or sent.
 */
export function codeScreen(): HTMLElement {
  const made = session.made!;
  const { bundle, withdrawToken } = made;
  const written = h('input', {
    type: 'checkbox',
    id: 'written',
    autocomplete: 'off',
    checked: made.isWritten,
    change: () => {
      made.isWritten = written.checked;
    },
  });
  const isWritten = () => {
    if (written.checked) return true;
    showResult(t('codeFirst'), 'failed', 'buttons');
    written.focus();
    return false;
  };
  const next = button(t('next'), () => go('done'));
  const send = button(
    t('codeSend', { host: taker() }),
    () => {
      if (!isWritten()) return;
      if (isSendable(bundle)) postToShell({ send: bundle.text });
      else showResult(t('codeTooMany', { host: taker() }), 'failed', 'buttons');
    },
    'primary',
  );
  const save = saveLink(t('save'), bundle.text, FILE_NAME, (event) => {
    if (!isWritten()) {
      event.preventDefault();
      return;
    }
    made.isSaved = true;
    showResult(t('saved', { file: FILE_NAME }), 'done', 'buttons');
    // Going on is what follows now, or sending.
    if (!taker()) save.after(next);
  });
  if (taker()) save.className = 'button quiet';
  const sheet = printSheet(bundle);
  return screen(
    t('codeTitle'),
    h(
      'section',
      { class: 'card code-card', 'aria-labelledby': 'code-words' },
      h('p', { class: 'code', dir: 'ltr', id: 'code', 'aria-hidden': 'true' }, withdrawToken),
      // Read out digit by digit, with a pause after each group.
      h('p', { class: 'unseen' }, withdrawToken.split('-').map(spaced).join(', ')),
      h('p', { class: 'strong', id: 'code-words' }, t('codeBody')),
      h('span', { class: 'tick' }, written, h('label', { for: 'written' }, t('codeWritten'))),
    ),
    made.isSecond ? h('p', { class: 'maybe' }, t('codeSecond')) : undefined,
    h('p', {}, summaryOf(bundle)),
    h('p', { class: 'note' }, t('saveBody')),
    sheet,
    actions(
      taker() ? send : save,
      taker() ? save : undefined,
      button(t('codeCopy'), () => copy(withdrawToken), 'quiet'),
      button(t('codeBytes'), () => go('preview'), 'quiet'),
      button(t('codePrint'), () => print(), 'quiet'),
      backButton(),
      next,
    ),
  );
}

const spaced = (group: string): string => [...group].join(' ');

/** Shows the file, byte for byte. */
export function previewScreen(): HTMLElement {
  return screen(
    t('previewTitle'),
    h('p', { class: 'lead' }, t('previewBody')),
    verbatim(session.made!.bundle.text, t('previewLabel')),
    actions(
      button(t('previewBack'), () => go('code'), 'primary'),
      backButton(),
    ),
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
