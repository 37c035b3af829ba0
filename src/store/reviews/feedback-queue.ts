import { checkInteger, checkNumber, checkOptions, checkSignal, checkTypeOf } from '../../door.js';
import {
  checkedFeedback,
  checkSenders,
  type FeedbackItem,
  type FeedbackSender,
  type NewFeedback,
  type Sent,
  type Settled,
} from '../../review/feedback-item.js';
import type { Database } from '../sql/database.js';
import { FeedbackItems } from './feedback-items.js';

/** Options of a feedback queue. */
export interface FeedbackQueueOptions {
  /** by recipient name */
  senders: Readonly<Record<string, FeedbackSender>>;
  /**
   * failed tries before an item is stuck
   * @defaultValue 12
   */
  maxAttempts?: number;
  /**
   * wait before the second try; doubled for each further one
   * @defaultValue 5
   */
  backoffSeconds?: number;
  /**
   * the longest wait between two tries
   * @defaultValue 3600
   */
  maxBackoffSeconds?: number;
  /**
   * time limit of a sender; then its signal aborts, and the try counts as unanswered
   * @defaultValue 60
   */
  timeoutSeconds?: number;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: () => number;
}

/** Result of a call of `send`. */
export interface FeedbackProgress {
  /** items that a service has now */
  readonly done: number;
  /** items still to be sent or settled */
  readonly open: number;
  readonly stuck: number;
  /** when the next one is due, in milliseconds since 1970; undefined if none is open */
  readonly nextDue?: number;
  /** another process was sending, so this call sent nothing */
  readonly isBusy?: true;
}

/** See `Store.feedbackQueue`. */
export async function feedbackQueueOf(
  database: Database,
  options: FeedbackQueueOptions,
): Promise<FeedbackQueue> {
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
  const byName = new Map(Object.entries(senders));
  const items = new FeedbackItems(database, clock);
  if ((await items.all()).some(({ to }) => !byName.has(to))) {
    throw new RangeError('expected a sender for each name in the queue');
  }
  const limits = { maxAttempts, backoffSeconds, maxBackoffSeconds, timeoutSeconds };
  return new FeedbackQueue(items, byName, { ...limits, now: clock });
}

interface Settings {
  readonly maxAttempts: number;
  readonly backoffSeconds: number;
  readonly maxBackoffSeconds: number;
  readonly timeoutSeconds: number;
  readonly now: () => number;
}

/**
 * Feedback to the services whose entries it is about: durable before `add` resolves, sent by
 * `send`, retried with growing pauses, in order for each entry. A failing item holds up nothing
 * else: no other entry, and later feedback on the same entry only until it is stuck.
 *
 * Feedback is never lost, but exactly-once delivery is not promised. A service may accept a request
 * whose answer is lost. If the sender is idempotent, the item is sent again. If not, it is read
 * back, and sent again only if the service does not have it: if it is not listed yet, it arrives
 * twice.
 */
export class FeedbackQueue {
  readonly #items: FeedbackItems;
  readonly #senders: ReadonlyMap<string, FeedbackSender>;
  readonly #settings: Settings;
  readonly #closing = new AbortController();
  #sending: Promise<FeedbackProgress> | undefined;
  /** The last `retry` or `drop`. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  /** Use `Store.feedbackQueue`. */
  constructor(
    items: FeedbackItems,
    senders: ReadonlyMap<string, FeedbackSender>,
    settings: Settings,
  ) {
    this.#items = items;
    this.#senders = senders;
    this.#settings = settings;
  }

  /**
   * Adds feedback.
   * @returns once it is durable; whether it is new: an id that the queue has, or has ended within a
   * week, is not accepted again
   * @throws {TypeError | RangeError} if it is invalid, or the queue is closed
   * @throws {StoreError} `unreachable`; the feedback may be in the queue then: add it again
   */
  async add(feedback: NewFeedback): Promise<boolean> {
    const put = checkedFeedback(feedback);
    if (!this.#senders.has(put.to)) throw new RangeError('expected `to` to name a sender');
    this.#checkOpen();
    return await this.#items.put(put);
  }

  /** Items that are waiting, unknown or stuck, in order of arrival. */
  items(): Promise<FeedbackItem[]> {
    return this.#items.all();
  }

  /** Items that were given up, in order of arrival, for people to look at. */
  async stuck(): Promise<FeedbackItem[]> {
    return (await this.items()).filter(({ state }) => state === 'stuck');
  }

  /**
   * Sends and settles due items, once each, until none is due. Services are asked in parallel, each
   * for one item at a time. A call while another runs joins it.
   * @param options `signal` ends it after the items being sent
   * @throws {StoreError} if the store fails; nothing is sent before it is written down
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
   * Retries a stuck item.
   * @returns false if it is not stuck, or if later feedback on the same entry has come since: the
   * service should receive that last
   * @throws {TypeError} if `id` is not a string
   */
  async retry(id: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      const item = await this.#stuckItem(id);
      if (item === undefined || (await this.#items.hasLater(item))) return false;
      // It may have arrived, if it was ever sent.
      const due = this.#settings.now();
      const change = { state: 'unknown', attempts: 0, due } as const;
      return (await this.#items.change(item, change)) !== undefined;
    });
  }

  /**
   * Drops a stuck item.
   * @returns whether it was stuck
   * @throws {TypeError} if `id` is not a string
   */
  async drop(id: string): Promise<boolean> {
    return await this.#inTurn(async () => {
      const item = await this.#stuckItem(id);
      return item !== undefined && (await this.#items.end(item));
    });
  }

  /** Runs one after another, so that nothing changes an item that has just ended. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Waits for the items being sent, and closes the queue; the store stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#sending?.catch(() => {});
  }

  #checkOpen(): void {
    if (this.#closed) throw new TypeError('expected a feedback queue that is not closed');
  }

  async #stuckItem(id: string): Promise<FeedbackItem | undefined> {
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    this.#checkOpen();
    const item = await this.#items.get(id);
    return item?.state === 'stuck' ? item : undefined;
  }

  async #sendAll(given: AbortSignal | undefined): Promise<FeedbackProgress> {
    const sources = given ? [given, this.#closing.signal] : [this.#closing.signal];
    const sent = await this.#items.sending((lost) =>
      this.#sendDue(AbortSignal.any([...sources, lost])),
    );
    const counts = await this.#items.counts();
    if (sent === undefined) return { done: 0, ...counts, isBusy: true };
    const dues = (await this.#items.heads()).map(({ due }) => due);
    const nextDue = dues.reduce((least, due) => Math.min(least, due), Number.POSITIVE_INFINITY);
    return { done: sent.of, ...counts, ...(dues.length > 0 && { nextDue }) };
  }

  /** @returns number of items that the services have now */
  async #sendDue(stop: AbortSignal): Promise<number> {
    let done = 0;
    const lanes = [...this.#senders.keys()].map((to) => this.#sendTo(to, stop, () => done++));
    // All lanes end before the first error is thrown: none writes on behind the caller's back.
    for (const end of await Promise.allSettled(lanes)) {
      if (end.status === 'rejected') throw end.reason;
    }
    return done;
  }

  async #sendTo(to: string, signal: AbortSignal, onDone: () => void): Promise<void> {
    const tried = new Set<string>();
    // An ended item makes way for later feedback on its entry, which the next round sends.
    for (;;) {
      const now = this.#settings.now();
      const heads = await this.#items.heads(to);
      const due = heads.filter((item) => item.due <= now && !tried.has(item.id));
      if (due.length === 0) return;
      for (const item of due) {
        if (signal.aborted) return;
        tried.add(item.id);
        if (await this.#try(item, signal)) onDone();
      }
    }
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
    // Durable before it is sent: after a kill, the next process must know that it may have arrived.
    const { attempts, due } = item;
    const change = { state: 'unknown', attempts: attempts + 1, due } as const;
    const sending = await this.#items.change(item, change);
    if (sending === undefined) return false;
    const sent = await this.#ask(signal, (options) => sender.send(sending, options));
    return await this.#after(item, sent, sent === 'retry' ? 'waiting' : 'unknown', signal);
  }

  /** Applies an answer. @returns whether the service has it now */
  async #after(
    item: FeedbackItem,
    answer: Sent | Settled,
    state: 'waiting' | 'unknown',
    signal: AbortSignal,
  ): Promise<boolean> {
    if (answer === 'done') {
      await this.#items.end(item);
      return true;
    }
    const { maxAttempts, backoffSeconds, maxBackoffSeconds, now } = this.#settings;
    // A try that the caller aborted does not count.
    const attempts = item.attempts + (signal.aborted ? 0 : 1);
    const seconds = backoffSeconds * 2 ** Math.min(attempts - 1, 60);
    const due = now() + (signal.aborted ? 0 : 1000 * Math.min(maxBackoffSeconds, seconds));
    const isOver = answer === 'refused' || attempts >= maxAttempts;
    await this.#items.change(item, { state: isOver ? 'stuck' : state, attempts, due });
    return false;
  }

  /** The sender's answer within the time limit; `unknown` if it is not a valid answer. */
  async #ask<Answer extends Sent | Settled>(
    signal: AbortSignal,
    call: (options: { signal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer | 'unknown'> {
    if (signal.aborted) return 'unknown';
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(), 1000 * this.#settings.timeoutSeconds);
    const either = AbortSignal.any([signal, ended.signal]);
    const out = new Promise<'unknown'>((resolve) => {
      either.addEventListener('abort', () => resolve('unknown'), { once: true });
    });
    try {
      return await Promise.race([call({ signal: either }), out]);
    } catch {
      return 'unknown';
    } finally {
      clearTimeout(timer);
    }
  }
}
