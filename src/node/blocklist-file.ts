import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Kind, kindOf, type ListedPart } from '../blocklist/kind.js';
import { ListState } from '../blocklist/list-state.js';
import { checkListSettings, copyOfSettings, type ListSettings, Lists } from '../blocklist/lists.js';
import { type KeptOutReason, Withdrawals, type Withdrawn } from '../blocklist/withdrawals.js';
import { FormatError } from '../errors.js';
import type { HashJSON } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { HEADER_BYTES, inSteps } from '../indexing/segment.js';
import { CHECKSUM_WORD, checksumSteps, headerSum, shapeOf } from '../indexing/snapshot.js';
import { Blocklist, type BlocklistOptions } from '../matching/blocklist.js';
import { withdrawnKeyFromJSON } from '../matching/read-decision.js';
import {
  checkGeneration,
  checkOpenOptions,
  checkPath,
  type FileKind,
  fill,
  loadSegment,
  type OpenOptions,
  openedPart,
  type Read,
  reading,
  readOf,
} from './index-file.js';
import { wordsOf } from './save-index.js';

/*
 * A blocklist file: a header of 16 words; four words for each part, its length in two of them and
 * its own checksum; the state as lines of JSON; and the parts, each an index file as `saveIndex`
 * writes it. The header's checksum is over all but the parts, which have their own.
 */

/** `OHBLIST` and a line feed, as two little-endian words. */
export const MAGIC = [0x4c42484f, 0x0a545349] as const;
export const VERSION = 1;
export const TABLE_WORDS = 4;
const FILE: FileKind = {
  kind: 'blocklist',
  makers: 'saveBlocklist and `npx onlyhashes convert list.csv list.ohb`',
};
/** Lines of the state that a step writes or reads. */
export const LINE_STEP = 256;

/** What a file holds besides the parts and the generation. */
export interface State {
  readonly keptOut: Readonly<Record<KeptOutReason, number>>;
  readonly withdrawals: readonly Withdrawn[];
  /** the settings of lists, by name */
  readonly lists: readonly (readonly [string, ListSettings])[];
}

/** How a saved blocklist is opened. */
export interface OpenBlocklistOptions
  extends OpenOptions,
    Pick<BlocklistOptions, 'policy' | 'onKeptOut' | 'allowList' | 'floodGuard'> {}

/**
 * Reads a blocklist that `saveBlocklist` wrote, and checks it. What was withdrawn stays withdrawn.
 * Checking an index blocks the event loop, for about 0.2 s per million hashes.
 * @param path a path to a regular file
 * @throws {TypeError | RangeError} if `path` or an option is invalid
 * @throws {FormatError} `unreadable`, `bad-magic`, `bad-version`, `bad-header`, `bad-length`,
 *   `bad-checksum`, `bad-line`, `bad-notes` or `old-generation`
 */
export async function openBlocklist(
  path: string,
  options: OpenBlocklistOptions = {},
): Promise<Blocklist> {
  checkPath(path);
  checkOpenOptions(options);
  const { minGeneration = 0, policy, onKeptOut } = options;
  const { allowList, floodGuard } = options;
  const list = new Blocklist({
    ...(policy !== undefined && { policy }),
    ...(onKeptOut !== undefined && { onKeptOut }),
    ...(allowList !== undefined && { allowList }),
    ...(floodGuard !== undefined && { floodGuard }),
  });
  await readingList(path, async (file) => {
    const { size } = await file.stat();
    const read = readOf(file);
    const header = headerFrom(await bytesAt(read, 0, HEADER_BYTES));
    checkGeneration(header.generation, minGeneration);
    const { table, state } = await recordOf(read, header, size);
    const told = await inTurns(readStateSteps(state), undefined);
    const parts = new Map<string, ListedPart[]>();
    for (const { at, byteLength, sum } of table) {
      const start = await bytesAt(read, at, HEADER_BYTES);
      const shape = shapeOf(start, byteLength);
      if (wordsOf(start)[CHECKSUM_WORD]! >>> 0 !== sum) throw changed();
      const segment = await loadSegment(shape, (bytes) =>
        fill(bytes, start, (into, from) => read(into, at + from)),
      );
      const kind = kindOf(shape.algorithm, shape.bits);
      parts.set(kind, [...(parts.get(kind) ?? []), await openedPart(segment, options)]);
    }
    const withdrawn = new Withdrawals();
    for (const each of told.withdrawals) withdrawn.set(each);
    const kinds = new Map(
      [...parts].map(([name, [first, ...others]]) => {
        const { algorithm, bits } = first!.table.searched.shape;
        return [name, new Kind(algorithm, bits, [first!, ...others])];
      }),
    );
    const { keptOut } = told;
    const lists = new Lists(told.lists);
    const { generation } = header;
    list.become(new ListState({ kinds, withdrawn, lists, keptOut, generation }));
    list.origins = new Map([[resolve(path), [header.words[CHECKSUM_WORD]!]]]);
  });
  return list;
}

/** Whether a file starts like a blocklist file, of whatever version; false if it cannot be read. */
export async function isBlocklistFile(path: string): Promise<boolean> {
  checkPath(path);
  return (await fileInPlace(path).catch(() => undefined)) !== undefined;
}

/**
 * The generation, which every version has in the same place.
 * @throws {FormatError} `bad-magic` or `bad-header`
 */
function generationIn(words: Int32Array): number {
  if (words[0] !== MAGIC[0] || words[1] !== MAGIC[1]) {
    throw new FormatError('bad-magic', 'expected a blocklist file');
  }
  const generation = (words[5]! >>> 0) * 2 ** 32 + (words[4]! >>> 0);
  if (!Number.isSafeInteger(generation)) throw contradiction();
  return generation;
}

interface Header {
  readonly words: Int32Array;
  readonly parts: number;
  readonly generation: number;
  readonly stateLength: number;
}

/** @throws {FormatError} `bad-magic`, `bad-version` or `bad-header` */
function headerFrom(bytes: Uint8Array): Header {
  const words = wordsOf(bytes);
  const generation = generationIn(words);
  const [version, parts] = [words[2]! >>> 0, words[3]! >>> 0];
  const stateLength = words[6]! >>> 0;
  if (version !== VERSION) {
    const message = `expected a blocklist file of version ${VERSION}, got ${version}`;
    throw new FormatError('bad-version', message);
  }
  if (stateLength % 4 > 0) throw contradiction();
  return { words, parts, generation, stateLength };
}

/** Where each part is, and the state. @throws {FormatError} `bad-length` or `bad-checksum` */
async function recordOf(
  read: Read,
  { words, parts, stateLength }: Header,
  byteLength: number,
): Promise<{
  table: { at: number; byteLength: number; sum: number }[];
  state: Uint8Array;
}> {
  const tableLength = 4 * TABLE_WORDS * parts;
  let at = HEADER_BYTES + tableLength + stateLength;
  if (at > byteLength) throw cutOff();
  const record = await bytesAt(read, HEADER_BYTES, tableLength + stateLength);
  const sum = await inTurns(checksumSteps([wordsOf(record)], headerSum(words)), undefined);
  if (sum !== words[CHECKSUM_WORD]! >>> 0) throw changed();
  const numbers = new Uint32Array(record.buffer, 0, TABLE_WORDS * parts);
  const table = Array.from({ length: parts }, (_, part) => {
    const [low, high, sum] = numbers.subarray(TABLE_WORDS * part) as unknown as number[];
    const place = { at, byteLength: high! * 2 ** 32 + low!, sum: sum! };
    at += place.byteLength;
    return place;
  });
  if (at !== byteLength) throw cutOff();
  return { table, state: record.subarray(tableLength) };
}

/** @throws {FormatError} `bad-line` */
function* readStateSteps(bytes: Uint8Array): Generator<void, State> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let from = 0;
  let line = 0;
  const next = (): object => {
    const end = text.indexOf('\n', from);
    line++;
    try {
      const json: unknown = JSON.parse(text.toString('utf8', from, end < 0 ? text.length : end));
      if (typeof json === 'object' && json !== null) return json;
    } catch {
      // Told below, without the parser's words: they quote the text.
    } finally {
      from = end < 0 ? text.length : end + 1;
    }
    throw new FormatError('bad-line', 'expected an object in the state of the blocklist', { line });
  };
  const told = next() as Partial<{
    keptOut: State['keptOut'];
    withdrawals: number;
    lists: unknown;
  }>;
  const { keptOut, withdrawals: count } = told;
  const counts = Object.values(Object(keptOut) as object);
  if (!counts.every(isCount) || !isCount(count) || keptOut === undefined) {
    throw new FormatError('bad-line', 'expected counts in the state of the blocklist', { line });
  }
  const lists = listsFrom(told.lists);
  if (!lists) {
    throw new FormatError('bad-line', 'expected lists in the state of the blocklist', { line });
  }
  const withdrawals: Withdrawn[] = [];
  const read = () => {
    const json = next() as HashJSON;
    try {
      withdrawals.push(withdrawnKeyFromJSON(json));
    } catch {
      throw new FormatError('bad-line', 'expected a withdrawal in the blocklist', { line });
    }
  };
  yield* inSteps(count, read, LINE_STEP);
  return { keptOut, withdrawals, lists };
}

/** The settings of lists by name; undefined if they are malformed. */
function listsFrom(json: unknown): [string, ListSettings][] | undefined {
  try {
    return (json as [string, ListSettings][]).map(([name, settings]) => {
      if (typeof name !== 'string') throw new TypeError('expected a name');
      checkListSettings(settings);
      return [name, copyOfSettings(settings)];
    });
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The generation and the checksum of the blocklist file at `path`, of whatever version; undefined
 * if there is no file, or another one.
 * @throws {FormatError} `unreadable`
 */
export async function fileInPlace(
  path: string,
): Promise<{ generation: number; sum: number } | undefined> {
  try {
    return await readingList(path, async (file) => {
      const words = wordsOf(await bytesAt(readOf(file), 0, HEADER_BYTES));
      return { generation: generationIn(words), sum: words[CHECKSUM_WORD]! };
    });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { code } = Object(error.cause) as NodeJS.ErrnoException;
    if (error.code === 'unreadable' && code !== 'ENOENT') throw error;
    return undefined;
  }
}

const readingList = <T>(path: string, read: (file: FileHandle) => Promise<T>) =>
  reading(path, read, FILE);

/** @throws {FormatError} `bad-length` if the file ends before */
async function bytesAt(read: Read, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = await read(bytes.subarray(at), from + at);
    if (count === 0) throw cutOff();
    at += count;
  }
  return bytes;
}

const cutOff = () => new FormatError('bad-length', 'the blocklist file has another length');
const changed = () =>
  new FormatError('bad-checksum', 'the blocklist file has changed since it was written');
const contradiction = () => new FormatError('bad-header', 'the blocklist file contradicts itself');
