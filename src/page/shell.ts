import { whenShiftAlone } from './frame-message.js';
import { guardFromFiles } from './parts/dropped.js';
import { h } from './parts/element.js';
import { beginAnewWhenBroughtBack, countPresses, leave } from './parts/exit.js';
import { LANGUAGES, type Language, setLanguage, t } from './parts/language.js';
import { announce } from './parts/status.js';
import { SANDBOX } from './policy.js';
import { openSending } from './sending/open-sending.js';
import { drawAgain } from './sending/over-frame.js';
import { allowOnlyService } from './sending/service.js';

/** The page as HTML, and whether this page can send. The build inserts both. */
declare const PAGE_HTML: string;
declare const SENDS: boolean;

/*
 * The shell around the page holds the exit, like GOV.UK's "Exit this page": first on the page, or
 * Shift pressed three times within five seconds. The page itself runs in a sandboxed frame. There
 * it can store nothing and cannot navigate this tab, even when opened from a file, which no header
 * protects. The shell never holds a picture. Its exit lies over the end of the frame's header.
 *
 * The frame can reach nothing. In the page that sends, the shell has the screens that do, over the
 * frame. The name of the frame is the service's, and empty where nothing is sent.
 */

if (SENDS) allowOnlyService();
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
  name: SENDS ? location.host : undefined,
  sandbox: SANDBOX,
  allow: 'clipboard-write',
  srcdoc: PAGE_HTML.replace('/*STYLE*/', () => document.querySelector('style')!.textContent),
});
/** Has the browser ask before the page is left. */
function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
  // Older browsers wait for this.
  event.returnValue = true;
}

function leaveNow(): void {
  // The exit never asks.
  removeEventListener('beforeunload', ask);
  leave(h('div', { class: 'exit-cover', role: 'alert' }, t('exitLoading')));
}

function speak(language: string): void {
  if (!Object.hasOwn(LANGUAGES, language)) return;
  setLanguage(language as Language);
  top.setAttribute('aria-label', t('exit'));
  words.textContent = t('exitShort');
  exit.setAttribute('aria-label', t('exit'));
  exit.title = hint.textContent = t('exitHint');
  frame.title = t('title');
  if (SENDS) drawAgain();
}

const press = countPresses((presses) => {
  exit.setAttribute('data-presses', String(presses));
  announce(t((['exitExpired', 'exitTwoMore', 'exitOneMore'] as const)[presses]!));
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
  if (SENDS) openSending(data, frame);
});
