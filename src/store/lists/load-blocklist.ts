import { Blocklist } from '../../blocklist/blocklist.js';
import { ListState } from '../../blocklist/list-state.js';
import { inTurns } from '../../in-turns.js';
import { AllowList, type AllowListOptions } from '../../matching/allow-list.js';
import { changesAfter, unchangedEntries } from '../changes.js';
import type { Database, Sql } from '../sql/database.js';
import { StoreError } from '../sql/store-error.js';
import { applySteps, type Following, PendingChanges } from './apply-changes.js';
import { exceptionsOf } from './exceptions.js';
import { settingsOf } from './lists.js';
import { withdrawalsOf } from './withdrawals.js';

/** Changes collected until they are complete. Beyond this number, they are applied early. */
const KEPT = 20_000;

/** Options of a blocklist that follows a store, and of its allow list. */
export interface FollowedOptions {
  /** options of the allow list, which has the store's exceptions */
  allowList?: Pick<AllowListOptions, 'radius' | 'onAllowed'>;
}

/**
 * Loads a blocklist from a store. The event loop turns about every 5 ms. Loading begins again if
 * rows that it has read are purged meanwhile.
 * @returns it with its revision
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

/** True if the changes since a revision are no longer known, so everything must be read again. */
export const isRevisionGone = (error: unknown) =>
  error instanceof StoreError && error.code === 'revision-gone';

async function loadOnce(
  database: Database,
  { allowList: allowing = {} }: FollowedOptions,
  signal: AbortSignal | undefined,
): Promise<Following & { readonly revision: number }> {
  const start = await database.transaction(startOf, { snapshot: true });
  const allowList = new AllowList({ ...allowing, exceptions: start.exceptions });
  const blocklist = new Blocklist({ withdrawn: start.withdrawals, lists: start.settings });
  await blocklist.apply({ add: unchangedEntries(database, start.revision, signal) }, { signal });
  // Applies the changes made during the read.
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
    exceptions: await exceptionsOf(sql),
  };
}

/**
 * Applies all changes after a revision.
 * @returns the blocklist's revision now. If this rejects, it is between two
 */
export async function catchUp(
  database: Database,
  following: Following,
  after: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let pending = new PendingChanges();
  // Even for 0, a failed call may have applied a part.
  for await (const page of changesAfter(database, after, signal, after)) {
    pending.add(page);
    if (page.revision === undefined && pending.size < KEPT) continue;
    await inTurns(applySteps(following, pending), signal);
    if (page.revision !== undefined) return page.revision;
    pending = new PendingChanges();
  }
  throw new Error('expected a final page of changes');
}

/** Moves the content of another blocklist, which is not used afterwards, into a blocklist. */
export function replaceFollowed({ blocklist, allowList }: Following, by: Following): void {
  const { state } = by.blocklist;
  const generation = Math.max(blocklist.generation, state.generation) + 1;
  blocklist.become(new ListState({ ...state, generation }));
  for (const { hash, entry } of allowList.exceptions) {
    allowList.disallow(hash, entry && { entry });
  }
  for (const { hash, ...named } of by.allowList.exceptions) allowList.allow(hash, named);
}
