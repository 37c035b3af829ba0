import type { Blocklist } from '../../blocklist/blocklist.js';
import { digestsOn, match } from '../../matching/match.js';
import type { Decide } from '../../node/pool/create-hash-pool.js';
import type { HashedVariant } from '../../variant.js';
import { type KnownCaller, REQUESTS_PER_SECOND } from './access.js';
import { Refusal } from './route.js';

const DAY = 86_400_000;
/** Searches per token of the rate. 600 at once block the serving thread for 0.4 s. */
const SEARCHES_A_TOKEN = 25;
/** Most searches of one picture. */
const MOST_SEARCHES = 160;

/** Usage of one caller. */
interface Used {
  /** requests that may come at once; negative after a loan */
  tokens: number;
  /** time at which `tokens` was correct, in milliseconds */
  at: number;
  /** answers since `since` */
  answers: number;
  since: number;
}

/**
 * Counts requests and answers by caller. A caller with unlimited queries can find out what is
 * listed: the distances of some 260 chosen hashes reveal an entry's hash, and verdicts alone are
 * nearly as useful. The counts belong to this process, and start from zero with it.
 */
export class RateLimit {
  readonly #used = new Map<string, Used>();
  readonly #now: () => number;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @throws {Refusal} 429 if the caller exceeds its rate */
  countRequest(caller: KnownCaller): void {
    const used = this.#usedBy(caller);
    checkTokens(used, 1, caller, 'requests');
    used.tokens--;
  }

  /**
   * Counts upcoming searches, except the first of a request, whose token covers 25. A request may
   * borrow more tokens than the burst holds, if the burst is untouched.
   * @throws {Refusal} 429 if too few are left; then none is counted
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
   * Checks a picture against a list, and counts its searches afterwards. Until then it reserves as
   * many as a picture may need, or all that are left. A day may exceed its limit by one picture.
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
      return await check(
        counting(list, (count) => {
          searched += count;
        }),
      );
    } finally {
      // The first is already counted, with the request.
      const further = Math.max(0, searched - 1);
      used.answers += further - (used.since === since ? aside : 0);
      used.tokens -= Math.floor(further / SEARCHES_A_TOKEN);
    }
  }

  /** @returns the answers that are left today */
  #checkDay(used: Used, answers: number, { limits }: KnownCaller): number {
    const left = (limits.answersPerDay ?? Number.POSITIVE_INFINITY) - used.answers;
    if (answers <= left) return left;
    throw tooMany('answers per day', (used.since + DAY - this.#now()) / 1000);
  }

  /** Bounded by the number of rules. */
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

/** Matches one picture, and calls `count` with the number of searched variants. */
function counting(list: Blocklist, count: (variants: number) => void): Decide {
  const decide: Decide = (query, options) => {
    const variants = query[Symbol.asyncIterator]() as AsyncIterator<HashedVariant, void, unknown>;
    const counted = {
      async next(near: unknown) {
        const pulled = await variants.next(near);
        if (!pulled.done) count(1);
        return pulled;
      },
      return: async () => (await variants.return?.()) ?? { done: true as const, value: undefined },
      [Symbol.asyncIterator]: () => counted,
      // Known once the picture is decoded.
      get looksCloser() {
        return query.looksCloser === true;
      },
    };
    return match(counted, list, options);
  };
  return Object.assign(decide, {
    digests: digestsOn(list),
    videos: { list, searched: count },
  });
}

const rateOf = ({ limits }: KnownCaller) => limits.requestsPerSecond ?? REQUESTS_PER_SECOND;
const burstOf = (caller: KnownCaller) => Math.max(1, 2 * rateOf(caller));

function checkTokens({ tokens }: Used, needed: number, caller: KnownCaller, what: string): void {
  if (tokens < needed) throw tooMany(`${what} per second`, (needed - tokens) / rateOf(caller));
}

const tooMany = (what: string, seconds: number) =>
  new Refusal('too-many', `expected fewer ${what}`, { 'retry-after': String(Math.ceil(seconds)) });
