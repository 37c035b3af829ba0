import { createHash } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { hashFromHex, newHash } from '../../../src/hash.js';
import { type FollowOptions, followDatabase } from '../../../src/store/lists/follower.js';
import type { Database } from '../../../src/store/sql/database.js';
import { openPostgresql } from '../../../src/store/sql/postgresql.js';
import type { Store } from '../../../src/store/store.js';
import { Breaking } from '../breaking.js';
import { emptied } from '../emptied.js';
import { describeBothEngines, describePostgresql } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';

const hash = (number: number) =>
  hashFromHex('pdq', `${(0x1357_9bdf + number).toString(16)}${'0f1e2d3c4b5a69'.repeat(4)}`);
const entry = (number: number) => ({ hash: hash(number), labels: [], id: `id ${number}` });
const NO_HOOKS = { resume: async () => {}, end: async () => {} };
const LATER = new Date('2999-01-01');
const SELDOM = { pollSeconds: 3600 };

describeBothEngines(({ newPlace }) => {
  let store: Store;
  let database: Database;
  beforeAll(async () => {
    store = await openStore(await newPlace());
    database = databaseOf(store);
  });
  beforeEach(() => emptied(store));
  afterAll(() => store.close());

  test('an entry comes back once its pause is over', async () => {
    await store.apply({ add: [entry(1), entry(2)] });
    await store.pause(1, LATER);
    const follower = await store.follow(SELDOM);
    expect(follower.blocklist.size).toBe(1);
    const { revision } = await store.pause(1, new Date('2020-01-01'));
    await follower.reached(revision + 1);
    expect(follower.blocklist.size).toBe(2);
    expect(await store.entry(1)).not.toHaveProperty('pausedUntil');
    await follower.close();
  });

  test('a change wakes a follower that would otherwise poll only after an hour', async () => {
    let isReached = () => {};
    const reached = new Promise<void>((resolve) => {
      isReached = resolve;
    });
    const follower = await store.follow({ ...SELDOM, onChange: isReached });
    await store.apply({ add: [entry(1)] });
    await reached;
    expect(follower.blocklist.size).toBe(1);
    await follower.close();
  });

  test('a follower polls by itself, if nothing wakes it', async () => {
    const deaf = new Breaking(database);
    deaf.listen = async () => async () => {};
    let isReached = () => {};
    const reached = new Promise<void>((resolve) => {
      isReached = resolve;
    });
    const follower = await followDatabase(
      deaf,
      { pollSeconds: 0.05, onChange: isReached },
      NO_HOOKS,
    );
    await store.apply({ add: [entry(1)] });
    await reached;
    expect(follower.blocklist.size).toBe(1);
    await follower.close();
  });

  test('changes are read while the end of a pause waits for another change', async () => {
    let isResumed = () => {};
    const resumed = new Promise<void>((resolve) => {
      isResumed = resolve;
    });
    const hooks = { ...NO_HOOKS, resume: () => resumed };
    const follower = await followDatabase(database, SELDOM, hooks);
    for (const at of [1, 2]) {
      const { revision } = await store.apply({ add: [entry(at)] });
      await follower.reached(revision);
    }
    expect(follower.blocklist.size).toBe(2);
    isResumed();
    await follower.close();
  });

  test('reports that fail do not end the following', async () => {
    const breaking = new Breaking(database);
    let problems = 0;
    const follower = await followDatabase(
      breaking,
      {
        ...SELDOM,
        onProblem() {
          problems++;
          throw new Error('the report failed');
        },
      },
      NO_HOOKS,
    );
    breaking.failsFrom = 0;
    const { revision } = await store.apply({ add: [entry(1)] });
    follower.wake();
    await vi.waitFor(() => expect(problems).toBeGreaterThan(0), 120_000);
    breaking.failsFrom = undefined;
    await follower.reached(revision);
    expect(follower.blocklist.size).toBe(1);
    await follower.close();
  });
});

describePostgresql((server) => {
  let url: string;
  let store: Store;
  beforeAll(async () => {
    url = await server().newDatabase();
    store = await openStore({ url });
  });
  beforeEach(() => emptied(store));
  afterAll(() => store.close());
  const follow = (database: Database, options: FollowOptions = {}) =>
    followDatabase(database, { ...SELDOM, ...options }, NO_HOOKS);
  /** More entries, in one change, than are kept until they are whole. */
  const MANY = 20_001;
  const firstHash = newHash(
    'pdq',
    createHash('sha256')
      .update(Buffer.of(0, 0, 0, 1))
      .digest(),
  );
  const addMany = () =>
    databaseOf(store).transaction(async (sql) => {
      const text = 'update state set revision = revision + 1 returning revision';
      const [state] = await sql.query<{ revision: number }>(text);
      await sql.query(
        `insert into entry (key, list, algorithm, hash, revision)
        select sha256(int4send(n)), '', 'pdq', sha256(int4send(n)), $1
        from generate_series(1, ${MANY}) as n`,
        [state!.revision],
      );
      return state!.revision;
    });

  test('entries of a failed reading, from an empty store on, go once they are purged', async () => {
    const breaking = new Breaking(databaseOf(store));
    const follower = await follow(breaking);
    // After twenty pages, each of five statements and a commit.
    breaking.failsFrom = 1 + 20 * 6 + 2;
    await addMany();
    follower.wake();
    await vi.waitFor(() => expect(follower.blocklist.size).toBe(20_000), 120_000);
    expect(follower.revision).toBe(0);
    await store.apply({ remove: [1] });
    await store.purge(LATER);
    breaking.failsFrom = undefined;
    await follower.reached(await store.revision());
    expect(follower.blocklist.size).toBe(MANY - 1);
    await follower.close();
  });

  test('an entry added after its reinstatement is not lost among many', async () => {
    await store.apply({ withdraw: [firstHash] });
    const follower = await follow(databaseOf(store));
    await store.apply({ reinstate: [firstHash] });
    await follower.reached(await addMany());
    expect(follower.blocklist.size).toBe(MANY);
    await follower.close();
  });

  test('a load whose rows are purged begins again', async () => {
    await store.apply({ add: [entry(1), entry(2)] });
    const database = databaseOf(store);
    const purging = new Breaking(database);
    let loads = 0;
    purging.transaction = async (run, options) => {
      const done = await database.transaction(run, options);
      // Once the loading has begun, and before the entries are read.
      if (++loads === 1) {
        await store.apply({ remove: [1] });
        await store.purge(LATER);
      }
      return done;
    };
    const follower = await follow(purging);
    expect(follower.blocklist.size).toBe(1);
    expect(follower.revision).toBe(2);
    await follower.close();
  });

  test('a connection that falls silent does not block the follower', async () => {
    const proxy = new SilentProxy(`${new URL(url).searchParams.get('host')}/.s.PGSQL.5432`);
    const port = await proxy.listen();
    const name = new URL(url).pathname;
    const database = await openPostgresql(
      `postgres://postgres@127.0.0.1:${port}${name}`,
      'onlyhashes',
      { silence: 300 },
    );
    await store.apply({ add: [entry(1), entry(2)] });
    const problems: unknown[] = [];
    const follower = await follow(database, {
      pollSeconds: 0.1,
      onProblem: (error) => problems.push(error),
    });
    proxy.silence();
    const { revision } = await store.apply({ withdraw: [hash(1)] });
    await follower.reached(revision);
    expect(follower.blocklist.size).toBe(1);
    expect(problems[0]).toMatchObject({ code: 'unreachable' });
    proxy.close();
    await follower.close();
    await database.close();
  });
});

/** Passes connections on, until those that there are fall silent, and stay open. */
class SilentProxy {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  /** @param path of the socket to which connections go */
  constructor(path: string) {
    this.#server = createServer((near) => {
      const far = connect(path);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        from.on('error', () => {});
        from.on('close', () => to.destroy());
        from.pipe(to);
        this.#sockets.push(from);
      }
    });
  }

  /** @returns the port */
  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
