import { types } from 'node:util';
import {
  type Checked,
  callback,
  checkedOptions,
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  positive,
  tableOf,
  text,
} from '../../door.js';
import { DecodeError, type DecodeErrorCode } from '../../errors.js';
import { pdq } from '../../hashing/pdq.js';
import { LIMITS, type Limits } from '../../picture/options.js';
import { deadline } from '../../picture/waiting.js';
import { type Channels, layoutOf } from '../../pixels.js';
import { contiguousPixels, type View, viewOf } from '../../variants/view.js';
import { type HashedFrame, type HashedVideo, listStep } from '../../video/features.js';
import { PACE, type PaceLimits } from '../pace.js';
import { chunksWithin, type ImageSource, pathOf, tooMany } from '../read-bytes.js';
import { Changes } from './changes.js';
import { Head, headOf, isDrawn } from './head.js';
import { spool } from './spool.js';
import {
  decodeFrames,
  probeVideo,
  timeOf,
  type VideoFile,
  type VideoStream,
} from './video-stream.js';

/** The progress of hashing a video. */
export interface VideoProgress {
  /** of the video */
  readonly seconds: number;
  /** its length, if its file states it */
  readonly of: number | undefined;
}

/** Options for hashing a video. */
export interface HashVideoOptions extends Limits, PaceLimits {
  /**
   * `list`: one frame every `secondsPerHash`, bit for bit as the vPDQ reference, beside FFmpeg 7.1:
   * as stored, with the displayed form as the variant `original` if the file has a turn, and with
   * the picture alone as the variant `inner` if it has bars, or shows a screen. `query`: as many as
   * `queryRate` has, for matching alone, up to 8 bits off: as displayed, with the variant `stored`.
   * A frame that looks like the last one is not repeated.
   * @defaultValue 'list'
   */
  frames?: 'list' | 'query';
  /**
   * seconds from one frame of a list to the next, rounded down to whole frames; 0 is every frame
   * @defaultValue 1
   */
  secondsPerHash?: number;
  /**
   * frames a second of a query, or every frame
   * @defaultValue 'every'
   */
  queryRate?: 'every' | number;
  /**
   * bytes of the file
   * @defaultValue 4 GiB
   */
  maxBytes?: number;
  /**
   * width x height of a frame
   * @defaultValue 2^26
   */
  maxPixels?: number;
  /**
   * frames of the video, hashed or not. The rest of a longer one is left out, as `partial` reports
   * @defaultValue 2^20
   */
  maxFrames?: number;
  /**
   * seconds of the video; the rest is left out
   * @defaultValue 14400
   */
  maxSeconds?: number;
  /**
   * seconds for reading, decoding and hashing; then the rest is left out
   * @defaultValue 3600
   */
  timeoutSeconds?: number;
  /**
   * FFmpeg is killed if it decodes nothing for so many seconds
   * @defaultValue 60
   */
  stallSeconds?: number;
  /**
   * bytes of memory of FFmpeg, which is killed if it holds more. On other systems than Linux only
   * single allocations are bounded
   * @defaultValue 2 GiB
   */
  maxMemory?: number;
  /** called after each hashed frame */
  onProgress?: ((progress: VideoProgress) => void) | undefined;
  /**
   * folder to which a video that is not in a file is written while it is hashed; made if it is
   * missing
   * @defaultValue `onlyhashes-spool-` and the user's id, in the system's folder for such files
   */
  spoolFolder?: string | undefined;
}

/** Limits on the videos of a pool. */
export interface VideoLimits
  extends Pick<
    HashVideoOptions,
    | 'maxPixels'
    | 'maxFrames'
    | 'maxSeconds'
    | 'maxMemory'
    | 'timeoutSeconds'
    | 'stallSeconds'
    | 'spoolFolder'
  > {
  /**
   * bytes of one file
   * @defaultValue 1 GiB
   */
  maxBytes?: number;
  /**
   * bytes of all files in `spoolFolder`; further uploads wait
   * @defaultValue 4 GiB
   */
  maxSpoolBytes?: number;
}

const framesASecond: OptionCheck = (name, value, option, options) => {
  if (value !== 'every') positive(name, value, option, options);
};

const DAY = 86_400;

export const HASH_VIDEO_OPTIONS = tableOf(LIMITS, PACE, {
  frames: { is: choice, of: ['list', 'query'], default: 'list' },
  secondsPerHash: { is: number, least: 0, most: DAY, default: 1 },
  queryRate: { is: framesASecond, most: 1000, default: 'every' },
  maxBytes: { is: number, least: 1, default: 2 ** 32 },
  maxFrames: { is: integer, least: 1, default: 2 ** 20 },
  maxSeconds: { is: positive, most: 1e9, default: 14_400 },
  timeoutSeconds: { is: positive, most: DAY, default: 3600 },
  stallSeconds: { is: positive, most: DAY, default: 60 },
  maxMemory: { is: integer, least: 1, default: 2 ** 31 },
  onProgress: { is: callback },
  spoolFolder: { is: text },
}) satisfies OptionTable<HashVideoOptions>;

const { maxPixels, maxFrames, maxSeconds, maxMemory, stallSeconds, spoolFolder } =
  HASH_VIDEO_OPTIONS;

export const VIDEO_LIMITS = {
  ...{ maxPixels, maxFrames, maxSeconds, maxMemory, stallSeconds, spoolFolder },
  timeoutSeconds: HASH_VIDEO_OPTIONS.timeoutSeconds,
  maxBytes: { is: integer, least: 1, default: 2 ** 30 },
  maxSpoolBytes: { is: integer, least: 1, default: 2 ** 32 },
} satisfies OptionTable<VideoLimits>;

export type CheckedVideoLimits = Checked<VideoLimits, typeof VIDEO_LIMITS>;

type Limited = Checked<HashVideoOptions, typeof HASH_VIDEO_OPTIONS>;

/** A frame that is decoded: its pixels as displayed, until the next one, and its hashes. */
export interface DecodedFrame {
  readonly view: View;
  readonly frame: HashedFrame;
}

/** A hashed video, apart from its frames. */
export type VideoFacts = Omit<HashedVideo, 'frames'>;

/**
 * PDQ hashes of the frames of a video: an MP4, MOV, WebM, Matroska, MPEG-TS or AVI file, or a GIF,
 * WebP, PNG or AVIF that moves. They are decoded by the system's FFmpeg, 5.1 or later, in a process
 * of its own, and those of WebP and PNG by sharp.
 *
 * A path is read in place. Anything else is first written to a file in `spoolFolder`, which is
 * removed afterwards.
 * @returns `partial` is set if frames are missing at the end; rejects with `signal.reason` on abort
 * @throws {DecodeError} if there is no frame. `decoder-missing` if there is no FFmpeg;
 *   `unsupported` if it is no video, has only sound or is encrypted
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const { frames } = await hashVideo('video.mp4');
 */
export async function hashVideo(
  source: ImageSource,
  options: HashVideoOptions = {},
): Promise<HashedVideo> {
  const checked = checkedOptions(options, HASH_VIDEO_OPTIONS);
  const { timeoutSeconds, maxBytes, signal, spoolFolder } = checked;
  const time = deadline(timeoutSeconds, signal, 'the video');
  const end = time.signal;
  const hashed = async (path: string): Promise<HashedVideo> => {
    const all = framesOf(path, await headOf(path, maxBytes), { ...checked, signal: end });
    const frames: HashedFrame[] = [];
    // It loads all variants, which a server needs in its workers alone.
    const isList = checked.frames === 'list';
    const inner = isList ? new (await import('./inner-frames.js')).InnerFrames() : undefined;
    for (;;) {
      const { done, value } = await all.next();
      if (done) {
        signal?.throwIfAborted();
        return { ...value, frames: inner?.addedTo(frames) ?? frames };
      }
      const { view, frame } = value;
      frames.push(frame);
      inner?.look(view, frame);
    }
  };
  try {
    if (typeof source === 'string' || source instanceof URL) return await hashed(pathOf(source));
    const bytes = source instanceof Uint8Array || types.isArrayBuffer(source);
    const chunks = bytes
      ? [wholeOf(source, maxBytes)]
      : chunksWithin(source, { ...checked, signal: end });
    const file = await spool(new Head().of(chunks), spoolFolder);
    try {
      return await hashed(file.path);
    } finally {
      await file.remove();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    time.over();
  }
}

/**
 * The frames of a video in a file, while they are decoded. With the caller's last call, FFmpeg is
 * ended.
 * @throws as `hashVideo`; the reason of the signal if that is no time limit
 */
export async function* videoFrames(
  path: string,
  options: HashVideoOptions,
): AsyncGenerator<DecodedFrame, VideoFacts, undefined> {
  const checked = checkedOptions(options, HASH_VIDEO_OPTIONS);
  const time = deadline(checked.timeoutSeconds, checked.signal, 'the video');
  try {
    const head = await headOf(path, checked.maxBytes);
    return yield* framesOf(path, head, { ...checked, signal: time.signal });
  } finally {
    time.over();
  }
}

function wholeOf(source: Uint8Array | ArrayBuffer, maxBytes: number): Uint8Array {
  if (source.byteLength > maxBytes) throw tooMany(maxBytes);
  return source instanceof Uint8Array ? source : new Uint8Array(source);
}

/** @param checked its signal ends the time, too */
async function* framesOf(
  path: string,
  head: Head,
  checked: Limited & { signal: AbortSignal },
): AsyncGenerator<DecodedFrame, VideoFacts, undefined> {
  const { maxFrames, maxSeconds, onProgress, secondsPerHash, queryRate } = checked;
  const file: VideoFile = { ...checked, path, format: head.format() };
  const drawn = isDrawn(file.format)
    ? await (await import('./animation.js')).readAnimation(file, head.length)
    : undefined;
  const stream = drawn?.stream ?? (await probeVideo(file));
  const { fps, ofStream, ofFile } = stream;
  const isList = checked.frames === 'list';
  const between = queryRate === 'every' ? 0 : 1 / queryRate;
  const step = listStep(fps, isList ? secondsPerHash : between);
  const choice = { step, pixels: isList ? 'rgb24' : 'gray' } as const;
  const decoding = drawn?.decode(choice) ?? (await decodeFrames(file, stream, choice));
  const changes = new Changes(stream.width, stream.height);
  let next = 0;
  let hashed = 0;
  let partial: DecodeErrorCode | undefined;
  try {
    for await (const data of decoding.frames()) {
      if (next >= maxFrames) throw tooLong(`${maxFrames} frames`);
      if (timeOf(stream, next) > maxSeconds) throw tooLong(`${maxSeconds} seconds`);
      if (isList || changes.isNew(data)) {
        hashed++;
        const view = displayedView(data, stream);
        yield { view, frame: (isList ? listFrame : queryFrame)(data, next, stream) };
      }
      onProgress?.({ seconds: timeOf(stream, next), of: ofStream || ofFile || undefined });
      next += step;
    }
  } catch (error) {
    if (!(error instanceof DecodeError) || hashed === 0) throw error;
    partial = error.code;
  }
  if (hashed === 0) throw new DecodeError('corrupt', 'no frame can be decoded');
  // FFmpeg may be ahead of a limit.
  const decoded = partial ? Math.min(next, decoding.decoded()) : decoding.decoded();
  const seconds = timeOf(stream, decoded);
  if (head.isCut || isCut(seconds, stream, file, decoding.hasErrors())) partial ??= 'corrupt';
  const { width, height } = isList ? stream : displayedSides(stream);
  return { seconds, width, height, ...(partial && { partial }) };
}

const tooLong = (most: string) =>
  new DecodeError('too-many-frames', `expected a video of at most ${most}`);

/**
 * True if frames are missing. The length of MPEG-TS and GIF is only that of what is there. Edits of
 * an MP4 explain a little, and in other formats the rate is an estimate, so that without errors of
 * FFmpeg nothing follows from it.
 */
function isCut(
  seconds: number,
  { ofStream, ofFile, fps }: VideoStream,
  { format }: VideoFile,
  hasErrors: boolean,
): boolean {
  if (!hasErrors) return format === 'mov' && seconds < 0.95 * ofStream - 0.5;
  return ['mpegts', 'gif'].includes(format) || seconds < (ofStream || ofFile) - 1.5 / fps;
}

/** The size convention in which frames of videos are hashed. */
const FULL = { resample: 'none' } as const;

/** A frame as the reference has it; its time, too, is of 32 bits there. */
function listFrame(data: Uint8Array, frameNumber: number, stream: VideoStream): HashedFrame {
  const { fround } = Math;
  const { times, fps } = stream;
  const seconds = times?.[frameNumber] ?? fround(fround(frameNumber) / fround(fps));
  const { hash, quality } = pdq({ ...sidesOf(stream), data }, { ...FULL, exact: true });
  const frame = { frameNumber, hash, quality, seconds };
  if (stream.orientation === 1) return frame;
  return { ...frame, variants: [{ name: 'original', ...displayed(data, stream) }] };
}

function queryFrame(data: Uint8Array, frameNumber: number, stream: VideoStream): HashedFrame {
  const seconds = timeOf(stream, frameNumber);
  const { hash, quality } = pdq({ ...sidesOf(stream), data }, FULL);
  if (stream.orientation === 1) return { frameNumber, hash, quality, seconds };
  const stored = { name: 'stored', hash, quality, resample: 'none' } as const;
  return { frameNumber, ...displayed(data, stream), seconds, variants: [stored] };
}

const sidesOf = ({ width, height }: VideoStream) => ({ width, height });

function displayedSides({ width, height, orientation }: VideoStream) {
  return layoutOf(orientation).turned ? { width: height, height: width } : { width, height };
}

/** A frame as a player shows it. */
function displayedView(data: Uint8Array, { width, height, orientation }: VideoStream): View {
  const channels = (data.length / (width * height)) as Channels;
  return viewOf({ data, width, height, channels }, orientation);
}

/** Its hash. */
function displayed(data: Uint8Array, stream: VideoStream) {
  return pdq(contiguousPixels(displayedView(data, stream)), FULL);
}
