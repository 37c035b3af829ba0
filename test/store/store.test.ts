import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex } from '../../src/hash.js';
import { changesAfter } from '../../src/store/changes.js';
import { resumeDue } from '../../src/store/lists/entries.js';
import type { Store } from '../../src/store/store.js';
import { emptied } from './emptied.js';
import { describeBothEngines } from './engines.js';
import { databaseOf, openStore } from './opened.js';

/** A hash that is not degenerate, another one for each number. */
const hash = (number: number) =>
  hashFromHex(
    'pdq',
    (0x1357_9bdf + number).toString(16).padStart(8, '0') +
      '0f1e2d3c4b5a6978'.repeat(3) +
      '9'.repeat(8),
  );
const FLAT = hashFromHex('pdq', '0'.repeat(64));
const entry = (number: number, more: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: hash(number),
  labels: ['label'],
  source: 'here',
  id: `id ${number}`,
  ...more,
});
/** All that an entry can say, with texts that a database might change. */
const FULL: BlocklistEntry = {
  hash: hash(7),
  labels: ['', '"', '\\', '{a,b}', 'NULL', '\0', '\ud800', '💥'],
  quality: 0,
  source: 'so{u}r"c\\e,',
  id: 'NULL',
  resample: 512,
  variant: 'window1x1',
  list: 'a list',
  caseCount: 2 ** 40,
  opinions: [
    { from: 'one', says: '\0', tags: ['a', ''] },
    { from: 'two', says: '' },
  ],
  confirmed: false,
};
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const every: T[] = [];
  for await (const item of items) every.push(item);
  return every;
}
const DAY = new Date('2030-01-01T00:00:00.000Z');

describeBothEngines(({ newPlace }) => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore(await newPlace());
  });
  beforeEach(() => emptied(store));
  afterAll(() => store.close());

  test('entries are added, found and read again as they were', async () => {
    const added = await store.apply({ add: [entry(1), FULL, { hash: hash(2), labels: [] }] });
    expect(added).toMatchObject({
      revision: 1,
      added: 3,
      rejected: { degenerate: 0, withdrawn: 0 },
      numbers: [1, 2, 3],
    });
    expect(await store.entry(2)).toEqual({ ...FULL, number: 2, revision: 1 });
    expect(await store.entry(4)).toBeUndefined();
    expect(await store.find({ id: 'id 1' })).toEqual([{ ...entry(1), number: 1, revision: 1 }]);
    expect(await store.find({ hash: hash(2) })).toMatchObject([{ number: 3 }]);
    expect(await store.find({ list: 'a list', source: 'so{u}r"c\\e,' })).toMatchObject([
      { number: 2 },
    ]);
    expect(await store.find({ list: '' })).toHaveLength(2);
    expect(await store.find({ after: 1, limit: 1 })).toMatchObject([{ number: 2 }]);
    expect(await store.find({ algorithm: 'dhash' })).toEqual([]);
    expect(await store.count()).toEqual({ entries: 3, newest: 3 });
    expect(await store.count({ list: 'a list' })).toEqual({ entries: 1, newest: 2 });
    expect(await store.count({ list: 'another' })).toEqual({ entries: 0, newest: 0 });
    const every = await all(store.entries());
    expect(every.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(await store.verify()).toEqual([]);
  });

  test('an entry with the same key replaces the earlier one', async () => {
    await store.apply({ add: [entry(1)] });
    expect(await store.apply({ add: [entry(1)] })).toMatchObject({
      revision: 1,
      added: 0,
      numbers: [1],
    });
    const changed = await store.apply({
      add: [entry(1, { labels: ['x'] }), entry(1, { quality: 9 })],
    });
    expect(changed).toMatchObject({ revision: 2, added: 1, numbers: [1, 1] });
    expect(await store.entry(1)).toMatchObject({ quality: 9, labels: ['label'], revision: 2 });
    const others = await store.apply({
      add: [entry(1, { list: 'b' }), entry(1, { source: 'there' })],
    });
    expect(others.numbers).toEqual([2, 3]);
  });

  test('degenerate and withdrawn entries are rejected', async () => {
    await store.apply({ withdraw: [{ ...{ id: 'id 1', list: 'a' }, reason: 'asked' }] });
    await store.apply({ withdraw: [hash(3)] });
    const coming = [
      entry(1),
      entry(1, { list: 'a' }),
      entry(2, { hash: FLAT }),
      entry(3, { list: 'b' }),
      entry(4),
    ];
    const { rejected, numbers, added } = await store.apply({ add: coming });
    expect(rejected).toEqual({ degenerate: 1, withdrawn: 2 });
    expect({ added, numbers: numbers.length }).toEqual({ added: 2, numbers: 2 });
    expect(await store.withdrawals()).toEqual([
      { id: 'id 1', list: 'a', reason: 'asked' },
      hash(3),
    ]);
    expect((await store.lists()).map(({ name, size }) => [name, size])).toEqual([['', 2]]);
  });

  test('withdrawn entries go, and can be added again once reinstated', async () => {
    await store.apply({ add: [entry(1), entry(1, { list: 'a' }), entry(2)] });
    expect(await store.apply({ withdraw: [{ id: 'id 1', source: 'other' }] })).toMatchObject({
      revision: 2,
      removed: 0,
    });
    expect(await store.apply({ withdraw: [{ id: 'id 1', source: 'here' }] })).toMatchObject({
      revision: 3,
      removed: 2,
    });
    expect(await store.apply({ withdraw: [{ id: 'id 1', source: 'here' }] })).toMatchObject({
      revision: 3,
      removed: 0,
    });
    expect(await store.entry(1)).toBeUndefined();
    expect(await store.apply({ add: [entry(1)] })).toMatchObject({ revision: 3, added: 0 });
    expect(await store.apply({ reinstate: [{ id: 'id 1' }] })).toMatchObject({
      revision: 3,
      reinstated: [false],
    });
    expect(await store.apply({ reinstate: [{ id: 'id 1', source: 'here' }] })).toMatchObject({
      revision: 4,
      reinstated: [true],
    });
    expect(await store.entry(1)).toBeUndefined();
    expect(await store.apply({ add: [entry(1)] })).toMatchObject({
      revision: 5,
      added: 1,
      numbers: [1],
    });
  });

  test('the reason of a withdrawal stays if the next one has none', async () => {
    await store.apply({ withdraw: [{ ...hash(1), reason: 'asked' }] });
    expect(await store.apply({ withdraw: [hash(1)] })).toMatchObject({ revision: 1 });
    expect(await store.apply({ withdraw: [{ ...hash(1), reason: 'else' }] })).toMatchObject({
      revision: 2,
    });
    expect(await store.withdrawals()).toMatchObject([{ reason: 'else' }]);
    await store.apply({ reinstate: [hash(1)] });
    await store.apply({ withdraw: [hash(1)] });
    expect(await store.withdrawals()).toEqual([hash(1)]);
  });

  test('an entry is paused until a time, or for good, and resumed', async () => {
    await store.apply({ add: [entry(1), entry(2)] });
    expect(await store.pause(1, DAY)).toEqual({ revision: 2, found: true });
    expect(await store.pause(1, DAY)).toEqual({ revision: 2, found: true });
    expect(await store.pause(2, 'for-good')).toEqual({ revision: 3, found: true });
    expect(await store.pause(9, DAY)).toEqual({ revision: 3, found: false });
    expect(await store.entry(1)).toMatchObject({ pausedUntil: DAY });
    expect(await store.entry(2)).toMatchObject({ pausedUntil: 'for-good' });
    expect(await store.lists()).toMatchObject([{ size: 2, paused: 2 }]);
    expect(await store.count({ paused: true, algorithm: 'pdq' })).toMatchObject({ entries: 2 });
    expect(await store.count({ paused: false })).toEqual({ entries: 0, newest: 0 });
    await store.apply({ add: [entry(1, { labels: [] })] });
    expect(await store.entry(1)).toMatchObject({ labels: [], pausedUntil: DAY });
    expect(await resumeDue(databaseOf(store), new Date(+DAY - 1))).toBe(0);
    expect(await resumeDue(databaseOf(store), DAY)).toBe(1);
    expect(await store.revision()).toBe(5);
    expect(await store.entry(1)).not.toHaveProperty('pausedUntil');
    expect(await store.pause(2, undefined)).toMatchObject({ revision: 6 });
    await store.pause(2, 'for-good');
    await store.apply({ remove: [2] });
    await store.apply({ add: [entry(2)] });
    expect(await store.entry(2)).not.toHaveProperty('pausedUntil');
  });

  test('times are of the years 1 to 9999, as a database reads them', async () => {
    await store.apply({ add: [entry(1)] });
    for (const time of [new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59.999Z')]) {
      await store.pause(1, time);
      expect(await store.entry(1)).toMatchObject({ pausedUntil: time });
    }
    for (const time of [new Date(8.64e15), new Date(-8.64e15), new Date(Number.NaN)]) {
      await expect(store.pause(1, time)).rejects.toThrow(RangeError);
      await expect(store.purge(time)).rejects.toThrow(RangeError);
    }
  });

  test('an entry is removed by its number', async () => {
    await store.apply({ add: [entry(1)] });
    expect(await store.apply({ remove: [1] })).toMatchObject({ revision: 2, removed: 1 });
    expect(await store.apply({ remove: [1] })).toMatchObject({ revision: 2, removed: 0 });
    expect(await store.find({})).toEqual([]);
  });

  test('lists have settings, which are merged, and go with their entries', async () => {
    expect(await store.apply({ settings: { a: {} } })).toMatchObject({ revision: 1 });
    expect(await store.apply({ settings: { a: {} } })).toMatchObject({ revision: 1 });
    await store.apply({
      settings: {
        a: {
          tier: 'review',
          policy: { matchDistance: 9, algorithms: { phash: { reviewDistance: 9 } } },
        },
      },
    });
    await store.apply({ settings: { a: { enabled: false } } });
    expect(await store.apply({ settings: { a: { tier: 'review' } } })).toMatchObject({
      revision: 3,
    });
    await store.apply({ add: [entry(1, { list: 'a' }), entry(2)] });
    const reviews = {
      reviewDistance: 60,
      expectedReviews: { mixed: 0.000016, oneKind: 0.0044 },
    };
    const shared = { size: 1, paused: 0, ...reviews };
    expect(await store.lists()).toEqual([
      { name: '', ...shared, tier: 'match', enabled: true, trust: 'own', revision: 4 },
      {
        name: 'a',
        ...shared,
        tier: 'review',
        enabled: false,
        trust: 'shared',
        policy: { matchDistance: 9, algorithms: { phash: { reviewDistance: 9 } } },
        revision: 3,
      },
    ]);
    expect(
      await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } }),
    ).toMatchObject({ revision: 5, removed: 1 });
    expect(
      await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } }),
    ).toMatchObject({ revision: 5, removed: 0 });
    await store.apply({ add: [entry(1, { list: 'a' })] });
    expect(await store.lists()).toMatchObject([{}, { name: 'a', enabled: true }]);
  });

  test('a list is replaced as a whole', async () => {
    await store.apply({
      add: [entry(1, { list: 'a' }), entry(2, { list: 'a' }), entry(3, { list: 'b' })],
    });
    await store.pause(1, 'for-good');
    await store.apply({ withdraw: [{ id: 'id 5' }] });
    const coming = [entry(1), entry(4), entry(4), entry(5)];
    expect(await store.apply({ replace: { list: 'a', entries: coming } })).toMatchObject({
      revision: 4,
      added: 1,
      removed: 1,
    });
    expect(await store.apply({ replace: { list: 'a', entries: coming } })).toMatchObject({
      revision: 4,
      added: 0,
      removed: 0,
    });
    expect((await store.find({ list: 'a' })).map(({ id }) => id)).toEqual(['id 1', 'id 4']);
    expect(await store.entry(1)).toMatchObject({ pausedUntil: 'for-good' });
    expect(await store.find({ list: 'b' })).toHaveLength(1);
  });

  test('hashes are allowed, and exceptions revoked', async () => {
    const exception = { hash: hash(1), reason: 'a flag' };
    expect(await store.apply({ allow: [exception] })).toMatchObject({ revision: 1 });
    expect(await store.apply({ allow: [exception] })).toMatchObject({ revision: 1 });
    await store.apply({ allow: [{ ...exception, entry: hash(2) }] });
    await store.apply({ allow: [{ ...exception, reason: 'another' }] });
    expect((await store.exceptions()).map(({ reason }) => reason).sort()).toEqual([
      'a flag',
      'another',
    ]);
    expect(
      await store.apply({ disallow: [{ hash: hash(1), ...{ entry: hash(3) } }] }),
    ).toMatchObject({ disallowed: 0 });
    expect(
      await store.apply({ disallow: [{ hash: hash(1), ...{ entry: hash(2) } }] }),
    ).toMatchObject({ disallowed: 1 });
    expect(await store.exceptions()).toEqual([{ hash: hash(1), reason: 'another' }]);
  });

  test('a change repeated with its key is made once', async () => {
    const options = { idempotencyKey: 'one' };
    const first = await store.apply({ add: [entry(1), FULL] }, options);
    await store.apply({ remove: [1] });
    expect(await store.apply({ add: [entry(1), FULL] }, options)).toMatchObject(first);
    expect(await store.entry(1)).toBeUndefined();
    await expect(store.apply({ add: [entry(1)] }, options)).rejects.toMatchObject({
      code: 'key-used',
    });
    await expect(store.apply({ settings: { a: {} } }, options)).rejects.toMatchObject({
      code: 'key-used',
    });
    expect(await store.revision()).toBe(2);
  });

  test('removed entries are reported until they are purged', async () => {
    await store.apply({ add: [entry(1), entry(2)] });
    await store.apply({ settings: { a: { tier: 'review' } } });
    await store.apply({ allow: [{ hash: hash(1), reason: 'a flag' }] });
    await store.apply({ remove: [1] });
    await store.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
    await store.apply({ withdraw: [hash(2)] });
    await store.apply({ reinstate: [hash(2)] });
    await store.apply({ disallow: [{ hash: hash(1) }] });
    const told = await all(changesAfter(databaseOf(store), 0, undefined));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      entries: [{ listed: false }, { listed: false }],
      withdrawals: [{ listed: false }],
      exceptions: [{ listed: false }],
      lists: [
        { name: '', listed: true },
        { name: 'a', listed: false },
      ],
      revision: 8,
    });
    expect(await store.purge(new Date(0))).toEqual({ rows: 0, requests: 0 });
    expect(await store.purge(new Date('2999-01-01'))).toEqual({ rows: 5, requests: 0 });
    expect(await store.status()).toMatchObject({ revision: 8, purged: 8, removed: 0 });
    await expect(all(changesAfter(databaseOf(store), 7, undefined))).rejects.toMatchObject({
      code: 'revision-gone',
    });
    await expect(all(changesAfter(databaseOf(store), 9, undefined))).rejects.toMatchObject({
      code: 'revision-gone',
    });
    expect(await all(changesAfter(databaseOf(store), 8, undefined))).toMatchObject([
      { entries: [], revision: 8 },
    ]);
    expect(await all(changesAfter(databaseOf(store), 0, undefined))).toMatchObject([
      { entries: [], revision: 8 },
    ]);
    expect(await store.apply({ add: [entry(1)] })).toMatchObject({ added: 1, numbers: [3] });
  });

  test('the name of a list has a maximum length', async () => {
    const longest = '\u{1f600}'.repeat(100);
    await store.apply({ settings: { [longest]: { enabled: false } } });
    expect((await store.lists()).map(({ name }) => name)).toEqual([longest]);
    await expect(store.apply({ settings: { [`${longest}x`]: {} } })).rejects.toThrow(RangeError);
    await expect(store.renameList(longest, `${longest}x`)).rejects.toThrow(RangeError);
  });

  test('the state is reported, and warns of too many entries in an embedded store', async () => {
    await store.apply({ add: [entry(1), entry(2, { list: 'a' })] });
    await store.apply({ withdraw: [{ id: 'id 9' }] });
    const status = await store.status();
    expect(status).toMatchObject({
      engine: store.engine,
      id: store.id,
      revision: 2,
      purged: 0,
      entries: 2,
      withdrawals: 1,
      exceptions: 0,
      removed: 0,
      warnings: [],
    });
    await databaseOf(store).query(
      `insert into entry (key, list, algorithm, hash, revision)
      select sha256(int4send(n)), '', 'pdq', sha256(int4send(n)), 2 from generate_series(1, 100000) as n`,
    );
    expect((await store.status()).warnings).toHaveLength(store.engine === 'pglite' ? 1 : 0);
  });

  test.each([
    ['bad-key', "update entry set source = 'else'"],
    ['bad-entry', 'update entry set quality = 101'],
    ['bad-entry', "update entry set algorithm = 'else'"],
    ['number-twice', 'update entry set number = 1'],
    ['no-list', 'delete from list'],
    ['bad-revision', 'update entry set revision = 9'],
    ['withdrawn-entry', "insert into withdrawal (key, id, revision) values ('k', 'id 1', 1)"],
  ])('%s is found', async (code, statement) => {
    await store.apply({ add: [entry(1), entry(2)] });
    expect(await store.verify()).toEqual([]);
    await databaseOf(store).query(statement);
    expect((await store.verify()).map((problem) => problem.code)).toContain(code);
  });

  test('a long id that does not shrink is kept, found and withdrawn', async () => {
    const next = random(3);
    const id = Array.from({ length: 2000 }, () => next().toString(36)).join('');
    await store.apply({ add: [entry(1, { id })] });
    expect(await store.find({ id })).toHaveLength(1);
    expect(await store.apply({ withdraw: [{ id }] })).toMatchObject({ removed: 1 });
    expect(await store.apply({ add: [entry(2, { id })] })).toMatchObject({ added: 0 });
  });

  test('values that a database cannot keep are refused, and nothing changes', async () => {
    await expect(store.apply({ add: [entry(1), entry(2, { id: 'a\0' })] })).rejects.toThrow(
      RangeError,
    );
    await expect(store.apply({ add: [entry(1, { source: '\udc00' })] })).rejects.toThrow(
      RangeError,
    );
    await expect(store.apply({ withdraw: [{ id: '\0' }] })).rejects.toThrow(RangeError);
    const draft = { ...entry(1), hash: { ...entry(1).hash, decoding: 'draft' } } as const;
    await expect(store.apply({ add: [entry(2), draft] })).rejects.toThrow("decoding 'draft'");
    await expect(store.apply({ settings: { '\0': {} } })).rejects.toThrow(RangeError);
    await expect(store.find({ id: '\0' })).rejects.toThrow(RangeError);
    await expect(store.apply({ add: failing() })).rejects.toThrow('no more');
    expect(await store.revision()).toBe(0);
  });

  async function* failing() {
    yield entry(1);
    throw new Error('no more');
  }

  test('many entries, given in pages, are one change', async () => {
    const many = Array.from({ length: 2500 }, (_, at) => entry(at));
    const added = await store.apply({ add: many });
    expect(added).toMatchObject({ revision: 1, added: 2500 });
    expect(added.numbers).toEqual(many.map((_, at) => at + 1));
    const pages = await all(changesAfter(databaseOf(store), 0, undefined));
    expect(pages.map(({ entries, revision }) => [entries.length, revision])).toEqual([
      [1000, undefined],
      [1000, undefined],
      [500, 1],
    ]);
  });
});
