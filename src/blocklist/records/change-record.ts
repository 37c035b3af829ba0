/*
 * A change of a list as bytes, in words of the machine's order:
 *
 *     magic, bytes of the payload, sequence (2), generation (2), 0, checksum; the payload
 *
 * The payload is lines of JSON in UTF-8, filled up with spaces to multiples of four bytes: counts,
 * the settings of lists and the number of rejected entries; then each withdrawal and entry. The
 * checksum covers all else and continues that of the record before: no record can be omitted or
 * moved.
 *
 * The entries of a large change are written before its turn: a record without effect reserves their
 * room, and the record of the change states where they are, their checksum, and which of them were
 * dropped by changes made meanwhile.
 */

import { wrongKind } from '../../door.js';
import { entryFromJSON, entryToJSON } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { finish, inSteps } from '../../in-turns.js';
import { checksumSteps } from '../../indexing/snapshot.js';
import { checkKeptSettings, copyOfKept, type KeptSettings } from '../lists.js';
import type { RejectionReason } from '../withdrawals.js';
import { withdrawnFromJSON, withdrawnToJSON } from '../withdrawn.js';
import type { Effect } from './effect.js';
import { type Body, Lines, wordsOf } from './record-lines.js';

/** `OHBR` as a little-endian word. */
const MAGIC = 0x5242484f;
/** `OHBE`: room for entries. Its checksum is over the header alone. */
const ROOM = 0x4542484f;
export const RECORD_BYTES = 32;
const CHECKSUM_WORD = 7;
/** Lines that a step reads: about 0.3 ms. */
const STEP = 64;
const DECODER = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

/** A position in the history of changes: the number and the checksum of the last one. */
export interface Moment {
  readonly sequence: number;
  readonly sum: number;
}

/** The first line of a payload. */
interface Head {
  readonly rejected: Readonly<Record<RejectionReason, number>>;
  readonly reinstate: number;
  readonly withdraw: number;
  readonly remove: number;
  readonly add: number;
  readonly lists?: readonly (readonly [string, KeptSettings])[];
  readonly body?: BodyPlace;
}

/** The place of a large change's entries, and the numbers of those that are excluded. */
export interface BodyPlace extends Omit<Body, 'pieces'> {
  /** bytes from their start to the record of the change */
  readonly back: number;
  /** the numbers of the excluded ones */
  readonly without: readonly number[];
}

/** A change in bytes, without its place in a history. */
export interface Payload {
  readonly generation: number;
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
}

/** Writes an effect, step by step. @param back bytes from the start of its body to its record */
export function* payloadSteps(effect: Effect, back = 0): Generator<void, Payload> {
  const { rejected, reinstate, withdraw, remove, add, lists, generation, body } = effect;
  const lines = new Lines();
  const head: Head = {
    rejected,
    reinstate: reinstate.length,
    withdraw: withdraw.length,
    remove: remove.length,
    add: add.length,
    ...(lists && { lists }),
    ...(body && { body: placeOf(body, back, effect.without) }),
  };
  lines.push(head);
  yield* lines.write(reinstate, withdrawnToJSON);
  yield* lines.write(withdraw, withdrawnToJSON);
  yield* lines.write(remove, entryToJSON);
  yield* lines.write(add, entryToJSON);
  lines.flush();
  return { generation, pieces: lines.pieces, byteLength: lines.byteLength };
}

const placeOf = (
  { pieces: _, ...body }: Body,
  back: number,
  without: readonly number[] = [],
): BodyPlace => ({ ...body, back, without });

/** A header that follows a moment, and the moment then. */
export interface Header {
  readonly header: Uint8Array;
  readonly moment: Moment;
}

/** Builds the header of a record that follows a moment. */
export function* recordSteps(
  { generation, pieces, byteLength }: Payload,
  before: Moment,
): Generator<void, Header> {
  return yield* headerSteps({ magic: MAGIC, byteLength, generation }, before, pieces);
}

/** As `recordSteps`, but reserves room for entries. */
export const roomHeader = (byteLength: number, generation: number, before: Moment): Header =>
  finish(headerSteps({ magic: ROOM, byteLength, generation }, before, []));

function* headerSteps(
  { magic, byteLength, generation }: { magic: number; byteLength: number; generation: number },
  { sequence, sum }: Moment,
  payload: readonly Uint8Array[],
): Generator<void, Header> {
  const words = new Int32Array(RECORD_BYTES / 4);
  const next = sequence + 1;
  words.set([magic, byteLength, ...halves(next), ...halves(generation), 0]);
  const checked = [words.subarray(0, CHECKSUM_WORD), ...payload.map(wordsOf)];
  const own = yield* checksumSteps(checked, sum);
  words[CHECKSUM_WORD] = own;
  return { header: new Uint8Array(words.buffer), moment: { sequence: next, sum: own } };
}

/**
 * Reads the header of a record; undefined unless the record follows a moment.
 * @param words with the header at `at`
 */
export function headerOf(
  words: Int32Array,
  at: number,
  { sequence }: Moment,
): { byteLength: number; generation: number; isRoom: boolean } | undefined {
  const byteLength = words[at + 1]! >>> 0;
  const isRoom = words[at] === ROOM;
  const isNext = (isRoom || words[at] === MAGIC) && wholeOf(words, at + 2) === sequence + 1;
  if (!isNext || byteLength % 4 > 0) return undefined;
  return { byteLength, generation: wholeOf(words, at + 4), isRoom };
}

/**
 * The moment after a record, if it is whole, and follows one.
 * @param words the header, and the payload unless it is reserved room
 */
export function* momentSteps(
  words: Int32Array,
  { sequence, sum }: Moment,
): Generator<void, Moment | undefined> {
  const checked = [words.subarray(0, CHECKSUM_WORD), words.subarray(CHECKSUM_WORD + 1)];
  const own = yield* checksumSteps(checked, sum);
  return own === words[CHECKSUM_WORD]! >>> 0 ? { sequence: sequence + 1, sum: own } : undefined;
}

/** Reads the payload of a record. */
export class PayloadReader {
  readonly head: Head;
  readonly #lines: LineReader;

  /** @throws {FormatError} `bad-line` */
  constructor(bytes: Uint8Array) {
    this.#lines = new LineReader(bytes);
    this.head = this.#lines.next(headFrom);
  }

  /**
   * The effect, read step by step, once.
   * @param body the body that the head refers to, if any
   * @throws {FormatError} `bad-line`
   */
  *steps(generation: number, body?: Uint8Array): Generator<void, Effect> {
    const { rejected, lists, body: bodyHead, ...counts } = this.head;
    const lines = this.#lines;
    const reinstate = yield* lines.all(counts.reinstate, withdrawnFromJSON);
    const withdraw = yield* lines.all(counts.withdraw, withdrawnFromJSON);
    const remove = yield* lines.all(counts.remove, entryFromJSON);
    const add = yield* lines.all(counts.add, entryFromJSON);
    if (bodyHead && body) {
      const more = new LineReader(body);
      const without = new Set(bodyHead.without);
      const read = (at: number) => {
        if (without.has(at)) more.skip();
        else (at < bodyHead.remove ? remove : add).push(more.next(entryFromJSON));
      };
      yield* inSteps(bodyHead.remove + bodyHead.add, read, STEP);
    }
    return { reinstate, withdraw, remove, add, ...(lists && { lists }), rejected, generation };
  }
}

class LineReader {
  readonly #bytes: Uint8Array;
  #from = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(): void {
    this.#from = this.#bytes.indexOf(0x0a, this.#from) + 1;
  }

  /** @throws {FormatError} `bad-line` */
  next<T>(read: (json: never) => T): T {
    const end = this.#bytes.indexOf(0x0a, this.#from);
    try {
      if (end < 0) wrongKind('a line');
      const text = DECODER.decode(this.#bytes.subarray(this.#from, end));
      this.#from = end + 1;
      return read(JSON.parse(text) as never);
    } catch {
      // Without the original error's message: it may quote the text.
      throw new FormatError('bad-line', 'expected a change of the blocklist in its record');
    }
  }

  *all<T>(count: number, read: (json: never) => T): Generator<void, T[]> {
    const items: T[] = [];
    yield* inSteps(count, () => items.push(this.next(read)), STEP);
    return items;
  }
}

/** @throws {TypeError} if it is malformed */
function headFrom(head: Head): Head {
  const { rejected, lists, reinstate, withdraw, remove, add, body, ...others } = head;
  const { degenerate, withdrawn } = rejected;
  const counts = [degenerate, withdrawn, reinstate, withdraw, remove, add];
  if (body) counts.push(body.back, body.byteLength, body.sum, body.remove, body.add);
  const isFit = [...counts, ...(body?.without ?? [])].every(
    (count) => Number.isSafeInteger(count) && count >= 0,
  );
  // Members of a later version would be lost.
  if (!isFit || Object.keys(others).length > 0) wrongKind('counts');
  const settings = lists?.map(([name, each]): [string, KeptSettings] => {
    if (typeof name !== 'string') wrongKind('a name');
    checkKeptSettings(each);
    return [name, copyOfKept(each)];
  });
  return {
    rejected: { degenerate, withdrawn },
    reinstate,
    withdraw,
    remove,
    add,
    ...(settings && { lists: settings }),
    ...(body && { body }),
  };
}

/** A whole number as two words, the lower half first. */
export const halves = (whole: number): [number, number] => [
  whole % 2 ** 32,
  Math.floor(whole / 2 ** 32),
];

export const wholeOf = (words: Int32Array, at: number): number =>
  (words[at + 1]! >>> 0) * 2 ** 32 + (words[at]! >>> 0);
