import { wrongKind } from '../door.js';
import { FormatError } from '../errors.js';
import { ALGORITHMS, type Algorithm, type Bits, hasBits, isDigest } from '../hash.js';
import { allSteps, ascendsSteps, finish } from '../in-turns.js';
import { checksum } from '../kernels/search/checksum.js';
import { attachKernels } from '../kernels/search/simd.js';
import type { SimdMemory } from '../kernels/simd/memory.js';
import { Marks } from './compaction.js';
import { areSortedSteps } from './digests.js';
import { MAX_PLACES } from './plan.js';
import {
  byteLengthOf,
  HEADER_BYTES,
  type Room,
  roomFor,
  Segment,
  type Shape,
  sumSteps,
} from './segment.js';

export type { Segment };

/**
 * `OHINDEX` and a line feed, as two little-endian words. A machine of the other byte order reads
 * other words.
 */
const MAGIC = [0x4e49484f, 0x0a584544] as const;
const VERSION = 1;
const KINDS = [undefined, 'flat', 'mih'] as const;
/** Bits of word 4, beside the kind: sketches of 16 bits, and no ids stored. */
const SMALL = 1 << 8;
const WITHOUT_IDS = 1 << 9;
/**
 * Fields of the header after magic, version, algorithm and kind, a word each; the generation is
 * word 10. Word 15 is the number of rejected degenerate entries plus 1, or 0 if not counted.
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
export const CHECKSUM_WORD = 14;
const GENERATION_WORD = 10;
const DEGENERATE_WORD = 15;

/** The checksum of words in several pieces, in steps; `sum` is that of preceding words. */
export function* checksumSteps(pieces: Iterable<Int32Array>, sum = 0): Generator<void, number> {
  let next = sum;
  for (const words of pieces) next = yield* sumSteps(words, next);
  return next;
}

/** The checksum of a header without the word that holds it. */
export const headerSum = (header: Int32Array): number =>
  checksum(
    header.subarray(CHECKSUM_WORD + 1, HEADER_BYTES / 4),
    checksum(header.subarray(0, CHECKSUM_WORD), 0),
  );

/**
 * The header of a snapshot, step by step.
 * @param rest the bytes after it: the sections of a segment of that shape, and its notes
 */
export function* headerSteps(
  shape: Shape,
  rest: Iterable<Int32Array>,
): Generator<void, Int32Array> {
  const flags = (shape.sketchBits === 16 ? SMALL : 0) | (shape.hasIds ? 0 : WITHOUT_IDS);
  const header = Int32Array.from([
    ...MAGIC,
    VERSION,
    ALGORITHMS.indexOf(shape.algorithm),
    KINDS.indexOf(shape.kind) | flags,
    ...NUMBERS.map((name) => shape[name]),
    0,
    shape.degenerate === undefined ? 0 : shape.degenerate + 1,
  ]);
  header[CHECKSUM_WORD] = yield* checksumSteps(rest, headerSum(header));
  return header;
}

/** Writes the header of a segment into its buffer, which then is a snapshot. */
export function sealed(segment: Segment): ArrayBufferLike {
  const { buffer } = segment.words;
  const length = (byteLengthOf(segment.shape) - HEADER_BYTES) / 4;
  const rest = new Int32Array(buffer, HEADER_BYTES, length);
  new Int32Array(buffer).set(finish(headerSteps(segment.shape, [rest])));
  return buffer;
}

/** A buffer that holds a snapshot, or a view of one. */
export type SnapshotSource = ArrayBufferLike | Uint8Array;

/**
 * Checks the checksum of a segment and every number that is a place in it, step by step.
 * @returns the ids of its entries
 * @throws {FormatError} `bad-header` or `bad-checksum`
 */
export function* verifiedSteps(segment: Segment): Generator<void, Marks> {
  const { shape, ids, starts, buckets } = segment;
  const { buffer, byteOffset } = segment.words;
  const start = byteOffset - HEADER_BYTES;
  const words = new Int32Array(buffer, start, byteLengthOf(shape) / 4);
  const rest = words.subarray(HEADER_BYTES / 4);
  if ((yield* checksumSteps([rest], headerSum(words))) !== words[CHECKSUM_WORD]! >>> 0) {
    throw new FormatError('bad-checksum', 'the index file has changed since it was written');
  }
  const { algorithm, bits, bands, count, groups, entries, nextId } = shape;
  const { offsets, positions, positionBytes } = buckets.hashes;
  const set = ids ? yield* idSteps(ids, nextId) : Marks.below(entries);
  if (
    !set ||
    !(yield* ascendsSteps(starts, groups + entries - count)) ||
    !(yield* ascendsSteps(offsets, bands * count)) ||
    (isDigest(algorithm) && !(yield* areSortedSteps(segment, bits >> 5))) ||
    !(yield* allSteps(bands * count, (from, to) =>
      arePositions(positions, positionBytes, from, to, count),
    ))
  ) {
    throw contradiction();
  }
  return set;
}

const lengthError = (expected: number, got: number) =>
  new FormatError('bad-length', `expected an index file of ${expected} bytes, got ${got}`);
const contradiction = () => new FormatError('bad-header', 'the index file contradicts itself');

/** The properties of a snapshot in its header. */
export interface SnapshotInfo {
  /** version of its format */
  readonly version: number;
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** number of entries */
  readonly size: number;
  /** number of different hashes among them */
  readonly hashes: number;
  readonly bands: number;
  /** number of degenerate entries excluded from it; undefined if not counted */
  readonly degenerate: number | undefined;
  readonly generation: number;
  readonly notesLength: number;
  readonly byteLength: number;
}

/** @throws {FormatError} as `indexFromBuffer`, for errors that the header alone shows */
export function snapshotInfo(source: SnapshotSource): SnapshotInfo {
  const bytes = alignedBytes(source);
  return infoOf(shapeOf(bytes, bytes.length));
}

/** The public properties of a shape. */
export const infoOf = (shape: Shape): SnapshotInfo => ({
  ...shape,
  version: VERSION,
  size: shape.entries,
  hashes: shape.count,
  byteLength: byteLengthOf(shape),
});

/** True if bytes begin like a snapshot, of any version. */
export function isSnapshot(bytes: Uint8Array): boolean {
  try {
    snapshotInfo(bytes);
  } catch (error) {
    return !(error instanceof FormatError && error.code === 'bad-magic');
  }
  return true;
}

/** The generation in the header of a snapshot, of any version; else undefined. */
export function generationIn(header: Uint8Array): number | undefined {
  if (header.length < HEADER_BYTES || !isSnapshot(header)) return undefined;
  return new DataView(header.buffer, header.byteOffset).getUint32(4 * GENERATION_WORD, true);
}

/** Reads bytes from `at` on. @returns their number, 0 at the end */
export type Read = (into: Uint8Array, at: number) => Promise<number>;

/** Checks the header before the rest of a snapshot is read, as a file may be of any size. */
export type CheckShape = (shape: Shape, checksum: number) => void;

/** The segment of a snapshot, attached to its bytes. @throws {FormatError} as `shapeOf` */
export function attachedSegment(source: SnapshotSource, check?: CheckShape): Segment {
  const bytes = alignedBytes(source);
  return new Segment(shapeChecked(bytes, bytes.length, check), bytes);
}

/**
 * The segment of a snapshot, read into memory where it is searched fastest. Node's `readFile` is
 * limited to 2 GiB.
 * @throws {FormatError} as `shapeOf`
 */
export async function readSegment(
  read: Read,
  byteLength: number,
  check?: CheckShape,
): Promise<Segment> {
  const header = new Uint8Array(HEADER_BYTES);
  const count = await filled(read, header, 0);
  const shape = shapeChecked(header.subarray(0, count), byteLength, check);
  const room = roomFor(shape, 'auto');
  const bytes = new Uint8Array(room.buffer, 0, byteLength);
  bytes.set(header);
  const end = await filled(read, bytes, HEADER_BYTES);
  if (end < byteLength) throw lengthError(byteLength, end);
  return new Segment(shape, room);
}

function shapeChecked(bytes: Uint8Array, byteLength: number, check?: CheckShape): Shape {
  const shape = shapeOf(bytes, byteLength);
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  check?.(shape, header[CHECKSUM_WORD]!);
  return shape;
}

/** Bytes read at a time. */
const CHUNK = 4 * 2 ** 20;

/** Fills `bytes` from a place on, up to the end of the source. @returns where they end */
async function filled(read: Read, bytes: Uint8Array, from: number): Promise<number> {
  for (let at = from; at < bytes.length; ) {
    const count = await read(bytes.subarray(at, at + CHUNK), at);
    if (count === 0) return at;
    at += count;
  }
  return bytes.length;
}

/** The bytes of a source, copied where they do not begin at a multiple of four. */
export function alignedBytes(source: SnapshotSource): Uint8Array {
  // Buffers have it, also shared ones, which some browsers lack; numbers and texts do not.
  if (source?.byteLength === undefined) wrongKind('the bytes of an index file');
  const isBytes = source instanceof Uint8Array;
  if (ArrayBuffer.isView(source) && !isBytes) wrongKind('bytes, as a Uint8Array');
  const view = isBytes ? source : new Uint8Array(source);
  // `slice` of a Buffer would not copy.
  return view.byteOffset % 4 === 0 ? view : new Uint8Array(view);
}

/**
 * The shape in the header of a snapshot of `byteLength` bytes that begins with `bytes`.
 * @throws {FormatError} `bad-magic`, `bad-length`, `bad-version` or `bad-header`
 */
export function shapeOf(bytes: Uint8Array, byteLength: number): Shape {
  const length = Math.min(bytes.length, HEADER_BYTES) >> 2;
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  if (header[0] !== MAGIC[0] || header[1] !== MAGIC[1]) {
    throw new FormatError('bad-magic', 'expected an index file');
  }
  if (bytes.length < HEADER_BYTES) {
    throw new FormatError('bad-length', 'the index file ends in its header');
  }
  const [, , version, algorithmAt, word] = header as unknown as number[];
  if (version !== VERSION) {
    throw new FormatError(
      'bad-version',
      `expected an index file of version ${VERSION}, got ${version}: rebuild it from its list`,
    );
  }
  const counted = header[DEGENERATE_WORD] !== 0;
  const flags = word! & (SMALL | WITHOUT_IDS);
  const shape = {
    algorithm: ALGORITHMS[algorithmAt!],
    kind: KINDS[word! - flags],
    sketchBits: flags & SMALL ? 16 : 32,
    hasIds: (flags & WITHOUT_IDS) === 0,
    degenerate: counted ? header[DEGENERATE_WORD]! - 1 : undefined,
    ...Object.fromEntries(NUMBERS.map((name, i) => [name, header[5 + i]])),
  } as Shape;
  const { algorithm, bits, bands, count, groups, entries } = shape;
  const { nextId, maxDistance, hasIds, notesLength } = shape;
  if (
    algorithm === undefined ||
    word! - flags >= KINDS.length ||
    !hasBits(algorithm, bits) ||
    (bands > 0 && (bands < bits / 16 || isDigest(algorithm))) ||
    bands > 32 ||
    bands * count > MAX_PLACES ||
    maxDistance > bits ||
    groups > count ||
    groups > entries - count ||
    // Without ids, several entries of one hash take room only in the notes.
    (!hasIds && entries !== count && notesLength < 4 * entries) ||
    entries > nextId
  ) {
    throw contradiction();
  }
  const expected = byteLengthOf(shape);
  if (byteLength !== expected) {
    throw lengthError(expected, byteLength);
  }
  return shape;
}

/** True if positions number `from`…`to` - 1 are below `limit`. */
function arePositions(
  bytes: Uint8Array,
  size: number,
  from: number,
  to: number,
  limit: number,
): boolean {
  let above = 0;
  for (let at = from * size; at < to * size; at += size) {
    let position = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    if (size === 4) position = (position | (bytes[at + 3]! << 24)) >>> 0;
    above |= position >= limit ? 1 : 0;
  }
  return above === 0;
}

/** The set of ids; undefined if one is not below `limit`, or two are equal. */
function* idSteps(ids: Uint32Array, limit: number): Generator<void, Marks | undefined> {
  const set = new Marks();
  const areNew = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (ids[i]! >= limit || !set.add(ids[i]!)) return false;
    return true;
  };
  return (yield* allSteps(ids.length, areNew)) ? set : undefined;
}

/** Bytes that a step copies: about 1 ms. */
const STEP = 2 ** 22;

/** The shared state of a segment: a memory with SIMD kernels, or a buffer. */
export interface SharedSegment {
  readonly shape: Shape;
  readonly memory?: SimdMemory | undefined;
  readonly buffer: ArrayBufferLike;
}

/**
 * Makes room for a copy of a segment in memory that threads can share.
 * @param threads the number that may open it by `openShared`, from number 1 on: 0 is this thread
 * @returns `steps` make the copy; threads may open it after that
 */
export function sharedCopy(
  segment: Segment,
  threads: number,
): { readonly shared: SharedSegment; readonly steps: Generator<void, Segment> } {
  const { shape } = segment;
  const room = roomFor(shape, 'auto', { shared: true, threads: threads + 1 });
  const shared = { shape, memory: room.simd?.memory, buffer: room.buffer };
  return { shared, steps: copySteps(segment, room) };
}

function* copySteps({ shape, sections }: Segment, room: Room): Generator<void, Segment> {
  const copy = new Segment(shape, room);
  for (let at = 0; at < sections.length; at += STEP) {
    copy.sections.set(sections.subarray(at, at + STEP), at);
    yield;
  }
  return copy;
}

/** Opens a shared copy in the thread of that number. */
export function openShared({ shape, memory, buffer }: SharedSegment, thread: number): Segment {
  const kernels = memory && attachKernels(memory);
  return new Segment(shape, kernels ? { buffer, simd: { memory, kernels }, thread } : { buffer });
}
