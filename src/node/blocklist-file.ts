import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { replaceFile } from '../disk/replace-file.js';
import { lockFile } from '../disk/writer-lock.js';
import { checkOptions, checkSignal, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { type HashJSON, hashToJSON } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { HEADER_BYTES, inSteps } from '../indexing/segment.js';
import { CHECKSUM_WORD, checksumSteps, headerSum, shapeOf } from '../indexing/snapshot.js';
import { Blocklist, type BlocklistOptions } from '../matching/blocklist.js';
import type { IndexedEntries } from '../matching/entry-rows.js';
import type { FrozenList, SavedList } from '../matching/holdings.js';
import { checkListSettings, copyOfSettings, type ListSettings } from '../matching/lists.js';
import { withdrawnKeyFromJSON } from '../matching/read-decision.js';
import type { Withdrawn } from '../matching/withdrawals.js';
import {
  checkGeneration,
  checkOpenOptions,
  checkPath,
  type FileKind,
  fill,
  loadSegment,
  type OpenOptions,
  openedIndex,
  type Read,
  reading,
  readOf,
} from './index-file.js';
import { afterEarlier, indexFile, nextGeneration, wordsOf } from './save-index.js';

/*
 * A blocklist file: a header of 16 words; four words for each part, its length in two of them and
 * its own checksum; the state as lines of JSON; and the parts, each an index file as `saveIndex`
 * writes it. The header's checksum is over all but the parts, which have their own.
 */

/** `OHBLIST` and a line feed, as two little-endian words. */
const MAGIC = [0x4c42484f, 0x0a545349] as const;
/**
 * 2 if the state tells more than version 1 knew: settings of lists, or withdrawals of one list. A
 * reader that passed over these would act on a foreign list.
 */
const VERSIONS = [1, 2];
const TABLE_WORDS = 4;
const FILE: FileKind = {
  kind: 'blocklist',
  makers: 'saveBlocklist and `npx onlyhashes convert list.csv list.ohb`',
};
/** How often who saves is asked for, while another process does, and how many times at most. */
const LOCK_MILLISECONDS = 20;
const LOCK_TRIES = 3000;
/** Lines of the state that a step writes or reads. */
const LINE_STEP = 256;

/** How a blocklist is saved. */
export interface SaveBlocklistOptions {
  /** overwrite a file of a higher generation; default false */
  force?: boolean;
  /** aborts the saving until the file is in place; the old file stays, and no other is left */
  signal?: AbortSignal;
}

/** What was saved. */
export interface SavedBlocklist {
  /** of the list when it was saved; it may have changed since */
  readonly generation: number;
  /** entries in the file */
  readonly size: number;
  readonly byteLength: number;
}

/**
 * Writes a blocklist to a file, entirely or not at all, as `saveIndex` does: its entries,
 * withdrawals with their reasons, the settings of its lists, counts of what was kept out, and its
 * generation. The policy is not saved.
 *
 * The file holds the list as it is once its indexes are made, so as it is at the call if it is
 * warm. It may change while it is being saved. Entries of attached indexes are asked for meanwhile.
 *
 * Withdrawals by hash are hashes in the file, and reasons are text: protect it like the list.
 * @throws {FormatError} `old-generation` if the file in place has a higher generation: a list that
 *   was made anew should take the old one's place by `replaceWith`, which goes on counting; also if
 *   another program, or another list, has written the file since this one was read from it or
 *   saved to it: what that has withdrawn would match again. `unreadable` if neither can be told.
 *   `in-use` if another process of this machine has been saving to it for a minute
 * @throws {TypeError} if an argument or a note of an attached entry is invalid; no file has been
 *   touched then
 */
export async function saveBlocklist(
  path: string,
  blocklist: Blocklist,
  options: SaveBlocklistOptions = {},
): Promise<SavedBlocklist> {
  checkPath(path);
  if (!(blocklist instanceof Blocklist)) throw new TypeError('expected a blocklist');
  checkOptions(options);
  const { force = false, signal } = options;
  checkTypeOf('force', force, 'boolean');
  checkSignal(signal);
  signal?.throwIfAborted();
  const held = Blocklist.held(blocklist);
  const frozen = await inTurns(held.freezeSteps(), signal);
  try {
    return await alone(path, signal, async () => {
      const check = async (): Promise<number> => {
        const before = await fileInPlace(path);
        const sums = held.origins.get(resolve(path));
        if (before && sums && !sums.includes(before.sum) && !force) throw writtenByAnother();
        const most = Number.MAX_SAFE_INTEGER;
        return nextGeneration(before?.generation, frozen.generation, { force, most });
      };
      const generation = await check();
      const { pieces, size } = await blocklistFile(frozen, signal);
      const sums = [wordsOf(pieces[0]!)[CHECKSUM_WORD]!];
      // Again, as late as it can be told: a large list is written for seconds.
      await replaceFile(path, pieces, signal, check);
      held.origins = new Map(held.origins).set(resolve(path), sums);
      return { generation, size, byteLength: lengthOf(pieces) };
    });
  } finally {
    for (const shelf of frozen.shelves) shelf.release();
  }
}

/** Saves while no other process saves to this path, if it is on the same machine. */
async function alone<T>(
  path: string,
  signal: AbortSignal | undefined,
  save: () => Promise<T>,
): Promise<T> {
  return afterEarlier(path, async () => {
    const unlock = await lockOf(path, signal);
    try {
      return await save();
    } finally {
      await unlock?.();
    }
  });
}

/**
 * @returns a function that ends the lock; undefined where there can be none, as on a disk without
 *   links: what is wrong with the folder is told by the writing
 * @throws {FormatError} `in-use` if another process has it for too long
 */
async function lockOf(
  path: string,
  signal: AbortSignal | undefined,
): Promise<(() => Promise<void>) | undefined> {
  const lock = `${resolve(path)}.lock`;
  for (let tries = 1; ; tries++) {
    try {
      return await lockFile(lock);
    } catch (error) {
      if (!(error instanceof FormatError)) return undefined;
      if (tries > LOCK_TRIES) throw inUse();
    }
    await wait(LOCK_MILLISECONDS);
    signal?.throwIfAborted();
  }
}

const inUse = () =>
  new FormatError(
    'in-use',
    'expected a file that no other process saves: one has been saving it for a minute, and the ' +
      'file beside it, whose name ends in .lock, tells which',
  );

const writtenByAnother = () =>
  new FormatError(
    'old-generation',
    'expected the file as this list last read or wrote it, and something else has written it ' +
      'since: open it again, make the change there and save that, or use force to overwrite it',
  );

async function blocklistFile(
  { generation, keptOut, withdrawals, lists, shelves }: FrozenList,
  signal: AbortSignal | undefined,
): Promise<{ pieces: Uint8Array[]; size: number }> {
  const parts: Uint8Array[] = [];
  const table = new Uint32Array(TABLE_WORDS * shelves.length);
  let size = 0;
  let degenerate = keptOut.degenerate;
  for (const [at, shelf] of shelves.entries()) {
    const file = await indexFile(shelf.index, shelf, { generation: 0, signal });
    const { byteLength } = file.info;
    const sum = wordsOf(file.pieces[0]!)[CHECKSUM_WORD]!;
    table.set([byteLength % 2 ** 32, Math.floor(byteLength / 2 ** 32), sum], TABLE_WORDS * at);
    parts.push(...file.pieces);
    size += file.info.size;
    // Degenerate entries that nobody had counted.
    degenerate += shelf.index.size - file.info.size;
  }
  const told = { keptOut: { ...keptOut, degenerate }, withdrawals, lists };
  const state = await inTurns(stateSteps(told), signal);
  const isScoped = lists.length > 0 || withdrawals.some(({ list }) => list !== undefined);
  const header = Int32Array.from({ length: HEADER_BYTES / 4 }, () => 0);
  const [high, low] = [Math.floor(generation / 2 ** 32), generation % 2 ** 32];
  header.set([...MAGIC, isScoped ? 2 : 1, shelves.length, low, high, state.length]);
  const checked = [new Int32Array(table.buffer), wordsOf(state)];
  header[CHECKSUM_WORD] = await inTurns(checksumSteps(checked, headerSum(header)), signal);
  const pieces = [new Uint8Array(header.buffer), new Uint8Array(table.buffer), state, ...parts];
  return { pieces, size };
}

/** What a file holds besides the parts and the generation. */
type State = Pick<SavedList, 'keptOut' | 'withdrawals' | 'lists'>;

/**
 * The state in UTF-8: counts and the settings of lists in the first line, then each withdrawal;
 * spaces fill it up.
 */
function* stateSteps({ keptOut, withdrawals, lists }: State): Generator<void, Uint8Array> {
  const counts = { keptOut, withdrawals: withdrawals.length };
  const lines = [JSON.stringify(lists.length > 0 ? { ...counts, lists } : counts)];
  const write = (at: number) => {
    const { reason, list, ...key } = withdrawals[at]!;
    lines.push(JSON.stringify({ ...('id' in key ? key : hashToJSON(key)), list, reason }));
  };
  yield* inSteps(withdrawals.length, write, LINE_STEP);
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const bytes = new Uint8Array(4 * Math.ceil(text.length / 4)).fill(0x20);
  bytes.set(text);
  return bytes;
}

/** How a saved blocklist is opened. */
export interface OpenBlocklistOptions
  extends OpenOptions,
    Pick<BlocklistOptions, 'policy' | 'onKeptOut' | 'allowList' | 'floodGuard'> {}

/**
 * Reads a blocklist that `saveBlocklist` wrote, and checks it. What was withdrawn stays withdrawn.
 * Checking an index blocks the event loop, for about 0.2 s per million hashes. The list is warm,
 * but for the entries of an index that has no table of ids.
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
  const { minGeneration = 0, simd = 'auto', policy, onKeptOut } = options;
  const { allowList, floodGuard } = options;
  const list = new Blocklist({
    ...(policy !== undefined && { policy }),
    ...(onKeptOut !== undefined && { onKeptOut }),
    ...(allowList !== undefined && { allowList }),
    ...(floodGuard !== undefined && { floodGuard }),
  });
  let sum = 0;
  const saved = await readingList(path, async (file): Promise<SavedList> => {
    const { size } = await file.stat();
    const read = readOf(file);
    const header = headerFrom(await bytesAt(read, 0, HEADER_BYTES));
    sum = header.words[CHECKSUM_WORD]!;
    checkGeneration(header.generation, minGeneration);
    const { table, state } = await recordOf(read, header, size);
    const told = await inTurns(readStateSteps(state), undefined);
    const parts: IndexedEntries[] = [];
    for (const { at, byteLength, sum } of table) {
      const start = await bytesAt(read, at, HEADER_BYTES);
      const shape = shapeOf(start, byteLength);
      if (wordsOf(start)[CHECKSUM_WORD]! >>> 0 !== sum) throw changed();
      const segment = await loadSegment(shape, simd, (bytes) =>
        fill(bytes, start, (into, from) => read(into, at + from)),
      );
      parts.push(await openedIndex(segment, options));
    }
    return { generation: header.generation, ...told, parts };
  });
  const held = Blocklist.held(list);
  held.restore(saved);
  held.origins = new Map([[resolve(path), [sum]]]);
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
  if (!VERSIONS.includes(version)) {
    const message = `expected a blocklist file of version ${VERSIONS.join(' or ')}, got ${version}`;
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
    keptOut: SavedList['keptOut'];
    withdrawals: number;
    lists: unknown;
  }>;
  const { keptOut, withdrawals: count } = told;
  const counts = Object.values(Object(keptOut) as object);
  if (!counts.every(isCount) || !isCount(count) || keptOut === undefined) {
    throw new FormatError('bad-line', 'expected counts in the state of the blocklist', { line });
  }
  const lists = listsFrom(told.lists ?? []);
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
async function fileInPlace(path: string): Promise<{ generation: number; sum: number } | undefined> {
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

const lengthOf = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((sum, { length }) => sum + length, 0);

const cutOff = () => new FormatError('bad-length', 'the blocklist file has another length');
const changed = () =>
  new FormatError('bad-checksum', 'the blocklist file has changed since it was written');
const contradiction = () => new FormatError('bad-header', 'the blocklist file contradicts itself');
