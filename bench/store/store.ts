import type { Hash } from '../../src/hash.js';
import { keepBands } from '../../src/store/sql/bands.js';
import { openDatabase, openStore, type StorePlace } from '../../src/store/sql/open-store.js';
import { Store } from '../../src/store/store.js';
import { inFolder } from '../folder.js';
import { type Bench, type BenchContext, NotRun } from '../harness.js';
import { serverScript } from '../programs/programs.js';
import { rival } from '../rivals.js';
import { hashesOf, plant, queriesOf, random, uniformHashes } from '../workloads.js';
import { embeddedPart, followPart } from './follow.js';
import { PostgresqlServer, postgresqlPrograms } from './postgresql-server.js';
import { storeSearched, truthOf, vectorSearched } from './search.js';

/** How large a run is. */
export interface StoreScale {
  /** entries on a server */
  readonly entries: number;
  /** entries of an embedded store */
  readonly embedded: number;
  readonly queries: number;
  /** of them, how many a search asks that compares all hashes: it takes as long for each */
  readonly scanned: number;
  /** entries of the approximate index of pgvector, which takes a quarter of an hour for a million */
  readonly approximate: number;
  readonly withdrawals: number;
  /** changes that a follower misses, a revision each */
  readonly missed: number;
  /** entries that it misses in changes of 1,000 */
  readonly missedEntries: number;
}

const USUAL: StoreScale = {
  entries: 1e6,
  embedded: 1e5,
  queries: 100,
  scanned: 20,
  approximate: 2e5,
  withdrawals: 200,
  missed: 1000,
  missedEntries: 1e5,
};
/** Of the server: Debian's are for one of the smallest machines. */
const SETTINGS = ['shared_buffers=1GB', 'maintenance_work_mem=512MB'];
/** Every tenth entry is this near an earlier one, and none is equal: one withdrawal takes one. */
const NEAR = 24;

/**
 * `store`: an embedded store, and one on a PostgreSQL server of its own: load, search by a scan and
 * by bands, beside pgvector, and on the server what three processes that follow it see. Options:
 * `largest`, `out` names a folder for `store.json`.
 */
export const storeBench: Bench = {
  name: 'store',
  about: 'a store in a database: load, search, and what its followers see',
  long: true,
  async run(context) {
    const entries = context.options.largest ?? USUAL.entries;
    return await runStore(context, scaleOf(entries), serverScript());
  },
};

/** A run with so many entries on the server: none of them is withdrawn twice. */
export function scaleOf(entries: number): StoreScale {
  const atMost = (count: number) => Math.min(entries, count);
  return {
    ...USUAL,
    entries,
    embedded: atMost(USUAL.embedded),
    approximate: atMost(USUAL.approximate),
    withdrawals: atMost(USUAL.withdrawals),
    missedEntries: atMost(USUAL.missedEntries),
  };
}

/** Runs both engines, as far as they are installed. */
export async function runStore(
  context: BenchContext,
  scale: StoreScale,
  script: URL,
): Promise<Record<string, unknown>> {
  const run = { context, scale, script };
  const engines: Record<string, unknown> = {};
  if (await rival('@electric-sql/pglite')) {
    engines.pglite = await measured(run, { dataDir: undefined }, scale.embedded);
    engines.embedded = await inFolder((dataDir) => embeddedFollowed(run, dataDir));
  } else context.note('@electric-sql/pglite is not installed');
  if (postgresqlPrograms() === undefined) {
    context.note('PostgreSQL is not installed: apt-get install postgresql');
  } else {
    const server = new PostgresqlServer({ isDurable: true, settings: SETTINGS });
    try {
      server.create();
      await server.start();
      engines.postgresql = await measured(run, { url: server.url() }, scale.entries);
    } finally {
      await server.close();
    }
  }
  if (Object.keys(engines).length === 0) throw new NotRun('there is no database to measure');
  return { scale, settings: SETTINGS, ...engines };
}

interface StoreRun {
  readonly context: BenchContext;
  readonly scale: StoreScale;
  readonly script: URL;
}

async function measured(
  { context, scale, script }: StoreRun,
  place: StorePlace,
  count: number,
): Promise<unknown> {
  const asked = askedOf(count, scale.queries);
  const { hashes } = asked;
  const truth = truthOf(asked);
  const { database, id } = await openDatabase(place);
  const store = new Store(database, id);
  try {
    const { engine } = store;
    context.note(`\n  ${engine}, ${count.toLocaleString('en')} entries`);
    const seconds = async (name: string, work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return context.figure(`${engine}, ${name}: s`, (performance.now() - start) / 1000);
    };
    const bytesAHash = async (name: string) => {
      // Rows of what was withdrawn are there, too.
      const [row] = await database.query<{ bytes: number }>(
        `select sum(pg_total_relation_size(oid))::float8 / (select count(*) from entry) as bytes
        from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`,
      );
      return context.figure(`${engine}, ${name}: bytes a hash`, row!.bytes);
    };
    const listed = entriesOf(hashes);
    const loadSeconds = await seconds('load', () => store.apply({ add: listed }));
    const bytes = await bytesAHash('without bands');
    // Of this process, which holds the entries that it gave.
    const residentBytes = process.memoryUsage.rss();
    context.figure(`${engine}, process that loaded: MB`, residentBytes / 1e6);
    const few = { hashes, queries: asked.queries.slice(0, scale.scanned) };
    const scan = await storeSearched(context, store, few, truth, 'scan');
    const vectors =
      engine === 'postgresql'
        ? await vectorSearched(context, database, few, truth, scale.approximate)
        : undefined;
    const followers =
      'url' in place
        ? await followPart({
            ...{ context, script, store, url: place.url, hashes },
            ...{ withdrawals: scale.withdrawals },
            ...{ missed: scale.missed, missedEntries: scale.missedEntries },
          })
        : undefined;
    // What the followers withdrew and added is not among the truth.
    const left = { ...asked, hashes: await listedNow(store) };
    const bandSeconds = await seconds('bands', () => keepBands(database, true));
    const bytesWithBands = await bytesAHash('with bands');
    // By a search, this store learns that there are bands now.
    await store.search(left.queries[0]!, 0);
    const bands = await storeSearched(context, store, left, truthOf(left), 'bands');
    const { serverVersion } = await store.status();
    return {
      ...{ serverVersion, entries: count, loadSeconds, bandSeconds },
      ...{ bytes, bytesWithBands, residentBytes },
      searches: [...scan, ...bands, ...(vectors ?? [])],
      followers,
    };
  } finally {
    await store.close();
  }
}

/** In a folder, which the process that wrote it has closed. */
async function embeddedFollowed(run: StoreRun, dataDir: string): Promise<unknown> {
  const store = await openStore({ dataDir });
  await store.apply({ add: entriesOf(askedOf(run.scale.embedded, 0).hashes) });
  await store.close();
  return await embeddedPart(run, dataDir);
}

const entriesOf = (hashes: readonly Hash[]) =>
  hashes.map((hash, at) => ({ hash, labels: ['listed'], id: String(at) }));

async function listedNow(store: Store) {
  const hashes = [];
  for await (const { hash } of store.entries()) hashes.push(hash);
  return hashes;
}

/** Entries, a tenth of them near an earlier one; every other query is near an entry. */
function askedOf(count: number, queries: number) {
  const next = random(7);
  const { bytes } = uniformHashes(count, 5);
  for (let at = 10; at < count; at += 10)
    plant(bytes, next() % at, bytes, at, 1 + (next() % NEAR), next);
  return { hashes: hashesOf(bytes), queries: queriesOf(bytes, queries) };
}
