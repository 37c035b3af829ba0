import { countOf } from './lists/entries.js';
import type { Sql } from './sql/database.js';

/** Result of a purge. */
export interface Purged {
  /** removed rows of entries, withdrawals, exceptions and lists */
  readonly rows: number;
  /** replies to changes that had an idempotency key */
  readonly requests: number;
}

/** Time for which a reply is kept for a repeated change. */
const KEPT = '7 days';

/**
 * Purges everything that was removed before a time, within a transaction. A follower at an earlier
 * revision must start again.
 */
export async function purge(sql: Sql, olderThan: Date): Promise<Purged> {
  await sql.query('select revision from state for update');
  const [last] = await sql.query<{ revision: number | null }>(
    'select max(revision) as revision from change where at < $1',
    [olderThan],
  );
  const revision = last!.revision ?? 0;
  let rows = 0;
  for (const table of ['entry', 'withdrawal', 'list_exception', 'list']) {
    const gone = `delete from ${table} where not listed and revision <= $1 returning 1`;
    rows += await countOf(sql, gone, [revision]);
  }
  await sql.query(
    `delete from platform_report as report where not exists (
      select from entry where entry.hash = report.hash and entry.algorithm = report.algorithm
    )`,
  );
  await sql.query('delete from change where revision <= $1', [revision]);
  await sql.query('update state set purged = greatest(purged, $1)', [revision]);
  const requests = await countOf(
    sql,
    `delete from request where at < least($1, now() - interval '${KEPT}') returning 1`,
    [olderThan],
  );
  return { rows, requests };
}
