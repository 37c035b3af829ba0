import { HashWorker, type Job } from './hash-worker.js';

/** Workers with nothing to do are ended after so long: each holds a canvas of 8.5 MB. */
const IDLE_MILLISECONDS = 30_000;

/** A job that waits for its turn. */
interface Waiting {
  begin(): void;
  refuse(reason: unknown): void;
}

/**
 * Workers of one script, each with one job at a time: only so much memory is held as that many pictures need, however
 * many wait. A Worker that died is never given a job.
 */
export class WorkerPool {
  readonly #start: () => Worker;
  readonly #idle: HashWorker[] = [];
  readonly #running = new Set<HashWorker>();
  #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #size: number;

  /** @param start starts a Worker; what it throws, the job gets that needed one */
  constructor(start: () => Worker, size: number) {
    this.#start = start;
    this.#size = size;
  }

  /** Workers at a time. More of them begin at once with what waits; of fewer, those too many finish their job first. */
  set size(size: number) {
    this.#size = size;
    this.#beginWaiting();
  }

  /** @returns rejects with `signal.reason` on abort */
  run<T>(job: Job<T>): Promise<T> {
    const { signal } = job;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiting: Waiting = {
        begin: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(this.#perform(job));
        },
        refuse: (reason) => {
          signal?.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#beginWaiting();
    });
  }

  /** Ends all Workers at once; what runs and what waits rejects with `reason`. */
  end(reason: unknown): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(reason);
    for (const worker of this.#running) worker.end(reason);
    this.#endIdle();
  }

  /** Each begun job holds its Worker before the next is looked at: there is no `await` in between. */
  #beginWaiting(): void {
    while (this.#running.size < this.#size && this.#waiting.length > 0) {
      this.#waiting.shift()!.begin();
    }
  }

  async #perform<T>(job: Job<T>): Promise<T> {
    // Of a signal that ends many jobs, the first one's place may come free before the next one is told.
    job.signal?.throwIfAborted();
    const worker = this.#idleWorker() ?? new HashWorker(this.#start());
    clearTimeout(this.#timer);
    this.#running.add(worker);
    try {
      return await worker.perform(job);
    } finally {
      this.#running.delete(worker);
      if (worker.alive) this.#idle.push(worker);
      this.#beginWaiting();
      if (this.#running.size === 0) {
        this.#timer = setTimeout(() => this.#endIdle(), IDLE_MILLISECONDS);
      }
    }
  }

  #idleWorker(): HashWorker | undefined {
    for (;;) {
      const worker = this.#idle.pop();
      if (worker === undefined || worker.alive) return worker;
    }
  }

  #endIdle(): void {
    clearTimeout(this.#timer);
    for (const worker of this.#idle.splice(0)) worker.end(undefined);
  }
}
