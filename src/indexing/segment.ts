import { isDigest } from '../hash.js';
import type { Ring } from '../kernels/search/bands.js';
import { checksum } from '../kernels/search/checksum.js';
import {
  FAR_WORDS,
  NARROW_DISTANCE,
  scan64,
  scan256Narrow,
  scan256Wide,
  touchWords,
} from '../kernels/search/scan.js';
import {
  hasSimd,
  SCRATCH_PLACES,
  type SimdRoom,
  type SimdScratch,
  scratchAt,
  scratchBytes,
  simdRoom,
} from '../kernels/search/simd.js';
import type { HashType } from '../packed-words.js';
import { lookUp, scanEqual } from './digests.js';
import { type Banding, Buckets, offsetsLength } from './mih.js';
import {
  NEAR_BANDS,
  probingPlan,
  type SearchPlan,
  scanPlan,
  searchPlan,
  spansFor,
} from './plan.js';

/** The header of a segment; it determines the places of all sections. */
export interface Shape extends HashType, Banding {
  /** 0: hashes without bands, to be scanned */
  readonly bands: number;
  /** different hashes */
  readonly count: number;
  /** number of hashes with several entries, which come first */
  readonly groups: number;
  readonly entries: number;
  /** whether ids are stored; otherwise the id of an entry is its number */
  readonly hasIds: boolean;
  /** ids given so far: each id is below this */
  readonly nextId: number;
  /** counts up with each saved state of one index */
  readonly generation: number;
  readonly notesLength: number;
  /** degenerate entries excluded from the file; undefined if not counted */
  readonly degenerate: number | undefined;
  /** an engine that is forced by name */
  readonly kind: 'flat' | 'mih' | undefined;
  /** the distance of most searches */
  readonly maxDistance: number;
}

export const HEADER_BYTES = 64;

/** A position takes 3 bytes where that is enough. */
const positionBytesOf = ({ count }: Shape) => (count > 2 ** 24 ? 4 : 3);

/**
 * Ends of the sections: the header; the hashes; the ids, hash by hash; the start of the ids of each
 * group, and of the first hash after them; the bucket starts of all bands, and the end of the last;
 * the positions of hashes in the order of the buckets, band by band; their sketches in the same
 * order; notes. Each begins at a multiple of four bytes.
 */
function sectionEnds(shape: Shape): number[] {
  const { bits, bands, sketchBits, count, groups, entries, hasIds, notesLength } = shape;
  const ids = hasIds ? 4 * entries : 0;
  const offsets = 4 * offsetsLength(bits, bands);
  const placed = bands * count;
  const sections = [HEADER_BYTES, (count * bits) / 8, ids, 4 * (groups + 1), offsets];
  const lengths = [placed * positionBytesOf(shape), (placed * sketchBits) / 8, notesLength];
  let end = 0;
  return [...sections, ...lengths].map((length) => (end += 4 * Math.ceil(length / 4)));
}

export const byteLengthOf = (shape: Shape): number => sectionEnds(shape).at(-1)!;

/** The lists whose loops run in SIMD: those worth a memory of their own, none, or all. */
export type Simd = 'auto' | 'never' | 'always';

/** Hashes from which a list is worth a memory of its own, which reserves 10 GB of addresses. */
const SIMD_HASHES = 2048;

/** The implementation that searches of `count` hashes use. */
export const kernelFor = (simd: Simd, count: number): 'simd' | 'js' =>
  (simd === 'always' || (simd === 'auto' && count >= SIMD_HASHES)) && hasSimd() ? 'simd' : 'js';

/** The memory of a segment. With SIMD kernels, scratch memory of each thread follows it. */
export interface Room {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset?: number;
  readonly simd?: SimdRoom;
  /** number of the thread, default 0 */
  readonly thread?: number;
}

/** Room for a segment: ordinary memory if the memory that SIMD needs is not available. */
export function roomFor(shape: Shape, simd: Simd, { shared = false, threads = 1 } = {}): Room {
  const byteLength = byteLengthOf(shape);
  if (!isDigest(shape.algorithm) && kernelFor(simd, shape.count) === 'simd') {
    const scratch = threads * scratchBytes(spansFor(shape.count));
    const room = simdRoom(byteLength + 64 + scratch, { shared });
    if (room) return { buffer: room.memory.buffer, simd: room };
  }
  return { buffer: shared ? new SharedArrayBuffer(byteLength) : new ArrayBuffer(byteLength) };
}

/**
 * Writes position and distance of the hashes `from`…`to` - 1 within `max` of the query to `out`
 * while there is room, positions counted from `from`: in blocks that fit the scratch memory, or
 * that are touched beforehand.
 * @returns their number
 */
export function scan(
  part: { words: Int32Array; simd?: SimdScratch | undefined; read: number },
  from: number,
  to: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  const { words, simd } = part;
  const perHash = query.length;
  const isFar = words.length > FAR_WORDS;
  const block = simd ? SCRATCH_PLACES / 2 : isFar ? 4096 / perHash : Math.max(1, to - from);
  const narrow = max <= NARROW_DISTANCE;
  const wide = perHash === 8 ? (narrow ? scan256Narrow : scan256Wide) : scanEqual;
  const kernel = perHash === 2 ? scan64 : wide;
  simd?.query.set(query);
  let total = 0;
  for (let at = from; at < to; at += block) {
    const end = Math.min(at + block, to);
    let pairs = simd?.room;
    let found: number;
    if (simd) {
      const { kernels, query: asked, room } = simd;
      const byKernel = perHash === 2 ? kernels.scan64 : kernels.scan256;
      const address = words.byteOffset + 4 * perHash * at;
      found = byKernel(address, end - at, asked.byteOffset, max, room.byteOffset);
    } else {
      if (isFar) part.read ^= touchWords(words, at * perHash, end * perHash);
      pairs = out.subarray(2 * total);
      found = kernel(words.subarray(at * perHash, end * perHash), end - at, query, max, pairs);
    }
    const written = Math.min(found, Math.max(0, (out.length >>> 1) - total));
    for (let i = 0; i < written && (simd || at > from); i++) {
      out[2 * (total + i)] = pairs![2 * i]! + at - from;
      out[2 * (total + i) + 1] = pairs![2 * i + 1]!;
    }
    total += found;
  }
  return total;
}

/**
 * Different hashes that do not change, with the ids of each, and, if it has bands, the buckets of
 * multi-index hashing, all in one buffer that threads may share and files may hold.
 */
export class Segment {
  readonly shape: Shape;
  readonly words: Int32Array;
  readonly ids: Uint32Array | undefined;
  readonly starts: Uint32Array;
  readonly buckets: Buckets;
  readonly notes: Uint8Array;
  readonly bands: number;
  readonly count: number;
  readonly groups: number;
  readonly entries: number;
  readonly simd: SimdScratch | undefined;
  read = 0;
  readonly #plans: (SearchPlan | undefined)[] = [];
  readonly #nearPlans = new Map<readonly Ring[], SearchPlan[]>();

  /** Attaches to the buffer of `room`, which is kept; it must hold the sections of `shape`. */
  constructor(shape: Shape, { buffer, byteOffset = 0, simd, thread = 0 }: Room) {
    const { bits, bands, count, sketchBits } = shape;
    const ends = sectionEnds(shape).map((end) => byteOffset + end);
    const start = (section: number) => ends[section - 1]!;
    const words = (section: number) =>
      new Uint32Array(buffer, start(section), (ends[section]! - start(section)) / 4);
    const spans = spansFor(count);
    const scratch = 64 * Math.ceil(ends[7]! / 64) + thread * scratchBytes(spans);
    this.simd = simd && scratchAt(simd, scratch, spans);
    this.shape = shape;
    this.bands = bands;
    this.count = count;
    this.groups = shape.groups;
    this.entries = shape.entries;
    this.words = new Int32Array(buffer, start(1), (count * bits) / 32);
    this.ids = shape.hasIds ? words(2) : undefined;
    this.starts = words(3);
    this.notes = new Uint8Array(buffer, start(7), shape.notesLength);
    const at = [buffer, start(6), bands * count] as const;
    const hashes = {
      words: this.words,
      perHash: bits >> 5,
      offsets: words(4),
      positions: new Uint8Array(buffer, start(5), ends[5]! - start(5)),
      positionBytes: positionBytesOf(shape),
      sketches: sketchBits === 32 ? new Int32Array(...at) : new Uint16Array(...at),
      seen: new Uint32Array(bands === 0 ? 0 : Math.ceil(count / 32)),
    };
    this.buckets = new Buckets({ ...hashes, read: 0 }, this.simd);
  }

  /** All bytes between header and notes. */
  get sections(): Uint8Array {
    const { buffer, byteOffset } = this.words;
    return new Uint8Array(buffer, byteOffset, this.notes.byteOffset - byteOffset);
  }

  /** The checksum of its hashes, in steps. */
  sumSteps(): Generator<void, number> {
    return sumSteps(this.words);
  }

  /** The number of the first entry of a hash; that of the next hash follows its last. */
  startOf(position: number): number {
    return position < this.groups ? this.starts[position]! : position + this.entries - this.count;
  }

  idAt(entry: number): number {
    return this.ids ? this.ids[entry]! : entry;
  }

  get #purpose(): Shape & { kernel: 'simd' | 'js' } {
    return { ...this.shape, kernel: this.simd ? 'simd' : 'js' };
  }

  /** The plan of a search. */
  plan(maxDistance: number): SearchPlan {
    const known = this.#plans[maxDistance];
    if (known) return known;
    const plan = searchPlan(this.#purpose, this.count, maxDistance);
    this.#plans[maxDistance] = plan;
    return plan;
  }

  /**
   * Writes position and distance of every hash within `max` of the query to `out` while there is
   * room. If its plan has no probes, it covers the hashes `from`…`to` - 1, positions counted from
   * `from`. If the buckets of this query hold so many hashes that a scan is cheaper, all hashes are
   * scanned. A digest is looked up among all, whatever the distance.
   * @returns their number
   */
  search(query: Int32Array, max: number, out: Uint32Array, from = 0, to = this.count): number {
    if (isDigest(this.shape.algorithm)) return lookUp(this, query, out);
    const { probes } = this.plan(max);
    const found = probes ? this.buckets.search(query, probes, max, out) : -1;
    return found < 0 ? scan(this, from, to, query, max, out) : found;
  }

  /**
   * As `search`, in the buckets of a near search if the bands fit, and otherwise in all hashes. It
   * may find more than the near ones, but misses none.
   */
  searchNear(query: Int32Array, max: number, rings: readonly Ring[], out: Uint32Array): number {
    const { probes } = this.#nearPlan(max, rings);
    const found = probes ? this.buckets.search(query, probes, max, out) : -1;
    return found < 0 ? scan(this, 0, this.count, query, max, out) : found;
  }

  #nearPlan(max: number, rings: readonly Ring[]): SearchPlan {
    const plans = this.#nearPlans.get(rings) ?? [];
    this.#nearPlans.set(rings, plans);
    plans[max] ??= this.#planOf(max, rings);
    return plans[max];
  }

  #planOf(max: number, rings: readonly Ring[]): SearchPlan {
    const purpose = this.#purpose;
    const scan = scanPlan(purpose, this.count, max);
    const fits = this.bands === NEAR_BANDS && purpose.bits === 256;
    return fits ? probingPlan(purpose, this.count, scan, rings) : scan;
  }
}

/** Words per step of the checksum: about 0.5 ms. */
const SUM_STEP = 1 << 18;

/** The checksum of words, in steps; `sum` is that of preceding words. */
export function* sumSteps(words: Int32Array, sum = 0): Generator<void, number> {
  let next = sum;
  for (let at = 0; at < words.length; at += SUM_STEP) {
    next = checksum(words.subarray(at, at + SUM_STEP), next);
    yield;
  }
  return next;
}
