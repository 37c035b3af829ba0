import { DecodeError } from '../../errors.js';
import { Pool, type ThreadEvents } from '../../picture/pool.js';
import { type CheckedPixels, checkedPixels } from '../../pixels.js';
import { decodeThreads, pooled, scriptOf, startThread } from '../pool/start-thread.js';

/** A thread's task: a whole file, which the thread owns from then on. */
export interface HeicTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly maxPixels: number;
}

/** The thread's answer, after `ready`: RGBA pixels as displayed, or why there are none. */
export type HeicAnswer =
  | {
      readonly width: number;
      readonly height: number;
      readonly data: Uint8ClampedArray<ArrayBuffer>;
    }
  | { readonly code: 'decoder-missing' | 'too-many-pixels' | 'corrupt'; readonly cause?: unknown };

export interface HeicOptions {
  maxPixels: number;
  /** ends the thread at once */
  signal: AbortSignal;
}

let pool: Pool | undefined;

/**
 * Decodes a HEIC file to RGBA, turned as its own properties state, by the optional package
 * heic-decode in a separate thread. A thread serves one file after another and does not keep the
 * process alive. Any error ends the thread: no picture comes from a heap that a damaged file has
 * touched.
 * @param bytes the whole file; only read
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} `decoder-missing`, `too-many-pixels` (nothing is decoded then) or `corrupt`
 */
export async function decodeHeic(
  bytes: Uint8Array,
  { maxPixels, signal }: HeicOptions,
): Promise<CheckedPixels> {
  pool ??= new Pool({ start, death, size: decodeThreads() });
  return await pool.use(async (thread) => {
    const copy = new Uint8Array(bytes);
    const answer = (await thread.ask({ bytes: copy, maxPixels }, [copy.buffer])) as HeicAnswer;
    if ('code' in answer) {
      const error = errorOf(answer, maxPixels);
      thread.end(error);
      throw error;
    }
    const { data, width, height } = answer;
    return checkedPixels({ data, width, height, channels: 4 });
  }, signal);
}

function start(events: ThreadEvents) {
  const url = scriptOf('heic-worker');
  if (url === undefined) throw noThread();
  try {
    return pooled(startThread(url), events);
  } catch (cause) {
    // A process may be forbidden to start threads.
    throw noThread(cause);
  }
}

const death = (listened: boolean, cause: unknown) =>
  listened
    ? new DecodeError('corrupt', 'the heic file crashed its decoder', { cause })
    : noThread(cause);

const noThread = (cause?: unknown) =>
  new DecodeError(
    'decoder-missing',
    'the HEIC thread did not start: set the folder of heic-worker.js with setWorkerScripts',
    { cause },
  );

function errorOf(
  { code, cause }: Extract<HeicAnswer, { code: string }>,
  maxPixels: number,
): DecodeError {
  const messages = {
    'decoder-missing':
      'decoding HEIC in Node needs the optional package heic-decode: npm install heic-decode, or save the picture as JPEG',
    'too-many-pixels': `expected at most ${maxPixels} pixels`,
    corrupt: 'the heic file is cut off or contradicts itself',
  };
  return new DecodeError(code, messages[code], cause === undefined ? undefined : { cause });
}
