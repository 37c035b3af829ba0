import { entryFromJSON, entryToJSON } from '../entry.js';
import { FormatError } from '../errors.js';
import { checksumSteps, inSteps } from '../indexing/segment.js';
import type { Effect } from './effect.js';
import { checkListSettings, copyOfSettings, type ListSettings } from './lists.js';
import {
  type KeptOutReason,
  type WithdrawnJSON,
  withdrawnFromJSON,
  withdrawnToJSON,
} from './withdrawals.js';

/*
 * A change of a list as bytes, in words of the machine's order:
 *
 *     magic, bytes of the payload, sequence (2), generation (2), 0, checksum; the payload
 *
 * The payload is lines of JSON in UTF-8, filled up with spaces to a multiple of four bytes: counts,
 * the settings of lists and what was kept out; then each withdrawal and entry. The checksum is over
 * all else and goes on from that of the record before, so that none can be left out or moved.
 */

/** `OHBR` as a little-endian word. */
const MAGIC = 0x5242484f;
export const RECORD_BYTES = 32;
const CHECKSUM_WORD = 7;
/** Lines that a step writes or reads: about 0.3 ms. */
const STEP = 64;

/** Where a history of changes is: the number of the last one, and its checksum. */
export interface Moment {
  readonly sequence: number;
  readonly sum: number;
}

/** The first line of a payload. */
interface Head {
  readonly keptOut: Readonly<Record<KeptOutReason, number>>;
  readonly reinstate: number;
  readonly withdraw: number;
  readonly remove: number;
  readonly add: number;
  readonly lists?: readonly (readonly [string, ListSettings])[];
}

/** A change in bytes, without its place in a history. */
export interface Payload {
  readonly generation: number;
  readonly bytes: Uint8Array;
}

/** Writes an effect, step by step. */
export function* payloadSteps(effect: Effect): Generator<void, Payload> {
  const { keptOut, reinstate, withdraw, remove, add, lists, generation } = effect;
  const head: Head = {
    keptOut,
    reinstate: reinstate.length,
    withdraw: withdraw.length,
    remove: remove.length,
    add: add.length,
    ...(lists && { lists }),
  };
  const encoder = new TextEncoder();
  const pieces = [encoder.encode(`${JSON.stringify(head)}\n`)];
  function* write<T>(items: readonly T[], jsonOf: (item: T) => object): Generator<void> {
    for (let at = 0; at < items.length; at += STEP) {
      const lines = items.slice(at, at + STEP).map((item) => `${JSON.stringify(jsonOf(item))}\n`);
      pieces.push(encoder.encode(lines.join('')));
      yield;
    }
  }
  yield* write(reinstate, withdrawnToJSON);
  yield* write(withdraw, withdrawnToJSON);
  yield* write(remove, entryToJSON);
  yield* write(add, entryToJSON);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > 0xfffffff0) throw new RangeError('expected less than 4 GiB of changes at once');
  const bytes = new Uint8Array(4 * Math.ceil(length / 4)).fill(0x20, length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { generation, bytes };
}

/** The header of a record that follows a moment, and the moment then. */
export function* recordSteps(
  { generation, bytes }: Payload,
  { sequence, sum }: Moment,
): Generator<void, { header: Uint8Array; moment: Moment }> {
  const words = new Int32Array(RECORD_BYTES / 4);
  const next = sequence + 1;
  words.set([MAGIC, bytes.length, ...halves(next), ...halves(generation), 0]);
  const own = yield* recordSum(words, bytes, sum);
  words[CHECKSUM_WORD] = own;
  return { header: new Uint8Array(words.buffer), moment: { sequence: next, sum: own } };
}

/**
 * The length of the payload that follows a header, and the generation then; undefined unless it is
 * the header of the record that follows a moment.
 */
export function headerOf(
  header: Uint8Array,
  { sequence }: Moment,
): { byteLength: number; generation: number } | undefined {
  const words = wordsOf(header);
  const byteLength = words[1]! >>> 0;
  const isNext = words[0] === MAGIC && wholeOf(words, 2) === sequence + 1;
  if (!isNext || byteLength % 4 > 0) return undefined;
  return { byteLength, generation: wholeOf(words, 4) };
}

/** The moment after a record, if it is whole, and follows one. */
export function* momentSteps(
  header: Uint8Array,
  payload: Uint8Array,
  { sequence, sum }: Moment,
): Generator<void, Moment | undefined> {
  const words = wordsOf(header);
  const own = yield* recordSum(words, payload, sum);
  return own === words[CHECKSUM_WORD]! >>> 0 ? { sequence: sequence + 1, sum: own } : undefined;
}

function* recordSum(words: Int32Array, payload: Uint8Array, sum: number): Generator<void, number> {
  return yield* checksumSteps([words.subarray(0, CHECKSUM_WORD), wordsOf(payload)], sum);
}

/**
 * Reads the payload of a record, step by step.
 * @throws {FormatError} `bad-line`
 */
export function* effectFromSteps({ generation, bytes }: Payload): Generator<void, Effect> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let from = 0;
  const next = <T>(read: (json: never) => T): T => {
    const end = bytes.indexOf(0x0a, from);
    try {
      if (end < 0) throw new TypeError('expected a line');
      const text = decoder.decode(bytes.subarray(from, end));
      from = end + 1;
      return read(JSON.parse(text) as never);
    } catch {
      // Without the words of whoever found it: they may quote the text.
      throw new FormatError('bad-line', 'expected a change of the blocklist in its record');
    }
  };
  const { keptOut, lists, ...counts } = next(headFrom);
  function* all<T>(count: number, read: (json: never) => T): Generator<void, T[]> {
    const items: T[] = [];
    yield* inSteps(count, () => items.push(next(read)), STEP);
    return items;
  }
  const withdrawal = (json: WithdrawnJSON) => withdrawnFromJSON(json);
  return {
    reinstate: yield* all(counts.reinstate, withdrawal),
    withdraw: yield* all(counts.withdraw, withdrawal),
    remove: yield* all(counts.remove, entryFromJSON),
    add: yield* all(counts.add, entryFromJSON),
    ...(lists && { lists }),
    keptOut,
    generation,
  };
}

/** @throws {TypeError} if it is malformed */
function headFrom({ keptOut, lists, reinstate, withdraw, remove, add, ...others }: Head): Head {
  const { degenerate, withdrawn } = keptOut;
  const counts = [degenerate, withdrawn, reinstate, withdraw, remove, add];
  const isFit = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  // What a later version adds would be lost.
  if (!isFit || Object.keys(others).length > 0) throw new TypeError('expected counts');
  const settings = lists?.map(([name, each]): [string, ListSettings] => {
    if (typeof name !== 'string') throw new TypeError('expected a name');
    checkListSettings(each);
    return [name, copyOfSettings(each)];
  });
  return {
    keptOut: { degenerate, withdrawn },
    reinstate,
    withdraw,
    remove,
    add,
    ...(settings && { lists: settings }),
  };
}

/** A whole number as two words, the lower half first. */
export const halves = (whole: number): [number, number] => [
  whole % 2 ** 32,
  Math.floor(whole / 2 ** 32),
];

export const wholeOf = (words: Int32Array, at: number): number =>
  (words[at + 1]! >>> 0) * 2 ** 32 + (words[at]! >>> 0);

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4);
