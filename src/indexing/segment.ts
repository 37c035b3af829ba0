import type { Algorithm, Bits } from '../hash.js';
import {
  bitsAt,
  countCandidates,
  gatherSpans,
  masksByPopcount,
  searchSpans,
  touchSpans,
} from '../kernels/bands.js';
import { scan64, scan256, scanWide256 } from '../kernels/scan.js';
import type { IdSet } from './id-set.js';
import { type Shape, sectionsOf } from './layout.js';
import { type BandPlan, bandPlan, bandWidths, scanNanoseconds, WIDE_DISTANCE } from './plan.js';

/** How a segment is searched at one distance. */
export interface SegmentPlan {
  /** undefined: every hash is scanned */
  readonly bands: BandPlan | undefined;
  readonly nanoseconds: number;
}

/** Spans that are listed before any is read: of 272 the lines fit into the first cache, and more gain nothing. */
const SPANS = 512;
const RUNS = 128;

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
  readonly #keys: Uint16Array;
  readonly #spans: Uint32Array;
  /** of each run of spans with one sketch and limit: where it ends, the sketch, the limit */
  readonly #runs: Int32Array;
  /** keeps what `touchSpans` read, so that no engine leaves it out */
  touched = 0;

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
    this.#keys = new Uint16Array(bands);
    this.#spans = new Uint32Array(bands === 0 ? 0 : 2 * SPANS);
    this.#runs = new Int32Array(bands === 0 ? 0 : 3 * RUNS);
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
      const bands = bandPlan(this.#widths, count, maxDistance, obey ? undefined : scan);
      if (obey || bands.nanoseconds < scan) plan = { bands, nanoseconds: bands.nanoseconds };
    }
    this.#plans[maxDistance] = plan;
    return plan;
  }

  /**
   * Writes position and distance of every hash within `max` of the query to `out` while there is room. Where the plan
   * was a choice and this query's buckets hold so much that a scan is cheaper, the hashes are scanned.
   * @returns how many there are
   */
  search(query: Int32Array, max: number, plan: SegmentPlan, out: Uint32Array): number {
    if (!plan.bands) return this.scan(query, max, 0, this.count, out);
    const { units, limits } = plan.bands;
    const perHash = this.bits >> 5;
    const keys = this.#keys;
    let candidates = 0;
    for (let band = 0, start = 0, base = 0; band < units.length; band++) {
      const width = this.#widths[band]!;
      const rings = Math.min(units[band]!, width + 1);
      if (rings > 0) {
        const { masks, ringEnds } = this.#masks[band]!;
        const key = bitsAt(query, perHash, 0, start) & ((1 << width) - 1);
        keys[band] = key;
        candidates += countCandidates(this.#offsets, base, key, masks, 0, ringEnds[rings - 1]!);
      }
      start += width;
      base += (1 << width) + 1;
    }
    if (candidates > plan.bands.worth) return this.scan(query, max, 0, this.count, out);
    const seen = this.#seen;
    const spans = this.#spans;
    const runs = this.#runs;
    let total = 0;
    let length = 0;
    let run = 0;
    for (let band = 0, start = 0, base = 0; band < units.length; band++) {
      const width = this.#widths[band]!;
      const { masks, ringEnds } = this.#masks[band]!;
      const rings = Math.min(units[band]!, width + 1);
      const sketch = bitsAt(query, perHash, 0, (start + width) % this.bits);
      for (let ring = 0, probe = 0; ring < rings; ring++) {
        while (probe < ringEnds[ring]!) {
          const to = Math.min(ringEnds[ring]!, probe + SPANS - length / 2);
          length = gatherSpans(
            this.#offsets,
            base,
            keys[band]!,
            masks,
            probe,
            to,
            this.#ids.length,
            spans,
            length,
          );
          probe = to;
          runs[run] = length;
          runs[run + 1] = sketch;
          runs[run + 2] = limits[band]! - ring;
          run += 3;
          if (length < 2 * SPANS && run < runs.length) continue;
          total = this.#searchRuns(length, run, query, max, out, total);
          length = 0;
          run = 0;
        }
      }
      start += width;
      base += (1 << width) + 1;
    }
    total = this.#searchRuns(length, run, query, max, out, total);
    // The marks of what was found are taken off again: by what `out` tells, or all where it had no room.
    if (2 * total <= out.length) {
      for (let i = 0; i < 2 * total; i += 2) seen[out[i]! >>> 5] = 0;
    } else seen.fill(0);
    return total;
  }

  #searchRuns(
    length: number,
    run: number,
    query: Int32Array,
    max: number,
    out: Uint32Array,
    total: number,
  ): number {
    this.touched = touchSpans(this.#sketches, this.#spans, length);
    let found = total;
    for (let i = 0, from = 0; i < run; i += 3) {
      const to = this.#runs[i]!;
      found = searchSpans(
        this.words,
        this.bits >> 5,
        this.#ids,
        this.#sketches,
        this.#spans,
        from,
        to,
        this.#runs[i + 1]!,
        this.#runs[i + 2]!,
        query,
        max,
        this.#seen,
        out,
        found,
      );
      from = to;
    }
    return found;
  }

  /** As `search`, of the hashes `from`…`to` - 1 by looking at each; positions count from `from`. */
  scan(query: Int32Array, max: number, from: number, to: number, out: Uint32Array): number {
    const perHash = this.bits >> 5;
    const words = from === 0 ? this.words : this.words.subarray(from * perHash, to * perHash);
    const kernel = this.bits === 64 ? scan64 : max < WIDE_DISTANCE ? scan256 : scanWide256;
    return kernel(words, to - from, query, max, out);
  }

  addIdsTo(ids: IdSet): void {
    if (this.#firstIds) for (let i = 0; i < this.count; i++) ids.add(this.#firstIds[i]!);
    else for (let i = 0; i < this.count; i++) ids.add(i);
    for (let i = 0; i < this.#duplicateIds.length; i++) ids.add(this.#duplicateIds[i]!);
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

/** Calls `visit` with every id of the hashes `from`…`to` - 1 and its hash's position. */
export function forEachId(
  segment: Segment,
  visit: (id: number, position: number) => void,
  from = 0,
  to = segment.count,
): void {
  let duplicate = segment.duplicatesFrom(from);
  for (let position = from; position < to; position++) {
    visit(segment.firstId(position), position);
    for (;;) {
      const id = segment.duplicateId(duplicate, position);
      if (id === -1) break;
      visit(id, position);
      duplicate++;
    }
  }
}
