import { wrongRange } from '../../door.js';
import { allSteps, ascendsSteps, clearSteps, inSteps } from '../../in-turns.js';
import { grown } from '../../packed-words.js';

/** No text has this byte: it marks the empty text, as opposed to the absent one. */
const EMPTY = 0xff;
/** UTF-16 units decoded at a time. */
const units = /* @__PURE__ */ new Uint16Array(4096);

/**
 * Texts end to end in UTF-8, by their numbers. A lone surrogate is written like any other
 * character, so that each text survives unchanged.
 */
export class Texts {
  /** the start of each, and the end of the last one */
  readonly starts: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(starts: Uint32Array, bytes: Uint8Array) {
    this.starts = starts;
    this.bytes = bytes;
  }

  get count(): number {
    return this.starts.length - 1;
  }

  has(at: number): boolean {
    return this.starts[at]! < this.starts[at + 1]!;
  }

  at(at: number): string | undefined {
    const from = this.starts[at]!;
    const to = this.starts[at + 1]!;
    if (from === to) return undefined;
    if (this.bytes[from] === EMPTY) return '';
    return decoded(this.bytes, from, to);
  }

  /** The bytes of number `at`. A view. */
  bytesAt(at: number): Uint8Array | undefined {
    return this.has(at) ? this.bytes.subarray(this.starts[at]!, this.starts[at + 1]!) : undefined;
  }

  /** True if number `at` has these bytes, as `encoded` returns them. */
  isAt(at: number, bytes: Uint8Array): boolean {
    const from = this.starts[at]!;
    if (this.starts[at + 1]! - from !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.bytes[from + i] !== bytes[i]) return false;
    return true;
  }
}

/** A text as `Texts` holds it. */
export function encoded(text: string): Uint8Array {
  if (text === '') return Uint8Array.of(EMPTY);
  const bytes = new Uint8Array(3 * text.length);
  return bytes.subarray(0, encodeInto(text, bytes, 0));
}

/** @returns the end of the text in `bytes`, which has room for three bytes a unit */
function encodeInto(text: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xdc00) {
      const low = text.charCodeAt(i + 1);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i++;
      }
    }
    if (code < 0x80) bytes[at++] = code;
    else {
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      bytes[at++] = [0, 0xc0, 0xe0, 0xf0][more]! | (code >> (6 * more));
      for (let rest = more - 1; rest >= 0; rest--)
        bytes[at++] = 0x80 | ((code >> (6 * rest)) & 0x3f);
    }
  }
  return at;
}

function decoded(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  let count = 0;
  for (let at = from; at < to; ) {
    const first = bytes[at++]!;
    let code = first;
    if (first >= 0x80) {
      const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
      code = first & (0x3f >> more);
      for (let i = 0; i < more; i++) code = (code << 6) | (bytes[at++]! & 0x3f);
    }
    if (code >= 0x10000) {
      units[count++] = 0xd800 + ((code - 0x10000) >> 10);
      units[count++] = 0xdc00 + (code & 0x3ff);
    } else units[count++] = code;
    if (count < units.length - 1) continue;
    text += textOf(count);
    count = 0;
  }
  return text + textOf(count);
}

const textOf = (count: number): string =>
  String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[]);

/** Builds texts, one after the other. */
export class TextsBuilder {
  #starts: Uint32Array;
  #bytes: Uint8Array;
  #count = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#starts = new Uint32Array(capacity + 1);
    this.#bytes = new Uint8Array(16 * capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws {RangeError} if all texts take 4 GiB or more */
  push(text: string | undefined): void {
    if (text === '') this.#append(encoded(text));
    else if (text !== undefined) {
      this.#reserve(3 * text.length);
      this.#length = encodeInto(text, this.#bytes, this.#length);
    }
    this.#end();
  }

  /** Adds bytes instead of a text. */
  pushBytes(bytes: Uint8Array): void {
    this.#append(bytes);
    this.#end();
  }

  /** Adds number `at` of others. */
  copy(texts: Texts, at: number): void {
    this.#append(texts.bytes.subarray(texts.starts[at]!, texts.starts[at + 1]!));
    this.#end();
  }

  /** Adds absent texts up to number `count`. */
  fill(count: number): void {
    while (this.#count < count) this.#end();
  }

  made(): Texts {
    return new Texts(
      this.#starts.subarray(0, this.#count + 1),
      this.#bytes.subarray(0, this.#length),
    );
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #end(): void {
    if (this.#count + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, 2 * this.#starts.length);
    }
    this.#starts[++this.#count] = this.#length;
  }

  #reserve(more: number): void {
    const least = this.#length + more;
    if (least <= this.#bytes.length) return;
    if (least > 0xffffffff) wrongRange('less than 4 GiB of texts');
    this.#bytes = grown(this.#bytes, Math.min(0xffffffff, Math.max(2 * this.#bytes.length, least)));
  }
}

/**
 * Finds entries by their keys, in a table that files hold unchanged: for each bucket of hashed keys
 * its start, and the end of the last one; and the numbers of the entries, bucket by bucket. So a
 * list is searched by id without reading a million ids first.
 */
export class KeyTable {
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
  /** secret from those whose keys are listed: they could choose equal hashes */
  readonly key: number;

  /** @param starts one more than the buckets, whose number is a power of two */
  constructor(starts: Uint32Array, entries: Uint32Array, key: number) {
    this.starts = starts;
    this.entries = entries;
    this.key = key;
  }

  /** The entries that may have this key; all that have it are among them. */
  candidates(bytes: Uint8Array, kind: number): Uint32Array {
    const bucket = hashOf(bytes, 0, bytes.length, this.key ^ kind) & (this.starts.length - 2);
    return this.entries.subarray(this.starts[bucket]!, this.starts[bucket + 1]!);
  }

  /** True if every number in the table is a place in it, or one of so many entries. */
  *isSoundSteps(entries: number): Generator<void, boolean> {
    const listed = this.entries;
    const areBelow = (from: number, to: number) => {
      for (let i = from; i < to; i++) if (listed[i]! >= entries) return false;
      return true;
    };
    return (
      (yield* ascendsSteps(this.starts, listed.length)) &&
      (yield* allSteps(listed.length, areBelow))
    );
  }
}

/** Collects keys of entries, and builds a table of them. */
export class KeyTableBuilder {
  readonly #key: number;
  /** hash of each key, in the order of adding */
  readonly #hashes: Uint32Array;
  readonly #entries: Uint32Array;
  #count = 0;

  /**
   * @param most keys
   * @param key of the hash function
   */
  constructor(most: number, key: number) {
    this.#key = key;
    this.#hashes = new Uint32Array(most);
    this.#entries = new Uint32Array(most);
  }

  add(entry: number, bytes: Uint8Array, from: number, to: number, kind: number): void {
    this.#hashes[this.#count] = hashOf(bytes, from, to, this.#key ^ kind);
    this.#entries[this.#count++] = entry;
  }

  /** The table, by a counting sort. */
  *steps(): Generator<void, KeyTable> {
    const count = this.#count;
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, count)));
    const starts = new Uint32Array(buckets + 1);
    yield* clearSteps(starts);
    const entries = new Uint32Array(count);
    yield* clearSteps(entries);
    const bucketOf = (i: number) => this.#hashes[i]! & (buckets - 1);
    // A bucket holds first the number of its entries, then its end; placing the entries, the last
    // one first, moves that back to its start.
    yield* inSteps(count, (i) => {
      starts[bucketOf(i)]!++;
    });
    let end = 0;
    yield* inSteps(buckets, (bucket) => {
      end += starts[bucket]!;
      starts[bucket] = end;
    });
    starts[buckets] = count;
    yield* inSteps(count, (i) => {
      const at = count - 1 - i;
      entries[--starts[bucketOf(at)]!] = this.#entries[at]!;
    });
    return new KeyTable(starts, entries, this.#key);
  }
}

/** A keyed hash of some bytes. */
function hashOf(bytes: Uint8Array, from: number, to: number, key: number): number {
  let mix = key | 0;
  for (let i = from; i < to; i++) {
    mix = Math.imul(mix ^ bytes[i]!, 0x9e3779b1);
    mix ^= mix >>> 15;
  }
  return mix >>> 0;
}
