import { button, type Child, h } from './element.js';
import { type TextKey, t } from './language.js';
import { go, type ScreenName } from './navigation.js';

/** A screen's heading, which gets the focus when the screen is shown. */
export const heading = (text: string): HTMLElement => h('h1', { tabindex: '-1' }, text);

/** A screen that begins with its heading. */
export const screen = (title: string, ...children: Child[]): HTMLElement =>
  h('section', {}, heading(title), ...children);

/** The buttons of a screen. */
export const actions = (...buttons: Child[]): HTMLElement =>
  h('div', { class: 'actions' }, ...buttons);

/** A part of a screen with a heading of its own. */
const helpCard = (id: string, title: TextKey, ...children: Child[]): HTMLElement =>
  h(
    'section',
    { class: 'card help', 'aria-labelledby': id },
    h('h2', { id }, t(title)),
    ...children,
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

interface Place {
  readonly name: string;
  readonly url: string;
  readonly words: TextKey;
  readonly phone?: Phone;
}

/** A telephone number. Each was read on a page of the service itself. */
interface Phone {
  readonly number: string;
  readonly readOn: { readonly page: string; readonly day: string };
}

/** Helplines, with people who listen. */
export const HELPLINES: readonly Place[] = [
  {
    name: 'Revenge Porn Helpline',
    url: 'https://revengepornhelpline.org.uk/',
    words: 'helpUk',
    phone: {
      number: '0345 6000 459',
      readOn: { page: 'https://revengepornhelpline.org.uk/faq/', day: '2026-11-29' },
    },
  },
  { name: 'Image Abuse Helpline', url: 'https://cybercivilrights.org/', words: 'helpUs' },
];

/** Tools that make hashes themselves and share them with services. */
export const TOOLS: readonly Place[] = [
  { name: 'StopNCII.org', url: 'https://stopncii.org/', words: 'helpStop' },
  { name: 'Take It Down', url: 'https://takeitdown.ncmec.org/', words: 'helpChild' },
];

/** For people under 18 in the United Kingdom. */
export const FOR_CHILDREN: readonly Place[] = [
  {
    name: 'Report Remove',
    url: 'https://www.iwf.org.uk/what-we-do/why-we-exist/report-remove',
    words: 'childReport',
  },
  { name: 'Childline', url: 'https://www.childline.org.uk/', words: 'childLine' },
];

const listed = (places: readonly Place[]) =>
  h(
    'ul',
    {},
    ...places.map(({ name, url, words, phone }) =>
      h('li', {}, outside(name, url), h('br'), t(words), ...(phone ? numberOf(phone) : [])),
    ),
  );

/** A number on its own line. Its digits keep their order in languages written from the right. */
const numberOf = ({ number }: Phone) => [h('br'), h('bdi', { dir: 'ltr' }, number)];

/** A list of places where people help. */
export function helplines(): HTMLElement {
  return helpCard(
    'help-title',
    'helpTitle',
    h('p', {}, t('helpBody')),
    listed(HELPLINES),
    h('p', { class: 'strong' }, t('helpDanger')),
  );
}

/** Help for people under 18 in the United Kingdom. */
export function helpForChildren(): HTMLElement {
  return helpCard('child-uk-title', 'childUkTitle', listed(FOR_CHILDREN));
}

/** States that no service takes the file unasked, and lists places to go instead. */
export function takers(): HTMLElement {
  return helpCard(
    'takers-title',
    'takersTitle',
    h('p', { class: 'strong' }, t('takersNone')),
    h('p', {}, t('takersInstead')),
    listed(TOOLS),
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
    h('p', {}, t('checkFrame')),
    h('p', {}, t('checkGaps')),
    h('ul', { id: 'gaps' }, ...GAPS.map((key) => h('li', {}, t(key)))),
    h('p', {}, t('checkMore')),
    h('p', {}, t('checkStorage')),
  );
}

/** States if the browser reports that it is online. */
export const onlineWords = (): string => t(navigator.onLine ? 'checkOnline' : 'checkOffline');

/** A button back to another screen. */
export const backTo = (screen: ScreenName): HTMLElement =>
  button(t('back'), () => go(screen), 'quiet');

/** Shows a text unchanged, to the last byte. */
export function verbatim(text: string, label: string): HTMLElement {
  return h(
    'pre',
    { class: 'verbatim', tabindex: '0', dir: 'ltr', role: 'region', 'aria-label': label },
    text,
  );
}
