import { expect, test } from 'vitest';
import { EntryList } from '../../src/blocklist/entry-list.js';
import {
  type BlocklistEntry,
  copyOfSaid,
  entryFromJSON,
  entryToJSON,
  FIELD_NAMES,
  type FieldName,
  isSameEntry,
} from '../../src/entry.js';
import { hashToHex } from '../../src/hash.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { BASE } from '../matching/bases.js';
import { farHash, partsOf } from './worlds.js';

// What an entry says is in one table. Whatever compares, copies or keeps entries notices each part.

const FULL: Required<BlocklistEntry> = {
  hash: BASE,
  labels: ['a', 'b'],
  quality: 70,
  source: 's',
  id: '1',
  resample: 512,
  variant: 'window1x1',
  group: hashToHex(farHash(0)),
  parts: partsOf(2),
  seconds: 12.5,
  still: true,
  list: 'l',
  caseCount: 3,
  opinions: [{ from: 'x', says: 'y', tags: ['z'] }],
  confirmed: true,
};
const OTHER: Omit<Required<BlocklistEntry>, 'hash'> = {
  labels: ['a,b'],
  quality: 0,
  source: '',
  id: '',
  resample: 'none',
  variant: '',
  group: hashToHex(farHash(1)),
  parts: partsOf(8),
  seconds: 0,
  still: false,
  list: 'm',
  caseCount: 2 ** 40,
  opinions: [{ from: 'x', says: 'y', tags: [] }],
  confirmed: false,
};
/** Of each member, an entry that says something else, and one that says nothing of it. */
const changed = FIELD_NAMES.flatMap((name): [FieldName, BlocklistEntry][] => {
  const { [name]: _, ...without } = FULL;
  const bare = { ...without, ...(name === 'labels' && { labels: [] }) } as BlocklistEntry;
  return [
    [name, { ...FULL, [name]: OTHER[name] }],
    [name, bare],
  ];
});

const entriesOf = ({ state }: EntryList) =>
  [...state.kinds.values()].flatMap((kind) => [...kind.numbers()].map((at) => kind.entryAt(at)));

test('the table has every field of an entry', () => {
  expect([...FIELD_NAMES].sort()).toEqual(Object.keys(OTHER).sort());
  expect(isSameEntry(FULL, structuredClone(FULL))).toBe(true);
});

test.each(changed)('%s is compared, copied and kept', async (name, entry) => {
  expect(isSameEntry(FULL, entry)).toBe(false);
  expect({ hash: BASE, ...copyOfSaid(entry) }).toEqual(entry);
  expect(entryFromJSON(JSON.parse(JSON.stringify(entryToJSON(entry))))).toEqual(entry);
  expect(JSON.parse(JSON.stringify(copyOfSaid(entry)))[name]).toEqual(entry[name]);
  const table = new PackedEntries('pdq', 256);
  for (const one of [FULL, entry, FULL]) table.push(one);
  expect([0, 1, 2].map((row) => table.entryAt(row))).toEqual([FULL, entry, FULL]);
  // As a delta, and as a segment.
  for (const most of [512, 0]) {
    const list = new EntryList();
    list.mostAtOnce = most;
    await list.apply({ add: [FULL, entry] });
    expect(entriesOf(list)).toEqual([FULL, entry]);
    const replaced = await list.apply({ replace: { all: [entry] } });
    expect([replaced.added, replaced.removed]).toEqual([0, 1]);
    expect(entriesOf(list)).toEqual([entry]);
    expect((await list.apply({ replace: { all: [FULL] } })).added).toBe(1);
    expect((await list.apply({ remove: [entry] })).removed).toBe(0);
    expect((await list.apply({ remove: [FULL] })).removed).toBe(1);
  }
});
