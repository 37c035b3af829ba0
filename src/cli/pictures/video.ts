import { hashToHex, writeVpdq } from '../../index.js';
import { fileKindOf, type HashedVideo, hashVideo, type VideoProgress } from '../../node/index.js';
import type { Call } from '../command.js';
import { UsageError } from '../failure.js';
import { encoded, fileToJSON } from '../file-name.js';
import type { Output } from '../output.js';
import { sourceOf } from './pictures.js';

/** The option of the vPDQ tool. */
export const SECONDS_PER_HASH = {
  'seconds-per-hash': {
    about:
      'seconds from one hashed frame of a video to the next, as in the vPDQ tool; 0 is every frame, and the default is 1. With it, standard input is a video, and so is a GIF',
    value: 'S',
    needs: { algorithm: ['pdq'] },
  },
} as const;

/**
 * The value of that option, in 32 bits: the tool reads it so, and 0.7 x 10 frames are 6 then.
 * @throws {UsageError} if it is no number of seconds
 */
export function secondsPerHash(call: Call): number | undefined {
  const text = call.text('seconds-per-hash');
  if (text === undefined) return undefined;
  if (/^(\d+\.?\d*|\.\d+)$/.test(text) && Number(text) <= 86_400) return Math.fround(Number(text));
  throw new UsageError(`--seconds-per-hash: expected 0 to 86400 seconds, got ${text}`);
}

/** True if a file is hashed as a video, by its first bytes. */
export async function isVideo(file: string, seconds?: number): Promise<boolean> {
  if (file === '-') return seconds !== undefined;
  // Reading it as a picture reports the error.
  const kind = await fileKindOf(encoded(file)).catch(() => undefined);
  return kind === 'video' || (kind === 'gif' && seconds !== undefined);
}

/** Shows the progress of a video in seconds, if there is no other file. */
export function progressOf({ words }: Call, out: Output) {
  if (words.length !== 1) return undefined;
  let isBegun = false;
  return ({ seconds, of }: VideoProgress) => {
    if (!isBegun) out.begin('decoding', ' s');
    isBegun = true;
    out.update(Math.round(seconds), of === undefined ? undefined : Math.round(of));
  };
}

/** @param out gets the progress in seconds, if there is no other file */
export async function videoOf(
  file: string,
  options: { seconds: number | undefined; signal: AbortSignal },
  out: Output | undefined,
): Promise<HashedVideo> {
  const { seconds: secondsPerHash = 1, signal } = options;
  out?.begin('hashing', ' s');
  return await hashVideo(sourceOf(file), {
    secondsPerHash,
    signal,
    onProgress: ({ seconds, of }) =>
      out?.update(Math.round(seconds), of === undefined ? undefined : Math.round(of)),
  });
}

/** Prints a video: in JSON as one line, else as the vPDQ tool writes it, a line a frame. */
export async function printVideo(
  file: string,
  { frames, seconds, width, height, partial }: HashedVideo,
  isJson: boolean,
  out: Output,
): Promise<void> {
  if (isJson) {
    const rows = frames.map(({ frameNumber, quality, hash, seconds: time }) => ({
      frame: frameNumber,
      quality,
      hash: hashToHex(hash),
      seconds: decimals(time),
    }));
    const video = {
      algorithm: 'vpdq',
      seconds: decimals(seconds),
      width,
      height,
      partial,
      frames: rows,
    };
    await out.line(JSON.stringify({ ...fileToJSON(file), ...video }));
  } else await out.line(writeVpdq(frames).trimEnd());
  if (!partial) return;
  out.error(file, `only the first ${seconds.toFixed(3)} seconds were hashed (${partial})`);
}

/** With the three decimals of the vPDQ tool. */
const decimals = (seconds: number) => Number(seconds.toFixed(3));
