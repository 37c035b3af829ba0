import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { AllowList } from '../../../src/matching/allow-list.js';
import { match } from '../../../src/matching/match.js';
import type { ChangePage } from '../../../src/store/changes.js';
import { applySteps, PendingChanges } from '../../../src/store/lists/apply-changes.js';
import { replaceFollowed } from '../../../src/store/lists/load-blocklist.js';

const hash = (number: number) =>
  hashFromHex('pdq', `${(0x1357_9bdf + number).toString(16)}${'0f1e2d3c4b5a69'.repeat(4)}`);
const entry = (number: number, list = 'a') => ({
  hash: hash(number),
  labels: [],
  list,
  id: `id ${number}`,
});

function following(numbers: readonly number[]) {
  const allowList = new AllowList();
  const blocklist = createBlocklist(numbers.map((at) => entry(at)));
  return { blocklist, allowList };
}

/** Changes in which each entry has the number of its place. */
function pendingOf(changes: Partial<ChangePage>): PendingChanges {
  const pending = new PendingChanges();
  pending.add({ withdrawals: [], lists: [], exceptions: [], entries: [], ...changes });
  return pending;
}
const changed = (number: number, listed: boolean, of: ReturnType<typeof entry>) => ({
  entry: { ...of, number, revision: 2 },
  listed,
});

test('in many steps, withdrawn entries go first, and moved ones are found all the time', () => {
  const numbers = Array.from({ length: 600 }, (_, at) => at);
  const [moving, withdrawn] = [598, 599];
  const followed = following([moving, withdrawn]);
  // In the order of a store: the old place of what moves, others, its new place, the withdrawn.
  const pending = pendingOf({
    withdrawals: [{ withdrawal: { id: `id ${withdrawn}` }, listed: true }],
    entries: [
      changed(1, false, entry(moving)),
      ...numbers.slice(0, 598).map((at) => changed(10 + at, true, entry(at, 'b'))),
      changed(2, true, entry(moving, 'b')),
      changed(3, false, entry(withdrawn)),
    ],
  });
  let steps = 0;
  const listsOf = (number: number) =>
    match([{ name: 'original', hash: hash(number), quality: 100 }], followed.blocklist, {
      allowList: followed.allowList,
      all: true,
    })
      .matches.filter((match) => match.entry.id === `id ${number}`)
      .map((match) => match.entry.list);
  for (const _ of applySteps(followed, pending)) {
    steps++;
    expect(listsOf(withdrawn)).toEqual([]);
    expect(listsOf(moving).length).toBeGreaterThan(0);
    // Each step is small: the event loop turns between them.
    expect(followed.blocklist.size).toBeLessThanOrEqual(1 + 256 * steps);
  }
  expect(steps).toBe(2);
  expect(listsOf(moving)).toEqual(['b']);
  expect(followed.blocklist.size).toBe(599);
});

test('changes that are applied again change nothing', () => {
  const followed = following([1, 2]);
  const changes = {
    withdrawals: [{ withdrawal: { id: 'id 9', reason: 'asked' }, listed: true }],
    entries: [changed(1, true, entry(1)), changed(3, true, entry(3)), changed(2, false, entry(2))],
  };
  Array.from(applySteps(followed, pendingOf(changes)));
  const { generation } = followed.blocklist;
  Array.from(applySteps(followed, pendingOf(changes)));
  expect(followed.blocklist.generation).toBe(generation);
  expect([...followed.blocklist.entries()].map(({ id }) => id).sort()).toEqual(['id 1', 'id 3']);
});

test('a list has its current settings, and reinstated entries are added', async () => {
  const followed = following([1]);
  await followed.blocklist.apply({ settings: { a: { tier: 'review', trust: 'foreign' } } });
  await followed.blocklist.apply({ withdraw: [{ id: 'id 2' }] });
  const pending = pendingOf({
    withdrawals: [{ withdrawal: { id: 'id 2' }, listed: false }],
    lists: [{ name: 'a', settings: { trust: 'own' }, listed: true }],
    entries: [changed(2, true, entry(2))],
  });
  Array.from(applySteps(followed, pending));
  expect(followed.blocklist.withdrawals).toEqual([]);
  expect(followed.blocklist.lists()).toMatchObject([
    { name: 'a', size: 2, tier: 'match', trust: 'own' },
  ]);
});

test('a changed reason of a withdrawal is reported', () => {
  const followed = following([1]);
  for (const reason of ['asked', 'by mistake']) {
    const withdrawals = [{ withdrawal: { id: 'id 9', reason }, listed: true }];
    Array.from(applySteps(followed, pendingOf({ withdrawals })));
    expect(followed.blocklist.withdrawals).toEqual([{ id: 'id 9', reason }]);
  }
});

test('a part removed before its hash was withdrawn takes no picture along', () => {
  const allowList = new AllowList();
  const [picture, other] = [entry(1), entry(2)];
  const part = { ...other, group: hashToHex(picture.hash) };
  const followed = { blocklist: createBlocklist([picture, part]), allowList };
  const withdrawals = [{ withdrawal: part.hash, listed: true }];
  const entries = [changed(2, false, part)];
  Array.from(applySteps(followed, pendingOf({ withdrawals, entries })));
  expect([...followed.blocklist.entries()].map(({ id }) => id)).toEqual(['id 1']);
  expect(followed.blocklist.withdrawals).toEqual([part.hash]);
});

test('very many withdrawals take several steps, and the last of them are made with the entries', () => {
  const numbers = Array.from({ length: 600 }, (_, at) => at);
  const followed = following(numbers);
  const pending = pendingOf({
    withdrawals: numbers.map((at) => ({ withdrawal: { id: `id ${at}` }, listed: true })),
    lists: [{ name: 'a', settings: { trust: 'own' }, listed: true }],
    entries: [
      ...numbers.map((at) => changed(at, false, entry(at))),
      changed(600, true, entry(600)),
    ],
  });
  const sizes = [];
  for (const _ of applySteps(followed, pending)) sizes.push(followed.blocklist.size);
  expect(sizes).toEqual([344, 88, 1, 1]);
  expect(followed.blocklist.size).toBe(1);
  expect(followed.blocklist.lists()).toMatchObject([{ name: 'a', size: 1, trust: 'own' }]);
});

test('entries that a store no longer has go with its replacement', async () => {
  const [followed, anew] = [following([1, 2]), following([2, 3])];
  await followed.blocklist.apply({ withdraw: [{ id: 'id 3' }] });
  followed.allowList.allow(hash(1), { reason: 'a flag' });
  anew.allowList.allow(hash(2), { reason: 'another' });
  await anew.blocklist.apply({ withdraw: [{ id: 'id 7' }] });
  replaceFollowed(followed, anew);
  const { blocklist, allowList } = followed;
  expect([...blocklist.entries()].map(({ id }) => id).sort()).toEqual(['id 2', 'id 3']);
  expect(blocklist.withdrawals).toEqual([{ id: 'id 7' }]);
  expect(allowList.exceptions).toEqual([{ hash: hash(2), reason: 'another' }]);
});
