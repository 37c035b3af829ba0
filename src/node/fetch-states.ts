import { readFile } from 'node:fs/promises';
import { FormatError } from '../errors.js';
import type { UnknownWord } from '../exchange/list-update.js';
import { replaceFile } from './replace-file.js';

/** How far a list was fetched. */
export interface FetchState {
  /** where it was fetched from, in the words of who fetched it */
  readonly origin: string;
  /** where the next fetch goes on, in the service's own form */
  readonly checkpoint?: unknown;
  /** whether the list was empty when its first fetch began, which is not at its end yet */
  readonly isPartial?: boolean;
  /** whether the next fetch must begin from the start, whatever the checkpoint says */
  readonly mustRefetch?: boolean;
  /** when the last fetch that came to its end began, in seconds since 1970 */
  readonly fetchedSeconds?: number;
  /** what this version did not know, the first 200 such words */
  readonly unknown: readonly UnknownWord[];
}

/** The states of lists by name, and the generation of the blocklist that they tell of. */
export interface FetchStates {
  readonly generation: number;
  readonly lists: ReadonlyMap<string, FetchState>;
}

const VERSION = 1;
const MAX_WORDS = 200;
const MAX_WORD_LENGTH = 100;

/**
 * Adds up words. A service that makes up a new one each time must not fill the disk, so the
 * first 200 are kept, each cut to 100 characters.
 */
export function withWords(
  known: readonly UnknownWord[],
  more: readonly UnknownWord[],
): UnknownWord[] {
  const counts = new Map<string, UnknownWord>();
  for (const { field, word, count } of [...known, ...more]) {
    const cut = {
      field: field.slice(0, MAX_WORD_LENGTH),
      ...(word !== undefined && { word: word.slice(0, MAX_WORD_LENGTH) }),
    };
    const key = JSON.stringify([cut.field, cut.word]);
    const before = counts.get(key);
    if (!before && counts.size === MAX_WORDS) continue;
    counts.set(key, { ...cut, count: count + (before?.count ?? 0) });
  }
  return [...counts.values()];
}

/** @returns undefined if there is no file @throws {FormatError} `bad-line` or `bad-version` */
export async function readFetchStates(path: string): Promise<FetchStates | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let json: { version?: unknown; generation?: unknown; lists?: unknown };
  try {
    json = Object(JSON.parse(text)) as typeof json;
  } catch {
    // Without the parser's words: they quote the text.
    throw malformed();
  }
  const { version, generation, lists } = json;
  if (version !== VERSION && Number.isSafeInteger(version)) {
    throw new FormatError('bad-version', `expected states of fetches of version ${VERSION}`);
  }
  if (version !== VERSION || !isCount(generation) || !Array.isArray(lists)) throw malformed();
  return { generation, lists: new Map(lists.map(listFrom)) };
}

/** Replaces the file, entirely or not at all. */
export async function writeFetchStates(
  path: string,
  { generation, lists }: FetchStates,
): Promise<void> {
  const named = [...lists].map(([name, state]) => ({ name, ...state }));
  const text = JSON.stringify({ version: VERSION, generation, lists: named }, undefined, 2);
  await replaceFile(path, [Buffer.from(`${text}\n`)], undefined);
}

function listFrom(json: unknown): [string, FetchState] {
  const told = Object(json) as { name?: unknown } & { [K in keyof FetchState]?: unknown };
  const { name, origin, checkpoint, isPartial, mustRefetch, fetchedSeconds, unknown } = told;
  const isShaped =
    typeof name === 'string' &&
    typeof origin === 'string' &&
    isFlag(isPartial) &&
    isFlag(mustRefetch) &&
    (fetchedSeconds === undefined || isCount(fetchedSeconds)) &&
    Array.isArray(unknown) &&
    unknown.every(isWord);
  if (!isShaped) throw malformed();
  const state: FetchState = {
    origin,
    ...(checkpoint !== undefined && { checkpoint }),
    ...(isPartial !== undefined && { isPartial }),
    ...(mustRefetch !== undefined && { mustRefetch }),
    ...(fetchedSeconds !== undefined && { fetchedSeconds }),
    unknown: withWords([], unknown as UnknownWord[]),
  };
  return [name, state];
}

const isFlag = (value: unknown): value is boolean | undefined =>
  value === undefined || typeof value === 'boolean';

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function isWord(value: unknown): value is UnknownWord {
  const { field, word, count } = Object(value) as Partial<UnknownWord>;
  return (
    typeof field === 'string' && (word === undefined || typeof word === 'string') && isCount(count)
  );
}

const malformed = () => new FormatError('bad-line', 'expected the states of fetches');
