import { type Algorithm, hashToHex, hexOf, newHash } from '../hash.js';
import { copyOf, type Withdrawn, type WithdrawnKey } from '../matching/withdrawals.js';
import type { Database, Sql, SqlValue } from './database.js';
import { removeEntries } from './entries.js';
import { checkStorable, digestOf } from './stored-entry.js';
import { type Changed, type ChangeOptions, checkChange, write } from './write.js';

/** What is selected of a withdrawal, for `withdrawnOf`. */
export const WITHDRAWN = 'key, list, algorithm, hash, source, id, reason, listed, revision';

/** A row of `WITHDRAWN`. */
export interface WithdrawalRow {
  readonly key: Uint8Array;
  readonly list: string | null;
  readonly algorithm: Algorithm | null;
  readonly hash: Uint8Array | null;
  readonly source: string | null;
  readonly id: string | null;
  readonly reason: string | null;
  readonly listed: boolean;
  readonly revision: number;
}

/**
 * A copy of a withdrawal that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid, or a database cannot keep it
 */
export function checkedWithdrawal(withdrawal: Withdrawn, reason?: string): Withdrawn {
  const copy = copyOf(withdrawal, reason);
  checkStorable(copy.list, copy.reason, ...('id' in copy ? [copy.id, copy.source] : []));
  return copy;
}

/** What makes a withdrawal that very one, as 32 bytes: its reason does not. */
export function keyOfWithdrawal(key: WithdrawnKey): Uint8Array {
  const list = key.list ?? null;
  return 'id' in key
    ? digestOf(['id', key.id, key.source ?? null, list])
    : digestOf([key.algorithm, hashToHex(key), list]);
}

/** `Store.withdraw`. */
export async function withdraw(
  database: Database,
  withdrawn: Withdrawn,
  change: ChangeOptions & { reason?: string },
): Promise<Changed & { removed: number }> {
  checkChange(change);
  const withdrawal = checkedWithdrawal(withdrawn, change.reason);
  const what = ['withdraw', hexOf(keyOfWithdrawal(withdrawal)), withdrawal.reason];
  return await write(database, what, change, async (sql, revision) => {
    const { removed, isChanged } = await withdrawEntries(sql, revision, withdrawal);
    return { reply: { removed }, isChanged };
  });
}

/** `Store.reinstate`. */
export async function reinstate(
  database: Database,
  key: WithdrawnKey,
  change: ChangeOptions,
): Promise<Changed & { reinstated: boolean }> {
  const copy = checkedWithdrawal(key);
  const what = ['reinstate', hexOf(keyOfWithdrawal(copy))];
  return await write(database, what, change, async (sql, revision) => {
    const reinstated = await reinstateWithdrawn(sql, revision, copy);
    return { reply: { reinstated }, isChanged: reinstated };
  });
}

/** Withdraws within a change, as `Blocklist.withdraw` does. @returns how many entries went */
export async function withdrawEntries(
  sql: Sql,
  revision: number,
  withdrawal: Withdrawn,
): Promise<{ removed: number; isChanged: boolean }> {
  const key = keyOfWithdrawal(withdrawal);
  const { list, reason } = withdrawal;
  const named: Record<string, SqlValue | undefined> =
    'id' in withdrawal
      ? { id: withdrawal.id, source: withdrawal.source, list }
      : { hash: withdrawal.bytes, algorithm: withdrawal.algorithm, list };
  const set = await sql.query(
    `insert into withdrawal (key, list, algorithm, hash, source, id, reason, revision)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (key) do update set listed = true, revision = $8, at = now(),
      reason = case when withdrawal.listed then coalesce($7, withdrawal.reason) else $7 end
    where not withdrawal.listed or withdrawal.reason is distinct from coalesce($7, withdrawal.reason)
    returning 1`,
    [
      key,
      list ?? null,
      named.algorithm ?? null,
      named.hash ?? null,
      named.source ?? null,
      named.id ?? null,
      reason ?? null,
      revision,
    ],
  );
  const parts = Object.entries(named).filter(([, value]) => value !== undefined);
  const removed = await removeEntries(
    sql,
    revision,
    parts.map(([column], at) => `${column} = $${at + 2}`).join(' and '),
    parts.map(([, value]) => value!),
  );
  return { removed, isChanged: set.length > 0 || removed > 0 };
}

/** Lifts a withdrawal within a change. @returns whether it was in force */
export async function reinstateWithdrawn(
  sql: Sql,
  revision: number,
  key: WithdrawnKey,
): Promise<boolean> {
  const lifted = await sql.query(
    'update withdrawal set listed = false, revision = $2 where key = $1 and listed returning 1',
    [keyOfWithdrawal(key), revision],
  );
  return lifted.length > 0;
}

/** The withdrawals in force, in the order in which they were made. */
export async function withdrawalsOf(sql: Sql): Promise<Withdrawn[]> {
  const rows = await sql.query<WithdrawalRow>(
    `select ${WITHDRAWN} from withdrawal where listed order by revision, key`,
  );
  return rows.map(withdrawnOf);
}

/** The withdrawal of a row. */
export function withdrawnOf(row: WithdrawalRow): Withdrawn {
  const { list, algorithm, hash, source, id, reason } = row;
  const told = { ...(list !== null && { list }), ...(reason !== null && { reason }) };
  if (id !== null) return { id, ...(source !== null && { source }), ...told };
  return Object.assign(newHash(algorithm!, new Uint8Array(hash!)), told);
}
