import { availableParallelism } from 'node:os';
import {
  checkAsyncIterable,
  checkInteger,
  checkIterable,
  checkKnown,
  checkNoOptions,
  checkObject,
  checkOptions,
  checkSignal,
} from '../door.js';
import type { Hash, PackedHashes } from '../hash.js';
import { checkIndex, type HammingIndex, type Hit } from '../indexing/hamming-index.js';
import { mutableIndex } from '../indexing/mutable-index.js';
import { checkRanks } from '../indexing/near.js';
import { checkMaxDistance, packedWords } from '../packed-words.js';
import { checkWorkerUrl } from '../picture/options.js';
import { Turns, unlessAborted } from '../picture/waiting.js';
import type { HashedVariant } from '../variant.js';
import { IndexThread } from './index-thread.js';
import type { PoolTask } from './index-worker.js';
import { scriptOf } from './start-thread.js';

/** The threads of an index pool. */
export interface PoolOptions {
  /** number of threads, default one per core */
  workers?: number;
  /** location of `index-worker.js`, if a bundler moved it away from this file */
  workerUrl?: string | URL | undefined;
}

const POOL_OPTIONS: readonly (keyof PoolOptions)[] = ['workers', 'workerUrl'];

/** How a batch is searched. */
export interface PoolSearchOptions {
  /**
   * aborts the search: queries not yet started are dropped, and the promise rejects with the
   * signal's reason
   */
  signal?: AbortSignal;
}

/** Threads that search one index together. */
export interface IndexPool {
  readonly workers: number;

  /**
   * The hits of each query, in the order of the queries, as `HammingIndex.searchBatch` returns
   * them.
   * @throws {TypeError | RangeError} if a query is of another algorithm or width than the index, or
   *   `maxDistance` is invalid
   */
  searchBatch(
    queries: Iterable<Hash> | PackedHashes,
    maxDistance: number,
    options?: PoolSearchOptions,
  ): Promise<Hit[][]>;

  /**
   * The hits of each query, as `HammingIndex.searchNear` finds them.
   * @param queries variants, or hashes with `ranks` where they are known
   * @throws {TypeError | RangeError} as `searchBatch`, or if ranks are invalid
   */
  searchNearBatch(
    queries: Iterable<Pick<HashedVariant, 'hash' | 'ranks'>>,
    maxDistance: number,
    options?: PoolSearchOptions,
  ): Promise<Hit[][]>;

  /**
   * The hits of each query of a stream, in its order. Only a few chunks of queries are read ahead,
   * so a slow consumer slows the source down.
   */
  search(
    queries: AsyncIterable<Hash> | Iterable<Hash>,
    maxDistance: number,
    options?: PoolSearchOptions,
  ): AsyncIterable<Hit[]>;

  /** Ends the threads. Pending searches are rejected. */
  close(): Promise<void>;
}

/**
 * Queries sent to a thread at a time: a few milliseconds of work, against about 0.05 ms for the
 * message.
 */
const CHUNK = 128;
/** Chunks queued at a thread at most, so that it need not wait for the next. */
const AHEAD = 2;

/**
 * Starts threads that search `index` as it is now, in one shared memory that all of them read. It
 * is a copy, and making it blocks as `toBuffer` does. It is searched by SIMD unless the index
 * never is. To see later changes to the index, create another pool. Two threads answer more
 * queries than one, but not twice as many where memory bandwidth is the limit.
 * @throws {TypeError | RangeError} if the index or an option is invalid
 * @example
 * const pool = createIndexPool(index);
 * const hits = await pool.searchBatch(queries, 31, { signal });
 * await pool.close();
 */
export function createIndexPool(index: HammingIndex, options: PoolOptions = {}): IndexPool {
  checkIndex(index);
  checkOptions(options);
  checkKnown(options, POOL_OPTIONS);
  const { workers = availableParallelism(), workerUrl } = options;
  checkInteger('workers', workers, 1);
  checkWorkerUrl(workerUrl);
  const url = scriptOf(workerUrl, () => new URL('./index-worker.js', import.meta.url));
  return new Pool(index, workers, url);
}

class Pool implements IndexPool {
  readonly #kind: Pick<HammingIndex, 'algorithm' | 'bits'>;
  readonly #threads: IndexThread[];
  readonly #turns: Turns;
  #ended: Error | undefined;

  constructor(index: HammingIndex, workers: number, url: URL | undefined) {
    this.#kind = { algorithm: index.algorithm, bits: index.bits };
    this.#turns = new Turns(AHEAD * workers);
    const shared = mutableIndex(index).share(workers);
    this.#threads = Array.from(
      { length: workers },
      (_, number) => new IndexThread(url, { shared, number }, (error) => this.#end(error)),
    );
  }

  get workers(): number {
    return this.#threads.length;
  }

  async searchBatch(
    queries: Iterable<Hash> | PackedHashes,
    maxDistance: number,
    options: PoolSearchOptions = {},
  ): Promise<Hit[][]> {
    return await this.#batch(queries, maxDistance, options);
  }

  async searchNearBatch(
    queries: Iterable<Pick<HashedVariant, 'hash' | 'ranks'>>,
    maxDistance: number,
    options: PoolSearchOptions = {},
  ): Promise<Hit[][]> {
    checkIterable(queries, 'an iterable of hashed variants');
    const hashes: Hash[] = [];
    const ranks: (Uint8Array | undefined)[] = [];
    for (const query of queries) {
      checkObject(query, 'a hashed variant: { hash, ranks }');
      if (query.ranks !== undefined) checkRanks(query.ranks, this.#kind.bits);
      hashes.push(query.hash);
      // Copied at once, as hashes are: what a thread gets later must still be valid.
      ranks.push(query.ranks?.slice());
    }
    return await this.#batch(hashes, maxDistance, options, ranks);
  }

  /** @param ranks of near searches, for each query */
  async #batch(
    queries: Iterable<Hash> | PackedHashes,
    maxDistance: number,
    options: PoolSearchOptions,
    ranks?: readonly (Uint8Array | undefined)[],
  ): Promise<Hit[][]> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    checkMaxDistance(maxDistance, this.#kind.bits);
    const { words, count } = packedWords(queries, this.#kind);
    const size = this.#kind.bits / 8;
    const bytes = new Uint8Array(words.buffer, 0, words.byteLength);
    const parts: Promise<Hit[][]>[] = [];
    for (let at = 0; at < count; at += CHUNK) {
      const end = at + CHUNK;
      const part = this.#turns.run(() => {
        const task = { bytes: bytes.slice(at * size, end * size), maxDistance };
        return this.#send(ranks ? { ...task, ranks: ranks.slice(at, end) } : task);
      }, signal);
      parts.push(part);
    }
    // A chunk that a thread has started runs to its end, and its answer is dropped.
    return (await unlessAborted(Promise.all(parts), signal)).flat();
  }

  async *search(
    queries: AsyncIterable<Hash> | Iterable<Hash>,
    maxDistance: number,
    options: PoolSearchOptions = {},
  ): AsyncGenerator<Hit[]> {
    checkAsyncIterable(queries, 'an iterable of hashes');
    checkMaxDistance(maxDistance, this.#kind.bits);
    checkOptions(options);
    checkSignal(options.signal);
    const ahead: Promise<Hit[][]>[] = [];
    let chunk: Hash[] = [];
    const flush = () => {
      const answer = this.searchBatch(chunk, maxDistance, options);
      // Its error is raised when its turn comes, or not at all if an earlier one failed.
      answer.catch(() => {});
      ahead.push(answer);
      chunk = [];
    };
    for await (const query of queries) {
      chunk.push(query);
      if (chunk.length < CHUNK) continue;
      flush();
      if (ahead.length > AHEAD * this.workers) yield* await ahead.shift()!;
    }
    if (chunk.length > 0) flush();
    for (const answer of ahead) yield* await answer;
  }

  async close(options?: object): Promise<void> {
    checkNoOptions(options);
    this.#end(new Error('the index pool is closed'));
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  async #send(task: PoolTask): Promise<Hit[][]> {
    if (this.#ended) throw this.#ended;
    const thread = this.#threads.reduce((a, b) => (b.load < a.load ? b : a));
    return (await thread.ask(task)).map(hitsOf);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const thread of this.#threads) thread.end(this.#ended);
  }
}

function hitsOf(pairs: Uint32Array): Hit[] {
  const hits: Hit[] = [];
  for (let i = 0; i < pairs.length; i += 2) hits.push({ id: pairs[i]!, distance: pairs[i + 1]! });
  return hits;
}
