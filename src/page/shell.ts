import { whenShiftAlone } from './frame-message.js';
import { guardFromFiles } from './parts/dropped.js';
import { h } from './parts/element.js';
import { beginAnewWhenBroughtBack, countPresses, leave } from './parts/exit.js';
import { announce } from './parts/status.js';
import { SANDBOX } from './policy.js';
import type { ShellWords } from './shell-words.js';

/** The page as HTML, and the shell's texts in each language. The build inserts both. */
declare const PAGE_HTML: string;
declare const SHELL_WORDS: Record<string, ShellWords>;

/*
 * The shell around the page holds the exit, like GOV.UK's "Exit this page": first on the page, or
 * Shift pressed three times within five seconds. The page itself runs in a sandboxed frame. There
 * it can store nothing and cannot navigate this tab, even when opened from a file, which no header
 * protects. The shell never holds a picture. Its exit lies over the end of the frame's header.
 */

guardFromFiles();
const words = h('span', { class: 'exit-words' });
const exit = h(
  'button',
  { type: 'button', id: 'exit', class: 'exit', click: leaveNow },
  words,
  h('span', { class: 'exit-dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')),
);
const hint = h('p', { class: 'exit-hint' });
const top = h('section', { class: 'top' }, exit, hint);
const frame = h('iframe', {
  id: 'page',
  sandbox: SANDBOX,
  allow: 'clipboard-write',
  srcdoc: PAGE_HTML.replace('/*STYLE*/', () => document.querySelector('style')!.textContent),
});
let spoken = SHELL_WORDS.en!;

/** Has the browser ask before the page is left. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
  // Older browsers wait for this.
  event.returnValue = true;
}

function leaveNow(): void {
  // The exit never asks.
  removeEventListener('beforeunload', ask);
  leave(h('div', { class: 'exit-cover', role: 'alert' }, spoken.exitLoading));
}

function speak(language: string): void {
  if (!Object.hasOwn(SHELL_WORDS, language)) return;
  spoken = SHELL_WORDS[language]!;
  document.documentElement.lang = language;
  document.documentElement.dir = spoken.direction;
  document.title = spoken.title;
  top.setAttribute('aria-label', spoken.exit);
  words.textContent = spoken.exitShort;
  exit.setAttribute('aria-label', spoken.exit);
  exit.title = hint.textContent = spoken.exitHint;
  frame.title = spoken.title;
}

const press = countPresses((presses) => {
  exit.setAttribute('data-presses', String(presses));
  const { exitTwoMore, exitOneMore, exitExpired } = spoken;
  announce([exitExpired, exitTwoMore, exitOneMore][presses]!);
}, leaveNow);

speak('en');
document.body.replaceChildren(
  top,
  frame,
  h('p', { id: 'status', role: 'status', class: 'unseen' }),
);
whenShiftAlone(press);
beginAnewWhenBroughtBack();
addEventListener('message', ({ source, data }) => {
  if (source !== frame.contentWindow || typeof data !== 'object' || data === null) return;
  if (data.shift === true) press();
  if (typeof data.language === 'string') speak(data.language);
  if (data.unsaved === true) addEventListener('beforeunload', ask);
  if (data.unsaved === false) removeEventListener('beforeunload', ask);
});
