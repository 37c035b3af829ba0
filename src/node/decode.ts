import { availableParallelism } from 'node:os';
import type { Metadata, OutputInfo, SharpOptions } from 'sharp';
import { DecodeError } from '../errors.js';
import { type ImageFormat, imageFormatOf } from '../image-format.js';
import type { Pixels } from '../pixels.js';
import { withoutColour } from '../variants/grey.js';
import type { Orientation } from '../variants/orient.js';
import { rgbFromCmyk } from './cmyk.js';
import { settleWithin } from './deadline.js';
import { MAX_BYTES } from './read-bytes.js';
import { Turns } from './turns.js';

/** Limits on what is decoded, each against a picture made to exhaust the machine. */
export interface DecodeOptions {
  /** bytes of the file; 64 MiB unless told */
  maxBytes?: number;
  /** width x height; 64 binary megapixels (8192 x 8192) unless told */
  maxPixels?: number;
  /** of decoding, from when its turn comes; 10 unless told, at most 3600 */
  timeoutSeconds?: number;
  /**
   * takes what can be read of a file that breaks off or has errors, missing parts in whatever colour the decoder
   * leaves them; otherwise the least warning of a decoder is an error
   */
  lenient?: boolean;
  signal?: AbortSignal;
}

/** A decoded image file: the first page or frame of it. */
export interface DecodedImage {
  /** the raster as the file stores it, before EXIF orientation; alpha straight */
  readonly pixels: Pixels;
  /** how to turn it for display; 1 where the file does not say */
  readonly orientation: Orientation;
  readonly format: ImageFormat;
}

/** 8192 x 8192: a phone's 64-megapixel photo has 9248 x 6944. */
const MAX_PIXELS = 64 * 2 ** 20;
const MAX_TIMEOUT_SECONDS = 3600;

/**
 * The pixels of a JPEG, PNG, WebP, GIF, TIFF or AVIF file, by `sharp`, which is imported on the first call. They are
 * those the PDQ reference sees: as stored, colour profiles ignored, nothing shrunk on load, 16-bit samples by their high
 * byte, 1-bit ones as 0 and 255, the first page or frame, CMYK without a profile. A picture in greys alone comes with one sample a
 * pixel, or two with alpha. Format and size are told by magic number and header: nothing is decoded only to be refused.
 * At most as many files as there are cores (and threads in Node's pool) are decoded at a time.
 *
 * A decoder cannot be stopped from outside: after a timeout or an abort it goes on by itself, mostly until about the end
 * of its time, and its pixels are dropped.
 * @param bytes the whole file; only read, and not to be changed before the promise settles
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} for bytes or options that are none
 */
export async function decode(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const { maxBytes = MAX_BYTES, timeoutSeconds = 10, signal } = checkDecodeOptions(options);
  if (!(bytes instanceof Uint8Array)) throw new TypeError('expected a Uint8Array');
  signal?.throwIfAborted();
  if (bytes.length === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
  if (bytes.length > maxBytes) {
    throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  }
  const format = imageFormatOf(bytes);
  if (format === undefined) {
    throw unsupported('expected a JPEG, PNG, WebP, GIF, TIFF or AVIF image');
  }
  const sharp = await importSharp();
  const late = () =>
    new DecodeError('timeout', `decoding took longer than ${timeoutSeconds} seconds`);
  turns ??= new Turns(decodeThreads());
  return await turns.run(async () => {
    const over = new AbortController();
    const work = decodeWith(sharp, bytes, format, options, over.signal);
    try {
      return await settleWithin(work, { seconds: timeoutSeconds, late, signal });
    } finally {
      over.abort();
    }
  }, signal);
}

/**
 * The options themselves, once their values have been checked.
 * @throws {RangeError} for a limit that is none
 */
export function checkDecodeOptions<Options extends DecodeOptions>(options: Options): Options {
  const { maxBytes = 1, maxPixels = 1, timeoutSeconds = 1 } = options;
  if (!(maxBytes >= 1)) throw new RangeError(`expected maxBytes >= 1, got ${maxBytes}`);
  if (!(Number.isSafeInteger(maxPixels) && maxPixels >= 1)) {
    throw new RangeError(`expected maxPixels to be an integer >= 1, got ${maxPixels}`);
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    throw new RangeError(
      `expected timeoutSeconds above 0 and at most ${MAX_TIMEOUT_SECONDS}, got ${timeoutSeconds}`,
    );
  }
  return options;
}

type Sharp = typeof import('sharp').default;

/**
 * sharp, imported on the first call.
 * @throws {DecodeError} `decoder-missing` where it is not installed
 */
export async function importSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DecodeError(
      'decoder-missing',
      'decoding images in Node needs the optional package sharp: npm install sharp',
      { cause },
    );
  }
}

/** One picture a thread: waiting for a thread of Node's pool would count as decoding time, and hold memory. */
let turns: Turns | undefined;

/** Files that are decoded at a time: the cores, or the threads of Node's pool (`UV_THREADPOOL_SIZE`, 4 unless set) if fewer. */
export function decodeThreads(): number {
  const poolSize = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  return Math.max(1, Math.min(availableParallelism(), poolSize));
}

async function decodeWith(
  sharp: Sharp,
  bytes: Uint8Array,
  format: ImageFormat,
  { maxPixels = MAX_PIXELS, timeoutSeconds = 10, lenient = false }: DecodeOptions,
  over: AbortSignal,
): Promise<DecodedImage> {
  const input: SharpOptions = {
    failOn: lenient ? 'none' : 'warning',
    ignoreIcc: true,
    limitInputPixels: false,
    // Rows come as they are needed: the raster is held once, not twice.
    sequentialRead: true,
  };
  try {
    // The header alone: a picture over the limit costs no pixel.
    const header = await sharp(bytes, input).metadata();
    const { width, height } = header;
    const coding = codingOf(header, format);
    if (width * height > maxPixels) {
      throw new DecodeError('too-many-pixels', `expected at most ${maxPixels} pixels`);
    }
    // Nobody waits any more: a second step would run beyond the turn of this file.
    over.throwIfAborted();
    const picture = sharp(bytes, { ...input, limitInputPixels: maxPixels })
      .timeout({ seconds: Math.ceil(timeoutSeconds) })
      .raw();
    const inks = header.space === 'cmyk' && header.depth === 'uchar';
    if (inks) picture.pipelineColourspace('cmyk').toColourspace('cmyk');
    else picture.toColourspace('srgb');
    const { data, info } = await picture.toBuffer({ resolveWithObject: true });
    const pixels = inks ? rgbFromCmyk(data, info) : pixelsOf(data, info);
    return { pixels: withoutColour(pixels), orientation: orientationOf(header), format: coding };
  } catch (error) {
    throw error instanceof DecodeError ? error : decodeErrorOf(error, format);
  }
}

function pixelsOf(data: Buffer, { width, height, channels }: OutputInfo): Pixels {
  if (channels > 4) throw unsupported('expected at most 4 channels');
  return { data, width, height, channels };
}

const unsupported = (message: string, cause?: unknown) =>
  new DecodeError('unsupported', message, cause === undefined ? undefined : { cause });

/**
 * The format by the header as sharp read it.
 * @throws {DecodeError} `unsupported`, where it is another than the magic number said
 */
function codingOf(header: Metadata, format: ImageFormat): ImageFormat {
  if (header.format !== 'heif') {
    if (header.format === format) return format;
  } else if (format === 'avif' || format === 'heic') {
    if (header.compression === 'av1') return 'avif';
    if (header.compression === 'hevc') return 'heic';
  }
  throw unsupported('expected the content of the file to be of the format it begins as');
}

/** AVIF and HEIC are turned by their decoder as the file says, and have none here. */
function orientationOf({ orientation = 1 }: Metadata): Orientation {
  return orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1;
}

/** What sharp, libvips and the format libraries below throw has no code, only text; it stays in `cause`. */
function decodeErrorOf(cause: unknown, format: ImageFormat): DecodeError {
  const message = cause instanceof Error ? cause.message : '';
  if (/^timeout:/m.test(message)) {
    return new DecodeError('timeout', 'decoding took too long', { cause });
  }
  if (/not been built in|no decoding plugin|unsupported|not supported/i.test(message)) {
    return format === 'heic'
      ? unsupported('this sharp has no decoder for HEIC; save the picture as JPEG', cause)
      : unsupported(`expected a kind of ${format} that this sharp decodes`, cause);
  }
  return new DecodeError('corrupt', `the ${format} file breaks off or contradicts itself`, {
    cause,
  });
}

/** What can be decoded here. */
export interface Decoders {
  /** version of sharp; undefined where it is not installed */
  sharp: string | undefined;
  /** version of libvips, which sharp calls */
  libvips: string | undefined;
  /** files decoded at a time */
  threads: number;
  formats: {
    format: ImageFormat;
    readable: boolean;
    /** the library that reads it and its version, where sharp tells */
    library: string | undefined;
  }[];
}

/** The libraries that read each format, by the names sharp gives them. GIF is read by libvips itself. */
const LIBRARIES: Record<ImageFormat, readonly string[]> = {
  jpeg: ['mozjpeg', 'jpeg'],
  png: ['png', 'spng'],
  webp: ['webp'],
  gif: ['vips'],
  tiff: ['tiff'],
  avif: ['heif'],
  heic: ['heif'],
};

/** The formats, and with which versions, that `decode` reads on this machine; none where sharp is not installed. */
export async function decoders(): Promise<Decoders> {
  const sharp = await importSharp().catch(() => undefined);
  const versions: Record<string, string | undefined> = sharp?.versions ?? {};
  const formats = (Object.keys(LIBRARIES) as ImageFormat[]).map((format) => {
    const loader = sharp?.format[format === 'avif' || format === 'heic' ? 'heif' : format];
    // The suffixes tell AVIF from HEIC, which libvips has one loader for.
    const readable =
      loader?.input.buffer === true && (loader.input.fileSuffix ?? []).includes(`.${format}`);
    const name = LIBRARIES[format].find((library) => versions[library] !== undefined);
    const library = readable && name ? `${name} ${versions[name]}` : undefined;
    return { format, readable, library };
  });
  const { sharp: version, vips: libvips } = versions;
  return { sharp: version, libvips, threads: decodeThreads(), formats };
}
