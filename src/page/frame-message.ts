import type { Language } from './parts/language.js';

/**
 * Messages of the frame to the shell: the chosen language, that Shift was pressed alone, or whether
 * something would be lost by leaving.
 */
export type FrameMessage =
  | { readonly language: Language }
  | { readonly shift: true }
  | { readonly unsaved: boolean };

/** Sends a message to the shell, whose origin may be opaque and so cannot be named. */
export function postToShell(message: FrameMessage): void {
  parent.postMessage(message, '*');
}

/** Calls `pressed` when Shift is pressed and released alone, not for a capital letter. */
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
