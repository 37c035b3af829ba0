import { directionOf, LANGUAGES, type Language } from './language.js';

const KEYS = [
  'title',
  'exit',
  'exitHint',
  'exitTwoMore',
  'exitOneMore',
  'exitExpired',
  'exitLoading',
] as const;

/** What the part around the frame says, and the direction it runs in. */
export type ShellWords = Record<(typeof KEYS)[number] | 'direction', string>;

/** Its words in every language. */
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
