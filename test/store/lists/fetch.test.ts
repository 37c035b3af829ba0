import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { ServiceError } from '../../../src/services/service-error.js';
import { allPendingRemovals } from '../../../src/store/lists/fetch.js';
import type { Store } from '../../../src/store/store.js';
import { type Clock, hexOf, SERVICES } from '../../node/files/fed-services.js';
import { runs } from '../../seed.js';
import { examPendingRemovals, range } from '../../services/pending-removals-exam.js';
import { hashOf, hexes, telling, updateOf } from '../../services/telling.js';
import { describeBothEngines } from '../engines.js';
import { databaseOf, openStore } from '../opened.js';
import { failing, sharedStore } from '../shared-store.js';

const START = 1_767_225_600;
let clock: Clock;
beforeEach(() => {
  clock = { seconds: START };
});

const now = () => clock.seconds * 1000;

/** The hashes on a list, sorted, as text. */
async function hashesOn(store: Store, list: string): Promise<string[]> {
  const found = await store.find({ list, limit: 1000 });
  return found.map(({ hash }) => hashToHex(hash)).sort();
}

async function verdictOn(store: Store, n: number): Promise<string> {
  const follower = await store.follow();
  const { verdict } = match(
    [{ name: 'original', hash: hashOf(n), quality: 100 }],
    follower.blocklist,
    { allowList: follower.allowList },
  );
  await follower.close();
  return verdict;
}

describeBothEngines((running) => {
  const { store: shared, place } = sharedStore(running);
  describe.each(Object.entries(SERVICES))('%s', (name, start) => {
    test('however requests fail, the list becomes the service’s in the end', async () => {
      const kinds = ['list', 'withdraw', 'fetch', 'cut', 'start'] as const;
      const step = fc.tuple(fc.constantFrom(...kinds), fc.nat(7), fc.nat(5));
      const store = shared();
      let lists = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
          const service = await start(clock, 2);
          const list = `${name} ${lists++}`;
          const listed = new Map<number, number>();
          for (const [kind, n, more] of steps) {
            clock.seconds += 30;
            if (kind === 'list') {
              service.list(n, 100 * n + more);
              listed.set(n, 100 * n + more);
            } else if (kind === 'withdraw') {
              if (listed.delete(n)) service.withdraw(n);
            } else {
              if (kind === 'cut') service.fake.fail({ kind: 'cut' }, { skip: more });
              const ended = await store
                .fetch(list, service.client(), { fromStart: kind === 'start', now })
                .catch((error: unknown) => error);
              service.fake.heal();
              if (ended instanceof Error) expect(ended).toBeInstanceOf(ServiceError);
              else expect(await hashesOn(store, list)).toEqual(hexes(...listed.values()));
            }
          }
          clock.seconds += 100;
          await store.fetch(list, service.client(), { now });
          expect(await hashesOn(store, list)).toEqual(hexes(...listed.values()));
          await service.fake.close();
        }),
        { numRuns: runs(4) },
      );
      expect(await store.verify()).toEqual([]);
    });
  });

  test('pending entries are for review, until they are active', async () => {
    const store = shared();
    await store.fetch('a', telling({ updates: [updateOf(1, 'pending'), updateOf(2)] }).client);
    expect([await verdictOn(store, 1), await verdictOn(store, 2)]).toEqual(['review', 'match']);
    const [before] = await store.find({ id: 'r1' });
    const change = await store.fetch('a', telling({ updates: [updateOf(1)] }).client);
    expect(change).toMatchObject({ added: 1, removed: 0 });
    expect(await verdictOn(store, 1)).toBe('match');
    const [after] = await store.find({ id: 'r1' });
    expect(after!.number).toBe(before!.number);
  });

  test('withdrawals by a person stay, whatever the service sends', async () => {
    const store = shared();
    const all = [1, 2, 3].map((n) => updateOf(n));
    await store.fetch('a', telling({ updates: all }).client);
    await store.apply({
      withdraw: [{ ...{ id: 'r1', source: 'fake', list: 'a' }, reason: 'wrong' }],
    });
    await store.apply({ withdraw: [hashOf(2)] });
    const gone = [updateOf(1, 'withdrawn'), updateOf(2, 'deleted'), updateOf(3, 'withdrawn')];
    const { withdrawn } = await store.fetch('a', telling({ updates: gone }).client);
    expect(withdrawn).toBe(2);
    expect(await hashesOn(store, 'a')).toEqual([]);
    await store.fetch('a', telling({ updates: all }).client);
    expect(await hashesOn(store, 'a')).toEqual(hexes(3));
    expect(await store.withdrawals()).toMatchObject([
      { id: 'r1', source: 'fake', reason: 'wrong' },
      { algorithm: 'pdq' },
    ]);
  });

  test('entries that one service withdraws stay on the list of another', async () => {
    const store = shared();
    await store.fetch('a', telling({ updates: [updateOf(1)] }).client);
    await store.fetch('b', telling({ updates: [updateOf(1)] }).client);
    await store.fetch('a', telling({ updates: [updateOf(1, 'withdrawn')] }).client);
    expect(await hashesOn(store, 'a')).toEqual([]);
    expect(await hashesOn(store, 'b')).toEqual(hexes(1));
  });

  test('entries missing from a fetch from the start are removed at its end, at once', async () => {
    const store = shared();
    await store.fetch('a', telling({ updates: [1, 2, 3, 4].map((n) => updateOf(n)) }).client);
    await store.apply({ add: [{ hash: hashOf(9), labels: [], list: 'b' }] });
    const { client } = telling({ updates: [updateOf(2)] }, { updates: [updateOf(4), updateOf(5)] });
    const before = await store.revision();
    const { added, removed } = await store.fetch('a', client, { fromStart: true });
    expect({ added, removed }).toEqual({ added: 1, removed: 2 });
    // The first page told nothing new: only the second one made a change.
    expect(await store.revision()).toBe(before + 1);
    expect(await hashesOn(store, 'a')).toEqual(hexes(2, 4, 5));
    expect(await hashesOn(store, 'b')).toEqual(hexes(9));
  });

  test('a page with an invalid entry changes nothing, and the checkpoint stays', async () => {
    const store = shared();
    await store.fetch('a', telling({ updates: [updateOf(1)] }).client);
    const revision = await store.revision();
    for (const bad of [{ labels: 'none' as never }, { labels: [], variant: '\0' }]) {
      const wrong = { ...updateOf(3), entries: [{ hash: hashOf(3), ...bad }] };
      const { client } = telling({ updates: [updateOf(1, 'withdrawn'), updateOf(2), wrong] });
      await expect(store.fetch('a', client)).rejects.toThrow('expected');
    }
    expect(await hashesOn(store, 'a')).toEqual(hexes(1));
    expect(await store.withdrawals()).toEqual([]);
    expect(await store.revision()).toBe(revision);
    const next = telling({});
    await store.fetch('a', next.client);
    expect(next.asked).toEqual([1]);
  });

  test('a list of another source begins from the start, and so does one that was removed', async () => {
    const store = shared();
    const run = async (options: object, ...numbers: number[]) => {
      const { client, asked } = telling({ updates: numbers.map((n) => updateOf(n)) });
      await store.fetch('a', client, options);
      return asked[0];
    };
    expect(await run({ provenance: 'x' }, 1, 2)).toBe(undefined);
    expect(await run({ provenance: 'x' })).toBe(1);
    expect(await run({ provenance: 'y' }, 2)).toBe(undefined);
    expect(await hashesOn(store, 'a')).toEqual(hexes(2));
    await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
    expect(await run({ provenance: 'y' }, 3)).toBe(undefined);
    expect(await hashesOn(store, 'a')).toEqual(hexes(3));
  });

  test('a list that is removed while it is fetched does not come back in part', async () => {
    const store = shared();
    const { client } = telling({ updates: [updateOf(1)] }, { updates: [updateOf(2)] });
    const fetching = store.fetch('a', {
      ...client,
      async *fetchUpdates(options) {
        for await (const page of client.fetchUpdates(options)) {
          yield page;
          if (!page.isDrained)
            await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
        }
      },
    });
    await expect(fetching).rejects.toMatchObject({ code: 'taken-over' });
    expect(await hashesOn(store, 'a')).toEqual([]);
    expect(await store.lists()).toEqual([]);
  });

  test('one fetch of a list at a time; another list is fetched meanwhile', async () => {
    const store = shared();
    const other = running.engine === 'postgresql' ? await openStore(place()) : store;
    const { client } = telling({ updates: [updateOf(1)] });
    let isTried = false;
    await store.fetch('a', {
      ...client,
      async *fetchUpdates(options) {
        await expect(other.fetch('a', client)).rejects.toMatchObject({ code: 'in-use' });
        await other.fetch('b', client);
        isTried = true;
        yield* client.fetchUpdates(options);
      },
    });
    expect(isTried).toBe(true);
    await other.fetch('a', client);
    expect(await hashesOn(store, 'b')).toEqual(hexes(1));
    if (other !== store) await other.close();
  });

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'a statement that fails, the one after %i others, leaves a page complete or undone',
    async (skip) => {
      const store = shared();
      await store.fetch('a', telling({ updates: [1, 2, 3].map((n) => updateOf(n)) }).client);
      const before = await hashesOn(store, 'a');
      const revision = await store.revision();
      const updates = [updateOf(1, 'withdrawn'), updateOf(2, 'active', 22), updateOf(4)];
      const heal = failing(store, skip);
      const ended = await store
        .fetch('a', telling({ updates }).client, { fromStart: true })
        .catch((error: unknown) => error);
      heal();
      const after = await hashesOn(store, 'a');
      if (ended instanceof Error) {
        expect(ended.message).toBe('the disk is full');
        expect(after).toEqual(before);
        expect(await store.withdrawals()).toEqual([]);
        expect(await store.revision()).toBe(revision);
      } else expect(after).toEqual(hexes(22, 4));
      await store.fetch('a', telling({ updates }).client, { fromStart: true });
      expect(await hashesOn(store, 'a')).toEqual(hexes(22, 4));
    },
  );
});

test('removals of much of a list are pending until a person confirms them', async () => {
  const store = await openStore({ dataDir: undefined });
  let follower = await store.follow();
  const caughtUp = async () => follower.reached(await store.revision());
  await examPendingRemovals({
    fetch: (client, options) => store.fetch('a', client, { ...options, now }),
    confirm: async () => (await store.confirm('a')).confirmed,
    async pendingRemovals() {
      await caughtUp();
      await vi.waitFor(async () => {
        const [list] = await store.lists();
        expect(follower.pendingRemovals[0]?.removals).toBe(
          list!.fetched?.pendingRemovals?.removals,
        );
        expect(follower.pendingRemovals[0]?.isConfirmed).toBe(
          list!.fetched?.pendingRemovals?.isConfirmed,
        );
      }, 120_000);
      return follower.pendingRemovals;
    },
    async listed() {
      const there = new Set(await hashesOn(store, 'a'));
      return range(1, 101).filter((n) => there.has(hexOf(n)));
    },
    async restart() {
      await follower.close();
      follower = await store.follow();
    },
  });
  await store.close();
});

test('no more pending removals are read than reported', async () => {
  const store = await openStore({ dataDir: undefined });
  const client = telling({ updates: [updateOf(1)] }).client;
  for (const name of ['a', 'b', 'c']) await store.fetch(name, client);
  const database = databaseOf(store);
  const told = { removals: 1e6, of: 1e6, sinceSeconds: START, isConfirmed: false };
  const pendingRemovals = { ...told, keys: 'A'.repeat(1e6) };
  const unknown = [{ field: '"pendingRemovals":{}', word: '\u0000"keys":""', count: 1 }];
  const state = { provenance: '', unknown };
  const put = (name: string, fetched: object) =>
    database.query('update list set fetched = $2::text::json where name = $1', [
      name,
      JSON.stringify(fetched),
    ]);
  await put('a', { ...state, pendingRemovals, mustRefetch: true });
  await put('b', {
    ...state,
    pendingRemovals: { ...pendingRemovals, isConfirmed: true },
    mustRefetch: true,
  });
  await put('c', state);
  let read = 0;
  const lists = await allPendingRemovals({
    async query<Row>(text: string) {
      const rows = await database.query<Row>(text);
      read += JSON.stringify(rows).length;
      return rows;
    },
  });
  expect(lists).toEqual([
    { list: 'a', ...told },
    { list: 'b', ...told, isConfirmed: true },
  ]);
  expect(read).toBeLessThan(500);
  await store.close();
});
