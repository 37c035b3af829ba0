import { button, h } from './element.js';
import { type TextKey, t } from './language.js';
import { go, type ScreenName } from './navigation.js';

/** A screen's heading, which gets the focus when the screen is shown. */
export const heading = (text: string): HTMLElement => h('h1', { tabindex: '-1' }, text);

/** A link to another site, in a new tab. This page stays and sends no referrer. */
export function outside(text: string, url: string): HTMLElement {
  return h(
    'a',
    { href: url, target: '_blank', rel: 'noopener noreferrer', referrerpolicy: 'no-referrer' },
    text,
    h('span', { class: 'unseen' }, ` (${t('newTab')})`),
  );
}

type Place = readonly [name: string, url: string, words: TextKey];

/** Helplines, with people who listen. */
const HELPLINES: readonly Place[] = [
  ['Revenge Porn Helpline', 'https://revengepornhelpline.org.uk/', 'helpUk'],
  ['Image Abuse Helpline', 'https://cybercivilrights.org/', 'helpUs'],
];

/** Tools that make hashes themselves and share them with services. */
const TOOLS: readonly Place[] = [
  ['StopNCII.org', 'https://stopncii.org/', 'helpStop'],
  ['Take It Down', 'https://takeitdown.ncmec.org/', 'helpChild'],
];

const listed = (places: readonly Place[]) =>
  h(
    'ul',
    {},
    ...places.map(([name, url, words]) => h('li', {}, outside(name, url), h('br'), t(words))),
  );

/** Where to find people who help. */
export function helplines(): HTMLElement {
  return h(
    'section',
    { class: 'card help', 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, t('helpTitle')),
    h('p', {}, t('helpBody')),
    listed(HELPLINES),
    h('p', { class: 'strong' }, t('helpDanger')),
  );
}

/** Says that no service takes the file unasked, and where to go instead. */
export function takers(): HTMLElement {
  return h(
    'section',
    { class: 'card help', 'aria-labelledby': 'takers-title' },
    h('h2', { id: 'takers-title' }, t('takersTitle')),
    h('p', { class: 'strong' }, t('takersNone')),
    h('p', {}, t('takersInstead')),
    listed(TOOLS),
  );
}

/**
 * What the policy cannot keep the page's own script from doing. A test measures that these gaps are
 * the only ones.
 */
export const GAPS = ['gapWebrtc', 'gapNames', 'gapConnection', 'gapWindow'] as const;

/** How people can check that the picture stays on the device, and which gaps remain. */
export function checkYourself(): HTMLElement {
  const online = h('p', { class: 'strong', id: 'online' }, onlineWords());
  return h(
    'details',
    { class: 'card' },
    h('summary', {}, t('checkTitle')),
    h('p', {}, t('checkAirplane')),
    online,
    h('p', {}, t('checkWorker')),
    h('p', {}, t('checkFrame')),
    h('p', {}, t('checkGaps')),
    h('ul', { id: 'gaps' }, ...GAPS.map((key) => h('li', {}, t(key)))),
    h('p', {}, t('checkMore')),
    h('p', {}, t('checkStorage')),
  );
}

/** Says whether the browser reports that it is online. */
export const onlineWords = (): string => t(navigator.onLine ? 'checkOnline' : 'checkOffline');

/** A button back to another screen. */
export const backTo = (screen: ScreenName): HTMLElement =>
  button(t('back'), () => go(screen), 'quiet');

/** Shows a text as it is, to the last byte. */
export function verbatim(text: string, label: string): HTMLElement {
  return h(
    'pre',
    { class: 'verbatim', tabindex: '0', dir: 'ltr', role: 'region', 'aria-label': label },
    text,
  );
}
