import { expect, test, vi } from 'vitest';
import { addNow } from '../../src/blocklist/blocklist.js';
import { EntryList } from '../../src/blocklist/entry-list.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashToHex } from '../../src/hash.js';
import { nextTurn } from '../../src/in-turns.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { stepClock } from '../node/event-loop.js';
import { farHash } from './worlds.js';

const entryAt = (at: number): BlocklistEntry => ({ hash: farHash(at), labels: [], id: `${at}` });
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => entryAt(from + i));
const idsOf = ({ state }: EntryList) =>
  [...state.kinds.values()].flatMap((kind) => [...kind.numbers()].map((at) => kind.entryAt(at).id));

test('a one-time iterable is read once, however large the change', async () => {
  const list = new EntryList();
  list.mostAtOnce = 2;
  const withdraw = [{ id: '3' }].values();
  const remove = [entryAt(0)].values();
  await list.apply({ add: entries(0, 4) });
  const { withdrawn, removed } = await list.apply({ withdraw, remove, add: entries(10, 20) });
  expect([withdrawn, removed, list.state.withdrawn.size]).toEqual([1, 2, 1]);
});

test('a small change does not wait for a large one, which keeps to what the large one withdrew', async () => {
  const list = new EntryList();
  list.mostAtOnce = 4;
  const adding = list.apply({ add: entries(0, 20) });
  list.apply({ withdraw: [{ id: '5' }, { id: '6' }], add: [entryAt(30)] });
  list.apply({ reinstate: [{ id: '6' }] });
  expect(idsOf(list)).toEqual(['30']);
  expect(await adding).toMatchObject({ added: 19, rejected: { withdrawn: 1 } });
  expect(list.state.size).toBe(20);
  expect(idsOf(list).includes('6')).toBe(true);
});

test('if a part is withdrawn meanwhile, its picture goes, too', async () => {
  const list = new EntryList();
  list.mostAtOnce = 4;
  const part = { ...entryAt(5), group: hashToHex(farHash(6)) };
  const adding = list.apply({ add: [...entries(0, 5), part, entryAt(6)] });
  list.apply({ withdraw: [farHash(5)] });
  expect((await adding).added).toBe(5);
});

test('entries rejected by a withdrawal are added if a smaller one replaced it meanwhile', async () => {
  const list = new EntryList();
  list.mostAtOnce = 4;
  const groups = [{ group: hashToHex(farHash(2)), list: '' }];
  const adding = list.apply({ add: entries(0, 9), withdraw: [{ ...farHash(50), groups }] });
  list.apply({ withdraw: [farHash(50)] });
  expect(await adding).toMatchObject({ added: 9, withdrawn: 0, rejected: { withdrawn: 0 } });
});

test('withdrawing the same hash at each rejection terminates', async () => {
  const list: EntryList = new EntryList(() => void list.apply({ withdraw: [{ id: '1' }] }));
  await list.apply({ withdraw: [{ id: '1' }] });
  expect(await list.apply({ add: entries(0, 3) })).toMatchObject({
    added: 2,
    rejected: { withdrawn: 1 },
  });
  expect(list.state.rejected.withdrawn).toBe(1);
});

test('a picture with more parts than a call takes arguments is withdrawn', async () => {
  const list = new EntryList();
  const group = hashToHex(farHash(0));
  const parts = Array.from({ length: 150_000 }, () => ({ ...entryAt(1), group }));
  await list.apply({ add: parts });
  expect((await list.apply({ withdraw: [farHash(0)] })).removed).toBe(150_000);
});

test('an entry removed by a large change goes, even if it was removed and added again meanwhile', async () => {
  stepClock(10);
  let met = 0;
  for (let turns = 0; turns < 40; turns++) {
    const list = new EntryList();
    list.mostAtOnce = 4;
    // Two are equal: one of them stays.
    await list.apply({ add: [...entries(0, 10), entryAt(1)] });
    let isDone = false;
    const changing = list.apply({ remove: [entryAt(1), entryAt(2)], add: entries(20, 26) });
    changing.then(() => {
      isDone = true;
    });
    for (let i = 0; i < turns; i++) await nextTurn();
    if (isDone) break;
    const isThere = list.state.size === 11;
    await list.apply({ remove: [entryAt(1), entryAt(2)] });
    await list.apply({ add: [entryAt(2)] });
    await changing;
    if (isThere) met++;
    const left = idsOf(list).filter((id) => id === '1' || id === '2');
    expect(left, `after ${turns} turns`).toEqual([]);
  }
  expect(met).toBeGreaterThan(3);
  vi.restoreAllMocks();
});

test('entries removed during a merge are not in the merged segment', async () => {
  stepClock(10);
  let met = 0;
  for (let turns = 0; turns < 40; turns++) {
    const list = new EntryList();
    list.mostAtOnce = 4;
    // Equal hashes come first in a segment, so numbers change.
    await list.apply({ add: entries(0, 10) });
    await list.apply({ add: [...entries(10, 20), entryAt(7), entryAt(15)] });
    const partsOf = () => [...list.state.kinds.values()].flatMap(({ parts }) => parts).length;
    for (let i = 0; i < turns && partsOf() > 1; i++) await nextTurn();
    if (partsOf() > 1) met++;
    await list.apply({ remove: [entryAt(3), entryAt(15)] });
    await list.apply({ withdraw: [farHash(12)] });
    await list.settled();
    expect(partsOf()).toBe(1);
    const left = [...entries(0, 20), entryAt(7)].filter(({ id }) => id !== '3' && id !== '12');
    expect(idsOf(list).sort(), `after ${turns} turns`).toEqual(left.map(({ id }) => id).sort());
  }
  expect(met).toBeGreaterThan(3);
  vi.restoreAllMocks();
});

test('lists that shared a state do not share later additions', async () => {
  const [one, two] = [new EntryList(), new EntryList()];
  const table = new PackedEntries('pdq', 256);
  table.push(entryAt(0));
  addNow(one, [table]);
  two.become(one.state);
  await one.apply({ add: [entryAt(10)] });
  await two.apply({ add: [entryAt(20)] });
  await one.apply({ add: [entryAt(11)] });
  expect([idsOf(one), idsOf(two)]).toEqual([
    ['0', '10', '11'],
    ['0', '20'],
  ]);
});

test('a large change applies to the list that replaced the first one meanwhile', async () => {
  stepClock(10);
  let met = 0;
  for (let turns = 0; turns < 40; turns++) {
    const [list, other] = [new EntryList(), new EntryList()];
    list.mostAtOnce = 2;
    await list.apply({ add: [entryAt(0)] });
    await other.apply({ add: entries(1, 4), withdraw: [{ id: '12' }] });
    const replacing = list.apply({ replace: { all: [...entries(2, 3), ...entries(10, 20)] } });
    for (let i = 0; i < turns; i++) await nextTurn();
    const isMade = list.state.size > 1;
    list.become(other.state);
    await replacing;
    const made = ['10', '11', '13', '14', '15', '16', '17', '18', '19', '2'];
    expect(idsOf(list).sort(), `after ${turns} turns`).toEqual(isMade ? ['1', '2', '3'] : made);
    if (!isMade) met++;
  }
  expect(met).toBeGreaterThan(3);
  vi.restoreAllMocks();
});

test('removals may be of any number, and are read to their end', async () => {
  const list = new EntryList();
  await list.apply({ add: entries(0, 2000) });
  const some = entries(100, 1600);
  const broken = [...some, { ...some[0]!, quality: 101 }];
  await expect(list.apply({ remove: broken })).rejects.toThrow(RangeError);
  expect(list.state.size).toBe(2000);
  expect((await list.apply({ remove: some.values() })).removed).toBe(1500);
  expect(list.state.size).toBe(500);
  expect((await list.apply({ remove: some })).removed).toBe(0);
  const records = Array.from({ length: 2000 }, (_, n) => ({
    list: '',
    id: entryAt(n).id!,
    entries: n < 50 ? [entryAt(n)] : [],
  }));
  const bad = [...records, { list: '', id: 1 as unknown as string, entries: [] }];
  await expect(list.apply({ replace: bad })).rejects.toThrow(TypeError);
  expect(list.state.size).toBe(500);
  const { added, removed } = await list.apply({ replace: records });
  expect([added, removed, list.state.size]).toEqual([0, 450, 50]);
});
