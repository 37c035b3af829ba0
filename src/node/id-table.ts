import { inSteps } from '../indexing/segment.js';
import { grown } from '../packed-words.js';

/**
 * The last word of the notes if they end in a table of ids: a byte that no text in UTF-8 has, and
 * `IDS`.
 */
const MAGIC = 0x534449ff;
/** Words after the two lists of the table: buckets, entries in it, key, and the magic word. */
const TRAILER = 4;

/**
 * Finds entries by their own ids, and by their groups. The table lies in an index file after the
 * texts of the notes: for each bucket of hashed ids where it starts, and where the last one ends;
 * the numbers of the entries, bucket by bucket; and four words that tell what it is. A list is so
 * searched by id without reading a million ids first.
 */
export class IdTable {
  readonly #starts: Uint32Array;
  readonly #entries: Uint32Array;
  readonly #key: number;
  /** bytes of the notes that the table takes */
  readonly byteLength: number;

  private constructor(starts: Uint32Array, entries: Uint32Array, key: number) {
    this.#starts = starts;
    this.#entries = entries;
    this.#key = key;
    this.byteLength = 4 * (starts.length + entries.length + TRAILER);
  }

  /** The table at the end of notes, which are whole words; undefined if there is none. */
  static at(notes: Uint32Array): IdTable | undefined {
    const end = notes.length - TRAILER;
    if (end < 0 || notes[end + 3] !== MAGIC) return undefined;
    const [buckets, count, key] = notes.subarray(end) as unknown as [number, number, number];
    const from = end - count - buckets - 1;
    // A power of two, since the bits of a hash tell its bucket.
    if (from < 0 || buckets === 0 || (buckets & (buckets - 1)) !== 0) return undefined;
    const starts = notes.subarray(from, from + buckets + 1);
    return new IdTable(starts, notes.subarray(from + buckets + 1, end), key);
  }

  /** The entries whose ids may be this one; all that have it are among them. */
  candidates(id: string): Uint32Array {
    const bucket = hashOf(id, this.#key) & (this.#starts.length - 2);
    return this.#entries.subarray(this.#starts[bucket]!, this.#starts[bucket + 1]!);
  }

  /** Whether every number in the table leads to a place in it, or to one of so many entries. */
  *isSoundSteps(entries: number): Generator<void, boolean> {
    const starts = this.#starts;
    let isSound = starts[0] === 0 && starts.at(-1) === this.#entries.length;
    yield* inSteps(starts.length - 1, (i) => {
      isSound &&= starts[i]! <= starts[i + 1]!;
    });
    yield* inSteps(this.#entries.length, (i) => {
      isSound &&= this.#entries[i]! < entries;
    });
    return isSound;
  }
}

/** Collects the ids of entries, and makes a table of them. */
export class IdTableBuilder {
  readonly #key: number;
  /** of each entry in the table, in the order of adding */
  #hashes: Uint32Array;
  #entries: Uint32Array;
  #count = 0;

  /** @param key not known to those whose ids are listed: they could choose equal hashes */
  constructor(entries: number, key: number) {
    this.#key = key;
    this.#hashes = new Uint32Array(entries);
    this.#entries = new Uint32Array(entries);
  }

  /** Adds an entry, once by an id. */
  add(entry: number, id: string): void {
    if (this.#count === this.#hashes.length) {
      // There are groups, too: as many as entries at most.
      const room = Math.max(64, 2 * this.#count);
      this.#hashes = grown(this.#hashes, room);
      this.#entries = grown(this.#entries, room);
    }
    this.#hashes[this.#count] = hashOf(id, this.#key);
    this.#entries[this.#count++] = entry;
  }

  /** The table, by a counting sort; without ids no words at all. */
  *steps(): Generator<void, Uint32Array<ArrayBuffer>> {
    const count = this.#count;
    if (count === 0) return new Uint32Array(0);
    const buckets = 2 ** Math.ceil(Math.log2(count));
    const table = new Uint32Array(buckets + 1 + count + TRAILER);
    yield;
    const bucketOf = (i: number) => this.#hashes[i]! & (buckets - 1);
    // A bucket holds first the number of its entries, then its end; placing the entries, the last
    // one first, takes that back to its start.
    yield* inSteps(count, (i) => {
      table[bucketOf(i)]!++;
    });
    let end = 0;
    yield* inSteps(buckets, (bucket) => {
      end += table[bucket]!;
      table[bucket] = end;
    });
    table[buckets] = count;
    yield* inSteps(count, (i) => {
      const at = count - 1 - i;
      table[buckets + 1 + --table[bucketOf(at)]!] = this.#entries[at]!;
    });
    table.set([buckets, count, this.#key, MAGIC], buckets + 1 + count);
    return table;
  }
}

/** A keyed hash of a text. */
function hashOf(text: string, key: number): number {
  let mix = key | 0;
  for (let i = 0; i < text.length; i++) {
    mix = Math.imul(mix ^ text.charCodeAt(i), 0x9e3779b1);
    mix ^= mix >>> 15;
  }
  return mix >>> 0;
}
