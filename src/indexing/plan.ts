import type { Bits } from '../hash.js';
import { masksByPopcount } from '../kernels/bands.js';
import { WIDE_DISTANCE } from '../kernels/scan.js';

/** How hashes are searched at one distance. */
export interface SearchPlan {
  /** buckets that are looked into; absent: every hash is scanned */
  readonly probes?: readonly Probes[];
  readonly probeCount: number;
  /** bucketed hashes above which a scan is cheaper than looking at them */
  readonly worth: number;
  /** that the search is expected to take, of uniform hashes */
  readonly nanoseconds: number;
}

/** Buckets of one band whose keys are at one distance from the query's. */
export interface Probes {
  /** the first bit of the band */
  readonly start: number;
  readonly width: number;
  /** buckets of the bands before */
  readonly base: number;
  /** in which their keys differ from the query's */
  readonly masks: Uint16Array;
  /** bits that the sketch may differ in */
  readonly limit: number;
}

/** Widths of `bands` bands that together cover a hash, the wide ones first. */
export function bandWidths(bits: Bits, bands: number): Uint8Array {
  const narrow = Math.floor(bits / bands);
  const wide = bits % bands;
  return Uint8Array.from({ length: bands }, (_, band) => narrow + (band < wide ? 1 : 0));
}

/** Bits of a sketch. */
const SKETCH_BITS = 32;

/*
 * Nanoseconds, fitted to 900 measured searches of 1,000 to a million uniform hashes in 16 to 32 bands at distances 0 to
 * 80 (Node 20, one core at 2.7 GHz); the mean error of the model is 17 %, and their ratios decide, not their size: a
 * search begun and each of its bands; a bucket looked into and a hash verified, each with the segment in the core's
 * caches and out of them; a sketch compared.
 */
const SEARCH_NS = 75;
const BAND_NS = 10;
const PROBE_NS = 18;
const PROBE_FAR_NS = 66;
const CANDIDATE_NS = 2.3;
const VERIFY_NS = 41;
const VERIFY_FAR_NS = 260;
/** Binary logarithms of the hashes of a segment at which it begins to leave the caches, and has left them. */
const NEAR_LOG = 15;
const FAR_LOG = 21;
/** A hash scanned with an early exit, without, and one of 64 bits. */
const SCAN_NS = 4.6;
const SCAN_WIDE_NS = 7.8;
const SCAN_64_NS = 3;

/** A scan of `count` hashes. */
export function scanPlan(bits: Bits, count: number, maxDistance: number): SearchPlan {
  const perHash = bits === 64 ? SCAN_64_NS : maxDistance < WIDE_DISTANCE ? SCAN_NS : SCAN_WIDE_NS;
  return { probeCount: 0, worth: 0, nanoseconds: SEARCH_NS + count * perHash };
}

/**
 * The cheaper of a scan and the search of `count` hashes in bands of these widths; the latter wherever there are bands,
 * if `obey`. The budgets of the bands sum to maxDistance + 1, so a hash that differed in each band by its budget or more
 * would differ in more than maxDistance bits (Norouzi, Punjani, Fleet 2014, in integers).
 *
 * The limit of a sketch: let x_b be the distance in band b less its budget. Over all bands the x sum to at most
 * maxDistance - (maxDistance + 1) = -1, so there is a band from which on every cyclic prefix sum is at most -1 (the
 * one after the last greatest prefix sum). From that band, at distance k, the bits that follow it may differ in at most
 * (its budget + those of the bands that the sketch covers) - 1 - k. A band covered in part only counts too few bits:
 * the test stays necessary, and the search exact. (Jianbin Qin and Chuan Xiao call it the pigeonring principle: PVLDB
 * 12(1), 2018, doi:10.14778/3275536.3275539.)
 */
export function searchPlan(
  bits: Bits,
  widths: Uint8Array,
  count: number,
  maxDistance: number,
  obey: boolean,
): SearchPlan {
  const bands = widths.length;
  // Spread evenly over the ring of bands: a limit sums the budgets of neighbours, and the greatest one matters.
  const budgetBefore = (band: number) => Math.floor((band * (maxDistance + 1)) / bands);
  const probes: Probes[] = [];
  let probeCount = 0;
  let candidates = 0;
  let verified = 0;
  let start = 0;
  let base = 0;
  for (const [band, width] of widths.entries()) {
    let next = band + 1;
    for (let covered = 0; covered < SKETCH_BITS && next < band + bands; next++) {
      covered += widths[next % bands]!;
    }
    const before = budgetBefore(band);
    const rings = Math.min(budgetBefore(band + 1) - before, width + 1);
    let from = 0;
    let binomial = 1;
    for (let ring = 0; ring < rings; ring++) {
      const limit = budgetBefore(next) - before - 1 - ring;
      const masks = masksOf(width).subarray(from, from + binomial);
      probes.push({ start, width, base, masks, limit });
      probeCount += binomial;
      const bucketed = (binomial * count) / 2 ** width;
      candidates += bucketed;
      verified += bucketed * sketchesWithin(limit);
      from += binomial;
      binomial = (binomial * (width - ring)) / (ring + 1);
    }
    start += width;
    base += 2 ** width;
  }
  const far = Math.min(1, Math.max(0, (Math.log2(count) - NEAR_LOG) / (FAR_LOG - NEAR_LOG)));
  const between = (near: number, away: number) => near + far * (away - near);
  const probing = SEARCH_NS + BAND_NS * bands + probeCount * between(PROBE_NS, PROBE_FAR_NS);
  const nanoseconds =
    probing + candidates * CANDIDATE_NS + verified * between(VERIFY_NS, VERIFY_FAR_NS);
  const scan = scanPlan(bits, count, maxDistance);
  if (bands === 0 || (!obey && nanoseconds >= scan.nanoseconds)) return scan;
  const worth = obey ? Number.POSITIVE_INFINITY : (scan.nanoseconds - probing) / CANDIDATE_NS;
  return { probes, probeCount, worth, nanoseconds };
}

/** By width: its masks, made once. */
const tables: Uint16Array[] = [];

function masksOf(width: number): Uint16Array {
  tables[width] ??= masksByPopcount(width);
  return tables[width];
}

/** The share of unrelated sketches that differ in at most `limit` of their 32 bits: a sum of binomials over 2^32. */
function sketchesWithin(limit: number): number {
  let sum = 0;
  let binomial = 1;
  for (let bits = 0; bits <= Math.min(limit, SKETCH_BITS); bits++) {
    sum += binomial;
    binomial = (binomial * (SKETCH_BITS - bits)) / (bits + 1);
  }
  return sum / 2 ** SKETCH_BITS;
}

/**
 * The number of bands that searches of `count` hashes at `maxDistance` are cheapest with, or 0 where a scan is as cheap.
 * No band is wider than 16 bits, nor narrower than 8.
 * @param kind obeyed: `flat` has no bands, `mih` has some whatever they cost
 */
export function chooseBands(
  bits: Bits,
  count: number,
  maxDistance: number,
  kind?: 'flat' | 'mih',
): number {
  const obey = kind === 'mih';
  let best = 0;
  let cost = obey ? Number.POSITIVE_INFINITY : scanPlan(bits, count, maxDistance).nanoseconds;
  for (let bands = bits / 16; bands <= bits / 8 && kind !== 'flat'; bands++) {
    const { nanoseconds } = searchPlan(bits, bandWidths(bits, bands), count, maxDistance, obey);
    if (nanoseconds < cost) {
      best = bands;
      cost = nanoseconds;
    }
  }
  return best;
}
