import { ar } from './strings/ar.js';
import { en, type Plural, type Strings } from './strings/en.js';
import { es } from './strings/es.js';
import { fr } from './strings/fr.js';
import { hi } from './strings/hi.js';

/** The languages, in the order in which they are offered. */
export const LANGUAGES = { en, es, fr, ar, hi } as const satisfies Record<string, Strings>;

/** A language's tag. */
export type Language = keyof typeof LANGUAGES;

type Values = Record<string, string | number>;
/** Keys of the texts that are one string. */
export type TextKey = {
  [key in keyof Strings]: Strings[key] extends string ? key : never;
}[keyof Strings];
/** Keys of those that have plural forms. */
type PluralKey = Exclude<keyof Strings, TextKey>;

let current: Language = 'en';

/** The language that the page is in. */
export const language = (): Language => current;

/** The direction that a language runs in. */
export const directionOf = (tag: Language): 'ltr' | 'rtl' => (tag === 'ar' ? 'rtl' : 'ltr');

/** Puts the page into a language: its words and the direction they run in. */
export function setLanguage(next: Language): void {
  current = next;
  document.documentElement.lang = next;
  document.documentElement.dir = directionOf(next);
  document.title = t('title');
}

/** The first of `wanted` (tags as a browser gives them) that there are words for; English if none. */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0]!;
    if (Object.hasOwn(LANGUAGES, base)) return base as Language;
  }
  return 'en';
}

/** A text of the page, its `{…}` filled in. */
export function t(key: TextKey, values: Values = {}): string {
  return filled(LANGUAGES[current][key], values);
}

/** A text with a number in it, in the form that the language has for `n`: the number beside the word that is counted. */
export function counted(key: PluralKey, n: number, values: Values = {}): string {
  return filled(pluralOf(current, LANGUAGES[current][key], n), { ...values, n });
}

/** The form that a language has for `n`. */
export const pluralOf = (tag: Language, forms: Plural, n: number): string =>
  forms[new Intl.PluralRules(tag).select(n)] ?? forms.other;

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(current).format(value) : value;
  });
}
