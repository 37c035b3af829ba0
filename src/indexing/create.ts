import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { FlatIndex } from './flat.js';
import type { HammingIndex } from './hamming-index.js';
import { packedWords } from './packed-words.js';

export interface CreateOptions {
  /** needed only where there are no hashes */
  algorithm?: Algorithm;
  /** needed only where there are no hashes and the algorithm has several widths */
  bits?: Bits;
  /** the engine; `flat` scans every hash */
  kind?: 'flat';
}

/**
 * An index over `hashes`, which are copied; ids count from 0 in their order.
 * @throws {TypeError} if the hashes are not all of one algorithm
 * @throws {RangeError} if they are not all of one width
 * @example
 * const index = createIndex(hashes);
 * for (const { id, distance } of index.search(query, 31)) …
 */
export function createIndex(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
): HammingIndex {
  return new FlatIndex(packedWords(hashes, options));
}
