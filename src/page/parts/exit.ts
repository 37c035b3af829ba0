/** A page that reveals nothing about the one left. */
const NEUTRAL_PAGE = 'https://www.wikipedia.org/';
const PRESSES = 3;
const WITHIN_MILLISECONDS = 5000;

/**
 * Leaves at once. The frame is removed with everything it holds, and another page replaces this one
 * in the history. From a file or offline that is an empty page: an error page would show the
 * requested address.
 * @param cover shown until the other page loads
 */
export function leave(cover: HTMLElement): void {
  document.body.replaceChildren(cover);
  document.title = '…';
  const away = location.protocol !== 'file:' && navigator.onLine;
  location.replace(away ? NEUTRAL_PAGE : 'about:blank');
}

/**
 * Counts presses of Shift. Three within five seconds call `last`. `changed` gets the other counts,
 * and 0 when the time is up.
 * @returns a function that counts one press
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

/** Reloads the page when the browser restores it from its back-forward cache. */
export function beginAnewWhenBroughtBack(): void {
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}
