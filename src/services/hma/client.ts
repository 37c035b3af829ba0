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
  tellProblems,
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
  /** where the HMA is; it has no public address */
  baseUrl: string;
  /** sent as `Authorization: Bearer …`, if something before the HMA asks for it */
  token?: string;
  /** the bank that is fetched and asked; without it, all are asked and none is fetched */
  bank?: string;
  /**
   * ids without content after the last known one that a fetch asks for, where the HMA does not tell
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

/** Up to where the content of a bank was fetched. */
export interface HmaCheckpoint {
  /** the highest id that had content */
  readonly highestId: number;
  /** hashes of PDQ that the HMA counted and the fetch did not meet; default 0 */
  readonly unmet?: number;
}

export const HMA_FETCH_OPTIONS = /* @__PURE__ */ fetchUpdatesOptions(hmaCheckpoint);

interface Fetched {
  content: HmaContent;
  /** whether it has a hash of PDQ, of whatever form: HMA counts those */
  hasPdq: boolean;
  unknown: UnknownWord[];
  problems: FormatError[];
}

/** Where the ids of an HMA end, as far as it tells. */
interface End {
  /** the newest id of the bank: another onlyhashes tells it */
  newestId: number | undefined;
  /** hashes of PDQ in all banks */
  hashCount: number | undefined;
}

/** Ids asked for at a time. */
const AT_A_TIME = 8;
/** Updates of a page. Content is told as soon as there are so many, and at the end. */
const PAGE = 256;
/**
 * Ids that are still asked for once as many hashes were met as there are: one that was met and then
 * deleted was counted in the place of another, whose id is mostly the next.
 */
const SETTLED = 100;

/**
 * A Hasher-Matcher-Actioner: its banks, what they hold, and lookups of hashes. It was written from
 * the source of HMA 1.1, and has not run against one.
 *
 * HMA does not list what a bank holds; it answers for one id at a time. A fetch therefore asks for
 * every id from 1 on, one small request each, and always from the start: what it does not tell is
 * no longer there. Ids are of all banks, and may have gaps of any length. HMA tells no newest id,
 * but how many hashes of PDQ all banks hold: a fetch ends once it has met as many. Another
 * onlyhashes tells the newest id of the bank. Without either, the fetch gives up after `maxMissing`
 * ids without content: it is not drained then, and `notRead` tells what it did not ask for.
 *
 * HMA counts each hash of content that has several of PDQ, and tells one of them. Such a bank never
 * meets as many. Therefore the checkpoint keeps how many were not met. A fetch that gives up is
 * drained if no more are missing than the time before: it has asked for all ids up to the highest
 * that an earlier fetch met by its end. `notRead` tells each time that there may be more.
 *
 * As a remote matcher, know the `enabled_ratio` of its banks. A bank below 1 answers a lookup by
 * chance: at 0.8, one lookup in five finds nothing there whatever is listed, and a remote list
 * cannot tell that from a hash that nothing is near. Only the lookup of a picture by POST may pass
 * this by (`bypass_coinflip`); the lookup of a hash, which this client asks, reads the word and
 * does not use it. So have the banks that you rely on at 1.
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

  /** Never for its age: each fetch tells everything. */
  mustRestart(checkpoint: HmaCheckpoint, nowSeconds: number): boolean {
    hmaCheckpoint('', checkpoint);
    checkNumber('nowSeconds', nowSeconds, 0);
    return true;
  }

  /**
   * All that the bank holds. The checkpoint says how far the ids went, so a gap before that does
   * not end the next fetch.
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
        tellProblems(problems, options);
        highestId = Math.max(highestId, Number(content.id));
        if (hasPdq) met++;
        unknown.push(...words);
        // Ids are of all banks, and an HMA does not look at the bank it is asked for.
        if (content.bank.name !== this.#bank) continue;
        updates.push(updateOfHmaContent(content, nowSeconds));
      }
      let isWhole = newestId !== undefined && last >= newestId;
      const isSettled = last >= highestId + Math.min(SETTLED, this.#maxMissing);
      if (hashCount !== undefined && met >= hashCount && isSettled) {
        // More may have come meanwhile.
        hashCount = await this.#hashCount(signal);
        isWhole = hashCount !== undefined && met >= hashCount;
      }
      const isFar = newestId === undefined && last >= highestId + this.#maxMissing;
      const isGivenUp = isFar && !isWhole;
      let unmet = 0;
      if (isGivenUp && hashCount !== undefined) {
        // The higher count: what was met and then deleted must not stand for what was not met.
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
   * Where the ids end. Without its bank, every id would look as if its content had been deleted, so
   * the bank is asked for first.
   */
  async #end(signal: AbortSignal | undefined): Promise<End> {
    const path = `/c/bank/${this.#namedBank()}`;
    const { newestId } = await this.#connection.get('bank', path, hmaBank, {
      ...(signal && { signal }),
    });
    const hashCount = newestId === undefined ? await this.#hashCount(signal) : undefined;
    return { newestId, hashCount };
  }

  /** The hashes of PDQ in all banks; undefined if the HMA does not tell. */
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

  /** What is under some ids. Once one cannot be had, the others are not asked for. */
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
        // Without them, all that is listed would look as if its hashes were gone.
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
   * The hits of one hash in the banks that are on, or in the client's own.
   * @throws {TypeError} if `hash` is not a hash of PDQ
   * @throws {ServiceError} if the HMA does not answer
   */
  async lookup(hash: Hash, options: CallOptions = {}): Promise<HmaMatch[]> {
    checkPdqHashes([hash]);
    const banks = this.#bank === undefined ? {} : { banks: this.#bank };
    const asked = { signal: hashToHex(hash), signal_type: 'pdq', ...banks };
    return this.#connection.get('lookup', '/m/lookup', hmaLookup, options, asked);
  }

  /**
   * What `lookup` says of each hash. Once the HMA fails, it is not asked for the others.
   * @throws {TypeError} if `hashes` is not a list of hashes of PDQ
   * @throws the reason of `signal` when it is aborted
   */
  async ask(hashes: readonly Hash[], options: CallOptions = {}): Promise<RemoteAnswer[]> {
    return askedInTurn(hashes, 1, async ([hash]) => {
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
 * An HMA says that the content is not there. A proxy before it has other words, and what it does
 * not find is still listed.
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
