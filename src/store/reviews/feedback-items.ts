import type { FeedbackItem, NewFeedback } from '../../review/feedback-item.js';
import type { Database, Sql } from '../sql/database.js';
import { type Lease, takeLease } from '../sql/lease.js';
import { checkStorable } from '../stored-entry.js';

/** Milliseconds for which the id of an ended item is remembered. */
const MEMORY = 7 * 86_400_000;

/** The columns of a `FeedbackItem`. */
const ITEM = 'id, recipient as "to", entry, body, state, attempts, due';

/**
 * The items of a feedback queue. Writes are durable once the call resolves; a call that rejects has
 * changed nothing. Any number of processes may add items; one at a time sends. If that one ends,
 * the next call of `send` in another goes on. If it hangs, another goes on about a minute later,
 * and later writes of the first one are rejected: at most the items that it was sending at that
 * moment may arrive twice. An ended item keeps only its id, for a week.
 */
export class FeedbackItems {
  readonly #database: Database;
  readonly #now: () => number;
  #lease: Lease | undefined;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Adds checked feedback, as `waiting` and due at once.
   * @returns false if its id is there, or has ended within a week
   * @throws {RangeError} if a database cannot store one of the texts
   */
  async put(feedback: NewFeedback): Promise<boolean> {
    return (await putFeedback(this.#database, [feedback], this.#now())) === 1;
  }

  /** All items, in order of arrival. */
  async all(): Promise<FeedbackItem[]> {
    return await this.#database.query<FeedbackItem>(
      `select ${ITEM} from feedback where state <> 'ended' order by number`,
    );
  }

  /** The item of an id; undefined if there is none. */
  async get(id: string): Promise<FeedbackItem | undefined> {
    checkStorable(id);
    const [item] = await this.#database.query<FeedbackItem>(
      `select ${ITEM} from feedback where id = $1 and state <> 'ended'`,
      [id],
    );
    return item;
  }

  /** The first item of each entry that is not stuck, in order; of one sender, if named. */
  async heads(to?: string): Promise<FeedbackItem[]> {
    return await this.#database.query<FeedbackItem>(
      `select ${ITEM} from (
        select distinct on (recipient, entry) * from feedback
        where state in ('waiting', 'unknown') and ($1::text is null or recipient = $1)
        order by recipient, entry, number
      ) as head order by number`,
      [to ?? null],
    );
  }

  /** True if later feedback on the same entry has arrived. */
  async hasLater({ id, to, entry }: FeedbackItem): Promise<boolean> {
    const later = await this.#database.query(
      `select from feedback where recipient = $2 and entry = $3 and state <> 'ended'
      and number > (select number from feedback where id = $1) limit 1`,
      [id, to, entry],
    );
    return later.length > 0;
  }

  /** Number of items still to be sent or settled, and number of stuck ones. */
  async counts(): Promise<{ open: number; stuck: number }> {
    const [row] = await this.#database.query<{ open: number; stuck: number }>(
      `select count(*) filter (where state <> 'stuck') as open,
        count(*) filter (where state = 'stuck') as stuck
      from feedback where state <> 'ended'`,
    );
    return { ...row! };
  }

  /** @returns the changed item; undefined if it had changed or gone, and nothing was done */
  async change(
    item: FeedbackItem,
    { state, attempts, due }: Pick<FeedbackItem, 'state' | 'attempts' | 'due'>,
  ): Promise<FeedbackItem | undefined> {
    const rows = await this.#changed(
      item,
      `update feedback set state = $3, attempts = $4, due = $5 where ${SAME} returning id`,
      [state, attempts, due],
    );
    return rows === 0 ? undefined : { ...item, state, attempts, due };
  }

  /**
   * Removes an item, but keeps its id.
   * @returns false if it had changed or gone, and nothing was done
   */
  async end(item: FeedbackItem): Promise<boolean> {
    const rows = await this.#changed(
      item,
      `update feedback set state = 'ended', body = null, due = $3 where ${SAME} returning id`,
      [this.#now()],
    );
    return rows === 1;
  }

  /**
   * People change stuck items, from any process. Only the sending process changes the others.
   * @throws {StoreError} `taken-over`
   */
  async #changed(
    item: FeedbackItem,
    update: string,
    values: readonly (string | number)[],
  ): Promise<number> {
    const isStuck = item.state === 'stuck';
    return await this.#database.transaction(async (sql) => {
      if (!isStuck) await this.#lease?.check(sql);
      return (await sql.query(update, [item.id, isStuck, ...values])).length;
    });
  }

  /**
   * Runs a sending while no other runs, in any process. Its changes fail once another process has
   * taken over.
   * @param run its signal aborts when the lease is lost
   * @returns undefined if another process is sending; nothing ran
   */
  async sending<T>(run: (signal: AbortSignal) => Promise<T>): Promise<{ of: T } | undefined> {
    const lease = await takeLease(this.#database, 'feedback');
    if (lease === undefined) return undefined;
    this.#lease = lease;
    try {
      const of = await run(lease.signal);
      await this.#database.query("delete from feedback where state = 'ended' and due < $1", [
        this.#now() - MEMORY,
      ]);
      return { of };
    } finally {
      this.#lease = undefined;
      await lease.release();
    }
  }
}

/** The item is still there, and stuck or not as before. */
const SAME = "id = $1 and state <> 'ended' and (state = 'stuck') = $2";

/**
 * Adds checked feedback to the queue, except items that it has, or that have ended within a week.
 * @param due in milliseconds since 1970
 * @returns number of new items
 * @throws {RangeError} if a database cannot store one of the texts
 */
export async function putFeedback(
  sql: Sql,
  feedback: readonly NewFeedback[],
  due: number,
): Promise<number> {
  for (const { id, to, entry } of feedback) checkStorable(id, to, entry);
  const rows = await sql.query(
    `insert into feedback (id, recipient, entry, body, state, due)
    select id, recipient, entry, body::json, 'waiting', $5
    from unnest($1::text[], $2::text[], $3::text[], $4::text[])
      with ordinality as given (id, recipient, entry, body, place)
    order by place
    on conflict (id) do nothing returning id`,
    [
      feedback.map(({ id }) => id),
      feedback.map(({ to }) => to),
      feedback.map(({ entry }) => entry),
      feedback.map(({ body }) => JSON.stringify(body)),
      due,
    ],
  );
  return rows.length;
}
