import type { Blocklist } from '../../blocklist/blocklist.js';
import { match } from '../../matching/match.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { HashedVariant } from '../../variant.js';
import { type KnownCaller, REQUESTS_PER_SECOND } from './access.js';
import { Refusal } from './route.js';

const DAY = 86_400_000;
/** Searches for one token of the rate: 600 at once hold the thread that serves for 0.4 s. */
const SEARCHES_A_TOKEN = 25;
/** The most that one picture has searched. */
const MOST_SEARCHES = 160;

/** What one caller has used. */
interface Used {
  /** requests that may come at once; below 0 after more searches than may */
  tokens: number;
  /** when `tokens` was right, in milliseconds */
  at: number;
  /** answers since `since` */
  answers: number;
  since: number;
}

/**
 * Counts requests and answers by caller. Whoever may ask without end finds out what is listed: the
 * distances of some 260 chosen hashes tell an entry's hash, and verdicts alone are hardly worse.
 * The counts are of this process, and begin anew with it.
 */
export class RateLimit {
  readonly #used = new Map<string, Used>();
  readonly #now: () => number;

  /** @param now a clock in milliseconds that does not go back */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws {Refusal} 429 if the caller asks too fast */
  countRequest(caller: KnownCaller): void {
    const used = this.#usedBy(caller);
    checkTokens(used, 1, caller, 'requests');
    used.tokens--;
  }

  /**
   * Counts searches that are about to be made, the first of a request apart: its token is for 25.
   * More tokens than may come at once are lent if nothing else was asked for.
   * @throws {Refusal} 429 if so many are not left; then none is counted
   */
  countAnswers(caller: KnownCaller, answers: number): void {
    const used = this.#usedBy(caller);
    const tokens = Math.floor(answers / SEARCHES_A_TOKEN);
    checkTokens(used, Math.min(tokens, burstOf(caller) - 1), caller, 'hashes');
    this.#checkDay(used, answers, caller);
    used.answers += answers;
    used.tokens -= tokens;
  }

  /**
   * Checks a picture against a list, and counts what was searched when that is known. Until then
   * as much is set aside as a picture may need, or all that is left: a day has at most one picture
   * more than it may.
   * @throws {Refusal} 429 if nothing is left
   */
  async countSearches<T>(
    caller: KnownCaller,
    list: Blocklist,
    check: (list: Decide) => Promise<T>,
  ): Promise<T> {
    const used = this.#usedBy(caller);
    const { since } = used;
    const aside = Math.min(MOST_SEARCHES - 1, this.#checkDay(used, 1, caller));
    used.answers += aside;
    let searched = 0;
    try {
      return await check(counting(list, () => searched++));
    } finally {
      // The first is counted, as that of the request.
      const further = Math.max(0, searched - 1);
      used.answers += further - (used.since === since ? aside : 0);
      used.tokens -= Math.floor(further / SEARCHES_A_TOKEN);
    }
  }

  /** @returns the answers that are left today */
  #checkDay(used: Used, answers: number, { limits }: KnownCaller): number {
    const left = (limits.answersPerDay ?? Number.POSITIVE_INFINITY) - used.answers;
    if (answers <= left) return left;
    throw tooMany('answers a day', (used.since + DAY - this.#now()) / 1000);
  }

  /** There are no more of them than rules. */
  #usedBy(caller: KnownCaller): Used {
    const now = this.#now();
    const used = this.#used.get(caller.name) ?? {
      ...{ tokens: burstOf(caller), at: now, answers: 0, since: now },
    };
    this.#used.set(caller.name, used);
    const tokens = used.tokens + ((now - used.at) * rateOf(caller)) / 1000;
    Object.assign(used, { tokens: Math.min(burstOf(caller), tokens), at: now });
    if (now - used.since >= DAY) Object.assign(used, { answers: 0, since: now });
    return used;
  }
}

/** Matches one picture: `count` is called for each variant that is searched. */
function counting(list: Blocklist, count: () => void): Decide {
  return (query, options) => {
    const variants = query[Symbol.asyncIterator]() as AsyncIterator<HashedVariant, void, unknown>;
    const counted = {
      async next(near: unknown) {
        const pulled = await variants.next(near);
        if (!pulled.done) count();
        return pulled;
      },
      return: async () => (await variants.return?.()) ?? { done: true as const, value: undefined },
      [Symbol.asyncIterator]: () => counted,
      looksCloser: query.looksCloser === true,
    };
    return match(counted, list, options);
  };
}

const rateOf = ({ limits }: KnownCaller) => limits.requestsPerSecond ?? REQUESTS_PER_SECOND;
const burstOf = (caller: KnownCaller) => Math.max(1, 2 * rateOf(caller));

function checkTokens({ tokens }: Used, needed: number, caller: KnownCaller, what: string): void {
  if (tokens < needed) throw tooMany(`${what} a second`, (needed - tokens) / rateOf(caller));
}

const tooMany = (what: string, seconds: number) =>
  new Refusal('too-many', `expected fewer ${what}`, { 'retry-after': String(Math.ceil(seconds)) });
