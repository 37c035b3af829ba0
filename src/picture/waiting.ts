import { DecodeError } from '../errors.js';

/* How anything here waits: for a signal, until its time is up, for its turn. */

interface Heard {
  readonly listeners: Set<() => void>;
  tell(): void;
}

let heard: WeakMap<AbortSignal, Heard> | undefined;

/**
 * Calls `listener` once when `signal` aborts. However many wait, a signal has one listener of ours:
 * Node warns of a leak from the eleventh on.
 * @returns takes the listener off, since a signal may outlive many pictures
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
    signal.removeEventListener('abort', known.tell);
    if (heard?.get(signal) === known) heard.delete(signal);
  };
}

function listenTo(signal: AbortSignal, all: WeakMap<AbortSignal, Heard>): Heard {
  const listeners = new Set<() => void>();
  const tell = () => {
    all.delete(signal);
    for (const listener of listeners) listener();
  };
  const known = { listeners, tell };
  all.set(signal, known);
  signal.addEventListener('abort', tell, { once: true });
  return known;
}

/**
 * What `work` gives, unless `signal` aborts first. The work goes on; its late result or error is
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

/** The time that one picture has. */
export interface Deadline {
  /** aborts with a DecodeError `timeout` when the time is up, or as the caller's signal does */
  readonly signal: AbortSignal;
  /** takes the time off: nothing aborts any more */
  over(): void;
}

/**
 * Begins the time of one picture.
 * @throws the reason of `signal` if it has aborted
 */
export function deadline(seconds: number, signal: AbortSignal | undefined): Deadline {
  signal?.throwIfAborted();
  const end = new AbortController();
  const late = () =>
    end.abort(new DecodeError('timeout', `the picture took longer than ${seconds} seconds`));
  const timer = setTimeout(late, 1000 * seconds);
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  return {
    signal: end.signal,
    over() {
      clearTimeout(timer);
      forget();
    },
  };
}

/**
 * What `work` gives within `seconds`; its signal aborts when they are over, or as `signal` does.
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

/** At most `limit` at work at a time; the others wait in order of arrival. */
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

  /** More turns begin at once with what waits; of fewer, those too many end their work first. */
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

  /** Rejects all that wait. */
  refuse(reason: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(reason);
  }

  /** Counted before it first waits, so that nothing else takes the same turn. */
  async #take<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#taken++;
    try {
      // A turn may come free between two listeners of one signal.
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
