/** The screens. Each asks for one thing. */
export type ScreenName =
  | 'welcome'
  | 'threat'
  | 'age'
  | 'child'
  | 'choose'
  | 'working'
  | 'pictures'
  | 'wide'
  | 'code'
  | 'preview'
  | 'done'
  | 'clear'
  | 'withdraw';

let show: (name: ScreenName) => void = () => {};

/**
 * The way to the screen that is shown. It is kept here and not in the browser's history: an entry
 * there would outlive the exit, and the browser's Back would lead here again.
 */
let trail: readonly ScreenName[] = ['welcome'];

/** Sets the function that shows a screen when `go` or `back` is called. */
export function whenGoing(shower: (name: ScreenName) => void): void {
  show = (name) => {
    watchClosing(trail.length === 1 || name === 'working' ? undefined : back);
    shower(name);
  };
}

/**
 * Goes to a screen. One that is on the way already is returned to, unless `onward`. Progress is
 * not on the way: it passes.
 */
export function go(name: ScreenName, { onward = false } = {}): void {
  if (name !== 'working') {
    const at = onward ? -1 : trail.indexOf(name);
    trail = at < 0 ? [...trail, name] : trail.slice(0, at + 1);
  }
  show(name);
}

/** Goes to the previous screen. */
export function back(): void {
  trail = trail.slice(0, Math.max(1, trail.length - 1));
  show(trail.at(-1)!);
}

/** Chromium fires `close` for Back on an Android phone, and for Escape elsewhere. */
declare const CloseWatcher: (new () => EventTarget & { destroy(): void }) | undefined;
let watcher: { destroy(): void } | undefined;

/** Takes the browser's own Back, where it offers that without an entry in its history. */
export function watchClosing(closed: (() => void) | undefined): void {
  watcher?.destroy();
  watcher = undefined;
  if (closed === undefined || typeof CloseWatcher === 'undefined') return;
  const next = new CloseWatcher();
  next.addEventListener('close', closed);
  watcher = next;
}
