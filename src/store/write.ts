import { createHash } from 'node:crypto';
import { checkOptions, checkTypeOf } from '../door.js';
import type { Database, Sql } from './sql/database.js';
import { StoreError } from './sql/store-error.js';

/** Options of every change. */
export interface ChangeOptions {
  /**
   * names this change: repeated with the same key within 7 days, it is not made again, and returns
   * its first result. Use it wherever a reply may be lost
   */
  idempotencyKey?: string;
}

/** Result of every change. */
export interface Changed {
  /** the store's, once this change is in it; a change without effect returns the one before */
  readonly revision: number;
}

/** The longest key, longer than any key generator makes. */
const LONGEST_KEY = 200;

/** @throws {TypeError | RangeError} if an option of a change is invalid */
export function checkChange(change: ChangeOptions): void {
  checkOptions(change);
  const { idempotencyKey } = change;
  checkTypeOf('idempotencyKey', idempotencyKey, 'string');
  if (idempotencyKey === undefined) return;
  if (!/^[\x20-\x7e]+$/.test(idempotencyKey) || idempotencyKey.length > LONGEST_KEY) {
    throw new RangeError(`expected idempotencyKey to be 1 to ${LONGEST_KEY} printable characters`);
  }
}

/** Outcome of a change; `isChanged: false` keeps the revision. */
export interface Made {
  readonly isChanged: boolean;
}

/**
 * Makes a change in its own transaction, entirely or not at all. Changes wait for each other, from
 * their first write to their commit.
 * @param what the change, in JSON: a key that was used for something else is rejected
 * @param run makes the change with the revision that it is given
 * @returns the result of `run`, with the revision
 * @throws {TypeError | RangeError} if an option is invalid
 * @throws {StoreError} `key-used`
 */
export async function write<Reply extends object>(
  database: Database,
  what: unknown,
  change: ChangeOptions,
  run: (sql: Sql, revision: number) => Promise<Reply & Made>,
): Promise<Reply & Changed> {
  checkChange(change);
  const { idempotencyKey } = change;
  const digest = createHash('sha256').update(JSON.stringify(what)).digest();
  return await database.transaction(async (sql) => {
    // Taken first: a change with the same key waits here, and then finds the reply.
    const [state] = await sql.query<{ revision: number }>('select revision from state for update');
    if (idempotencyKey !== undefined) {
      const [known] = await sql.query<{ digest: Uint8Array; reply: Reply & Changed }>(
        'select digest, reply from request where key = $1',
        [idempotencyKey],
      );
      if (known) {
        if (digest.equals(known.digest)) return known.reply;
        throw new StoreError(
          'key-used',
          'expected an idempotency key that no other change has used',
        );
      }
    }
    const before = state!.revision;
    const { isChanged, ...reply } = await run(sql, before + 1);
    const done = { ...reply, revision: isChanged ? before + 1 : before } as Reply & Changed;
    if (isChanged) {
      await sql.query('update state set revision = $1', [before + 1]);
      await sql.query('insert into change (revision, at) values ($1, clock_timestamp())', [
        before + 1,
      ]);
      await sql.query(database.wake);
    }
    if (idempotencyKey !== undefined) {
      await sql.query('insert into request (key, digest, reply) values ($1, $2, $3)', [
        idempotencyKey,
        digest,
        JSON.stringify(done),
      ]);
    }
    return done;
  });
}
