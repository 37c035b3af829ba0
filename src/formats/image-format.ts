import { checkArray } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Orientation } from '../pixels.js';

/** An image format that is read here. `avif` and `heic` are one container with two codings. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'heic';

/** What a file says of its first picture before anything is decoded. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** as stored */
  readonly width: number;
  readonly height: number;
  /** 1 where the file does not say */
  readonly orientation: Orientation;
  /**
   * whether that is EXIF's (or TIFF's own tag): then the stored raster is a variant of its own. Otherwise
   * turning is a part of decoding
   */
  readonly exif: boolean;
  /** whether a pixel may be transparent */
  readonly alpha: boolean;
  /** whether our own decoders read this kind of it: not CMYK, not animated */
  readonly plain: boolean;
  /** frames or pages, of which the first is the picture; undefined where the header does not say */
  readonly frames: number | undefined;
  /** false where the file breaks off after its header, or has bytes that no part of it owns */
  readonly whole: boolean;
  /**
   * what takes out the things that only some decoders apply: EXIF orientation, colour profiles, and the
   * turn in an AVIF's own properties
   */
  readonly edits: Edits;
  /** an edit that hides the alpha plane, where that is a picture of its own */
  readonly hideAlpha?: Edits;
}

/** Changes to the bytes of a file. */
export interface Edits {
  /** start and end of each stretch to be left out, ascending: `[start, end, start, end, …]` */
  readonly drop: readonly number[];
  /** offset and value of each byte to be set, before anything is left out */
  readonly put: readonly number[];
}

/**
 * Makes `edits` in place.
 * @param bytes of the whole file; overwritten
 * @returns a view of what is left
 */
export function edited(
  bytes: Uint8Array<ArrayBuffer>,
  { drop, put }: Edits,
): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < put.length; i += 2) bytes[put[i]!] = put[i + 1]!;
  let kept = drop[0] ?? bytes.length;
  for (let i = 0; i < drop.length; i += 2) {
    const [start, end] = [drop[i + 1]!, drop[i + 2] ?? bytes.length];
    bytes.copyWithin(kept, start, end);
    kept += end - start;
  }
  return bytes.subarray(0, kept);
}

/** Adds a stretch to those of `Edits.drop`: one that follows at once on the last one lengthens it. */
export function addStretch(drop: number[], start: number, end: number): void {
  if (start === end) return;
  if (drop[drop.length - 1] === start) drop[drop.length - 1] = end;
  else drop.push(start, end);
}

/** The error for a file of a known format that breaks off or contradicts itself. */
export function corrupt(format: ImageFormat, cause?: unknown): DecodeError {
  const message = `the ${format} file breaks off or contradicts itself`;
  return new DecodeError('corrupt', message, cause === undefined ? undefined : { cause });
}

/** The ASCII text of `length` bytes, shorter where the bytes end. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, length);

/** Brands of an ISO base media file that holds AV1 and HEVC pictures (ISO/IEC 23008-12, Annex B). */
const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
/** Brands that say "a picture, or a sequence of them" and leave its coding to the others in the list. */
const ANY_CODING = ['mif1', 'mif2', 'msf1', 'miaf', 'MiHE', 'MiPr', 'MiHB'];

/**
 * The image format that `bytes` begin as, by their magic number alone; undefined if it is not read here.
 * This is the allow-list: what has no name here (SVG, PDF, BMP, camera raw …) never meets a decoder.
 * @throws {TypeError} if `bytes` is not a Uint8Array
 */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | undefined {
  checkArray('bytes', bytes, Uint8Array);
  if (startsWith(bytes, '\xff\xd8\xff')) return 'jpeg';
  if (startsWith(bytes, '\x89PNG\r\n\x1a\n')) return 'png';
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'webp';
  if (startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')) return 'gif';
  // Both byte orders, of TIFF and of BigTIFF.
  if (startsWith(bytes, 'II*\0') || startsWith(bytes, 'MM\0*')) return 'tiff';
  if (startsWith(bytes, 'II+\0') || startsWith(bytes, 'MM\0+')) return 'tiff';
  if (startsWith(bytes, 'ftyp', 4)) return brandedFormat(bytes);
  return undefined;
}

function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}

/** The format by the `ftyp` box: its length, `ftyp`, the major brand, a version, then compatible brands. */
function brandedFormat(bytes: Uint8Array): ImageFormat | undefined {
  const boxLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // 64 brands are more than any file has; a longer box is read so far.
  const end = Math.min(boxLength, bytes.length, 16 + 64 * 4);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    if (at !== 12) brands.push(String.fromCharCode(...bytes.subarray(at, at + 4)));
  }
  const major = brands[0] ?? '';
  if (AVIF_BRANDS.includes(major)) return 'avif';
  if (HEIC_BRANDS.includes(major)) return 'heic';
  if (!ANY_CODING.includes(major)) return undefined;
  return brands.some((brand) => AVIF_BRANDS.includes(brand)) ? 'avif' : 'heic';
}
