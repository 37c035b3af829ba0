import { randomUUID } from 'node:crypto';
import { checkOptions, checkTypeOf } from '../../door.js';
import { FormatError } from '../../errors.js';
import { bytesOf } from '../../hash.js';
import {
  checkedRecord,
  erasureTest,
  type NewReviewRecord,
  type ReviewQuery,
  type ReviewRecord,
  reviewTest,
} from '../../review/review-record.js';
import type { RetentionRules } from '../../review/review-retention.js';
import type { Database, Sql, SqlValue } from '../sql/database.js';
import { checkStorable } from '../stored-entry.js';
import {
  appendRecords,
  eraseRecords,
  isUnchanged,
  lockedEnd,
  RECORD_ROW,
  type RecordColumns,
  type RecordRow,
} from './review-chain.js';

/** Records of one statement. */
const BATCH = 500;
/** Records of a page in long reads. */
const PAGE = 500;

/** Result of `erase` or `prune`. */
export interface Erased {
  /** number of erased records */
  readonly erased: number;
}

/** A record, and the caller who waits for it. */
interface Waiting {
  readonly record: ReviewRecord;
  resolve(record: ReviewRecord): void;
  reject(error: unknown): void;
}

/**
 * Log of decisions about uploads, and of who made them. Made by `Store.reviewLog`. Any number of
 * processes may write to it. It holds hashes, which are personal data, but no picture, user or file
 * name.
 */
export class ReviewLog {
  readonly #database: Database;
  readonly #rules: RetentionRules;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  /** Use `Store.reviewLog`. */
  constructor(database: Database, rules: RetentionRules) {
    this.#database = database;
    this.#rules = rules;
  }

  /**
   * Writes a record. Records that arrive during a write share one transaction.
   * @param record with no member but those of the type
   * @returns the record as written, once it is durable; if the log already has its id, the logged
   * record, and nothing is written
   * @throws {TypeError | RangeError} if the record is invalid
   * @throws {StoreError} `unreachable`; the record may be in the log then, so give it an `id`: a
   * repeated call then writes nothing
   */
  async append(record: NewReviewRecord): Promise<ReviewRecord> {
    const made = newRecord(record, this.#rules);
    return await new Promise<ReviewRecord>((resolve, reject) => {
      this.#waiting.push({ record: made, resolve, reject });
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /**
   * Time at which the record with this id was written, in milliseconds since 1970; undefined if
   * there is no such record.
   * @throws {TypeError} if `id` is not a string
   */
  async timeOf(id: string): Promise<number | undefined> {
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    checkStorable(id);
    return (await timesOf(this.#database, [id])).get(id);
  }

  /**
   * The records that match a query, in the order in which they were written: all without a query.
   * Expired records are skipped. It reads page by page: records written or erased meanwhile may be
   * included or not. A record that has changed since it was written is skipped; `Store.verify`
   * finds missing records.
   * @param options `onProblem` is called for each changed record, with its number in `record`
   * @throws {TypeError | RangeError} if an argument is invalid
   * @throws {FormatError} `bad-checksum` if a record has changed, and there is no `onProblem`
   */
  read(
    query: ReviewQuery = {},
    options: { onProblem?: (error: FormatError) => void } = {},
  ): AsyncGenerator<ReviewRecord, void, undefined> {
    const where = conditionOf(query);
    checkOptions(options);
    checkTypeOf('onProblem', options.onProblem, 'function');
    return this.#read(where, new Date(this.#rules.oldest()), options.onProblem);
  }

  async *#read(
    { text, values }: Condition,
    oldest: Date,
    onProblem?: (error: FormatError) => void,
  ): AsyncGenerator<ReviewRecord, void, undefined> {
    for (let after = 0; ; ) {
      const at = values.length;
      const rows = await this.#database.query<RecordRow>(
        `select ${RECORD_ROW} from review_record
        where ${text} and at >= $${at + 1} and number > $${at + 2} order by number limit ${PAGE}`,
        [...values, oldest, after],
      );
      for (const row of rows) {
        if (isUnchanged(row)) yield JSON.parse(row.record) as ReviewRecord;
        else {
          const message = `expected record ${row.number} to be unaltered`;
          const error = new FormatError('bad-checksum', message, { record: row.number });
          if (!onProblem) throw error;
          onProblem(error);
        }
      }
      if (rows.length < PAGE) return;
      after = rows.at(-1)!.number;
    }
  }

  /**
   * Erases the records that match a query, all of them or none. The review queue's own `erase`
   * erases its items, waiting or decided. An exception keeps the hash of the upload: `disallow` and
   * `purge` erase it. The server's own copies, in its write-ahead log and in backups, are gone once
   * those are.
   * @param query must have a member: an empty one is rejected
   */
  async erase(query: ReviewQuery): Promise<Erased> {
    erasureTest(query);
    const { text, values } = conditionOf(query);
    return { erased: await eraseRecords(this.#database, text, values) };
  }

  /**
   * Removes the records that are older than `retentionDays`, by the current clock: make sure that
   * it is right. `Store.pruneReviews` removes only those that have certainly expired.
   * @returns how many
   */
  async prune(): Promise<Erased> {
    const oldest = new Date(this.#rules.oldest());
    return { erased: await eraseRecords(this.#database, 'at < $1', [oldest]) };
  }

  /** Runs until no caller waits. */
  async #write(): Promise<void> {
    // Records of one turn of the event loop arrive together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        const written = await this.#database.transaction((sql) =>
          putRecords(
            sql,
            batch.map(({ record }) => record),
          ),
        );
        for (const [at, { resolve }] of batch.entries()) resolve(written[at]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }
}

/**
 * Latest time that has certainly come, by the times in a store's reviews: from the first one on, a
 * gap between two counts as a day at most. So a clock that was far ahead adds a day, even if a
 * process that started with it wrote some of them.
 * @returns in milliseconds since 1970; undefined if there is nothing
 */
export async function certainTimeOf(database: Database): Promise<number | undefined> {
  const [row] = await database.query<{ certain: number | null }>(
    `select extract(epoch from min(at))::float8
      + coalesce(sum(least(extract(epoch from at - before)::float8, 86400)), 0) as certain
    from (select at, lag(at) over (order by at) as before
      from (select at from review_record union all select at from review_item) each) gaps`,
  );
  return row!.certain === null ? undefined : 1000 * row!.certain;
}

/**
 * The complete record to write.
 * @throws {TypeError | RangeError} if it is invalid, or a database cannot store it
 */
export function newRecord(record: NewReviewRecord, rules: RetentionRules): ReviewRecord {
  const { time: _, ...given } = checkedRecord(record) as ReviewRecord;
  const { id = randomUUID(), list, entry } = given;
  checkStorable(id, list, entry?.id, entry?.source);
  return rules.kept({ ...given, id, time: rules.now().toISOString() });
}

/**
 * Writes records in a transaction, except those whose ids the log has. Transactions take turns, so
 * numbers are in the order of commits, and no two wait for each other's ids.
 * @returns the logged records, with the earlier times of those that it had
 */
export async function putRecords(
  sql: Sql,
  records: readonly ReviewRecord[],
): Promise<ReviewRecord[]> {
  const end = await lockedEnd(sql);
  const ids = records.map(({ id }) => id);
  const known = await timesOf(sql, ids);
  const fresh = records.filter(({ id, time }) => {
    if (known.has(id)) return false;
    known.set(id, Date.parse(time));
    return true;
  });
  if (fresh.length > 0) await appendRecords(sql, end, fresh.map(columnsOf));
  const timeOf = (id: string) => new Date(known.get(id)!).toISOString();
  return records.map((record) => ({ ...record, time: timeOf(record.id) }));
}

function columnsOf({ id, time, list, entry, ...others }: ReviewRecord): RecordColumns {
  return {
    id,
    at: new Date(time),
    list: list ?? null,
    entry_algorithm: entry?.algorithm ?? null,
    entry_hash: entry ? bytesOf(entry.hash) : null,
    entry_id: entry?.id ?? null,
    entry_source: entry?.source ?? null,
    record: JSON.stringify({ id, time, list, entry, ...others }),
  };
}

async function timesOf(sql: Sql, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.query<{ id: string; at: Date }>(
    'select id, at from review_record where id = any($1::text[])',
    [ids],
  );
  return new Map(rows.map(({ id, at }) => [id, at.valueOf()]));
}

interface Condition {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/**
 * A query as a condition on the table, with the values of its parameters.
 * @throws {TypeError | RangeError} if it is invalid
 */
function conditionOf(query: ReviewQuery): Condition {
  reviewTest(query);
  const { id, entry, list, from, before } = query;
  const values: SqlValue[] = [];
  const parts = ['true'];
  const holds = (condition: string, value: SqlValue | undefined) => {
    if (value !== undefined) parts.push(`${condition} $${values.push(value)}`);
  };
  holds('id =', id);
  holds('list =', list);
  if (entry && 'id' in entry) {
    checkStorable(entry.id, entry.source);
    holds('entry_id =', entry.id);
    holds('entry_source =', entry.source);
  } else if (entry) {
    holds('entry_hash =', entry.bytes);
    holds('entry_algorithm =', entry.algorithm);
  }
  checkStorable(id, list);
  holds('at >=', from === undefined ? undefined : new Date(from));
  holds('at <', before === undefined ? undefined : new Date(before));
  return { text: parts.join(' and '), values };
}
