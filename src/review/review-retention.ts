import {
  boolean,
  checkedOptions,
  integer,
  NOW,
  type OptionTable,
  texts,
  wrongKind,
} from '../door.js';
import { type NewReviewRecord, withoutMatchData } from './review-record.js';

/** Retention of reviews: which data, and for how long. */
export interface ReviewRetention {
  /**
   * whole days that a record is kept. There is no default: the log holds personal data, and how
   * long you may keep them is your decision
   */
  retentionDays: number;
  /**
   * lists whose matches the log must not reveal, by the name of the list or of the entry's source:
   * their records have no hash, entry or distance. Lists with `shield` in their names are included
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

export const REVIEW_RETENTION = {
  retentionDays: { is: integer, least: 1, most: 36_500, required: true },
  withoutMatchData: { is: texts, default: [] },
  keepShieldData: { is: boolean, default: false },
  now: NOW,
} as const satisfies OptionTable<ReviewRetention>;

/** In milliseconds. */
const DAY = 86_400_000;

/** The rules of a log, checked. */
export class RetentionRules {
  readonly #days: number;
  readonly #withheld: readonly string[];
  readonly #keepsShield: boolean;
  readonly #now: () => number;

  /** @throws {TypeError | RangeError} if an option is missing or invalid */
  constructor(options: ReviewRetention) {
    const checked = checkedOptions(options, REVIEW_RETENTION);
    this.#days = checked.retentionDays;
    this.#withheld = [...checked.withoutMatchData];
    this.#keepsShield = checked.keepShieldData;
    this.#now = checked.now;
    this.now();
  }

  /** @throws {TypeError} if the clock does not return a time */
  now(): Date {
    const date = new Date(this.#now());
    if (Number.isNaN(date.valueOf())) wrongKind('now to give milliseconds');
    return date;
  }

  /** Oldest time to keep, in milliseconds since 1970: earlier records are not kept. */
  oldest(): number {
    return this.now().valueOf() - this.#days * DAY;
  }

  /** True if the matches of a list, or of a source, must not be revealed. */
  isWithheld(name: string | undefined): boolean {
    if (name === undefined) return false;
    return this.#withheld.includes(name) || (!this.#keepsShield && /shield/i.test(name));
  }

  /** The part of a record to keep. */
  kept<T extends NewReviewRecord>(record: T): T {
    const isShared = [record.list, record.entry?.source].every((name) => !this.isWithheld(name));
    return isShared ? record : withoutMatchData(record);
  }
}
