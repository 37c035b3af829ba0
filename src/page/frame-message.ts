import type { Language } from './parts/language.js';

/**
 * Messages of the frame to the shell: the chosen language, that Shift was pressed alone, whether
 * something would be lost by leaving, or the request to open a screen that sends, which only the
 * page that sends hears. A file to send is the text of its bundle.
 */
export type FrameMessage =
  | { readonly language: Language }
  | { readonly shift: true }
  | { readonly unsaved: boolean }
  | { readonly send: string }
  | { readonly open: 'ask' | 'takeBack' };

/**
 * Messages of the shell to the frame: the service has the file of this case, or the screens that
 * send were closed, by going on or by going back.
 */
export type ShellMessage = { readonly received: string } | { readonly closed: 'onward' | 'back' };

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
