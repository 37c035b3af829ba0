import type { Ring } from '../kernels/search/bands.js';
import { EARLY_DISTANCE, NARROW_DISTANCE } from '../kernels/search/scan.js';
import { NARROW_SIMD_DISTANCE } from '../kernels/search/simd-kernels.js';
import { type Banding, offsetsLength, type Probes, ringsWithin } from './mih.js';

/** Up to this distance, a near search is exact. */
export const EXACT_DISTANCE = 31;

/** Bands of the near search's rule; each has as many bits. */
export const NEAR_BANDS = 16;

/** The plan of a search at one distance. */
export interface SearchPlan {
  readonly kernel: 'simd' | 'js';
  /** absent: every hash is scanned */
  readonly probes?: Probes;
  /** expected duration of the search, of uniform hashes */
  readonly nanoseconds: number;
}

/** Inputs to the choice of a plan. */
interface Purpose extends Omit<Banding, 'bands'> {
  readonly kernel: 'simd' | 'js';
  /** an engine that is forced by name */
  readonly kind?: 'flat' | 'mih' | undefined;
}

/**
 * Nanoseconds, fitted to 2,700 measured searches of 1,000 to a million uniform hashes (Node 20, one
 * core at 2.7 GHz); the error is 15 % in the mean. Ratios decide, not size.
 */
interface Costs {
  /** per search */
  readonly search: number;
  /** per ring of a band */
  readonly ring: number;
  /** per bucket visited, and more if it is not empty */
  readonly probe: number;
  readonly bucket: number;
  /** per sketch compared */
  readonly candidate: number;
  /** per hash compared in full */
  readonly verify: number;
  /** per hash scanned: of 64 bits; of 256 up to `narrow`, up to EARLY_DISTANCE, and beyond */
  readonly scan: readonly [number, number, number, number];
  readonly narrow: number;
  /** extra cost of scanning each hash of 256 bits beyond the caches */
  readonly far: number;
}
const COSTS: Record<'simd' | 'js', Costs> = {
  js: {
    search: 150,
    ring: 4,
    probe: 3.5,
    bucket: 18.8,
    candidate: 1.6,
    verify: 24,
    scan: [2.85, 4, 5.8, 7.7],
    narrow: NARROW_DISTANCE,
    far: 2.5,
  },
  simd: {
    search: 230,
    ring: 2,
    probe: 5.5,
    bucket: 8,
    candidate: 0.33,
    verify: 28,
    scan: [0.52, 1.25, 1.85, 1.85],
    narrow: NARROW_SIMD_DISTANCE,
    far: 2.5,
  },
};
/** Hashes that the caches hold: 16 MiB. */
const CACHED_HASHES = 2 ** 19;

/**
 * Spans for which the scratch memory of so many hashes has room. A search of more runs in
 * JavaScript.
 */
export const spansFor = (count: number): number => Math.min(2 ** 17, Math.max(2048, count >> 4));

/** A scan of `count` hashes. */
export function scanPlan(
  { bits, kernel }: Pick<Purpose, 'bits' | 'kernel'>,
  count: number,
  maxDistance: number,
): SearchPlan {
  const { search, scan, narrow, far } = COSTS[kernel];
  const wide = maxDistance <= narrow ? 1 : maxDistance <= EARLY_DISTANCE ? 2 : 3;
  const beyond = Math.max(0, count - CACHED_HASHES) * far;
  return { kernel, nanoseconds: search + count * scan[bits === 64 ? 0 : wide]! + beyond };
}

/**
 * The cheaper of a scan and the search of `count` hashes in `bands` bands; the latter, if it was
 * forced and there are any bands.
 */
export function searchPlan(
  purpose: Purpose & Banding,
  count: number,
  maxDistance: number,
): SearchPlan {
  const scan = scanPlan(purpose, count, maxDistance);
  if (purpose.bands === 0) return scan;
  return probingPlan(purpose, count, scan, ringsWithin(purpose, maxDistance));
}

/** The cheaper of `scan` and a look into the buckets of `rings`. */
export function probingPlan(
  { bits, bands, kind, kernel, sketchBits }: Purpose & Banding,
  count: number,
  scan: SearchPlan,
  rings: readonly Ring[],
): SearchPlan {
  const probes = rings.reduce((sum, { masks }) => sum + masks.length, 0);
  const runsIn = probes > spansFor(count) ? 'js' : kernel;
  const { search, ring, probe, bucket, candidate, ...costs } = COSTS[runsIn];
  // Buckets and hashes are scattered: the more there are, the fewer of them are in the caches.
  const bytes = 4 * offsetsLength(bits, bands) + count * bands * (3 + sketchBits / 8);
  const away = Math.max(1, bytes / 3e6) ** 0.18;
  const verify = costs.verify * Math.max(1, count / 20_000) ** 0.28;
  let probing = search + rings.length * ring;
  let comparing = 0;
  for (const { masks, width, limit } of rings) {
    const each = count / 2 ** width;
    probing += masks.length * away * (probe + bucket * (1 - Math.exp(-each)));
    comparing += masks.length * each * (candidate + verify * sketchesWithin(limit, sketchBits));
  }
  const nanoseconds = probing + comparing;
  // A search that gives up has spent the time of probing, so a small gain is not worth it.
  if (kind !== 'mih' && nanoseconds >= 0.85 * scan.nanoseconds) return scan;
  const worth =
    kind === 'mih' ? Number.POSITIVE_INFINITY : (scan.nanoseconds - probing) / candidate;
  const weight = verify / candidate;
  return { kernel: runsIn, probes: { rings, count: probes, worth, weight }, nanoseconds };
}

/** The share of unrelated sketches that differ in at most `limit` bits: a sum of binomials. */
function sketchesWithin(limit: number, sketchBits: number): number {
  let sum = 0;
  let binomial = 1;
  for (let bits = 0; bits <= Math.min(limit, sketchBits); bits++) {
    sum += binomial;
    binomial = (binomial * (sketchBits - bits)) / (bits + 1);
  }
  return sum / 2 ** sketchBits;
}

/** Places are signed numbers: beyond 134 million hashes of 256 bits there are no bands. */
export const MAX_PLACES = 2 ** 31 - 1;

/**
 * Bytes a hash that the starts of buckets may take: larger tables push hashes out of the caches.
 */
const TABLE_BYTES = 24;

/**
 * Hashes from which lists are kept in 16 bands if most searches are near ones; without bands these
 * are scans. At 20,000, a near search took 19 us instead of 42 in SIMD and instead of 138 in
 * JavaScript, and a search at 31 took 10 instead of 3, and 12 instead of 8.
 */
const NEAR_HASHES = 2 ** 14;

/** The greatest distance for which near searches are expected. */
const FURTHEST_NEAR = 63;

/**
 * The number of bands, 8 to 16 bits wide, with which searches of `count` hashes at `maxDistance`
 * are cheapest, or 0 if a scan is as cheap. Of 256 bits, searches beyond `EXACT_DISTANCE` are
 * expected to be near ones. If forced by name, `flat` has none, and `mih` some.
 */
export function chooseBands(purpose: Purpose, count: number, maxDistance: number): number {
  const { bits, kind } = purpose;
  if (kind === 'flat' || count === 0) return 0;
  if (bits === 256 && maxDistance > EXACT_DISTANCE && maxDistance <= FURTHEST_NEAR) {
    const fits = count >= NEAR_HASHES && NEAR_BANDS * count <= MAX_PLACES;
    return fits ? NEAR_BANDS : chooseBands(purpose, count, EXACT_DISTANCE);
  }
  let best = 0;
  let least =
    kind === 'mih' ? Number.POSITIVE_INFINITY : scanPlan(purpose, count, maxDistance).nanoseconds;
  for (let bands = bits / 16; bands <= bits / 8; bands++) {
    if (bands < bits / 8 && 4 * offsetsLength(bits, bands) > TABLE_BYTES * count) continue;
    if (bands * count > MAX_PLACES) break;
    const { nanoseconds } = searchPlan({ ...purpose, bands }, count, maxDistance);
    // More bands take more memory, and longer at short distances: a tenth less time is worth that.
    if (nanoseconds < least * (best ? 0.9 : 1)) [best, least] = [bands, nanoseconds];
  }
  return best;
}
