/** A page that says nothing about the one that was left. */
const NEUTRAL_PAGE = 'https://www.wikipedia.org/';
const PRESSES = 3;
const WITHIN_MILLISECONDS = 5000;

/**
 * Leaves at once: the page is covered, its frame is gone with all that it holds, and another page takes its place in the
 * history. From a file or offline that is an empty one, since an error page would name the address that was asked for.
 * @param cover what is shown until the other page comes
 */
export function leave(cover: HTMLElement): void {
  document.body.replaceChildren(cover);
  document.title = '…';
  const away = location.protocol !== 'file:' && navigator.onLine;
  location.replace(away ? NEUTRAL_PAGE : 'about:blank');
}

/**
 * Counts presses of Shift. Three within five seconds call `last`; `changed` is told of the others, and of 0 when time is
 * up.
 * @returns counts one press
 */
export function countPresses(changed: (presses: number) => void, last: () => void): () => void {
  let presses = 0;
  let timer = 0;
  return () => {
    presses++;
    if (presses === PRESSES) {
      last();
      return;
    }
    changed(presses);
    if (presses > 1) return;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      presses = 0;
      changed(0);
    }, WITHIN_MILLISECONDS);
  };
}

/** A page that a browser brings back from its memory is begun anew. */
export function beginAnewWhenBroughtBack(): void {
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}
