import type { Algorithm, Bits } from '../hash.js';
import { scan64, scan256 } from '../kernels/scan.js';
import { grown } from './grown.js';
import { type SearchPlan, scanPlan } from './plan.js';

/** Hashes of one kind. */
export interface Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
}

/** Hashes as they come, each with an id, in arrays that grow; a search looks at each. */
export class EntryStore implements Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly bands: number = 0;
  /** hashes; a position is the number of one */
  count = 0;
  words: Int32Array;
  /** hash by hash */
  ids: Uint32Array;

  constructor({ algorithm, bits }: Kind, capacity = 64) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.words = new Int32Array((capacity * bits) / 32);
    this.ids = new Uint32Array(capacity);
  }

  get entries(): number {
    return this.count;
  }

  /** Where the ids of the hash at `position` begin; they end where those of the next one do. */
  startOf(position: number): number {
    return position;
  }

  /** Makes room for one more hash. Adding it cannot fail then. */
  reserve(): void {
    if (this.count < this.ids.length) return;
    const words = grown(this.words, 2 * this.words.length);
    this.ids = grown(this.ids, 2 * this.count);
    this.words = words;
  }

  /** Copies hash number `at` of `words`. */
  push(words: Int32Array, at: number, id: number): void {
    this.reserve();
    const perHash = this.bits >> 5;
    const to = this.count * perHash;
    for (let i = 0; i < perHash; i++) this.words[to + i] = words[at * perHash + i]!;
    this.ids[this.count++] = id;
  }

  plan(maxDistance: number): SearchPlan {
    return scanPlan(this.bits, this.count, maxDistance);
  }

  /**
   * Writes position and distance of every hash within `max` of the query to `out` while there is room: of the hashes
   * `from`…`to` - 1, positions counted from `from`.
   * @returns how many there are
   */
  search(query: Int32Array, max: number, out: Uint32Array, from = 0, to = this.count): number {
    const perHash = this.bits >> 5;
    const words = this.words.subarray(from * perHash, to * perHash);
    return (perHash === 2 ? scan64 : scan256)(words, to - from, query, max, out);
  }
}
