import { checkInteger, checkOptions, checkTypeOf } from '../door.js';
import { type NewReviewRecord, withoutMatchData } from './review-record.js';

/** What may be kept of reviews, and for how long. */
export interface ReviewRetention {
  /**
   * whole days that a record is kept. There is no default: the log holds personal data, and how
   * long you may keep them is for you to answer
   */
  retentionDays: number;
  /**
   * lists whose matches the log must not tell, by the name of the list or of the entry's source:
   * their records have no hash, entry and distance. A list with `shield` in its name is one of them
   * unless `keepShieldData`: the terms of Arachnid Shield forbid keeping its match data. So name a
   * remote list that asks Shield `shield`, or name it here
   */
  withoutMatchData?: readonly string[];
  /**
   * keep the match data of lists with `shield` in their names
   * @defaultValue false
   */
  keepShieldData?: boolean;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: () => number;
}

/** In milliseconds. */
const DAY = 86_400_000;

/**
 * The time that has certainly come, given when records were written: each gap between two of them
 * counts as a day at most. So a clock that was far ahead adds a day, also where a process that
 * began with it wrote some of them.
 * @param times in milliseconds since 1970, in ascending order
 * @returns undefined if there are none
 */
export function certainTime(times: Iterable<number>): number | undefined {
  let before: number | undefined;
  let certain: number | undefined;
  for (const time of times) {
    certain = certain === undefined ? time : certain + Math.min(time - before!, DAY);
    before = time;
  }
  return certain;
}

/**
 * A clock for automatic erasure: the given one, but never further on than the time since `from`
 * that this process has run. A clock that is wrong for a moment erases nothing. While a process is
 * off, no time passes, so records go late.
 * @param from a time that has certainly come, in milliseconds since 1970
 */
export function steadyClock(now: () => number, from: number): () => number {
  const start = performance.now();
  return () => Math.min(now(), from + performance.now() - start);
}

/** The rules of a log, checked. */
export class RetentionRules {
  readonly #days: number;
  readonly #withheld: readonly string[];
  readonly #keepsShield: boolean;
  readonly #now: () => number;

  /** @throws {TypeError | RangeError} if an option is missing or invalid */
  constructor(options: ReviewRetention) {
    checkOptions(options);
    const { retentionDays, withoutMatchData: withheld = [], keepShieldData = false } = options;
    const { now = Date.now } = options;
    checkInteger('retentionDays', retentionDays, 1, 36_500);
    checkTypeOf('keepShieldData', keepShieldData, 'boolean');
    checkTypeOf('now', now, 'function');
    if (!Array.isArray(withheld) || withheld.some((name) => typeof name !== 'string')) {
      throw new TypeError('expected withoutMatchData to be a list of strings');
    }
    this.#days = retentionDays;
    this.#withheld = [...withheld];
    this.#keepsShield = keepShieldData;
    this.#now = now;
    this.now();
  }

  /** @throws {TypeError} if the clock does not give a time */
  now(): Date {
    const date = new Date(this.#now());
    if (Number.isNaN(date.valueOf())) throw new TypeError('expected now to give milliseconds');
    return date;
  }

  /** Before this time, in milliseconds since 1970, records are not kept. */
  oldest(): number {
    return this.oldestAt(this.now().valueOf());
  }

  /** As `oldest`, at a time. */
  oldestAt(time: number): number {
    return time - this.#days * DAY;
  }

  /** Whether the matches of a list, or of a source, must not be told. */
  isWithheld(name: string | undefined): boolean {
    if (name === undefined) return false;
    return this.#withheld.includes(name) || (!this.#keepsShield && /shield/i.test(name));
  }

  /** What of a record is kept. */
  kept<T extends NewReviewRecord>(record: T): T {
    const isTold = [record.list, record.entry?.source].every((name) => !this.isWithheld(name));
    return isTold ? record : withoutMatchData(record);
  }
}
