import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { scan64, scan256, scanWide256 } from '../kernels/scan.js';
import type { HammingIndex, Hit } from './hamming-index.js';
import { checkMaxDistance, type PackedWords, packedWords, queryWords } from './packed-words.js';

/** From this distance on the early exit of the scan seldom comes (measured: it gains below, loses above). */
const WIDE = 48;

/** Every hash is looked at, at a few nanoseconds each: no structure to build, no radius that costs more. */
export class FlatIndex implements HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly kind = 'flat';
  readonly size: number;
  readonly #words: Int32Array;
  readonly #query: Int32Array;
  #hits = new Uint32Array(128);

  constructor({ algorithm, bits, count, words }: PackedWords) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.size = count;
    this.#words = words;
    this.#query = new Int32Array(bits / 32);
  }

  search(query: Hash, maxDistance: number): Hit[] {
    let total = this.searchInto(query, maxDistance, this.#hits);
    if (2 * total > this.#hits.length) {
      this.#hits = new Uint32Array(4 * total);
      total = this.searchInto(query, maxDistance, this.#hits);
    }
    const hits: Hit[] = [];
    for (let i = 0; i < 2 * total; i += 2) {
      hits.push({ id: this.#hits[i]!, distance: this.#hits[i + 1]! });
    }
    return hits;
  }

  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number {
    queryWords(query, this, this.#query);
    checkMaxDistance(maxDistance, this.bits);
    const scan = this.bits === 64 ? scan64 : maxDistance < WIDE ? scan256 : scanWide256;
    return scan(this.#words, this.size, this.#query, maxDistance, out);
  }

  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][] {
    const results: Hit[][] = [];
    for (const query of hashesOf(queries)) results.push(this.search(query, maxDistance));
    return results;
  }
}

/** Hashes one by one, packed ones as views. */
export function* hashesOf(hashes: Iterable<Hash> | PackedHashes): Iterable<Hash> {
  if (Symbol.iterator in hashes) {
    yield* hashes;
    return;
  }
  const { algorithm, bits, bytes } = hashes;
  const { count } = packedWords(hashes);
  for (let i = 0; i < count; i++) {
    yield { algorithm, bytes: bytes.subarray((i * bits) / 8, ((i + 1) * bits) / 8) };
  }
}
