import type { ShellMessage } from '../frame-message.js';
import { button, h } from '../parts/element.js';
import { t } from '../parts/language.js';
import { watchClosing } from '../parts/navigation.js';

/*
 * The screens of the shell lie over the frame, which is hidden meanwhile and not heard. So what she
 * reads there is the shell's alone, and stays until she presses something.
 */

/** A press so soon after a screen came was meant for what was there before. */
const UNREAD_MILLISECONDS = 500;

type Draw = () => HTMLElement;
/** The way to the screen that is shown; empty while the frame is. */
let trail: readonly Draw[] = [];
let covered: HTMLIFrameElement | undefined;
let shownAt = 0;
const main = h('main', { id: 'main', class: 'over' });

/** True while a screen lies over the frame. */
export const isOver = (): boolean => trail.length > 0;

/** Lays a screen over `frame`. */
export function layOver(frame: HTMLIFrameElement, draw: Draw): void {
  covered = frame;
  frame.hidden = true;
  frame.after(main);
  follow([draw]);
}

/**
 * Goes to a screen. Back leads to the one before.
 * @param closed takes the browser's own Back, default the same
 */
export const onto = (draw: Draw, closed: () => void = back): void =>
  follow([...trail, draw], closed);

/** Goes to a screen, from which nothing leads back. */
export const finallyOnto = (draw: Draw): void => follow([draw]);

/** Goes back to the screen before, or to the frame. */
export function back(): void {
  if (trail.length > 1) follow(trail.slice(0, -1));
  else uncover('back');
}

/** Shows the frame again. */
export function uncover(closed: 'onward' | 'back'): void {
  trail = [];
  watchClosing(undefined);
  main.remove();
  main.replaceChildren();
  covered!.hidden = false;
  covered!.focus();
  tellFrame({ closed });
}

/** The origin of the frame is opaque and cannot be named. */
export const tellFrame = (message: ShellMessage): void =>
  covered!.contentWindow!.postMessage(message, '*');

/** Draws the screen again, in another language. */
export function drawAgain(): void {
  if (isOver()) draw();
}

export const backButton = (): HTMLElement => button(t('back'), back, 'quiet');

/** The main button of a screen, which sends. It hears only a person who has seen the screen. */
export const sendButton = (text: string, send: () => void): HTMLElement =>
  button(text, ({ timeStamp }) => timeStamp - shownAt > UNREAD_MILLISECONDS && send(), 'primary');

function follow(next: readonly Draw[], closed: () => void = back): void {
  trail = next;
  watchClosing(closed);
  draw();
  main.scrollTo(0, 0);
  main.querySelector('h1')!.focus({ preventScroll: true });
}

function draw(): void {
  shownAt = performance.now();
  main.replaceChildren(trail.at(-1)!());
}
