import type { Algorithm, Bits } from '../hash.js';
import { bandKey, bandSketch, masksByPopcount, searchBand } from '../kernels/bands.js';
import { scan64, scan256, scanWide256 } from '../kernels/scan.js';
import { type Shape, sectionsOf } from './layout.js';
import { type BandPlan, bandPlan, bandWidths, scanNanoseconds, WIDE_DISTANCE } from './plan.js';

/** How a segment is searched at one distance. */
export interface SegmentPlan {
  /** undefined: every hash is scanned */
  readonly bands: BandPlan | undefined;
  readonly nanoseconds: number;
}

/**
 * Different hashes that do not change, with the ids of each, and unless `bands` is 0 the buckets of multi-index
 * hashing, all in one buffer (`layout.ts`) that workers may share and files may hold. Positions are of hashes, not entries.
 */
export class Segment {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly shape: Shape;
  readonly buffer: ArrayBufferLike;
  readonly words: Int32Array;
  readonly #firstIds: Uint32Array | undefined;
  readonly #duplicateOf: Uint32Array;
  readonly #duplicateIds: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #ids: Uint32Array;
  readonly #sketches: Int32Array;
  readonly #widths: Uint8Array;
  readonly #masks: { masks: Uint16Array; ringEnds: Uint32Array }[];
  readonly #plans: (SegmentPlan | undefined)[] = [];
  readonly #seen: Uint32Array;

  /** Attaches to `buffer`, which is kept; it must hold what `shape` tells. */
  constructor(shape: Shape, buffer: ArrayBufferLike, byteOffset = 0) {
    const { algorithm, bits, bands, count, duplicates, positional } = shape;
    const at = sectionsOf(shape);
    const unsigned = (start: number, length: number) =>
      new Uint32Array(buffer, byteOffset + 4 * start, length);
    this.algorithm = algorithm;
    this.bits = bits;
    this.shape = shape;
    this.buffer = buffer;
    this.words = new Int32Array(buffer, byteOffset + 4 * at.hashes, (count * bits) / 32);
    this.#firstIds = positional ? undefined : unsigned(at.firstIds, count);
    this.#duplicateOf = unsigned(at.duplicateOf, duplicates);
    this.#duplicateIds = unsigned(at.duplicateIds, duplicates);
    this.#offsets = unsigned(at.offsets, at.ids - at.offsets);
    this.#ids = unsigned(at.ids, bands * count);
    this.#sketches = new Int32Array(buffer, byteOffset + 4 * at.sketches, bands * count);
    this.#widths = bands === 0 ? new Uint8Array(0) : bandWidths(bits, bands);
    this.#masks = Array.from(this.#widths, ringsOf);
    this.#seen = new Uint32Array(bands === 0 ? 0 : Math.ceil(count / 32));
  }

  /** Different hashes. */
  get count(): number {
    return this.shape.count;
  }

  /** Entries, removed ones too. */
  get entries(): number {
    return this.shape.count + this.shape.duplicates;
  }

  /** The cheaper of scan and bands at one distance; the bands wherever there are any, if `obey`. */
  plan(maxDistance: number, obey: boolean): SegmentPlan {
    const known = this.#plans[maxDistance];
    if (known) return known;
    const { bits, count } = this;
    const scan = scanNanoseconds(bits, count, maxDistance);
    let plan: SegmentPlan = { bands: undefined, nanoseconds: scan };
    if (this.#widths.length > 0) {
      const bands = bandPlan(this.#widths, count, maxDistance);
      if (obey || bands.nanoseconds < scan) plan = { bands, nanoseconds: bands.nanoseconds };
    }
    this.#plans[maxDistance] = plan;
    return plan;
  }

  /**
   * Writes position and distance of every hash within `max` of the query to `out` while there is room.
   * @returns how many there are
   */
  search(query: Int32Array, max: number, plan: SegmentPlan, out: Uint32Array): number {
    if (!plan.bands) return this.scan(query, max, 0, this.count, out);
    const { units, limits } = plan.bands;
    const perHash = this.bits >> 5;
    const seen = this.#seen;
    let total = 0;
    let start = 0;
    let base = 0;
    for (let band = 0; band < units.length; band++) {
      const width = this.#widths[band]!;
      if (units[band]! > 0) {
        const { masks, ringEnds } = this.#masks[band]!;
        total = searchBand(
          this.words,
          perHash,
          this.#offsets,
          base,
          this.#ids,
          this.#sketches,
          masks,
          ringEnds,
          Math.min(units[band]!, width + 1),
          bandKey(query, perHash, 0, start, width),
          bandSketch(query, perHash, 0, start + width),
          limits[band]!,
          query,
          max,
          seen,
          out,
          total,
        );
      }
      start += width;
      base += (1 << width) + 1;
    }
    // The marks of what was found are taken off again: by what `out` tells, or all where it had no room.
    if (2 * total <= out.length) {
      for (let i = 0; i < 2 * total; i += 2) seen[out[i]! >>> 5] = 0;
    } else seen.fill(0);
    return total;
  }

  /** As `search`, of the hashes `from`…`to` - 1 by looking at each; positions count from `from`. */
  scan(query: Int32Array, max: number, from: number, to: number, out: Uint32Array): number {
    const perHash = this.bits >> 5;
    const words = from === 0 ? this.words : this.words.subarray(from * perHash, to * perHash);
    const kernel = this.bits === 64 ? scan64 : max < WIDE_DISTANCE ? scan256 : scanWide256;
    return kernel(words, to - from, query, max, out);
  }

  /** The first id of the hash at `position`. */
  firstId(position: number): number {
    return this.#firstIds ? this.#firstIds[position]! : position;
  }

  /** Where the further ids of the hash at `position` begin among all of them. */
  duplicatesFrom(position: number): number {
    const of = this.#duplicateOf;
    let low = 0;
    let high = of.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (of[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The further id number `at`, if it is one of the hash at `position`; else -1. */
  duplicateId(at: number, position: number): number {
    return this.#duplicateOf[at] === position ? this.#duplicateIds[at]! : -1;
  }

  /** The sections that a check of the whole must look into. */
  get sections() {
    return {
      firstIds: this.#firstIds,
      duplicateOf: this.#duplicateOf,
      duplicateIds: this.#duplicateIds,
      offsets: this.#offsets,
      ids: this.#ids,
      widths: this.#widths,
    };
  }
}

const rings = /* @__PURE__ */ new Map<number, { masks: Uint16Array; ringEnds: Uint32Array }>();

/** The keys of a width by number of set bits, and where each number ends; made once a width. */
function ringsOf(width: number): { masks: Uint16Array; ringEnds: Uint32Array } {
  const known = rings.get(width);
  if (known) return known;
  const ringEnds = new Uint32Array(width + 1);
  let end = 0;
  let binomial = 1;
  for (let ring = 0; ring <= width; ring++) {
    end += binomial;
    ringEnds[ring] = end;
    binomial = (binomial * (width - ring)) / (ring + 1);
  }
  const made = { masks: masksByPopcount(width), ringEnds };
  rings.set(width, made);
  return made;
}
