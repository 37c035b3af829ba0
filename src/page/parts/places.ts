import { type Child, h } from './element.js';
import { type TextKey, t } from './language.js';
import { outside } from './parts.js';
import { takenOr } from './taker.js';

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

const INCIBE: Place = {
  name: 'INCIBE, Tu Ayuda en Ciberseguridad',
  url: 'https://www.incibe.es/linea-de-ayuda-en-ciberseguridad',
  words: 'helpEs',
  phone: {
    number: '017',
    readOn: {
      page: 'https://www.incibe.es/en/linea-de-ayuda-en-ciberseguridad/faq',
      day: '2026-11-29',
    },
  },
};

const CYBERCRIME_INDIA: Place = {
  name: 'National Cyber Crime Reporting Portal',
  url: 'https://cybercrime.gov.in/',
  words: 'helpIn',
};

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
  INCIBE,
  CYBERCRIME_INDIA,
];

/** Tools that make hashes themselves and share them with services. */
export const TOOLS: readonly Place[] = [
  { name: 'StopNCII.org', url: 'https://stopncii.org/', words: 'helpStop' },
  { name: 'Take It Down', url: 'https://takeitdown.ncmec.org/', words: 'helpChild' },
];

/** For people under 18, by country. */
export const FOR_CHILDREN: readonly Place[] = [
  {
    name: 'Report Remove',
    url: 'https://www.iwf.org.uk/what-we-do/why-we-exist/report-remove',
    words: 'childReport',
  },
  { name: 'Childline', url: 'https://www.childline.org.uk/', words: 'childLine' },
  { name: 'CyberTipline', url: 'https://report.cybertip.org/', words: 'childUs' },
  INCIBE,
  { name: '3018, e-Enfance', url: 'https://3018.fr/', words: 'childFr' },
  CYBERCRIME_INDIA,
];

/** A part of a screen with a heading of its own. */
const helpCard = (id: string, title: TextKey, ...children: Child[]): HTMLElement =>
  h(
    'section',
    { class: 'card help', 'aria-labelledby': id },
    h('h2', { id }, t(title)),
    ...children,
  );

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

/** A list of places where people help. @param id of its heading */
export const helplines = (id = 'help-title'): HTMLElement =>
  helpCard(
    id,
    'helpTitle',
    h('p', {}, t('helpBody')),
    listed(HELPLINES),
    h('p', { class: 'strong' }, t('helpDanger')),
  );

/** Help for people under 18, by country. */
export const helpForChildren = (): HTMLElement =>
  helpCard('child-help-title', 'childHelpTitle', listed(FOR_CHILDREN));

/** States who takes the file, and lists places to go instead. */
export const takers = (): HTMLElement =>
  helpCard(
    'takers-title',
    'takersTitle',
    h('p', { class: 'strong' }, takenOr('takersHere', 'takersNone')),
    h('p', {}, t('takersInstead')),
    listed(TOOLS),
  );
