import { createHash } from 'node:crypto';
import type { Database, Sql } from './database.js';
import { StoreError } from './store-error.js';

/**
 * The right to do something that one process may do at a time: to send feedback, to fetch a list.
 * It ends with the process, or once its connection is lost. A process that hangs also loses it when
 * its connection is silent for a minute. The former holder may not know yet, so all its writes are
 * under `check`, which rejects them once another process has the right.
 */
export interface Lease {
  /** aborts when the right is lost */
  readonly signal: AbortSignal;
  /**
   * Ensures until the end of a transaction that this process still holds the right.
   * @throws {StoreError} `taken-over`
   */
  check(sql: Sql): Promise<void>;
  /** Gives it back. */
  release(): Promise<void>;
}

/** @returns undefined if another process, or another call in this one, has it */
export async function takeLease(database: Database, name: string): Promise<Lease | undefined> {
  const [state] = await database.query<{ store: string }>('select store from state');
  const lost = new AbortController();
  const digest = createHash('sha256')
    .update(JSON.stringify([state!.store, name]))
    .digest();
  const release = await database.lock(digest.readBigInt64BE(), () => lost.abort(takenOver()));
  if (release === undefined) return undefined;
  try {
    const [row] = await database.query<{ epoch: number }>(
      `insert into lease (name, epoch) values ($1, 1)
      on conflict (name) do update set epoch = lease.epoch + 1 returning epoch`,
      [name],
    );
    const { epoch } = row!;
    return {
      signal: lost.signal,
      async check(sql) {
        const held = await sql.query('select from lease where name = $1 and epoch = $2 for share', [
          name,
          epoch,
        ]);
        if (held.length === 0) throw takenOver();
      },
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

const takenOver = () =>
  new StoreError('taken-over', 'expected a process that still holds the lease');
