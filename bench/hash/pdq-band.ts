import { distance, type Hash, type Resample } from '../../src/hash.js';
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
import { random } from '../workloads.js';
import { wholeAndQuarters } from './pdq.js';
import { roundingBound } from './pdq-bound.js';
import { hardPicture } from './pdq-images.js';
import { photos, resampled } from './photos.js';

/**
 * Upper bounds of the classes into which errors and gaps are counted. One more class holds larger
 * ones.
 */
const CLASSES = [1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1];

/** Values counted by class, and the largest one with the picture that gave it. */
class Spread {
  readonly counts: number[] = new Array(CLASSES.length + 1).fill(0);
  largest = 0;
  at = 0;

  add(value: number, n: number): void {
    const at = CLASSES.findIndex((end) => value <= end);
    this.counts[at < 0 ? CLASSES.length : at]!++;
    if (value > this.largest) [this.largest, this.at] = [value, n];
  }
}

/** Measurements of PDQ's fast path on hard pictures, beside the exact path. */
class Band {
  /** pictures times size conventions, where these differ */
  hashings = 0;
  /** the largest error of a coefficient per hashing */
  readonly coefficientErrors = new Spread();
  /**
   * per form whose bits differ, the greatest distance from the median of a bit that the fast and
   * the exact coefficients set differently
   */
  readonly gaps = new Spread();
  /** the largest error of a difference of neighbours in the 64 x 64 plane, per hashing */
  readonly differenceErrors = new Spread();
  /**
   * per hashing that differs, the greatest distance from a whole hundredth of a difference that
   * both truncate differently
   */
  readonly differenceGaps = new Spread();
  /** hashings in which `pdq` took the exact path, for its bits and for its quality */
  readonly fallbacks = { bits: 0, quality: 0 };
  /** default answers of `pdq` and `pdqDihedral` that differ from the exact path's; must be 0 */
  wrongHashes = 0;
  wrongQualities = 0;

  /** Compares the answers about picture `n` of the series, in both size conventions. */
  measure(n: number, crops: readonly CheckedPixels[]): void {
    const { pixels } = hardPicture(n, crops);
    const large = pixels.width > 512 || pixels.height > 512;
    for (const resample of large ? ([512, 'none'] as const) : ([512] as const)) {
      this.hashings++;
      const raster = rasterOf(pixels, resample);
      const isTiny = raster.columns.length < 5 || raster.rows.length < 5;
      if (!isTiny) this.#compare(n, pixels, resample, raster);
      else this.#judge(pdq(pixels, { resample }), new Uint8Array(32), 0);
    }
  }

  #judge(answer: { hash: Hash; quality: number }, bytes: Uint8Array, quality: number): void {
    if (answer.hash.bytes.some((byte, i) => byte !== bytes[i])) this.wrongHashes++;
    if (answer.quality !== quality) this.wrongQualities++;
  }

  #compare(n: number, pixels: CheckedPixels, resample: Resample, raster: Raster): void {
    const exactly = (plane: Float64Array) => {
      const out = new Float64Array(256);
      dct(plane, out);
      return out;
    };
    const truePlane = new Float64Array(64 * 64);
    const exactPlane = new Float64Array(64 * 64);
    tentPlane(raster, truePlane);
    jaroszFilter(raster, exactPlane);
    const fast = fastCoefficients(truePlane).slice();
    const exact = exactly(exactPlane);
    const errors = fast.map((value, i) => Math.abs(value - exact[i]!));
    this.coefficientErrors.add(Math.max(...errors), n);
    for (const name of DIHEDRAL_NAMES) this.#gap(n, reshaped(fast, name), reshaped(exact, name));
    this.#differences(n, truePlane, exactPlane);

    // The answers themselves. For the main hash, a picture of 64 x 64 is not filtered.
    const unfiltered = raster.columns.length === 64 && raster.rows.length === 64;
    const plainPlane = unfiltered ? new Float64Array(64 * 64) : exactPlane;
    if (unfiltered) lumaPlane(raster, plainPlane);
    const plain = unfiltered ? exactly(plainPlane) : exact;
    const fastPlain = unfiltered ? fastCoefficients(plainPlane).slice() : fast;
    if (unfiltered) this.#gap(n, fastPlain, plain);
    this.#judge(pdq(pixels, { resample }), bitsAbove(plain, -1)!.bytes, qualityOf(plainPlane));
    const { hashes, quality } = pdqDihedral(pixels, { resample });
    const filtered = qualityOf(exactPlane);
    for (const name of DIHEDRAL_NAMES) {
      const { bytes } = bitsAbove(reshaped(exact, name), -1)!;
      this.#judge({ hash: hashes[name], quality }, bytes, filtered);
    }
    if (bitsAbove(fastPlain, COEFFICIENT_BAND) === undefined) this.fallbacks.bits++;
    if (!unfiltered && qualityWithin(truePlane, DIFFERENCE_BAND) < 0) this.fallbacks.quality++;
  }

  /** The greatest distance from the median, by the fast coefficients, of bits set differently. */
  #gap(n: number, fast: Float64Array, exact: Float64Array): void {
    const fastMedian = lowerMedian(fast);
    const exactMedian = lowerMedian(exact);
    let gap = -1;
    for (let i = 0; i < 256; i++) {
      const above = fast[i]! > fastMedian;
      if (above !== exact[i]! > exactMedian) gap = Math.max(gap, Math.abs(fast[i]! - fastMedian));
    }
    if (gap >= 0) this.gaps.add(gap, n);
  }

  #differences(n: number, fast: Float64Array, exact: Float64Array): void {
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
    this.differenceErrors.add(error, n);
    if (gap >= 0) this.differenceGaps.add(gap, n);
  }
}

function isInDoubt(pixels: CheckedPixels, band: number): boolean {
  const plane = new Float64Array(64 * 64);
  tentPlane(rasterOf(pixels, 512), plane);
  return bitsAbove(fastCoefficients(plane), band) === undefined;
}

/** Sides of parts: small ones, so that millions are hashed in an hour. */
const LEAST_SIDE = 5;
const MOST_SIDE = 100;
/** Hard pictures of which parts are cut. */
const SOURCES = 600;

/**
 * Hashes parts of hard pictures, in random contrast, by both paths.
 * @returns the number of hashes and of qualities that differ
 */
function differingParts(total: number, crops: readonly CheckedPixels[]): [number, number] {
  const next = random(97);
  const between = (least: number, most: number) => least + (next() % (most - least + 1));
  const sources = Array.from({ length: SOURCES }, (_, n) => hardPicture(n, crops).pixels).filter(
    ({ width, height }) => Math.min(width, height) >= LEAST_SIDE,
  );
  const room = new Uint8Array(4 * MOST_SIDE * MOST_SIDE);
  const table = new Uint8ClampedArray(256);
  const wrong: [number, number] = [0, 0];
  for (let n = 0; n < total; n++) {
    const { data, width: stride, height: rows, channels = 4 } = sources[n % sources.length]!;
    const width = between(LEAST_SIDE, Math.min(MOST_SIDE, stride));
    const height = between(LEAST_SIDE, Math.min(MOST_SIDE, rows));
    const [left, top] = [between(0, stride - width), between(0, rows - height)];
    const [factor, more] = [between(1, 300) / 100, between(-200, 200)];
    for (let value = 0; value < 256; value++) table[value] = factor * value + more;
    const bytes = room.subarray(0, width * height * channels);
    for (let y = 0, to = 0; y < height; y++) {
      let from = ((top + y) * stride + left) * channels;
      for (const end = to + width * channels; to < end; to++) bytes[to] = table[data[from++]!]!;
    }
    const part = { data: bytes, width, height, channels };
    const [fast, exact] = [pdq(part), pdq(part, { exact: true })];
    if (distance(fast.hash, exact.hash) > 0) wrong[0]++;
    if (fast.quality !== exact.quality) wrong[1]++;
  }
  return wrong;
}

/**
 * The errors of PDQ's fast path, and their effect without its guard band, on pictures that are hard
 * on it.
 */
export const pdqBandBench: Bench = {
  name: 'pdq-band',
  about:
    "PDQ's fast path against the exact one, on pictures that are hard on it (--large: 200,000, and 10,000,000 parts)",
  async run({ figure, note, options }) {
    const crops = await photos();
    if (crops.length === 0)
      note('the photos or sharp are not installed; waves are used instead of crops');
    const total = options.large === true ? 200_000 : 2000;
    const report = new Band();
    for (let n = 0; n < total; n++) report.measure(n, crops);
    figure('pictures', total);
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
    const parted = options.large === true ? 1e7 : 1e5;
    const [wrongHashes, wrongQualities] = differingParts(parted, crops);
    figure(`parts of ${LEAST_SIDE} to ${MOST_SIDE} a side`, parted);
    figure('parts with another hash', wrongHashes);
    figure('parts with another quality', wrongQualities);
    if (report.wrongHashes + report.wrongQualities + wrongHashes + wrongQualities > 0) {
      throw new Error('the fast path gave other answers than the exact one');
    }
  },
};
