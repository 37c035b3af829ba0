import type { ImageHeader } from '../formats/image-format.js';
import type { Sides } from '../picture/draft-variants.js';
import type { FileOptions } from '../picture/options.js';
import type { CheckedPixels, Orientation } from '../pixels.js';
import { type ShownColours, type StoredPixels, shownColours, shownRasters } from './as-shown.js';
import { importSharp } from './sharp.js';

/** Another raster that a browser shows of a file, for matching alone. */
export interface DecodedLook {
  readonly look: 'asShown' | 'frame' | 'otherReading';
  /** of a `frame`: which of the file, from 0 */
  readonly frame?: number;
  /** before `orientation`; perhaps reduced; alpha straight */
  readonly pixels: CheckedPixels;
  /** how to turn it for display */
  readonly orientation: Orientation;
  /** sides of the look before it was reduced, as stored */
  readonly full: Sides;
}

/** What is known beside the pixels of a picture. */
export interface Looks {
  /** what else a browser shows of it, where that was asked for */
  readonly looks?: readonly DecodedLook[];
  /** where the file has several frames: how many, and how many of them are among the looks */
  readonly frames?: { readonly total: number; readonly checked: number };
  /** why a browser may show something that is not among the looks */
  readonly unseen?: 'odd-profile' | 'unseen-picture';
}

/** The options that say which looks are wanted. */
export type LookOptions = Pick<FileOptions, 'variants' | 'orientation'>;

/** Which looks are wanted: those of the still picture, and those of other frames. */
export function wantedLooks({ variants = 'orientation', orientation }: LookOptions): {
  readonly still: boolean;
  readonly frames: boolean;
} {
  const still = variants !== 'none' && orientation !== 'stored';
  return { still, frames: still && (variants === 'quick' || variants === 'thorough') };
}

/** The colours by which a file is shown; undefined if it says nothing, or no looks are wanted. */
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

/** The frames beside a picture, turned as it is, in the colours that its file gives them. */
export async function looksOfFrames(
  bytes: Uint8Array,
  { header, colours }: ReadFile,
  orientation: Orientation,
  end: AbortSignal,
): Promise<Looks> {
  const { frameLooks } = await import('./frames.js');
  const { isAllSeen, frames, ...seen } = await frameLooks(await importSharp(), bytes, header, end);
  const looks: DecodedLook[] = [];
  for (const look of seen.looks) {
    const rasters = colours ? await shownRasters(look, colours, end) : [];
    for (const pixels of [look.pixels, ...rasters]) {
      looks.push({ ...look, pixels, look: 'frame', orientation });
    }
  }
  return { looks, frames, ...(!isAllSeen && { unseen: 'unseen-picture' }) };
}

/** What is known of a file before it is decoded. */
export interface ReadFile {
  readonly header: ImageHeader;
  readonly colours: ShownColours | undefined;
}

/** Both lists of looks. Of two reasons that something is unseen, the first counts. */
export function joined(some: Looks, more: Looks): Looks {
  const looks = [...(some.looks ?? []), ...(more.looks ?? [])];
  const unseen = some.unseen ?? more.unseen;
  return { ...(looks.length > 0 && { looks }), ...(unseen && { unseen }) };
}
