import { countOf } from './lists/entries.js';
import type { Sql } from './sql/database.js';

/** What was forgotten. */
export interface Purged {
  /** rows of entries, withdrawals, allowances and lists that were removed */
  readonly rows: number;
  /** replies to changes that had an idempotency key */
  readonly requests: number;
}

/** So long a reply is kept for whoever repeats a change. */
const KEPT = '7 days';

/**
 * Forgets what was removed before a time, within a transaction. Whoever follows from a revision
 * before has to begin again.
 */
export async function purge(sql: Sql, olderThan: Date): Promise<Purged> {
  await sql.query('select revision from state for update');
  const [last] = await sql.query<{ revision: number | null }>(
    'select max(revision) as revision from change where at < $1',
    [olderThan],
  );
  const revision = last!.revision ?? 0;
  let rows = 0;
  for (const table of ['entry', 'withdrawal', 'allowance', 'list']) {
    const gone = `delete from ${table} where not listed and revision <= $1 returning 1`;
    rows += await countOf(sql, gone, [revision]);
  }
  await sql.query('delete from change where revision <= $1', [revision]);
  await sql.query('update state set purged = greatest(purged, $1)', [revision]);
  const requests = await countOf(
    sql,
    `delete from request where at < least($1, now() - interval '${KEPT}') returning 1`,
    [olderThan],
  );
  return { rows, requests };
}
