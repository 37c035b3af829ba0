import { describe, expect, test } from 'vitest';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import type { ListClient, ListUpdate } from '../../../src/services/list-update.js';
import type { Store } from '../../../src/store/store.js';
import { hexOf } from '../../node/files/fed-services.js';
import { describeBothEngines } from '../engines.js';
import { failing, sharedStore } from '../shared-store.js';

const hashOf = (n: number) => hashFromHex('pdq', hexOf(n));
const entryOf = (n: number, list = 'a') => ({
  hash: hashOf(n),
  labels: [],
  id: `r${n}`,
  source: 'fake',
  list,
});

/** What a test may see of a store. */
async function told(store: Store) {
  return {
    revision: await store.revision(),
    hashes: (await store.find({ limit: 100 })).map(({ hash }) => hashToHex(hash)),
    withdrawals: await store.withdrawals(),
    exceptions: await store.exceptions(),
    settings: [...(await store.settings())],
  };
}

/** A client that tells these records, from the start whenever it has no checkpoint. */
function telling(numbers: readonly number[], onPage: () => Promise<unknown> = async () => {}) {
  const asked: unknown[] = [];
  const updates = numbers.map((n): ListUpdate => {
    const { list: _, ...entry } = entryOf(n);
    return { key: `r${n}`, source: 'fake', state: 'active', signals: [], entries: [entry] };
  });
  const client: ListClient<number> = {
    async *fetchUpdates({ checkpoint } = {}) {
      asked.push(checkpoint);
      const isFromStart = checkpoint === undefined;
      yield { updates, unknown: [], isDrained: false, isFromStart };
      await onPage();
      yield { updates: [], unknown: [], isDrained: true, isFromStart, checkpoint: 1 };
    },
    mustRestart: () => false,
  };
  return { client, asked };
}

describeBothEngines((running) => {
  const { store: shared } = sharedStore(running);

  test('all of it is one change, and withdrawn additions are rejected', async () => {
    const store = shared();
    await store.apply({ add: [entryOf(1), entryOf(2)] });
    await store.apply({ withdraw: [{ id: 'r5' }] });
    const before = await store.revision();
    const changes = {
      withdraw: [{ ...hashOf(1), reason: 'wrong' }, { id: 'none' }],
      reinstate: [{ id: 'r5' }, { id: 'r6' }],
      settings: { a: { tier: 'review' as const } },
      allow: [{ hash: hashOf(7), reason: 'a flag' }],
      add: [entryOf(1), entryOf(3)],
    };
    expect(await store.apply(changes)).toEqual({
      revision: before + 1,
      removed: 1,
      withdrawn: [1, 0],
      reinstated: [true, false],
      allowed: 1,
      disallowed: 0,
      added: 1,
      rejected: { degenerate: 0, withdrawn: 1 },
      numbers: [expect.any(Number)],
    });
    expect(await told(store)).toMatchObject({
      hashes: [hexOf(2), hexOf(3)],
      settings: [['a', { tier: 'review' }]],
      exceptions: [{ reason: 'a flag' }],
    });
    expect((await store.withdrawals()).map(({ reason }) => reason).sort()).toEqual([
      'wrong',
      undefined,
    ]);
    expect(await store.apply(changes)).toMatchObject({ revision: before + 1, allowed: 0 });
    expect(await store.verify()).toEqual([]);
  });

  test('repeated with its key, it is made once; other changes are refused', async () => {
    const store = shared();
    const options = { idempotencyKey: `one ${running.engine}` };
    const first = await store.apply({ add: [entryOf(1)], withdraw: [{ id: 'r9' }] }, options);
    await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
    expect(await store.apply({ add: [entryOf(1)], withdraw: [{ id: 'r9' }] }, options)).toEqual(
      first,
    );
    expect(await store.find({})).toEqual([]);
    await expect(store.apply({ withdraw: [{ id: 'r9' }] }, options)).rejects.toMatchObject({
      code: 'key-used',
    });
  });

  test.each([
    ['a setting', { settings: { a: { tiers: 'match' } } }],
    ['a number', { remove: [1, 0] }],
    ['an exception', { allow: [{ hash: hashOf(1) }] }],
    ['an entry', { add: [entryOf(1), { hash: hashOf(2) }] }],
    ['a withdrawal', { withdraw: [{ id: 'x' }, { id: 7 }] }],
  ])('%s that is invalid changes nothing', async (_, changes) => {
    const store = shared();
    const before = await told(store);
    const good = { withdraw: [{ id: 'y' }], add: [entryOf(4)] };
    await expect(store.apply({ ...good, ...changes } as never)).rejects.toThrow(
      /^(expected|unknown option) /,
    );
    expect(await told(store)).toEqual(before);
  });

  describe.each([0, 1, 2, 3, 4, 6, 8, 10, 12])('a statement fails after %i others', (skip) => {
    test('and the change is undone, or complete', async () => {
      const store = shared();
      await store.apply({ add: [entryOf(1)] });
      const before = await told(store);
      const heal = failing(store, skip);
      const ended = await store
        .apply({
          withdraw: [hashOf(1)],
          settings: { a: { enabled: false } },
          allow: [{ hash: hashOf(7), reason: 'a flag' }],
          add: [entryOf(2)],
        })
        .catch((error: unknown) => error);
      heal();
      if (ended instanceof Error) expect(await told(store)).toEqual(before);
      else expect((await told(store)).hashes).toEqual([hexOf(2)]);
    });
  });

  test('reinstated entries come back with the next fetch, from the start', async () => {
    const store = shared();
    await store.fetch('a', telling([1, 2]).client);
    await store.fetch('b', telling([1]).client);
    await store.apply({ withdraw: [{ id: 'r1', list: 'a' }] });
    await store.apply({ reinstate: [{ id: 'r1', list: 'a' }] });
    expect(await store.find({ list: 'a' })).toHaveLength(1);
    const [a, b] = [telling([1, 2]), telling([1])];
    await store.fetch('a', a.client);
    await store.fetch('b', b.client);
    expect([a.asked, b.asked]).toEqual([[undefined], [1]]);
    expect(await store.find({ list: 'a' })).toHaveLength(2);
  });

  test('a fetch already past reinstated entries does not count as complete', async () => {
    const store = shared();
    await store.fetch('a', telling([1, 2]).client);
    await store.apply({ withdraw: [hashOf(1)] });
    const passing = telling([1, 2], () => store.apply({ reinstate: [hashOf(1)] }));
    await expect(store.fetch('a', passing.client, { fromStart: true })).rejects.toMatchObject({
      code: 'taken-over',
    });
    const next = telling([1, 2]);
    await store.fetch('a', next.client);
    expect(next.asked).toEqual([undefined]);
    expect(await store.find({ list: 'a' })).toHaveLength(2);
  });
});
