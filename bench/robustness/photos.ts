import sharp from 'sharp';
import type { PhotoFile } from './photo-lists.js';
import { type Raster, rasterOf } from './raster.js';

/** Photos are brought to this many pixels at most, about what phones share. */
const MOST_PIXELS = 1.5e6;

/** A photo with a shorter side below this is an entry, but is not edited. */
export const LEAST_SIDE = 300;

/** The picture of a file as displayed, reduced to at most `MOST_PIXELS`. */
export async function photoOf({ path }: PhotoFile): Promise<Raster> {
  const file = sharp(path, { ignoreIcc: true }).autoOrient();
  const whole = await rasterOf(file);
  const scale = Math.sqrt(MOST_PIXELS / (whole.width * whole.height));
  if (scale >= 1) return whole;
  return rasterOf(
    sharp(whole.data, { raw: whole }).resize(
      Math.round(whole.width * scale),
      Math.round(whole.height * scale),
      { fit: 'fill' },
    ),
  );
}
