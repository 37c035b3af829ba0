import { type Algorithm, bitsOf, type Hash, keyOfHash, newHash } from '../../hash.js';
import { type Allowance, AllowList } from '../../matching/allow-list.js';
import type { Sql } from '../sql/database.js';
import { checkStorable, digestOf } from '../stored-entry.js';

/** Columns of an allowance, for `allowanceOf`. */
export const ALLOWED = 'key, algorithm, hash, entry, reason, listed, revision';

/** A row of `ALLOWED`. */
export interface AllowanceRow {
  readonly key: Uint8Array;
  readonly algorithm: Algorithm;
  readonly hash: Uint8Array;
  readonly entry: Uint8Array | null;
  readonly reason: string;
  readonly listed: boolean;
  readonly revision: number;
}

/**
 * A copy of an allowance that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid, or a database cannot store it
 */
export function checkedAllowance(allowance: Allowance): Allowance {
  const [copy] = new AllowList({ allowances: [allowance] }).allowances;
  checkStorable(copy!.reason);
  return copy!;
}

/** Identity of an allowance, as 32 bytes. */
export function keyOfAllowance(hash: Hash, entry: Hash | undefined): Uint8Array {
  bitsOf(hash);
  return digestOf([keyOfHash(hash), entry === undefined ? null : keyOfHash(entry)]);
}

/** Allows a hash within a change. @returns whether anything changed */
export async function putAllowance(
  sql: Sql,
  revision: number,
  { hash, entry, reason }: Allowance,
): Promise<boolean> {
  const set = await sql.query(
    `insert into allowance (key, algorithm, hash, entry, reason, revision)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (key) do update set listed = true, reason = $5, at = now(), revision = $6
    where not allowance.listed or allowance.reason <> $5
    returning 1`,
    [
      keyOfAllowance(hash, entry),
      hash.algorithm,
      hash.bytes,
      entry?.bytes ?? null,
      reason,
      revision,
    ],
  );
  return set.length > 0;
}

/** Takes back an allowance within a change. @returns whether there was one */
export async function removeAllowance(
  sql: Sql,
  revision: number,
  key: Uint8Array,
): Promise<boolean> {
  const gone = await sql.query(
    'update allowance set listed = false, revision = $2 where key = $1 and listed returning 1',
    [key, revision],
  );
  return gone.length > 0;
}

/** All allowances, in the order in which they were made. */
export async function allowancesOf(sql: Sql): Promise<Allowance[]> {
  const rows = await sql.query<AllowanceRow>(
    `select ${ALLOWED} from allowance where listed order by revision, key`,
  );
  return rows.map(allowanceOf);
}

/** The allowance of a row. */
export function allowanceOf({ algorithm, hash, entry, reason }: AllowanceRow): Allowance {
  return {
    hash: newHash(algorithm, new Uint8Array(hash)),
    ...(entry !== null && { entry: newHash(algorithm, new Uint8Array(entry)) }),
    reason,
  };
}
