import { onAbort, Turns, unlessAborted } from './waiting.js';

/** A thread of the platform: a Worker of a browser, or one of Node. */
export interface Thread {
  /** @param transfer objects that are moved, not copied */
  post(message: unknown, transfer: readonly object[]): void;
  /** ends it at once */
  terminate(): void;
  /** sets whether it keeps the process alive; browsers have no such thing */
  hold?(holds: boolean): void;
}

/** Events of a thread. */
export interface ThreadEvents {
  /** the first message states that it listens; each later one is an answer */
  said(message: unknown): void;
  /** it died by itself */
  died(cause?: unknown): void;
}

/** The start, the death and the number of a pool's threads. */
export interface PoolSettings {
  /** starts a thread; if it throws, the work that needed the thread gets the error */
  start(events: ThreadEvents): Thread;
  /** the error of work whose thread died; `listened` if it had begun to listen */
  death(listened: boolean, cause: unknown): unknown;
  /** threads at a time */
  readonly size: number;
}

/** A thread that one piece of work has to itself. */
export interface Lease {
  readonly thread: PooledThread;
  /** returns it; settles when its turn is passed on */
  release(): Promise<void>;
  /** from now on the signal does not end the thread: the work itself decides when to give it up */
  detach(): void;
}

/** An idle thread is ended after this long: it holds the memory of its last picture. */
const IDLE_MILLISECONDS = 30_000;

/**
 * Threads of one script, each with one piece of work at a time: memory is held for that many
 * pictures, however many wait. A thread that died is replaced.
 */
export class Pool {
  readonly #settings: PoolSettings;
  readonly #turns: Turns;
  readonly #running = new Set<PooledThread>();
  #idle: { thread: PooledThread; timer: ReturnType<typeof setTimeout> }[] = [];

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#turns = new Turns(settings.size);
  }

  /** Threads at a time. */
  get size(): number {
    return this.#turns.limit;
  }

  /**
   * If raised, waiting work starts at once; if lowered, surplus threads finish their work first.
   */
  set size(size: number) {
    this.#turns.limit = size;
  }

  /**
   * Leases a thread, once its turn has come and the thread listens. The thread is ended on abort,
   * until it is returned.
   * @returns rejects with `signal.reason` if it aborts first
   */
  lease(signal?: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const hold = async () => {
        const thread = this.#takeIdle() ?? new PooledThread(this.#settings);
        this.#running.add(thread);
        const forget = onAbort(signal, () => thread.end(signal?.reason));
        try {
          await thread.listens();
          const released = new Promise<void>((done) => {
            const release = async () => {
              done();
              await over;
            };
            resolve({ thread, release, detach: forget });
          });
          await thread.unlessEnded(released);
        } finally {
          forget();
          this.#running.delete(thread);
          if (thread.rests()) this.#keep(thread);
        }
      };
      const over = this.#turns.run(hold, signal).catch(reject);
    });
  }

  /**
   * Does `work` with a leased thread. The thread is ended if the work is given up while it owes an
   * answer: nothing else stops a decoder.
   * @returns rejects with `signal.reason` on abort
   */
  async use<T>(work: (thread: PooledThread) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { thread, release } = await this.lease(signal);
    try {
      return await thread.unlessEnded(work(thread));
    } finally {
      await release();
    }
  }

  /** Ends all threads at once; running and waiting work rejects with `reason`. */
  end(reason: unknown): void {
    this.#turns.refuse(reason);
    for (const thread of this.#running) thread.end(reason);
    for (;;) {
      const thread = this.#takeIdle();
      if (thread === undefined) return;
      thread.end(reason);
    }
  }

  #keep(thread: PooledThread): void {
    const timer = setTimeout(() => {
      this.#idle = this.#idle.filter((other) => other.thread !== thread);
      thread.end();
    }, IDLE_MILLISECONDS);
    // Only in Node: an idle thread does not keep the process alive.
    Object(timer).unref?.();
    this.#idle.push({ thread, timer });
  }

  /** The most recently used one, so that the others can expire. */
  #takeIdle(): PooledThread | undefined {
    for (;;) {
      const last = this.#idle.pop();
      if (last === undefined) return undefined;
      clearTimeout(last.timer);
      if (last.thread.alive) return last.thread;
    }
  }
}

/** A thread with at most one pending answer. Once ended it does no more. */
export class PooledThread {
  readonly #thread: Thread;
  readonly #life = new AbortController();
  readonly #listens: Promise<void>;
  #answer: ((message: unknown) => void) | undefined;
  /** set by work that wants a new thread for the next: this one is ended without an error */
  isSpent = false;

  constructor({ start, death }: PoolSettings) {
    let listened = false;
    let listens = () => {};
    this.#listens = new Promise((resolve) => {
      listens = resolve;
    });
    this.#thread = start({
      said: (message) => {
        this.#answer?.(message);
        listened = true;
        listens();
      },
      died: (cause) => this.end(death(listened, cause)),
    });
  }

  /** True if it can do more work. */
  get alive(): boolean {
    return !this.#life.signal.aborted;
  }

  /** True if an answer is pending. A new question would get that answer. */
  get owes(): boolean {
    return this.#answer !== undefined;
  }

  /** Settles when it listens. It keeps the process alive from now on. */
  listens(): Promise<void> {
    this.#thread.hold?.(true);
    return this.unlessEnded(this.#listens);
  }

  /** The result of `work`; rejects with the thread's reason if the thread is ended first. */
  unlessEnded<T>(work: Promise<T>): Promise<T> {
    return unlessAborted(work, this.#life.signal);
  }

  /**
   * Its work is over. It is ended if an answer is pending or it is spent.
   * @returns true if it can do more
   */
  rests(): boolean {
    if (this.owes) this.end();
    if (this.alive) this.#thread.hold?.(false);
    if (this.isSpent) this.end();
    return this.alive;
  }

  /**
   * The answer to `message`. Only one question may be pending.
   * @returns rejects with the reason for which the thread was ended
   */
  async ask(message: unknown, transfer: readonly object[] = []): Promise<unknown> {
    const answer = new Promise((resolve) => {
      this.#answer = resolve;
      if (this.alive) this.#thread.post(message, transfer);
    });
    try {
      return await this.unlessEnded(answer);
    } finally {
      this.#answer = undefined;
    }
  }

  /** Stops it at once; its pending answer rejects with `reason`. */
  end(reason?: unknown): void {
    if (!this.alive) return;
    this.#thread.terminate();
    this.#life.abort(reason);
  }
}
