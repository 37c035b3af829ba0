/*
 * The workers of a hash pool, and the lease by which one picture has a worker to itself. A worker
 * is in one of these states:
 *
 *   state       ends                                       then
 *   starting    when it listens                            at work
 *   at work     with the lease                             letting go
 *   letting go  when it has forgotten the picture          idle, or ended if it is spent
 *   idle        with the next lease, or after 30 s         at work, or ended
 *   ended
 *
 * If it dies, it is ended from any state. From `at work` it is ended, too, if it uses too much
 * memory or CPU, or owes an answer when the picture's time or its lease is over; from `letting go`
 * after 5 s.
 *
 * A lease begins with a question that puts nothing of the picture at risk: if the worker has died,
 * another takes its place. It ends with the last variant, as remote lists may take longer. The
 * picture is answered while its worker lets it go.
 */

import { DecodeError, type DecodeErrorCode } from '../../errors.js';
import type { ImageFormat } from '../../formats/image-format.js';
import { copyOfHash, type Hash } from '../../hash.js';
import { type Lease, Pool, type PooledThread, type ThreadEvents } from '../../picture/pool.js';
import { onAbort } from '../../picture/waiting.js';
import type { HashedVariant, Near, NearAt, Variants } from '../../variant.js';
import type { DecodedImage } from '../decode/decode.js';
import { importSharp } from '../decode/sharp.js';
import { HASH_FILE_OPTIONS, type HashFileOptions } from '../hash-file.js';
import type { VideoFacts, VideoProgress } from '../video/hash-video.js';
import type { FrameBatch, FrameForms, VideoTask } from '../video/video-task.js';
import { deathOf, type HashWorker, startWorker, type WorkerLimits } from './hash-worker.js';

/** The scope of the picture that a worker is leased for. */
interface Scope {
  /** no more questions after it has aborted */
  readonly signal: AbortSignal;
  /** milliseconds that the worker then has for the pending answer */
  readonly left: number;
  /** milliseconds of its stages so far */
  readonly times: { decoding: number; hashing: number };
}

/** A worker that takes longer to let its picture go has hung. */
const LET_GO_MILLISECONDS = 5000;

/** A worker that died before it got a picture did not die of the picture. */
const MOST_TRIES = 3;

/** Pictures after which a worker is replaced, in case each leaks a little. */
const MOST_PICTURES = 10_000;

/**
 * True if a worker is to be replaced: with much memory it would be killed amid the next picture.
 */
export const isSpent = (
  { pictures, residentBytes }: { pictures: number; residentBytes: number },
  maxMemory: number,
): boolean => pictures >= MOST_PICTURES || residentBytes > maxMemory / 2;

/** The workers of a pool. */
export class Workers {
  readonly #limits: WorkerLimits;
  readonly #pool: Pool;
  readonly #alive = new Set<HashWorker>();
  readonly #pictures = new WeakMap<PooledThread, number>();
  #atWork = 0;
  #restarts = 0;

  constructor(size: number, limits: WorkerLimits) {
    this.#limits = limits;
    this.#pool = new Pool({ start: (events) => this.#start(events), death: deathOf, size });
  }

  get stats() {
    const pids = [...this.#alive].map(({ pid }) => pid).filter((pid) => pid !== undefined);
    const { size: workers } = this.#alive;
    return { atWork: this.#atWork, workers, pids, restarts: this.#restarts };
  }

  /**
   * Leases a healthy worker, in order of arrival. On abort the picture leaves the queue.
   * @returns rejects with the reason of the scope's signal on abort
   */
  async lease(options: TaskOptions, scope: Scope): Promise<WorkerLease> {
    // Sharp must be in the process before a thread can load it.
    if (this.#limits.isolation === 'thread') await importSharp().catch(() => {});
    for (let tries = 1; ; tries++) {
      let lease: WorkerLease | undefined;
      try {
        lease = this.#leaseOf(await this.#pool.lease(scope.signal), scope);
        await lease.begin(options);
        return lease;
      } catch (error) {
        lease?.end();
        const { code } = error instanceof DecodeError ? error : {};
        const died = code === 'crashed' || code === 'decoder-missing';
        if (!died || tries === MOST_TRIES) throw error;
      }
    }
  }

  #leaseOf({ thread, release, detach }: Lease, scope: Scope): WorkerLease {
    this.#atWork++;
    detach();
    return new WorkerLease(thread, scope, async () => {
      this.#atWork--;
      if (thread.alive && !thread.owes) await this.#letGo(thread);
      await release();
    });
  }

  /** Lets a worker forget its picture, and marks it as spent if it has done enough. */
  async #letGo(thread: PooledThread): Promise<void> {
    const late = setTimeout(() => thread.end(), LET_GO_MILLISECONDS);
    // A worker that should do no more reports a failure in place of this answer.
    const residentBytes = await thread.ask({ ask: 'end' } satisfies HashQuestion).then(
      (answer) => (isFailure(answer) ? Number.POSITIVE_INFINITY : (answer as LetGo).residentBytes),
      () => 0,
    );
    clearTimeout(late);
    const pictures = (this.#pictures.get(thread) ?? 0) + 1;
    this.#pictures.set(thread, pictures);
    thread.isSpent = isSpent({ pictures, residentBytes }, this.#limits.maxMemory);
  }

  /** Ends all workers, for a pool whose pictures are answered. */
  async end(): Promise<void> {
    this.#pool.end(undefined);
    for (const worker of this.#alive) worker.hold?.(true);
    await Promise.all([...this.#alive].map(({ ended }) => ended));
  }

  #start(events: ThreadEvents): HashWorker {
    let isLost = false;
    const worker = startWorker(this.#limits, {
      ...events,
      died: (cause) => {
        isLost = true;
        events.died(cause);
      },
    });
    this.#alive.add(worker);
    worker.ended.then(() => this.#alive.delete(worker));
    return {
      ...worker,
      hold: (holds) => {
        isLost = holds;
        worker.hold?.(holds);
      },
      terminate: () => {
        if (isLost) this.#restarts++;
        worker.terminate();
      },
    };
  }
}

/**
 * Sizes of batches. Most pictures that match do so by their first hash, and further hashes cost
 * more than a message, which takes about 0.1 ms.
 */
export const FIRST_BATCH = 1;
const GROWTH = 8;
export const LARGEST_BATCH = 64;

/** A worker that one picture has to itself, one stage after another. */
export class WorkerLease {
  readonly #thread: PooledThread;
  readonly #scope: Scope;
  readonly #giveBack: () => Promise<void>;
  readonly #forget: () => void;
  #late: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(thread: PooledThread, scope: Scope, giveBack: () => Promise<void>) {
    const { signal } = scope;
    this.#thread = thread;
    this.#scope = scope;
    this.#giveBack = giveBack;
    // Killing a worker costs more than waiting for its next answer.
    this.#forget = onAbort(signal, () => {
      const end = () => thread.end(signal.reason);
      if (scope.left > 0) this.#late = setTimeout(end, scope.left);
      else end();
    });
  }

  /** Checks that the worker is well; if it is not, the picture may try another. */
  async begin(options: TaskOptions): Promise<void> {
    this.#scope.signal.throwIfAborted();
    this.#believed(await this.#thread.ask({ ask: 'begin', options } satisfies HashQuestion));
  }

  /** The facts of the picture in `bytes`, and at most so many of its first variants. */
  async decode(bytes: Uint8Array, most: number): Promise<FirstBatch> {
    const { signal, times } = this.#scope;
    signal.throwIfAborted();
    const start = performance.now();
    const question = { ask: 'first', byteLength: bytes.length, bytes, most } satisfies HashQuestion;
    const batch = this.#batchOf<FirstBatch>(await this.#thread.ask(question));
    // Includes the transfer of the bytes to another process.
    times.decoding = performance.now() - start - batch.hashing;
    times.hashing = batch.hashing;
    return batch;
  }

  /**
   * The variants from `first` on, one by one. They come in batches: each request reports to the
   * worker what earlier variants came near to. The lease ends with the last of them.
   */
  variants(first: FirstBatch): AsyncIterable<HashedVariant> & Pick<Variants, 'looksCloser'> {
    const { looksCloser } = first;
    return Object.assign(this.#inBatches(first), { looksCloser });
  }

  async *#inBatches(first: VariantBatch): AsyncGenerator<HashedVariant, void, Near | undefined> {
    try {
      let batch = first;
      let most = FIRST_BATCH;
      let nears: NearAt[] = [];
      let at = 0;
      for (;;) {
        for (const variant of batch.variants) {
          const near = yield variant;
          if (near) nears.push({ ...near, at });
          at++;
        }
        if (batch.done) return;
        most = Math.min(LARGEST_BATCH, GROWTH * most);
        batch = await this.#next(nears, most);
        nears = [];
      }
    } finally {
      this.end();
    }
  }

  async #next(nears: readonly NearAt[], most: number): Promise<VariantBatch> {
    this.#scope.signal.throwIfAborted();
    const start = performance.now();
    const question = { ask: 'next', nears, most } satisfies HashQuestion;
    const batch = this.#batchOf<VariantBatch>(await this.#thread.ask(question));
    this.#scope.times.hashing += performance.now() - start;
    return batch;
  }

  /** The frames of a video, as the worker decodes it. The lease goes on. */
  async *frames(
    task: VideoTask,
    onProgress: ((progress: VideoProgress) => void) | undefined,
  ): AsyncGenerator<FrameForms, VideoFacts, undefined> {
    let question: HashQuestion = { ask: 'video', task };
    for (;;) {
      this.#scope.signal.throwIfAborted();
      const start = performance.now();
      const { frames, of, end } = this.#believed<FrameBatch>(await this.#thread.ask(question));
      this.#scope.times.hashing += performance.now() - start;
      for (const { frame, variants } of frames) {
        const { variants: forms } = frame;
        const own = { ...withHash(frame), ...(forms && { variants: forms.map(withHash) }) };
        yield { frame: own, variants: variants.map(withHash) };
        onProgress?.({ seconds: frame.seconds, of });
      }
      if (end) return end;
      question = { ask: 'frames' };
    }
  }

  /** Returns the worker, which lets the picture go. Later calls are no-ops. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#late);
    this.#forget();
    this.#giveBack();
  }

  #batchOf<Batch extends VariantBatch>(answer: unknown): Batch {
    const batch = this.#believed<Batch>(answer);
    return { ...batch, variants: batch.variants.map(withHash) };
  }

  #believed<Answer>(answer: unknown): Answer {
    if (!isFailure(answer)) return answer as Answer;
    const { code, message, cause, isBroken } = answer;
    const error = new DecodeError(
      code,
      message,
      cause === undefined ? {} : { cause: new Error(cause) },
    );
    if (isBroken) this.#thread.end(error);
    throw error;
  }
}

/** A message carries only data. Hashes get back their prototype. */
const withHash = <T extends { readonly hash: Hash }>(one: T): T => ({
  ...one,
  hash: copyOfHash(one.hash),
});

const isFailure = (answer: unknown): answer is HashFailure =>
  typeof answer === 'object' && answer !== null && 'isBroken' in answer;

/*
 * The messages of a hash pool and its workers, for one picture at a time. The pool asks, the worker
 * answers: it begins, takes the bytes, gives variants in batches as they are requested, and lets
 * the picture go.
 */

/** Options of a picture that its worker needs; the others are the pool's own. */
export type TaskOptions = Omit<HashFileOptions, 'signal' | 'maxBytes'>;

/** A question of the pool. */
export type HashQuestion =
  /** checks that the worker is well; nothing of a picture is at risk until it has answered */
  | { readonly ask: 'begin'; readonly options: TaskOptions }
  /**
   * the first variants, at most so many
   * - a thread has `bytes` moved to it; a process gets them on its standard input
   */
  | {
      readonly ask: 'first';
      readonly byteLength: number;
      readonly bytes?: Uint8Array;
      readonly most: number;
    }
  /** the next ones; `nears` reports what earlier ones came near to, each of them once */
  | { readonly ask: 'next'; readonly nears: readonly NearAt[]; readonly most: number }
  /** the first frames of a video in a file */
  | { readonly ask: 'video'; readonly task: VideoTask }
  /** the next ones */
  | { readonly ask: 'frames' }
  /** to let the picture go */
  | { readonly ask: 'end' };

/** The answer to `next`. */
export interface VariantBatch {
  readonly variants: readonly HashedVariant[];
  /** true if there are no more; false if what came near is needed first */
  readonly done: boolean;
  /** milliseconds that hashing took */
  readonly hashing: number;
}

/** The answer to `first`. */
export interface FirstBatch extends VariantBatch {
  readonly facts: PictureFacts;
  /** true if near hits are examined more closely */
  readonly looksCloser: boolean;
}

/** Facts about a decoded picture. */
export interface PictureFacts {
  /** sides as displayed, in pixels */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** `draft` if it was decoded at a fraction of its size */
  readonly decoding: 'full' | 'draft';
  /** as in `DecodedImage` */
  readonly frames?: NonNullable<DecodedImage['frames']>;
  readonly unseen?: NonNullable<DecodedImage['unseen']>;
}

/** The reason for a missing answer. */
export interface HashFailure {
  readonly code: DecodeErrorCode;
  readonly message: string;
  /** the decoder's own words */
  readonly cause?: string;
  /** the worker should do no more work */
  readonly isBroken: boolean;
}

/** The answer to `end`: the worker's memory, in bytes; 0 if it is a thread. */
export interface LetGo {
  readonly residentBytes: number;
}

const { maxBytes: _, signal: __, ...TASK_OPTIONS } = HASH_FILE_OPTIONS;

/** Those options that a worker needs and that a message can carry. */
export function taskOptionsOf(options: HashFileOptions): TaskOptions {
  const given = options as Record<string, unknown>;
  const known = Object.keys(TASK_OPTIONS).filter((name) => given[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, given[name]]));
}
