import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../../src/store/sql/database.js';
import { migrate } from '../../../src/store/sql/migrations.js';
import { openPglite } from '../../../src/store/sql/pglite.js';
import { write } from '../../../src/store/write.js';

const SCHEMA = 'onlyhashes';

let database: Database;
// Not in the tests: it takes seconds on a busy machine.
beforeEach(async () => {
  database = await openPglite(undefined, SCHEMA);
});
afterEach(() => database.close());

test('a new database is migrated to the newest form, once', async () => {
  expect(await migrate(database, SCHEMA)).toBe(0);
  expect(await migrate(database, SCHEMA)).toBeGreaterThan(0);
});

test('a change gets the next revision, and its key gives the same reply again', async () => {
  await migrate(database, SCHEMA);
  let runs = 0;
  const change = (isChanged: boolean, idempotencyKey?: string) =>
    write(database, 'what', idempotencyKey === undefined ? {} : { idempotencyKey }, async () => {
      runs++;
      return { told: runs, isChanged };
    });
  expect(await change(true)).toEqual({ told: 1, revision: 1 });
  expect(await change(false)).toEqual({ told: 2, revision: 1 });
  expect(await change(true, 'a')).toEqual({ told: 3, revision: 2 });
  expect(await change(true, 'a')).toEqual({ told: 3, revision: 2 });
  await expect(
    write(database, 'else', { idempotencyKey: 'a' }, async () => {
      return { isChanged: true };
    }),
  ).rejects.toMatchObject({ code: 'key-used' });
  expect(runs).toBe(3);
});

test('parameters and columns keep their kinds', async () => {
  await migrate(database, SCHEMA);
  const bytes = Uint8Array.of(0, 255, 7);
  const [row] = await database.query<Record<string, unknown>>(
    'select a, b, c from unnest($1::bytea[], $2::bigint[], $3::jsonb[]) as t (a, b, c)',
    [[bytes], [2 ** 40], [JSON.stringify(['"', ',{}'])]],
  );
  expect(Array.from(row!.a as Uint8Array)).toEqual([...bytes]);
  expect(row).toMatchObject({ b: 2 ** 40, c: ['"', ',{}'] });
});
