import type { KnownCaller } from './access.js';
import { Refusal } from './route.js';

const REQUESTS_PER_SECOND = 100;
const DAY = 86_400_000;

/** What one caller has used. */
interface Used {
  /** requests that may come at once */
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
  countRequest({ name, limits }: KnownCaller): void {
    const used = this.#usedBy(name, limits);
    const { requestsPerSecond: rate = REQUESTS_PER_SECOND } = limits;
    const now = this.#now();
    used.tokens = Math.min(burstOf(rate), used.tokens + ((now - used.at) * rate) / 1000);
    used.at = now;
    if (used.tokens < 1) throw tooMany('fewer requests a second', (1 - used.tokens) / rate);
    used.tokens--;
  }

  /** @throws {Refusal} 429 if so many answers are not left; then none is counted */
  countAnswers({ name, limits }: KnownCaller, answers: number): void {
    const used = this.#usedBy(name, limits);
    const { answersPerDay = Number.POSITIVE_INFINITY } = limits;
    const now = this.#now();
    if (now - used.since >= DAY) Object.assign(used, { answers: 0, since: now });
    if (used.answers + answers > answersPerDay) {
      throw tooMany('fewer answers a day', (used.since + DAY - now) / 1000);
    }
    used.answers += answers;
  }

  /** There are no more of them than rules. */
  #usedBy(name: string, { requestsPerSecond = REQUESTS_PER_SECOND }: KnownCaller['limits']): Used {
    const known = this.#used.get(name);
    if (known) return known;
    const now = this.#now();
    const used = { tokens: burstOf(requestsPerSecond), at: now, answers: 0, since: now };
    this.#used.set(name, used);
    return used;
  }
}

const burstOf = (requestsPerSecond: number) => Math.max(1, 2 * requestsPerSecond);

const tooMany = (what: string, seconds: number) =>
  new Refusal('too-many', `expected ${what}`, { 'retry-after': String(Math.ceil(seconds)) });
