import { h } from './element.js';

const SETTLED_MILLISECONDS = 250;

/** Announces `text` to a screen reader, without moving the focus. */
export function announce(text: string): void {
  const status = document.getElementById('status');
  if (status) status.textContent = text;
}

/**
 * Shows and announces the result of an action. It appears above the button pressed or, on a
 * new screen, below the heading, and disappears with the screen.
 */
export function showResult(
  text: string,
  how: 'done' | 'failed',
  where: 'buttons' | 'heading',
): void {
  announce(text);
  document.getElementById('outcome')?.remove();
  const result = h('p', { id: 'outcome', class: 'outcome', 'data-how': how }, text);
  if (where === 'buttons') document.querySelector('main .foot')?.prepend(result);
  else document.querySelector('main h1')?.after(result);
  // Waits for the effects of the press: a browser may open a bar for a saved file, and WebKit
  // scrolls no further than the former length of the page.
  setTimeout(() => result.scrollIntoView({ block: 'nearest' }), SETTLED_MILLISECONDS);
}
