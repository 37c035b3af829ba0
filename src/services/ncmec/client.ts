import {
  checkedBriefly,
  checkInteger,
  checkNumber,
  checkObject,
  checkOptions,
  checkSignal,
  text as checkText,
  choice,
  integer,
  type OptionTable,
  tableOf,
  wrongRange,
} from '../../door.js';
import type { FormatError } from '../../errors.js';
import { reportProblems } from '../../text/json.js';
import {
  CLOCK_SECONDS,
  type FetchUpdatesOptions,
  fetchUpdatesOptions,
  type ListClient,
  type UpdatesPage,
} from '../list-update.js';
import { ServiceConnection } from '../service-connection.js';
import { ServiceError } from '../service-error.js';
import {
  basicAuthorization,
  type CallOptions,
  SERVICE_OPTIONS,
  type ServiceOptions,
} from '../service-options.js';
import {
  NCMEC_ENVIRONMENTS,
  NCMEC_LISTS,
  type NcmecEnvironment,
  type NcmecFeedback,
  type NcmecList,
  type NcmecReason,
  type NcmecReply,
  ncmecReasons,
  ncmecReply,
  writeNcmecFeedback,
} from './format.js';

/** Options of `NcmecClient`. */
export interface NcmecOptions extends ServiceOptions {
  /** which list, default `industry`; the error about another name lists all */
  environment?: NcmecEnvironment;
  /** approximate maximum of entries in one range of time, default 100,000 */
  maxEntriesPerRange?: number;
}

export const NCMEC_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  environment: { is: choice, of: NCMEC_ENVIRONMENTS, default: 'industry' },
  maxEntriesPerRange: { is: integer, least: 1, default: 100_000 },
}) satisfies OptionTable<NcmecOptions>;

/** Start of the next fetch from NCMEC. */
export interface NcmecCheckpoint {
  /** every change before this second was fetched, in seconds since 1970 */
  readonly toSeconds: number;
}

export const NCMEC_FETCH_OPTIONS = /* @__PURE__ */ fetchUpdatesOptions(ncmecCheckpoint);

/** A page, and the problems of its records. */
interface ReadPage {
  reply: NcmecReply;
  problems: FormatError[];
  /** NCMEC's time when the range was first requested; infinite if it did not send one */
  dateSeconds: number;
}

/** Changes of the last seconds may not be written yet. Source: python-threatexchange. */
const MARGIN_SECONDS = 5;

/**
 * A fetch begins this long before the checkpoint, for changes that NCMEC writes late. Repeated
 * updates are harmless.
 */
const OVERLAP_SECONDS = 60;

const LINK_SECONDS = 12 * 3600;
const SHRINK = 4;

/**
 * NCMEC's hash sharing, version 2. It was written from documents and samples, and has not run
 * against the real service.
 * @example
 * const client = new NcmecClient({ user, password }, { environment: 'npo' });
 * for await (const { updates, checkpoint } of client.fetchUpdates({ checkpoint: stored })) …
 */
export class NcmecClient implements ListClient<NcmecCheckpoint> {
  readonly #connection: ServiceConnection;
  readonly #list: NcmecList;
  readonly #maxEntries: number;

  /**
   * @param credentials user and password that the service gave
   * @throws {TypeError | RangeError} if an option is invalid
   */
  constructor(credentials: { user: string; password: string }, options: NcmecOptions = {}) {
    const authorization = basicAuthorization(credentials);
    const { environment, maxEntriesPerRange, ...others } = checkedBriefly(options, NCMEC_OPTIONS);
    const list = NCMEC_LISTS[environment];
    const { baseUrl = list.baseUrl } = others;
    this.#connection = new ServiceConnection('NCMEC', { authorization }, { ...others, baseUrl });
    this.#list = list;
    this.#maxEntries = maxEntriesPerRange;
  }

  /**
   * Age never forces a restart, since the notices of deleted entries stay; a checkpoint in the
   * future does, as it comes from a wrong clock.
   */
  mustRestart(checkpoint: NcmecCheckpoint, nowSeconds: number): boolean {
    ncmecCheckpoint('', checkpoint);
    checkNumber('nowSeconds', nowSeconds, 0);
    return checkpoint.toSeconds > nowSeconds + CLOCK_SECONDS;
  }

  /**
   * Every update since `checkpoint`. A time range is fetched completely before the checkpoint
   * moves, since entries are not in the order of time. A range with too many entries is made
   * shorter, and ranges with few grow again. A range whose links are too old is started again.
   * @throws {TypeError | RangeError} if an option is invalid
   * @throws {ServiceError} if NCMEC does not answer
   * @throws {FormatError} the first malformed record, if there is no `onProblem`
   */
  async *fetchUpdates(
    options: FetchUpdatesOptions<NcmecCheckpoint> = {},
  ): AsyncGenerator<UpdatesPage<NcmecCheckpoint>, void, undefined> {
    const { checkpoint, signal } = checkedBriefly(options, NCMEC_FETCH_OPTIONS);
    const now = Math.floor(this.#connection.nowSeconds());
    const isFromStart = checkpoint === undefined || this.mustRestart(checkpoint, now);
    const start = isFromStart ? 0 : checkpoint.toSeconds;
    const end = now - MARGIN_SECONDS;
    let from = Math.max(0, start - OVERLAP_SECONDS);
    if (from >= end) {
      const same = { checkpoint: { toSeconds: start } };
      yield { updates: [], unknown: [], isDrained: true, isFromStart, ...same };
      return;
    }
    let duration = end - from;
    let sparse = 0;
    while (from < end) {
      const to = Math.min(end, from + duration);
      let count = 0;
      let isWhole = false;
      for await (const page of this.#range(from, to, signal)) {
        // A range that was too large, or whose links are too old, ends with its new length.
        if ('duration' in page) {
          duration = page.duration;
          sparse = 0;
          break;
        }
        reportProblems(page.problems, options);
        const { updates, unknown, next } = page.reply;
        count += updates.length;
        isWhole = next === undefined;
        // If our clock is ahead, the checkpoint must not skip changes that are still to come.
        const reachedSeconds = Math.min(to, page.dateSeconds - MARGIN_SECONDS);
        const toSeconds = Math.max(Math.floor(reachedSeconds), start);
        const reached = isWhole && { checkpoint: { toSeconds } };
        yield { updates, unknown, isDrained: isWhole && to === end, isFromStart, ...reached };
      }
      if (!isWhole) continue;
      from = to;
      sparse = count < this.#maxEntries / SHRINK ? sparse + 1 : 0;
      // Grows more slowly than it shrinks: a range with too many entries costs NCMEC a cursor.
      if (sparse >= SHRINK) {
        duration *= 2;
        sparse = 0;
      }
    }
  }

  /** The pages of a range of time, or the duration of a shorter one to request instead. */
  async *#range(
    from: number,
    to: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ReadPage | { duration: number }, void, undefined> {
    const range = { from: timeOf(from), to: timeOf(to) };
    const begun = this.#connection.nowSeconds();
    const followed = new Set<string>();
    let dateSeconds = Number.POSITIVE_INFINITY;
    for (let link: string | undefined; ; ) {
      const page: ReadPage = await this.#page(range, link, signal);
      dateSeconds = Math.min(dateSeconds, page.dateSeconds);
      const { next } = page.reply;
      const size = sizeOf(page.reply);
      if (link === undefined && to - from > 1 && size > this.#maxEntries) {
        yield { duration: shorter(to - from, this.#maxEntries / size) };
        return;
      }
      yield { ...page, dateSeconds };
      if (next === undefined) return;
      if (followed.has(next)) throw otherwise('a link to an unread page');
      followed.add(next);
      link = next;
      if (this.#connection.nowSeconds() - begun > LINK_SECONDS) {
        yield { duration: shorter(to - from, 1) };
        return;
      }
    }
  }

  /**
   * The reasons that a negative vote may have.
   * @param type of the fingerprint, as in the path: `PDQ`, `MD5` …
   */
  async feedbackReasons(type: string, options: CallOptions = {}): Promise<NcmecReason[]> {
    const path = `/v2/feedback/${segment('type', type)}/reasons`;
    return this.#connection.get('reasons', path, ncmecReasons, options);
  }

  /**
   * Sends a vote on one fingerprint of an entry. It replaces the member's earlier vote, so it is
   * retried until it is answered.
   * @param entry `memberId` and `id` of the entry, and the `type` of the fingerprint: `PDQ` …
   * @throws {TypeError | RangeError} if an argument is invalid
   * @throws {ServiceError} if NCMEC does not accept it
   */
  async sendFeedback(
    entry: { memberId: string; id: string; type: string },
    options: NcmecFeedback & CallOptions,
  ): Promise<void> {
    checkObject(entry, 'an entry: { memberId, id, type }');
    checkOptions(options);
    const { signal, ...feedback } = options;
    checkSignal(signal);
    const names = (['memberId', 'id', 'type'] as const).map((name) => segment(name, entry[name]));
    await this.#connection.send({
      method: 'PUT',
      path: `/v2/entries/${names.join('/')}/feedback`,
      body: { type: 'application/xml; charset=utf-8', text: writeNcmecFeedback(feedback) },
      name: 'feedback',
      repeatable: true,
      // The reply's content is not documented.
      read: () => undefined,
      signal,
    });
  }

  /** The first page of the range, or the page that `link` leads to. */
  #page(
    range: { from: string; to: string },
    link: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ReadPage> {
    return this.#connection.send({
      method: 'GET',
      // A relative link is below the base URL, though it begins with a slash.
      path: link?.startsWith('/') === false ? this.#connection.link(link) : (link ?? '/v2/entries'),
      ...(link === undefined && { query: range }),
      name: 'entries',
      read: async (text, _status, dateSeconds = Number.POSITIVE_INFINITY) => {
        // Problems are reported once, though the page may be requested again.
        const problems: FormatError[] = [];
        const onProblem = (error: FormatError) => problems.push(error);
        const reply = await ncmecReply(text, this.#list, { onProblem });
        if (reply.next !== undefined) checkRange(reply.next, range);
        return { reply, problems, dateSeconds };
      },
      signal,
    });
  }
}

function ncmecCheckpoint(_: string, value: unknown): void {
  checkObject(value, 'a checkpoint: { toSeconds }');
  checkInteger('toSeconds', (value as NcmecCheckpoint).toSeconds, 0, 1e11);
}

/** A segment of a path. One dot or two would lead elsewhere. */
function segment(name: string, value: string): string {
  checkText(name, value);
  if (/^\.{0,2}$/.test(value)) wrongRange(`${name} to be a name`);
  return encodeURIComponent(value);
}

const timeOf = (seconds: number) => new Date(seconds * 1000).toISOString();

function parameterOf(link: string, name: string): string | null {
  const query = link.indexOf('?');
  return new URL(`https://localhost/${query < 0 ? '' : link.slice(query)}`).searchParams.get(name);
}

/** @throws {ServiceError} if `link` leads out of the range, whose other pages would be missed */
function checkRange(link: string, range: { from: string; to: string }): void {
  for (const name of ['from', 'to'] as const) {
    const time = parameterOf(link, name);
    if (time !== null && Date.parse(time) !== Date.parse(range[name])) {
      throw otherwise('a link within the same from and to');
    }
  }
}

/** Number of entries in the range, estimated from its first page and the link on it. */
function sizeOf({ entries, next }: NcmecReply): number {
  if (next === undefined) return entries.length;
  const left = Number(parameterOf(next, 'max')) - Number(parameterOf(next, 'start'));
  return entries.length + (left > 0 ? left : 1);
}

/** A range of less than `share` of `duration`, and at most a quarter of it. */
function shorter(duration: number, share: number): number {
  return Math.max(1, Math.floor(duration * Math.min(share, 1 / SHRINK)));
}

function otherwise(what: string): ServiceError {
  return new ServiceError('bad-reply', `NCMEC: entries got an invalid reply: expected ${what}`);
}
