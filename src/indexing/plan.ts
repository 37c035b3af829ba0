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

/** An engine asked for by name. */
interface Asked {
  readonly kind?: 'flat' | 'mih' | undefined;
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

/** How much of `total` goes to the parts before one, if `parts` have about the same. Goes on beyond the last, round the ring. */
const shareBefore = (part: number, parts: number, total: number) =>
  Math.floor((part * total) / parts);

/** Widths of `bands` bands that together cover a hash. */
export function bandWidths(bits: Bits, bands: number): number[] {
  return Array.from(
    { length: bands },
    (_, band) => shareBefore(band + 1, bands, bits) - shareBefore(band, bands, bits),
  );
}

/** Bits of a sketch. */
const SKETCH_BITS = 32;

/*
 * Nanoseconds, fitted to 530 measured searches of 1,000 to a million uniform hashes in 16 to 32 bands at distances 0 to
 * 96 (Node 20, one core at 2.7 GHz); the mean error is 15 %, and their ratios decide, not their size: a search begun; a
 * ring of a band; a bucket looked into; a sketch compared; a hash verified.
 */
const SEARCH_NS = 75;
const RING_NS = 12;
const PROBE_NS = 7.4;
const CANDIDATE_NS = 1.6;
const VERIFY_NS = 26;
/** A hash scanned with an early exit, without, and one of 64 bits; and what each beyond the caches costs more. */
const SCAN_NS = 4.6;
const SCAN_WIDE_NS = 8;
const SCAN_64_NS = 3;
const SCAN_FAR_NS = 8;
const CACHED_HASHES = 2 ** 18;

/** A scan of `count` hashes. */
export function scanPlan(bits: Bits, count: number, maxDistance: number): SearchPlan {
  const perHash = bits === 64 ? SCAN_64_NS : maxDistance < WIDE_DISTANCE ? SCAN_NS : SCAN_WIDE_NS;
  const far = Math.max(0, count - CACHED_HASHES) * SCAN_FAR_NS;
  return { probeCount: 0, worth: 0, nanoseconds: SEARCH_NS + count * perHash + far };
}

/**
 * The cheaper of a scan and the search of `count` hashes in `bands` bands; the latter wherever there are any, if
 * `obey`. The budgets of the bands sum to maxDistance + 1, so a hash that differed in each band by its budget or more
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
  { bits, bands, count, kind }: { bits: Bits; bands: number; count: number } & Asked,
  maxDistance: number,
): SearchPlan {
  // Budgets are spread evenly, too: a limit sums those of neighbours, and the greatest one matters.
  const budgetBefore = (band: number) => shareBefore(band, bands, maxDistance + 1);
  const startOf = (band: number) => shareBefore(band, bands, bits);
  const probes: Probes[] = [];
  let probeCount = 0;
  let candidates = 0;
  let verified = 0;
  let base = 0;
  for (let band = 0; band < bands; band++) {
    const start = startOf(band);
    const width = startOf(band + 1) - start;
    let next = band + 1;
    while (startOf(next) < start + width + SKETCH_BITS) next++;
    const before = budgetBefore(band);
    const rings = masksOf(width).slice(0, budgetBefore(band + 1) - before);
    for (const [ring, masks] of rings.entries()) {
      const limit = budgetBefore(next) - before - 1 - ring;
      probes.push({ start, width, base, masks, limit });
      probeCount += masks.length;
      const bucketed = (masks.length * count) / 2 ** width;
      candidates += bucketed;
      verified += bucketed * sketchesWithin(limit);
    }
    base += 2 ** width;
  }
  // Probes and verifications read here and there: the more hashes, the less of them is in the caches.
  const away = Math.min(5.8, Math.max(1, (count / 1000) ** 0.26));
  const probing = SEARCH_NS + probes.length * RING_NS + probeCount * PROBE_NS * away;
  const nanoseconds = probing + candidates * CANDIDATE_NS + verified * VERIFY_NS * away;
  const obey = kind === 'mih';
  const scan = scanPlan(bits, count, maxDistance);
  if (bands === 0 || (!obey && nanoseconds >= scan.nanoseconds)) return scan;
  const worth = obey ? Number.POSITIVE_INFINITY : (scan.nanoseconds - probing) / CANDIDATE_NS;
  return { probes, probeCount, worth, nanoseconds };
}

/** By width: its masks by number of set bits, made once. */
const tables: Uint16Array[][] = [];

function masksOf(width: number): Uint16Array[] {
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
  { bits, maxDistance, kind }: { bits: Bits; maxDistance: number } & Asked,
  count: number,
): number {
  let best = 0;
  if (kind === 'flat' || count === 0) return best;
  let { nanoseconds } = scanPlan(
    bits,
    kind === 'mih' ? Number.POSITIVE_INFINITY : count,
    maxDistance,
  );
  for (let bands = bits / 16; bands <= bits / 8; bands++) {
    const plan = searchPlan({ bits, bands, count, kind }, maxDistance);
    if (plan.nanoseconds < nanoseconds) {
      best = bands;
      ({ nanoseconds } = plan);
    }
  }
  return best;
}
