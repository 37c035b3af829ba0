import { DecodeError } from '../errors.js';
import { copyOfHash } from '../matching/hash-key.js';
import type { PooledThread } from '../picture/pool.js';
import type { HashedVariant, Near, NearAt, Variants } from '../variant.js';
import type {
  HashFailure,
  HashQuestion,
  LetGo,
  PictureFacts,
  TaskOptions,
  VariantBatch,
} from './hash-task.js';

/**
 * The sizes of batches. Most pictures that match do so by their first hash, and those beyond it
 * cost more than a message, which takes about 0.1 ms.
 */
const FIRST = 1;
const GROWTH = 8;
const LARGEST = 64;
/** More than any picture has. */
const ALL = 1000;

/** A picture in a worker, one stage after another. */
export class WorkerPicture {
  readonly #thread: PooledThread;
  readonly #signal: AbortSignal;
  #facts: PictureFacts | undefined;
  #original: HashedVariant | undefined;
  #looksCloser = false;
  /** milliseconds so far */
  decoding = 0;
  hashing = 0;
  /** settles when `variants` has given all, or no more of them are wanted */
  readonly over: Promise<void>;
  #isOver: () => void = () => {};

  /** @param signal no more is asked once it has aborted */
  constructor(thread: PooledThread, signal: AbortSignal) {
    this.#thread = thread;
    this.#signal = signal;
    this.over = new Promise((resolve) => {
      this.#isOver = resolve;
    });
  }

  /** Sides and format, after the first variant. */
  get facts(): PictureFacts {
    return this.#facts!;
  }

  /** The first variant, the picture itself. */
  get original(): HashedVariant {
    return this.#original!;
  }

  /** Whether the worker is well; if it is not, the picture may try another. */
  async begin(options: TaskOptions): Promise<void> {
    await this.#ask({ ask: 'begin', options });
  }

  /** All variants at once, told of nothing. */
  async all(bytes: Uint8Array): Promise<HashedVariant[]> {
    const all: HashedVariant[] = [];
    let batch = await this.#first(bytes, ALL);
    for (;;) {
      all.push(...batch.variants);
      if (batch.done) return all;
      batch = await this.#next([], ALL);
    }
  }

  /**
   * The variants one by one. They come in batches: what one came near to is told to the worker with
   * the next. Whether the worker looks closer at that is known after the first.
   */
  variants(bytes: Uint8Array): AsyncIterable<HashedVariant> & Pick<Variants, 'looksCloser'> {
    const looksCloser = () => this.#looksCloser;
    return Object.defineProperty(this.#inBatches(bytes), 'looksCloser', { get: looksCloser });
  }

  async *#inBatches(bytes: Uint8Array): AsyncGenerator<HashedVariant, void, Near | undefined> {
    try {
      let most = FIRST;
      let batch = await this.#first(bytes, most);
      let nears: NearAt[] = [];
      let at = 0;
      for (;;) {
        for (const variant of batch.variants) {
          const near = yield variant;
          if (near) nears.push({ ...near, at });
          at++;
        }
        if (batch.done) return;
        most = Math.min(LARGEST, GROWTH * most);
        batch = await this.#next(nears, most);
        nears = [];
      }
    } finally {
      this.#isOver();
    }
  }

  /**
   * Lets the worker forget the picture.
   * @returns the worker's memory, in bytes; infinite if it says that it should do no more work,
   *   whose answer is then still to come
   */
  async end(): Promise<number> {
    const answer = await this.#thread.ask({ ask: 'end' });
    return isFailure(answer) ? Number.POSITIVE_INFINITY : (answer as LetGo).residentBytes;
  }

  async #first(bytes: Uint8Array, most: number): Promise<VariantBatch> {
    const start = performance.now();
    const { byteLength } = bytes;
    const batch = await this.#batch({ ask: 'first', byteLength, bytes, most });
    // With the way there: bytes go to another process.
    this.decoding += performance.now() - start - batch.hashing;
    this.hashing += batch.hashing;
    this.#facts = batch.facts;
    [this.#original] = batch.variants;
    this.#looksCloser = batch.looksCloser ?? false;
    return batch;
  }

  async #next(nears: readonly NearAt[], most: number): Promise<VariantBatch> {
    const start = performance.now();
    const batch = await this.#batch({ ask: 'next', nears, most });
    this.hashing += performance.now() - start;
    return batch;
  }

  /** A message carries data alone. Hashes get back what makes them write themselves. */
  async #batch(question: HashQuestion): Promise<VariantBatch> {
    const { variants, ...rest } = await this.#ask<VariantBatch>(question);
    return {
      ...rest,
      variants: variants.map((variant) => ({ ...variant, hash: copyOfHash(variant.hash) })),
    };
  }

  async #ask<Answer>(question: HashQuestion): Promise<Answer> {
    this.#signal.throwIfAborted();
    const answer = await this.#thread.ask(question);
    if (isFailure(answer)) {
      const error = errorOf(answer);
      if (answer.isBroken) this.#thread.end(error);
      throw error;
    }
    return answer as Answer;
  }
}

const isFailure = (answer: unknown): answer is HashFailure =>
  typeof answer === 'object' && answer !== null && 'isBroken' in answer;

function errorOf({ code, message, cause }: HashFailure): DecodeError {
  return new DecodeError(code, message, cause === undefined ? {} : { cause: new Error(cause) });
}
