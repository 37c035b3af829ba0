import { readFile } from 'node:fs/promises';
import { replaceFile } from '../disk/replace-file.js';
import { FormatError } from '../errors.js';
import { isHeldBack } from '../exchange/held-back.js';
import { type FetchState, withWords } from '../exchange/list-fetch.js';
import type { UnknownWord } from '../exchange/list-update.js';

/** The states of lists by name, and the generation of the blocklist that they tell of. */
export interface FetchStates {
  readonly generation: number;
  readonly lists: ReadonlyMap<string, FetchState>;
}

const VERSION = 1;

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
  const { heldBack } = told;
  const isShaped =
    typeof name === 'string' &&
    typeof origin === 'string' &&
    isFlag(isPartial) &&
    isFlag(mustRefetch) &&
    (fetchedSeconds === undefined || isCount(fetchedSeconds)) &&
    (heldBack === undefined || isHeldBack(heldBack)) &&
    Array.isArray(unknown) &&
    unknown.every(isWord);
  if (!isShaped) throw malformed();
  const state: FetchState = {
    origin,
    ...(checkpoint !== undefined && { checkpoint }),
    ...(isPartial !== undefined && { isPartial }),
    ...(mustRefetch !== undefined && { mustRefetch }),
    ...(fetchedSeconds !== undefined && { fetchedSeconds }),
    ...(heldBack !== undefined && { heldBack }),
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
