import type { OutputInfo, SharpOptions } from 'sharp';
import {
  boolean,
  checkArray,
  checkedOptions,
  choice,
  type OptionTable,
  tableOf,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import {
  corrupt,
  editedCopy,
  type ImageFormat,
  type ImageHeader,
  isAnimated,
  MOST_FRAMES,
} from '../../formats/image-format.js';
import { readHeader } from '../../formats/read-header.js';
import type { Decoding } from '../../hash.js';
import type { DecodedPicture, Sides } from '../../picture/hash-picture.js';
import {
  type FileOptions,
  LIMITS,
  type Limits,
  MAX_BYTES,
  MAX_PIXELS,
} from '../../picture/options.js';
import { Turns, unlessAborted, within } from '../../picture/waiting.js';
import { type CheckedPixels, checkedPixels, type Orientation } from '../../pixels.js';
import { decodeThreads } from '../pool/start-thread.js';
import { decodeHeic } from './decode-heic.js';
import {
  coloursWanted,
  type DecodedLook,
  joined,
  type LookOptions,
  type Looks,
  looksAsShown,
  onScreen,
  type ReadFile,
  wantedLooks,
} from './looks.js';
import { rgbFromCmyk, withoutColourInTurns } from './pixel-turns.js';
import { importSharp, type Sharp } from './sharp.js';

/** Options for decoding a file. */
export interface DecodeOptions extends Limits {
  /**
   * accepts a truncated or damaged file as far as it can be read; missing parts have whatever
   * colour the decoder leaves them. Otherwise the least warning of a decoder is an error. Ignored
   * for HEIC.
   */
  lenient?: boolean;
  /**
   * `draft` decodes a large file at a fraction of its size, with at least 1,000 pixels on the
   * longer side and 500 on the shorter: JPEG from 3,000 x 1,500 pixels, WebP from 2,000 x 1,000. It
   * is for matching only, and lists do not accept it: of 13 photos of 4,032 pixels the hash moved
   * by 2 bits at the median and 8 at most (by 2 to 6, and 8, in size convention `none`). Decoding
   * took 28 ms of CPU instead of 41 and 10 MB instead of 45 (JPEG), 86 instead of 93 and 45 instead
   * of 78 (progressive), 72 instead of 169 and 16 instead of 126 (WebP). Files with alpha, CMYK and
   * other formats are decoded in full.
   * @defaultValue 'full'
   */
  decoding?: Decoding;
}

export const LENIENT = { is: boolean, default: false } as const;
export const DECODING = { is: choice, of: ['full', 'draft'], default: 'full' } as const;
export const DECODE_OPTIONS = tableOf(LIMITS, {
  lenient: LENIENT,
  decoding: DECODING,
}) satisfies OptionTable<DecodeOptions>;

/** Options for decoding a file whose looks and later frames may be wanted, too. */
type PictureOptions = DecodeOptions & LookOptions & Pick<FileOptions, 'inner'>;

/** A decoded image file: the first page or frame of it. */
export interface DecodedImage extends Looks {
  /** the raster as the file stores it, before EXIF orientation; alpha straight */
  readonly pixels: CheckedPixels;
  /** the turn for display; 1 if the file states none */
  readonly orientation: Orientation;
  readonly format: ImageFormat;
  /** sides of the full picture, as stored, if the raster is a draft of it */
  readonly draftOf?: Sides;
  /** the frames of an animation beside the picture, if they are to be listed */
  readonly later?: DecodedPicture['later'];
}

/**
 * Pixels of a JPEG, PNG, WebP, GIF, TIFF or AVIF file, by `sharp`, and of a HEIC file, by
 * `heic-decode` in a separate thread. Each package is imported with the first file that needs it.
 * The pixels are those that the PDQ reference sees: as stored, colour profiles ignored, no
 * shrink-on-load except for a draft, 16-bit samples by their high byte, 1-bit ones as 0 and 255,
 * the first page or frame, CMYK without a profile. A grey picture has one sample a pixel, or two
 * with alpha. Format and size are read from the header, so that nothing is decoded only to be
 * rejected. At most as many files as there are cores (and threads in Node's pool) are decoded at a
 * time.
 *
 * `sharp` cannot be stopped from outside: after a timeout or an abort it runs on, mostly until its
 * time is up, and its pixels are dropped. The thread of a HEIC file ends at once.
 * @param bytes the whole file; only read, and must not change before the promise settles
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} if `bytes` or an option is invalid
 */
export async function decode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const { timeoutSeconds, signal } = checkedOptions(options, DECODE_OPTIONS);
  checkArray('bytes', bytes, Uint8Array);
  return await within(timeoutSeconds, signal, (end) =>
    decodeUntil(end, bytes, { ...options, variants: 'none' }),
  );
}

/**
 * As `decode`, for a picture whose time has begun, with the looks that `wantedLooks` names.
 * @param end aborts when no caller waits any more
 * @param options `maxMemory` of the process, in bytes
 */
export async function decodeUntil(
  end: AbortSignal,
  bytes: Uint8Array,
  options: PictureOptions & { maxMemory?: number },
): Promise<DecodedImage> {
  const { maxBytes = MAX_BYTES, maxPixels = MAX_PIXELS } = options;
  if (bytes.length === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
  if (bytes.length > maxBytes) {
    throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  }
  const header = await readHeader(bytes, maxPixels);
  checkCost(header, options.maxMemory);
  const sharp = header.format === 'heic' ? undefined : await importSharp();
  turns ??= new Turns(decodeThreads());
  return await turns.run(() => {
    const work =
      sharp === undefined
        ? decodeInThread(bytes, header, options, end)
        : withFrames(sharp, bytes, header, options, end);
    const isUnseen = header.unseen && wantedLooks(options).still;
    const decoded = isUnseen
      ? work.then((one) => ({ ...one, unseen: 'unseen-picture' as const }))
      : work;
    // Sharp runs on for a while after the end; its turn is passed on at once.
    return unlessAborted(decoded, end);
  }, end);
}

/** A worker uses this much before its first picture. */
const OWN_MEMORY = 96 * 2 ** 20;

function checkCost({ frames = 1, memory = 0 }: ImageHeader, maxMemory = Infinity): void {
  if (frames > MOST_FRAMES) {
    throw new DecodeError('too-many-frames', `expected at most ${MOST_FRAMES} frames or pages`);
  }
  if (memory > 0 && memory + OWN_MEMORY > maxMemory) {
    throw new DecodeError('too-many-pixels', 'expected a picture that fits in maxMemory');
  }
}

/** One picture per thread: waiting for a thread of Node's pool would hold memory. */
let turns: Turns | undefined;

/**
 * The HEIC decoder turns the picture by the file's own properties; an EXIF orientation beside them
 * states the same turn again.
 */
async function decodeInThread(
  bytes: Uint8Array,
  header: ImageHeader,
  options: PictureOptions,
  end: AbortSignal,
): Promise<DecodedImage> {
  const { maxPixels = MAX_PIXELS } = options;
  const decoded = await decodeHeic(bytes, { maxPixels, signal: end });
  const pixels = await withoutColourInTurns(decoded, end);
  const colours = await coloursWanted(bytes, header, options);
  const looks = await looksAsShown(colours, { pixels }, { orientation: 1, full: pixels }, end);
  return { pixels, orientation: 1, format: 'heic', ...looks };
}

/** The decoded picture, then the frames beside it. */
async function withFrames(
  sharp: Sharp,
  bytes: Uint8Array,
  header: ImageHeader,
  options: PictureOptions,
  end: AbortSignal,
): Promise<DecodedImage> {
  const file = { header, colours: await coloursWanted(bytes, header, options) };
  // A file of 1 kB may cost seconds by what a decoder does with EXIF alone.
  const copy = editedCopy(bytes, header.metadata ?? header.edits);
  const decoded = await decodeWith(sharp, copy, file, options, end);
  const wanted = wantedLooks(options).frames;
  const { inner = false, lenient = false } = options;
  if (!isAnimated(header) || !(wanted || inner)) return decoded;
  const { frameLooks, laterFrames } = await import('./frames.js');
  const picture: DecodedImage = {
    ...decoded,
    ...(inner && { later: () => laterFrames(bytes, header, lenient, end) }),
  };
  if (!wanted) return picture;
  const more = await frameLooks(bytes, file, decoded.orientation, end);
  return { ...picture, ...more, looks: [...(decoded.looks ?? []), ...(more.looks ?? [])] };
}

async function decodeWith(
  sharp: Sharp,
  bytes: Uint8Array,
  { header, colours }: ReadFile,
  options: PictureOptions,
  end: AbortSignal,
): Promise<DecodedImage> {
  const { format, orientation, exif } = header;
  const {
    maxPixels = MAX_PIXELS,
    timeoutSeconds = LIMITS.timeoutSeconds.default,
    lenient = false,
  } = options;
  const input: SharpOptions = {
    failOn: lenient ? 'none' : 'warning',
    ignoreIcc: true,
    limitInputPixels: false,
    // Rows are read as needed: the raster is held once, not twice.
    sequentialRead: true,
  };
  try {
    const { compression, depth, ...read } = await sharp(bytes, input).metadata();
    // Several loaders of libvips are asked whether a file is theirs.
    if ((compression === 'av1' ? 'avif' : read.format) !== format) {
      throw unsupported('expected the content of the file to match the format of its beginning');
    }
    // No caller waits any more: a second step would outlast this file's turn.
    end.throwIfAborted();
    const picture = sharp(bytes, { ...input, limitInputPixels: maxPixels })
      .timeout({ seconds: Math.ceil(timeoutSeconds) })
      .raw();
    const inks = read.space === 'cmyk' && depth === 'uchar';
    if (inks) picture.pipelineColourspace('cmyk').toColourspace('cmyk');
    else picture.toColourspace('srgb');
    // Sharp takes one of three equal channels: half of its time, and none of ours.
    const isGrey = (read.space === 'b-w' || read.space === 'grey16') && !read.hasAlpha;
    if (isGrey) picture.extractChannel(0).toColourspace('srgb');
    const { width, height } = read;
    // Means of samples that a curve reorders are never seen.
    const share =
      inks || read.hasAlpha || colours?.odd ? 1 : draftShare(format, options.decoding, read);
    if (share > 1) {
      // The decoder itself does half of the reduction, or more; means do the rest.
      const sides = { width: Math.ceil(width / share), height: Math.ceil(height / share) };
      picture.resize({ ...sides, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: true });
    }
    const { data, info } = await picture.toBuffer({ resolveWithObject: true });
    const rgb = inks ? await rgbFromCmyk(data, info, end) : pixelsOf(data, info);
    const pixels = await withoutColourInTurns(rgb, end);
    // A turn that is not from EXIF is part of decoding.
    const turn = exif ? orientation : 1;
    const full = share > 1 ? { width, height } : pixels;
    const stored = { pixels, inks: inks && info.channels === 4 ? pixelsOf(data, info) : undefined };
    const shown = await looksAsShown(colours, stored, { orientation: turn, full }, end);
    const other = await otherReadings(sharp, bytes, { header, colours }, pixels, options, end);
    return {
      pixels,
      orientation: turn,
      format,
      ...joined(shown, other),
      ...(share > 1 && { draftOf: { width, height } }),
    };
  } catch (error) {
    throw error instanceof DecodeError ? error : decodeErrorOf(error, format);
  }
}

/** The looks of a file whose geometry browsers read differently from sharp. */
async function otherReadings(
  sharp: Sharp,
  bytes: Uint8Array,
  { header, colours }: ReadFile,
  pixels: CheckedPixels,
  options: PictureOptions,
  end: AbortSignal,
): Promise<Looks> {
  const { uncropped, screens = [], ...rest } = header;
  if (!wantedLooks(options).still) return {};
  const looks: DecodedLook[] = [];
  for (const full of screens) {
    const raster = await onScreen(pixels, full);
    looks.push({ look: 'otherReading', pixels: raster, orientation: 1, full });
  }
  if (uncropped === undefined) return { looks };
  try {
    const file = { header: rest, colours };
    const whole = await decodeWith(sharp, editedCopy(bytes, uncropped), file, options, end);
    looks.push({ look: 'otherReading', pixels: whole.pixels, orientation: 1, full: whole.pixels });
    return joined({ looks }, whole);
  } catch (error) {
    // Beyond a limit, or the part that is cropped off is damaged.
    if (error instanceof DecodeError) return { unseen: 'unseen-picture' };
    throw error;
  }
}

/** The least longer side of a draft. */
const DRAFT_SIDE = 1000;
/**
 * The least shorter side. Drafts of 15,000 x 600 pixels, at 1/15 by the longer side alone, moved
 * the hash by 10 to 42 bits. Photos in screenshots of 1,080 x 6,000 pixels, at 1/6, were 10 to 20
 * bits further off.
 */
const DRAFT_SHORTER_SIDE = 500;

/**
 * The divisor of a draft's sides: 1 if the file is decoded in full. Libjpeg decodes at 1/2, 1/4 and
 * 1/8, WebP at any size. Sharp always leaves a part to its own resizing, 1/2 of a whole 1/4. So it
 * would decode all of a JPEG at 1/2, and gain nothing.
 */
function draftShare(format: ImageFormat, decoding: Decoding | undefined, sides: Sides): number {
  if (decoding !== 'draft' || (format !== 'jpeg' && format !== 'webp')) return 1;
  const { width, height } = sides;
  const share = Math.min(
    Math.floor(Math.max(width, height) / DRAFT_SIDE),
    Math.floor(Math.min(width, height) / DRAFT_SHORTER_SIDE),
  );
  return share < (format === 'jpeg' ? 3 : 2) ? 1 : share;
}

function pixelsOf(data: Buffer, { width, height, channels }: OutputInfo): CheckedPixels {
  if (channels > 4) throw unsupported('expected at most 4 channels');
  return checkedPixels({ data, width, height, channels });
}

const unsupported = (message: string, cause?: unknown) =>
  new DecodeError('unsupported', message, cause === undefined ? undefined : { cause });

/** Errors of sharp, libvips and the libraries below have no code, only text, kept in `cause`. */
function decodeErrorOf(cause: unknown, format: ImageFormat): DecodeError {
  const message = cause instanceof Error ? cause.message : '';
  if (/^timeout:/m.test(message)) {
    return new DecodeError('timeout', 'decoding took too long', { cause });
  }
  if (/not been built in|no decoding plugin|unsupported|not supported/i.test(message)) {
    return unsupported(`expected a kind of ${format} that the installed sharp decodes`, cause);
  }
  return corrupt(format, cause);
}
