import { checkOptions, checkTypeOf } from '../door.js';
import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { finish, segmentSteps } from './build.js';
import type { HammingIndex } from './hamming-index.js';
import { KINDS } from './layout.js';
import { checkMaxDistance, packedWords } from './packed-words.js';
import { chooseBands } from './plan.js';
import { SegmentedIndex } from './segmented.js';
import { type SnapshotSource, segmentOf } from './snapshot.js';

export interface CreateOptions {
  /** needed only where there are no hashes */
  algorithm?: Algorithm;
  /** needed only where there are no hashes and the algorithm has several widths */
  bits?: Bits;
  /** the engine, obeyed: `flat` scans every hash, `mih` always looks into buckets; the cheaper one where absent */
  kind?: 'flat' | 'mih';
  /** the distance that most searches will ask for; 31 of 256 bits, 8 of 64, unless told. Any other works too. */
  maxDistance?: number;
}

/**
 * An index over `hashes`, which are copied; ids count from 0 in their order. A million hashes of 256 bits take about a
 * second and up to 170 bytes each.
 * @throws {TypeError} if one is no hash, or they are not all of one algorithm
 * @throws {RangeError} if they are not all of one width, or `maxDistance` is none of it
 * @example
 * const index = createIndex(hashes);
 * for (const { id, distance } of index.search(query, 31)) …
 */
export function createIndex(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
): HammingIndex {
  checkOptions(options);
  const { kind } = options;
  if (!KINDS.includes(kind)) throw new RangeError("expected kind 'flat' or 'mih'");
  const entries = packedWords(hashes, options);
  const { bits, count } = entries;
  // Distances that the field uses: PDQ's 31, and its like for hashes of 64 bits.
  const { maxDistance = bits === 64 ? 8 : 31 } = options;
  checkMaxDistance(maxDistance, bits);
  const purpose = { kind, maxDistance };
  const bands = chooseBands({ bits, ...purpose }, count);
  return new SegmentedIndex(finish(segmentSteps(entries, { bands, nextId: count, ...purpose })));
}

/**
 * The index that `toBuffer` wrote. It stays attached to `buffer` (the one place where an input is kept: do not write to
 * it), so nothing is copied, unless a view begins at no multiple of four bytes. What is added or removed later does not
 * change the buffer.
 * @param options `verify`: false skips the checksum and the check of the content, for a buffer that was verified before
 * @throws {TypeError} if `buffer` is no bytes
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export function indexFromBuffer(
  buffer: SnapshotSource,
  options: { verify?: boolean } = {},
): HammingIndex {
  checkOptions(options);
  checkTypeOf('verify', options.verify, 'boolean');
  return new SegmentedIndex(segmentOf(buffer, options));
}
