import { Blocklist } from '../../blocklist/blocklist.js';
import { ListState } from '../../blocklist/list-state.js';
import { inTurns } from '../../in-turns.js';
import { AllowList, type AllowListOptions } from '../../matching/allow-list.js';
import { changesAfter, unchangedEntries } from '../changes.js';
import type { Database, Sql } from '../sql/database.js';
import { StoreError } from '../sql/store-error.js';
import { allowancesOf } from './allowances.js';
import { applySteps, type Following, PendingChanges } from './apply-changes.js';
import { settingsOf } from './lists.js';
import { withdrawalsOf } from './withdrawals.js';

/** Changes that are kept until they are whole. Beyond, what is there is applied. */
const KEPT = 20_000;

/** How a blocklist that follows a store, and its allow list, are made. */
export interface FollowedOptions {
  /** options of the allow list, whose allowances are the store's */
  allowList?: Pick<AllowListOptions, 'radius' | 'onAllowed'>;
}

/**
 * A blocklist with what a store holds. The event loop turns about every 5 ms. It begins again
 * if what it has read is purged meanwhile.
 * @returns with the revision that it is at
 */
export async function loadBlocklist(
  database: Database,
  options: FollowedOptions,
  signal: AbortSignal | undefined,
): Promise<Following & { readonly revision: number }> {
  for (;;) {
    try {
      return await loadOnce(database, options, signal);
    } catch (error) {
      if (!isRevisionGone(error)) throw error;
    }
  }
}

/** Whether what changed since a revision is no longer known, so that all must be read again. */
export const isRevisionGone = (error: unknown) =>
  error instanceof StoreError && error.code === 'revision-gone';

async function loadOnce(
  database: Database,
  { allowList: allowing = {} }: FollowedOptions,
  signal: AbortSignal | undefined,
): Promise<Following & { readonly revision: number }> {
  const start = await database.transaction(startOf, { snapshot: true });
  const allowList = new AllowList({ ...allowing, allowances: start.allowances });
  const blocklist = new Blocklist({ withdrawn: start.withdrawals, lists: start.settings });
  await blocklist.apply({ add: unchangedEntries(database, start.revision, signal) }, { signal });
  // What has changed while it was read.
  const revision = await catchUp(database, { blocklist, allowList }, start.revision, signal);
  await blocklist.settled();
  return { blocklist, allowList, revision };
}

async function startOf(sql: Sql) {
  const [state] = await sql.query<{ revision: number }>('select revision from state');
  return {
    revision: state!.revision,
    withdrawals: await withdrawalsOf(sql),
    settings: Object.fromEntries(await settingsOf(sql)),
    allowances: await allowancesOf(sql),
  };
}

/**
 * Applies all that has changed after a revision.
 * @returns the revision that the blocklist is at now. If this rejects, it is between two
 */
export async function catchUp(
  database: Database,
  following: Following,
  after: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let pending = new PendingChanges();
  // Also of 0, a part may have been applied by a call that failed.
  for await (const page of changesAfter(database, after, signal, after)) {
    pending.add(page);
    if (page.revision === undefined && pending.size < KEPT) continue;
    await inTurns(applySteps(following, pending), signal);
    if (page.revision !== undefined) return page.revision;
    pending = new PendingChanges();
  }
  throw new Error('expected a last page of changes');
}

/** Gives a blocklist what another one has, which is not used after it. */
export function replaceFollowed({ blocklist, allowList }: Following, by: Following): void {
  const { state } = by.blocklist;
  const generation = Math.max(blocklist.generation, state.generation) + 1;
  blocklist.become(new ListState({ ...state, generation }));
  for (const { hash, entry } of allowList.allowances) {
    allowList.disallow(hash, entry && { entry });
  }
  for (const { hash, ...named } of by.allowList.allowances) allowList.allow(hash, named);
}
