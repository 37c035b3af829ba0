import type { Sql } from './database.js';

/** Bytes of a part of the table that are read at once in any case. */
const SMALL = 65_536;

/**
 * Makes the statistics of the table of entries if it is more than twice as large as when they were
 * made last. A server does so in a minute or later, an embedded one never: until then it would
 * rather read and sort the whole table for each page of entries. Those on other servers are theirs.
 */
export async function countAnew(sql: Sql): Promise<void> {
  const grown = await sql.query(
    `select from pg_inherits join pg_class on oid = inhrelid
    where inhparent = 'entry'::regclass and relkind = 'r'
      and pg_relation_size(oid) > $1
        + 2::bigint * greatest(relpages, 0) * current_setting('block_size')::bigint
    limit 1`,
    [SMALL],
  );
  if (grown.length > 0) await sql.query('analyze entry');
}
