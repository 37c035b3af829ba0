import {
  copyOfWithdrawn,
  MOST_GROUPS,
  type Withdrawn,
  type WithdrawnGroup,
  type WithdrawnKey,
} from '../../blocklist/withdrawn.js';
import { listOf } from '../../entry.js';
import { type Algorithm, bytesOf, type Hash, hashToHex, newHash } from '../../hash.js';
import type { Sql, SqlValue } from '../sql/database.js';
import { checkStorable, digestOf } from '../stored-entry.js';
import type { Made } from '../write.js';
import { removeEntries } from './entries.js';
import type { GatheredEntries } from './gathered-entries.js';

/** Columns of a withdrawal, for `withdrawnOf`. */
export const WITHDRAWN = `key, list, algorithm, hash, source, id, reason, listed, revision,
  (select json_agg(json_build_object('group', encode(g.hash, 'hex'), 'list', g.list)
      order by g.list, g.hash)
    from withdrawal_group as g where g.key = withdrawal.key) as groups`;

/** A row of `WITHDRAWN`. */
export interface WithdrawalRow {
  readonly key: Uint8Array;
  readonly list: string | null;
  readonly algorithm: Algorithm | null;
  readonly hash: Uint8Array | null;
  readonly source: string | null;
  readonly id: string | null;
  readonly reason: string | null;
  readonly groups: readonly WithdrawnGroup[] | null;
  readonly listed: boolean;
  readonly revision: number;
}

/**
 * A copy of a withdrawal that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid, or a database cannot store it
 */
export function checkedWithdrawal(withdrawal: Withdrawn, reason?: string): Withdrawn {
  const copy = copyOfWithdrawn(withdrawal, reason);
  const { list, reason: why, groups = [] } = copy;
  checkStorable(list, why, ...('id' in copy ? [copy.id, copy.source] : []));
  checkStorable(...groups.map((each) => each.list));
  return copy;
}

/** Identity of a withdrawal, as 32 bytes, without its reason. */
export function keyOfWithdrawal(key: WithdrawnKey): Uint8Array {
  const list = key.list ?? null;
  return 'id' in key
    ? digestOf(['id', key.id, key.source ?? null, list])
    : digestOf([key.algorithm, hashToHex(key), list]);
}

/** Withdraws within a change, as `Blocklist.withdraw` does. @returns number of removed entries */
export async function withdrawEntries(
  sql: Sql,
  revision: number,
  withdrawal: Withdrawn,
): Promise<Made & { removed: number }> {
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
  const { hash, ...others } = named;
  const parts = Object.entries(others).filter(([, value]) => value !== undefined);
  const conditions = parts.map(([column], at) => `${column} = $${at + 2}`);
  const values = parts.map(([, value]) => value!);
  if (hash === undefined) {
    const removed = await removeEntries(sql, revision, conditions.join(' and '), values);
    return { removed, isChanged: set.length > 0 || removed > 0 };
  }
  const where = [...conditions, `hash = $${values.length + 2}`].join(' and ');
  const met = await sql.query<{ hash: Uint8Array; list: string }>(
    `select distinct group_hash as hash, list from entry where listed and group_hash <> $1 and ${where}`,
    [hash, ...values, hash],
  );
  const groups = [
    ...(withdrawal.groups ?? []).map(({ group, list }) => ({ hash: bytesOf(group), list })),
    ...met,
  ];
  const { algorithm } = withdrawal as Hash;
  const ofPicture = [...conditions, `$${values.length + 2} in (hash, group_hash)`].join(' and ');
  const own = await removeEntries(sql, revision, ofPicture, [...values, hash]);
  const wider = groups.map((group) => ({ key, algorithm, ...group }));
  const { isWider, removed } = await widen(sql, revision, wider);
  return { removed: own + removed, isChanged: set.length > 0 || isWider || own > 0 };
}

/** A picture on a list. */
interface Group {
  readonly hash: Uint8Array;
  readonly list: string;
}

/** A picture that a withdrawal is to include. */
interface WiderGroup extends Group {
  readonly key: Uint8Array;
  readonly algorithm: Algorithm;
}

/**
 * Adds pictures to withdrawals in force, at most `MOST_GROUPS` of a list to each, and removes their
 * entries.
 */
async function widen(
  sql: Sql,
  revision: number,
  groups: readonly WiderGroup[],
): Promise<{ isWider: boolean; removed: number }> {
  if (groups.length === 0) return { isWider: false, removed: 0 };
  const made = await sql.query<WiderGroup>(
    `with given as (
      select key, algorithm, hash, list, min(place) as place
      from unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[]) with ordinality
        as given (key, algorithm, hash, list, place)
      group by key, algorithm, hash, list
    ),
    fresh as (
      select given.*, row_number() over (partition by key, list order by place) as nth from given
      where not exists (select from withdrawal_group as g
        where g.key = given.key and g.hash = given.hash and g.list = given.list)
    )
    insert into withdrawal_group (key, algorithm, hash, list)
    select key, algorithm, hash, list from fresh
    where nth + (select count(*) from withdrawal_group as g
      where g.key = fresh.key and g.list = fresh.list) <= $5
    returning key, algorithm, hash, list`,
    [...columnsOf(groups), MOST_GROUPS],
  );
  if (made.length === 0) return { isWider: false, removed: 0 };
  await sql.query('update withdrawal set revision = $2 where key = any($1::bytea[])', [
    made.map(({ key }) => key),
    revision,
  ]);
  const [, ...columns] = columnsOf(made);
  const met = await sql.query<{ number: number }>(
    ['hash', 'group_hash']
      .map(
        (column) => `select entry.number
        from unnest($1::text[], $2::bytea[], $3::text[]) as gone (algorithm, hash, list)
        join entry on entry.${column} = gone.hash
          and entry.algorithm = gone.algorithm and entry.list = gone.list
        where entry.listed`,
      )
      .join(' union '),
    columns,
  );
  const numbers = met.map(({ number }) => number);
  const removed = await removeEntries(sql, revision, 'number = any($2::bigint[])', [numbers]);
  return { isWider: true, removed };
}

const columnsOf = (groups: readonly WiderGroup[]): SqlValue[] => [
  groups.map(({ key }) => key),
  groups.map(({ algorithm }) => algorithm),
  groups.map(({ hash }) => hash),
  groups.map(({ list }) => list),
];

/** Parts that are looked up by one statement. */
const BATCH = 1000;

/**
 * Withdraws the pictures of new entries that are parts withdrawn by their own hashes.
 * @returns whether one of them is new
 */
export async function withdrawGroups(
  sql: Sql,
  revision: number,
  entries: GatheredEntries,
): Promise<boolean> {
  let isWider = false;
  for (const batch of entries.batches(BATCH, true)) {
    const met = await sql.query<WiderGroup>(
      `select w.key, w.algorithm, given.group_hash as hash, given.list
      from unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[]) with ordinality
        as given (algorithm, hash, group_hash, list, place)
      join withdrawal as w on w.listed and w.hash = given.hash and w.algorithm = given.algorithm
        and (w.list is null or w.list = given.list)
      where given.hash <> given.group_hash order by place`,
      [
        batch.map(({ hash }) => hash.algorithm),
        batch.map(({ hash }) => hash.bytes),
        batch.map(({ group }) => bytesOf(group!)),
        batch.map(listOf),
      ],
    );
    if ((await widen(sql, revision, met)).isWider) isWider = true;
  }
  return isWider;
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
  await sql.query('delete from withdrawal_group where key = $1', [keyOfWithdrawal(key)]);
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
  const { list, algorithm, hash, source, id, reason, groups } = row;
  const details = { ...(list !== null && { list }), ...(reason !== null && { reason }) };
  if (id !== null) return { id, ...(source !== null && { source }), ...details };
  const withdrawn = newHash(algorithm!, new Uint8Array(hash!));
  return Object.assign(withdrawn, { ...details, ...(groups !== null && { groups }) });
}
