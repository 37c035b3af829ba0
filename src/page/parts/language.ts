import ar from '../strings/ar.json' with { type: 'json' };
import en from '../strings/en.json' with { type: 'json' };
import es from '../strings/es.json' with { type: 'json' };
import fr from '../strings/fr.json' with { type: 'json' };
import hi from '../strings/hi.json' with { type: 'json' };

/** A text with a number: a form for each plural category of the language. */
export type Plural = { readonly [category in Intl.LDMLPluralRule]?: string } & {
  readonly other: string;
};

/** The texts of a language, by the keys of the English ones. */
type Strings = {
  readonly [key in keyof typeof en]: (typeof en)[key] extends string ? string : Plural;
};

/**
 * The languages, in the order they are offered. A text with `machine` was translated by a machine
 * and not checked by any speaker.
 */
export const LANGUAGES = { en, es, fr, ar, hi } as const satisfies Record<string, Strings>;

/** A language's tag. */
export type Language = keyof typeof LANGUAGES;

type Values = Record<string, string | number>;
/** Keys of texts that are a single string. */
export type TextKey = {
  [key in keyof Strings]: Strings[key] extends string ? key : never;
}[keyof Strings];
/** Keys of texts that have plural forms. */
type PluralKey = Exclude<keyof Strings, TextKey>;

let current: Language = 'en';

/** The language of the page. */
export const language = (): Language => current;

/** The writing direction of a language. */
export const directionOf = (tag: Language): 'ltr' | 'rtl' => (tag === 'ar' ? 'rtl' : 'ltr');

/** Sets the language of the page, its writing direction and its title. */
export function setLanguage(next: Language): void {
  current = next;
  document.documentElement.lang = next;
  document.documentElement.dir = directionOf(next);
  document.title = t('title');
}

/**
 * The first of `wanted` that the page speaks, English if none. `wanted` holds tags as browsers list
 * them.
 */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0]!;
    if (Object.hasOwn(LANGUAGES, base)) return base as Language;
  }
  return 'en';
}

/** A text of the page, with its `{…}` filled in. */
export function t(key: TextKey, values: Values = {}): string {
  return filled(LANGUAGES[current][key], values);
}

/** A text in the plural form for `n`, the number beside the counted word. */
export function counted(key: PluralKey, n: number, values: Values = {}): string {
  return filled(pluralOf(current, LANGUAGES[current][key], n), { ...values, n });
}

/** A day as people write it: `29 November`. @param day YYYY-MM-DD */
export const dayWords = (day: string): string =>
  new Date(day).toLocaleDateString(current, { day: 'numeric', month: 'long', timeZone: 'UTC' });

/** The plural form of a language for `n`. */
export const pluralOf = (tag: Language, forms: Plural, n: number): string =>
  forms[new Intl.PluralRules(tag).select(n)] ?? forms.other;

function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(current).format(value) : value;
  });
}
