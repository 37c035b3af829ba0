import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Withdrawn } from '../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex } from '../../src/hash.js';
import type { ListClient } from '../../src/services/list-update.js';
import { openStore } from '../../src/store/sql/open-store.js';
import type { Store } from '../../src/store/store.js';
import { describeEngines } from './engines.js';

const hexOf = (name: string) => createHash('sha256').update(name).digest('hex');
const hashOf = (name: string) => hashFromHex('pdq', hexOf(name));

/** A picture and two windows of it. */
const pictureOf = (name: string, told: Partial<BlocklistEntry> = {}): BlocklistEntry[] => [
  { hash: hashOf(name), labels: [], ...told },
  ...['window1x1', 'window4x5'].map((variant) => ({
    hash: hashOf(`${variant} of ${name}`),
    labels: [],
    variant,
    group: hexOf(name),
    ...told,
  })),
];
const one = pictureOf('one', { id: 'case' });
const other = pictureOf('other', { id: 'case' });
const both = [...one, ...other];
const [main, window, second] = one;

/** Which of the hashes of both pictures a store lists, and a new follower of it has. */
async function listed(store: Store): Promise<number[]> {
  const follower = await store.follow();
  const all = both.map(({ hash }) => hash);
  const answers = await store.searchBatch(all, 0);
  const found = answers.map(({ hits }) => Number(hits.length > 0));
  const followed = all.map((hash) => Number(follower.blocklist.has(hash)));
  await follower.close();
  expect(followed).toEqual(found);
  expect(await store.verify()).toEqual([]);
  return found;
}

/** A service with one record. */
const clientOf = (version: number, entries: readonly BlocklistEntry[]): ListClient<number> => ({
  async *fetchUpdates(checkpoint) {
    const state = 'active' as const;
    const updates = [{ key: 'record', source: 'fake', state, signals: [], entries }];
    const isFromStart = checkpoint === undefined;
    yield { updates, isDrained: true, isFromStart, unknown: [], checkpoint: version };
  },
  mustRestart: () => false,
});

const OTHER = [0, 0, 0, 1, 1, 1];

describeEngines((running) => {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const opened = async () => {
    const store = await openStore(await running.newPlace());
    stores.push(store);
    return store;
  };

  describe('a picture that is withdrawn', () => {
    test.each([
      ['by its own hash', main!],
      ['by the hash of a window', window!],
    ])(
      '%s goes with its list crops and is rejected, and another of its id stays',
      async (_, { hash }) => {
        const store = await opened();
        await store.apply({ add: both });
        const follower = await store.follow();
        const { removed, revision } = await store.apply({
          withdraw: [{ ...hash, reason: 'asked' }],
        });
        expect(removed).toBe(3);
        await follower.reached(revision);
        expect(both.map((entry) => Number(follower.blocklist.has(entry.hash)))).toEqual(OTHER);
        expect(await listed(store)).toEqual(OTHER);
        expect((await store.apply({ add: both })).rejected.withdrawn).toBe(3);
        expect(await store.apply({ replace: { list: '', entries: both } })).toMatchObject({
          added: 0,
          removed: 0,
        });
        expect(await listed(store)).toEqual(OTHER);
        expect(await store.apply({ reinstate: [hash] })).toMatchObject({ reinstated: [true] });
        expect(await store.withdrawals()).toEqual([]);
        expect((await store.apply({ add: both })).added).toBe(3);
        expect(await listed(store)).toEqual([1, 1, 1, 1, 1, 1]);
      },
    );

    test('before it is listed is rejected, in whatever order its hashes come', async () => {
      const store = await opened();
      await store.apply({ withdraw: [window!.hash] });
      const follower = await store.follow();
      expect((await store.apply({ add: [main!, second!] })).added).toBe(2);
      const { revision, added, rejected } = await store.apply({ add: [...other, window!] });
      expect({ added, withdrawn: rejected.withdrawn }).toEqual({ added: 3, withdrawn: 1 });
      await follower.reached(revision);
      expect(both.map(({ hash }) => Number(follower.blocklist.has(hash)))).toEqual(OTHER);
      expect(await listed(store)).toEqual(OTHER);
    });

    test.each<[string, (store: Store, list: string) => Promise<unknown>]>([
      ['added', (store, list) => store.apply({ add: [{ ...window!, list }] })],
      ['added with other changes', (store, list) => store.apply({ add: [{ ...window!, list }] })],
      [
        'put in place',
        (store, list) => store.apply({ replace: { list: list, entries: [main!, window!] } }),
      ],
      ['fetched', (store, list) => store.fetch(list, clientOf(2, [main!, window!]))],
    ])('goes from followers, too, by nothing but a list crop that is %s', async (_, put) => {
      const store = await opened();
      await store.apply({ withdraw: [window!.hash] });
      await store.fetch('list', clientOf(1, [main!]));
      const follower = await store.follow();
      expect(follower.blocklist.has(main!.hash)).toBe(true);
      const before = await store.revision();
      await put(store, 'list');
      const revision = await store.revision();
      expect(revision).toBeGreaterThan(before);
      await follower.reached(revision);
      expect(follower.blocklist.has(main!.hash)).toBe(false);
      await follower.close();
      expect(await listed(store)).toEqual([0, 0, 0, 0, 0, 0]);
    });

    test('takes along no more than 1,000 others of a list', async () => {
      const store = await opened();
      const parts = Array.from({ length: 1200 }, (_, at) => ({
        hash: window!.hash,
        labels: [],
        id: `${at}`,
        group: hexOf(`${at}`),
      }));
      const pictures = [999, 1000].map((at) => ({ hash: hashOf(`${at}`), labels: [] }));
      await store.apply({ withdraw: [window!.hash] });
      await store.apply({ add: pictures });
      expect((await store.apply({ add: parts })).rejected.withdrawn).toBe(1200);
      const [{ groups }] = (await store.withdrawals()) as [Withdrawn];
      expect(groups!.length).toBe(1000);
      expect((await store.apply({ add: pictures })).rejected.withdrawn).toBe(1);
      expect((await store.find({})).length).toBe(1);
      expect(await store.verify()).toEqual([]);
    });

    test('by its id goes with every entry that has it', async () => {
      const store = await opened();
      await store.apply({ add: [...both, ...pictureOf('third', { id: 'another' })] });
      expect((await store.apply({ withdraw: [{ id: 'case' }] })).removed).toBe(6);
      expect(await listed(store)).toEqual([0, 0, 0, 0, 0, 0]);
      expect((await store.apply({ add: both })).rejected.withdrawn).toBe(6);
    });

    test('follows its list to another name', async () => {
      const store = await opened();
      const on = both.map((entry) => ({ ...entry, list: 'before' }));
      await store.apply({ add: on });
      await store.apply({ withdraw: [window!.hash] });
      expect(await store.renameList('before', 'after')).toMatchObject({ renamed: true });
      expect(await listed(store)).toEqual(OTHER);
      expect(
        (await store.apply({ add: on.map((entry) => ({ ...entry, list: 'after' })) })).added,
      ).toBe(0);
      expect(await listed(store)).toEqual(OTHER);
    });

    test('on one list stays on others', async () => {
      const store = await opened();
      await store.apply({ add: [window!, ...one.map((entry) => ({ ...entry, list: 'mine' }))] });
      await store.apply({ withdraw: [{ ...window!.hash, list: '' }] });
      expect(await store.withdrawals()).toMatchObject([
        { groups: [{ group: hexOf('one'), list: '' }] },
      ]);
      expect((await store.apply({ add: [main!] })).rejected.withdrawn).toBe(1);
      expect((await store.find({ list: 'mine' })).length).toBe(3);
    });
  });

  test('a removed picture goes with its parts; a removed part goes alone', async () => {
    const store = await opened();
    const { numbers } = await store.apply({
      add: [...both, ...pictureOf('one', { id: 'another' })],
    });
    expect((await store.entry(numbers[1]!))!.group).toBe(hexOf('one'));
    expect((await store.apply({ remove: [numbers[1]!] })).removed).toBe(1);
    expect((await store.apply({ remove: [numbers[1]!] })).removed).toBe(0);
    expect((await store.find({ id: 'case' })).length).toBe(5);
    expect((await store.apply({ remove: [numbers[0]!] })).removed).toBe(2);
    expect(await listed(store)).toEqual([1, 1, 1, 1, 1, 1]);
    expect((await store.find({ id: 'case' })).length).toBe(3);
    expect((await store.apply({ add: one })).added).toBe(3);
  });
});
