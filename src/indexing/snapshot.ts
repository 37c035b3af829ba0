import { FormatError } from '../errors.js';
import type { Algorithm, Bits } from '../hash.js';
import { hasBits } from '../hash.js';
import { checksum, finishChecksum } from '../kernels/lanes.js';
import type { SnapshotOptions } from './hamming-index.js';
import { HEADER_WORDS, type Shape, sectionsOf } from './layout.js';
import { Segment } from './segment.js';

/** `OHINDEX` and a line feed, as two little-endian words. A machine of the other byte order reads other words. */
const MAGIC = [0x4e49484f, 0x0a584544] as const;
const VERSION = 1;
const ALGORITHMS: readonly Algorithm[] = ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'];
const KINDS = [undefined, 'flat', 'mih'] as const;
/** The word of the header that holds the checksum over all the others. */
const CHECKSUM_WORD = 14;

/** The buffer of a segment, once its header and checksum are written into it. */
export function sealed({ buffer, shape }: Segment): ArrayBufferLike {
  const words = new Uint32Array(buffer);
  words.set([
    ...MAGIC,
    VERSION,
    ALGORITHMS.indexOf(shape.algorithm),
    shape.bits,
    shape.bands,
    shape.count,
    shape.duplicates,
    shape.positional ? 1 : 0,
    shape.nextId,
    shape.generation,
    shape.notesLength,
    KINDS.indexOf(shape.kind),
    shape.maxDistance,
  ]);
  words[CHECKSUM_WORD] = checksumOf(new Int32Array(buffer));
  return buffer;
}

/** A sealed copy of a segment, with other notes. */
export function copyOf(
  { shape, words }: Segment,
  { nextId, notes, generation = 0, shared = false }: SnapshotOptions & { nextId: number },
): ArrayBufferLike {
  const copied: Shape = { ...shape, nextId, generation, notesLength: notes?.length ?? 0 };
  const at = sectionsOf(copied);
  const buffer = shared ? new SharedArrayBuffer(at.byteLength) : new ArrayBuffer(at.byteLength);
  // The hashes are the first section: all from them to the notes is taken as it is.
  new Uint8Array(buffer).set(
    new Uint8Array(words.buffer, words.byteOffset, 4 * (at.notes - at.hashes)),
    4 * at.hashes,
  );
  if (notes) new Uint8Array(buffer, 4 * at.notes).set(notes);
  return sealed(new Segment(copied, buffer));
}

/** A buffer that holds a snapshot, or a view of one. */
export type SnapshotSource = ArrayBufferLike | Uint8Array;

/** The bytes of a source; a copy where they do not begin at a multiple of four. */
function aligned(source: SnapshotSource): Uint8Array {
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
  return bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
}

/**
 * The segment that a snapshot holds, attached to its buffer. Magic number, version and counts are always checked; the
 * checksum and every number that leads into the buffer unless `verify` is false.
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export function segmentOf(source: SnapshotSource, { verify = true } = {}): Segment {
  const bytes = aligned(source);
  const shape = shapeOf(bytes);
  if (verify) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (checksumOf(words) !== words[CHECKSUM_WORD]! >>> 0) {
      throw new FormatError('bad-checksum', 'the index file has changed since it was written');
    }
  }
  const segment = new Segment(shape, bytes.buffer, bytes.byteOffset);
  if (verify && !isSound(segment)) {
    throw new FormatError('bad-header', 'the index file leads outside of itself');
  }
  return segment;
}

/** Bytes that were given to `toBuffer` as notes: a view of `source`. @throws {FormatError} as `indexFromBuffer` */
export function snapshotNotes(source: SnapshotSource): Uint8Array {
  const bytes = aligned(source);
  const shape = shapeOf(bytes);
  return bytes.subarray(4 * sectionsOf(shape).notes).subarray(0, shape.notesLength);
}

/** What the header of a snapshot says of it. */
export interface SnapshotInfo {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** entries */
  readonly size: number;
  /** different hashes among them */
  readonly hashes: number;
  readonly bands: number;
  readonly generation: number;
  readonly notesLength: number;
  readonly byteLength: number;
}

/** @throws {FormatError} as `indexFromBuffer`, for what the header alone shows */
export function snapshotInfo(source: SnapshotSource): SnapshotInfo {
  const bytes = aligned(source);
  const { algorithm, bits, bands, count, duplicates, generation, notesLength } = shapeOf(bytes);
  return {
    algorithm,
    bits,
    size: count + duplicates,
    hashes: count,
    bands,
    generation,
    notesLength,
    byteLength: bytes.length,
  };
}

function shapeOf(bytes: Uint8Array): Shape {
  if (bytes.length < 4 * HEADER_WORDS) {
    // Too short for a header: a foreign file, if it does not even begin as ours.
    const word =
      bytes.length >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : 0;
    if (word !== MAGIC[0]) throw notOurs();
    throw new FormatError('bad-length', 'the index file breaks off in its header');
  }
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_WORDS);
  if (header[0] !== MAGIC[0] || header[1] !== MAGIC[1]) throw notOurs();
  if (header[2] !== VERSION) {
    throw new FormatError(
      'bad-version',
      `expected an index file of version ${VERSION}, got ${header[2]}: build it again from its list`,
    );
  }
  const algorithm = ALGORITHMS[header[3]!];
  const bits = header[4]!;
  const bands = header[5]!;
  if (
    algorithm === undefined ||
    !hasBits(algorithm, bits) ||
    !(bands === 0 || (bands >= bits / 16 && bands <= 32)) ||
    header[8]! > 1 ||
    header[12]! >= KINDS.length ||
    header[13]! > bits ||
    header[15] !== 0
  ) {
    throw new FormatError('bad-header', 'the header of the index file cannot be');
  }
  const shape: Shape = {
    algorithm,
    bits,
    bands,
    count: header[6]!,
    duplicates: header[7]!,
    positional: header[8] === 1,
    nextId: header[9]!,
    generation: header[10]!,
    notesLength: header[11]!,
    kind: KINDS[header[12]!],
    maxDistance: header[13]!,
  };
  if (
    shape.count + shape.duplicates > shape.nextId ||
    (shape.count === 0 && shape.duplicates > 0)
  ) {
    throw new FormatError('bad-header', 'the counts of the index file contradict each other');
  }
  const { byteLength } = sectionsOf(shape);
  if (bytes.length !== byteLength) {
    throw new FormatError(
      'bad-length',
      `expected an index file of ${byteLength} bytes, got ${bytes.length}`,
    );
  }
  return shape;
}

const notOurs = () => new FormatError('bad-magic', 'expected an index file');

function checksumOf(words: Int32Array): number {
  const state = new Int32Array(4);
  checksum(words, 0, CHECKSUM_WORD, state);
  checksum(words, CHECKSUM_WORD + 1, words.length, state);
  return finishChecksum(state);
}

/** Whether every position, id and bucket start is within its bounds. */
function isSound({ shape, sections }: Segment): boolean {
  const { count, nextId } = shape;
  const { firstIds, duplicateOf, duplicateIds, offsets, ids, widths } = sections;
  if (firstIds && !allBelow(firstIds, nextId)) return false;
  if (!allBelow(duplicateOf, count) || !allBelow(duplicateIds, nextId)) return false;
  for (let i = 1; i < duplicateOf.length; i++) {
    if (duplicateOf[i - 1]! > duplicateOf[i]!) return false;
  }
  if (!allBelow(ids, count)) return false;
  let base = 0;
  for (let band = 0; band < widths.length; band++) {
    const end = base + 2 ** widths[band]!;
    if (offsets[base] !== band * count || offsets[end] !== (band + 1) * count) return false;
    for (let i = base; i < end; i++) if (offsets[i]! > offsets[i + 1]!) return false;
    base = end + 1;
  }
  return true;
}

function allBelow(values: Uint32Array, limit: number): boolean {
  let above = 0;
  for (let i = 0; i < values.length; i++) above |= values[i]! >= limit ? 1 : 0;
  return above === 0;
}
