import { inSteps } from '../indexing/segment.js';

/**
 * Finds entries by keys of theirs, in a table that files hold as it is: for each bucket of hashed
 * keys where it starts, and where the last one ends; and the numbers of the entries, bucket by
 * bucket. So a list is searched by id without reading a million ids first.
 */
export class KeyTable {
  readonly starts: Uint32Array;
  readonly entries: Uint32Array;
  /** not known to those whose keys are listed: they could choose equal hashes */
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

  /** Whether every number in the table leads to a place in it, or to one of so many entries. */
  *isSoundSteps(entries: number): Generator<void, boolean> {
    const { starts } = this;
    let isSound = starts[0] === 0 && starts.at(-1) === this.entries.length;
    yield* inSteps(starts.length - 1, (i) => {
      isSound &&= starts[i]! <= starts[i + 1]!;
    });
    yield* inSteps(this.entries.length, (i) => {
      isSound &&= this.entries[i]! < entries;
    });
    return isSound;
  }
}

/** Collects keys of entries, and makes a table of them. */
export class KeyTableBuilder {
  readonly #key: number;
  /** of each key, in the order of adding */
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
    yield;
    const entries = new Uint32Array(count);
    yield;
    const bucketOf = (i: number) => this.#hashes[i]! & (buckets - 1);
    // A bucket holds first the number of its entries, then its end; placing the entries, the last
    // one first, takes that back to its start.
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
