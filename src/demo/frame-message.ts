import type { Language } from './language.js';

/** What the frame tells the page around it: the language that was chosen, and that Shift was pressed alone. */
export type FrameMessage = { readonly language: Language } | { readonly shift: true };

/** Tells the page around the frame, which has no origin that could be named. */
export function tellShell(message: FrameMessage): void {
  parent.postMessage(message, '*');
}

/** Calls `pressed` when Shift is pressed and let go alone. With another key, as for a capital letter, it is not. */
export function whenShiftAlone(pressed: () => void): void {
  let alone = false;
  document.addEventListener('keydown', (event) => {
    alone = event.key === 'Shift';
  });
  document.addEventListener('keyup', (event) => {
    if (event.key !== 'Shift' || !alone) return;
    alone = false;
    pressed();
  });
}
