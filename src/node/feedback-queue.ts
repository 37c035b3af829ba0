import { checkInteger, checkNumber, checkOptions, checkSignal, checkTypeOf } from '../door.js';
import {
  checkedFeedback,
  checkSenders,
  type FeedbackItem,
  type FeedbackSender,
  type NewFeedback,
  type Sent,
  type Settled,
} from './feedback-item.js';
import { FeedbackStore } from './feedback-store.js';
import { checkPath } from './index-file.js';

export interface FeedbackQueueOptions {
  /** by the name that feedback is sent to */
  senders: Readonly<Record<string, FeedbackSender>>;
  /**
   * how often something is tried in vain before it is stuck
   * @defaultValue 12
   */
  maxAttempts?: number;
  /**
   * before the second try; doubled for each further one
   * @defaultValue 5
   */
  backoffSeconds?: number;
  /**
   * the longest wait between two tries
   * @defaultValue 3600
   */
  maxBackoffSeconds?: number;
  /**
   * how long a sender may take; then its signal aborts, and it counts as no answer
   * @defaultValue 60
   */
  timeoutSeconds?: number;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: () => number;
}

/** What a call of `send` did. */
export interface FeedbackProgress {
  /** that a service has now */
  readonly done: number;
  /** that are still to be sent or settled */
  readonly open: number;
  readonly stuck: number;
  /** when the next one is due, in milliseconds since 1970; undefined if none is open */
  readonly nextDue?: number;
}

/**
 * Opens the queue of feedback in a folder, or begins one. What a kill left goes on: feedback that
 * was being sent may have arrived, so it is settled first, or sent again if the sender is
 * idempotent.
 * @param folder is made with mode 700 if it is not there; one process may write in it
 * @throws {FormatError} `in-use` if another running process writes in it; `bad-line` if the file
 *   holds what no queue wrote
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export async function openFeedbackQueue(
  folder: string,
  options: FeedbackQueueOptions,
): Promise<FeedbackQueue> {
  checkPath(folder);
  checkOptions(options);
  const { senders, maxAttempts = 12, backoffSeconds = 5, maxBackoffSeconds = 3600 } = options;
  const { timeoutSeconds = 60, now = Date.now } = options;
  checkSenders(senders);
  checkInteger('maxAttempts', maxAttempts, 1);
  checkNumber('backoffSeconds', backoffSeconds, 0);
  checkNumber('maxBackoffSeconds', maxBackoffSeconds, 0);
  checkNumber('timeoutSeconds', timeoutSeconds, 0, 86_400);
  checkTypeOf('now', now, 'function');
  const clock = () => {
    const time = now();
    if (!Number.isFinite(time)) throw new TypeError('expected now to give milliseconds');
    return time;
  };
  clock();
  const store = await FeedbackStore.open(folder, clock);
  const byName = new Map(Object.entries(senders));
  if ([...store.items.values()].some(({ to }) => !byName.has(to))) {
    await store.close();
    throw new RangeError('expected a sender for each name in the queue');
  }
  const limits = { maxAttempts, backoffSeconds, maxBackoffSeconds, timeoutSeconds };
  return new FeedbackQueue(store, byName, { ...limits, now: clock });
}

interface Settings {
  readonly maxAttempts: number;
  readonly backoffSeconds: number;
  readonly maxBackoffSeconds: number;
  readonly timeoutSeconds: number;
  readonly now: () => number;
}

/**
 * Feedback that is to reach the services whose entries it is about: durable before `add` resolves,
 * sent by `send`, tried again with growing pauses, in its order for each entry. What cannot be sent
 * holds up nothing else: not other entries, and later feedback on the same entry only until it is
 * stuck.
 *
 * No feedback is lost, and none is promised to arrive exactly once. A service may take a request
 * whose answer is lost. If the sender is idempotent, it is sent again. If not, it is read back, and
 * sent again only if the service does not have it: if that is not told yet, it arrives twice.
 */
export class FeedbackQueue {
  readonly #store: FeedbackStore;
  readonly #senders: ReadonlyMap<string, FeedbackSender>;
  readonly #settings: Settings;
  readonly #adding = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();
  #sending: Promise<FeedbackProgress> | undefined;
  /** The last `retry` or `drop`. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Use `openFeedbackQueue`. */
  constructor(
    store: FeedbackStore,
    senders: ReadonlyMap<string, FeedbackSender>,
    settings: Settings,
  ) {
    this.#store = store;
    this.#senders = senders;
    this.#settings = settings;
  }

  /**
   * Takes feedback. Many at once share one flush to disk.
   * @returns once it is on disk; whether it is new: an id that the queue has, or has ended within a
   *   week, is not taken again
   * @throws {TypeError | RangeError} if it is invalid, or the queue is closed
   * @throws what the file system throws, as on a full disk; the feedback is not in the queue then
   */
  async add(feedback: NewFeedback): Promise<boolean> {
    const put = checkedFeedback(feedback);
    if (!this.#senders.has(put.to)) throw new RangeError('expected to to name a sender');
    this.#checkOpen();
    const { id } = put;
    if (this.#store.has(id)) return false;
    const adding = this.#adding.get(id);
    if (adding) {
      await adding;
      return false;
    }
    const writing = this.#store.put(put);
    this.#adding.set(id, writing);
    try {
      await writing;
      return true;
    } finally {
      this.#adding.delete(id);
    }
  }

  /** What is waiting, unknown or stuck, in the order in which it came. */
  items(): FeedbackItem[] {
    return [...this.#store.items.values()];
  }

  /** What was given up, in the order in which it came: for people to look at. */
  stuck(): FeedbackItem[] {
    return this.items().filter(({ state }) => state === 'stuck');
  }

  /**
   * Sends and settles what is due, once each, until nothing more is due. Services are asked side by
   * side, each for one thing at a time. A call while another runs joins it.
   *
   * What was sent stays in the file, with its body, until the first call a day later or until the
   * queue is opened again.
   * @param options `signal` ends it after what is being sent
   * @throws what the file system throws; nothing is sent that could not be written down before
   */
  send(options: { signal?: AbortSignal } = {}): Promise<FeedbackProgress> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    this.#checkOpen();
    this.#sending ??= this.#sendAll(signal).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /**
   * Tries what is stuck again from now on.
   * @returns false if it is not stuck, or if later feedback on the same entry has come since: that
   *   is what the service should have last
   * @throws {TypeError} if `id` is not a string
   */
  async retry(id: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      const item = this.#stuckItem(id);
      if (item === undefined || this.#hasLater(item)) return false;
      // It may have arrived, if it was ever sent.
      await this.#store.change(item, 'unknown', { attempts: 0, due: this.#settings.now() });
      return true;
    });
  }

  /**
   * Forgets what is stuck.
   * @returns whether it was
   * @throws {TypeError} if `id` is not a string
   */
  async drop(id: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      const item = this.#stuckItem(id);
      if (item === undefined) return false;
      await this.#store.end(item, 'dropped');
      return true;
    });
  }

  /** One after another, so that nothing is changed that has just ended. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Waits for what is being sent and written, and closes the queue. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#sending?.catch(() => {});
    await this.#store.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError('expected a feedback queue that is not closed');
  }

  #stuckItem(id: string): FeedbackItem | undefined {
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    this.#checkOpen();
    const item = this.#store.items.get(id);
    return item?.state === 'stuck' ? item : undefined;
  }

  #hasLater({ id, to, entry }: FeedbackItem): boolean {
    const all = this.items();
    const later = all.slice(all.findIndex((one) => one.id === id) + 1);
    return later.some((other) => other.to === to && other.entry === entry);
  }

  async #sendAll(given: AbortSignal | undefined): Promise<FeedbackProgress> {
    const stop = new AbortController();
    const abort = () => stop.abort();
    const sources = [given, this.#closing.signal].filter((source) => source !== undefined);
    for (const source of sources) {
      if (source.aborted) abort();
      source.addEventListener('abort', abort, { once: true });
    }
    let done = 0;
    try {
      const lanes = [...this.#senders.keys()].map((to) =>
        this.#sendTo(to, stop.signal, () => done++),
      );
      // All end before the first error is told: none writes on behind the caller's back.
      for (const end of await Promise.allSettled(lanes)) {
        if (end.status === 'rejected') throw end.reason;
      }
    } finally {
      for (const source of sources) source.removeEventListener('abort', abort);
    }
    await this.#store.compact();
    const stuck = this.stuck().length;
    const open = this.#store.items.size - stuck;
    const nextDue = this.#heads().reduce(
      (least, { due }) => Math.min(least, due),
      Number.POSITIVE_INFINITY,
    );
    return { done, open, stuck, ...(open > 0 && { nextDue }) };
  }

  async #sendTo(to: string, signal: AbortSignal, onDone: () => void): Promise<void> {
    const tried = new Set<string>();
    // What has ended makes way for later feedback on its entry, which the next round sends.
    for (;;) {
      const now = this.#settings.now();
      const due = this.#heads(to).filter((item) => item.due <= now && !tried.has(item.id));
      if (due.length === 0) return;
      for (const item of due) {
        if (signal.aborted) return;
        tried.add(item.id);
        if (await this.#try(item, signal)) onDone();
      }
    }
  }

  /** The first that is open of each entry. */
  #heads(to?: string): FeedbackItem[] {
    const heads = new Map<string, FeedbackItem>();
    for (const item of this.#store.items.values()) {
      if (item.state === 'stuck' || (to !== undefined && item.to !== to)) continue;
      const key = JSON.stringify([item.to, item.entry]);
      if (!heads.has(key)) heads.set(key, item);
    }
    return [...heads.values()];
  }

  /** Settles or sends. @returns whether the service has it now */
  async #try(item: FeedbackItem, signal: AbortSignal): Promise<boolean> {
    const sender = this.#senders.get(item.to)!;
    if (sender.idempotent) {
      const sent = await this.#ask(signal, (options) => sender.send(item, options));
      return await this.#after(item, sent, 'waiting', signal);
    }
    if (item.state === 'unknown') {
      const settled = await this.#ask(signal, (options) => sender.settle!(item, options));
      if (settled !== 'absent') return await this.#after(item, settled, 'unknown', signal);
    }
    // On disk before it is sent: whoever goes on after a kill must know that it may have arrived.
    const { attempts, due } = item;
    const sending = await this.#store.change(item, 'unknown', { attempts: attempts + 1, due });
    const sent = await this.#ask(signal, (options) => sender.send(sending, options));
    return await this.#after(item, sent, sent === 'retry' ? 'waiting' : 'unknown', signal);
  }

  /** What follows from an answer. @returns whether the service has it now */
  async #after(
    item: FeedbackItem,
    answer: Sent | Settled,
    state: 'waiting' | 'unknown',
    signal: AbortSignal,
  ): Promise<boolean> {
    const store = this.#store;
    if (answer === 'done') {
      await store.end(item, 'done');
      return true;
    }
    const { maxAttempts, backoffSeconds, maxBackoffSeconds, now } = this.#settings;
    // What the caller broke off was not in vain.
    const attempts = item.attempts + (signal.aborted ? 0 : 1);
    const seconds = backoffSeconds * 2 ** Math.min(attempts - 1, 60);
    const due = now() + (signal.aborted ? 0 : 1000 * Math.min(maxBackoffSeconds, seconds));
    const isOver = answer === 'refused' || attempts >= maxAttempts;
    await store.change(item, isOver ? 'stuck' : state, { attempts, due });
    return false;
  }

  /** What a sender answers within its time; `unknown` for whatever is no answer. */
  async #ask<Answer extends Sent | Settled>(
    signal: AbortSignal,
    call: (options: { signal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer | 'unknown'> {
    if (signal.aborted) return 'unknown';
    const ended = new AbortController();
    const abort = () => ended.abort();
    const timer = setTimeout(abort, 1000 * this.#settings.timeoutSeconds);
    signal.addEventListener('abort', abort, { once: true });
    const out = new Promise<'unknown'>((resolve) => {
      ended.signal.addEventListener('abort', () => resolve('unknown'), { once: true });
    });
    try {
      return await Promise.race([call({ signal: ended.signal }), out]);
    } catch {
      return 'unknown';
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}
