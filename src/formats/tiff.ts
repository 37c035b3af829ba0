import type { Orientation } from '../pixels.js';
import { integerAt } from './exif.js';
import { corrupt, type ImageHeader, viewOf } from './image-format.js';

/** Tags of TIFF 6.0. */
const WIDTH = 256;
const HEIGHT = 257;
const BITS = 258;
const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const SAMPLES = 277;
const PLANAR = 284;
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

/** Bytes of a field's value, by its type: BYTE, SHORT, LONG, LONG8. */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };
/** More than any file has: pages beyond are not counted. */
const MOST_PAGES = 65_536;

/** Header of a TIFF (TIFF 6.0) or BigTIFF file: its first directory, and how many there are. */
export function tiffHeader(bytes: Uint8Array): ImageHeader {
  const file = tiffFile(bytes);
  const fields = fieldsAt(file, file.first);
  const value = (tag: number, i = 0) => fields.get(tag)?.valueAt(i);
  const count = (tag: number) => fields.get(tag)?.count ?? 0;
  const width = value(WIDTH) ?? 0;
  const height = value(HEIGHT) ?? 0;
  if (width < 1 || height < 1) throw corrupt('tiff');
  const photometric = value(PHOTOMETRIC) ?? UNKNOWN;
  const samples = value(SAMPLES) ?? Math.max(1, count(BITS));
  const orientation = value(ORIENTATION) ?? 1;
  let whole = true;
  for (const [offsets, lengths] of PARTS) {
    for (let i = 0; i < count(offsets); i++) {
      if (value(offsets, i)! + (value(lengths, i) ?? 0) > bytes.length) whole = false;
    }
  }
  return {
    format: 'tiff',
    width,
    height,
    orientation: orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1,
    exif: true,
    alpha: samples > (photometric === RGB ? 3 : 1),
    // Grey, RGB and palettes; utif2 reads inks, separate planes and wide samples wrongly or not at all.
    plain:
      !file.big &&
      photometric <= PALETTE &&
      value(PLANAR) !== SEPARATE &&
      // All samples have as many bits, or libtiff refuses them.
      (value(BITS) ?? 1) <= 16,
    frames: pagesOf(file),
    whole,
    edits: { drop: [], put: [] },
  };
}

/** A file in one of the two byte orders, with offsets of 32 or, in BigTIFF, of 64 bits. */
interface TiffFile {
  readonly view: DataView;
  readonly little: boolean;
  readonly big: boolean;
  /** where its first directory lies */
  readonly first: number;
}

/** Numbers in a directory, by a tag. */
interface Field {
  readonly count: number;
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

/** Where the entries of a directory begin and end; undefined where they do not lie in the file. */
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

/** The fields of the directory at `at` that hold unsigned integers; of several with one tag the first. */
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
    // What is short enough lies in the entry itself.
    const data = count * size <= (big ? 8 : 4) ? inline : offsetIn(file, inline);
    if (data + count * size > view.byteLength) continue;
    fields.set(tag, {
      count,
      valueAt: (i) => (i < count ? integerAt(view, data + i * size, size, little) : undefined),
    });
  }
  return fields;
}

/** Directories in the chain, up to one that was there before or lies outside of the file. */
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
