import type { Worker } from 'node:worker_threads';
import { DecodeError } from '../errors.js';
import { type CheckedPixels, checkedPixels } from '../pixels.js';
import type { HeicAnswer, HeicTask } from './heic-worker.js';
import { onAbort } from './on-abort.js';
import { startThread } from './start-thread.js';

export interface HeicOptions {
  maxPixels: number;
  /** where `heic-worker.js` lies; beside this file unless told */
  workerUrl?: URL | undefined;
  /** ends the thread at once */
  signal: AbortSignal;
}

/** A thread with nothing to do is ended after so long: a decoder gives no memory back, some 150 MB after 12 megapixels. */
const IDLE_MILLISECONDS = 30_000;

/** Threads that wait for a file. */
const idle: HeicThread[] = [];

/**
 * The picture of a HEIC file as RGBA, turned as its own properties say, by the optional package heic-decode in a thread
 * of its own. A thread serves one file after another; it starts with the first file, keeps no process alive and is ended
 * by whatever goes wrong in it: no picture comes from a heap that a damaged file has been in.
 * @param bytes the whole file; only read
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} `decoder-missing`, `too-many-pixels` (nothing is decoded then) or `corrupt`
 */
export async function decodeHeic(
  bytes: Uint8Array,
  { maxPixels, workerUrl, signal }: HeicOptions,
): Promise<CheckedPixels> {
  const thread = threadFor(workerUrl);
  const forget = onAbort(signal, () => thread.end(signal.reason));
  try {
    const answer = await thread.perform({ bytes: new Uint8Array(bytes), maxPixels });
    if ('code' in answer) throw errorOf(answer, maxPixels);
    idle.push(thread);
    const { data, width, height } = answer;
    return checkedPixels({ data, width, height, channels: 4 });
  } catch (error) {
    thread.end(error);
    throw error;
  } finally {
    forget();
  }
}

/** One that waits, or a new one. */
function threadFor(workerUrl: URL | undefined): HeicThread {
  try {
    const url = workerUrl ?? new URL('./heic-worker.js', import.meta.url);
    const at = idle.findLastIndex((thread) => thread.url.href === url.href);
    return at < 0 ? new HeicThread(url) : idle.splice(at, 1)[0]!;
  } catch (cause) {
    // A bundle in CommonJS has no address of its own; a process may be forbidden to start threads.
    throw noThread(cause);
  }
}

const noThread = (cause?: unknown) =>
  new DecodeError(
    'decoder-missing',
    'the HEIC thread did not run: give the address of heic-worker.js as workerUrl',
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
    corrupt: 'the heic file breaks off or contradicts itself',
  };
  return new DecodeError(code, messages[code], cause === undefined ? undefined : { cause });
}

/** A thread that decodes one file at a time. */
class HeicThread {
  readonly url: URL;
  readonly #worker: Worker;
  #settle: { resolve(answer: HeicAnswer): void; reject(error: unknown): void } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: URL) {
    this.url = url;
    this.#worker = startThread(url);
    let ready = false;
    this.#worker.on('message', (answer: HeicAnswer | 'ready') => {
      if (answer === 'ready') ready = true;
      else this.#settle?.resolve(answer);
    });
    const failed = (cause?: unknown) =>
      ready
        ? new DecodeError('corrupt', 'the heic file broke its decoder', { cause })
        : noThread(cause);
    this.#worker.on('error', (cause) => this.end(failed(cause)));
    this.#worker.on('exit', () => this.end(failed()));
  }

  async perform(task: HeicTask): Promise<HeicAnswer> {
    clearTimeout(this.#timer);
    this.#worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#worker.postMessage(task, [task.bytes.buffer]);
      });
    } finally {
      this.#settle = undefined;
      this.#worker.unref();
      this.#timer = setTimeout(() => this.end(undefined), IDLE_MILLISECONDS).unref();
    }
  }

  /** Stops it at once; the file that it has rejects with `reason`. */
  end(reason: unknown): void {
    clearTimeout(this.#timer);
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
    this.#settle?.reject(reason);
    void this.#worker.terminate();
  }
}
