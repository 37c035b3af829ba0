import type { Worker } from 'node:worker_threads';
import { Blocklist } from '../../blocklist/blocklist.js';
import type { SearchingThreads, SearchThreadsStats } from '../../blocklist/list-state.js';
import { callback, checkedOptions, checkNoOptions, integer, type OptionTable } from '../../door.js';
import type { Hash } from '../../hash.js';
import { type Segment, type SharedSegment, sharedCopy } from '../../indexing/snapshot.js';
import { scriptOf, startThread } from '../pool/start-thread.js';
import type { IndexMessage, IndexStart, SearchTask, SearchTaskAnswer } from './index-worker.js';

/** Options for search threads. */
export interface SearchThreadsOptions {
  /**
   * number of threads
   * @defaultValue 1
   */
  workers?: number;
  /** called when a thread has died and another replaces it; must not throw */
  onProblem?: ((error: Error) => void) | undefined;
}

export const SEARCH_THREADS_OPTIONS = {
  workers: { is: integer, least: 1, most: 256, default: 1 },
  onProblem: { is: callback },
} as const satisfies OptionTable<SearchThreadsOptions>;

/** Threads that search one blocklist in shared memory. */
export interface SearchThreads {
  /** The load of the threads, and their totals. */
  stats(): SearchThreadsStats;
  /** Resolves once the threads share all large segments of the list in its present state. */
  ready(): Promise<void>;
  /** Ends the threads. The list is searched without them from then on. */
  close(): Promise<void>;
}

/** Searching smaller segments takes less time than a message. */
const LEAST_HASHES = 16_384;
/** Polling interval for new segments, in milliseconds. */
const LOOK_MILLISECONDS = 1000;
/** A thread that died younger is replaced only after this many milliseconds. */
const SHORT_LIFE = 1000;

/**
 * Starts threads that search a blocklist for asynchronous decisions: those that `match` returns as
 * a promise, and so those of hash pools and services. They share one memory, which the list
 * searches too: it is moved there once, and no thread has a copy. Later changes take effect at
 * once: a decision about a list that has changed meanwhile is searched again. Threads only search
 * beyond the match distance of 31 bits, since searches within it take less time than a message. A
 * thread that dies is replaced, and the list itself searches for what it had not answered.
 * @throws {TypeError | RangeError} if an argument is invalid, or the list has such threads
 * @example
 * const threads = createSearchThreads(blocklist, { workers: 2 });
 * await threads.ready();
 * // … match, by `createService` or `createHashPool` …
 * await threads.close();
 */
export function createSearchThreads(
  blocklist: Blocklist,
  options: SearchThreadsOptions = {},
): SearchThreads {
  if (!(blocklist instanceof Blocklist)) throw new TypeError('expected a blocklist');
  const { workers, onProblem } = checkedOptions(options, SEARCH_THREADS_OPTIONS);
  if (blocklist.threads) throw new TypeError('expected a blocklist without search threads');
  const threads = new Threads(blocklist, workers, onProblem);
  blocklist.threads = threads.searching;
  return threads;
}

/** A search on its way to a thread. */
interface Asked {
  readonly hash: Hash;
  readonly ranks: Uint8Array | undefined;
  readonly resolve: (hits: Uint32Array | undefined) => void;
}

/** Searches of one segment at one distance, sent in one message. */
interface Batch {
  readonly segment: number;
  readonly maxDistance: number;
  readonly asked: Asked[];
}

class Threads implements SearchThreads {
  /** the interface for the list */
  readonly searching: SearchingThreads = {
    searchNear: (segment, hash, maxDistance, ranks) =>
      this.#searchNear(segment, hash, maxDistance, ranks),
    stats: () => this.stats(),
  };
  readonly #list: Blocklist;
  readonly #onProblem: SearchThreadsOptions['onProblem'];
  readonly #threads: (IndexThread | undefined)[];
  /** the shared segments, and their numbers for the threads */
  readonly #numbers = new Map<Segment, number>();
  readonly #shared = new Map<number, SharedSegment>();
  #nextNumber = 0;
  #batches = new Map<string, Batch>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #sharing: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #restarts = 0;
  #searches = 0;

  constructor(list: Blocklist, workers: number, onProblem: SearchThreadsOptions['onProblem']) {
    this.#list = list;
    this.#onProblem = onProblem;
    this.#threads = Array.from({ length: workers }, (_, at) => this.#started(at));
  }

  stats(): SearchThreadsStats {
    let sharedBytes = 0;
    for (const { buffer } of this.#shared.values()) sharedBytes += buffer.byteLength;
    const workers = this.#threads.filter((thread) => thread !== undefined).length;
    return { workers, restarts: this.#restarts, sharedBytes, searches: this.#searches };
  }

  async ready(): Promise<void> {
    await this.#list.settled();
    await this.#sharing;
    await this.#look();
  }

  async close(options?: object): Promise<void> {
    checkNoOptions(options);
    this.#closing.abort(new Error('the search threads are closed'));
    if (this.#list.threads === this.searching) this.#list.threads = undefined;
    await this.#sharing?.catch(() => {});
    const ending = this.#threads.map((thread) => {
      thread?.end(this.#closing.signal.reason);
      return thread?.terminate();
    });
    await Promise.all(ending);
    this.#numbers.clear();
    this.#shared.clear();
  }

  #searchNear(
    segment: Segment,
    hash: Hash,
    maxDistance: number,
    ranks: Uint8Array | undefined,
  ): Promise<Uint32Array | undefined> | undefined {
    if (performance.now() - this.#lookedAt > LOOK_MILLISECONDS) this.#look().catch(() => {});
    if (this.#closing.signal.aborted) return undefined;
    const number = this.#numbers.get(segment);
    if (number === undefined) return undefined;
    return this.#ask(number, maxDistance, hash, ranks).then((hits) => {
      if (hits) this.#searches++;
      return hits;
    });
  }

  /** All searches of one turn of the event loop go in one message. */
  #ask(
    segment: number,
    maxDistance: number,
    hash: Hash,
    ranks: Uint8Array | undefined,
  ): Promise<Uint32Array | undefined> {
    return new Promise((resolve) => {
      if (this.#batches.size === 0) setImmediate(() => this.#send());
      const key = `${segment} ${maxDistance}`;
      const batch = this.#batches.get(key) ?? { segment, maxDistance, asked: [] };
      this.#batches.set(key, batch);
      batch.asked.push({ hash, ranks, resolve });
    });
  }

  #send(): void {
    const batches = this.#batches;
    this.#batches = new Map();
    for (const { segment, maxDistance, asked } of batches.values()) {
      const running = this.#threads.filter((thread) => thread !== undefined);
      const each = Math.ceil(asked.length / Math.max(1, running.length));
      running.sort((a, b) => a.load - b.load);
      for (const [i, thread] of running.entries()) {
        const part = asked.slice(i * each, (i + 1) * each);
        if (part.length > 0) void this.#sendTo(thread, { segment, maxDistance, asked: part });
      }
      if (running.length === 0) for (const { resolve } of asked) resolve(undefined);
    }
  }

  async #sendTo(thread: IndexThread, { segment, maxDistance, asked }: Batch): Promise<void> {
    try {
      const size = asked[0]!.hash.bytes.length;
      const bytes = new Uint8Array(asked.length * size);
      for (const [i, { hash }] of asked.entries()) bytes.set(hash.bytes, i * size);
      const ranks = asked.map((one) => one.ranks);
      const answers = await thread.ask({ segment, bytes, maxDistance, ranks });
      for (const [i, { resolve }] of asked.entries()) resolve(answers[i]);
    } catch {
      // The list then searches by itself.
      for (const { resolve } of asked) resolve(undefined);
    }
  }

  /** Shares large segments that are not shared yet, and detaches those dropped by the list. */
  #look(): Promise<void> {
    this.#lookedAt = performance.now();
    this.#sharing ??= this.#share().finally(() => {
      this.#sharing = undefined;
    });
    return this.#sharing;
  }

  async #share(): Promise<void> {
    for (;;) {
      const { signal } = this.#closing;
      signal.throwIfAborted();
      const held = new Set(this.#segments());
      for (const [segment, number] of this.#numbers) {
        if (held.has(segment)) continue;
        this.#numbers.delete(segment);
        this.#shared.delete(number);
        for (const thread of this.#threads) thread?.post({ detach: number });
      }
      const next = [...held].find(
        (segment) => segment.count >= LEAST_HASHES && !this.#numbers.has(segment),
      );
      if (!next) return;
      const { shared, steps } = sharedCopy(next, this.#threads.length);
      const moved = await this.#list.move(next, steps, signal);
      if (!moved) continue;
      const number = this.#nextNumber++;
      this.#shared.set(number, shared);
      for (const thread of this.#threads) thread?.post({ attach: number, shared });
      this.#numbers.set(moved, number);
    }
  }

  /** The segments of hashes that threads search. */
  #segments(): Segment[] {
    const kinds = [...this.#list.state.kinds.values()].filter(({ bits }) => bits === 256);
    return kinds.flatMap(({ parts }) => parts.map(({ table }) => table.searched));
  }

  #started(at: number): IndexThread {
    const begun = performance.now();
    const thread = new IndexThread({ number: at + 1 }, (error) => {
      if (this.#closing.signal.aborted) return;
      this.#threads[at] = undefined;
      this.#onProblem?.(error);
      const again = () => {
        if (this.#closing.signal.aborted) return;
        this.#restarts++;
        this.#threads[at] = this.#started(at);
      };
      // A thread that cannot run would be started over and over.
      if (performance.now() - begun >= SHORT_LIFE) again();
      else setTimeout(again, SHORT_LIFE).unref();
    });
    for (const [attach, shared] of this.#shared) thread.post({ attach, shared });
    return thread;
  }
}

interface Unanswered {
  resolve(answer: SearchTaskAnswer): void;
  reject(error: unknown): void;
}

/** A thread that searches segments in shared memory. */
class IndexThread {
  readonly #worker: Worker;
  /** in the order of sending, which is the order of the answers */
  readonly #waiting: Unanswered[] = [];
  #ended: Error | undefined;

  /**
   * @param onEnd called once, when the thread ends by itself
   * @throws {Error} if none can be started
   */
  constructor(start: IndexStart, onEnd: (error: Error) => void) {
    this.#worker = startedThread(start);
    this.#worker.on('message', (answer: SearchTaskAnswer) => {
      this.#waiting.shift()?.resolve(answer);
    });
    const end = (error: Error) => {
      if (this.#ended) return;
      this.end(error);
      onEnd(error);
    };
    this.#worker.on('error', (cause) => end(new Error(failureOf(cause), { cause })));
    this.#worker.on('exit', () => end(new Error('an index worker exited')));
    // An idle thread does not keep the process alive.
    this.#worker.unref();
  }

  /** Number of unanswered questions. */
  get load(): number {
    return this.#waiting.length;
  }

  /** Sends a message that gets no answer. */
  post(message: IndexMessage): void {
    this.#worker.postMessage(message);
  }

  /** @returns the pairs of entry and distance of each query; rejects if the thread ends first */
  async ask(task: SearchTask): Promise<Uint32Array[]> {
    if (this.#ended) throw this.#ended;
    this.#worker.ref();
    try {
      const { totals, hits } = await new Promise<SearchTaskAnswer>((resolve, reject) => {
        // Sent first: a message that cannot be sent gets no answer, and answers are matched by
        // order.
        this.#worker.postMessage(task, [task.bytes.buffer as ArrayBuffer]);
        this.#waiting.push({ resolve, reject });
      });
      return hitsOf(totals, hits);
    } finally {
      if (this.#waiting.length === 0) this.#worker.unref();
    }
  }

  /** Rejects all pending answers with `error`. The thread goes on until `terminate`. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** A bundle may lack the script. */
const failureOf = (cause: unknown): string =>
  /MODULE_NOT_FOUND$/.test(String((cause as { code?: unknown } | null)?.code))
    ? 'the index worker did not start: set the folder of index-worker.js with setWorkerScripts'
    : 'an index worker failed';

function startedThread(start: IndexStart): Worker {
  const url = scriptOf('index-worker');
  let cause: unknown;
  try {
    if (url) return startThread(url, start);
  } catch (error) {
    cause = error;
  }
  const message =
    'no thread could be started: allow threads, or set the folder of index-worker.js with setWorkerScripts';
  throw new Error(message, { cause });
}

function hitsOf(totals: Uint32Array, hits: Uint32Array): Uint32Array[] {
  let at = 0;
  return Array.from(totals, (total) => {
    const from = at;
    at += 2 * total;
    return hits.subarray(from, at);
  });
}
