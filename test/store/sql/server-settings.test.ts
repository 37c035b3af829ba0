import { expect, test } from 'vitest';
import { hashFromHex } from '../../../src/hash.js';
import { StoreError } from '../../../src/store/sql/store-error.js';
import { describePostgresql } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';

const entry = (number: number) => ({
  hash: hashFromHex('pdq', `${(0x1357_9bdf + number).toString(16)}${'0f1e2d3c4b5a69'.repeat(4)}`),
  labels: [],
});

/** What whoever runs a server may have set otherwise than a new one has it. */
describePostgresql((server) => {
  const withSetting = async (setting: string) =>
    `${await server().newDatabase()}&options=${encodeURIComponent(`-c ${setting}`)}`;

  test.each(['repeatable read', 'serializable'])(
    'writers wait for each other under %s',
    async (level) => {
      const url = await withSetting(`default_transaction_isolation=${level.replace(' ', '\\ ')}`);
      const stores = [await openStore({ url }), await openStore({ url })];
      const changes = stores.flatMap((store, of) =>
        Array.from({ length: 8 }, (_, at) => store.apply({ add: [entry(2 * at + of)] })),
      );
      const revisions = (await Promise.all(changes)).map(({ revision }) => revision);
      expect(revisions.sort((a, b) => a - b)).toEqual(revisions.map((_, at) => at + 1));
      for (const store of stores) await store.close();
    },
  );

  test('times are read, however the server writes dates', async () => {
    const store = await openStore({ url: await withSetting('datestyle=German') });
    const [row] = await databaseOf(store).query<{ at: Date }>(
      "select '2030-02-01T10:00:00Z'::timestamptz as at",
    );
    expect(row!.at).toEqual(new Date('2030-02-01T10:00:00Z'));
    await store.close();
  });

  test.each(['user', 'default', 'public', 'a'.repeat(63)])('the schema %s', async (schema) => {
    const url = await server().newDatabase();
    const store = await openStore({ url }, { schema });
    await store.apply({ add: [entry(1)] });
    await store.close();
    const again = await openStore({ url }, { schema });
    expect(await again.find({})).toHaveLength(1);
    const [found] = await databaseOf(again).query<{ schema: string }>(
      "select table_schema as schema from information_schema.tables where table_name = 'entry'",
    );
    expect(found!.schema).toBe(schema);
    await again.close();
  });

  test('a role without rights of its own uses a store that others made', async () => {
    const url = await server().newDatabase();
    const store = await openStore({ url });
    const database = databaseOf(store);
    await database.query('create role plain login');
    await database.query('grant usage on schema onlyhashes to plain');
    for (const right of [
      'select, insert, update, delete on all tables',
      'usage on all sequences',
    ]) {
      await database.query(`grant ${right} in schema onlyhashes to plain`);
    }
    const plainUrl = url.replace('user=postgres', 'user=plain');
    const plain = await openStore({ url: plainUrl });
    expect(await plain.apply({ add: [entry(1)] })).toMatchObject({ added: 1 });
    await plain.close();
    await expect(openStore({ url: plainUrl }, { schema: 'another' })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unsuitable',
    });
    // Somebody with more rights makes the schema alone.
    await database.query('create schema its_own authorization plain');
    const own = await openStore({ url: plainUrl }, { schema: 'its_own' });
    expect(await own.apply({ add: [entry(1)] })).toMatchObject({ added: 1 });
    await own.close();
    await store.close();
  });

  test('a server that only reads is unsuitable for changes', async () => {
    const url = await server().newDatabase();
    await (await openStore({ url })).close();
    const options = encodeURIComponent('-c default_transaction_read_only=on');
    const store = await openStore({ url: `${url}&options=${options}` });
    expect(await store.find({})).toEqual([]);
    await expect(store.apply({ add: [entry(1)] })).rejects.toMatchObject({ code: 'unsuitable' });
    await store.close();
  });

  test('a database that is not there, or cannot keep all texts, is refused with a code', async () => {
    const nowhere = openStore({ url: server().url('nowhere') });
    await expect(nowhere).rejects.toBeInstanceOf(StoreError);
    await expect(nowhere).rejects.toMatchObject({ code: 'unreachable' });
    const store = await openStore({ url: await server().newDatabase() });
    await databaseOf(store).query(
      "create database latin encoding 'LATIN1' template template0 locale 'C'",
    );
    await store.close();
    await expect(openStore({ url: server().url('latin') })).rejects.toMatchObject({
      code: 'unsuitable',
    });
  });

  test('processes that open an empty database at once make one store of it', async () => {
    const url = await server().newDatabase();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ url })));
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1);
    for (const store of stores) await store.close();
  });

  test('a store of a newer version is refused', async () => {
    const url = await server().newDatabase();
    const store = await openStore({ url });
    await databaseOf(store).query('insert into migration (number) values (1000)');
    await store.close();
    await expect(openStore({ url })).rejects.toMatchObject({ code: 'newer-schema' });
  });
});
