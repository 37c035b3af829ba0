import type { Algorithm } from '../../hash.js';
import type { StopNciiFeedback } from '../../services/stop-ncii/format.js';
import {
  type Changes,
  type Place,
  type ServedHash,
  type StopNciiSource,
  statelessPages,
  stopNciiRecord,
} from '../../services/stop-ncii/serve.js';
import type { Database, Sql } from '../sql/database.js';
import { putReports } from './reports.js';

/** If no change is known any more, later ones are not older than this. */
const LONGEST_CHANGE_SECONDS = 600;

/** Entries of cases. */
const OF_CASES = `entry.list = $1 and entry.source = 'bundle' and entry.id ~ '^[0-9a-f]{32}$'`;
/** 0 if no longer known. */
const SECONDS = 'coalesce(floor(extract(epoch from change.at)), 0)::float8';

interface Row {
  readonly hash: Uint8Array;
  readonly revision: number;
  readonly number: number;
  readonly seconds: number;
}

/** The list of confirmed cases as platforms fetch it. Made by `Cases.feed`. */
export class CaseFeed {
  readonly #database: Database;
  readonly #list: string;
  readonly #now: () => number;
  /** The pages that platforms fetch. */
  readonly page: StopNciiSource['page'] = statelessPages((...asked) => this.changed(...asked));

  /** Use `Cases.feed`. */
  constructor(database: Database, list: string, now: () => number) {
    this.#database = database;
    this.#list = list;
    this.#now = now;
  }

  /**
   * Hashes that changed at or after `start`, in seconds since 1970, withdrawn ones included, those
   * left out that StopNCII's API cannot carry.
   * Revisions are in the order of commits, so a row that changes meanwhile moves behind all that
   * was read, and is read again.
   * @param after the place of the last row of the page before
   * @returns undefined if `after` is no place
   */
  async changed(
    start: number,
    after: Place | undefined,
    limit: number,
  ): Promise<Changes | undefined> {
    const place = after && /^(\d{1,15})-(\d{1,15})$/.exec(after[1]);
    if (place === null) return undefined;
    const run = (sql: Sql) => this.#changed(sql, start, place, limit);
    return await this.#database.transaction(run, { snapshot: true });
  }

  /**
   * Keeps what a platform says of hashes on the list, in place of what it said before.
   * @returns the number of reports kept: others are of no hash on the list
   */
  async report(platform: string, feedbacks: readonly StopNciiFeedback[]): Promise<number> {
    const about = { list: this.#list, platform, now: this.#now() };
    return await putReports(this.#database, about, feedbacks);
  }

  /** The number of listed entries by algorithm. */
  async counts(): Promise<{ algorithm: Algorithm; count: number }[]> {
    return await this.#database.query(
      `select algorithm, count(*) as count from entry
      where ${OF_CASES} and listed group by algorithm order by algorithm`,
      [this.#list],
    );
  }

  /** The start is by revisions, since the database's clock may be set back. */
  async #changed(
    sql: Sql,
    start: number,
    place: RegExpExecArray | undefined,
    limit: number,
  ): Promise<Changes> {
    const [state] = await sql.query<{ open: number; first: number }>(
      `select floor(extract(epoch from coalesce(max(at),
          now() - interval '${LONGEST_CHANGE_SECONDS} seconds')))::float8 as open,
        least(coalesce(max(revision) filter (where at < to_timestamp($1)), 0),
          min(revision) filter (where at >= to_timestamp($1)) - 1) as first
      from change`,
      [start],
    );
    const { open, first } = state!;
    const from = place ? [Number(place[1]), Number(place[2])] : [first, Number.MAX_SAFE_INTEGER];
    const rows = await sql.query<Row>(
      `select entry.revision, number, hash, ${SECONDS} as seconds
      from entry left join change using (revision)
      where ${OF_CASES} and (entry.revision, number) > ($2, $3)
      order by entry.revision, number limit $4`,
      [this.#list, ...from, limit],
    );
    const last = rows.length === limit ? rows.at(-1) : undefined;
    const hashes = await this.#whole(
      sql,
      rows.map(({ hash }) => hash),
    );
    return {
      records: hashes.flatMap((hash) => stopNciiRecord(hash) ?? []),
      next: last && [last.seconds, `${last.revision}-${last.number}`],
      openSeconds: open,
    };
  }

  /** The hashes of some rows, each once, with all cases that have it and what is said of it. */
  async #whole(sql: Sql, hashes: readonly Uint8Array[]): Promise<ServedHash[]> {
    // Later reports about a hash that is not active do not reach readers, so none is given.
    return await sql.query<ServedHash>(
      `with of_case as (
        select algorithm, hash, id, bool_or(listed and paused_until is null) as is_active,
          max(${SECONDS}) as seconds, min(number) as number
        from entry left join change using (revision)
        where ${OF_CASES} and hash = any($2::bytea[])
        group by algorithm, hash, id
      ),
      said as (
        select algorithm, hash, json_agg(json_build_object('source', platform,
          'feedbackValue', says, 'tags', tags) order by platform) as feedbacks
        from platform_report where hash = any($2::bytea[])
        group by algorithm, hash
      )
      select algorithm, encode(hash, 'hex') as hex, max(seconds) as "changedSeconds",
        json_agg(json_build_object('id', id,
          'status', case when is_active then 'Active' else 'Withdrawn' end) order by number)
          as "caseNumbers",
        coalesce((select feedbacks from said where said.hash = of_case.hash
          and said.algorithm = of_case.algorithm and bool_or(is_active)), '[]') as feedbacks
      from of_case group by algorithm, hash
      order by array_position($2::bytea[], hash)`,
      [this.#list, hashes],
    );
  }
}
