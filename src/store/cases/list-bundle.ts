import { entriesOfBundle } from '../../bundle/bundle.js';
import type { Bundle } from '../../bundle/bundle-shape.js';
import { gatheredEntries } from '../lists/gathered-entries.js';
import { putEntries } from '../lists/put-entries.js';
import type { Sql } from '../sql/database.js';
import type { CaseListing, LeftOut } from './filed-case.js';

/** Puts the hashes of a confirmed case on a list, within a change. */
export async function listBundle(
  sql: Sql,
  revision: number,
  bundle: Bundle,
  list: string,
): Promise<CaseListing> {
  const entries = entriesOfBundle(bundle);
  const put = await putEntries(sql, revision, await gatheredEntries(entries, {}, list));
  const counts: Record<LeftOut, number> = {
    'unknown-algorithm': bundle.unknown?.length ?? 0,
    'too-plain': put.rejected.degenerate,
    withdrawn: put.rejected.withdrawn,
  };
  const left = Object.entries(counts).flatMap(([why, count]) =>
    count > 0 ? [{ why: why as LeftOut, count }] : [],
  );
  return { of: entries.length + counts['unknown-algorithm'], listed: put.numbers.length, left };
}
