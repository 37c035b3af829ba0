import { FormatError } from '../errors.js';
import { ALGORITHMS, type Algorithm, type Bits, hasBits } from '../hash.js';
import { checksum } from '../kernels/checksum.js';
import type { SnapshotOptions } from './hamming-index.js';
import { IdSet } from './id-set.js';
import { byteLengthOf, HEADER_BYTES, KINDS, type Shape } from './layout.js';
import { blankSegment, Segment } from './segment.js';

/** `OHINDEX` and a line feed, as two little-endian words. A machine of the other byte order reads other words. */
const MAGIC = [0x4e49484f, 0x0a584544] as const;
/**
 * The version that is written. In version 2, which is read too, the notes of `saveIndex` are in
 * another order (`node/entry-notes.ts`), and word 15 is zero.
 */
const VERSION = 3;
const OLDEST_VERSION = 2;
/**
 * What the header holds after magic, version, algorithm and kind, a word each; the generation is
 * word 10. Word 15 is the number of degenerate entries that were kept out and 1 more, or 0 if
 * nobody counted them.
 */
const NUMBERS = [
  'bits',
  'bands',
  'count',
  'groups',
  'entries',
  'generation',
  'nextId',
  'notesLength',
  'maxDistance',
] as const;
/** The word of the header that holds the checksum over all the others. */
const CHECKSUM_WORD = 14;
const DEGENERATE_WORD = 15;

/** The buffer of a segment, once its header and checksum are written into it. */
export function sealed({
  words: { buffer },
  shape,
}: Pick<Segment, 'words' | 'shape'>): ArrayBufferLike {
  const words = new Uint32Array(buffer);
  words.set([
    ...MAGIC,
    VERSION,
    ALGORITHMS.indexOf(shape.algorithm),
    KINDS.indexOf(shape.kind),
    ...NUMBERS.map((name) => shape[name]),
  ]);
  words[DEGENERATE_WORD] = shape.degenerate === undefined ? 0 : shape.degenerate + 1;
  words[CHECKSUM_WORD] = checksum(new Int32Array(buffer), CHECKSUM_WORD);
  return buffer;
}

/** A sealed copy of a segment, with other notes. */
export function copyOf(
  { shape, words, notes: before }: Segment,
  nextId: number,
  options: SnapshotOptions,
): ArrayBufferLike {
  const copy = blankSegment({ ...shape, nextId }, { degenerate: shape.degenerate, ...options });
  // The hashes are the first section: all from them to the notes is taken as it is.
  const from = words.byteOffset;
  const sections = new Uint8Array(words.buffer, from, before.byteOffset - from);
  new Uint8Array(copy.words.buffer).set(sections, HEADER_BYTES);
  return sealed(copy);
}

/** A buffer that holds a snapshot, or a view of one. */
export type SnapshotSource = ArrayBufferLike | Uint8Array;

/**
 * The segment that a snapshot holds, attached to its buffer. Magic number, version and counts are always checked; the
 * checksum and every number that leads into the buffer unless `verify` is false.
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export function segmentOf(source: SnapshotSource, { verify = true } = {}): Segment {
  const bytes = alignedBytes(source);
  const { shape } = headerOf(bytes, bytes.length);
  const segment = new Segment(shape, bytes.buffer, bytes.byteOffset);
  if (verify) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (checksum(words, CHECKSUM_WORD) !== words[CHECKSUM_WORD]! >>> 0) {
      throw new FormatError('bad-checksum', 'the index file has changed since it was written');
    }
    const { ids, starts, offsets, positions } = segment;
    const { count, groups, entries, nextId } = shape;
    if (
      !allBelow(ids, nextId) ||
      !allDiffer(ids) ||
      !ascends(starts, groups + entries - count) ||
      !ascends(offsets, positions.length) ||
      !allBelow(positions, count)
    ) {
      throw new FormatError('bad-header', 'the index file contradicts itself');
    }
  }
  return segment;
}

/** Bytes that were given to `toBuffer` as notes: a view of `source`. @throws {FormatError} as `indexFromBuffer` */
export function snapshotNotes(source: SnapshotSource): Uint8Array {
  return segmentOf(source, { verify: false }).notes;
}

/** What the header of a snapshot says of it. */
export interface SnapshotInfo {
  /** of its format */
  readonly version: number;
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** entries */
  readonly size: number;
  /** different hashes among them */
  readonly hashes: number;
  readonly bands: number;
  /** degenerate entries that were kept out of it; undefined if nobody counted them */
  readonly degenerate: number | undefined;
  readonly generation: number;
  readonly notesLength: number;
  readonly byteLength: number;
}

/** @throws {FormatError} as `indexFromBuffer`, for what the header alone shows */
export function snapshotInfo(source: SnapshotSource): SnapshotInfo {
  const bytes = alignedBytes(source);
  return headerInfo(bytes, bytes.length);
}

/** As `snapshotInfo`, of a snapshot of `byteLength` bytes that begins with `bytes`, 64 or more. */
export function headerInfo(bytes: Uint8Array, byteLength: number): SnapshotInfo {
  const { version, shape } = headerOf(bytes, byteLength);
  return { ...shape, version, size: shape.entries, hashes: shape.count, byteLength };
}

/** The bytes of a source, copied where they do not begin at a multiple of four. */
function alignedBytes(source: SnapshotSource): Uint8Array {
  // Buffers have it, shared ones too, which some browsers lack; numbers and texts have not.
  if (source?.byteLength === undefined) throw new TypeError('expected the bytes of an index file');
  const view = source instanceof Uint8Array ? source : new Uint8Array(source);
  return view.byteOffset % 4 === 0 ? view : view.slice();
}

/** What the header says of a snapshot of `byteLength` bytes that begins with `bytes`. */
function headerOf(bytes: Uint8Array, byteLength: number): { version: number; shape: Shape } {
  const length = Math.min(bytes.length, HEADER_BYTES) >> 2;
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  if (header[0] !== MAGIC[0] || header[1] !== MAGIC[1]) {
    throw new FormatError('bad-magic', 'expected an index file');
  }
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError('bad-length', 'the index file breaks off in its header');
  }
  const version = header[2]!;
  if (version < OLDEST_VERSION || version > VERSION) {
    throw new FormatError(
      'bad-version',
      `expected an index file of version ${OLDEST_VERSION} or ${VERSION}, got ${version}: build it again from its list`,
    );
  }
  const counted = version > 2 && header[DEGENERATE_WORD] !== 0;
  const shape = {
    algorithm: ALGORITHMS[header[3]!],
    kind: KINDS[header[4]!],
    degenerate: counted ? header[DEGENERATE_WORD]! - 1 : undefined,
    ...Object.fromEntries(NUMBERS.map((name, i) => [name, header[5 + i]])),
  } as Shape;
  const { algorithm, bits, bands, count, groups, entries, nextId, maxDistance } = shape;
  if (
    algorithm === undefined ||
    header[4]! >= KINDS.length ||
    !hasBits(algorithm, bits) ||
    (bands > 0 && bands < bits / 16) ||
    bands > 32 ||
    maxDistance > bits ||
    groups > count ||
    groups > entries - count ||
    entries > nextId
  ) {
    throw new FormatError('bad-header', 'the index file contradicts itself');
  }
  const expected = byteLengthOf(shape);
  if (byteLength !== expected) {
    throw new FormatError(
      'bad-length',
      `expected an index file of ${expected} bytes, got ${byteLength}`,
    );
  }
  return { version, shape };
}

function allBelow(values: Uint32Array, limit: number): boolean {
  let above = 0;
  for (let i = 0; i < values.length; i++) above |= values[i]! >= limit ? 1 : 0;
  return above === 0;
}

function allDiffer(ids: Uint32Array): boolean {
  const set = new IdSet();
  for (let i = 0; i < ids.length; i++) {
    if (set.has(ids[i]!)) return false;
    set.add(ids[i]!);
  }
  return true;
}

/** Whether values go from 0 to `end` and never down. */
function ascends(values: Uint32Array, end: number): boolean {
  for (let i = 1; i < values.length; i++) if (values[i - 1]! > values[i]!) return false;
  return values[0] === 0 && values.at(-1) === end;
}
