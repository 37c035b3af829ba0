import type { Database, Sql } from './database.js';
import { checkDate } from './entries.js';

/** What was forgotten. */
export interface Purged {
  /** rows of entries, withdrawals, allowances and lists that were removed */
  readonly rows: number;
  /** replies to changes that had an idempotency key */
  readonly requests: number;
}

/** So long a reply is kept for whoever repeats a change. */
const KEPT = '7 days';

/** `Store.purge`. */
export async function purge(database: Database, olderThan: Date): Promise<Purged> {
  checkDate('olderThan', olderThan);
  return await database.transaction(async (sql) => {
    await sql.query('select revision from state for update');
    return await purgeRows(sql, olderThan);
  });
}

/**
 * Forgets what was removed before a time, within a transaction that holds the store's state.
 * Whoever follows from a revision before has to begin again.
 */
async function purgeRows(sql: Sql, olderThan: Date): Promise<Purged> {
  const [last] = await sql.query<{ revision: number | null }>(
    'select max(revision) as revision from change where at < $1',
    [olderThan],
  );
  const revision = last!.revision ?? 0;
  let rows = 0;
  for (const table of ['entry', 'withdrawal', 'allowance', 'list']) {
    rows += await deleted(
      sql,
      `delete from ${table} where not listed and revision <= $1`,
      revision,
    );
  }
  await deleted(sql, 'delete from change where revision <= $1', revision);
  await sql.query('update state set purged = greatest(purged, $1)', [revision]);
  const requests = await deleted(
    sql,
    `delete from request where at < least($1, now() - interval '${KEPT}')`,
    olderThan,
  );
  return { rows, requests };
}

async function deleted(sql: Sql, text: string, value: number | Date): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `with gone as (${text} returning 1) select count(*) as count from gone`,
    [value],
  );
  return row!.count;
}
