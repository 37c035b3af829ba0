import { h } from './element.js';

let offered: string | undefined;

/**
 * A link that saves `text` as a file, unless `onSave` prevents it. The text of an earlier link is
 * released.
 */
export function saveLink(
  label: string,
  text: string,
  name: string,
  onSave: (event: Event) => void,
): HTMLAnchorElement {
  forgetSaved();
  offered = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  return h('a', { class: 'button primary', href: offered, download: name, click: onSave }, label);
}

/** Releases the text that was offered for saving. */
export function forgetSaved(): void {
  if (offered !== undefined) URL.revokeObjectURL(offered);
  offered = undefined;
}
