import type { ImageHeader, Screen } from '../../formats/image-format.js';
import { Canvas } from '../../picture/canvas.js';
import type { Sides } from '../../picture/hash-picture.js';
import type { FileOptions } from '../../picture/options.js';
import { type CheckedPixels, checkedPixels, type Orientation } from '../../pixels.js';
import {
  reduced,
  type ShownColours,
  type StoredPixels,
  shownColours,
  shownRasters,
} from './as-shown.js';
import { importSharp } from './sharp.js';

/** Another raster that a browser may show for a file, used for matching only. */
export interface DecodedLook {
  readonly look: 'asShown' | 'frame' | 'otherReading';
  /** number of a `frame` in the file, from 0 */
  readonly frame?: number;
  /** before `orientation`; perhaps reduced; alpha straight */
  readonly pixels: CheckedPixels;
  /** the turn for display */
  readonly orientation: Orientation;
  /** sides of the look before it was reduced, as stored */
  readonly full: Sides;
}

/** Facts about a picture beside its pixels. */
export interface Looks {
  /** other rasters that a browser shows for it, if requested */
  readonly looks?: readonly DecodedLook[];
  /** if the file has several frames: their number, and how many of them are among the looks */
  readonly frames?: { readonly total: number; readonly checked: number };
  /** the reason if a browser may show something that is not among the looks */
  readonly unseen?: 'odd-profile' | 'unseen-picture';
}

/** The options that select looks. */
export type LookOptions = Pick<FileOptions, 'variants' | 'orientation'>;

/** The looks to make: those of the still picture, and those of other frames. */
export function wantedLooks({ variants = 'orientation', orientation }: LookOptions): {
  readonly still: boolean;
  readonly frames: boolean;
} {
  const still = variants !== 'none' && orientation !== 'stored';
  return { still, frames: still && (variants === 'quick' || variants === 'thorough') };
}

/** The colours by which a file is shown; undefined if it states none, or no looks are wanted. */
export const coloursWanted = async (
  bytes: Uint8Array,
  header: ImageHeader,
  options: LookOptions,
): Promise<ShownColours | undefined> =>
  header.colours.length > 0 && wantedLooks(options).still
    ? await shownColours(bytes, header)
    : undefined;

/** The looks of a raster, as stored, in the colours that its file gives it. */
export async function looksAsShown(
  colours: ShownColours | undefined,
  stored: StoredPixels,
  { orientation, full }: Pick<DecodedLook, 'orientation' | 'full'>,
  end: AbortSignal,
): Promise<Looks> {
  if (colours === undefined) return {};
  const looks = (await shownRasters(stored, colours, end)).map((pixels): DecodedLook => {
    return { look: 'asShown', pixels, orientation, full };
  });
  return { ...(looks.length > 0 && { looks }), ...(colours.odd && { unseen: 'odd-profile' }) };
}

/** A file's facts before it is decoded. */
export interface ReadFile {
  readonly header: ImageHeader;
  readonly colours: ShownColours | undefined;
}

/** Both lists of looks. If both have a reason for `unseen`, the first counts. */
export function joined(some: Looks, more: Looks): Looks {
  const looks = [...(some.looks ?? []), ...(more.looks ?? [])];
  const unseen = some.unseen ?? more.unseen;
  return { ...(looks.length > 0 && { looks }), ...(unseen && { unseen }) };
}

/**
 * A picture on another screen, the rest of which is transparent; perhaps reduced.
 * @param pixels on their own screen, of which `frame` is the part that is shown
 */
export async function onScreen(
  { data, ...raw }: CheckedPixels,
  { frame, at = [frame[0], frame[1]], ...screen }: Screen,
): Promise<CheckedPixels> {
  const { width, height } = reduced(screen);
  const [across, down] = [width / screen.width, height / screen.height];
  const part = {
    left: frame[0],
    top: frame[1],
    width: Math.min(frame[2], screen.width - at[0]),
    height: Math.min(frame[3], screen.height - at[1]),
  };
  const canvas = new Canvas({ width, height });
  if (part.width > 0 && part.height > 0) {
    const sides = {
      width: Math.max(1, Math.round(part.width * across)),
      height: Math.max(1, Math.round(part.height * down)),
    };
    const sharp = await importSharp();
    const rgba = await sharp(data, { raw })
      .extract(part)
      .resize({ ...sides, fit: 'fill' })
      .ensureAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    const place = { x: Math.floor(at[0] * across), y: Math.floor(at[1] * down) };
    canvas.draw(rgba, { ...place, ...sides, over: false, after: 'kept' });
  }
  return checkedPixels({ data: canvas.bytes, width, height, channels: 4 });
}
