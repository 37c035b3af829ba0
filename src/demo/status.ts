import { h } from './element.js';

const SETTLED_MILLISECONDS = 250;

/** Says `text` to a screen reader, without moving its user. */
export function announce(text: string): void {
  const status = document.getElementById('status');
  if (status) status.textContent = text;
}

/**
 * Says what came of what a person did, so that it is seen and heard: below the buttons, or on a screen that came since
 * below its heading. It is gone with the screen.
 */
export function tell(text: string, how: 'done' | 'failed', where: 'buttons' | 'heading'): void {
  announce(text);
  document.getElementById('told')?.remove();
  const told = h('p', { id: 'told', class: 'told', 'data-how': how }, text);
  const places = document.querySelectorAll(where === 'buttons' ? 'main .actions' : 'main h1');
  places[places.length - 1]?.after(told);
  // Once the press has had its effects: a browser may open a bar for a file that is saved, and WebKit scrolls no
  // further than the page was long.
  setTimeout(() => told.scrollIntoView({ block: 'nearest' }), SETTLED_MILLISECONDS);
}
