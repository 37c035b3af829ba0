import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashFromHex } from '../../../src/hash.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { hexOf } from '../../node/files/fed-services.js';
import { PostgresqlServer } from '../../store/sql/postgresql.js';
import { onlyhashes } from '../program.js';
import { eventually, serving, verdictOf } from './serving-program.js';

let server: PostgresqlServer;
beforeAll(async () => {
  server = await PostgresqlServer.open({ isDurable: true });
});
afterAll(() => server.close());

const entry = (n: number) => ({ hash: hashFromHex('pdq', hexOf(n)), labels: [] });

async function put(place: string, n: number): Promise<void> {
  const store = await openStore({ url: place });
  try {
    await store.apply({ add: [entry(n)] });
  } finally {
    await store.close();
  }
}

const readyOf = async (url: string) => {
  const response = await fetch(`${url}/health/ready`);
  return [response.status, await response.json()] as [number, { staleSeconds: number }];
};
const gaugeOf = async (url: string, name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
  return value === undefined ? undefined : Number(value);
};

test('without its database serve answers from memory, reports it, and catches up later', async () => {
  const url = await server.newDatabase();
  await put(url, 1);
  const { err, code } = await serving(
    ['--log-json', '--fetch-minutes', '0'],
    async (at, program) => {
      expect(await readyOf(at)).toEqual([
        200,
        { status: 'ready', staleSeconds: expect.any(Number) },
      ]);
      expect(await gaugeOf(at, 'onlyhashes_list_lag')).toBe(0);
      await server.kill();
      await program.said('onlyhashes: the store: expected a database that answers\n');
      await eventually(async () => {
        const [status, { staleSeconds }] = await readyOf(at);
        expect(status).toBe(200);
        expect(staleSeconds).toBeGreaterThan(8);
      });
      expect(await verdictOf(at, hexOf(1))).toBe('match');
      expect(await verdictOf(at, hexOf(2))).toBe('none');
      expect(await gaugeOf(at, 'onlyhashes_ready')).toBe(1);
      expect(await gaugeOf(at, 'onlyhashes_list_lag')).toBe(undefined);
      expect(await gaugeOf(at, 'onlyhashes_list_stale_seconds')).toBeGreaterThan(5);
      // What needs the database is refused, and its words are not told.
      const banks = await fetch(`${at}/c/exchanges`);
      expect(banks.status).toBeGreaterThanOrEqual(500);
      expect(await banks.text()).not.toContain('postgres');
      await server.start();
      await put(url, 2);
      await eventually(async () => expect(await verdictOf(at, hexOf(2))).toBe('match'));
      await eventually(async () => expect((await readyOf(at))[1].staleSeconds).toBeLessThan(5));
    },
    { env: { ONLYHASHES_STORE: url } },
  );
  // It asks every two seconds, and tells the same once a minute.
  expect(err.match(/the store: /g)!.length).toBeLessThan(3);
  expect(err).not.toContain('postgres:');
  expect(code).toBe(0);
});

test('serve shuts down in order while the database is unavailable', async () => {
  const url = await server.newDatabase();
  await put(url, 1);
  const { code } = await serving(
    [],
    async (at, program) => {
      expect(await verdictOf(at, hexOf(1))).toBe('match');
      await server.stop();
      await program.said('the store: ');
    },
    { env: { ONLYHASHES_STORE: url }, endSeconds: 20 },
  );
  expect(code).toBe(0);
});

test('an unavailable database at the start is reported without its address, and the program ends', async () => {
  await server.stop();
  const store = server.url('a_database_of_ours');
  const { err, lines, code } = await onlyhashes(['serve', '--port', '0'], {
    env: { ONLYHASHES_STORE: store },
  });
  expect(err).toBe('onlyhashes: the store: expected a database that answers\n');
  expect(lines).toEqual([]);
  expect(code).toBe(2);
});
