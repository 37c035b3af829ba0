import { directionOf, LANGUAGES, type Language } from './parts/language.js';

const KEYS = [
  'title',
  'exit',
  'exitShort',
  'exitHint',
  'exitTwoMore',
  'exitOneMore',
  'exitExpired',
  'exitLoading',
] as const;

/** The texts of the shell, and their writing direction. */
export type ShellWords = Record<(typeof KEYS)[number] | 'direction', string>;

/** The texts of the shell in every language. */
export function shellWords(): Record<Language, ShellWords> {
  const entries = Object.entries(LANGUAGES).map(([tag, strings]) => [
    tag,
    {
      ...Object.fromEntries(KEYS.map((key) => [key, strings[key]])),
      direction: directionOf(tag as Language),
    },
  ]);
  return Object.fromEntries(entries);
}
