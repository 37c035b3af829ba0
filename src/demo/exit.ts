import { h } from './element.js';
import { t } from './language.js';
import { announce } from './status.js';

/** A page that says nothing about the one that was left. */
const NEUTRAL_PAGE = 'https://www.wikipedia.org/';
const PRESSES = 3;
const WITHIN_MILLISECONDS = 5000;

/**
 * Leaves at once: the page is covered, what it holds is let go, and another page takes its place in the history. From a
 * file or offline that is an empty one, since an error page would name the address that was asked for.
 */
function leave(clear: () => void): void {
  const cover = h('div', { class: 'exit-cover', role: 'alert' }, t('exitLoading'));
  document.body.replaceChildren(cover);
  document.title = '…';
  clear();
  const away = location.protocol !== 'file:' && navigator.onLine;
  location.replace(away ? NEUTRAL_PAGE : 'about:blank');
}

/**
 * The button to leave by, as GOV.UK's "Exit this page": first on the page, and by Shift three times within five seconds
 * from anywhere.
 * @param clear lets go of all that the page holds
 */
export function exitButton(clear: () => void): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', id: 'exit', class: 'exit', click: () => leave(clear) },
    h('span', { class: 'exit-words' }, t('exit')),
    h('span', { class: 'exit-dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
  );
}

/** Listens for Shift pressed three times. Shift with another key, as for a capital letter, does not count. */
export function leaveByShift(clear: () => void): void {
  let presses = 0;
  let alone = false;
  let timer = 0;
  const count = (next: number) => {
    presses = next;
    document.getElementById('exit')?.setAttribute('data-presses', String(next));
  };
  document.addEventListener('keydown', (event) => {
    alone = event.key === 'Shift';
  });
  document.addEventListener('keyup', (event) => {
    if (event.key !== 'Shift' || !alone) return;
    alone = false;
    count(presses + 1);
    if (presses === PRESSES) {
      leave(clear);
      return;
    }
    announce(t(presses === 1 ? 'exitTwoMore' : 'exitOneMore'));
    if (presses > 1) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      count(0);
      announce(t('exitExpired'));
    }, WITHIN_MILLISECONDS);
  });
}

/** A page that a browser brings back from its memory is begun anew. */
export function beginAnewWhenBroughtBack(): void {
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}
