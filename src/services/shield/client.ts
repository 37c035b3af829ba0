import { checkedBriefly, integer, type OptionTable, tableOf } from '../../door.js';
import { FormatError } from '../../errors.js';
import type { Hash } from '../../hash.js';
import type { RemoteAnswer, RemoteMatcher } from '../../remote-matcher.js';
import { isObject, type JsonObject, jsonObject, own, textOf } from '../../text/json.js';
import { askedInTurn, checkPdqHashes } from '../asked-in-turn.js';
import { ServiceConnection } from '../service-connection.js';
import {
  basicAuthorization,
  CALL_OPTIONS,
  type CallOptions,
  SERVICE_OPTIONS,
  type ServiceOptions,
  serviceUrl,
} from '../service-options.js';

/** Options of `ShieldClient`. */
export interface ShieldOptions extends ServiceOptions {
  /** hashes in one request, default 100 */
  maxHashes?: number;
}

export const SHIELD_OPTIONS = /* @__PURE__ */ tableOf(SERVICE_OPTIONS, {
  baseUrl: { is: serviceUrl, default: 'https://shield.projectarachnid.com' },
  maxHashes: { is: integer, least: 1, default: 100 },
}) satisfies OptionTable<ShieldOptions>;

/** Shield's result for one hash. */
export interface ShieldMatch {
  /** `csam`, `harmful-abusive-material`, `test`, `no-known-match` or a later word */
  readonly classification: string;
  /** `exact` or `near`, if there is a match */
  readonly matchType?: string;
}

/**
 * Arachnid Shield, which checks hashes and lists only child sexual abuse material. It was written
 * from documents and the published clients, and has not run against the real service.
 *
 * Only hashes are sent, never a file. Each of them shows a third party that someone has the
 * picture. The terms that its clients quote forbid keeping the answers beyond their purpose, so an
 * answer holds only the classification.
 * @example
 * const shield = new ShieldClient({ user, password });
 * const [answer] = await shield.ask([hash], { signal: AbortSignal.timeout(500) });
 */
export class ShieldClient implements RemoteMatcher {
  readonly name = 'Shield';
  readonly #connection: ServiceConnection;
  readonly #maxHashes: number;

  /**
   * @param credentials user and password that the service gave
   * @throws {TypeError | RangeError} if an option is invalid
   */
  constructor(credentials: { user: string; password: string }, options: ShieldOptions = {}) {
    const authorization = basicAuthorization(credentials);
    const { maxHashes, ...others } = checkedBriefly(options, SHIELD_OPTIONS);
    this.#connection = new ServiceConnection('Shield', { authorization }, others);
    this.#maxHashes = maxHashes;
  }

  /**
   * Shield's result for each hash, in the order of `hashes`; `undefined` if it has none, which is
   * not the same as no match. Each request is sent once.
   * @throws {TypeError} if `hashes` is not a list of PDQ hashes
   * @throws {ServiceError} if Shield does not answer
   */
  async scan(
    hashes: readonly Hash[],
    options: CallOptions = {},
  ): Promise<(ShieldMatch | undefined)[]> {
    checkPdqHashes(hashes);
    const { signal } = checkedBriefly(options, CALL_OPTIONS);
    const asked = hashes.map(base64Of);
    const distinct = [...new Set(asked)];
    const said = new Map<string, ShieldMatch>();
    for (let at = 0; at < distinct.length; at += this.#maxHashes) {
      const some = distinct.slice(at, at + this.#maxHashes);
      const reply = await this.#post(some, signal);
      for (const one of some) {
        const match = matchOf(reply, one);
        if (match) said.set(one, match);
      }
    }
    return asked.map((one) => said.get(one));
  }

  /**
   * The answers of `scan` for each hash. A classification `test` is no hit. With an unknown
   * classification, or none, a hash has no answer. Once Shield fails, the rest are not sent.
   * @throws {TypeError} if `hashes` is not a list of PDQ hashes
   * @throws `signal.reason` when it is aborted
   */
  async ask(hashes: readonly Hash[], options: CallOptions = {}): Promise<RemoteAnswer[]> {
    return askedInTurn(hashes, this.#maxHashes, options, async (some) => {
      const said = await this.scan(some, options);
      return some.map((hash, at) => answerOf(hash, said[at]));
    });
  }

  #post(hashes: readonly string[], signal: AbortSignal | undefined): Promise<JsonObject> {
    return this.#connection.send({
      method: 'POST',
      path: '/v1/pdq',
      body: { type: 'application/json', text: JSON.stringify({ hashes }) },
      name: 'pdq',
      read: (text) => {
        const scanned = own(jsonObject(text), 'scanned_hashes');
        if (isObject(scanned)) return scanned;
        throw new FormatError('bad-reply', 'expected scanned_hashes to be an object');
      },
      signal,
    });
  }
}

const base64Of = (hash: Hash) => btoa(String.fromCharCode(...hash.bytes));

function matchOf(reply: JsonObject, hash: string): ShieldMatch | undefined {
  const said = own(reply, hash);
  const classification = isObject(said) ? textOf(said, 'classification') : undefined;
  if (!classification) return undefined;
  const matchType = textOf(said as JsonObject, 'match_type');
  return { classification, ...(matchType && { matchType }) };
}

function answerOf(hash: Hash, match: ShieldMatch | undefined): RemoteAnswer {
  switch (match?.classification) {
    case undefined:
      return { hash, answer: 'unanswered', reason: 'left-out' };
    case 'csam':
    case 'harmful-abusive-material':
      return {
        hash,
        answer: 'hits',
        hits: [{ source: 'Shield', labels: [match!.classification] }],
      };
    case 'test':
    case 'no-known-match':
      return { hash, answer: 'none' };
    default:
      return { hash, answer: 'unanswered', reason: 'unknown-word' };
  }
}
