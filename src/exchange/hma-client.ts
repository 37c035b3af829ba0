import {
  checkInteger,
  checkNumber,
  checkObject,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import type { FormatError } from '../errors.js';
import { bitsOf, type Hash, hashToHex } from '../hash.js';
import {
  type HmaBank,
  type HmaContent,
  type HmaMatch,
  hmaBanks,
  hmaContent,
  hmaLookup,
  hmaRawLookup,
  updateOfHmaContent,
} from './hma.js';
import type { ListClient, ReadUpdatesOptions, UnknownWord, UpdatesPage } from './list-update.js';
import type { RemoteAnswer, RemoteMatcher } from './remote-matcher.js';
import { checkCredential, ServiceConnection, type ServiceOptions } from './service-connection.js';
import { ServiceError } from './service-error.js';
import { checkFetchOptions, jsonObject } from './service-json.js';

/** Options of `HmaClient`. */
export interface HmaOptions extends ServiceOptions {
  /** where the HMA is; it has no public address */
  baseUrl: string;
  /** sent as `Authorization: Bearer …`, if something before the HMA asks for it */
  token?: string;
  /** the bank that is fetched and asked; without it, all are asked and none is fetched */
  bank?: string;
  /** ids without content after the last known one, before a fetch ends; default 100 */
  maxMissing?: number;
}

/** Up to where the content of a bank was fetched. */
export interface HmaCheckpoint {
  /** the highest id that had content */
  readonly highestId: number;
}

interface Fetched {
  content: HmaContent;
  unknown: UnknownWord[];
  problems: FormatError[];
}

/** Ids asked for at a time, and told as one page. */
const PAGE = 8;

/**
 * A Hasher-Matcher-Actioner: its banks, what they hold, and lookups of hashes. It was written from
 * the source of HMA 1.1, and has not run against one.
 *
 * HMA does not list what a bank holds; it answers for one id at a time. A fetch therefore asks for
 * every id from 1 on, one small request each, and always from the start: what it does not tell is
 * no longer there.
 *
 * As a remote matcher, know the `enabled_ratio` of its banks. A bank below 1 answers a lookup by
 * chance: at 0.8, one lookup in five finds nothing there whatever is listed, and a remote list
 * cannot tell that from a hash that nothing is near. Only the lookup of a picture by POST may pass
 * this by (`bypass_coinflip`); the lookup of a hash, which this client asks, reads the word and
 * does not use it. So have the banks that you rely on at 1; `banks` tells them.
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
    checkOptions(options);
    const { token, bank, maxMissing = 100, ...others } = options;
    if (token !== undefined) checkCredential('token', token);
    checkTypeOf('bank', bank, 'string');
    if (bank !== undefined && !/^[A-Z0-9_]+$/.test(bank)) {
      throw new RangeError('expected bank to be of A to Z, 0 to 9 and _');
    }
    checkInteger('maxMissing', maxMissing, 1);
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    this.#connection = new ServiceConnection('HMA', headers, others);
    this.#bank = bank;
    this.#maxMissing = maxMissing;
  }

  /** The banks of the HMA. */
  banks(options: { signal?: AbortSignal } = {}): Promise<HmaBank[]> {
    return this.#get('banks', '/c/banks', {}, hmaBanks, options);
  }

  /**
   * What the HMA holds under an id.
   * @returns `undefined` if there is nothing
   * @throws {TypeError | RangeError} if an argument is invalid, or the client has no `bank`
   * @throws {ServiceError} if the HMA does not answer
   * @throws {FormatError} the first part that is malformed, if there is no `onProblem`
   */
  async content(
    id: number,
    options: ReadUpdatesOptions & { signal?: AbortSignal } = {},
  ): Promise<HmaContent | undefined> {
    checkInteger('id', id, 1);
    checkFetchOptions(options);
    const { onProblem, signal } = options;
    const found = await this.#content(id, signal);
    for (const problem of found?.problems ?? []) {
      if (!onProblem) throw problem;
      onProblem(problem);
    }
    return found?.content;
  }

  /** Never for its age: each fetch tells everything. */
  mustRestart(checkpoint: HmaCheckpoint, nowSeconds: number): boolean {
    checkCheckpoint(checkpoint);
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
    options: ReadUpdatesOptions & { checkpoint?: HmaCheckpoint; signal?: AbortSignal } = {},
  ): AsyncGenerator<UpdatesPage<HmaCheckpoint>, void, undefined> {
    checkFetchOptions(options);
    const { checkpoint, signal, onProblem } = options;
    if (checkpoint !== undefined) checkCheckpoint(checkpoint);
    await this.#checkBank(signal);
    const nowSeconds = this.#connection.nowSeconds();
    let highestId = checkpoint?.highestId ?? 0;
    for (let first = 1, isDrained = false; !isDrained; first += PAGE) {
      const all = await this.#contents(first, signal);
      const found = all.filter((one) => one !== undefined);
      for (const problem of found.flatMap(({ problems }) => problems)) {
        if (!onProblem) throw problem;
        onProblem(problem);
      }
      const last = all.findLastIndex((one) => one !== undefined);
      if (last >= 0) highestId = Math.max(highestId, first + last);
      isDrained = first + PAGE - 1 >= highestId + this.#maxMissing;
      yield {
        // Ids are of all banks, and an HMA does not look at the bank it is asked for.
        updates: found
          .filter(({ content }) => content.bank.name === this.#bank)
          .map(({ content }) => updateOfHmaContent(content, { nowSeconds })),
        unknown: found.flatMap(({ unknown }) => unknown),
        ...(isDrained && { checkpoint: { highestId } }),
        isDrained,
        isFromStart: true,
      };
    }
  }

  /** Without its bank, every id would look as if its content had been deleted. */
  async #checkBank(signal: AbortSignal | undefined): Promise<void> {
    const bank = this.#namedBank();
    const banks = await this.banks(signal ? { signal } : {});
    if (banks.some(({ name }) => name === bank)) return;
    throw new ServiceError('rejected', 'HMA: banks has no bank of that name');
  }

  #namedBank(): string {
    if (this.#bank === undefined) throw new TypeError('expected bank for this call');
    return this.#bank;
  }

  /** What is under the ids of a page. Once one cannot be had, the others are not asked for. */
  async #contents(
    first: number,
    signal: AbortSignal | undefined,
  ): Promise<(Fetched | undefined)[]> {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const abort = () => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    const ids = Array.from({ length: PAGE }, (_, at) => first + at);
    try {
      return await Promise.all(ids.map((id) => this.#content(id, stop.signal)));
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
        if (status === 404) return undefined;
        const problems: FormatError[] = [];
        const onProblem = (error: FormatError) => problems.push(error);
        return { ...hmaContent(jsonObject(text), { onProblem }), problems };
      },
      signal,
    });
  }

  /**
   * The hits of one hash in the banks that are on, or in the client's own.
   * @throws {TypeError} if `hash` is not a hash of PDQ
   * @throws {ServiceError} if the HMA does not answer
   */
  async lookup(hash: Hash, options: { signal?: AbortSignal } = {}): Promise<HmaMatch[]> {
    const query = this.#bank === undefined ? {} : { banks: this.#bank };
    return this.#lookup('/m/lookup', hash, query, hmaLookup, options);
  }

  /**
   * The hits of one hash in the whole index, those too that are off. It does not name the banks.
   * @throws {TypeError} if `hash` is not a hash of PDQ
   * @throws {ServiceError} if the HMA does not answer
   */
  async rawLookup(hash: Hash, options: { signal?: AbortSignal } = {}): Promise<HmaMatch[]> {
    return this.#lookup('/m/raw_lookup', hash, { include_distance: 'true' }, hmaRawLookup, options);
  }

  /**
   * What `lookup` says of each hash. Once the HMA fails, it is not asked for the others.
   * @throws {TypeError} if `hashes` is not a list of hashes of PDQ
   * @throws the reason of `signal` when it is aborted
   */
  async ask(
    hashes: readonly Hash[],
    options: { signal?: AbortSignal } = {},
  ): Promise<RemoteAnswer[]> {
    checkHashes(hashes);
    checkOptions(options);
    checkSignal(options.signal);
    const answers: RemoteAnswer[] = [];
    try {
      for (const hash of hashes) answers.push(answerOf(hash, await this.lookup(hash, options)));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      for (const hash of hashes.slice(answers.length)) {
        answers.push({ hash, answer: 'unanswered', reason: error.code });
      }
    }
    return answers;
  }

  #lookup(
    path: string,
    hash: Hash,
    query: Record<string, string>,
    read: (text: string) => HmaMatch[],
    options: { signal?: AbortSignal },
  ): Promise<HmaMatch[]> {
    checkHashes([hash]);
    const asked = { signal: hashToHex(hash), signal_type: 'pdq', ...query };
    return this.#get(path.slice('/m/'.length), path, asked, read, options);
  }

  async #get<T>(
    name: string,
    path: string,
    query: Record<string, string>,
    read: (text: string) => T,
    options: { signal?: AbortSignal },
  ): Promise<T> {
    checkOptions(options);
    const { signal } = options;
    return this.#connection.send({ method: 'GET', path, query, name, read, signal });
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

function checkCheckpoint(checkpoint: HmaCheckpoint): void {
  checkObject(checkpoint, 'a checkpoint: { highestId }');
  checkInteger('highestId', checkpoint.highestId, 0);
}

/** @throws {TypeError} unless `hashes` is a list of hashes of PDQ */
export function checkHashes(hashes: readonly Hash[]): void {
  if (!Array.isArray(hashes)) throw new TypeError('expected a list of hashes');
  for (const hash of hashes as readonly Hash[]) {
    bitsOf(hash);
    if (hash.algorithm !== 'pdq') throw new TypeError('expected hashes of pdq');
  }
}
