import { checkArray } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Orientation } from '../pixels.js';

/** An image format read here. `avif` and `heic` are one container with two codings. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif' | 'heic';

/** The properties of a file's first picture, before anything is decoded. */
export interface ImageHeader {
  readonly format: ImageFormat;
  /** as stored */
  readonly width: number;
  readonly height: number;
  /** 1 if the file does not state it */
  readonly orientation: Orientation;
  /**
   * whether the orientation is EXIF's or a TIFF tag: then the stored raster is a variant of its
   * own. Otherwise turning is part of decoding.
   */
  readonly exif: boolean;
  /** whether a pixel may be transparent */
  readonly alpha: boolean;
  /** whether our own decoders read it: false if it is CMYK or animated */
  readonly plain: boolean;
  /** frames or pages, of which the first is the picture; undefined if not in the header */
  readonly frames: number | undefined;
  readonly animation?: Animation;
  /** whether browsers may show more than decoders: a film, or a file that no program writes */
  readonly unseen?: boolean;
  /**
   * false if the file breaks off after its header or has stray bytes. Browsers, whose decoders do
   * not report this, then reject it; in Node sharp decides.
   */
  readonly whole: boolean;
  /**
   * removes properties that only some decoders apply: EXIF orientation, colour profiles, and the
   * turn in an AVIF's own properties
   */
  readonly edits: Edits;
  /**
   * removes data on which no pixel depends, such as EXIF and XMP, if that differs from `edits`.
   * Decoders would read it: 1,220 bytes of directories that point at themselves cost libexif 5 s
   */
  readonly metadata?: Edits;
  /** approximate bytes that sharp needs for decoding, if measured */
  readonly memory?: number;
  /**
   * start and end of each stretch that defines the colours of the samples: `[start, end, …]`. Those
   * of PNG and HEIF begin with the name of a chunk or of a kind, those of JPEG with their number
   */
  readonly colours: readonly number[];
  /** reveals the part that the file has cut off, if some browsers show it; absent if none does */
  readonly uncropped?: Edits;
  /** screens on which browsers show the picture and sharp does not; the first holds all of it */
  readonly screens?: readonly Screen[];
  /** hides the alpha plane, if that is a picture of its own; made after `edits` */
  readonly hideAlpha?: Edits;
}

/** The frames of a file that may have several. */
export interface Animation {
  readonly frames: readonly FileFrame[];
  /** whether the picture that decoders return is not a frame: browsers then never show it */
  readonly beside?: boolean;
}

/** True if a file has frames beside its picture. */
export const isAnimated = ({ animation }: ImageHeader): boolean =>
  animation !== undefined && (animation.frames.length > 1 || animation.beside === true);

/** A frame of an animation, as its file says. */
export interface FileFrame {
  /** its place on the canvas */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly milliseconds: number;
  /** whether it is composited by its alpha onto the canvas; otherwise it replaces what is there */
  readonly over: boolean;
  /** treatment of its place before the next frame */
  readonly after: 'kept' | 'cleared' | 'restored';
  /** start and end of each stretch of its data */
  readonly data: readonly number[];
}

/** An animation of more frames is refused: a minute of video has 3,600. */
export const MOST_FRAMES = 4000;

/** A screen that a picture covers in part, or beyond which it extends; the rest is transparent. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  /** the part of the stored picture that is shown: left, top, width and height */
  readonly frame: readonly [number, number, number, number];
  /** left and top of that part on this screen; absent: the same as in `frame` */
  readonly at?: readonly [number, number];
}

/** Changes to the bytes of a file; offsets are those before any change. */
export interface Edits {
  /** start and end of each stretch to remove, ascending: `[start, end, start, end, …]` */
  readonly drop: readonly number[];
  /** offset and value of each byte to set: `[offset, value, offset, value, …]` */
  readonly put: readonly number[];
}

/**
 * Makes the changes in place.
 * @param bytes the whole file; overwritten
 * @returns a view of the remaining bytes
 */
export function edited<Bytes extends Uint8Array>(bytes: Bytes, { drop, put }: Edits): Bytes {
  for (let i = 0; i < put.length; i += 2) bytes[put[i]!] = put[i + 1]!;
  let kept = drop[0] ?? bytes.length;
  for (let i = 0; i < drop.length; i += 2) {
    const [start, end] = [drop[i + 1]!, drop[i + 2] ?? bytes.length];
    bytes.copyWithin(kept, start, end);
    kept += end - start;
  }
  return bytes.subarray(0, kept) as Bytes;
}

/** Changes nothing. */
export const NO_EDITS: Edits = { drop: [], put: [] };

/** A copy with the changes made; the bytes themselves if there are none. */
export function editedCopy(bytes: Uint8Array, edits: Edits): Uint8Array {
  const isChanged =
    edits.drop.length > 0 ||
    edits.put.some((value, i) => i & 1 && bytes[edits.put[i - 1]!] !== value);
  return isChanged ? edited(new Uint8Array(bytes), edits) : bytes;
}

/** More stretches than any picture has. */
const MOST_STRETCHES = 2 ** 16;

/**
 * Adds a stretch to `Edits.drop`, or lengthens the last one if it is adjacent.
 * @throws {DecodeError} `corrupt` if there are too many
 */
export function addStretch(drop: number[], start: number, end: number, format: ImageFormat): void {
  if (start === end) return;
  if (drop[drop.length - 1] === start) drop[drop.length - 1] = end;
  else if (drop.push(start, end) > 2 * MOST_STRETCHES) throw corrupt(format);
}

/** The error for a file of a known format that is cut off or contradicts itself. */
export function corrupt(format: ImageFormat, cause?: unknown): DecodeError {
  const message = `the ${format} file is cut off or contradicts itself`;
  return new DecodeError('corrupt', message, cause === undefined ? undefined : { cause });
}

/**
 * True if `text` is at `at`. It makes no string of the bytes: a file may have millions of parts.
 */
export function isAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

export const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, length);

/**
 * Brands of an ISO base media file that holds AV1 and HEVC pictures (ISO/IEC 23008-12, Annex B).
 */
const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
/** Brands that mean "a picture, or a sequence of them" and leave its coding to the other brands. */
const ANY_CODING = ['mif1', 'mif2', 'msf1', 'miaf', 'MiHE', 'MiPr', 'MiHB'];

/**
 * The image format that `bytes` begin as, by their magic number alone; undefined if it is not
 * supported. This is the allow-list: formats without a name here (SVG, PDF, BMP, camera raw …)
 * never reach a decoder.
 * @throws {TypeError} if `bytes` is not a Uint8Array
 */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | undefined {
  checkArray('bytes', bytes, Uint8Array);
  if (isAt(bytes, 0, '\xff\xd8\xff')) return 'jpeg';
  if (isAt(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'png';
  if (isAt(bytes, 0, 'RIFF') && isAt(bytes, 8, 'WEBP')) return 'webp';
  if (isAt(bytes, 0, 'GIF87a') || isAt(bytes, 0, 'GIF89a')) return 'gif';
  // Both byte orders, of TIFF and of BigTIFF.
  if (isAt(bytes, 0, 'II*\0') || isAt(bytes, 0, 'MM\0*')) return 'tiff';
  if (isAt(bytes, 0, 'II+\0') || isAt(bytes, 0, 'MM\0+')) return 'tiff';
  if (isAt(bytes, 4, 'ftyp')) return brandedFormat(bytes);
  return undefined;
}

/**
 * The format by the `ftyp` box: its length, `ftyp`, the major brand, a version, then compatible
 * brands.
 */
function brandedFormat(bytes: Uint8Array): ImageFormat | undefined {
  const boxLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // 64 brands are more than any file has; a longer box is read up to there.
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

const ORIENTATION_TAG = 0x0112;
/**
 * Bytes of a value by its type: BYTE, SHORT and LONG, unsigned and signed. The tag should be a
 * SHORT; libexif, by which sharp reads it, takes any of these.
 */
const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4 };

/**
 * The orientation in an EXIF block: tag 0x0112 in the first directory after a TIFF header of either
 * byte order (EXIF 2.32, 4.6.4). It is 1 if the block is malformed or the value out of range: no
 * program turns such a picture.
 */
export function exifOrientation(tiff: Uint8Array): Orientation {
  const view = viewOf(tiff);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || view.getUint16(2, little) !== 42) return 1;
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const size = SIZES[view.getUint16(at + 2, little)];
    if (size === undefined || view.getUint32(at + 4, little) !== 1) return 1;
    const value = integerAt(view, at + 8, size, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** Bytes of a GIF's table of colours, by the flags before it. */
export const colourTable = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

/** An unsigned integer of 1, 2, 4 or 8 bytes, as TIFF has them. */
export function integerAt(view: DataView, at: number, size: number, little: boolean): number {
  if (size === 1) return view.getUint8(at);
  if (size === 2) return view.getUint16(at, little);
  return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
}
