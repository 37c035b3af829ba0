import { type Algorithm, bitsOf, type Hash, keyOfHash, newHash } from '../../hash.js';
import { AllowList, type ListException } from '../../matching/allow-list.js';
import type { Sql } from '../sql/database.js';
import { checkStorable, digestOf } from '../stored-entry.js';

/** Columns of an exception, for `exceptionOf`. */
export const ALLOWED = 'key, algorithm, hash, entry, reason, listed, revision';

/** A row of `ALLOWED`. */
export interface ExceptionRow {
  readonly key: Uint8Array;
  readonly algorithm: Algorithm;
  readonly hash: Uint8Array;
  readonly entry: Uint8Array | null;
  readonly reason: string;
  readonly listed: boolean;
  readonly revision: number;
}

/**
 * A copy of an exception that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid, or a database cannot store it
 */
export function checkedException(exception: ListException): ListException {
  const [copy] = new AllowList({ exceptions: [exception] }).exceptions;
  checkStorable(copy!.reason);
  return copy!;
}

/** Identity of an exception, as 32 bytes. */
export function keyOfException(hash: Hash, entry: Hash | undefined): Uint8Array {
  bitsOf(hash);
  return digestOf([keyOfHash(hash), entry === undefined ? null : keyOfHash(entry)]);
}

/** Allows a hash within a change. @returns whether anything changed */
export async function putException(
  sql: Sql,
  revision: number,
  { hash, entry, reason }: ListException,
): Promise<boolean> {
  const set = await sql.query(
    `insert into list_exception (key, algorithm, hash, entry, reason, revision)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (key) do update set listed = true, reason = $5, at = now(), revision = $6
    where not list_exception.listed or list_exception.reason <> $5
    returning 1`,
    [
      keyOfException(hash, entry),
      hash.algorithm,
      hash.bytes,
      entry?.bytes ?? null,
      reason,
      revision,
    ],
  );
  return set.length > 0;
}

/** Takes back an exception within a change. @returns whether there was one */
export async function removeException(
  sql: Sql,
  revision: number,
  key: Uint8Array,
): Promise<boolean> {
  const gone = await sql.query(
    'update list_exception set listed = false, revision = $2 where key = $1 and listed returning 1',
    [key, revision],
  );
  return gone.length > 0;
}

/** All exceptions, in the order in which they were made. */
export async function exceptionsOf(sql: Sql): Promise<ListException[]> {
  const rows = await sql.query<ExceptionRow>(
    `select ${ALLOWED} from list_exception where listed order by revision, key`,
  );
  return rows.map(exceptionOf);
}

/** The exception of a row. */
export function exceptionOf({ algorithm, hash, entry, reason }: ExceptionRow): ListException {
  return {
    hash: newHash(algorithm, new Uint8Array(hash)),
    ...(entry !== null && { entry: newHash(algorithm, new Uint8Array(entry)) }),
    reason,
  };
}
