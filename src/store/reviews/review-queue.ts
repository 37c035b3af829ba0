import {
  callback,
  checkedOptions,
  checkInteger,
  checkObject,
  checkOneOf,
  checkOptions,
  type OptionTable,
  tableOf,
} from '../../door.js';
import type { ListException } from '../../matching/allow-list.js';
import { type Decision, type DecisionJSON, decisionToJSON } from '../../matching/decision.js';
import { decisionFromJSON } from '../../matching/decision-json.js';
import { checkedFeedback, type NewFeedback } from '../../review/feedback-item.js';
import {
  checkedRecord,
  checkWord,
  erasureTest,
  type NewReviewRecord,
  REVIEW_OUTCOMES,
  type ReviewFacts,
  type ReviewOutcome,
  type ReviewQuery,
  type ReviewRecord,
  reviewFactsOf,
} from '../../review/review-record.js';
import {
  REVIEW_RETENTION,
  RetentionRules,
  type ReviewRetention,
} from '../../review/review-retention.js';
import {
  checkedException,
  keyOfException,
  putException,
  removeException,
} from '../lists/exceptions.js';
import type { Database, Sql } from '../sql/database.js';
import { checkStorable } from '../stored-entry.js';
import { type Changed, type ChangeOptions, checkChange, write } from '../write.js';
import { putFeedback } from './feedback-items.js';
import {
  checkId,
  checkLink,
  ITEM,
  type ItemRow,
  itemOf,
  type NewReviewItem,
  type ReviewItem,
} from './review-item.js';
import { type Erased, newRecord, putRecords } from './review-log.js';

/** Options of `Store.reviewQueue`: those of the review log, and the feedback to send. */
export interface ReviewQueueOptions extends ReviewRetention {
  /**
   * makes the feedback on a record that a person decided; its id is added. It waits in the store,
   * for `Store.feedbackQueue`
   */
  feedbackOf?: (record: NewReviewRecord) => readonly Omit<NewFeedback, 'id'>[];
}

export const REVIEW_QUEUE_OPTIONS = /* @__PURE__ */ tableOf(REVIEW_RETENTION, {
  feedbackOf: { is: callback },
}) satisfies OptionTable<ReviewQueueOptions>;

/** A moderator's decision. */
export interface ModeratorDecision {
  readonly outcome: ReviewOutcome;
  /** a role, never a name: `moderator`, `appeals` …; `automation` if no person decided */
  readonly role: string;
  /** for a rejected item: allows the hashes that matched, near the entries that they matched */
  readonly allow?: { readonly reason: string };
  /**
   * the decision that this one replaces: `decided.times` of the item that the moderator saw. Its
   * exceptions are taken back; its records stay in the log, before the new ones. Default 0: it is
   * the first
   */
  readonly insteadOf?: number;
  /** begins the ids of its records, if it was made elsewhere; default those of the queue */
  readonly recordsAs?: string;
}

/** Result of a decision. */
export interface Decided {
  /**
   * - `decided`: it was made now
   * - `decided-before`: another was made meanwhile, and stays; nothing has changed
   * - `unknown`: there is no such item, or it has expired
   */
  readonly came: 'decided' | 'decided-before' | 'unknown';
  /** records written into the review log */
  readonly records: number;
  /** exceptions made */
  readonly allowed: number;
  /** exceptions taken back */
  readonly disallowed: number;
  /** feedback that waits to be sent */
  readonly feedback: number;
}

const MOST = 1000;
/** Highest count that the column can hold. */
const MOST_TIMES = 2 ** 31 - 2;
/** Items that are read at once. */
const PAGE = 200;

/**
 * Uploads that wait for a moderator, and those that were decided, in a store. Made by
 * `Store.reviewQueue`. An item is removed `retentionDays` after it came, decided or not.
 */
export class ReviewQueue {
  readonly #database: Database;
  readonly #rules: RetentionRules;
  readonly #feedbackOf: NonNullable<ReviewQueueOptions['feedbackOf']>;

  /** Use `Store.reviewQueue`. */
  constructor(database: Database, options: ReviewQueueOptions) {
    const checked = checkedOptions(options, REVIEW_QUEUE_OPTIONS);
    const { feedbackOf = () => [], ...retention } = checked;
    this.#database = database;
    this.#rules = new RetentionRules(retention);
    this.#feedbackOf = feedbackOf;
  }

  /**
   * Puts an upload before the moderators.
   * @returns whether it is new: an id that the queue has, decided or not, is not accepted again
   * @throws {TypeError | RangeError} if the item is invalid
   */
  async put(item: NewReviewItem): Promise<boolean> {
    checkOptions(item, 'an item: { id, decision }');
    const { id, link } = item;
    checkId(id);
    if (link !== undefined) checkLink(link);
    const decision = this.#keptDecision(item.decision);
    const { facts: given = factsOf(item.decision) } = item;
    if (!(Array.isArray(given) && given.length > 0)) {
      throw new TypeError('expected facts to be a list of one or more');
    }
    const facts = (given as readonly ReviewFacts[]).map((fact) => this.#keptFacts(fact));
    const rows = await this.#database.query(
      `insert into review_item (id, at, link, decision, facts)
      values ($1, $2, $3, $4::text::json, $5::text::json) on conflict (id) do nothing returning 1`,
      [id, this.#rules.now(), link ?? null, JSON.stringify(decision), JSON.stringify(facts)],
    );
    return rows.length === 1;
  }

  /**
   * Items in order of arrival.
   * @param options `state`: default `waiting`; `after`: only higher numbers, default 0; `limit`:
   * page size, 1…1,000, default 50
   * @throws {TypeError | RangeError} if an option is invalid
   */
  async items(
    options: { state?: 'waiting' | 'decided'; after?: number; limit?: number } = {},
  ): Promise<ReviewItem[]> {
    checkOptions(options);
    const { state = 'waiting', after = 0, limit = 50 } = options;
    checkOneOf('state', state, ['waiting', 'decided']);
    checkInteger('after', after, 0);
    checkInteger('limit', limit, 1, MOST);
    const rows = await this.#database.query<ItemRow>(
      `select ${ITEM} from review_item
      where outcome is ${state === 'waiting' ? 'null' : 'not null'} and number > $1 and at >= $2
      order by number limit $3`,
      [after, this.#oldest(), limit],
    );
    return rows.map(itemOf);
  }

  /** The item of this id; undefined if there is none, or it has expired. */
  async get(id: string): Promise<ReviewItem | undefined> {
    checkId(id);
    const [row] = await this.#database.query<ItemRow>(
      `select ${ITEM} from review_item where id = $1 and at >= $2`,
      [id, this.#oldest()],
    );
    return row && itemOf(row);
  }

  /**
   * Decides an item: the records of the review log, one for each match, the exceptions, the
   * feedback and the item's state change together or not at all. `insteadOf` replaces an earlier
   * decision; an appeal may as well be another item, with an id of its own.
   * @throws {TypeError | RangeError} if an argument is invalid, or `allow` is given without a
   * rejection
   * @throws what `feedbackOf` throws
   */
  async decide(
    id: string,
    decision: ModeratorDecision,
    change: ChangeOptions = {},
  ): Promise<Changed & Decided> {
    checkId(id);
    checkOptions(decision, 'a decision: { outcome, role }');
    checkChange(change);
    const { outcome, role, allow, insteadOf = 0 } = decision;
    checkOneOf('outcome', outcome, REVIEW_OUTCOMES);
    checkWord('role', role);
    checkInteger('insteadOf', insteadOf, 0, MOST_TIMES);
    if (allow !== undefined) {
      checkOptions(allow, 'allow to be { reason }');
      if (typeof allow.reason !== 'string') {
        throw new TypeError('expected allow.reason to be a string');
      }
      if (outcome !== 'rejected') throw new RangeError("expected outcome 'rejected' with allow");
      checkStorable(allow.reason);
    }
    // An item's content never changes: only its state must be checked in the transaction.
    const item = await this.get(id);
    const before = item?.decided;
    const records = item ? this.#recordsOf(item, decision) : [];
    const feedback = role === 'automation' ? [] : this.#feedbackAfter(records);
    const exceptions = item && allow ? exceptionsOf(item, allow.reason) : [];
    const what = ['decide', id, outcome, role, allow?.reason, insteadOf];
    return await write<Decided>(this.#database, what, change, async (sql, revision) => {
      const nothing = { records: 0, allowed: 0, disallowed: 0, feedback: 0 };
      if (!item) return { came: 'unknown', ...nothing, isChanged: false };
      const now = this.#rules.now();
      const isLatest = insteadOf === (before?.times ?? 0);
      const updated = await sql.query(
        `update review_item set outcome = $3, role = $4, decided_at = $5, allowed = $6,
          times = times + 1
        where number = $1 and times = $2 and $7 returning 1`,
        [item.number, insteadOf, outcome, role, now, allow?.reason ?? null, isLatest],
      );
      if (updated.length === 0) {
        const came = (await isThere(sql, item)) ? 'decided-before' : 'unknown';
        return { came, ...nothing, isChanged: false };
      }
      await putRecords(sql, records);
      let disallowed = 0;
      if (before?.allowed !== undefined && !allow) {
        for (const { hash, entry } of exceptionsOf(item, before.allowed)) {
          if (await removeException(sql, revision, keyOfException(hash, entry))) disallowed++;
        }
      }
      let allowed = 0;
      for (const exception of exceptions) {
        if (await putException(sql, revision, exception)) allowed++;
      }
      const queued = await putFeedback(sql, feedback, now.valueOf());
      const done = { records: records.length, allowed, disallowed, feedback: queued };
      return { came: 'decided', ...done, isChanged: allowed + disallowed > 0 };
    });
  }

  /** Number of waiting items, and of decided ones by outcome. */
  async counts(): Promise<Record<'waiting' | ReviewOutcome, number>> {
    const rows = await this.#database.query<{ state: 'waiting' | ReviewOutcome; count: number }>(
      `select coalesce(outcome, 'waiting') as state, count(*) as count
      from review_item where at >= $1 group by 1`,
      [this.#oldest()],
    );
    const none = { waiting: 0, confirmed: 0, rejected: 0, undecided: 0 };
    return Object.assign(none, Object.fromEntries(rows.map(({ state, count }) => [state, count])));
  }

  /**
   * Erases the items that match a query, as `ReviewLog.erase` does records: by their id, an entry
   * that matched, its list, and their time of arrival. It reads all items.
   * @param query must have a member: an empty one is rejected
   * @throws {TypeError | RangeError} if `query` is invalid or empty
   */
  async erase(query: ReviewQuery): Promise<Erased> {
    const isMeant = erasureTest(query);
    return await this.#database.transaction(async (sql) => {
      // Items that arrive meanwhile wait, and are not missed.
      await sql.query('lock table review_item in share row exclusive mode');
      let erased = 0;
      for (let after = 0; ; ) {
        const rows = await sql.query<ItemRow>(
          `select ${ITEM} from review_item where number > $1 order by number limit ${PAGE}`,
          [after],
        );
        const meant = rows.map(itemOf).filter(({ id, time, facts, decision }) => {
          const all = [...facts, ...factsOf(decision)];
          return all.some((fact) => isMeant({ ...fact, id, time }));
        });
        await sql.query('delete from review_item where number = any($1::bigint[])', [
          meant.map(({ number }) => number),
        ]);
        erased += meant.length;
        if (rows.length < PAGE) return { erased };
        after = rows.at(-1)!.number;
      }
    });
  }

  /**
   * Removes the items that came more than `retentionDays` ago, by the current clock: make sure that
   * it is right. `Store.pruneReviews` removes only those that have certainly expired.
   */
  async prune(): Promise<Erased> {
    const gone = await this.#database.query('delete from review_item where at < $1 returning 1', [
      this.#oldest(),
    ]);
    return { erased: gone.length };
  }

  #oldest(): Date {
    return new Date(this.#rules.oldest());
  }

  #recordsOf(
    { number, facts }: ReviewItem,
    { outcome, role, insteadOf = 0, recordsAs }: ModeratorDecision,
  ): ReviewRecord[] {
    // Another decision has other records: the log rejects records whose ids it has.
    const name = recordsAs ?? `queue-${number}${insteadOf === 0 ? '' : `.${insteadOf}`}`;
    return facts.map((one, at) =>
      newRecord({ ...one, id: `${name}:${at}`, outcome, role }, this.#rules),
    );
  }

  /** An entry gets the same feedback once: several frames of a video have its id. */
  #feedbackAfter(records: readonly ReviewRecord[]): NewFeedback[] {
    const once = new Map<string, NewFeedback>();
    for (const { time: _, ...decided } of records) {
      const { id, source, hash } = decided.entry ?? {};
      for (const [at, one] of this.#feedbackOf(decided).entries()) {
        const feedback = checkedFeedback({ ...one, id: `${decided.id}:${at}` });
        const { to, entry, body } = feedback;
        const key = JSON.stringify([id ?? hash, source, decided.list, to, entry, body]);
        if (!once.has(key)) once.set(key, feedback);
      }
    }
    return [...once.values()];
  }

  #keptFacts(facts: ReviewFacts): ReviewFacts {
    const { id, outcome, role, time, ...kept } = checkedRecord(facts as ReviewRecord);
    if ([id, outcome, role, time].some((member) => member !== undefined)) {
      throw new TypeError('expected facts without id, outcome, role and time');
    }
    checkStorable(kept.list, kept.entry?.id, kept.entry?.source);
    return this.#rules.kept(kept);
  }

  /** The decision as JSON, without parts that no moderator needs or that must not be kept. */
  #keptDecision(decision: Decision | DecisionJSON): DecisionJSON {
    const { timings: _, allowed: __, ...json } = decisionToJSON(readDecision(decision));
    const isWithheld = ({ list, source }: { list?: string; source?: string }) =>
      this.#rules.isWithheld(list) || this.#rules.isWithheld(source);
    const matches = json.matches.filter((match) => !isWithheld(match));
    const remoteMatches = json.remoteMatches?.map((match) => {
      const { list, trust, tier } = match;
      return isWithheld(match) ? { list, trust, tier, labels: [] } : match;
    });
    const isShown = ![...json.matches, ...(json.remoteMatches ?? [])].some(isWithheld);
    const { upload, videos, ...others } = json;
    return {
      ...others,
      matches,
      ...(remoteMatches && { remoteMatches }),
      ...(videos && { videos: videos.filter((video) => !isWithheld(video)) }),
      // With the hash of the upload, the item would reveal which picture matched.
      ...(upload && isShown && { upload }),
    };
  }
}

const isThere = async (sql: Sql, { number }: ReviewItem) =>
  (await sql.query('select from review_item where number = $1', [number])).length > 0;

/** A decision that this library made writes itself; its JSON does not. */
function readDecision(decision: Decision | DecisionJSON): Decision {
  checkObject(decision, 'a decision, or its JSON');
  return 'toJSON' in decision ? (decision as Decision) : decisionFromJSON(decision as DecisionJSON);
}

const factsOf = (decision: Decision | DecisionJSON) => reviewFactsOf(readDecision(decision));

/** Exceptions of the hashes that matched, near the entries that they matched. */
function exceptionsOf({ decision }: ReviewItem, reason: string): ListException[] {
  return decisionFromJSON(decision).matches.map(({ variant, entry }) =>
    checkedException({ hash: variant.hash, entry: entry.hash, reason }),
  );
}
