import { hashToHex, type PackedHashes } from '../../src/hash.js';
import type { Database } from '../../src/store/sql/database.js';
import { migrate } from '../../src/store/sql/migrations.js';
import { openPglite } from '../../src/store/sql/pglite.js';
import { openPostgresql } from '../../src/store/sql/postgresql.js';
import type { Place } from './engines.js';

const SCHEMA = 'onlyhashes';
const BATCH = 5000;

/** The tables of a store, without the store. */
export async function openTables(place: Place): Promise<Database> {
  const database =
    'url' in place
      ? await openPostgresql(place.url, SCHEMA)
      : await openPglite(place.dataDir, SCHEMA);
  await migrate(database, SCHEMA);
  return database;
}

/** Writes hashes as entries, past the library: the first gets `first` for a number, and so on. */
export async function loadHashes(
  database: Database,
  { algorithm, bits, bytes }: PackedHashes,
  { first = 1, list = '', table = 'entry' } = {},
): Promise<void> {
  const size = bits / 8;
  const count = bytes.length / size;
  for (let from = 0; from < count; from += BATCH) {
    const hexes: string[] = [];
    for (let id = from; id < Math.min(count, from + BATCH); id++) {
      hexes.push(hashToHex({ algorithm, bytes: bytes.subarray(id * size, (id + 1) * size) }));
    }
    await database.query(
      `insert into ${table} (key, number, list, algorithm, hash, revision)
      select sha256(place::text::bytea), place, $3, $4, decode(hex, 'hex'), 1
      from (
        select hex, $2::bigint + ordinality - 1 as place
        from unnest($1::text[]) with ordinality as given (hex)
      ) as given`,
      [hexes, first + from, list, algorithm],
    );
  }
}
