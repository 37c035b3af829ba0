import type { Orientation } from '../pixels.js';
import { corrupt, type ImageHeader, integerAt, NO_EDITS, viewOf } from './image-format.js';

/** Tags of TIFF 6.0. */
const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const SAMPLES = 277;
const PLANAR = 284;
const PROFILE = 34_675;
/** Offsets of strips and of tiles, each with the tag of their lengths. */
const PARTS = [
  [273, 279],
  [324, 325],
] as const;
/** Values of PHOTOMETRIC and of PLANAR. */
const RGB = 2;
const PALETTE = 3;
const UNKNOWN = 4;
const SEPARATE = 2;

/** Bytes of a field's value, by its type: BYTE, SHORT, LONG, UNDEFINED, LONG8. */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 7: 1, 16: 8 };
/** More than any file has; pages beyond are not counted. */
const MOST_PAGES = 65_536;

/** Header of a TIFF (TIFF 6.0) or BigTIFF file: its first directory, and their number. */
export function tiffHeader(bytes: Uint8Array): ImageHeader {
  const file = tiffFile(bytes);
  const fields = fieldsAt(file, file.first);
  const value = (tag: number) => fields.get(tag)?.valueAt(0);
  const width = value(WIDTH) ?? 0;
  const height = value(HEIGHT) ?? 0;
  if (width < 1 || height < 1) throw corrupt('tiff');
  const photometric = value(PHOTOMETRIC) ?? UNKNOWN;
  const samples = value(SAMPLES) ?? Math.max(1, fields.get(BITS)?.count ?? 0);
  const orientation = value(ORIENTATION) ?? 1;
  let whole = true;
  for (const [offsetsTag, lengthsTag] of PARTS) {
    const [offsets, lengths] = [fields.get(offsetsTag), fields.get(lengthsTag)];
    for (let i = 0; whole && offsets && i < offsets.count; i++) {
      whole = offsets.valueAt(i)! + (lengths?.valueAt(i) ?? 0) <= bytes.length;
    }
  }
  return {
    format: 'tiff',
    width,
    height,
    orientation: orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1,
    exif: true,
    alpha: samples > (photometric === RGB ? 3 : 1),
    // Grey, RGB and palettes. utif2 reads CMYK, separate planes and wide samples wrongly or not at
    // all.
    plain:
      !file.big &&
      photometric <= PALETTE &&
      value(PLANAR) !== SEPARATE &&
      // libtiff refuses samples of different widths.
      (value(BITS) ?? 1) <= 16,
    frames: pagesOf(file),
    whole,
    edits: NO_EDITS,
    colours: fields.get(PROFILE)?.stretch ?? [],
  };
}

/** A file in one of two byte orders, with offsets of 32 bits or, in BigTIFF, 64. */
interface TiffFile {
  readonly view: DataView;
  readonly little: boolean;
  readonly big: boolean;
  /** offset of its first directory */
  readonly first: number;
}

/** The numbers of a tag in a directory. */
interface Field {
  readonly count: number;
  /** start and end of its bytes in the file */
  readonly stretch: readonly [number, number];
  /** undefined beyond the last */
  valueAt(i: number): number | undefined;
}

function tiffFile(bytes: Uint8Array): TiffFile {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  const big = bytes[little ? 2 : 3] === 43;
  if (bytes.length < (big ? 16 : 8)) throw corrupt('tiff');
  return { view, little, big, first: offsetIn({ view, little, big }, big ? 8 : 4) };
}

const offsetIn = ({ view, little, big }: Omit<TiffFile, 'first'>, at: number) =>
  big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);

/** Start and end of a directory's entries; undefined if not within the file. */
function entriesAt(
  { view, little, big }: TiffFile,
  at: number,
): { start: number; end: number } | undefined {
  const start = at + (big ? 8 : 2);
  if (start > view.byteLength) return undefined;
  const count = big ? Number(view.getBigUint64(at, little)) : view.getUint16(at, little);
  const end = start + count * (big ? 20 : 12);
  return count > 0 && end <= view.byteLength ? { start, end } : undefined;
}

/**
 * The fields of a directory that hold unsigned integers, by their tags; the first one of a tag
 * counts.
 */
function fieldsAt(file: TiffFile, at: number): Map<number, Field> {
  const { view, little, big } = file;
  const entries = entriesAt(file, at);
  if (entries === undefined) throw corrupt('tiff');
  const fields = new Map<number, Field>();
  for (let entry = entries.start; entry < entries.end; entry += big ? 20 : 12) {
    const tag = view.getUint16(entry, little);
    const size = SIZES[view.getUint16(entry + 2, little)];
    if (size === undefined || fields.has(tag)) continue;
    const count = offsetIn(file, entry + 4);
    const inline = entry + (big ? 12 : 8);
    // Values that fit are in the entry itself.
    const data = count * size <= (big ? 8 : 4) ? inline : offsetIn(file, inline);
    if (data + count * size > view.byteLength) continue;
    fields.set(tag, {
      count,
      stretch: [data, data + count * size],
      valueAt: (i) => (i < count ? integerAt(view, data + i * size, size, little) : undefined),
    });
  }
  return fields;
}

/** Directories in the chain, up to a loop or the end of the file. */
function pagesOf(file: TiffFile): number {
  const seen = new Set<number>();
  for (let at = file.first; at !== 0 && seen.size < MOST_PAGES && !seen.has(at); ) {
    const entries = entriesAt(file, at);
    if (entries === undefined) break;
    seen.add(at);
    if (entries.end + (file.big ? 8 : 4) > file.view.byteLength) break;
    at = offsetIn(file, entries.end);
  }
  return seen.size;
}
