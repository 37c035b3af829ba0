import { HashWorker, type Job } from './hash-worker.js';

/** Workers with nothing to do are ended after so long: each holds a canvas of 8.5 MB. */
const IDLE_MILLISECONDS = 30_000;

/**
 * Workers of one script, each with one job at a time: only so much memory is held as that many pictures need, however
 * many wait.
 */
export class WorkerPool {
  readonly #start: () => Worker;
  readonly #idle: HashWorker[] = [];
  readonly #running = new Set<HashWorker>();
  #waiting: { begin(): void; give(reason: unknown): void }[] = [];
  #taken = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Workers at a time */
  size: number;

  constructor(start: () => Worker, size: number) {
    this.#start = start;
    this.size = size;
  }

  /** @returns rejects with `signal.reason` on abort */
  async run<T>(job: Job<T>): Promise<T> {
    await this.#turn(job.signal);
    let worker: HashWorker | undefined;
    try {
      clearTimeout(this.#timer);
      worker = this.#idle.pop() ?? new HashWorker(this.#start());
      this.#running.add(worker);
      return await worker.perform(job);
    } finally {
      if (worker !== undefined) {
        this.#running.delete(worker);
        if (worker.alive) this.#idle.push(worker);
      }
      this.#taken--;
      if (this.#taken < this.size) this.#waiting.shift()?.begin();
      if (this.#taken === 0) this.#timer = setTimeout(() => this.#endIdle(), IDLE_MILLISECONDS);
    }
  }

  /** Ends all Workers at once; what runs and what waits rejects with `reason`. */
  end(reason: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { give } of waiting) give(reason);
    for (const worker of this.#running) worker.end(reason);
    this.#endIdle();
  }

  #endIdle(): void {
    clearTimeout(this.#timer);
    for (const worker of this.#idle.splice(0)) worker.end(undefined);
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#taken < this.size) {
      this.#taken++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const entry = {
        begin: () => {
          this.#taken++;
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
        give: (reason: unknown) => {
          signal?.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }
}
