import type { Hash, Resample } from '../hash.js';
import type { Raster } from '../kernels/pixels/luma.js';
import type { Pixels } from '../pixels.js';
import { bitsAbove, type PdqOptions, pdqBy, transform } from './pdq.js';
import { reshaped } from './pdq-dihedral.js';

/**
 * Certainty of the bits of a PDQ hash. An edit moves all coefficients by about the same amount, so
 * it flips the bits of those near the median: over true pairs of copies within 60 bits, 46 % of the
 * 8 least certain bits differ, and 2 % of the 64 most certain. Only ranks count, not magnitudes,
 * which depend on contrast. An index varies the least certain bits first (`indexing/near.ts`).
 *
 * Ranks reveal more of a picture than its hash. They are for matching only, and never go into a
 * list, bundle or message.
 */

/** `pdq`, and the certainty of each bit, as in `HashedVariant`. */
export function rankedPdq(
  pixels: Pixels,
  options: PdqOptions = {},
): { hash: Hash; quality: number; resample: Resample; ranks: Uint8Array } {
  const { bits, quality, resample } = pdqBy(pixels, options, rankedBitsAbove);
  return { hash: bits.hash, quality, resample, ranks: bits.ranks };
}

/** A hash and its quality, with the certainty of each bit. */
type Ranked = { hash: Hash; quality: number; ranks: Uint8Array };

/**
 * `rankedPdq` of a raster, and of the same with rows and columns exchanged.
 * @returns no `exchanged` if the reference's order of roundings decides, or a side has under 5
 *   pixels: it filters rows before columns, so the exchanged raster has to be filtered itself
 */
export function rankedPdqPair(
  raster: Raster,
  { exact = false }: PdqOptions,
): { hashed: Ranked; exchanged: Ranked | undefined } {
  const filtered = raster.columns.length !== 64 || raster.rows.length !== 64;
  const { bits, quality } = transform(raster, { filtered, exact }, bothRanked);
  const { exchanged } = bits;
  return { hashed: { ...bits.hashed, quality }, exchanged: exchanged && { ...exchanged, quality } };
}

/** `rankedBitsAbove` of coefficients, and of the same exchanged if no bit is in doubt. */
function bothRanked(values: Float64Array, band: number) {
  const hashed = rankedBitsAbove(values, band);
  if (hashed === undefined) return undefined;
  const exchanged = band < 0 ? undefined : rankedBitsAbove(reshaped(values, 'flipPlus1'), band);
  return { hashed, exchanged };
}

/** `bitsAbove`, and the ranks of the coefficients by their distance from the median. */
export function rankedBitsAbove(
  values: Float64Array,
  band: number,
): { hash: Hash; ranks: Uint8Array } | undefined {
  const ranks = new Uint8Array(256);
  const hash = bitsAbove(values, band, ranks);
  return hash && { hash, ranks };
}
