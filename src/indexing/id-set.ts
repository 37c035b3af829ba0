import { grown } from './grown.js';

/** A set of ids 0 … 2^32 - 1: a bit for each up to the highest. */
export class IdSet {
  #bits = new Uint32Array(64);

  has(id: number): boolean {
    return (this.#bits[Math.floor(id / 32)]! & (1 << (id & 31))) !== 0;
  }

  add(id: number): void {
    const word = id >>> 5;
    if (word >= this.#bits.length) this.#bits = grown(this.#bits, 2 * word);
    this.#bits[word]! |= 1 << (id & 31);
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const there = this.has(id);
    if (there) this.#bits[id >>> 5]! &= ~(1 << (id & 31));
    return there;
  }
}
