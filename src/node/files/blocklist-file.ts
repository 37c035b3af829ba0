import type { FileHandle } from 'node:fs/promises';
import { Kind, type ListedPart } from '../../blocklist/kind.js';
import { ListState } from '../../blocklist/list-state.js';
import { checkKeptSettings, copyOfKept, type KeptSettings, Lists } from '../../blocklist/lists.js';
import { type KeptOutReason, Withdrawals } from '../../blocklist/withdrawals.js';
import { FormatError } from '../../errors.js';
import { inSteps, inTurns } from '../../in-turns.js';
import {
  CHECKSUM_WORD,
  checksumSteps,
  headerSum,
  type Read,
  readSegment,
} from '../../indexing/snapshot.js';
import { kindOf } from '../../packed-words.js';
import { type Withdrawn, type WithdrawnJSON, withdrawnFromJSON } from '../../withdrawn.js';
import { type FileKind, type OpenOptions, openedPart, reading, readOf } from './index-file.js';
import { wordsOf } from './save-index.js';

/*
 * A blocklist file begins with a snapshot: a header of 16 words; four words for each part, its
 * length in two of them and its own checksum; the state as lines of JSON; and the parts, each an
 * index file as `saveIndex` writes it. The header's checksum is over all but the parts, which have
 * their own. Zeros fill it up to a multiple of 512 bytes; then come the slots and the changes since
 * (`commit-slots.ts`, `change-record.ts`).
 */

export const HEADER_BYTES = 64;
/** `OHBLIST` and a line feed, as two little-endian words. */
export const MAGIC = [0x4c42484f, 0x0a545349] as const;
export const VERSION = 1;
export const TABLE_WORDS = 4;
/** A sector of a disk. */
export const SECTOR = 512;
const FILE: FileKind = {
  kind: 'blocklist',
  makers: 'openBlocklist with `create` and `npx onlyhashes convert list.csv list.ohb`',
};
/** Lines of the state that a step writes or reads. */
export const LINE_STEP = 256;

/** What a file holds besides the parts and the generation. */
export interface State {
  readonly keptOut: Readonly<Record<KeptOutReason, number>>;
  readonly withdrawals: readonly Withdrawn[];
  /** the settings of lists, by name */
  readonly lists: readonly (readonly [string, KeptSettings])[];
}

/** A snapshot in a file, but for what it holds. */
export interface Snapshot {
  /** the first bytes of the file */
  readonly header: Uint8Array;
  readonly generation: number;
  /** the checksum in the header */
  readonly sum: number;
  /** where the last part ends */
  readonly end: number;
  readonly parts: readonly PartPlace[];
  readonly stateLength: number;
}

interface PartPlace {
  readonly at: number;
  readonly byteLength: number;
  readonly sum: number;
}

/**
 * Where the parts of the snapshot of a file are. Its content is not looked at.
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header` or `bad-length`
 */
export async function snapshotIn(file: FileHandle): Promise<Snapshot> {
  const { size } = await file.stat();
  const read = readOf(file);
  const header = await bytesAt(read, 0, HEADER_BYTES);
  const { words, parts: count, generation, stateLength } = headerFrom(header);
  let at = HEADER_BYTES + 4 * TABLE_WORDS * count + stateLength;
  if (at > size) throw cutOff();
  const table = await bytesAt(read, HEADER_BYTES, 4 * TABLE_WORDS * count);
  const numbers = new Uint32Array(table.buffer);
  const parts = Array.from({ length: count }, (_, part) => {
    const [low, high, sum] = numbers.subarray(TABLE_WORDS * part) as unknown as number[];
    const place = { at, byteLength: high! * 2 ** 32 + low!, sum: sum! };
    at += place.byteLength;
    return place;
  });
  if (at > size) throw cutOff();
  const sum = words[CHECKSUM_WORD]! >>> 0;
  return { header, generation, sum, end: at, parts, stateLength };
}

/**
 * The list that a snapshot holds, checked.
 * @throws {FormatError} `bad-header`, `bad-length`, `bad-checksum`, `bad-line` or `bad-notes`
 */
export async function snapshotState(
  file: FileHandle,
  { header, sum, parts: places, stateLength, generation }: Snapshot,
  options: OpenOptions,
): Promise<ListState> {
  const read = readOf(file);
  const tableLength = 4 * TABLE_WORDS * places.length;
  const record = await bytesAt(read, HEADER_BYTES, tableLength + stateLength);
  const steps = checksumSteps([wordsOf(record)], headerSum(wordsOf(header)));
  if ((await inTurns(steps, undefined)) !== sum) throw hasChanged();
  const told = await inTurns(readStateSteps(record.subarray(tableLength)), undefined);
  const parts = new Map<string, ListedPart[]>();
  for (const { at, byteLength, sum } of places) {
    const segment = await readSegment(
      (into, from) => read(into, at + from),
      byteLength,
      (_, told) => {
        if (told !== sum) throw hasChanged();
      },
    );
    const { shape } = segment;
    const kind = kindOf(shape.algorithm, shape.bits);
    parts.set(kind, [...(parts.get(kind) ?? []), await openedPart(segment, options)]);
  }
  const withdrawn = new Withdrawals();
  const { withdrawals } = told;
  const withdraw = (at: number) => withdrawn.set(withdrawals[at]!);
  await inTurns(inSteps(withdrawals.length, withdraw, LINE_STEP), undefined);
  const kinds = new Map(
    [...parts].map(([name, [first, ...others]]) => {
      const { algorithm, bits } = first!.table.searched.shape;
      return [name, new Kind(algorithm, bits, [first!, ...others])];
    }),
  );
  const { keptOut, lists } = told;
  return new ListState({ kinds, withdrawn, lists: new Lists(lists), keptOut, generation });
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
    const json = next() as WithdrawnJSON;
    try {
      withdrawals.push(withdrawnFromJSON(json));
    } catch {
      throw new FormatError('bad-line', 'expected a withdrawal in the blocklist', { line });
    }
  };
  yield* inSteps(count, read, LINE_STEP);
  return { keptOut, withdrawals, lists };
}

/** The settings of lists by name; undefined if they are malformed. */
function listsFrom(json: unknown): [string, KeptSettings][] | undefined {
  try {
    return (json as [string, KeptSettings][]).map(([name, settings]) => {
      if (typeof name !== 'string') throw new TypeError('expected a name');
      checkKeptSettings(settings);
      return [name, copyOfKept(settings)];
    });
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** The generation that the header of a file tells, of whatever version. */
export const generationAtStart = async (file: FileHandle): Promise<number> =>
  generationIn(wordsOf(await bytesAt(readOf(file), 0, HEADER_BYTES)));

/** Opens a blocklist file to read from it. @throws {FormatError} `unreadable` */
export const readingList = <T>(path: string, read: (file: FileHandle) => Promise<T>) =>
  reading(path, read, FILE);

/** Bytes read at a time. */
const CHUNK = 4 * 2 ** 20;

/** @throws {FormatError} `bad-length` if the file ends before */
export async function bytesAt(read: Read, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = await read(bytes.subarray(at, at + CHUNK), from + at);
    if (count === 0) throw cutOff();
    at += count;
  }
  return bytes;
}

export const cutOff = () => new FormatError('bad-length', 'the blocklist file has another length');
export const hasChanged = () =>
  new FormatError('bad-checksum', 'the blocklist file has changed since it was written');
const contradiction = () => new FormatError('bad-header', 'the blocklist file contradicts itself');
