import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { WithdrawnKey } from '../../src/blocklist/withdrawn.js';
import { createBundle, entriesOfBundle } from '../../src/bundle/bundle.js';
import { readBundle } from '../../src/bundle/read-bundle.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { hashFromHex, hashToHex } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/create-index.js';
import { match } from '../../src/matching/match.js';
import { fetchList } from '../../src/node/files/fetch-list.js';
import { openIndex } from '../../src/node/files/index-file.js';
import { loadBlocklist as openBlocklist } from '../../src/node/files/list-records.js';
import { openBlocklist as openKept } from '../../src/node/files/open-blocklist.js';
import { saveIndex } from '../../src/node/files/save-index.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { writeHashList } from '../../src/text/write-hash-list.js';
import { runs } from '../seed.js';
import { tablesOf } from '../services/lists.js';
import { saveList } from './files/saved-list.js';

const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-groups-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newFile = () => join(folder, `${files++}`);

const hexOf = (name: string) => createHash('sha256').update(name).digest('hex');
const hashOf = (name: string) => hashFromHex('pdq', hexOf(name));

/** A picture and its windows, as entries. Their numbers are chosen by the property. */
interface Picture {
  readonly id: string | undefined;
  readonly windows: number;
}

const NAMES = ['window1x1', 'window4x5', 'window16x9', 'window9x16'] as const;
const mainOf = (at: number) => `picture ${at}`;
const windowOf = (at: number, window: number) => `window ${window} of picture ${at}`;

const entriesOf = ({ id, windows }: Picture, at: number): BlocklistEntry[] => [
  { hash: hashOf(mainOf(at)), labels: [], ...(id !== undefined && { id }) },
  ...NAMES.slice(0, windows).map((variant, window) => ({
    hash: hashOf(windowOf(at, window)),
    labels: [],
    variant,
    group: hexOf(mainOf(at)),
    ...(id !== undefined && { id }),
  })),
];

const rowsOf = (entries: readonly BlocklistEntry[]) => {
  const rows = new PackedEntries('pdq', 256);
  for (const entry of entries) rows.push(entry);
  return rows;
};

type Road = (list: Blocklist, entries: readonly BlocklistEntry[]) => Promise<unknown>;

const asText =
  (format: 'csv' | 'jsonl'): Road =>
  async (list, entries) => {
    for (const part of await tablesOf([...writeHashList(entries, { format })].join(''))) {
      await list.apply({ add: part });
    }
  };

/** Each way on which entries come to a blocklist. */
const ROADS: Readonly<Record<string, Road>> = {
  'one by one': async (list, entries) => {
    for (const entry of entries) await list.apply({ add: [entry] });
  },
  'all at once': (list, entries) => list.apply({ add: entries }),
  'in steps': async (list, entries) => {
    list.mostAtOnce = 2;
    await list.apply({ add: entries });
  },
  'as a table': (list, entries) => list.apply({ add: rowsOf(entries) }),
  'in place of a list': (list, entries) => list.apply({ replace: { list: '', entries } }),
  'in place of all': (list, entries) => list.apply({ replace: { all: entries } }),
  JSONL: asText('jsonl'),
  CSV: asText('csv'),
  'an index file': async (list, entries) => {
    const path = newFile();
    const rows = rowsOf(entries);
    await saveIndex(path, createIndex(rows.hashes), { entries: rows });
    const { withdrawals: withdrawn } = list;
    const indexed = createBlocklist([await openIndex(path)], { withdrawn });
    await list.apply({ add: indexed.entries(), withdraw: indexed.withdrawals });
  },
  'a blocklist file': async (list, entries) => {
    const path = newFile();
    await saveList(path, createBlocklist(entries));
    await list.apply({ replace: { all: (await openBlocklist(path)).entries() } });
  },
};

/** The blocklist as it is after it was saved and opened. */
async function reloaded(list: Blocklist): Promise<Blocklist> {
  const path = newFile();
  await saveList(path, list);
  return openBlocklist(path);
}

/** Whether an upload of the picture with this hash matches. */
const matches = (list: Blocklist, name: string) =>
  match([{ name: 'original', hash: hashOf(name), quality: 100 }], list).verdict === 'match';

const picture = fc.record({
  id: fc.constantFrom(undefined, 'case-1', 'case-2'),
  windows: fc.integer({ min: 0, max: 4 }),
});
const plan = fc
  .record({
    pictures: fc.array(picture, { minLength: 1, maxLength: 4 }),
    at: fc.nat(),
    by: fc.constantFrom<'main' | 'window' | 'id'>('main', 'window', 'id'),
    window: fc.nat(),
    isBefore: fc.boolean(),
    isOnList: fc.boolean(),
    order: fc.infiniteStream(fc.nat()),
    isSaved: fc.boolean(),
  })
  .map(({ pictures, at, by, window, isBefore, isOnList, order, isSaved }) => {
    const chosen = at % pictures.length;
    const { id, windows } = pictures[chosen]!;
    const on = isOnList ? { list: '' } : {};
    const byHash =
      by === 'window' && windows > 0 ? windowOf(chosen, window % windows) : mainOf(chosen);
    const isById = by === 'id' && id !== undefined;
    const key: WithdrawnKey = isById ? { id: id!, ...on } : Object.assign(hashOf(byHash), on);
    const entries = pictures
      .flatMap(entriesOf)
      .map((entry) => [order.next().value, entry] as const)
      .sort(([a], [b]) => a - b)
      .map(([, entry]) => entry);
    const isGone = (picture: number) =>
      isById ? pictures[picture]!.id === id : picture === chosen;
    return { pictures, key, isBefore, isSaved, entries, isGone };
  });

function expectGone(
  list: Blocklist,
  { pictures, isGone }: { pictures: readonly Picture[]; isGone: (at: number) => boolean },
): void {
  const names = pictures.flatMap(({ windows }, at) => [
    [at, mainOf(at)] as const,
    ...NAMES.slice(0, windows).map((_, window) => [at, windowOf(at, window)] as const),
  ]);
  expect(names.map(([, name]) => matches(list, name))).toEqual(names.map(([at]) => !isGone(at)));
}

test.each(Object.entries(ROADS))('a withdrawn picture is rejected: %s', async (_, road) => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const { key, entries, isBefore, isSaved } = planned;
      let list = createBlocklist([]);
      if (isBefore) await list.apply({ withdraw: [key] });
      if (isBefore && isSaved) list = await reloaded(list);
      await road(list, entries);
      if (!isBefore) {
        if (isSaved) list = await reloaded(list);
        await list.apply({ withdraw: [key] });
      }
      expectGone(list, planned);
      // Read again, from the text and from the file.
      const again = await reloaded(list);
      expectGone(again, planned);
      await road(again, entries);
      expectGone(again, planned);
      // It is lifted as a whole.
      expect((await again.apply({ reinstate: [key] })).reinstated).toBe(1);
      expect(again.withdrawals).toEqual([]);
      await road(again, entries);
      expectGone(again, { ...planned, isGone: () => false });
    }),
    { numRuns: runs(25) },
  );
});

test('a withdrawn picture is rejected: a bundle', async () => {
  const image = (at: number) => ({
    hash: hashOf(mainOf(at)),
    quality: 100,
    variants: NAMES.map((name, window) => ({
      name,
      hash: hashOf(windowOf(at, window)),
      quality: 100,
    })),
  });
  const { bundle } = await createBundle([image(0), image(1)]);
  const entries = entriesOfBundle(readBundle(bundle.text));
  for (const name of [mainOf(0), windowOf(0, 2)]) {
    const pictures = [0, 1].map(() => ({ id: bundle.case, windows: 4 }));
    const list = createBlocklist(entries);
    expect((await list.apply({ withdraw: [hashOf(name)] })).removed).toBe(5);
    expectGone(list, { pictures, isGone: (at) => at === 0 });
    for (const entry of entries) await list.apply({ add: [entry] });
    expectGone(list, { pictures, isGone: (at) => at === 0 });
  }
});

test('a withdrawn picture is rejected: a list that is fetched', async () => {
  const path = newFile();
  const now = () => 1_767_225_600_000;
  const pictures = [0, 1].map(() => ({ id: 'record', windows: 3 }));
  const entries = pictures.flatMap(entriesOf).map((entry) => ({ ...entry, source: 'fake' }));
  const client = {
    async *fetchUpdates() {
      const update = {
        key: 'record',
        source: 'fake',
        state: 'active' as const,
        signals: [],
        entries,
      };
      const page = { isDrained: true, isFromStart: true, unknown: [], checkpoint: 1 };
      yield { updates: [update], ...page };
    },
    mustRestart: () => true,
  };
  for (const name of [windowOf(0, 1), mainOf(1)]) {
    const list = await openKept(path, { create: true });
    await list.apply({ withdraw: [hashOf(name)] });
    await fetchList(list, 'fed', client, { now });
  }
  const list = await openKept(path);
  await fetchList(list, 'fed', client, { now });
  expectGone(list, { pictures, isGone: () => true });
  const { reinstated } = await list.apply({ reinstate: [hashOf(windowOf(0, 1))] });
  expect(reinstated).toBe(1);
  await fetchList(list, 'fed', client, { now });
  expectGone(list, { pictures, isGone: (at) => at === 1 });
});

test('one list cannot withdraw a picture of another', async () => {
  const [main, window] = entriesOf({ id: undefined, windows: 1 }, 0);
  // Whoever is on a foreign list says that a window of theirs is of somebody else's picture.
  const list = createBlocklist([{ ...window!, list: 'foreign' }, main!]);
  expect((await list.apply({ withdraw: [window!.hash] })).removed).toBe(1);
  expect(matches(list, mainOf(0))).toBe(true);
  expect(list.withdrawals).toMatchObject([
    { groups: [{ group: hashToHex(main!.hash), list: 'foreign' }] },
  ]);
  expect((await list.apply({ add: [{ ...main!, list: 'foreign' }] })).added).toBe(0);
  expect((await list.apply({ withdraw: [main!.hash] })).removed).toBe(1);
});

test('a failure while a picture is withdrawn with its part changes nothing', async () => {
  const entries = entriesOf({ id: undefined, windows: 2 }, 0);
  let isFailing = false;
  const list = createBlocklist([], {
    onRejected: () => {
      if (isFailing) throw new Error('told');
    },
  });
  await list.apply({ add: [entries[0]!] });
  await list.apply({ withdraw: [entries[1]!.hash] });
  isFailing = true;
  const before = [list.generation, JSON.stringify(list.withdrawals), list.size];
  await expect(list.apply({ add: rowsOf(entries) })).rejects.toThrow('told');
  await expect(list.apply({ add: entries })).rejects.toThrow('told');
  expect([list.generation, JSON.stringify(list.withdrawals), list.size]).toEqual(before);
  expect(matches(list, mainOf(0))).toBe(true);
});

test('a withdrawal by an id rejects entries with the id, not the group', async () => {
  const [main, window] = entriesOf({ id: 'case', windows: 1 }, 0);
  const list = createBlocklist([main!, window!]);
  expect((await list.apply({ withdraw: [{ id: 'case' }] })).removed).toBe(2);
  const { id: _, ...others } = window!;
  expect([
    (await list.apply({ add: [window!] })).added,
    (await list.apply({ add: [others] })).added,
    (await list.apply({ add: [{ ...main!, id: 'another' }] })).added,
  ]).toEqual([0, 1, 1]);
});

test('a list cannot widen a withdrawal indefinitely', async () => {
  const withdrawn = hashOf('withdrawn');
  const parts = (list: string, count: number): BlocklistEntry[] =>
    Array.from({ length: count }, (_, at) => ({
      hash: withdrawn,
      labels: [],
      list,
      id: `${at}`,
      group: hexOf(`${list} ${at}`),
    }));
  for (const road of ['one by one', 'all at once', 'in steps', 'as a table']) {
    const list = createBlocklist([]);
    await list.apply({ withdraw: [withdrawn] });
    await ROADS[road]!(list, [...parts('foreign', 1200), ...parts('own', 2)]);
    expect(list.size).toBe(0);
    const groups = list.withdrawals.flatMap((each) => ('groups' in each ? each.groups! : []));
    expect(groups.length).toBe(1002);
    const pictureOf = (name: string, on: string) => ({ hash: hashOf(name), labels: [], list: on });
    expect((await list.apply({ add: [pictureOf('foreign 999', 'foreign')] })).added).toBe(0);
    expect((await list.apply({ add: [pictureOf('foreign 1000', 'foreign')] })).added).toBe(1);
    expect((await list.apply({ add: [pictureOf('own 1', 'own')] })).added).toBe(0);
  }
});
