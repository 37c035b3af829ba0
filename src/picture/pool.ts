import { onAbort, Turns } from './waiting.js';

/** A thread as the platform gives it: a Worker of a browser, or one of Node. */
export interface Thread {
  /** @param transfer what is moved, not copied */
  post(message: unknown, transfer: readonly object[]): void;
  /** ends it at once */
  terminate(): void;
  /** whether it keeps the process alive; browsers have no such thing */
  hold?(holds: boolean): void;
}

/** What a thread tells of itself. */
export interface ThreadEvents {
  /** the first message says that it listens; each later one is an answer */
  said(message: unknown): void;
  /** it died of itself */
  died(cause?: unknown): void;
}

/** How the threads of a pool come and go. */
export interface PoolSettings {
  /** starts a thread; what it throws, the work gets that needed one */
  start(events: ThreadEvents): Thread;
  /** the error of work whose thread died; `listened` if it had begun to listen */
  death(listened: boolean, cause: unknown): unknown;
  /** threads at a time */
  readonly size: number;
}

/** A thread with nothing to do is ended after so long: it holds the memory of its last picture. */
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

  /** More threads begin at once with what waits; of fewer, those too many end their work first. */
  set size(size: number) {
    this.#turns.limit = size;
  }

  /**
   * Does `work` with a thread of its own, when its turn has come and the thread listens. The thread
   * is ended if the work is given up while it owes an answer: nothing else stops a decoder.
   * @returns rejects with `signal.reason` on abort
   */
  use<T>(work: (thread: PooledThread) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.run(async () => {
      const thread = this.#takeIdle() ?? new PooledThread(this.#settings);
      this.#running.add(thread);
      const forget = onAbort(signal, () => thread.end(signal?.reason));
      try {
        return await thread.perform(work);
      } finally {
        forget();
        this.#running.delete(thread);
        if (thread.isSpent) thread.end(undefined);
        else if (thread.alive) this.#keep(thread);
      }
    }, signal);
  }

  /** Ends all threads at once; what is at work and what waits rejects with `reason`. */
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
      thread.end(undefined);
    }, IDLE_MILLISECONDS);
    // Node's alone: a thread that waits keeps no process alive.
    Object(timer).unref?.();
    this.#idle.push({ thread, timer });
  }

  /** The last that was at work: the others may grow old. */
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
  readonly #listens: Promise<void>;
  #answer: { resolve(message: unknown): void; reject(reason: unknown): void } | undefined;
  #giveUp: (reason: unknown) => void = () => {};
  #reason: unknown;
  /** whether it can do more work */
  alive = true;
  /** set by work that wants another thread to do the next: it is ended in peace */
  isSpent = false;

  constructor({ start, death }: PoolSettings) {
    let listened = false;
    let listens = () => {};
    this.#listens = new Promise((resolve) => {
      listens = resolve;
    });
    this.#thread = start({
      said: (message) => {
        this.#answer?.resolve(message);
        listened = true;
        listens();
      },
      died: (cause) => this.end(death(listened, cause)),
    });
  }

  /** Does one piece of work; ends if that is over and an answer is owed. */
  perform<T>(work: (thread: PooledThread) => Promise<T>): Promise<T> {
    this.#thread.hold?.(true);
    return new Promise<T>((resolve, reject) => {
      this.#giveUp = reject;
      const begin = async () => {
        await this.#listens;
        if (this.alive) resolve(await work(this));
      };
      begin().catch(reject);
    }).finally(() => {
      this.#giveUp = () => {};
      if (this.#answer !== undefined) this.end(undefined);
      else if (this.alive) this.#thread.hold?.(false);
    });
  }

  /**
   * The answer to `message`. Only one is asked at a time.
   * @returns rejects with the reason for which the thread was ended
   */
  async ask(message: unknown, transfer: readonly object[] = []): Promise<unknown> {
    if (!this.alive) throw this.#reason;
    try {
      return await new Promise((resolve, reject) => {
        this.#answer = { resolve, reject };
        this.#thread.post(message, transfer);
      });
    } finally {
      this.#answer = undefined;
    }
  }

  /** Stops it at once; what it is doing rejects with `reason`. */
  end(reason: unknown): void {
    if (!this.alive) return;
    this.alive = false;
    this.#reason = reason;
    this.#thread.terminate();
    this.#answer?.reject(reason);
    this.#giveUp(reason);
  }
}
