import { describe, expect, test } from 'vitest';
import { LANGUAGES, languageFor } from '../../src/demo/language.js';
import { en } from '../../src/demo/strings/en.js';

const placesIn = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test('a browser gets its first language that there are words for', () => {
  expect(languageFor(['fr-CA', 'en'])).toBe('fr');
  expect(languageFor(['de-AT', 'es-419', 'en'])).toBe('es');
  expect(languageFor(['AR'])).toBe('ar');
  expect(languageFor(['de'])).toBe('en');
  expect(languageFor([])).toBe('en');
  expect(languageFor(['constructor', 'hi'])).toBe('hi');
});

test('every translation says that a machine made it; English does not', () => {
  for (const [tag, { machine }] of Object.entries(LANGUAGES)) {
    expect(machine !== '', tag).toBe(tag !== 'en');
  }
});

describe.each(Object.entries(LANGUAGES))('%s', (tag, strings) => {
  test('has every text, and no other', () => {
    expect(Object.keys(strings).sort()).toEqual(Object.keys(en).sort());
  });

  test('fills in what the English text fills in', () => {
    for (const [key, english] of Object.entries(en)) {
      const text = strings[key as keyof typeof en];
      expect(typeof text, key).toBe(typeof english);
      if (typeof text !== 'string' || typeof english !== 'string') continue;
      expect(placesIn(text), key).toEqual(placesIn(english));
      if (key !== 'machine') expect(text.trim(), key).not.toBe('');
    }
  });

  test('has a form for each plural category of its language, and fills only what there is', () => {
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

  test.skipIf(tag === 'en')('is not left in English', () => {
    const same = Object.entries(en).filter(
      ([key, english]) => strings[key as keyof typeof en] === english,
    );
    // The French for pixels.
    const keys = same.map(([key]) => key).filter((key) => !(tag === 'fr' && key === 'pictureSize'));
    expect(keys).toEqual([]);
  });
});
