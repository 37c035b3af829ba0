import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashToHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import {
  allPendingRemovals,
  confirmPendingRemovals,
  fetchList,
} from '../../../src/node/files/fetch-list.js';
import { loadBlocklist } from '../../../src/node/files/list-records.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { HmaClient } from '../../../src/services/hma/client.js';
import { fakeHma } from '../../../src/services/hma/fake.js';
import type { FetchOptions } from '../../../src/services/list-fetch.js';
import type { ListClient } from '../../../src/services/list-update.js';
import { ServiceError } from '../../../src/services/service-error.js';
import { runs } from '../../seed.js';
import { examPendingRemovals, range } from '../../services/pending-removals-exam.js';
import { hashOf, hexes, telling, updateOf } from '../../services/telling.js';
import { type Clock, hexOf, SERVICES } from './fed-services.js';

const START = 1_767_225_600;
let folder: string;
let path: string;
let clock: Clock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-fetch-list-'));
  path = join(folder, 'lists.ohb');
  clock = { seconds: START };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Fetches into a blocklist. */
const into = (list: Blocklist) => ({
  list,
  fetch: <Checkpoint>(
    name: string,
    client: ListClient<Checkpoint>,
    options: FetchOptions & { confirm?: boolean } = {},
  ) => fetchList(list, name, client, { ...options, now: () => clock.seconds * 1000 }),
});
const open = async () => into(await openBlocklist(path, { create: true }));

/** The hashes on a list, sorted, as text. */
const hashesOn = (blocklist: Blocklist | undefined, list: string) =>
  [...(blocklist?.entries() ?? [])]
    .filter((entry) => entry.list === list)
    .map(({ hash }) => hashToHex(hash))
    .sort();
/** How far a list was fetched. */
const fetchedOf = (blocklist: Blocklist, list: string) =>
  blocklist.lists().find(({ name }) => name === list)?.fetched;
const verdictOn = (blocklist: Blocklist, n: number) =>
  match([{ name: 'original', hash: hashOf(n), quality: 100 }], blocklist).verdict;

describe.each(Object.entries(SERVICES))('%s', (name, start) => {
  test('a malformed reply of the service empties no list', async () => {
    const service = await start(clock, 3);
    for (let n = 0; n < 8; n++) service.list(n);
    const kept = await open();
    await kept.fetch(name, service.client());
    const html = '<!doctype html>\n<title>404 Not Found</title>';
    const page = { records: [], data: {}, results: {}, hashRecords: {}, message: 'no route' };
    const bodies = [html, '<queryResult/>', '', 'null', '[]', '{}', page, { data: [], paging: 7 }];
    const more = { results: [], next: 7 };
    for (const body of [...bodies, more, { results: [] }]) {
      for (const status of [200, 404]) {
        for (const skip of [0, 1, 2]) {
          service.fake.fail({ kind: 'status', status, body }, { skip, times: 99 });
          const failed = kept.fetch(name, service.client(), { fromStart: true });
          await expect(failed).rejects.toBeInstanceOf(ServiceError);
          service.fake.heal();
          expect(hashesOn(kept.list, name)).toHaveLength(8);
        }
      }
    }
    await service.fake.close();
  });

  test('listed entries match, withdrawn ones never do, and a fetch resumes', async () => {
    const service = await start(clock, 3);
    for (let n = 0; n < 8; n++) service.list(n);
    const first = await open();
    const done = await first.fetch(name, service.client());
    expect(done).toMatchObject({ added: 8, removed: 0, isFromStart: true, isDrained: true });
    expect(verdictOn(first.list, 3)).toBe('match');
    const [entry] = [...first.list.entries()];
    expect(entry).toMatchObject({ source: service.source, list: name });

    service.withdraw(3);
    service.list(4, 44);
    service.list(9);
    clock.seconds += 100;
    const second = await open();
    await second.fetch(name, service.client());
    expect(hashesOn(second.list, name)).toEqual(hexes(0, 1, 2, 5, 6, 7, 9, 44));

    const third = await open();
    const { added, removed } = await third.fetch(name, service.client());
    expect({ added, removed }).toEqual({ added: 0, removed: 0 });
    expect(verdictOn(third.list, 3)).toBe('none');
    // Listed again on a page that others follow.
    for (const n of [3, ...Array.from({ length: 10 }, (_, at) => 10 + at)]) service.list(n);
    clock.seconds += 100;
    expect(await third.fetch(name, service.client())).toMatchObject({ added: 11, isDrained: true });
    expect(verdictOn(third.list, 3)).toBe('match');
    await service.fake.close();
  });

  test('however requests fail and programs end, the list becomes the service’s in the end', async () => {
    const kinds = ['list', 'withdraw', 'fetch', 'cut', 'restart', 'start'] as const;
    const step = fc.tuple(fc.constantFrom(...kinds), fc.nat(7), fc.nat(5));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const service = await start(clock, 2);
        rmSync(path, { force: true });
        const listed = new Map<number, number>();
        let kept = await open();
        for (const [kind, n, more] of steps) {
          clock.seconds += 30;
          if (kind === 'list') {
            service.list(n, 100 * n + more);
            listed.set(n, 100 * n + more);
          } else if (kind === 'withdraw') {
            if (listed.delete(n)) service.withdraw(n);
          } else if (kind === 'restart') {
            kept = await open();
          } else {
            if (kind === 'cut') service.fake.fail({ kind: 'cut' }, { skip: more });
            const ended = await kept
              .fetch(name, service.client(), { fromStart: kind === 'start' })
              .catch((error: unknown) => error);
            service.fake.heal();
            if (ended instanceof Error) expect(ended).toBeInstanceOf(ServiceError);
            else expect(hashesOn(kept.list, name)).toEqual(hexes(...listed.values()));
          }
        }
        clock.seconds += 100;
        await kept.fetch(name, service.client());
        expect(hashesOn(kept.list, name)).toEqual(hexes(...listed.values()));
        expect(hashesOn(await loadBlocklist(path), name)).toEqual(hexes(...listed.values()));
        await service.fake.close();
      }),
      { numRuns: runs(12) },
    );
  });
});

test('pending entries are for review, until they are active', async () => {
  const kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1, 'pending'), updateOf(2)] }).client);
  expect([1, 2].map((n) => verdictOn(kept.list, n))).toEqual(['review', 'match']);
  await kept.fetch('a', telling({ updates: [updateOf(1)] }).client);
  expect(verdictOn(kept.list, 1)).toBe('match');
});

test('withdrawals by a person stay, whatever the service sends', async () => {
  const kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1), updateOf(2), updateOf(3)] }).client);
  await kept.list.apply({
    withdraw: [{ id: 'r1', source: 'fake', reason: 'wrong' }, hashOf(2)],
  });
  const gone = [updateOf(1, 'withdrawn'), updateOf(2, 'deleted'), updateOf(3, 'withdrawn')];
  await kept.fetch('a', telling({ updates: gone }).client);
  const again = await open();
  await again.fetch('a', telling({ updates: [updateOf(1), updateOf(2), updateOf(3)] }).client);
  expect([1, 2, 3].map((n) => verdictOn(again.list, n))).toEqual(['none', 'none', 'match']);
  expect(again.list.withdrawals).toMatchObject([
    { id: 'r1', source: 'fake', reason: 'wrong' },
    { algorithm: 'pdq' },
  ]);
});

test('entries that one service withdraws stay on the list of another', async () => {
  const kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1)] }).client);
  await kept.fetch('b', telling({ updates: [updateOf(1)] }).client);
  await kept.fetch('a', telling({ updates: [updateOf(1, 'withdrawn')] }).client);
  expect(hashesOn(kept.list, 'a')).toEqual([]);
  expect(hashesOn(kept.list, 'b')).toEqual(hexes(1));
});

test('entries missing from a fetch from the start are removed at its end, at once', async () => {
  const kept = await open();
  const all = [1, 2, 3, 4].map((n) => updateOf(n));
  await kept.fetch('a', telling({ updates: all }).client);
  await kept.list.apply({ add: [{ hash: hashOf(9), labels: [], list: 'b' }] });
  const seen: number[] = [];
  const onProgress = () => seen.push(hashesOn(kept.list, 'a').length);
  const { client } = telling({ updates: [updateOf(2)] }, { updates: [updateOf(4), updateOf(5)] });
  const options = { fromStart: true, onProgress };
  const { added, removed } = await kept.fetch('a', client, options);
  expect(seen).toEqual([4, 3]);
  expect({ added, removed }).toEqual({ added: 1, removed: 2 });
  expect(hashesOn(kept.list, 'a')).toEqual(hexes(2, 4, 5));
  expect(hashesOn(kept.list, 'b')).toEqual(hexes(9));
});

test('a page with an invalid entry changes nothing, and the checkpoint stays', async () => {
  const kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1)] }).client);
  const bad = { ...updateOf(3), entries: [{ hash: hashOf(3), labels: 'none' as never }] };
  const { client } = telling({ updates: [updateOf(1, 'withdrawn'), updateOf(2), bad] });
  await expect(kept.fetch('a', client)).rejects.toThrow('expected labels');
  expect(hashesOn(kept.list, 'a')).toEqual(hexes(1));
  expect(kept.list.withdrawals).toEqual([]);
  const next = telling({});
  await kept.fetch('a', next.client);
  expect(next.asked).toEqual([1]);
});

test('a list of another source, or a lifted withdrawal, begins from the start', async () => {
  let kept = await open();
  const run = async (options: object, ...numbers: number[]) => {
    const { client, asked } = telling({ updates: numbers.map((n) => updateOf(n)) });
    await kept.fetch('a', client, options);
    return asked[0];
  };
  expect(await run({ provenance: 'x' }, 1, 2)).toBe(undefined);
  expect(await run({ provenance: 'x' })).toBe(1);
  expect(await run({ provenance: 'y' }, 2)).toBe(undefined);
  expect(hashesOn(kept.list, 'a')).toEqual(hexes(2));
  expect(await run({ provenance: 'y' })).toBe(1);
  await kept.list.apply({ withdraw: [{ id: 'x' }] });
  await kept.list.apply({ reinstate: [{ id: 'x' }] });
  kept = await open();
  expect(fetchedOf(kept.list, 'a')).toMatchObject({ mustRefetch: true, checkpoint: 2 });
  expect(await run({ provenance: 'y' }, 2)).toBe(undefined);
  expect(fetchedOf(kept.list, 'a')!.mustRefetch).toBe(undefined);
});

test('a copy of the file resumes from its own checkpoint', async () => {
  let kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1)] }).client);
  const older = readFileSync(path);
  await kept.fetch('a', telling({ updates: [updateOf(2)] }).client);
  writeFileSync(path, older);
  kept = await open();
  const { client, asked } = telling({ updates: [updateOf(2)] });
  await kept.fetch('a', client);
  expect(asked).toEqual([1]);
  expect(hashesOn(kept.list, 'a')).toEqual(hexes(1, 2));
});

test('unknown words are counted, and a flood of them is bounded', async () => {
  const kept = await open();
  const words = Array.from({ length: 500 }, (_, at) => ({ field: 'f', word: `${at}`, count: 2 }));
  await kept.fetch('a', telling({ unknown: [{ field: 'g', count: 1 }] }).client);
  await kept.fetch('a', telling({ unknown: [{ field: 'g', count: 3 }] }).client);
  expect(fetchedOf(kept.list, 'a')!.unknown).toEqual([{ field: 'g', count: 4 }]);
  await kept.fetch('a', telling({ unknown: words }).client);
  expect(fetchedOf(kept.list, 'a')!.unknown).toHaveLength(200);
});

describe.each(['small', 'large'])('of a %s page', (size) => {
  const all = range(1, size === 'small' ? 2 : 2000).map((n) => updateOf(n));
  /** Does something between the first page and the last. */
  const meanwhile = (work: () => Promise<unknown>) => {
    const { client } = telling({ updates: all.slice(1) }, { updates: all.slice(0, 1) });
    const pages = client.fetchUpdates;
    client.fetchUpdates = async function* (options) {
      for await (const page of pages(options)) {
        if (page.isDrained) await work();
        yield page;
      }
    };
    return client;
  };

  test('the fetch that began last continues, the other ends, and nothing is lost', async () => {
    const [one, other] = [await open(), await open()];
    await one.fetch('a', telling({}).client);
    const between = meanwhile(() =>
      other.fetch('a', telling({ updates: [updateOf(3000)] }, { updates: [] }).client),
    );
    await expect(one.fetch('a', between)).rejects.toMatchObject({ code: 'taken-over' });
    expect(fetchedOf(one.list, 'a')).toMatchObject({ checkpoint: 2 });
    const next = telling({ updates: all });
    await one.fetch('a', next.client);
    expect(next.asked).toEqual([2]);
    expect(hashesOn(await loadBlocklist(path), 'a')).toHaveLength(all.length + 1);
  });

  test('a withdrawal that is lifted meanwhile ends the fetch, and the next one is complete', async () => {
    const [one, other] = [await open(), await open()];
    await one.list.apply({ withdraw: [{ id: 'r2' }] });
    const between = meanwhile(() => other.list.apply({ reinstate: [{ id: 'r2' }] }));
    await expect(one.fetch('a', between)).rejects.toMatchObject({ code: 'taken-over' });
    const next = telling({ updates: all });
    await one.fetch('a', next.client);
    expect(next.asked).toEqual([undefined]);
    expect(hashesOn(one.list, 'a')).toHaveLength(all.length);
  });

  test('a change while it is prepared counts', async () => {
    const { list, fetch } = into(createBlocklist([]));
    await fetch('a', telling({}).client);
    await list.apply({ withdraw: [{ id: 'r2' }, { id: 'r2', list: 'b' }] });
    const fetching = fetch('a', telling({ updates: all }).client);
    const ended = fetching.then(
      () => 'done',
      ({ code }) => code,
    );
    // Turns of the event loop, until it prepares the page.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    const { generation } = list;
    await list.apply({ reinstate: [{ id: 'r2', list: 'b' }] });
    await list.apply({ reinstate: [{ id: 'r2' }] });
    expect(list.generation).toBe(generation + 2);
    const isOver = fetchedOf(list, 'a')!.checkpoint === 2;
    expect(await ended).toBe(isOver ? 'done' : 'taken-over');
    expect(fetchedOf(list, 'a')!.mustRefetch).toBe(true);
    await fetch('a', telling({ updates: all }).client);
    expect(hashesOn(list, 'a')).toHaveLength(all.length);
    expect(fetchedOf(list, 'a')!.mustRefetch).toBe(undefined);
  });
});

test('a list that is removed while it is fetched does not come back in part', async () => {
  const { list, fetch } = into(createBlocklist([]));
  const { client } = telling({ updates: [updateOf(1)] }, { updates: [updateOf(2)] });
  const onProgress = () =>
    list.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
  await expect(fetch('a', client, { onProgress })).rejects.toMatchObject({ code: 'taken-over' });
  expect(list.size).toBe(0);
  expect(list.lists()).toEqual([]);
});

test('the fetch state of a list is reported, but is no setting of it', async () => {
  const { list, fetch } = into(createBlocklist([]));
  await fetch('', telling({ updates: [updateOf(1)] }).client);
  expect(list.settings).toEqual(new Map([['', {}]]));
  const settings = { enabled: true, tier: 'match', trust: 'own' };
  const fetched = { provenance: '', checkpoint: 1, fetchedSeconds: START, unknown: [] };
  const reviews = { reviewDistance: 60, expectedReviews: expect.any(Object) };
  expect(list.lists()).toEqual([{ name: '', size: 1, ...settings, ...reviews, fetched }]);
  const [found] = match([{ name: 'original', hash: hashOf(1), quality: 100 }], list).matches;
  expect(found).not.toHaveProperty('trust');
  const lists = { '': { fetched: { generation: 1 } } } as never;
  expect(() => createBlocklist([], { lists })).toThrow(TypeError);
});

test('a removed list is gone, and fetched from the start if it is added again', async () => {
  const kept = await open();
  await kept.fetch('a', telling({ updates: [updateOf(1)] }).client);
  await kept.list.apply({ replace: { list: 'a', entries: [] }, settings: { a: null } });
  expect(fetchedOf(kept.list, 'a')).toBe(undefined);
  const { client, asked } = telling({ updates: [updateOf(1)] });
  await kept.fetch('a', client);
  expect(asked).toEqual([undefined]);
});

test('a malformed state is refused without its text', async () => {
  const { list, fetch } = await open();
  const unknown = [{ field: 'secret', count: -1 }];
  const fetched = { generation: 0, provenance: 'secret', unknown };
  await list.apply({ settings: { a: { fetched } } });
  const error = await fetch('a', telling({}).client).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'bad-line' });
  expect(`${error}`).not.toContain('secret');
  for (const bad of [7, { generation: 'x' }, { generation: 1, mustRefetch: 1 }]) {
    const change = { settings: { a: { fetched: bad as never } } };
    await expect(list.apply(change)).rejects.toThrow(TypeError);
  }
});

test('removals of much of a list are pending until a person confirms them', async () => {
  let kept = await open();
  await examPendingRemovals({
    fetch: (client, options) => kept.fetch('a', client, options),
    confirm: () => confirmPendingRemovals(kept.list, 'a'),
    pendingRemovals: async () => allPendingRemovals(kept.list),
    async listed() {
      const there = new Set(hashesOn(await loadBlocklist(path), 'a'));
      expect(new Set(hashesOn(kept.list, 'a'))).toEqual(there);
      return range(1, 101).filter((n) => there.has(hexOf(n)));
    },
    async restart() {
      kept = await open();
    },
  });
});

test('a fetch that confirms makes the pending removals, and leaves later ones pending', async () => {
  const { list, fetch } = await open();
  await fetch('a', telling({ updates: range(1, 40).map((n) => updateOf(n)) }).client);
  const confirming = () => fetch('a', telling({}).client, { confirm: true, fromStart: true });
  expect(await confirming()).toMatchObject({ removed: 0, pendingRemovals: { removals: 40 } });
  expect(await confirming()).toMatchObject({ removed: 40 });
  expect(allPendingRemovals(list)).toEqual([]);
});

test('a confirmation while a page is applied stays in force', async () => {
  const { list, fetch } = await open();
  const all = range(1, 40).map((n) => updateOf(n));
  await fetch('a', telling({ updates: all }).client);
  await fetch('a', telling({}).client, { fromStart: true });
  const apply = list.apply.bind(list);
  vi.spyOn(list, 'apply')
    .mockImplementationOnce(apply)
    .mockImplementationOnce(async (...change) => {
      expect(await confirmPendingRemovals(list, 'a')).toBe(true);
      return apply(...change);
    });
  await fetch('a', telling({}).client);
  expect(allPendingRemovals(list)).toMatchObject([{ removals: 40, isConfirmed: true }]);
  expect(await fetch('a', telling({}).client)).toMatchObject({ removed: 40 });
  expect(allPendingRemovals(list)).toEqual([]);
});

test('content that an HMA has deleted goes, even if it has several hashes', async () => {
  const service = await fakeHma();
  const kept = await open();
  try {
    const bank = { name: 'OURS', enabledRatio: 1 };
    const put = (n: number) =>
      service.put({
        ...{ id: `${n}`, bank, disableUntil: 1, exchanges: [] },
        signals: [{ type: 'pdq', value: hexOf(n) }],
      });
    for (const n of [1, 2, 3]) put(n);
    // The second hash of content is counted, but not told.
    let several = 1;
    const client = new HmaClient({
      ...{ baseUrl: service.url, bank: 'OURS', maxMissing: 20 },
      async fetch(url, init) {
        const reply = await fetch(url, init);
        if (!url.includes('signal_type')) return reply;
        const { pdq } = (await reply.json()) as { pdq: { db_size: number } };
        return Response.json({ pdq: { db_size: pdq.db_size + several } });
      },
    });
    const fetching = async () => {
      const { removed, isDrained, notRead } = await kept.fetch('a', client);
      expect(notRead).toMatch(/^content with an id above/);
      return [removed, isDrained, hashesOn(kept.list, 'a')];
    };
    expect(await fetching()).toEqual([0, false, hexes(1, 2, 3)]);
    service.remove('1');
    expect(await fetching()).toEqual([1, true, hexes(2, 3)]);
    // More was counted that was not met: it may be what was listed.
    several = 2;
    service.remove('2');
    put(15);
    expect(await fetching()).toEqual([0, false, hexes(2, 3, 15)]);
    expect(fetchedOf(kept.list, 'a')!.checkpoint).toEqual({ highestId: 15, unmet: 2 });
    expect(await fetching()).toEqual([1, true, hexes(3, 15)]);
    several = 1;
    service.remove('3');
    expect(await fetching()).toEqual([1, true, hexes(15)]);
  } finally {
    await service.close();
  }
});
