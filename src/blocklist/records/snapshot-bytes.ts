/*
 * A blocklist file begins with a snapshot: a header of 16 words; four words for each part, its
 * length in two of them and its own checksum; the state as lines of JSON; and the parts, each an
 * index file as `saveIndex` writes it. The header's checksum is over all but the parts, which have
 * their own.
 */

import { wrongKind } from '../../door.js';
import { FormatError } from '../../errors.js';
import { inSteps, inTurns } from '../../in-turns.js';
import { CHECKSUM_WORD, checksumSteps, headerSum, readSegment } from '../../indexing/snapshot.js';
import { kindOf } from '../../packed-words.js';
import { wholeSteps } from '../compaction.js';
import { Kind, type ListedPart } from '../kind.js';
import { ListState } from '../list-state.js';
import { checkKeptSettings, copyOfKept, type KeptSettings, Lists } from '../lists.js';
import { partSteps, segmentFile } from '../segments/index-bytes.js';
import { type RejectionReason, Withdrawals } from '../withdrawals.js';
import {
  type Withdrawn,
  type WithdrawnJSON,
  withdrawnFromJSON,
  withdrawnToJSON,
} from '../withdrawn.js';
import { bytesAt, cutOff, hasChanged, type Source } from './read-records.js';
import { wordsOf } from './record-lines.js';

/** Size of the header, which is in words like that of an index file. */
export const HEADER_BYTES = 64;
/** `OHBLIST` and a line feed, as two little-endian words. */
const MAGIC = [0x4c42484f, 0x0a545349] as const;
const VERSION = 1;
const TABLE_WORDS = 4;
/** Lines of the state per step, when writing or reading. */
const LINE_STEP = 256;
const DECODER = /* @__PURE__ */ new TextDecoder('utf-8', { ignoreBOM: true });

/** The content of a file besides the parts and the generation. */
interface State {
  readonly rejected: Readonly<Record<RejectionReason, number>>;
  readonly withdrawals: readonly Withdrawn[];
  /** the settings of lists, by name */
  readonly lists: readonly (readonly [string, KeptSettings])[];
}

/** A snapshot in a file, without its content. */
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
 * Locates the parts of a file's snapshot. Its content is not read.
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header` or `bad-length`
 */
export async function snapshotIn(source: Source): Promise<Snapshot> {
  const { read } = source;
  const size = await source.size();
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
  source: Source,
  { header, sum, parts: places, stateLength, generation }: Snapshot,
  { verify = true }: { verify?: boolean },
): Promise<ListState> {
  const { read } = source;
  const tableLength = 4 * TABLE_WORDS * places.length;
  const record = await bytesAt(read, HEADER_BYTES, tableLength + stateLength);
  const steps = checksumSteps([wordsOf(record)], headerSum(wordsOf(header)));
  if ((await inTurns(steps, undefined)) !== sum) throw hasChanged();
  const state = await inTurns(readStateSteps(record.subarray(tableLength)), undefined);
  const parts = new Map<string, ListedPart[]>();
  for (const { at, byteLength, sum } of places) {
    const segment = await readSegment(
      (into, from) => read(into, at + from),
      byteLength,
      (_, stored) => {
        if (stored !== sum) throw hasChanged();
      },
    );
    const { shape } = segment;
    const kind = kindOf(shape.algorithm, shape.bits);
    const part = await inTurns(partSteps(segment, verify), undefined);
    parts.set(kind, [...(parts.get(kind) ?? []), part]);
  }
  const withdrawn = new Withdrawals();
  const { withdrawals } = state;
  const withdraw = (at: number) => withdrawn.set(withdrawals[at]!);
  await inTurns(inSteps(withdrawals.length, withdraw, LINE_STEP), undefined);
  const kinds = new Map(
    [...parts].map(([name, [first, ...others]]) => {
      const { algorithm, bits } = first!.table.searched.shape;
      return [name, new Kind(algorithm, bits, [first!, ...others])];
    }),
  );
  const { rejected, lists } = state;
  return new ListState({ kinds, withdrawn, lists: new Lists(lists), rejected, generation });
}

/**
 * The generation, which every version has in the same place.
 * @throws {FormatError} `bad-magic` or `bad-header`
 */
export function generationIn(words: Int32Array): number {
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
  let from = 0;
  let line = 0;
  const next = (): object => {
    const end = bytes.indexOf(0x0a, from);
    line++;
    try {
      const json: unknown = JSON.parse(
        DECODER.decode(bytes.subarray(from, end < 0 ? bytes.length : end)),
      );
      if (typeof json === 'object' && json !== null) return json;
    } catch {
      // Reported below, without the parser's message: it quotes the text.
    } finally {
      from = end < 0 ? bytes.length : end + 1;
    }
    throw new FormatError('bad-line', 'expected an object in the state of the blocklist', { line });
  };
  const head = next() as Partial<{
    rejected: State['rejected'];
    withdrawals: number;
    lists: unknown;
  }>;
  const { rejected, withdrawals: count } = head;
  const counts = Object.values(Object(rejected) as object);
  if (!counts.every(isCount) || !isCount(count) || rejected === undefined) {
    throw new FormatError('bad-line', 'expected counts in the state of the blocklist', { line });
  }
  const lists = listsFrom(head.lists);
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
  return { rejected, withdrawals, lists };
}

/** The settings of lists by name; undefined if they are malformed. */
function listsFrom(json: unknown): [string, KeptSettings][] | undefined {
  try {
    return (json as [string, KeptSettings][]).map(([name, settings]) => {
      if (typeof name !== 'string') wrongKind('a name');
      checkKeptSettings(settings);
      return [name, copyOfKept(settings)];
    });
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** The snapshot of a list, as pieces of bytes. Do not modify them. */
export async function snapshotOf({
  generation,
  rejected,
  withdrawn,
  lists,
  kinds,
}: ListState): Promise<{ pieces: Uint8Array[]; snapshot: Snapshot }> {
  const parts: Uint8Array[] = [];
  const places: Snapshot['parts'][number][] = [];
  const numbers: number[] = [];
  for (const kind of kinds.values()) {
    if (kind.size === 0) continue;
    const { table } = await inTurns(wholeSteps(kind), undefined);
    const { searched } = table;
    const counters = { nextId: searched.shape.nextId, generation: 0, degenerate: 0 };
    const file = await segmentFile(searched, table, counters, undefined);
    const { byteLength } = file.info;
    const sum = wordsOf(file.pieces[0]!)[CHECKSUM_WORD]!;
    numbers.push(byteLength % 2 ** 32, Math.floor(byteLength / 2 ** 32), sum, 0);
    parts.push(...file.pieces);
    places.push({ at: 0, byteLength, sum: sum >>> 0 });
  }
  const table = Uint32Array.from(numbers);
  const head = { rejected, withdrawals: withdrawn.values(), lists: lists.entries() };
  const state = await inTurns(stateSteps(head), undefined);
  const header = Int32Array.from({ length: HEADER_BYTES / 4 }, () => 0);
  const [high, low] = [Math.floor(generation / 2 ** 32), generation % 2 ** 32];
  header.set([...MAGIC, VERSION, numbers.length / TABLE_WORDS, low, high, state.length]);
  const checked = [new Int32Array(table.buffer), wordsOf(state)];
  header[CHECKSUM_WORD] = await inTurns(checksumSteps(checked, headerSum(header)), undefined);
  const start = new Uint8Array(header.buffer);
  const pieces = [start, new Uint8Array(table.buffer), state, ...parts];
  const end = lengthOf(pieces);
  let at = end - lengthOf(parts);
  for (const [number, place] of places.entries()) {
    places[number] = { ...place, at };
    at += place.byteLength;
  }
  const snapshot = {
    header: start,
    generation,
    sum: header[CHECKSUM_WORD]! >>> 0,
    end,
    parts: places,
    stateLength: state.length,
  };
  return { pieces, snapshot };
}

/**
 * The state in UTF-8: counts and the settings of lists in the first line, then each withdrawal;
 * padded with spaces.
 */
function* stateSteps({ rejected, withdrawals, lists }: State): Generator<void, Uint8Array> {
  const lines = [JSON.stringify({ rejected, withdrawals: withdrawals.length, lists })];
  const write = (at: number) => {
    lines.push(JSON.stringify(withdrawnToJSON(withdrawals[at]!)));
  };
  yield* inSteps(withdrawals.length, write, LINE_STEP);
  const text = new TextEncoder().encode(`${lines.join('\n')}\n`);
  const bytes = new Uint8Array(4 * Math.ceil(text.length / 4)).fill(0x20);
  bytes.set(text);
  return bytes;
}

const lengthOf = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((sum, { length }) => sum + length, 0);

const contradiction = () => new FormatError('bad-header', 'the blocklist file contradicts itself');
