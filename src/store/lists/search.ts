import { checkIterable } from '../../door.js';
import { bitsOf, differingBits, type Hash } from '../../hash.js';
import { checkMaxDistance } from '../../packed-words.js';
import type { Sql } from '../sql/database.js';
import { type Probes, probesOf } from '../sql/probes.js';
import { type EntryRow, SELECTED, type StoredEntry, storedEntryOf } from '../stored-entry.js';

/** An entry within the requested distance. */
export interface StoreHit {
  readonly entry: StoredEntry;
  readonly distance: number;
}

/** Result of a search in the database. */
export interface SearchAnswer {
  /** nearest first, and by number at the same distance; empty: nothing is within the distance */
  readonly hits: readonly StoreHit[];
  /**
   * whether it looked up bands, compared every hash of the kind, or looked up the hash of a file:
   * all find everything
   */
  readonly way: 'bands' | 'scan' | 'digest';
}

/** A query, and the way to answer it. */
interface Asked {
  readonly hash: Hash;
  /** undefined for a digest */
  readonly probes: Probes | undefined;
}

/** A number that a query found, perhaps several times. */
interface Found {
  readonly query: number;
  readonly number: number;
}

/**
 * Finds entries near hashes inside the database, for callers that hold no index. Exact: it finds
 * every entry that is within the distance, listed, not paused, and on an enabled list. Of a digest,
 * it finds the equal ones.
 * @returns the answer to each query, in their order, by two to four statements in total
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export async function searchEntries(
  sql: Sql,
  hashes: Iterable<Hash>,
  maxDistance: number,
): Promise<SearchAnswer[]> {
  checkIterable(hashes, 'hashes');
  const asked: Asked[] = [];
  for (const hash of hashes) {
    checkMaxDistance(maxDistance, bitsOf(hash));
    asked.push({ hash, probes: probesOf(hash, maxDistance) });
  }
  if (asked.length === 0) return [];
  const probed = await foundByBands(sql, asked, maxDistance);
  const wayOf = (query: number) => {
    const { probes } = asked[query]!;
    if (!probes) return 'digest';
    return probed && probes.tokens ? 'bands' : 'scan';
  };
  const of = (way: SearchAnswer['way']) => [...asked.keys()].filter((at) => wayOf(at) === way);
  const found = [
    ...(probed ?? []),
    ...(await foundByScan(sql, asked, of('scan'), maxDistance)),
    ...(await foundByDigest(sql, asked, of('digest'))),
  ];
  const entries = await entriesOf(sql, new Set(found.map(({ number }) => number)));
  const hits = asked.map(() => new Map<number, StoreHit>());
  for (const { query, number } of found) {
    const entry = entries.get(number);
    // It was removed meanwhile.
    if (!entry) continue;
    hits[query]!.set(number, { entry, distance: differingBits(asked[query]!.hash, entry.hash) });
  }
  return hits.map((found, query) => ({
    hits: [...found.values()].sort(
      (a, b) => a.distance - b.distance || a.entry.number - b.entry.number,
    ),
    way: wayOf(query),
  }));
}

/**
 * Looks up the rows of `each` one by one, which `offset 0` enforces: before a table has statistics,
 * PostgreSQL would read all of it.
 */
const within = (table: string, where: string) => `cross join lateral (
    select number from ${table} where ${where} and bit_count(${table}.bits # each.bits) <= $1 offset 0
  ) as found`;

/**
 * Finds the entries for the queries that have tokens.
 * @returns undefined if there are no bands, which another process may have changed meanwhile
 */
async function foundByBands(
  sql: Sql,
  asked: readonly Asked[],
  maxDistance: number,
): Promise<Found[] | undefined> {
  const probes = [...asked.entries()].flatMap(([query, { probes }]) =>
    (probes?.tokens ?? []).map((token) => ({ query, token })),
  );
  const rows = await sql.query<Found & { bands: boolean | null }>(
    `select bands, null::bigint as query, null::bigint as number from state
    union all select null, query, number
    from unnest($2::int[], $3::int[]) as probe (query, token)
      join unnest($4::bit(256)[]) with ordinality as each (bits, place) on place = query + 1
      ${within('band', 'token = probe.token')}`,
    [
      maxDistance,
      probes.map(({ query }) => query),
      probes.map(({ token }) => token),
      asked.map(({ probes }) => probes?.bits ?? null),
    ],
  );
  return rows.some(({ bands }) => bands) ? rows.filter(({ bands }) => bands === null) : undefined;
}

/**
 * Finds the entries for some queries by comparing all hashes: those of one band, if there are
 * bands, since they are stored together.
 */
async function foundByScan(
  sql: Sql,
  asked: readonly Asked[],
  queries: readonly number[],
  maxDistance: number,
): Promise<Found[]> {
  if (queries.length === 0) return [];
  const each = `from unnest($2::int[], $3::bit(256)[], $4::int[], $5::text[], $6::int[])
    as each (query, bits, first, kind, size)`;
  const bands = '(select bands from state)';
  return await sql.query<Found>(
    `select query, number ${each}
      ${within('band', `${bands} and token between first and first + 65535`)}
    union all select query, number ${each}
      ${within('searched', `not ${bands} and algorithm = kind and octet_length(hash) = size`)}`,
    [
      maxDistance,
      queries,
      queries.map((query) => asked[query]!.probes!.bits),
      queries.map((query) => asked[query]!.probes!.first),
      queries.map((query) => asked[query]!.hash.algorithm),
      queries.map((query) => asked[query]!.hash.bytes.length),
    ],
  );
}

/** Finds the entries that equal a digest, by the key of the table. */
async function foundByDigest(
  sql: Sql,
  asked: readonly Asked[],
  queries: readonly number[],
): Promise<Found[]> {
  if (queries.length === 0) return [];
  return await sql.query<Found>(
    `select query, number
    from unnest($1::int[], $2::text[], $3::bytea[]) as each (query, kind, digest)
      join searched on hash = digest and algorithm = kind`,
    [
      queries,
      queries.map((query) => asked[query]!.hash.algorithm),
      queries.map((query) => asked[query]!.hash.bytes),
    ],
  );
}

async function entriesOf(
  sql: Sql,
  numbers: ReadonlySet<number>,
): Promise<Map<number, StoredEntry>> {
  if (numbers.size === 0) return new Map();
  const rows = await sql.query<EntryRow>(
    `select ${SELECTED} from searched where number = any($1::bigint[])`,
    [[...numbers]],
  );
  return new Map(rows.map((row) => [row.number, storedEntryOf(row)]));
}
