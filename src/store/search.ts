import { checkIterable } from '../door.js';
import { bitsOf, distance, type Hash } from '../hash.js';
import { checkMaxDistance } from '../packed-words.js';
import { type SearchForm, searchForm } from './bands.js';
import type { Database, Sql, SqlValue } from './database.js';
import { type Probes, probesOf } from './probes.js';
import { type EntryRow, SELECTED, type StoredEntry, storedEntryOf } from './stored-entry.js';

/** An entry within the distance asked for. */
export interface StoreHit {
  readonly entry: StoredEntry;
  readonly distance: number;
}

/** What a search in the database found. */
export interface SearchAnswer {
  /** the nearest first, those of one distance by their numbers; empty: nothing is within it */
  readonly hits: readonly StoreHit[];
  /** whether bands were looked up, or every hash of the kind was compared: both find all */
  readonly way: 'bands' | 'scan';
}

/** A query, and how it is answered. */
interface Asked {
  readonly hash: Hash;
  readonly probes: Probes;
}

/** A number that a query found, perhaps several times; null tells only the form. */
interface Found {
  readonly query: number;
  readonly number: number | null;
  readonly bands: boolean;
}

/**
 * Finds entries near a hash inside the database, for those who hold no index. Exact: an entry is
 * found if it is within the distance, listed, not paused, and on a list that is enabled.
 */
export class Search {
  readonly #database: Database;
  #form: SearchForm | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * The answer to each query, in their order, by two statements however many there are.
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async batch(hashes: Iterable<Hash>, maxDistance: number): Promise<SearchAnswer[]> {
    checkIterable(hashes, 'hashes');
    const asked: Asked[] = [];
    for (const hash of hashes) {
      checkMaxDistance(maxDistance, bitsOf(hash));
      asked.push({ hash, probes: probesOf(hash, maxDistance) });
    }
    if (asked.length === 0) return [];
    const { form, found } = await this.#found(asked, maxDistance);
    const entries = await entriesOf(
      this.#database,
      new Set(found.flatMap(({ number }) => number!)),
    );
    const hits = asked.map(() => new Map<number, StoreHit>());
    for (const { query, number } of found) {
      const entry = entries.get(number!);
      // Removed meanwhile.
      if (!entry) continue;
      hits[query]!.set(number!, { entry, distance: distance(asked[query]!.hash, entry.hash) });
    }
    return asked.map(({ probes }, query) => ({
      hits: [...hits[query]!.values()].sort(
        (a, b) => a.distance - b.distance || a.entry.number - b.entry.number,
      ),
      way: form.bands && probes.tokens ? 'bands' : 'scan',
    }));
  }

  async #found(
    asked: readonly Asked[],
    maxDistance: number,
  ): Promise<{ form: SearchForm; found: Found[] }> {
    for (;;) {
      const form = this.#form ?? (await searchForm(this.#database));
      const { text, values } = statement(asked, maxDistance, form);
      const rows = await this.#database.query<Found>(text, values);
      const { bands } = rows.find(({ number }) => number === null)!;
      // Another process may have made the store keep bands, or no longer.
      this.#form = { ...form, bands };
      // Where they are gone, nothing is found.
      if (form.bands && !bands) continue;
      return { form, found: rows.filter(({ number }) => number !== null) };
    }
  }
}

/** One statement for all queries, with the form that it met. */
function statement(
  asked: readonly Asked[],
  maxDistance: number,
  form: SearchForm,
): { text: string; values: SqlValue[] } {
  const values: SqlValue[] = [maxDistance];
  const parameter = (value: SqlValue, type: string) => `$${values.push(value)}::${type}`;
  const selects = form.sharded
    ? shardedSelects(asked, parameter)
    : localSelects(asked, form, parameter);
  const told = 'select null::int as query, null::bigint as number, bands from state';
  return { text: [told, ...selects].join('\nunion all\n'), values };
}

type Parameter = (value: SqlValue, type: string) => string;

/**
 * All queries at once. `offset 0` keeps the look-ups one by one: before the statistics of a table
 * are made, PostgreSQL would rather read all of it.
 */
function localSelects(asked: readonly Asked[], form: SearchForm, parameter: Parameter): string[] {
  const within = (table: string, bits: string, where: string) =>
    `cross join lateral (
      select number from ${table}
      where ${where} and bit_count(${bits} # asked.bits) <= $1 offset 0
    ) as found`;
  const selects: string[] = [];
  const ask = (queries: number[], columns: Record<string, [SqlValue, string]>, source: string) => {
    if (queries.length === 0) return;
    const all: Record<string, [SqlValue, string]> = {
      query: [queries, 'int'],
      bits: [queries.map((query) => asked[query]!.probes.bits), 'bit(256)'],
      ...columns,
    };
    const arrays = Object.values(all).map(([value, type]) => parameter(value, `${type}[]`));
    selects.push(`select query, number, true
      from unnest(${arrays.join(', ')}) as asked (${Object.keys(all).join(', ')}) ${source}`);
  };
  const all = [...asked.keys()];
  const probed = all.filter((query) => form.bands && asked[query]!.probes.tokens);
  const scanned = all.filter((query) => !probed.includes(query));
  if (probed.length > 0) {
    const tokens = probed.flatMap((query) => asked[query]!.probes.tokens!);
    const of = probed.flatMap((query) => asked[query]!.probes.tokens!.map(() => query));
    const probes = `unnest(${parameter(tokens, 'int[]')}, ${parameter(of, 'int[]')})`;
    ask(
      probed,
      {},
      `join ${probes} as probe (token, query) using (query)
      ${within('band', 'band.bits', 'token = probe.token')}`,
    );
  }
  if (form.bands) {
    const [first, last] = [0, 1].map((at) =>
      scanned.map((query) => asked[query]!.probes.band[at]!),
    );
    ask(
      scanned,
      { first: [first!, 'int'], last: [last!, 'int'] },
      within('band', 'band.bits', 'token between first and last'),
    );
  } else {
    ask(
      scanned,
      {
        kind: [scanned.map((query) => asked[query]!.hash.algorithm), 'text'],
        size: [scanned.map((query) => asked[query]!.hash.bytes.length), 'int'],
      },
      within('searched', 'searched.bits', 'algorithm = kind and octet_length(hash) = size'),
    );
  }
  return selects;
}

/** A part for each query: its conditions are met on the other servers, all at the same time. */
function shardedSelects(asked: readonly Asked[], parameter: Parameter): string[] {
  return asked.map(({ probes: { tokens, band, bits } }, query) => {
    const where = tokens
      ? `token = any(${parameter(tokens, 'int[]')})`
      : `token between ${band[0]} and ${band[1]}`;
    return `select ${query}, number, true from band
      where ${where} and bit_count(bits # ${parameter(bits, 'bit(256)')}) <= $1`;
  });
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
