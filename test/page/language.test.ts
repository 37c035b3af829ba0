import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  LANGUAGES,
  type Language,
  languageFor,
  type Plural,
  pluralOf,
} from '../../src/page/parts/language.js';
import { FOR_CHILDREN, HELPLINES, TOOLS } from '../../src/page/parts/places.js';
import en from '../../src/page/strings/en.json' with { type: 'json' };
import { ROOT } from '../project/package.js';

/** Words for the first and the second. What comes first differs by screen and direction. */
const ORDINALS: Record<Language, RegExp> = {
  en: /\b(first|second)\b/i,
  es: /\b(primer[oa]?|segund[oa])s?\b/i,
  fr: /\b(premi(er|ère)|second|seconde|deuxième)s?\b/i,
  ar: /أول|ثاني|ثانٍ/,
  hi: /पहल[ाी]|दूसर[ािीे]/,
};

/** Keys of the texts from the first screen to the choice of pictures. */
const FIRST_SCREENS =
  /^(age|check|child|choose|demo|drop|exit|gap|help|insecure|machine|start|step|takers|threat|welcome)/;

/** The day of the newest release, by the change log; undefined before the first. */
const RELEASED = /^## \[\d[^\]]*\] - (\S+)/m.exec(
  readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'),
)?.[1];

const placesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test('a browser gets its first language that the page has', () => {
  expect(languageFor(['fr-CA', 'en'])).toBe('fr');
  expect(languageFor(['de-AT', 'es-419', 'en'])).toBe('es');
  expect(languageFor(['AR'])).toBe('ar');
  expect(languageFor(['de'])).toBe('en');
  expect(languageFor([])).toBe('en');
  expect(languageFor(['constructor', 'hi'])).toBe('hi');
});

test('a word agrees with the number beside it, not with the total', () => {
  const said = (tag: Language, n: number, total: number) => {
    const forms: Plural = LANGUAGES[tag].workingBody;
    return pluralOf(tag, forms, n).replace('{n}', String(n)).replace('{total}', String(total));
  };
  expect(said('en', 1, 3)).toBe('1 picture out of 3 is done.');
  expect(said('en', 2, 3)).toBe('2 pictures out of 3 are done.');
  expect(said('en', 0, 1)).toBe('0 pictures out of 1 are done.');
  expect(said('fr', 1, 3)).toBe('1 image sur 3 est prête.');
  expect(said('fr', 0, 3)).toBe('0 image sur 3 est prête.');
  expect(said('fr', 2, 3)).toBe('2 images sur 3 sont prêtes.');
  expect(said('es', 1, 3)).toBe('1 imagen de 3 está lista.');
  expect(said('es', 3, 3)).toBe('3 imágenes de 3 están listas.');
  expect(said('hi', 1, 3)).toBe('3 में से 1 तस्वीर तैयार है।');
  expect(said('hi', 2, 3)).toBe('3 में से 2 तस्वीरें तैयार हैं।');
  expect(said('ar', 1, 11)).toBe('اكتملت صورة واحدة من أصل 11.');
  expect(said('ar', 2, 11)).toBe('اكتملت صورتان من أصل 11.');
  expect(said('ar', 3, 11)).toBe('اكتملت 3 صور من أصل 11.');
  expect(said('ar', 11, 11)).toBe('اكتملت 11 صورة من أصل 11.');
});

test('every translation but English states that a machine made it', () => {
  for (const [tag, { machine }] of Object.entries(LANGUAGES)) {
    expect(machine !== '', tag).toBe(tag !== 'en');
  }
});

/**
 * The grade of a text by Flesch and Kincaid (1975). Syllables are groups of vowels, without a silent
 * e at the end.
 */
function gradeOf(text: string): number {
  const words = text.match(/[a-z'’]+/gi) ?? [];
  const sentences = text.split(/(?<=[.!?:])\s/).length;
  const syllables = words.map((word) => {
    const spoken = word.toLowerCase().replace(/(?<=..)(?<![aeiouyl])e[sd]?$/, '');
    return Math.max(1, spoken.match(/[aeiouy]+/g)?.length ?? 0);
  });
  const all = syllables.reduce((sum, one) => sum + one, 0);
  return (0.39 * words.length) / sentences + (11.8 * all) / words.length - 15.59;
}

/** For those who want to know how the page works. */
const TECHNICAL = /^(check(Worker|Frame|Gaps|More|Storage)|gap)/;

test('English is for grade 6', () => {
  expect(gradeOf('Intercontinental organisations disseminate information.')).toBeGreaterThan(12);
  const texts = Object.entries(en)
    .filter(([key]) => !TECHNICAL.test(key))
    .flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : []));
  // A short text is a word or two, of which a grade says nothing.
  const long = texts.filter(([, text]) => text!.split(' ').length >= 10);
  expect(long.length).toBeGreaterThan(30);
  for (const [key, text] of long) expect(gradeOf(text!), key).toBeLessThanOrEqual(6);
  for (const [key, text] of texts) expect(text, key).not.toMatch(/Worker|JPEG 30|WebRTC/);
});

test("each telephone number was read on its service's own page, on a known day", () => {
  const phones = [...HELPLINES, ...TOOLS, ...FOR_CHILDREN].flatMap(({ url, phone }) =>
    phone ? [{ site: new URL(url).host, ...phone }] : [],
  );
  expect(new Set(phones.map(({ number }) => number))).toEqual(new Set(['0345 6000 459', '017']));
  for (const { site, number, readOn } of phones) {
    expect(number).toMatch(/^\d[\d ]+\d$/);
    expect(new URL(readOn.page).host).toBe(site);
    expect(readOn.day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    // At a release; until the first, nothing can be too old.
    const age = Date.parse(RELEASED ?? readOn.day) - Date.parse(readOn.day);
    expect(age / 86_400_000, number).toBeLessThanOrEqual(365);
  }
});

describe.each(Object.entries(LANGUAGES))('%s', (tag, strings) => {
  test('calls nothing first or second, and contains no telephone number', () => {
    for (const [key, text] of Object.entries(strings)) {
      const words = JSON.stringify(text);
      // A second is a time there.
      if (key === 'sendBusy') continue;
      expect(words, key).not.toMatch(ORDINALS[tag as Language]);
      expect(words, key).not.toMatch(/\d[\s\d-]{4,}\d/);
    }
  });

  test('has no sentence of more than 20 words on the first screens', () => {
    for (const [key, text] of Object.entries(strings)) {
      if (typeof text !== 'string' || !FIRST_SCREENS.test(key)) continue;
      for (const sentence of text.split(/(?<=[.!?؟।])\s/)) {
        expect(sentence.split(/\s+/).length, `${key}: ${sentence}`).toBeLessThanOrEqual(20);
      }
    }
  });

  test('has every text and no others', () => {
    expect(Object.keys(strings).sort()).toEqual(Object.keys(en).sort());
  });

  test('has the same placeholders as the English texts', () => {
    for (const [key, english] of Object.entries(en)) {
      const text = strings[key as keyof typeof en];
      expect(typeof text, key).toBe(typeof english);
      if (typeof text !== 'string' || typeof english !== 'string') continue;
      expect(placesIn(text), key).toEqual(placesIn(english));
      if (key !== 'machine') expect(text.trim(), key).not.toBe('');
    }
  });

  test('has a form for each plural category of its language, with known placeholders only', () => {
    const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
    for (const [key, english] of Object.entries(en)) {
      if (typeof english === 'string') continue;
      const forms = strings[key as keyof typeof en] as unknown as Record<string, string>;
      expect(Object.keys(forms).sort(), key).toEqual([...pluralCategories].sort());
      const known = placesIn(english.other);
      for (const form of Object.values(forms)) {
        expect(
          placesIn(form).every((place) => known.includes(place)),
          `${key}: ${form}`,
        ).toBe(true);
      }
      expect(placesIn(forms.other!), key).toEqual(known);
    }
  });

  test.skipIf(tag === 'en')('is translated from English', () => {
    const same = Object.entries(en).filter(
      ([key, english]) => strings[key as keyof typeof en] === english,
    );
    // The French word for pixels.
    const keys = same.map(([key]) => key).filter((key) => !(tag === 'fr' && key === 'pictureSize'));
    expect(keys).toEqual([]);
  });
});
