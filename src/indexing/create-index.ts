import { checkOneOf, checkOptions, checkTypeOf, wrongKind } from '../door.js';
import { FormatError } from '../errors.js';
import { type Algorithm, type Bits, type Hash, isDigest, type PackedHashes } from '../hash.js';
import { finish } from '../in-turns.js';
import { checkMaxDistance, packedWords } from '../packed-words.js';
import { segmentSteps } from './build-segment.js';
import { newTarget } from './compaction.js';
import type { HammingIndex } from './hamming-index.js';
import { MutableIndex } from './mutable-index.js';
import { roomFor, type Segment, type Simd } from './segment.js';
import { attachedSegment, type SnapshotSource, verifiedSteps } from './snapshot.js';

export type { HammingIndex };

/** Content and purpose of a new index. */
export interface CreateOptions {
  /** needed only if there are no hashes */
  algorithm?: Algorithm;
  /** needed only if there are no hashes and the algorithm has several widths */
  bits?: Bits;
  /**
   * the distance of most searches, default 31 of 256 bits, 8 of 64; any works. From 32 to 63 of 256
   * bits, lists of 16,384 hashes and more are laid out for near searches.
   */
  maxDistance?: number;
  /**
   * `small` takes a fifth less memory than `fast`, the default, for a large list: 116 bytes a hash
   * of 256 bits instead of 148. Searches up to distance 31 of 256 bits take about as long, further
   * ones up to three times as long.
   */
  memory?: 'fast' | 'small';
}

/** Forces an engine and a kernel by name: for tests and benchmarks. */
export interface Engine {
  kind?: 'flat' | 'mih' | undefined;
  simd?: Simd;
}

/**
 * An index over `hashes`, which are copied; ids count from 0 in their order. A million hashes of
 * 256 bits take about a second and 150 bytes each; fewer take up to 290 each. A search compares
 * every hash or looks into buckets, whichever is cheaper. Lists of 2,048 hashes and more are kept
 * in WebAssembly memory and searched by SIMD where the platform has it and allows it.
 * @throws {TypeError} if one is not a hash, or is a digest, or they are not all of one algorithm
 * @throws {RangeError} if they are not all of one width, or an option is out of range
 * @example
 * const index = createIndex(hashes);
 * for (const { id, distance } of index.search(query, 31)) …
 */
export function createIndex(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
): HammingIndex {
  checkOptions(options);
  checkOneOf('memory', options.memory, [undefined, 'fast', 'small']);
  return indexOf(hashes, options);
}

const OF_PICTURES = 'hashes of pictures, which have distances';

/** As `createIndex`, of a named engine. */
export function indexOf(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
  { kind, simd = 'auto' }: Engine = {},
): MutableIndex {
  const entries = packedWords(hashes, options);
  if (isDigest(entries.algorithm)) wrongKind(`${OF_PICTURES}: put digests on a blocklist`);
  const { maxDistance = entries.bits === 64 ? 8 : 31, memory } = options;
  checkMaxDistance(maxDistance, entries.bits);
  const purpose = { kind, maxDistance, sketchBits: memory === 'small' ? 16 : 32 } as const;
  const target = newTarget(entries, purpose, entries.count, simd);
  const { segment } = finish(segmentSteps(entries, target, (shape) => roomFor(shape, simd)));
  return new MutableIndex(segment, { simd });
}

/**
 * The index that `toBuffer` wrote. It stays attached to `buffer` (the one place where an input is
 * kept: do not write to it), so nothing is copied, unless a view does not begin at a multiple of
 * four bytes. Later additions and removals do not change the buffer. Searches of the buffer run in
 * JavaScript.
 * @param options `verify`: false skips the checksum and the check of the content, for a buffer that
 *   was verified before
 * @throws {TypeError} if `buffer` is not bytes
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export function indexFromBuffer(
  buffer: SnapshotSource,
  options: { verify?: boolean } = {},
): HammingIndex {
  checkOptions(options);
  const { verify = true } = options;
  checkTypeOf('verify', verify, 'boolean');
  return finish(indexSteps(attachedSegment(buffer), verify));
}

/**
 * An index over a segment that was read, step by step.
 * @param verify whether to check the checksum and the content
 * @throws {FormatError} `bad-header` or `bad-checksum`
 */
export function* indexSteps(segment: Segment, verify: boolean): Generator<void, MutableIndex> {
  if (isDigest(segment.shape.algorithm))
    throw new FormatError('bad-header', `expected ${OF_PICTURES}`);
  return new MutableIndex(segment, { live: verify ? yield* verifiedSteps(segment) : undefined });
}

/** An index of this implementation: itself, or a copy if it is of another. */
export const mutableIndex = (index: HammingIndex): MutableIndex =>
  index instanceof MutableIndex
    ? index
    : finish(indexSteps(attachedSegment(index.toBuffer()), false));

/** @throws {TypeError} if `index` is not an index */
export function checkIndex(index: HammingIndex): void {
  const needed = ['search', 'searchInto', 'searchNearInto', 'toBuffer'] as const;
  if (needed.some((name) => typeof index?.[name] !== 'function')) {
    wrongKind('an index from createIndex');
  }
}
