import type { Algorithm, Bits } from '../hash.js';
import type { Entries } from './build.js';

/** Hashes and their ids as they come, in arrays that grow. */
export class EntryStore implements Entries {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  count = 0;
  words: Int32Array;
  ids: Uint32Array;

  constructor({ algorithm, bits }: { algorithm: Algorithm; bits: Bits }, capacity = 64) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.words = new Int32Array((capacity * bits) / 32);
    this.ids = new Uint32Array(capacity);
  }

  /** Copies hash number `at` of `words`. */
  push(words: Int32Array, at: number, id: number): void {
    const perHash = this.bits >> 5;
    if (this.count === this.ids.length) {
      const capacity = Math.max(64, 2 * this.count);
      const grownWords = new Int32Array(capacity * perHash);
      grownWords.set(this.words);
      this.words = grownWords;
      const grownIds = new Uint32Array(capacity);
      grownIds.set(this.ids);
      this.ids = grownIds;
    }
    const to = this.count * perHash;
    for (let i = 0; i < perHash; i++) this.words[to + i] = words[at * perHash + i]!;
    this.ids[this.count++] = id;
  }
}
