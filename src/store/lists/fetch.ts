import { checkedOptions } from '../../door.js';
import type { FetchState, PendingRemovals } from '../../policy.js';
import {
  checkListClient,
  FETCH_OPTIONS,
  type FetchedPage,
  type FetchOptions,
  type FetchProgress,
  type FetchTarget,
  fetchedEntry,
  fetchInto,
  isOfService,
  latestUpdates,
  type PageChange,
  WITHDRAWN_BY_SERVICE,
} from '../../services/list-fetch.js';
import type { ListClient, ListUpdate } from '../../services/list-update.js';
import {
  type PendingRemovalsOfList,
  type Removal,
  removalsReport,
} from '../../services/pending-removals.js';
import type { Database, Sql } from '../sql/database.js';
import { type Lease, takeLease } from '../sql/lease.js';
import { StoreError } from '../sql/store-error.js';
import { checkStorable, keyOfEntry } from '../stored-entry.js';
import { type Made, write } from '../write.js';
import { countEntries, removeEntries } from './entries.js';
import { GatheredEntries } from './gathered-entries.js';
import { checkListName } from './lists.js';
import { putEntries } from './put-entries.js';
import { keyOfWithdrawal } from './withdrawals.js';

/** Records of one statement. */
const BATCH = 5000;

/** Implements `Store.fetch`; see there. */
export async function fetchList<Checkpoint>(
  database: Database,
  name: string,
  client: ListClient<Checkpoint>,
  options: FetchOptions,
): Promise<FetchProgress> {
  checkListName(name);
  checkListClient(client);
  const checked = checkedOptions(options, FETCH_OPTIONS);
  const lease = await takeLease(database, leaseOf(name));
  if (lease === undefined) {
    throw new StoreError('in-use', 'expected no other fetch of this list');
  }
  const { signal: given } = checked;
  const signal = given ? AbortSignal.any([given, lease.signal]) : lease.signal;
  try {
    const target = new StoredTarget(database, name, { lease, signal });
    return await fetchInto(target, client, { ...checked, signal });
  } finally {
    await lease.release();
  }
}

/** Fetch state of a list; undefined if it was never fetched. */
export async function fetchStateOf(sql: Sql, name: string): Promise<FetchState | undefined> {
  const [row] = await sql.query<{ fetched: FetchState | null }>(
    'select fetched from list where name = $1 and listed',
    [name],
  );
  return row?.fetched ?? undefined;
}

/**
 * Makes the next fetch begin from the start, within a change. It ends a fetch that is running,
 * which may already be past the entries that are to come back.
 * @param name of a list; undefined: all lists that were fetched
 */
export async function refetchLists(sql: Sql, name: string | undefined): Promise<void> {
  const lists = await sql.query<{ name: string; fetched: FetchState }>(
    `select name, fetched from list where listed and fetched is not null
    and ($1::text is null or name = $1)`,
    [name ?? null],
  );
  for (const { name: each, fetched } of lists) {
    await sql.query('update lease set epoch = epoch + 1 where name = $1', [leaseOf(each)]);
    await keepState(sql, each, { ...fetched, mustRefetch: true });
  }
}

/** Confirms the removals held back on a list, within a change. @returns whether there are any */
export async function confirmRemovals(
  sql: Sql,
  name: string,
): Promise<Made & { confirmed: boolean }> {
  const state = await fetchStateOf(sql, name);
  const confirmed = state?.pendingRemovals !== undefined;
  if (confirmed) {
    await keepState(sql, name, {
      ...state,
      pendingRemovals: { ...state.pendingRemovals, isConfirmed: true },
    });
  }
  return { confirmed, isChanged: confirmed };
}

/** The removals that are held back on all lists. */
export async function allPendingRemovals(sql: Sql): Promise<PendingRemovalsOfList[]> {
  // No JSON operator: it would fail at U+0000 in a service's text. The keys, a byte for each entry,
  // are left out: a follower asks at every revision.
  const rows = await sql.query<{ name: string; held: string }>(
    `select name, regexp_replace(substring(fetched::text from '"pendingRemovals":(\\{[^{}]*\\})'),
      '"keys":"[^"]*"', '"keys":""') as held
    from list where listed and fetched::text like '%"pendingRemovals":{%' order by name`,
  );
  return rows.map(({ name, held }) => removalsReport(name, JSON.parse(held)));
}

async function keepState(sql: Sql, name: string, state: FetchState): Promise<void> {
  await sql.query('update list set fetched = $2::text::json where name = $1', [
    name,
    JSON.stringify(state),
  ]);
}

const leaseOf = (name: string) => `fetch ${name}`;

/** A list of a store. A page's changes and the state after it are one transaction. */
class StoredTarget implements FetchTarget {
  readonly #database: Database;
  readonly #name: string;
  readonly #lease: Lease;
  readonly #signal: AbortSignal;

  constructor(
    database: Database,
    name: string,
    { lease, signal }: { lease: Lease; signal: AbortSignal },
  ) {
    this.#database = database;
    this.#name = name;
    this.#lease = lease;
    this.#signal = signal;
  }

  async isEmpty(): Promise<boolean> {
    const rows = await this.#database.query(
      'select from entry where list = $1 and listed limit 1',
      [this.#name],
    );
    return rows.length === 0;
  }

  async size(): Promise<number> {
    return (await countEntries(this.#database, { list: this.#name })).entries;
  }

  async state(): Promise<FetchState | undefined> {
    return await fetchStateOf(this.#database, this.#name);
  }

  async begin(state: FetchState): Promise<void> {
    await write(this.#database, [], {}, async (sql, revision) => {
      await this.#lease.check(sql);
      const [row] = await sql.query<{ is_new: boolean }>(
        `insert into list (name, fetched, revision) values ($1, $2::text::json, $3)
        on conflict (name) do update set fetched = $2::text::json, listed = true,
          revision = case when list.listed then list.revision else $3 end
        returning revision = $3 as is_new`,
        [this.#name, JSON.stringify(state), revision],
      );
      return { isChanged: row!.is_new };
    });
  }

  async apply(fetched: FetchedPage): Promise<PageChange> {
    const page = new GatheredPage(this.#name, fetched.updates);
    this.#signal.throwIfAborted();
    const { revision: _, ...change } = await write<PageChange>(
      this.#database,
      [],
      {},
      async (sql, revision) => {
        await this.#lease.check(sql);
        const state = await fetchStateOf(sql, this.#name);
        // Without the pages before, the rest of a fetch is no complete list.
        if (!state) {
          throw new StoreError(
            'taken-over',
            'expected a list that is not removed during its fetch',
          );
        }
        const { dropped, pendingRemovals } = await this.#removeUnreported(
          sql,
          revision,
          fetched,
          state,
        );
        const { added, removed, withdrawn, lifted, isPut } = await page.apply(sql, revision);
        const next = fetched.next(state, pendingRemovals);
        await keepState(sql, this.#name, next);
        const change = { added, removed: removed + dropped, withdrawn, pendingRemovals };
        // A change of the pending removals counts, since followers report them.
        const isPendingChanged =
          JSON.stringify(next.pendingRemovals) !== JSON.stringify(state.pendingRemovals);
        const isChanged = isPendingChanged || isPut || change.removed + withdrawn + lifted > 0;
        return { ...change, isChanged };
      },
    );
    return change;
  }

  /** Removes entries that a fetch from the start did not report, unless that is held back. */
  async #removeUnreported(
    sql: Sql,
    revision: number,
    { reported, pendingOf }: FetchedPage,
    state: FetchState,
  ): Promise<{ dropped: number; pendingRemovals?: PendingRemovals | undefined }> {
    if (!reported) return { dropped: 0 };
    await sql.query('create temporary table reported (source text, id text) on commit drop');
    const all = [...reported.values()];
    for (let from = 0; from < all.length; from += BATCH) {
      const batch = all.slice(from, from + BATCH);
      await sql.query('insert into pg_temp.reported select * from unnest($1::text[], $2::text[])', [
        batch.map(({ source }) => source),
        batch.map(({ key }) => key),
      ]);
    }
    const unreported = (list: string) => `list = ${list} and not exists (
      select from pg_temp.reported where reported.source = entry.source and reported.id = entry.id)`;
    const removals = await sql.query<Removal>(
      `select source, id from entry where listed and ${unreported('$1')}`,
      [this.#name],
    );
    const pendingRemovals = pendingOf(removals, state);
    if (!pendingRemovals) await removeEntries(sql, revision, unreported('$2'), [this.#name]);
    await sql.query('drop table pg_temp.reported');
    return { dropped: pendingRemovals ? 0 : removals.length, pendingRemovals };
  }
}

/**
 * A page's updates of a list, read and checked before the change begins. Records that the service
 * withdraws or deletes are withdrawn by id and source, on this list alone.
 */
class GatheredPage {
  readonly #list: string;
  /** withdrawals to make for the service, unless they exist */
  readonly #gone: { update: ListUpdate; key: Uint8Array; reason: string }[] = [];
  /** keys of the withdrawals to lift if they were made for the service */
  readonly #back: Uint8Array[] = [];
  readonly #records: ListUpdate[];
  readonly #additions = new GatheredEntries();
  readonly #keys: Uint8Array[] = [];

  /** @throws {TypeError | RangeError} if an entry is invalid, or a database cannot store it */
  constructor(list: string, updates: readonly ListUpdate[]) {
    this.#list = list;
    this.#records = latestUpdates(updates);
    for (const update of this.#records) {
      const { key: id, source, state, entries } = update;
      checkStorable(id, source);
      const key = keyOfWithdrawal({ id, source, list });
      if (state === 'withdrawn' || state === 'deleted') {
        this.#gone.push({ update, key, reason: WITHDRAWN_BY_SERVICE[state] });
        continue;
      }
      this.#back.push(key);
      for (const entry of entries) {
        const listed = fetchedEntry(entry, list, state);
        this.#additions.push(listed);
        this.#keys.push(keyOfEntry(listed));
      }
    }
  }

  async apply(
    sql: Sql,
    revision: number,
  ): Promise<PageChange & { lifted: number; isPut: boolean }> {
    const withdrawn = await this.#withdraw(sql, revision);
    const lifted = await this.#reinstate(sql, revision);
    // An entry that is unchanged, or differs only in its details, keeps its number.
    const removed = await removeEntries(
      sql,
      revision,
      `list = $2 and not key = any($5::bytea[])
      and exists (select from unnest($3::text[], $4::text[]) as record (source, id)
        where record.source = entry.source and record.id = entry.id)
      and id = any($4::text[])`,
      [
        this.#list,
        this.#records.map(({ source }) => source),
        this.#records.map(({ key }) => key),
        this.#keys,
      ],
    );
    const { added, isChanged: isPut } = await putEntries(sql, revision, this.#additions);
    return { added, removed, withdrawn, lifted, isPut };
  }

  async #withdraw(sql: Sql, revision: number): Promise<number> {
    const gone = this.#gone;
    if (gone.length === 0) return 0;
    const made = await sql.query(
      `insert into withdrawal (key, list, source, id, reason, revision)
      select key, $5, source, id, reason, $6
      from unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) as gone (key, source, id, reason)
      on conflict (key) do update set listed = true, reason = excluded.reason, at = now(),
        revision = $6
      where not withdrawal.listed returning 1`,
      [
        gone.map(({ key }) => key),
        gone.map(({ update }) => update.source),
        gone.map(({ update }) => update.key),
        gone.map(({ reason }) => reason),
        this.#list,
        revision,
      ],
    );
    return made.length;
  }

  async #reinstate(sql: Sql, revision: number): Promise<number> {
    if (this.#back.length === 0) return 0;
    const before = await sql.query<{ key: Uint8Array; reason: string | null }>(
      'select key, reason from withdrawal where listed and key = any($1::bytea[])',
      [this.#back],
    );
    const ofService = before.filter(({ reason }) => isOfService(reason)).map(({ key }) => key);
    if (ofService.length === 0) return 0;
    await sql.query(
      'update withdrawal set listed = false, revision = $2 where key = any($1::bytea[])',
      [ofService, revision],
    );
    return ofService.length;
  }
}
