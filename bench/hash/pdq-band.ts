import type { Hash, Resample } from '../../src/hash.js';
import {
  bitsAbove,
  dct,
  jaroszFilter,
  lowerMedian,
  lumaPlane,
  pdq,
  qualityOf,
  rasterOf,
} from '../../src/hashing/pdq.js';
import { pdqDihedral, reshaped } from '../../src/hashing/pdq-dihedral.js';
import {
  COEFFICIENT_BAND,
  DIFFERENCE_BAND,
  fastCoefficients,
  qualityWithin,
  tentPlane,
} from '../../src/hashing/pdq-fast.js';
import type { Raster } from '../../src/kernels/pixels/luma.js';
import type { CheckedPixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import type { Bench } from '../harness.js';
import { photos, resampled } from '../photos.js';
import { wholeAndQuarters } from './pdq.js';
import { roundingBound } from './pdq-bound.js';
import { hardPicture, type Kind } from './pdq-images.js';

/**
 * Upper bounds of the classes into which errors and gaps are counted. One more class holds larger
 * ones.
 */
const CLASSES = [1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1];

/**
 * The number of values in each of `CLASSES`, and the largest value with the picture that gave it.
 */
export interface Spread {
  counts: number[];
  largest: number;
  at: number;
}

/** Measurements of PDQ's fast path on the first pictures of the series. */
export interface BandReport {
  pictures: number;
  /** pictures times size conventions, where these differ */
  hashings: number;
  /** the largest error of a coefficient per hashing */
  coefficientErrors: Spread;
  /**
   * per form whose bits differ, the greatest distance from the median of a bit that the fast and
   * the exact coefficients set differently
   */
  gaps: Spread;
  /** the largest error of a difference of neighbours in the 64 x 64 plane, per hashing */
  differenceErrors: Spread;
  /**
   * per hashing that differs, the greatest distance from a whole hundredth of a difference that
   * both truncate differently
   */
  differenceGaps: Spread;
  /**
   * by kind of picture: the largest coefficient error and gap, and the number of hashings that fell
   * back
   */
  kinds: Partial<Record<Kind, { error: number; gap: number; hashings: number; fallbacks: number }>>;
  /** hashings in which `pdq` took the exact path, for its bits and for its quality */
  fallbacks: { bits: number; quality: number };
  /** default answers of `pdq` and `pdqDihedral` that differ from the exact path's; must be 0 */
  wrongHashes: number;
  wrongQualities: number;
}

const spread = (): Spread => ({ counts: new Array(CLASSES.length + 1).fill(0), largest: 0, at: 0 });

function count(spread: Spread, value: number, n: number): void {
  const at = CLASSES.findIndex((end) => value <= end);
  spread.counts[at < 0 ? CLASSES.length : at]!++;
  if (value > spread.largest) {
    spread.largest = value;
    spread.at = n;
  }
}

/**
 * Compares pictures `from` to `to` of the series with the exact path and adds the results to
 * `report`.
 */
export function measureBand(
  report: BandReport,
  from: number,
  to: number,
  crops: readonly CheckedPixels[],
): void {
  for (let n = from; n < to; n++) {
    const { kind, pixels } = hardPicture(n, crops);
    report.pictures++;
    report.kinds[kind] ??= { error: 0, gap: 0, hashings: 0, fallbacks: 0 };
    const large = pixels.width > 512 || pixels.height > 512;
    for (const resample of large ? ([512, 'none'] as const) : ([512] as const)) {
      report.hashings++;
      const raster = rasterOf(pixels, resample);
      if (raster.columns.length < 5 || raster.rows.length < 5) checkTiny(report, pixels, resample);
      else measure(report, n, kind, pixels, resample, raster);
    }
  }
}

/** An empty report. */
export function emptyReport(): BandReport {
  return {
    pictures: 0,
    hashings: 0,
    coefficientErrors: spread(),
    gaps: spread(),
    differenceErrors: spread(),
    differenceGaps: spread(),
    kinds: {},
    fallbacks: { bits: 0, quality: 0 },
    wrongHashes: 0,
    wrongQualities: 0,
  };
}

function checkTiny(report: BandReport, pixels: CheckedPixels, resample: Resample): void {
  const { hash, quality } = pdq(pixels, { resample });
  if (hash.bytes.some((byte) => byte !== 0)) report.wrongHashes++;
  if (quality !== 0) report.wrongQualities++;
}

const same = (a: Hash, b: Hash) => a.bytes.every((byte, i) => byte === b.bytes[i]);

function measure(
  report: BandReport,
  n: number,
  kind: Kind,
  pixels: CheckedPixels,
  resample: Resample,
  raster: Raster,
): void {
  const coefficientsOf = (plane: Float64Array, inOrder: boolean) => {
    if (!inOrder) return fastCoefficients(plane).slice();
    const out = new Float64Array(256);
    dct(plane, out);
    return out;
  };
  const truePlane = new Float64Array(64 * 64);
  const exactPlane = new Float64Array(64 * 64);
  tentPlane(raster, truePlane);
  jaroszFilter(raster, exactPlane);
  const fast = coefficientsOf(truePlane, false);
  const exact = coefficientsOf(exactPlane, true);
  const kindReport = report.kinds[kind]!;
  kindReport.hashings++;

  const errors = fast.map((value, i) => Math.abs(value - exact[i]!));
  const error = Math.max(...errors);
  count(report.coefficientErrors, error, n);
  kindReport.error = Math.max(kindReport.error, error);
  for (const name of DIHEDRAL_NAMES) {
    const gap = gapOf(reshaped(fast, name), reshaped(exact, name));
    if (gap >= 0) count(report.gaps, gap, n);
    kindReport.gap = Math.max(kindReport.gap, gap);
  }
  measureQuality(report, n, truePlane, exactPlane);

  // The answers themselves. For the main hash, a picture of 64 x 64 is not filtered.
  const unfiltered = raster.columns.length === 64 && raster.rows.length === 64;
  const plainPlane = unfiltered ? new Float64Array(64 * 64) : exactPlane;
  if (unfiltered) lumaPlane(raster, plainPlane);
  const plain = unfiltered ? coefficientsOf(plainPlane, true) : exact;
  const fastPlain = unfiltered ? coefficientsOf(plainPlane, false) : fast;
  if (unfiltered) {
    const gap = gapOf(fastPlain, plain);
    if (gap >= 0) count(report.gaps, gap, n);
    kindReport.gap = Math.max(kindReport.gap, gap);
  }
  const main = pdq(pixels, { resample });
  if (!same(main.hash, bitsAbove(plain, -1)!)) report.wrongHashes++;
  if (main.quality !== qualityOf(plainPlane)) report.wrongQualities++;
  const eight = pdqDihedral(pixels, { resample });
  for (const name of DIHEDRAL_NAMES) {
    const wanted = bitsAbove(reshaped(exact, name), -1)!;
    if (!same(eight.hashes[name], wanted)) report.wrongHashes++;
  }
  if (eight.quality !== qualityOf(exactPlane)) report.wrongQualities++;

  const qualityInDoubt = !unfiltered && qualityWithin(truePlane, DIFFERENCE_BAND) < 0;
  const bitsInDoubt = bitsAbove(fastPlain, COEFFICIENT_BAND) === undefined;
  if (bitsInDoubt) report.fallbacks.bits++;
  if (qualityInDoubt) report.fallbacks.quality++;
  if (bitsInDoubt || qualityInDoubt) kindReport.fallbacks++;
}

/**
 * The greatest distance from the median, by the fast coefficients, among the bits that both set
 * differently; -1 if there are none.
 */
function gapOf(fast: Float64Array, exact: Float64Array): number {
  const fastMedian = lowerMedian(fast);
  const exactMedian = lowerMedian(exact);
  let gap = -1;
  for (let i = 0; i < 256; i++) {
    const above = fast[i]! > fastMedian;
    if (above !== exact[i]! > exactMedian) gap = Math.max(gap, Math.abs(fast[i]! - fastMedian));
  }
  return gap;
}

function measureQuality(
  report: BandReport,
  n: number,
  fast: Float64Array,
  exact: Float64Array,
): void {
  let error = 0;
  let gap = -1;
  const compare = (a: number, b: number) => {
    const ours = Math.abs(fast[a]! - fast[b]!);
    const theirs = Math.abs(Math.fround(exact[a]! - exact[b]!));
    error = Math.max(error, Math.abs(ours - theirs));
    const cut = Math.trunc(Math.fround(Math.fround(theirs * 100) / 255));
    const hundredths = (ours * 100) / 255;
    if (Math.trunc(hundredths) !== cut) {
      gap = Math.max(gap, 2.55 * Math.abs(hundredths - Math.round(hundredths)));
    }
  };
  for (let at = 0; at < 64 * 64; at++) {
    if (at < 64 * 63) compare(at, at + 64);
    if ((at & 63) < 63) compare(at, at + 1);
  }
  count(report.differenceErrors, error, n);
  if (gap >= 0) count(report.differenceGaps, gap, n);
}

function isInDoubt(pixels: CheckedPixels, band: number): boolean {
  const plane = new Float64Array(64 * 64);
  tentPlane(rasterOf(pixels, 512), plane);
  return bitsAbove(fastCoefficients(plane), band) === undefined;
}

/**
 * The errors of PDQ's fast path, and their effect without its guard band, on pictures that are hard
 * on it.
 */
export const pdqBandBench: Bench = {
  name: 'pdq-band',
  about:
    "PDQ's fast path against the exact one, on pictures that are hard on it (--large: 200,000)",
  async run({ figure, note, options }) {
    const crops = (await photos()).map(({ pixels }) => pixels);
    if (crops.length === 0)
      note('the photos or sharp are not installed; waves are used instead of crops');
    const total = options.large === true ? 200_000 : 2000;
    const report = emptyReport();
    measureBand(report, 0, total, crops);
    note(`classes end at ${CLASSES.join(', ')}`);
    for (const [name, value] of Object.entries(report)) figure(name, value);
    const { coefficients, difference, gap } = roundingBound(512, 512, true);
    figure('proved for 512 x 512: error of a coefficient', Math.max(...coefficients));
    figure('proved for 512 x 512: distance from the median within which a bit may differ', gap);
    figure('proved for 512 x 512: error of a difference', difference);
    const parts = crops.flatMap((photo) =>
      wholeAndQuarters(photo).map((part) => resampled(photo, part, 512, 512, 4)),
    );
    const fallbacks = (band: number) => {
      const inDoubt = parts.filter((part) => isInDoubt(part, band));
      return `${inDoubt.length} of ${parts.length}`;
    };
    figure(
      'photos and quarters that fall back with the measured band',
      fallbacks(COEFFICIENT_BAND),
    );
    figure('photos and quarters that would with the proved distance', fallbacks(gap));
    if (report.wrongHashes + report.wrongQualities > 0) {
      throw new Error('the fast path gave other answers than the exact one');
    }
  },
};
