import type { Bits } from '../hash.js';

/** How one search goes through the bands of a segment. */
export interface BandPlan {
  /** per band: its budget, one more than its radius; 0: not probed */
  readonly units: Uint8Array;
  /** per band: bits that the sketch may differ in, at band distance 0 */
  readonly limits: Int16Array;
  /** buckets that are looked into */
  readonly probes: number;
  /** bucketed hashes above which a scan is cheaper than looking into them */
  readonly worth: number;
  /** nanoseconds that the search is expected to take in a segment of uniform hashes */
  readonly nanoseconds: number;
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
/** Binary logarithms of the bytes of a segment at which it begins to leave the caches, and has left them. */
const NEAR_LOG = 22.5;
const FAR_LOG = 28.5;
/** A hash scanned with an early exit, without, and one of 64 bits. */
const SCAN_NS = 4.6;
const SCAN_WIDE_NS = 7.8;
const SCAN_64_NS = 3;

/** From this distance on the early exit of a scan seldom comes. */
export const WIDE_DISTANCE = 48;

/** Nanoseconds of a scan of `count` hashes. */
export function scanNanoseconds(bits: Bits, count: number, maxDistance: number): number {
  if (bits === 64) return SEARCH_NS + SCAN_64_NS * count;
  return SEARCH_NS + count * (maxDistance < WIDE_DISTANCE ? SCAN_NS : SCAN_WIDE_NS);
}

/**
 * The search of `count` hashes in bands of these widths. The budgets sum to maxDistance + 1, so a hash that missed the
 * radius of every band would differ in more than maxDistance bits (Norouzi, Punjani, Fleet 2014, in integers).
 *
 * The limit of a sketch: let x_b be the distance in band b less its budget. Over all bands the x sum to at most
 * maxDistance - (maxDistance + 1) = -1, so there is a band from which on every cyclic prefix sum is at most -1 (the
 * one after the last greatest prefix sum). From that band, at distance k, the bits that follow it may differ in at most
 * (its budget + those of the bands that the sketch covers) - 1 - k. A band covered in part only counts too few bits:
 * the test stays necessary, and the search exact. (Jianbin Qin and Chuan Xiao call it the pigeonring principle: PVLDB
 * 12(1), 2018, doi:10.14778/3275536.3275539.)
 */
export function bandPlan(
  widths: Uint8Array,
  count: number,
  maxDistance: number,
  scan = Number.POSITIVE_INFINITY,
): BandPlan {
  const bands = widths.length;
  // Spread evenly over the ring of bands: a limit sums the budgets of neighbours, and the greatest one matters.
  const upTo = (band: number) => Math.floor((band * (maxDistance + 1)) / bands);
  const units = Uint8Array.from({ length: bands }, (_, band) => upTo(band + 1) - upTo(band));
  const limits = new Int16Array(bands);
  let probes = 0;
  let candidates = 0;
  let verified = 0;
  for (let band = 0; band < bands; band++) {
    let limit = units[band]! - 1;
    for (let covered = 0, next = band + 1; covered < SKETCH_BITS && next < band + bands; next++) {
      limit += units[next % bands]!;
      covered += widths[next % bands]!;
    }
    limits[band] = limit;
    const width = widths[band]!;
    const perBucket = count / 2 ** width;
    let binomial = 1;
    for (let ring = 0; ring < Math.min(units[band]!, width + 1); ring++) {
      probes += binomial;
      candidates += binomial * perBucket;
      verified += binomial * perBucket * sketchesWithin(limit - ring);
      binomial = (binomial * (width - ring)) / (ring + 1);
    }
  }
  // Hashes, ids, sketches and offsets are what a search touches.
  const bytes = count * (8 * bands + 32) + 4 * bands * 2 ** widths[0]!;
  const far = Math.min(1, Math.max(0, (Math.log2(bytes) - NEAR_LOG) / (FAR_LOG - NEAR_LOG)));
  const between = (near: number, away: number) => near + far * (away - near);
  const probing = SEARCH_NS + BAND_NS * bands + probes * between(PROBE_NS, PROBE_FAR_NS);
  const nanoseconds =
    probing + candidates * CANDIDATE_NS + verified * between(VERIFY_NS, VERIFY_FAR_NS);
  return { units, limits, probes, worth: (scan - probing) / CANDIDATE_NS, nanoseconds };
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

/** Numbers of bands to choose from; no band is wider than 16 bits, so 256 bits need 16. */
const BANDS: Record<Bits, readonly number[]> = {
  64: [4, 5, 6, 7, 8],
  256: [16, 18, 20, 21, 22, 24, 26, 28, 32],
};

/**
 * The number of bands that searches of `count` hashes at `maxDistance` are cheapest with, or 0 where a scan is as cheap.
 * @param kind obeyed: `flat` has no bands, `mih` has some whatever they cost
 */
export function chooseBands(
  bits: Bits,
  count: number,
  maxDistance: number,
  kind?: 'flat' | 'mih',
): number {
  if (kind === 'flat') return 0;
  let best = 0;
  let cost = kind === 'mih' ? Number.POSITIVE_INFINITY : scanNanoseconds(bits, count, maxDistance);
  for (const bands of BANDS[bits]) {
    const { nanoseconds } = bandPlan(bandWidths(bits, bands), count, maxDistance);
    if (nanoseconds < cost) {
      best = bands;
      cost = nanoseconds;
    }
  }
  return best;
}
