import type { Database, Sql } from './database.js';
import { IS_BANDED } from './schema-bands.js';

/**
 * Turns a store's bands on or off, in one transaction. All writers wait for it: a million hashes
 * take a minute. Bands are written in the order of their tokens, which is the fastest to read;
 * later additions come after them.
 */
export async function keepBands(database: Database, bands: boolean): Promise<void> {
  await database.transaction(async (sql) => {
    const [state] = await sql.query<{ bands: boolean }>('select bands from state for update');
    if (state!.bands === bands) return;
    // Writers that do not ask for the state wait here.
    await sql.query('lock table entry in share row exclusive mode');
    await sql.query('truncate band');
    if (bands) await makeBands(sql);
    await sql.query('update state set bands = $1', [bands]);
    await sql.query('analyze band');
  });
}

/** Most bands of a hash. */
const BANDS = 16;

/**
 * Makes the bands of all entries, one band after another, so that each sort is small, and the index
 * last: all at once, both take twice as long.
 */
async function makeBands(sql: Sql): Promise<void> {
  // As much memory as the server's administrator grants to such work.
  await sql.query("select set_config('work_mem', current_setting('maintenance_work_mem'), true)");
  await sql.query('drop index band_token');
  for (let band = 0; band < BANDS; band++) {
    await sql.query(
      `insert into band (number, token, bits)
      select number, token_of(algorithm, hash, $1), bits_of(hash)
      from entry where octet_length(hash) / 2 > $1 and ${IS_BANDED} order by 2`,
      [band],
    );
  }
  await sql.query('create index band_token on band (token)');
}

/**
 * Number of missing bands, and of bands that belong to no entry. Reads all of both tables.
 * @returns zeros if the store keeps no bands
 */
export async function wrongBands(sql: Sql): Promise<{ missing: number; left: number }> {
  const [row] = await sql.query<{ missing: number; left: number }>(
    `with due as (
      select number, token_of(algorithm, hash, at) as token, bits_of(hash) as bits
      from entry cross join generate_series(0, octet_length(hash) / 2 - 1) as at
      where (select bands from state) and ${IS_BANDED}
    )
    select count(*) filter (where band.number is null) as missing,
      count(*) filter (where due.number is null) as left
    from due full join band using (number, token, bits)`,
  );
  return row!;
}
