/*
 * Multi-index hashing (Norouzi, Punjani and Fleet 2014): all hashes within r bits of a query,
 * without comparing most of them.
 *
 * Bands. A hash is cut into bands of at most 16 bits. Each band has a table of buckets, one for
 * each key, a possible value of the band. Bands get a budget each, and the budgets sum to r + 1. A
 * hash that differed from the query by its budget or more in every band would differ by more than
 * r. So each hash within r is, in some band, in a bucket whose key differs by less than the budget.
 * With 16 bands and r = 31 each budget is 2. Then a search looks into one bucket of each band and
 * the 16 around it: 272 buckets, and of a million hashes about 4,200.
 *
 * Sketches. Beside each hash in a bucket are the 16 or 32 bits that follow the band, cyclically.
 * Let x be the distance in a band less its budget. Over all bands the x sum to at most -1, which is
 * r - (r + 1). So there is a band from which on every cyclic prefix sum is at most -1: the one
 * after the last greatest prefix sum. A hash that is found k bits away in that band differs, in the
 * bands that the sketch covers, by at most their budgets plus its own, less 1 and k. Only hashes
 * whose sketch passes are compared in full: 6 of the 4,200. A band that is covered in part counts
 * too few bits, so the test stays necessary, and the search exact. (Jianbin Qin and Chuan Xiao call
 * it the pigeonring principle: PVLDB 12(1), 2018, doi:10.14778/3275536.3275539.)
 *
 * Spreading. Neighbouring bits of real hashes are correlated, and a band of such bits crowds its
 * hashes into few buckets. So keys and sketches are cut from hashes with their bits spread. The
 * hashes themselves are stored and compared unchanged.
 */

import type { Bits } from '../hash.js';
import {
  type Band,
  bitsAt,
  collectPlaces,
  collectPlaces16,
  countKeys,
  gatherSpans,
  type Hashes,
  masksByPopcount,
  placeKeys,
  type Ring,
  readPositions,
  SPAN,
  SPARE,
  type Spans,
  spread,
  touchSpans,
  verifyHashes,
} from '../kernels/search/bands.js';
import { addRing, gatherRings, type SimdScratch, touchPositions } from '../kernels/search/simd.js';

/** The way in which hashes are cut. */
export interface Banding {
  readonly bits: Bits;
  readonly bands: number;
  readonly sketchBits: 16 | 32;
}

/**
 * The share of `total` that goes to the parts before one, if `parts` have about the same. Goes on
 * beyond the last, round the ring.
 */
const shareBefore = (part: number, parts: number, total: number) =>
  Math.floor((part * total) / parts);

/** Widths of `bands` bands that together cover a hash. */
export function bandWidths(bits: Bits, bands: number): number[] {
  return Array.from(
    { length: bands },
    (_, band) => shareBefore(band + 1, bands, bits) - shareBefore(band, bands, bits),
  );
}

/** Length of the bucket starts of all bands, band after band, with the end of the last. */
export const offsetsLength = (bits: Bits, bands: number): number =>
  bandWidths(bits, bands).reduce((sum, width) => sum + 2 ** width, 1);

/** The buckets that a search looks into, and the limits by which their sketches may differ. */
export function ringsWithin({ bits, bands, sketchBits }: Banding, maxDistance: number): Ring[] {
  // Budgets are spread evenly, too: a limit sums those of neighbours, and the greatest one matters.
  const budgetBefore = (band: number) => shareBefore(band, bands, maxDistance + 1);
  const startOf = (band: number) => shareBefore(band, bands, bits);
  const rings: Ring[] = [];
  let base = 0;
  for (let band = 0; band < bands; band++) {
    const start = startOf(band);
    const width = startOf(band + 1) - start;
    let next = band + 1;
    while (startOf(next) < start + width + sketchBits) next++;
    const before = budgetBefore(band);
    for (let k = 0; k < budgetBefore(band + 1) - before && k <= width; k++) {
      const limit = budgetBefore(next) - before - 1 - k;
      rings.push({ start, width, base, masks: masksOf(width)[k]!, limit });
    }
    base += 2 ** width;
  }
  return rings;
}

/** By width: its masks by number of set bits, made once. */
const tables: Uint16Array[][] = [];

function masksOf(width: number): Uint16Array[] {
  tables[width] ??= masksByPopcount(width);
  return tables[width];
}

/** Hashes in buckets. */
export interface Bucketed extends Hashes {
  readonly offsets: Uint32Array;
}

/**
 * Spans that are touched before any is searched: the lines of 512 stay in the second cache, and
 * more gain nothing.
 */
const TOUCHED = 512 * SPAN;

/** The buckets of a search, and the cost up to which they pay. */
export interface Probes {
  readonly rings: readonly Ring[];
  /** buckets in `rings` */
  readonly count: number;
  /** hashes in these, or the equal weight in full comparisons, above which a scan is cheaper */
  readonly worth: number;
  /** hashes in buckets that weigh as much as one full comparison */
  readonly weight: number;
}

/** Places after which the search checks again if it is still worth it. */
const ENOUGH = 2 ** 15;

/** The search of hashes in buckets. */
export class Buckets {
  readonly hashes: Bucketed;
  readonly #simd: SimdScratch | undefined;
  readonly #own: Spans = { spans: new Int32Array(0), length: 0, places: 0 };
  readonly #room = new Uint32Array(4096);
  readonly #spread: Int32Array;
  /** the sketches, whatever their width: V8 is faster with one kind of array */
  readonly #touched: Int32Array;

  /** @param simd memory for the SIMD kernels; without it, the search runs in JavaScript */
  constructor(hashes: Bucketed, simd: SimdScratch | undefined) {
    this.hashes = hashes;
    this.#simd = simd;
    this.#spread = new Int32Array(hashes.perHash);
    const { buffer, byteOffset, byteLength } = hashes.sketches;
    this.#touched = new Int32Array(buffer, byteOffset, (byteLength + 3) >>> 2);
  }

  /**
   * Writes position and distance of every hash within `max` of the query to `out` while there is
   * room.
   * @returns their number, or -1 if a scan is cheaper
   */
  search(
    query: Int32Array,
    { rings, count: probeCount, worth, weight }: Probes,
    max: number,
    out: Uint32Array,
  ): number {
    const { offsets, sketches, perHash, seen } = this.hashes;
    const fits = SPAN * probeCount <= (this.#simd?.spans.length ?? 0);
    const simd = fits ? this.#simd : undefined;
    const into = simd ?? this.#own;
    if (into.spans.length < SPAN * probeCount) into.spans = new Int32Array(SPAN * probeCount);
    spread(query, 0, perHash, this.#spread, 0);
    into.length = 0;
    into.places = 0;
    for (const ring of rings) {
      const { start, width } = ring;
      const key = bitsAt(this.#spread, perHash, 0, start) & ((1 << width) - 1);
      const sketch = bitsAt(this.#spread, perHash, 0, (start + width) % (32 * perHash));
      if (simd) addRing(simd, ring, key, sketch);
      else gatherSpans(offsets, ring, key, sketch, sketches.length, into);
    }
    if (simd) gatherRings(simd, offsets, sketches.length);
    if (into.places > worth) return -1;
    const { spans, length } = into;
    const room = simd?.room ?? this.#room;
    const shift = sketches instanceof Int32Array ? 0 : 1;
    let collected = 0;
    let done = 0;
    let total = 0;
    let isCheap = true;
    for (let from = 0, to = 0; from < length && isCheap; from = to) {
      const enough = done + ENOUGH;
      const end = Math.min(from + TOUCHED, length);
      if (end === length && into.places <= enough) [to, done] = [length, into.places];
      else for (; to < end && done < enough; to += SPAN) done += spans[to + 1]! - spans[to]!;
      if (!simd) this.hashes.read = touchSpans(this.#touched, shift, spans, from, to);
      let count: number;
      do {
        if (simd) count = this.#collect(simd, from, to);
        else if (sketches instanceof Int32Array)
          count = collectPlaces(sketches, spans, from, to, room);
        else count = collectPlaces16(sketches, spans, from, to, room);
        collected += count;
        // The rest is expected to hold as many per place: so a list made to pass this test is
        // scanned.
        isCheap = into.places + (weight * collected * into.places) / done <= worth;
        if (!isCheap) break;
        if (simd && perHash === 8) touchPositions(simd, this.hashes, count);
        else readPositions(this.hashes, room, count);
        total = verifyHashes(this.hashes, room, count, query, max, out, total);
      } while (count > room.length - SPARE);
    }
    // The marks of the hits are cleared: those in `out`, or all if it had no room.
    if (2 * total > out.length) seen.fill(0);
    else for (let i = 0; i < 2 * total; i += 2) seen[out[i]! >>> 5] = 0;
    return isCheap ? total : -1;
  }

  #collect({ kernels, spans, room }: SimdScratch, from: number, to: number): number {
    const { sketches } = this.hashes;
    const collect = sketches instanceof Int32Array ? kernels.collect : kernels.collect16;
    const [first, last] = [spans.byteOffset + 4 * from, spans.byteOffset + 4 * to];
    return collect(first, last, sketches.byteOffset, room.byteOffset, room.length);
  }
}

/** Hashes that a building step puts into buckets: about 0.3 ms. */
export const STEP = 1 << 14;

/** Puts `count` hashes into buckets, step by step: a counting sort fills those of each band. */
export function* bucketSteps(
  { words, perHash, offsets, positions, positionBytes, sketches }: Bucketed,
  bands: number,
  count: number,
): Generator<void, void> {
  const placed = { positions, positionBytes, sketches };
  const spreads = new Int32Array(words.length);
  for (let from = 0; from < count; from += STEP / 4) {
    const end = Math.min(from + STEP / 4, count) * perHash;
    for (let at = from * perHash; at < end; at += perHash) spread(words, at, perHash, spreads, at);
    yield;
  }
  let start = 0;
  let place = 0;
  let base = 1;
  for (const width of bandWidths((32 * perHash) as Bits, bands)) {
    const band: Band = { words: spreads, perHash, start, width };
    // First the sizes of buckets, then their starts; placing moves each on to the next start.
    const cursors = offsets.subarray(base, base + 2 ** width);
    for (let from = 0; from < count; from += STEP) {
      const to = Math.min(from + STEP, count);
      countKeys(band, from, to, cursors);
      // New memory is cleared at its first use: here, not all in the first step of placing.
      positions.fill(0, (place + from) * positionBytes, (place + to) * positionBytes);
      sketches.fill(0, place + from, place + to);
      yield;
    }
    for (let key = 0; key < cursors.length; key++) {
      const size = cursors[key]!;
      cursors[key] = place;
      place += size;
    }
    yield;
    for (let from = 0; from < count; from += STEP) {
      placeKeys(band, from, Math.min(from + STEP, count), placed, cursors);
      yield;
    }
    base += cursors.length;
    start += width;
  }
}
