import {
  checkedBriefly,
  checkInteger,
  checkNumber,
  checkObject,
  text as checkText,
  integer,
  type OptionCheck,
  type OptionTable,
  tableOf,
  wrongKind,
  wrongRange,
} from '../../door.js';
import { FormatError } from '../../errors.js';
import { type Hash, hashToHex } from '../../hash.js';
import type { UnknownWord } from '../../policy.js';
import type { RemoteAnswer, RemoteMatcher } from '../../remote-matcher.js';
import {
  isObject,
  type JsonObject,
  jsonObject,
  own,
  reportProblems,
  textOf,
} from '../../text/json.js';
import { askedInTurn, checkPdqHashes } from '../asked-in-turn.js';
import {
  type FetchUpdatesOptions,
  fetchUpdatesOptions,
  type ListClient,
  type ListUpdate,
  type UpdatesPage,
} from '../list-update.js';
import { ServiceConnection } from '../service-connection.js';
import {
  bearerOf,
  type CallOptions,
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';
import {
  type HmaContent,
  type HmaMatch,
  hmaBank,
  hmaContent,
  hmaHashCount,
  hmaLookup,
  updateOfHmaContent,
} from './format.js';

/** Options of `HmaClient`. */
export interface HmaOptions extends ServiceOptions {
  /** address of the HMA; there is no public one */
  baseUrl: string;
  /** sent as `Authorization: Bearer …`, if a proxy before the HMA requires it */
  token?: string;
  /** the bank to fetch and to ask; without it, all banks are asked and none is fetched */
  bank?: string;
  /**
   * ids without content after the last known one that a fetch requests, if the HMA does not report
   * its end; default 100,000. A fetch that ends there has `notRead`
   */
  maxMissing?: number;
}

const bankName: OptionCheck = (name, value) => {
  checkText(name, value);
  if (!/^[A-Z0-9_]+$/.test(value)) wrongRange(`${name} to be of A to Z, 0 to 9 and _`);
};

export const HMA_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, required: true },
  token: { is: checkCredential },
  bank: { is: bankName },
  maxMissing: { is: integer, least: 1, default: 100_000 },
}) satisfies OptionTable<HmaOptions>;

/** Progress of a bank's fetch. */
export interface HmaCheckpoint {
  /** the highest id that had content */
  readonly highestId: number;
  /** PDQ hashes that the HMA counted and the fetch did not find; default 0 */
  readonly unmet?: number;
}

export const HMA_FETCH_OPTIONS = /* @__PURE__ */ fetchUpdatesOptions(hmaCheckpoint);

interface Fetched {
  content: HmaContent;
  /** whether it has a PDQ hash of any form: HMA counts those */
  hasPdq: boolean;
  unknown: UnknownWord[];
  problems: FormatError[];
}

/** End of an HMA's ids, as far as it is known. */
interface End {
  /** the newest id of the bank, which only another onlyhashes reports */
  newestId: number | undefined;
  /** PDQ hashes in all banks */
  hashCount: number | undefined;
}

/** Ids requested at a time. */
const AT_A_TIME = 8;
/** Updates of a page. Content is reported once there are this many, and at the end. */
const PAGE = 256;
/**
 * Ids that are still requested once the hash count is reached: a hash that was found and then
 * deleted counted in place of another, whose id is usually the next.
 */
const SETTLED = 100;

/**
 * A Hasher-Matcher-Actioner: its banks, their content, and lookups of hashes. It was written from
 * the source of HMA 1.1, and has not run against one.
 *
 * HMA does not list a bank's content; it answers for one id at a time. A fetch therefore requests
 * every id from 1 on, one small request each, and always from the start: content that it does not
 * report is gone. Ids are shared by all banks, and may have gaps of any length. HMA reports no
 * newest id, but the number of PDQ hashes in all banks: a fetch ends once it has found that many.
 * Another onlyhashes reports the newest id of the bank. Without either, the fetch gives up after
 * `maxMissing` ids without content: it is not drained then, and `notRead` says which ids are left.
 *
 * HMA counts every PDQ hash of content with several, but reports one of them. Such a bank never
 * reaches the count. Therefore the checkpoint has the number not found. A fetch that gives up is
 * drained if no more are missing than the time before: it has requested all ids up to the highest
 * that an earlier fetch found by its end. `notRead` says each time that there may be more.
 *
 * Before you use it as a remote matcher, check the `enabled_ratio` of its banks. A bank below 1
 * answers a lookup by chance: at 0.8, one lookup in five finds nothing there, whatever is listed,
 * and a remote list cannot distinguish that from a hash without a match. Only the lookup of a
 * picture by POST may bypass this (`bypass_coinflip`); the lookup of a hash, which this client
 * uses, reads the parameter and ignores it. So set the banks that you rely on to 1.
 * @example
 * const hma = new HmaClient({ baseUrl: 'http://127.0.0.1:5000', bank: 'OURS' });
 * const [answer] = await hma.ask([hash], { signal: AbortSignal.timeout(500) });
 */
export class HmaClient implements ListClient<HmaCheckpoint>, RemoteMatcher {
  readonly name = 'HMA';
  readonly #connection: ServiceConnection;
  readonly #bank: string | undefined;
  readonly #maxMissing: number;

  /** @throws {TypeError | RangeError} if an option is invalid */
  constructor(options: HmaOptions) {
    const { token, bank, maxMissing, ...others } = checkedBriefly(options, HMA_OPTIONS);
    this.#connection = new ServiceConnection('HMA', bearerOf(token), others);
    this.#bank = bank;
    this.#maxMissing = maxMissing;
  }

  /** Age never forces a restart: each fetch reports everything. */
  mustRestart(checkpoint: HmaCheckpoint, nowSeconds: number): boolean {
    hmaCheckpoint('', checkpoint);
    checkNumber('nowSeconds', nowSeconds, 0);
    return true;
  }

  /**
   * All content of the bank. The checkpoint has the highest known id, so a gap before it does not
   * end the next fetch.
   * @throws {TypeError | RangeError} if an option is invalid, or the client has no `bank`
   * @throws {ServiceError} if the HMA does not answer
   * @throws {FormatError} the first malformed part, if there is no `onProblem`
   */
  async *fetchUpdates(
    options: FetchUpdatesOptions<HmaCheckpoint> = {},
  ): AsyncGenerator<UpdatesPage<HmaCheckpoint>, void, undefined> {
    const { checkpoint, signal } = checkedBriefly(options, HMA_FETCH_OPTIONS);
    const { newestId, ...end } = await this.#end(signal);
    let { hashCount } = end;
    const nowSeconds = this.#connection.nowSeconds();
    let highestId = checkpoint?.highestId ?? 0;
    let met = 0;
    let updates: ListUpdate[] = [];
    let unknown: UnknownWord[] = [];
    for (let first = 1, isEnd = false; !isEnd; first += AT_A_TIME) {
      const last = Math.min(first + AT_A_TIME - 1, newestId ?? Number.POSITIVE_INFINITY);
      const found = await this.#contents(first, last, signal);
      for (const { content, hasPdq, problems, unknown: words } of found) {
        reportProblems(problems, options);
        highestId = Math.max(highestId, Number(content.id));
        if (hasPdq) met++;
        unknown.push(...words);
        // All banks share ids, and an HMA ignores the bank in the request.
        if (content.bank.name !== this.#bank) continue;
        updates.push(updateOfHmaContent(content, nowSeconds));
      }
      let isWhole = newestId !== undefined && last >= newestId;
      const isSettled = last >= highestId + Math.min(SETTLED, this.#maxMissing);
      if (hashCount !== undefined && met >= hashCount && isSettled) {
        // Content may have been added meanwhile.
        hashCount = await this.#hashCount(signal);
        isWhole = hashCount !== undefined && met >= hashCount;
      }
      const isFar = newestId === undefined && last >= highestId + this.#maxMissing;
      const isGivenUp = isFar && !isWhole;
      let unmet = 0;
      if (isGivenUp && hashCount !== undefined) {
        // The higher count: a hash found and then deleted must not count in place of one not found.
        unmet = Math.max(hashCount, (await this.#hashCount(signal)) ?? 0) - met;
      }
      const isDrained = isWhole || (unmet > 0 && unmet <= (checkpoint?.unmet ?? 0));
      isEnd = isWhole || isGivenUp;
      if (!isEnd && updates.length < PAGE) continue;
      yield {
        updates,
        unknown,
        ...(isWhole && { checkpoint: { highestId } }),
        ...(unmet > 0 && { checkpoint: { highestId, unmet } }),
        ...(isGivenUp && { notRead: `content with an id above ${last}` }),
        isDrained,
        isFromStart: true,
      };
      [updates, unknown] = [[], []];
    }
  }

  /**
   * The end of the ids. If the bank were missing, every id would look deleted, so the bank is
   * requested first.
   */
  async #end(signal: AbortSignal | undefined): Promise<End> {
    const path = `/c/bank/${this.#namedBank()}`;
    const { newestId } = await this.#connection.get('bank', path, hmaBank, {
      ...(signal && { signal }),
    });
    const hashCount = newestId === undefined ? await this.#hashCount(signal) : undefined;
    return { newestId, hashCount };
  }

  /** The number of PDQ hashes in all banks; undefined if the HMA does not report it. */
  #hashCount(signal: AbortSignal | undefined): Promise<number | undefined> {
    return this.#connection.send({
      method: 'GET',
      path: '/c/signal_type/index',
      name: 'signal_type/index',
      accepts: [404],
      read: (text, status) => (status === 404 ? undefined : hmaHashCount(text)),
      signal,
    });
  }

  #namedBank(): string {
    if (this.#bank === undefined) wrongKind('bank for this call');
    return this.#bank;
  }

  /** Content of several ids. Once a request fails, the rest are not sent. */
  async #contents(
    first: number,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<Fetched[]> {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const abort = () => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    const ids = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    try {
      const all = await Promise.all(ids.map((id) => this.#content(id, stop.signal)));
      return all.filter((one) => one !== undefined);
    } finally {
      signal?.removeEventListener('abort', abort);
      stop.abort();
    }
  }

  async #content(id: number, signal: AbortSignal | undefined): Promise<Fetched | undefined> {
    return this.#connection.send({
      method: 'GET',
      path: `/c/bank/${this.#namedBank()}/content/${id}`,
      query: { include_signals: 'true' },
      name: 'content',
      accepts: [404],
      read: (text, status) => {
        const reply = jsonObject(text);
        if (status === 404) return checkNoContent(reply);
        const signals = own(reply, 'signals');
        // Without them, every listed entry would look as if its hashes were gone.
        if (!isObject(signals)) throw new FormatError('bad-reply', 'expected content with signals');
        const problems: FormatError[] = [];
        const onProblem = (error: FormatError) => problems.push(error);
        const hasPdq = own(signals, 'pdq') !== undefined;
        return { ...hmaContent(reply, { onProblem }), hasPdq, problems };
      },
      signal,
    });
  }

  /**
   * The hits of one hash in the enabled banks, or in the client's own.
   * @throws {TypeError} if `hash` is not a PDQ hash
   * @throws {ServiceError} if the HMA does not answer
   */
  async lookup(hash: Hash, options: CallOptions = {}): Promise<HmaMatch[]> {
    checkPdqHashes([hash]);
    const banks = this.#bank === undefined ? {} : { banks: this.#bank };
    const asked = { signal: hashToHex(hash), signal_type: 'pdq', ...banks };
    return this.#connection.get('lookup', '/m/lookup', hmaLookup, options, asked);
  }

  /**
   * The answers of `lookup` for each hash. Once the HMA fails, the rest are not sent.
   * @throws {TypeError} if `hashes` is not a list of PDQ hashes
   * @throws `signal.reason` when it is aborted
   */
  async ask(hashes: readonly Hash[], options: CallOptions = {}): Promise<RemoteAnswer[]> {
    return askedInTurn(hashes, 1, options, async ([hash]) => {
      return [answerOf(hash!, await this.lookup(hash!, options))];
    });
  }
}

function answerOf(hash: Hash, matches: readonly HmaMatch[]): RemoteAnswer {
  if (matches.length === 0) return { hash, answer: 'none' };
  const hits = matches.map(({ bank = '', contentId, distance }) => ({
    source: `HMA/${bank}`,
    labels: [bank],
    id: contentId,
    distance,
  }));
  return { hash, answer: 'hits', hits };
}

/**
 * Accepts only the HMA's own reply for missing content. A proxy before it words its reply
 * differently, and the content is still listed.
 */
function checkNoContent(reply: JsonObject): undefined {
  if (textOf(reply, 'message')?.includes('content')) return;
  throw new FormatError('bad-reply', 'expected a message about the content');
}

function hmaCheckpoint(_: string, value: unknown): void {
  checkObject(value, 'a checkpoint: { highestId, unmet }');
  const { highestId, unmet = 0 } = value as HmaCheckpoint;
  checkInteger('highestId', highestId, 0);
  checkInteger('unmet', unmet, 0);
}
