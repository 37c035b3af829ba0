import { expect, test, vi } from 'vitest';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { decisionToJSON } from '../../src/matching/decision.js';
import { decisionFromJSON } from '../../src/matching/decision-json.js';
import { explain } from '../../src/matching/explain.js';
import { isOwnConfirmed } from '../../src/matching/list-rules.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList } from '../../src/matching/remote-list.js';
import { PackedEntries } from '../../src/packed-entries.js';
import type { ListSettings, PolicyOptions, Trust } from '../../src/policy.js';
import type { HashedVariant, Near } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { loopTurns, stepClock } from '../node/event-loop.js';
import { PlainLists } from '../oracles/lists.js';

const off = (bits: number, quality = 100): HashedVariant => ({
  name: 'original',
  hash: flipBits(BASE, ORDER, bits),
  quality,
});
const entry = (list: string | undefined, fields: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: BASE,
  labels: [list ?? 'unnamed'],
  ...(list !== undefined && { list }),
  ...fields,
});
const decideOn = (blocklist: Blocklist, bits = 0, policy: PolicyOptions = {}) => {
  const { verdict, reason } = match([off(bits)], blocklist, { policy });
  return [verdict, reason];
};
const foundOn = (blocklist: Blocklist, bits = 0) =>
  match([off(bits)], blocklist, { all: true }).matches.map(({ entry }) => entry.labels[0]);

test("an entry's verdict is limited by the trust in its list, its tier and its confirmation", async () => {
  const matches = ['match', 'within-match-distance'];
  const rows: [Trust, boolean | undefined, string[]][] = [
    ['own', true, matches],
    ['own', undefined, matches],
    ['own', false, ['review', 'unconfirmed-entry']],
    ['shared', true, matches],
    ['shared', undefined, matches],
    ['shared', false, ['review', 'unconfirmed-entry']],
    ['foreign', true, ['review', 'foreign-list']],
    ['foreign', undefined, ['review', 'foreign-list']],
    ['foreign', false, ['review', 'foreign-list']],
  ];
  for (const [trust, confirmed, expected] of rows) {
    for (const name of ['', 'a']) {
      const listed = entry(name, confirmed === undefined ? {} : { confirmed });
      const settings = { trust };
      const blocklist = createBlocklist([listed], { lists: { [name]: settings } });
      expect(decideOn(blocklist)).toEqual(expected);
      expect(decideOn(blocklist, 31)).toEqual(expected);
      expect(decideOn(blocklist, 32)).toEqual(['review', 'within-review-distance']);
      const plain = new PlainLists();
      plain.add(listed);
      plain.set(name, settings);
      expect(plain.decide([off(0)], { all: false }).verdict).toBe(expected[0]);
      await blocklist.apply({ settings: { [name]: { tier: 'review' } } });
      expect(decideOn(blocklist)).toEqual(['review', 'review-only-list']);
      expect(isOwnConfirmed(listed, trust)).toBe(trust === 'own' && confirmed === true);
    }
  }
});

const SHORT = { reviewDistance: 60, expectedReviews: { mixed: 0.000016, oneKind: 0.0044 } };

test('without settings, the unnamed list is own and others are shared', () => {
  const blocklist = createBlocklist([entry(undefined), entry('a')]);
  expect(blocklist.lists()).toEqual([
    { name: '', size: 1, tier: 'match', enabled: true, trust: 'own', ...SHORT },
    { name: 'a', size: 1, tier: 'match', enabled: true, trust: 'shared', ...SHORT },
  ]);
  const { matches } = match([off(0)], blocklist);
  expect(matches.map(({ trust }) => trust)).toEqual([undefined, 'shared']);
  expect(isOwnConfirmed(entry(undefined, { confirmed: true }))).toBe(true);
  // Whether the unnamed list is told or left out makes no difference.
  const empty = createBlocklist([entry('')], { lists: { '': { tier: 'review' } } });
  expect(decideOn(empty)).toEqual(['review', 'review-only-list']);
});

test('a foreign entry only flags; an own confirmation matches, and outlives the foreign list', async () => {
  const blocklist = createBlocklist([entry('theirs', { confirmed: true })], {
    lists: { theirs: { trust: 'foreign' } },
  });
  expect(decideOn(blocklist, 5)).toEqual(['review', 'foreign-list']);
  await blocklist.apply({ add: [entry(undefined, { confirmed: true })] });
  const { verdict, matches } = match([off(5)], blocklist);
  expect(verdict).toBe('match');
  expect(matches.map(({ tier, trust = 'own' }) => [tier, trust])).toEqual([
    ['match', 'own'],
    ['review', 'foreign'],
  ]);
  await blocklist.apply({ replace: { list: 'theirs', entries: [] } });
  expect(decideOn(blocklist, 5)).toEqual(['match', 'within-match-distance']);
  // Theirs to withdraw is what is on their list.
  expect((await blocklist.apply({ withdraw: [{ ...BASE, list: 'theirs' }] })).removed).toBe(0);
  expect(decideOn(blocklist, 5)[0]).toBe('match');
  expect((await blocklist.apply({ withdraw: [BASE] })).removed).toBe(1);
  expect(decideOn(blocklist, 5)).toEqual(['none', 'nothing-comparable']);
});

test('at one distance, the more trusted list comes first', () => {
  const trusts = ['foreign', 'shared', 'own'] as const;
  const blocklist = createBlocklist(
    trusts.map((trust) => entry(trust)),
    { lists: Object.fromEntries(trusts.map((trust) => [trust, { trust }])) },
  );
  expect(foundOn(blocklist)).toEqual(['own', 'shared', 'foreign']);
});

test('a list has its own distances and quality, and a decision reports those of its first match', async () => {
  const policy = { matchDistance: 10, reviewDistance: 20, minQuality: 70 };
  const blocklist = createBlocklist([entry('strict')], { lists: { strict: { policy } } });
  expect(decideOn(blocklist, 10)[0]).toBe('match');
  expect(decideOn(blocklist, 11)).toEqual(['review', 'within-review-distance']);
  expect(decideOn(blocklist, 21)).toEqual(['none', 'nothing-near']);
  const low = match([off(0, 69)], blocklist);
  expect([low.reason, low.policy]).toEqual(['low-query-quality', policy]);
  await blocklist.apply({ add: [entry(undefined, { hash: off(40).hash })] });
  expect(match([off(40)], blocklist).policy.matchDistance).toBe(31);
  // The policy of all holds where the list's says nothing.
  const general = { matchDistance: 5, algorithms: { dhash: { matchDistance: 0 } } };
  const both = createBlocklist([entry('a')], {
    lists: { a: { policy: { reviewDistance: 8, algorithms: { dhash: { reviewDistance: 3 } } } } },
  });
  expect([5, 6, 8, 9].map((bits) => decideOn(both, bits, general)[0])).toEqual([
    'match',
    'review',
    'review',
    'none',
  ]);
  const dhash: Hash = { algorithm: 'dhash', bytes: BASE.bytes.slice(0, 8) };
  await both.apply({ add: [{ ...entry('a'), hash: dhash }] });
  const near = flipBits(dhash, [1, 9, 17, 25], 3);
  const verdictOf = (hash: Hash) =>
    match({ hash, variants: [] }, both, { policy: general }).verdict;
  expect(verdictOf(near)).toBe('review');
  expect(verdictOf(flipBits(near, [33], 1))).toBe('none');
});

test('a list with a long distance is searched exactly, and others are not searched farther', () => {
  const blocklist = createBlocklist([entry('wide'), entry('narrow')], {
    lists: { wide: { policy: { matchDistance: 70 } } },
  });
  const { matches } = match([off(70)], blocklist, { all: true });
  expect(matches.map(({ entry }) => entry.list)).toEqual(['wide']);
  expect(foundOn(blocklist, 31)).toEqual(['wide', 'narrow']);
});

test('a disabled list is as if absent, and crowds out nothing', async () => {
  const blocklist = createBlocklist([entry('off'), entry('on', { hash: off(50).hash })]);
  for (let i = 0; i < 2500; i++)
    await blocklist.apply({ add: [entry('off', { hash: off(40).hash, id: `${i}` })] });
  await blocklist.apply({ settings: { off: { enabled: false } } });
  expect(foundOn(blocklist, 0)).toEqual(['on']);
  expect(foundOn(blocklist, 50)).toEqual(['on']);
  expect(blocklist.size).toBe(2502);
  expect(blocklist.lists().find(({ name }) => name === 'off')).toEqual({
    name: 'off',
    size: 2501,
    tier: 'match',
    enabled: false,
    trust: 'shared',
    ...SHORT,
    expectedReviews: { mixed: 0.041, oneKind: 11 },
  });
  await blocklist.apply({ settings: { on: { enabled: false } } });
  expect(decideOn(blocklist)).toEqual(['none', 'nothing-comparable']);
  await blocklist.apply({ settings: { off: { enabled: true } } });
  expect(decideOn(blocklist)[0]).toBe('match');
});

test('entries of a table are on lists too, and are counted', async () => {
  const table = new PackedEntries('pdq', 256);
  for (const [at, list] of ['a', 'a', undefined].entries()) {
    table.push(entry(list, { hash: off(30 * at).hash, id: `${at}` }));
  }
  const blocklist = createBlocklist([table]);
  await blocklist.apply({ add: [entry('a', { hash: off(90).hash })] });
  const sizes = () => Object.fromEntries(blocklist.lists().map(({ name, size }) => [name, size]));
  expect((await blocklist.apply({ withdraw: [{ id: '0' }] })).removed).toBe(1);
  expect(sizes()).toEqual({ '': 1, a: 2 });
  expect((await blocklist.apply({ withdraw: [{ id: '1' }] })).removed).toBe(1);
  expect(sizes()).toEqual({ '': 1, a: 1 });
  await blocklist.apply({ settings: { '': { enabled: false } } });
  expect(decideOn(blocklist)).toEqual(['none', 'nothing-near']);
  expect((await blocklist.apply({ withdraw: [off(90).hash] })).removed).toBe(1);
  expect(decideOn(blocklist)).toEqual(['none', 'nothing-comparable']);
});

test('omitted settings stay unchanged, and only a change counts', async () => {
  const blocklist = createBlocklist([], { lists: { a: { trust: 'foreign' } } });
  const { generation } = blocklist;
  await blocklist.apply({ settings: { a: { enabled: false } } });
  await blocklist.apply({ settings: { a: { enabled: false } } });
  expect(blocklist.generation).toBe(generation + 1);
  await blocklist.apply({ settings: { a: { policy: { matchDistance: 20 } } } });
  expect(blocklist.lists()).toEqual([
    {
      name: 'a',
      size: 0,
      tier: 'match',
      enabled: false,
      trust: 'foreign',
      ...SHORT,
      expectedReviews: { mixed: 0, oneKind: 0 },
      policy: { matchDistance: 20, algorithms: {} },
    },
  ]);
  const settings = { policy: { algorithms: { dhash: { matchDistance: 3 } } } };
  await blocklist.apply({ settings: { b: settings } });
  settings.policy.algorithms.dhash.matchDistance = 9;
  const policy = blocklist.lists()[1]?.policy;
  expect(policy?.algorithms?.dhash?.matchDistance).toBe(3);
  for (const wrong of [
    { enable: true },
    { trust: 'most' },
    { tier: 'none' },
    { policy: { matchdistance: 1 } },
    [],
  ]) {
    await expect(blocklist.apply({ settings: { a: wrong as ListSettings } })).rejects.toThrow(
      /expected|unknown option/,
    );
    expect(() => createBlocklist([], { lists: { a: wrong as ListSettings } })).toThrow(
      /expected|unknown option/,
    );
  }
});

test('a list that only flags does not trigger a closer search', () => {
  const toldOn = (settings: ListSettings, fields: Partial<BlocklistEntry> = {}) => {
    const told: (Near | undefined)[] = [];
    const blocklist = createBlocklist([entry('a', fields)], { lists: { a: settings } });
    match(
      (function* (): Generator<HashedVariant, void, Near | undefined> {
        told.push(yield off(40));
      })(),
      blocklist,
    );
    return told[0];
  };
  expect(toldOn({})).toMatchObject({ distance: 40, enough: 31, leastQuality: 50 });
  expect(toldOn({ policy: { matchDistance: 20, minQuality: 10 } })).toMatchObject({
    enough: 20,
    leastQuality: 10,
  });
  expect(toldOn({ trust: 'foreign' })).toBeUndefined();
  expect(toldOn({ tier: 'review' })).toBeUndefined();
  expect(toldOn({}, { confirmed: false })).toBeUndefined();
});

test('the provenance of an entry is kept, also through JSON', async () => {
  const said = {
    source: 'a programme',
    list: 'a',
    caseCount: 3,
    opinions: [
      { from: 'x', says: 'Blocked', tags: ['one'] },
      { from: 'y', says: 'NotBlocked' },
    ],
    confirmed: false,
  };
  const blocklist = createBlocklist([entry('a', said)], { lists: { a: { trust: 'shared' } } });
  said.opinions[0]!.tags!.push('two');
  const decision = match([off(2)], blocklist);
  const [first] = decision.matches;
  expect(first?.entry).toMatchObject({ ...said, opinions: [{ tags: ['one'] }, { from: 'y' }] });
  (first!.entry.opinions as object[]).pop();
  expect([...blocklist.entries()][0]?.opinions).toHaveLength(2);
  const json = decisionToJSON(match([off(2)], blocklist));
  expect(json.matches[0]).toMatchObject({
    list: 'a',
    trust: 'shared',
    caseCount: 3,
    confirmed: false,
    opinions: [
      { from: 'x', says: 'Blocked', tags: ['one'] },
      { from: 'y', says: 'NotBlocked' },
    ],
  });
  expect(decisionFromJSON(JSON.parse(JSON.stringify(json)))).toEqual(match([off(2)], blocklist));
  expect(explain(decision)).toBe(
    'review: distance 2, variant original, but the entry is not confirmed',
  );
  for (const wrong of [{ opinions: [{ from: 'x' }] }, { caseCount: -1 }, { confirmed: 'yes' }]) {
    await expect(blocklist.apply({ add: [entry('a', wrong as never)] })).rejects.toThrow(
      /expected/,
    );
  }
});

test('a list is replaced at once, and unchanged entries stay in place', async () => {
  const blocklist = createBlocklist([
    entry('a', { id: '1' }),
    entry('a', { id: '2' }),
    entry('a', { id: '2' }),
    entry('b', { id: '1' }),
  ]);
  const { generation } = blocklist;
  const anew = [
    entry(undefined, { id: '2', labels: ['a'] }),
    entry('c', { id: '3', labels: ['c'] }),
  ];
  expect(await blocklist.apply({ replace: { list: 'a', entries: anew } })).toMatchObject({
    added: 1,
    removed: 2,
  });
  expect(blocklist.generation).toBe(generation + 1);
  const listed = () => [...blocklist.entries()].map(({ list, id }) => `${list}${id}`).sort();
  expect(listed()).toEqual(['a2', 'a3', 'b1']);
  // The same again changes nothing, however it is given.
  const table = new PackedEntries('pdq', 256);
  for (const each of anew) table.push(each);
  async function* later() {
    yield* anew;
  }
  for (const same of [anew, table, later(), createBlocklist(anew).entries()]) {
    expect(await blocklist.apply({ replace: { list: 'a', entries: same } })).toMatchObject({
      added: 0,
      removed: 0,
    });
  }
  expect(blocklist.generation).toBe(generation + 1);
  await blocklist.apply({ settings: { a: { trust: 'foreign' } } });
  expect(
    (await blocklist.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } })).removed,
  ).toBe(2);
  expect(blocklist.lists().map(({ name }) => name)).toEqual(['b']);
  expect(listed()).toEqual(['b1']);
  expect(
    (
      await blocklist.apply({
        replace: { list: 'nothing', entries: [] },
        settings: { nothing: null },
      })
    ).removed,
  ).toBe(0);
});

test('an entry that a table has lost is added by a replacement', async () => {
  const listed = Array.from({ length: 6 }, (_, i) =>
    entry('a', { hash: off(80 * (i >> 1)).hash, id: `${i}` }),
  );
  const table = new PackedEntries('pdq', 256);
  for (const each of listed) table.push(each);
  const blocklist = createBlocklist([table]);
  for (const id of ['2', '5']) {
    expect((await blocklist.apply({ withdraw: [{ id }] })).removed).toBe(1);
    await blocklist.apply({ reinstate: [{ id }] });
  }
  expect(await blocklist.apply({ replace: { list: 'a', entries: listed } })).toMatchObject({
    added: 2,
    removed: 0,
  });
  const ids = () => [...blocklist.entries()].map(({ id }) => id).sort();
  expect(ids()).toEqual(['0', '1', '2', '3', '4', '5']);
  expect(await blocklist.apply({ replace: { list: 'a', entries: listed } })).toMatchObject({
    added: 0,
    removed: 0,
  });
  expect(
    await blocklist.apply({ replace: { list: 'a', entries: listed.slice(2, 3) } }),
  ).toMatchObject({ added: 0, removed: 5 });
  expect(ids()).toEqual(['2']);
});

test('withdrawn entries are not in the new list, whichever list they were withdrawn from', async () => {
  const kept: string[] = [];
  const blocklist = createBlocklist([entry('a', { id: '1' })], {
    withdrawn: [{ id: '1', list: 'a' }, { id: '2' }, { id: '3', list: 'b' }],
    onRejected: ({ id }) => kept.push(id!),
  });
  expect([blocklist.size, kept]).toEqual([0, ['1']]);
  const all = ['1', '2', '3'].map((id) => entry(undefined, { id }));
  expect(await blocklist.apply({ replace: { list: 'a', entries: all } })).toMatchObject({
    added: 1,
    removed: 0,
  });
  expect(await blocklist.apply({ replace: { list: 'b', entries: all } })).toMatchObject({
    added: 1,
    removed: 0,
  });
  expect(kept).toEqual(['1', '1', '2', '2', '3']);
  expect(blocklist.has({ id: '3', list: 'a' })).toBe(true);
  expect(blocklist.has({ id: '3', list: 'b' })).toBe(false);
  expect((await blocklist.apply({ reinstate: [{ id: '3' }] })).reinstated).toBe(0);
  expect((await blocklist.apply({ reinstate: [{ id: '3', list: 'b' }] })).reinstated).toBe(1);
  expect(await blocklist.apply({ replace: { list: 'b', entries: all } })).toMatchObject({
    added: 1,
    removed: 0,
  });
});

const listed = Array.from({ length: 300 }, (_, at) =>
  entry('a', { hash: flipBits(BASE, [at % 256, (at * 7 + 1) % 256], 2), id: `${at}` }),
);
const idsOf = (blocklist: Blocklist) => [...blocklist.entries()].map(({ id }) => id).sort();

test('entries withdrawn while others are rejected are not added', async () => {
  const entries = [0, 1, 2].map((i) => ({ ...entry('a'), hash: off(80 * i).hash, id: 'one' }));
  const onRejected = vi.fn(() => void blocklist.apply({ withdraw: [{ id: 'one' }] }));
  const blocklist: Blocklist = createBlocklist([], { withdrawn: [off(80).hash], onRejected });
  const table = new PackedEntries('pdq', 256);
  for (const each of entries) table.push(each);
  await blocklist.apply({ add: table });
  // The first is told again, as it is looked at again.
  expect([blocklist.size, onRejected.mock.calls.length]).toEqual([0, 4]);
  await blocklist.apply({ reinstate: [{ id: 'one' }] });
  expect(await blocklist.apply({ replace: { list: 'a', entries } })).toMatchObject({
    added: 0,
    removed: 0,
  });
  expect([blocklist.size, blocklist.rejected]).toEqual([0, { degenerate: 0, withdrawn: 6 }]);
});

test.each([1, 20])(
  'changes between any two turns of a replacement are not lost, %i at once',
  async (most) => {
    const table = new PackedEntries('pdq', 256);
    for (const each of listed.slice(0, 150)) table.push(each);
    let isChanged = true;
    let turns = 0;
    for (; isChanged; turns++) {
      const blocklist = createBlocklist([table, ...listed.slice(150)]);
      blocklist.mostAtOnce = most;
      const { generation } = blocklist;
      isChanged = false;
      stepClock(10, (at) => {
        if (at !== turns || blocklist.generation > generation) return;
        isChanged = true;
        blocklist.apply({ withdraw: [{ id: '120' }] });
        blocklist.apply({ withdraw: [{ id: '10' }, { id: '160' }] });
        expect(blocklist.size).toBe(297);
        blocklist.apply({ reinstate: [{ id: '160' }] });
        blocklist.apply({ add: [entry('a', { id: 'late' })] });
        blocklist.apply({ add: [entry('b', { id: 'other' })] });
      });
      await blocklist.apply({ replace: { list: 'a', entries: listed.slice(100, 200) } });
      vi.restoreAllMocks();
      if (!isChanged) break;
      const expected = listed.slice(100, 200).flatMap(({ id }) => (id === '120' ? [] : [id]));
      expected.push('other');
      expect(idsOf(blocklist)).toEqual(expected.sort());
      expect(blocklist.size).toBe(expected.length);
      const sizes = blocklist.lists().map(({ name, size }) => [name, size]);
      expect(Object.fromEntries(sizes)).toMatchObject({ a: 99 });
      for (const { hash, id } of listed.filter((_, at) => at % 15 === 0)) {
        const ids = match({ hash, variants: [] }, blocklist, { all: true }).matches;
        const exact = ids.filter(({ distance, entry }) => distance === 0 && entry.id === id);
        expect(exact).toHaveLength(expected.includes(id) ? 1 : 0);
      }
    }
    expect(turns).toBeGreaterThan(20);
  },
);

test('a change that ends early has no effect', async () => {
  const blocklist = createBlocklist(listed);
  const { generation } = blocklist;
  const ending = new AbortController();
  const { signal } = ending;
  async function* aborting() {
    yield listed[0]!;
    ending.abort();
    yield listed[1]!;
  }
  const refused = blocklist.apply({ replace: { list: 'a', entries: aborting() } }, { signal });
  await expect(refused).rejects.toMatchObject({ name: 'AbortError' });
  await expect(
    blocklist.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } }, { signal }),
  ).rejects.toBe(signal.reason);
  await expect(
    blocklist.apply({ replace: { list: 'a', entries: [entry('a'), {} as never] } }),
  ).rejects.toThrow(TypeError);
  const failing = function* () {
    yield entry('a');
    throw new RangeError('broken');
  };
  await expect(blocklist.apply({ replace: { list: 'a', entries: failing() } })).rejects.toThrow(
    'broken',
  );
  expect([blocklist.generation, blocklist.size]).toEqual([generation, 300]);
});

test('a name that no log could hold is refused', async () => {
  const long = 'x'.repeat(201);
  const blocklist = createBlocklist([entry('x'.repeat(200))]);
  await expect(blocklist.apply({ settings: { [long]: {} } })).rejects.toThrow(RangeError);
  expect(() => createBlocklist([], { lists: { [long]: {} } })).toThrow(RangeError);
  await expect(blocklist.apply({ add: [entry(long)] })).rejects.toThrow(RangeError);
  await expect(blocklist.apply({ replace: { list: long, entries: [] } })).rejects.toThrow(
    RangeError,
  );
  await expect(
    blocklist.apply({ replace: { list: long, entries: [] }, settings: { [long]: null } }),
  ).rejects.toThrow(RangeError);
  const ask = () => Promise.resolve([]);
  const refused = () => createRemoteList({ name: long, ask }, { sendsHashes: true });
  expect(refused).toThrow(RangeError);
  expect(blocklist.size).toBe(1);
});

test('the event loop turns while a list is replaced', async () => {
  const blocklist = createBlocklist(listed);
  blocklist.mostAtOnce = 100;
  stepClock(1);
  const turns = loopTurns();
  await blocklist.apply({ replace: { list: 'a', entries: listed.slice(5) } });
  turns.stop();
  vi.restoreAllMocks();
  expect(turns.count).toBeGreaterThan(2);
  expect(blocklist.size).toBe(295);
});

test('a decision in flight uses the lists as they are at its end', async () => {
  const blocklist = createBlocklist([entry('a'), entry('b', { hash: off(100).hash })]);
  async function* coming(change: () => void) {
    yield off(0);
    yield off(200);
    change();
    yield off(100);
  }
  const decide = async (change: () => void) => {
    const { verdict, reason, matches } = await match(coming(change), blocklist, { all: true });
    return [verdict, reason, matches.map(({ entry }) => entry.list).join()];
  };
  expect(await decide(() => {})).toEqual(['match', 'within-match-distance', 'a,b']);
  expect(await decide(() => blocklist.apply({ settings: { a: { enabled: false } } }))).toEqual([
    'match',
    'within-match-distance',
    'b',
  ]);
  expect(await decide(() => blocklist.apply({ settings: { b: { trust: 'foreign' } } }))).toEqual([
    'review',
    'foreign-list',
    'b',
  ]);
  expect(await decide(() => blocklist.apply({ settings: { a: { enabled: true } } }))).toEqual([
    'match',
    'within-match-distance',
    'a,b',
  ]);
});

test('replacing all entries keeps the settings of lists', async () => {
  const blocklist = createBlocklist([entry('a')], { lists: { a: { trust: 'foreign' } } });
  const replace = { all: [entry('a'), entry('b')] };
  await blocklist.apply({ replace, settings: { b: { tier: 'review' } } });
  expect(
    blocklist
      .lists()
      .map(({ name, trust, tier }) => [name, trust, tier])
      .sort(),
  ).toEqual([
    ['a', 'foreign', 'match'],
    ['b', 'shared', 'review'],
  ]);
  expect(decideOn(blocklist)).toEqual(['review', 'review-only-list']);
});
