import { type Algorithm, hexOf } from '../../hash.js';
import type { ServedHash } from '../../services/stop-ncii/serve.js';
import type { Database, Sql } from '../sql/database.js';
import { type PlatformReport, putReports } from './reports.js';

/** Hashes that changed, in the order of their changes. */
export interface FedHashes {
  /** their times are 0 if no longer known */
  readonly hashes: readonly ServedHash[];
  /** the place of the last row that was read: its time, and a key; undefined if no row follows */
  readonly next: readonly [seconds: number, key: string] | undefined;
  /** every change that this read did not see has this time or a later one */
  readonly openSeconds: number;
}

/** If no change is known any more, later ones are not older than this. */
const LONGEST_CHANGE_SECONDS = 600;

/** Entries of cases. */
const OF_CASES = `entry.list = $1 and entry.source = 'bundle' and entry.id ~ '^[0-9a-f]{32}$'`;
const SECONDS = 'coalesce(floor(extract(epoch from change.at)), 0)::float8 as seconds';

interface OfHash {
  readonly algorithm: Algorithm;
  readonly hash: Uint8Array;
}

interface Row extends OfHash {
  readonly revision: number;
  readonly number: number;
  readonly seconds: number;
}

interface CaseRow extends OfHash {
  readonly id: string;
  readonly is_active: boolean;
  readonly seconds: number;
}

interface ReportRow extends OfHash {
  readonly platform: string;
  readonly says: string;
  readonly tags: readonly string[];
}

/** The list of confirmed cases as platforms fetch it. Made by `Cases.feed`. */
export class CaseFeed {
  readonly #database: Database;
  readonly #list: string;
  readonly #now: () => number;

  /** Use `Cases.feed`. */
  constructor(database: Database, list: string, now: () => number) {
    this.#database = database;
    this.#list = list;
    this.#now = now;
  }

  /**
   * Hashes that changed at or after `start`, in seconds since 1970, withdrawn ones included.
   * Revisions are in the order of commits, so a row that changes meanwhile moves behind all that
   * was read, and is read again.
   * @param after the place of the last row of the page before
   * @returns undefined if `after` is no place
   */
  async changed(
    start: number,
    after: FedHashes['next'],
    limit: number,
  ): Promise<FedHashes | undefined> {
    const place = after && /^(\d{1,15})-(\d{1,15})$/.exec(after[1]);
    if (place === null) return undefined;
    const run = (sql: Sql) => this.#changed(sql, start, place, limit);
    return await this.#database.transaction(run, { snapshot: true });
  }

  /**
   * Keeps what a platform says of hashes on the list, in place of what it said before.
   * @returns the number of reports kept: others are of no hash on the list
   */
  async report(platform: string, reports: readonly PlatformReport[]): Promise<number> {
    const about = { list: this.#list, platform, now: this.#now() };
    return await putReports(this.#database, about, reports);
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
  ): Promise<FedHashes> {
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
      `select entry.revision, number, algorithm, hash, ${SECONDS}
      from entry left join change using (revision)
      where ${OF_CASES} and (entry.revision, number) > ($2, $3)
      order by entry.revision, number limit $4`,
      [this.#list, ...from, limit],
    );
    const last = rows.length === limit ? rows.at(-1) : undefined;
    return {
      hashes: await this.#whole(sql, rows),
      next: last && [last.seconds, `${last.revision}-${last.number}`],
      openSeconds: open,
    };
  }

  /** The hashes of some rows, each once, with all cases that have it and what is said of it. */
  async #whole(sql: Sql, rows: readonly Row[]): Promise<ServedHash[]> {
    const hashes = rows.map(({ hash }) => hash);
    const cases = await sql.query<CaseRow>(
      `select algorithm, hash, id, listed and paused_until is null as is_active, ${SECONDS}
      from entry left join change using (revision)
      where ${OF_CASES} and hash = any($2::bytea[]) order by number`,
      [this.#list, hashes],
    );
    const reports = await sql.query<ReportRow>(
      `select algorithm, hash, platform, says, tags from platform_report
      where hash = any($1::bytea[]) order by platform`,
      [hashes],
    );
    const fed = new Map<string, { row: OfHash; cases: CaseRow[]; reports: ReportRow[] }>();
    for (const row of rows) fed.set(keyOf(row), { row, cases: [], reports: [] });
    for (const one of cases) fed.get(keyOf(one))?.cases.push(one);
    // Later reports about a hash that is not active do not reach readers, so none is given.
    for (const one of reports) {
      const hash = fed.get(keyOf(one));
      if (hash?.cases.some((each) => each.is_active)) hash.reports.push(one);
    }
    return [...fed.values()].map(({ row, cases, reports }) => ({
      algorithm: row.algorithm,
      hex: hexOf(row.hash),
      changedSeconds: Math.max(...cases.map(({ seconds }) => seconds)),
      caseNumbers: [...new Set(cases.map(({ id }) => id))].map((id) => ({
        id,
        status: cases.some((one) => one.id === id && one.is_active) ? 'Active' : 'Withdrawn',
      })),
      feedbacks: reports.map(({ platform, says, tags }) => ({
        source: platform,
        feedbackValue: says,
        tags,
      })),
    }));
  }
}

const keyOf = ({ algorithm, hash }: OfHash) => `${algorithm}:${hexOf(hash)}`;
