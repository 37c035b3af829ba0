import {
  checkedBriefly,
  checkIterable,
  checkObject,
  text as checkText,
  integer,
  type OptionTable,
  tableOf,
  wrongKind,
} from '../../door.js';
import { jsonObject } from '../../text/json.js';
import type { FetchUpdatesOptions, ListClient, UpdatesPage } from '../list-update.js';
import { ServiceConnection } from '../service-connection.js';
import { ServiceError } from '../service-error.js';
import {
  CALL_OPTIONS,
  type CallOptions,
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';
import { isTooOld, OVERLAP_SECONDS, type TimedCheckpoint, timedUpdates } from '../timed-fetch.js';
import {
  type StopNciiFeedback,
  stopNciiEnvelope,
  stopNciiPage,
  updateOfStopNcii,
  writeStopNciiFeedback,
} from './format.js';

/** Keys that StopNCII gives a company. Each call has its own key. */
export interface StopNciiKeys {
  subscriptionKey: string;
  fetchHashesKey?: string;
  submitFeedbackKey?: string;
}

/** Options of `StopNciiClient`. */
export interface StopNciiOptions extends ServiceOptions {
  /** records per page, default 800 */
  pageSize?: number;
}

export const STOP_NCII_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, default: 'https://api.stopncii.org/v1' },
  pageSize: { is: integer, least: 1, most: 100_000, default: 800 },
}) satisfies OptionTable<StopNciiOptions>;

/** Outcome of a post: `unknown` if StopNCII did not answer, or failed. */
export type PostOutcome = 'done' | 'unknown';

/** StopNCII requires a fetch from the start after 30 days without one. */
const RESTART_SECONDS = 30 * 86_400;
/** `startTimestamp` that fetches everything, as in the reference client. */
const EVERYTHING = 10;

/** Options for finding feedback. */
export interface FindFeedbackOptions extends CallOptions {
  /** the company's name in `CSPFeedbacks` */
  source: string;
  /** a time before it was posted, default everything: all changes since then are fetched */
  sinceSeconds?: number;
}

export const FIND_FEEDBACK_OPTIONS = /* @__PURE__ */ tableOf(CALL_OPTIONS, {
  source: { is: checkText, required: true },
  sinceSeconds: { is: integer, default: EVERYTHING },
}) satisfies OptionTable<FindFeedbackOptions>;

/**
 * StopNCII's API for participating companies. It was written from documents and samples, and has
 * not run against the real service.
 *
 * A fetch goes on from its checkpoint, which is the newest time of all pages, since the time of a
 * page may be lower than that of the page before. Feedback is posted once: without an answer it is
 * `unknown`, and `findFeedback` reads back the feedback that arrived.
 * @example
 * const client = new StopNciiClient({ subscriptionKey, fetchHashesKey });
 * for await (const page of client.fetchUpdates({ checkpoint })) {
 *   for (const update of page.updates) list.set(update.key, update);
 *   if (page.checkpoint) checkpoint = page.checkpoint;
 * }
 */
export class StopNciiClient implements ListClient<TimedCheckpoint> {
  readonly #keys: StopNciiKeys;
  readonly #connection: ServiceConnection;
  readonly #pageSize: number;

  /** @throws {TypeError | RangeError} if a key or an option is invalid */
  constructor(keys: StopNciiKeys, options: StopNciiOptions = {}) {
    checkObject(keys, 'keys: { subscriptionKey, fetchHashesKey … }');
    const { subscriptionKey, fetchHashesKey, submitFeedbackKey } = keys;
    checkCredential('subscriptionKey', subscriptionKey);
    for (const [name, key] of Object.entries({ fetchHashesKey, submitFeedbackKey })) {
      if (key !== undefined) checkCredential(name, key);
    }
    const { pageSize, ...others } = checkedBriefly(options, STOP_NCII_OPTIONS);
    this.#keys = { ...keys };
    this.#pageSize = pageSize;
    this.#connection = new ServiceConnection(
      'StopNCII',
      { 'Ocp-Apim-Subscription-Key': subscriptionKey },
      others,
    );
  }

  mustRestart(checkpoint: TimedCheckpoint, nowSeconds: number): boolean {
    return isTooOld(checkpoint, nowSeconds, RESTART_SECONDS);
  }

  /**
   * @throws {ServiceError} if StopNCII does not answer as expected
   * @throws {FormatError} the first malformed record, if there is no `onProblem`
   */
  fetchUpdates(
    options: FetchUpdatesOptions<TimedCheckpoint> = {},
  ): AsyncGenerator<UpdatesPage<TimedCheckpoint>, void, undefined> {
    return timedUpdates(options, {
      nowSeconds: () => this.#connection.nowSeconds(),
      everything: EVERYTHING,
      mustRestart: (checkpoint, nowSeconds) => this.mustRestart(checkpoint, nowSeconds),
      twice: 'StopNCII: FetchHashes repeated a page token',
      page: async (start, token) => {
        const reply = await this.#fetchPage(start, token, options.signal);
        const { records, unknown, ...page } = stopNciiPage(reply, options);
        return {
          updates: records.map(updateOfStopNcii),
          unknown,
          newestSeconds: page.nextSetTimestamp,
          next: page.hasMoreRecords ? page.nextPageToken : undefined,
        };
      },
    });
  }

  #fetchPage(start: number, token: string | undefined, signal: AbortSignal | undefined) {
    return this.#connection.send({
      method: 'GET',
      path: '/FetchHashes',
      name: 'FetchHashes',
      query: {
        startTimestamp: `${Math.max(EVERYTHING, start - OVERLAP_SECONDS)}`,
        pageSize: `${this.#pageSize}`,
        ...(token !== undefined && { nextPageToken: token }),
      },
      headers: this.#key('fetchHashesKey'),
      read: (text) => {
        const reply = jsonObject(text);
        stopNciiEnvelope(reply);
        return reply;
      },
      signal,
    });
  }

  /**
   * Posts the company's decisions on listed hashes to StopNCII: once, without retries.
   * @returns `unknown` if StopNCII did not answer or failed: it may have arrived. See
   * `findFeedback`
   * @throws {ServiceError} if StopNCII refused it
   */
  async submitFeedback(
    feedbacks: Iterable<StopNciiFeedback>,
    options: CallOptions = {},
  ): Promise<PostOutcome> {
    const { signal } = checkedBriefly(options, CALL_OPTIONS);
    const body = { type: 'application/json', text: writeStopNciiFeedback(feedbacks) };
    try {
      return await this.#connection.send<PostOutcome>({
        method: 'POST',
        path: '/SubmitFeedback',
        name: 'SubmitFeedback',
        headers: this.#key('submitFeedbackKey'),
        body,
        read: () => 'done',
        signal,
      });
    } catch (error) {
      if (!(error instanceof ServiceError) || !MAY_HAVE_ARRIVED.includes(error.code)) throw error;
      return 'unknown';
    }
  }

  /**
   * Those of `feedbacks` that StopNCII lists for one company, found by fetching changes. The others
   * did not arrive, or are not listed yet.
   * @throws {ServiceError} if StopNCII does not answer as expected
   */
  async findFeedback(
    feedbacks: Iterable<StopNciiFeedback>,
    options: FindFeedbackOptions,
  ): Promise<StopNciiFeedback[]> {
    checkIterable(feedbacks, 'an iterable of feedback');
    const { source, sinceSeconds, signal } = checkedBriefly(options, FIND_FEEDBACK_OPTIONS);
    const wanted = [...feedbacks];
    // Validates them.
    writeStopNciiFeedback(wanted);
    const fetchedSeconds = Math.floor(this.#connection.nowSeconds());
    const checkpoint = { timestampSeconds: sinceSeconds, fetchedSeconds };
    const listed = new Set<string>();
    const quiet = { checkpoint, onProblem: () => {}, ...(signal && { signal }) };
    for await (const { updates } of this.fetchUpdates(quiet)) {
      for (const { signals, opinions = [] } of updates) {
        for (const { from, says, tags = [] } of opinions) {
          if (from === source) listed.add(identity(signals[0]!.value, says, tags));
        }
      }
    }
    return wanted.filter(({ hashValue, feedbackValue, tags }) =>
      listed.has(identity(hashValue, feedbackValue, tags)),
    );
  }

  /** @throws {TypeError} if the key was not given */
  #key(name: Exclude<keyof StopNciiKeys, 'subscriptionKey'>): Record<string, string> {
    const key = this.#keys[name];
    if (key === undefined) wrongKind(`${name} for this call`);
    return { 'x-functions-key': key };
  }
}

/** Failures of a post after which the service may have performed it. */
const MAY_HAVE_ARRIVED: readonly ServiceError['code'][] = [
  'unreachable',
  'timeout',
  'unavailable',
  'too-many-bytes',
];

/** Identity of feedback, whatever the order of its tags and the case of its hash. */
function identity(hash: string, value: string, tags: readonly string[]): string {
  return JSON.stringify([hash.toLowerCase(), value, [...tags].sort()]);
}
