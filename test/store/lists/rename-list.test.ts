import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BlocklistEntry } from '../../../src/entry.js';
import { newHash } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import type { Store } from '../../../src/store/store.js';
import { describeEngines } from '../engines.js';

/** Hashes that differ in many bits, and are not degenerate. */
function hashNumber(number: number) {
  const bytes = new Uint8Array(32);
  let state = number + 1;
  for (let at = 0; at < 32; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return newHash('pdq', bytes);
}
const entry = (number: number, list: string, more: Partial<BlocklistEntry> = {}) => ({
  hash: hashNumber(number),
  labels: [`label ${number}`],
  list,
  ...more,
});

describeEngines(({ newPlace }) => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore(await newPlace());
  });
  afterAll(async () => {
    await store?.close();
  });

  test('the entries of a renamed list keep their numbers, pauses and withdrawals', async () => {
    const many = Array.from({ length: 1100 }, (_, at) =>
      entry(at, 'A', { id: `id ${at}`, source: 'S', quality: 90, confirmed: at % 2 === 0 }),
    );
    const { numbers } = await store.apply({ add: many });
    await store.apply({ add: [entry(0, 'OTHER'), entry(5, 'B', { id: 'id 5', source: 'S' })] });
    // Its rows stay, under the name that A is to have.
    await store.apply({ replace: { list: 'B', entries: [] }, settings: { B: null } });
    await store.apply({ settings: { A: { enabled: true, trust: 'foreign' } } });
    const until = new Date('2100-01-01T00:00:00Z');
    await store.pause(numbers[1]!, until);
    await store.pause(numbers[2]!, 'for-good');
    await store.apply({ withdraw: [{ ...{ id: 'id 3', list: 'A' }, reason: 'by mistake' }] });
    await store.apply({ withdraw: [{ id: 'of another', list: 'OTHER' }] });
    const follower = await store.follow();
    expect(follower.blocklist.size).toBe(1098);

    const change = { settings: { tier: 'review' }, idempotencyKey: 'once' } as const;
    const renamed = await store.renameList('A', 'B', change);
    expect(renamed.renamed).toBe(true);
    expect(await store.renameList('A', 'B', change)).toEqual(renamed);
    await follower.reached(renamed.revision);

    expect(await store.settings()).toEqual(
      new Map([
        ['B', { tier: 'review', enabled: true, trust: 'foreign' }],
        ['OTHER', {}],
      ]),
    );
    expect(await store.find({ list: 'A' })).toEqual([]);
    const moved = await store.find({ list: 'B', limit: 2000 });
    expect(moved.map(({ number }) => number)).toEqual(numbers.filter((_, at) => at !== 3));
    const { revision: _, ...first } = (await store.entry(numbers[0]!))!;
    expect(first).toEqual({ ...many[0], list: 'B', number: numbers[0] });
    expect((await store.entry(numbers[1]!))!.pausedUntil).toEqual(until);
    expect((await store.entry(numbers[2]!))!.pausedUntil).toBe('for-good');
    expect(await store.withdrawals()).toEqual(
      expect.arrayContaining([
        { id: 'id 3', list: 'B', reason: 'by mistake' },
        { id: 'of another', list: 'OTHER' },
      ]),
    );
    expect(await store.withdrawals()).toHaveLength(2);
    const again = await store.apply({ add: [entry(3, 'B', { id: 'id 3', source: 'S' })] });
    expect(again.rejected.withdrawn).toBe(1);

    const followed = follower.blocklist.lists().map(({ name, size }) => [name, size]);
    expect(Object.fromEntries(followed)).toEqual({ B: 1097, OTHER: 1 });
    const { matches } = match({ hash: hashNumber(7), variants: [] }, follower.blocklist, {
      allowList: follower.allowList,
    });
    expect(matches.map((match) => [match.entry.list, match.tier])).toEqual([['B', 'review']]);
    expect(await follower.numberOf(matches[0]!.entry)).toBe(numbers[7]);
    await follower.close();
    const fresh = await store.follow();
    expect(fresh.blocklist.size).toBe(1098);
    await fresh.close();
    expect(await store.verify()).toEqual([]);
  });

  test('entries withdrawn on an earlier list of the new name go', async () => {
    const [kept] = (
      await store.apply({
        add: [2007, 2008, 2009].map((at) => entry(at, 'F', { id: `id ${at}`, source: 'S' })),
      })
    ).numbers;
    await store.apply({ withdraw: [{ id: 'id 2008', list: 'G' }] });
    await store.apply({ withdraw: [Object.assign(hashNumber(2009), { list: 'G' })] });
    await store.apply({ withdraw: [{ id: 'id 2007', source: 'T', list: 'G' }] });
    const follower = await store.follow();
    const { renamed, revision } = await store.renameList('F', 'G');
    expect(renamed).toBe(true);
    await follower.reached(revision);
    expect(follower.blocklist.lists().find(({ name }) => name === 'G')!.size).toBe(1);
    await follower.close();
    expect((await store.find({ list: 'G' })).map(({ number }) => number)).toEqual([kept]);
    expect(await store.search(hashNumber(2009), 0)).toMatchObject({ hits: [] });
    expect(await store.verify()).toEqual([]);
  });

  test('a missing list, or a name already in use, changes nothing', async () => {
    await store.apply({ add: [entry(1, 'C'), entry(2, 'D')] });
    const before = await store.revision();
    for (const [from, to] of [
      ['C', 'D'],
      ['NONE', 'E'],
      ['C', 'C'],
    ] as const) {
      expect(await store.renameList(from, to)).toEqual({ renamed: false, revision: before });
    }
    await expect(store.renameList('C', 'E', { settings: { tier: 'x' } as never })).rejects.toThrow(
      RangeError,
    );
    expect(await store.revision()).toBe(before);
  });

  test('a name that no list in memory could have is refused, as it would break followers', async () => {
    await store.apply({ add: [entry(3, 'F')] });
    const before = await store.revision();
    const long = 'F'.repeat(201);
    await expect(store.renameList('F', long)).rejects.toThrow(RangeError);
    await expect(store.apply({ settings: { [long]: {} } })).rejects.toThrow(RangeError);
    await expect(store.apply({ replace: { list: long, entries: [] } })).rejects.toThrow(RangeError);
    expect(await store.revision()).toBe(before);
    const { renamed } = await store.renameList('F', long.slice(1));
    expect(renamed).toBe(true);
    const follower = await store.follow();
    expect(follower.blocklist.lists().map(({ name }) => name)).toContain(long.slice(1));
    await follower.close();
  });
});
