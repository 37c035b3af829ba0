import {
  callback,
  checkAsyncIterable,
  integer,
  type OptionTable,
  SIGNAL,
  wrongKind,
} from '../door.js';
import { DecodeError } from '../errors.js';
import type { HashedFile } from './hash-picture.js';

/* Waiting: for a signal, for a time limit and for a turn; and batches of pictures in order. */

interface Heard {
  readonly listeners: Set<() => void>;
  notify(): void;
}

let heard: WeakMap<AbortSignal, Heard> | undefined;

/**
 * Calls `listener` once when `signal` aborts. However many wait, a signal has one listener of ours:
 * Node warns of a leak from the eleventh on.
 * @returns removes the listener, since a signal may outlive many pictures
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  heard ??= new WeakMap();
  const known = heard.get(signal) ?? listenTo(signal, heard);
  const own = () => listener();
  known.listeners.add(own);
  return () => {
    known.listeners.delete(own);
    if (known.listeners.size > 0) return;
    signal.removeEventListener('abort', known.notify);
    if (heard?.get(signal) === known) heard.delete(signal);
  };
}

function listenTo(signal: AbortSignal, all: WeakMap<AbortSignal, Heard>): Heard {
  const listeners = new Set<() => void>();
  const notify = () => {
    all.delete(signal);
    for (const listener of listeners) listener();
  };
  const known = { listeners, notify };
  all.set(signal, known);
  signal.addEventListener('abort', notify, { once: true });
  return known;
}

/**
 * The result of `work`, unless `signal` aborts first. The work goes on; its late result or error is
 * dropped.
 * @returns rejects with `signal.reason` on abort
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const forget = onAbort(signal, abort);
    if (signal.aborted) abort();
    work.finally(forget).then(resolve, reject);
  });
}

/** The time limit of one picture or video. */
export interface Deadline {
  /** aborts with a DecodeError `timeout` when the time is up, or as the caller's signal does */
  readonly signal: AbortSignal;
  /** gives so many seconds from now, in place of what is left */
  extend(seconds: number): void;
  /** stops the timer: nothing aborts any more */
  over(): void;
}

/**
 * Starts the time of one picture, or of something else.
 * @param what names it in the error
 * @throws the reason of `signal` if it has aborted
 */
export function deadline(
  seconds: number,
  signal: AbortSignal | undefined,
  what = 'the picture',
): Deadline {
  signal?.throwIfAborted();
  const end = new AbortController();
  const start = (most: number) =>
    setTimeout(() => {
      end.abort(new DecodeError('timeout', `${what} took longer than ${most} seconds`));
    }, 1000 * most);
  let timer = start(seconds);
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  return {
    signal: end.signal,
    extend(most) {
      clearTimeout(timer);
      timer = start(most);
    },
    over() {
      clearTimeout(timer);
      forget();
    },
  };
}

/**
 * The result of `work` within `seconds`; its signal aborts when they are over, or as `signal` does.
 * @returns rejects with a DecodeError `timeout`, or with `signal.reason`
 */
export async function within<T>(
  seconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const time = deadline(seconds, signal);
  try {
    return await unlessAborted(work(time.signal), time.signal);
  } finally {
    time.over();
  }
}

/** Work that waits for its turn. */
interface Waiting {
  begin(): void;
  refuse(reason: unknown): void;
}

/** At most `limit` pieces of work at a time; the others wait in order of arrival. */
export class Turns {
  #limit: number;
  #taken = 0;
  #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** If raised, waiting work starts at once; if lowered, surplus turns finish their work first. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#beginWaiting();
  }

  /**
   * Runs `work` when its turn has come, and passes the turn on when it has settled.
   * @returns rejects with `signal.reason` if `signal` aborts first; `work` is not run then
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiting: Waiting = {
        begin: () => {
          forget();
          resolve(this.#take(work, signal));
        },
        refuse: (reason) => {
          forget();
          reject(reason);
        },
      };
      const forget = onAbort(signal, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        waiting.refuse(signal?.reason);
      });
      this.#waiting.push(waiting);
      this.#beginWaiting();
    });
  }

  /** Rejects everything that waits. */
  refuse(reason: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(reason);
  }

  /** Counted before the first await, so that nothing else takes the same turn. */
  async #take<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#taken++;
    try {
      // A turn may become free between two listeners of one signal.
      if (signal?.aborted) await Promise.reject(signal.reason);
      return await work();
    } finally {
      this.#taken--;
      this.#beginWaiting();
    }
  }

  #beginWaiting(): void {
    while (this.#taken < this.#limit && this.#waiting.length > 0) this.#waiting.shift()!.begin();
  }
}

/** Options of a batch: its concurrency and its progress reports. */
export interface BatchOptions<Progress> {
  /** pictures at work at a time: read, decoded and hashed */
  concurrency?: number;
  /** called when a picture is done, in order of completion */
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const BATCH_OPTIONS = {
  concurrency: { is: integer, least: 1 },
  onProgress: { is: callback },
  signal: SIGNAL,
} as const satisfies OptionTable<BatchOptions<never>>;

/** The progress of a batch. */
export interface BatchCounts {
  /** files done so far, this one included */
  readonly done: number;
  /** those with an error */
  readonly failed: number;
  /** all files, if they came as an array or a `FileList` */
  readonly total: number | undefined;
}

/** One file of a batch: the job's result, such as its hashes, or the error. */
export type BatchResult<File, T = HashedFile> =
  | { readonly file: File; readonly image: T; readonly error?: undefined }
  | { readonly file: File; readonly image?: undefined; readonly error: DecodeError };

/** A file that is done, with its result, perhaps before its turn among the results. */
export type BatchProgress<File, T = HashedFile> = BatchResult<File, T> & BatchCounts;

/** Files begun beyond the next result, for each at work, so that a slow one blocks none. */
const LOOK_AHEAD = 16;

/**
 * The results of `job` for each file, in their order. A DecodeError becomes the result of its file,
 * and the others go on; any other error ends the batch. Files are taken only so far ahead of the
 * reader of the results. When the reader stops (`break`) or `signal` aborts, so does the work.
 * @param job begins when the turn of its file has come; its signal aborts when the batch ends
 * @returns throws `signal.reason` on abort
 */
export async function* inOrder<File, T>(
  files: Iterable<File> | AsyncIterable<File>,
  job: (file: File, signal: AbortSignal) => Promise<T>,
  {
    concurrency,
    onProgress,
    signal,
  }: BatchOptions<BatchProgress<File, T>> & { concurrency: number },
): AsyncGenerator<BatchResult<File, T>, void, undefined> {
  signal?.throwIfAborted();
  const iterator: Iterator<File> | AsyncIterator<File> =
    Symbol.asyncIterator in files ? files[Symbol.asyncIterator]() : files[Symbol.iterator]();
  // Ends the work when the caller's signal does, and when the caller wants no more results.
  const end = new AbortController();
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  const turns = new Turns(concurrency);
  const { length } = files as { length?: unknown };
  const total = typeof length === 'number' ? length : undefined;
  let done = 0;
  let failed = 0;

  const begin = (file: File) => {
    const result = turns.run(() => resultOf(file), end.signal).then((result) => ({ result }));
    // Its error is thrown when its turn comes, if it does.
    result.catch(() => {});
    return result;
  };

  async function resultOf(file: File): Promise<BatchResult<File, T>> {
    let result: BatchResult<File, T>;
    try {
      result = { file, image: await job(file, end.signal) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      result = { file, error };
      failed++;
    }
    onProgress?.({ ...result, done: ++done, failed, total });
    return result;
  }

  /** results that are due, in order */
  const begun: Promise<{ result: BatchResult<File, T> }>[] = [];
  let next: Promise<{ entry: IteratorResult<File> }> | undefined;
  let ended = false;
  try {
    for (;;) {
      if (next === undefined && !ended && begun.length < concurrency * LOOK_AHEAD) {
        next = Promise.resolve(iterator.next()).then((entry) => ({ entry }));
        next.catch(() => {});
      }
      const first = begun[0];
      if (next === undefined && first === undefined) return;
      // The next file may take long to arrive (a slow walk, a pipe): a result does not wait for it.
      const either = [next, first].filter((promise) => promise !== undefined);
      const came = await unlessAborted(Promise.race(either), end.signal);
      if ('result' in came) {
        begun.shift();
        yield came.result;
      } else {
        next = undefined;
        if (came.entry.done) ended = true;
        else begun.push(begin(came.entry.value));
      }
    }
  } finally {
    forget();
    end.abort();
    // Not awaited: a walk that hangs would hang this too.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/**
 * Wraps `job` so that every error becomes the result of its file, unless work has been aborted.
 * @param job gets valid options
 * @param what a file, in words
 */
export const errorsInPlace =
  <File, T>(job: (file: File, signal: AbortSignal) => Promise<T>, what: string): typeof job =>
  async (file, signal) => {
    try {
      return await job(file, signal);
    } catch (error) {
      // The signal's reason is for this batch, an AbortError for all work at once.
      const { name } = Object(error) as Partial<Error>;
      if (error instanceof DecodeError || signal.aborted || name === 'AbortError') throw error;
      const message =
        error instanceof TypeError ? `expected ${what}` : 'the picture could not be hashed';
      throw new DecodeError('unreadable', message, { cause: error });
    }
  };

/**
 * Checks the arguments of a batch.
 * @param what the files, in words
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function checkFiles(files: unknown, what: string): void {
  checkAsyncIterable(files, what);
  if (files instanceof Uint8Array) wrongKind(`${what}`);
}
