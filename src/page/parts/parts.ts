import { button, type Child, h } from './element.js';
import { t } from './language.js';
import { back } from './navigation.js';
import { takenOr } from './taker.js';

/** A screen's heading, which gets the focus when the screen is shown. */
export const heading = (text: string): HTMLElement => h('h1', { tabindex: '-1' }, text);

/** A screen that begins with its heading. */
export const screen = (title: string, ...children: Child[]): HTMLElement =>
  h('section', {}, heading(title), ...children);

/** The main button of a screen, which stays in view, and above it the others. */
export const actions = (main: Child, ...others: Child[]): HTMLElement =>
  h(
    'div',
    { class: 'actions' },
    h('div', { class: 'also' }, ...others),
    main === undefined ? undefined : h('div', { class: 'foot' }, main),
  );

/** A choice that fills a row: its title, and a line about it. */
export const row = (title: string, line: string, onClick: () => void): HTMLElement =>
  h(
    'button',
    { type: 'button', class: 'row', click: onClick },
    h('span', {}, h('strong', {}, title), ' ', h('span', { class: 'note' }, line)),
  );

/** A link to another site, in a new tab. This page stays and sends no referrer. */
export function outside(text: string, url: string): HTMLElement {
  return h(
    'a',
    { href: url, target: '_blank', rel: 'noopener noreferrer', referrerpolicy: 'no-referrer' },
    text,
    h('span', { class: 'unseen' }, ` (${t('newTab')})`),
  );
}

/**
 * Gaps of the policy: things that it cannot prevent the page's own script from doing. A test
 * measures that these gaps are the only ones.
 */
export const GAPS = ['gapWebrtc', 'gapNames', 'gapConnection', 'gapWindow'] as const;

/** Explains how people can check that the picture stays on the device, and which gaps remain. */
export function checkYourself(): HTMLElement {
  const online = h('p', { class: 'strong', id: 'online' }, onlineWords());
  return h(
    'details',
    { class: 'card' },
    h('summary', {}, t('checkTitle')),
    h('p', {}, t('checkAirplane')),
    online,
    h('p', {}, t('checkWorker')),
    h('p', {}, takenOr('checkFrameJoined', 'checkFrame')),
    h('p', {}, t('checkGaps')),
    h('ul', { id: 'gaps' }, ...GAPS.map((key) => h('li', {}, t(key)))),
    h('p', {}, t('checkMore')),
    h('p', {}, t('checkStorage')),
  );
}

/** States if the browser reports that it is online. */
export const onlineWords = (): string => t(navigator.onLine ? 'checkOnline' : 'checkOffline');

/** A button back to the previous screen. */
export const backButton = (): HTMLElement => button(t('back'), back, 'quiet');

/** Shows a text unchanged, to the last byte. */
export function verbatim(text: string, label: string): HTMLElement {
  return h(
    'pre',
    { class: 'verbatim', tabindex: '0', dir: 'ltr', role: 'region', 'aria-label': label },
    text,
  );
}
