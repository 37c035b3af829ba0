import { checkedBriefly, type OptionTable, tableOf } from '../../door.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, type Hash, hashFromHex, hashToJSON } from '../../hash.js';
import type { RemoteAnswer, RemoteHit, RemoteMatcher } from '../../remote-matcher.js';
import {
  isObject,
  type JsonObject,
  jsonObject,
  own,
  textOf,
  wholeNumberOf,
} from '../../text/json.js';
import { checkHashes } from '../asked-in-turn.js';
import { ServiceConnection } from '../service-connection.js';
import { ServiceError } from '../service-error.js';
import {
  bearerOf,
  CALL_OPTIONS,
  type CallOptions,
  checkCredential,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';

/** Options of `OnlyhashesClient`. */
export interface OnlyhashesOptions extends ServiceOptions {
  /** address of the service; there is no public one */
  baseUrl: string;
  /** with the role `match` */
  token?: string;
}

export const ONLYHASHES_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, required: true },
  token: { is: checkCredential },
}) satisfies OptionTable<OnlyhashesOptions>;

/** Requests at a time. */
const AT_A_TIME = 8;

/** The most hits that the other side returns. */
const MOST_HITS = 1000;

/**
 * Another onlyhashes, asked by `/v1/match`. Only hashes are sent, one a request and each once; the
 * other side learns who asks when about which picture.
 * @example
 * const there = new OnlyhashesClient({ baseUrl: 'https://hashes.example.org', token });
 * const remoteList = createRemoteList(there, { sendsHashes: true, trust: 'shared' });
 */
export class OnlyhashesClient implements RemoteMatcher {
  readonly name = 'onlyhashes';
  readonly #connection: ServiceConnection;

  /** @throws {TypeError | RangeError} if an option is invalid */
  constructor(options: OnlyhashesOptions) {
    const { token, ...others } = checkedBriefly(options, ONLYHASHES_OPTIONS);
    this.#connection = new ServiceConnection('onlyhashes', bearerOf(token), others);
  }

  /**
   * The other side's decision on each hash, in the order of `hashes`. Its result for review is an
   * unconfirmed hit. A hash that it could not compare has no answer. Its own remote lists are not
   * asked. Once it fails, the rest are not sent.
   * @throws {TypeError | RangeError} if `hashes` is not a list of hashes, or an option is invalid
   * @throws `signal.reason` when it is aborted
   */
  async ask(hashes: readonly Hash[], options: CallOptions = {}): Promise<RemoteAnswer[]> {
    checkHashes(hashes);
    const { signal } = checkedBriefly(options, CALL_OPTIONS);
    const answers: RemoteAnswer[] = [];
    let failed: ServiceError | undefined;
    for (let at = 0; at < hashes.length; at += AT_A_TIME) {
      const some = (hashes as readonly Hash[]).slice(at, at + AT_A_TIME);
      const isOver = failed !== undefined;
      const asked = some.map(async (hash): Promise<RemoteAnswer> => {
        if (isOver) return { hash, answer: 'unanswered', reason: failed!.code };
        try {
          return await this.#about(hash, signal);
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          failed ??= error;
          return { hash, answer: 'unanswered', reason: error.code };
        }
      });
      answers.push(...(await Promise.all(asked)));
    }
    return answers;
  }

  #about(hash: Hash, signal: AbortSignal | undefined): Promise<RemoteAnswer> {
    return this.#connection.send({
      method: 'POST',
      path: '/v1/match',
      // Asking its remote lists is our own choice: no one else is to learn of the hash.
      query: { all: 'true', limit: String(MOST_HITS), remote: 'false' },
      body: { type: 'application/json', text: JSON.stringify(hashToJSON(hash)) },
      name: 'match',
      read: (text) => answerOf(hash, jsonObject(text)),
      signal,
    });
  }
}

/** @throws {FormatError} `bad-reply` if it is not a decision */
function answerOf(hash: Hash, reply: JsonObject): RemoteAnswer {
  const decision = own(reply, 'decision');
  const answered = own(reply, 'answered');
  if (!isObject(decision) || typeof answered !== 'boolean') throw badReply();
  const matches = own(decision, 'matches');
  if (!Array.isArray(matches)) throw badReply();
  const verdict = textOf(decision, 'verdict');
  const reason = textOf(decision, 'reason') ?? '';
  switch (verdict) {
    case 'match':
    case 'review':
      if (matches.length === 0) throw badReply();
      return {
        hash,
        answer: 'hits',
        hits: matches.slice(0, MOST_HITS).map((one) => hitOf(one, hash)),
      };
    case 'none':
      if (answered && reason !== 'nothing-comparable') return { hash, answer: 'none' };
      return { hash, answer: 'unanswered', reason };
    case 'unhashable':
      return { hash, answer: 'unanswered', reason };
    default:
      return { hash, answer: 'unanswered', reason: 'unknown-word' };
  }
}

function hitOf(match: unknown, { algorithm }: Hash): RemoteHit {
  if (!isObject(match)) throw badReply();
  const labels = own(match, 'labels') ?? [];
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw badReply();
  }
  const source = textOf(match, 'source') ?? textOf(match, 'list');
  const id = textOf(match, 'id');
  const distance = wholeNumberOf(match, 'distance');
  const hash = entryHashOf(match, algorithm);
  const confirmed = textOf(match, 'tier') === 'match' ? own(match, 'confirmed') : false;
  return {
    labels,
    ...(source && { source }),
    ...(id !== undefined && { id }),
    ...(distance !== undefined && { distance }),
    ...(hash && { hash }),
    ...(typeof confirmed === 'boolean' && { confirmed }),
  };
}

/** The entry's hash, if the reply has it. */
function entryHashOf(match: JsonObject, algorithm: Algorithm): Hash | undefined {
  const hex = textOf(match, 'hash');
  if (hex === undefined) return undefined;
  try {
    return hashFromHex(algorithm, hex);
  } catch {
    throw badReply();
  }
}

const badReply = () => new FormatError('bad-reply', 'expected a decision');
