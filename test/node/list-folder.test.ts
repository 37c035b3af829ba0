import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HmaClient } from '../../src/exchange/hma-client.js';
import type { ListClient, ListUpdate, UpdatesPage } from '../../src/exchange/list-update.js';
import { ServiceError } from '../../src/exchange/service-error.js';
import { hashFromHex, hashToHex } from '../../src/hash.js';
import type { Blocklist } from '../../src/matching/blocklist.js';
import { match } from '../../src/matching/match.js';
import { openListFolder, readListFolder } from '../../src/node/list-folder.js';
import { fakeHma } from '../../src/testing/fake-hma.js';
import { examHeldBack, range } from '../exchange/held-back-exam.js';
import { type Clock, hexOf, SERVICES } from './fed-services.js';

const START = 1_767_225_600;
let path: string;
let clock: Clock;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'onlyhashes-list-folder-'));
  clock = { seconds: START };
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const open = () => openListFolder(path, { now: () => clock.seconds * 1000 });
const hashOf = (n: number) => hashFromHex('pdq', hexOf(n));

/** The hashes on a list, sorted, as text. */
const hashesOn = (blocklist: Blocklist | undefined, list: string) =>
  [...(blocklist?.entries() ?? [])]
    .filter((entry) => entry.list === list)
    .map(({ hash }) => hashToHex(hash))
    .sort();
const hexes = (...numbers: number[]) => numbers.map(hexOf).sort();

/** An update as a service tells it. */
function update(n: number, state: ListUpdate['state'] = 'active', hash = n): ListUpdate {
  const [key, source] = [`r${n}`, 'fake'];
  const entry = { hash: hashOf(hash), labels: [], id: key, source };
  return { key, source, state, signals: [], entries: [entry] };
}

/** A client that tells these pages, and what the checkpoint of its last fetch was. */
function telling(...pages: Partial<UpdatesPage<number>>[]) {
  const asked: (number | undefined)[] = [];
  const client: ListClient<number> = {
    async *fetchUpdates({ checkpoint } = {}) {
      asked.push(checkpoint);
      const isFromStart = checkpoint === undefined;
      for (const [at, page] of pages.entries()) {
        const isDrained = at === pages.length - 1;
        const reached = isDrained && { checkpoint: (checkpoint ?? 0) + 1 };
        yield { updates: [], unknown: [], isDrained, isFromStart, ...reached, ...page };
      }
    },
    mustRestart: () => false,
  };
  return { client, asked };
}
const verdictOn = (blocklist: Blocklist, n: number) =>
  match([{ name: 'original', hash: hashOf(n), quality: 100 }], blocklist).verdict;

describe.each(Object.entries(SERVICES))('%s', (name, start) => {
  test('a reply that has not the shape of the service empties no list', async () => {
    const service = await start(clock, 3);
    for (let n = 0; n < 8; n++) service.list(n);
    const folder = await open();
    await folder.fetch(name, service.client());
    const html = '<!doctype html>\n<title>404 Not Found</title>';
    const page = { records: [], data: {}, results: {}, hashRecords: {}, message: 'no route' };
    const bodies = [html, '<queryResult/>', '', 'null', '[]', '{}', page, { data: [], paging: 7 }];
    const more = { results: [], next: 7 };
    for (const body of [...bodies, more, { results: [] }]) {
      for (const status of [200, 404]) {
        for (const skip of [0, 1, 2]) {
          service.fake.fail({ kind: 'status', status, body }, { skip, times: 99 });
          const failed = folder.fetch(name, service.client(), { fromStart: true });
          await expect(failed).rejects.toBeInstanceOf(ServiceError);
          service.fake.heal();
          expect(hashesOn(folder.blocklist, name)).toHaveLength(8);
        }
      }
    }
    await folder.close();
    await service.fake.close();
  });

  test('what is listed matches, what is withdrawn never does, and a fetch goes on', async () => {
    const service = await start(clock, 3);
    for (let n = 0; n < 8; n++) service.list(n);
    const first = await open();
    const done = await first.fetch(name, service.client());
    expect(done).toMatchObject({ added: 8, removed: 0, isFromStart: true, isDrained: true });
    expect(verdictOn(first.blocklist, 3)).toBe('match');
    const [entry] = [...first.blocklist.entries()];
    expect(entry).toMatchObject({ source: service.source, list: name });
    await first.close();

    service.withdraw(3);
    service.list(4, 44);
    service.list(9);
    clock.seconds += 100;
    const second = await open();
    await second.fetch(name, service.client());
    expect(hashesOn(second.blocklist, name)).toEqual(hexes(0, 1, 2, 5, 6, 7, 9, 44));
    await second.close();

    const third = await open();
    const { added, removed } = await third.fetch(name, service.client());
    expect({ added, removed }).toEqual({ added: 0, removed: 0 });
    expect(verdictOn(third.blocklist, 3)).toBe('none');
    service.list(3);
    clock.seconds += 100;
    await third.fetch(name, service.client());
    expect(verdictOn(third.blocklist, 3)).toBe('match');
    await third.close();
    await service.fake.close();
  });

  test('however requests fail and programs end, the list is the service’s in the end', async () => {
    const kinds = ['list', 'withdraw', 'fetch', 'cut', 'restart', 'start'] as const;
    const step = fc.tuple(fc.constantFrom(...kinds), fc.nat(7), fc.nat(5));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const service = await start(clock, 2);
        rmSync(path, { recursive: true, force: true });
        const listed = new Map<number, number>();
        let folder = await open();
        for (const [kind, n, more] of steps) {
          clock.seconds += 30;
          if (kind === 'list') {
            service.list(n, 100 * n + more);
            listed.set(n, 100 * n + more);
          } else if (kind === 'withdraw') {
            if (listed.delete(n)) service.withdraw(n);
          } else if (kind === 'restart') {
            await folder.close();
            folder = await open();
          } else {
            if (kind === 'cut') service.fake.fail({ kind: 'cut' }, { skip: more });
            const ended = await folder
              .fetch(name, service.client(), { fromStart: kind === 'start' })
              .catch((error: unknown) => error);
            service.fake.heal();
            if (ended instanceof Error) expect(ended).toBeInstanceOf(ServiceError);
            else expect(hashesOn(folder.blocklist, name)).toEqual(hexes(...listed.values()));
          }
        }
        clock.seconds += 100;
        await folder.fetch(name, service.client());
        expect(hashesOn(folder.blocklist, name)).toEqual(hexes(...listed.values()));
        await folder.close();
        const saved = await readListFolder(path);
        expect(hashesOn(saved.blocklist, name)).toEqual(hexes(...listed.values()));
        await service.fake.close();
      }),
      { seed: 14, numRuns: 12 },
    );
  });
});

test('what is pending is for review, until it is active', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1, 'pending'), update(2)] }).client);
  expect([1, 2].map((n) => verdictOn(folder.blocklist, n))).toEqual(['review', 'match']);
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  expect(verdictOn(folder.blocklist, 1)).toBe('match');
  await folder.close();
});

test('what a person withdrew stays, whatever the service says', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1), update(2), update(3)] }).client);
  await folder.blocklist.apply({ withdraw: [{ id: 'r1', source: 'fake', reason: 'wrong' }] });
  await folder.blocklist.apply({ withdraw: [hashOf(2)] });
  const gone = [update(1, 'withdrawn'), update(2, 'deleted'), update(3, 'withdrawn')];
  await folder.fetch('a', telling({ updates: gone }).client);
  await folder.close();
  const again = await open();
  await again.fetch('a', telling({ updates: [update(1), update(2), update(3)] }).client);
  expect([1, 2, 3].map((n) => verdictOn(again.blocklist, n))).toEqual(['none', 'none', 'match']);
  expect(again.blocklist.withdrawals).toMatchObject([
    { id: 'r1', source: 'fake', reason: 'wrong' },
    { algorithm: 'pdq' },
  ]);
  await again.close();
});

test('what one service withdraws stays on the list of another', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  await folder.fetch('b', telling({ updates: [update(1)] }).client);
  await folder.fetch('a', telling({ updates: [update(1, 'withdrawn')] }).client);
  expect(hashesOn(folder.blocklist, 'a')).toEqual([]);
  expect(hashesOn(folder.blocklist, 'b')).toEqual(hexes(1));
  await folder.close();
});

test('what a fetch from the start does not tell goes at its end, at once', async () => {
  const folder = await open();
  const all = [1, 2, 3, 4].map((n) => update(n));
  await folder.fetch('a', telling({ updates: all }).client);
  await folder.blocklist.apply({ add: [{ hash: hashOf(9), labels: [], list: 'b' }] });
  const seen: number[] = [];
  const onProgress = () => seen.push(hashesOn(folder.blocklist, 'a').length);
  const { client } = telling({ updates: [update(2)] }, { updates: [update(4), update(5)] });
  const options = { fromStart: true, onProgress };
  const { added, removed } = await folder.fetch('a', client, options);
  expect(seen).toEqual([4, 3]);
  expect({ added, removed }).toEqual({ added: 1, removed: 2 });
  expect(hashesOn(folder.blocklist, 'a')).toEqual(hexes(2, 4, 5));
  expect(hashesOn(folder.blocklist, 'b')).toEqual(hexes(9));
  await folder.close();
});

test('a page with an invalid entry changes nothing, and the checkpoint stays', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  const bad = { ...update(3), entries: [{ hash: hashOf(3), labels: 'none' as never }] };
  const { client } = telling({ updates: [update(1, 'withdrawn'), update(2), bad] });
  await expect(folder.fetch('a', client)).rejects.toThrow('expected labels');
  expect(hashesOn(folder.blocklist, 'a')).toEqual(hexes(1));
  expect(folder.blocklist.withdrawals).toEqual([]);
  const next = telling({});
  await folder.fetch('a', next.client);
  expect(next.asked).toEqual([1]);
  await folder.close();
});

test('a list from elsewhere, or a lifted withdrawal, begins from the start', async () => {
  let folder = await open();
  const run = async (options: object, ...numbers: number[]) => {
    const { client, asked } = telling({ updates: numbers.map((n) => update(n)) });
    await folder.fetch('a', client, options);
    return asked[0];
  };
  expect(await run({ origin: 'x' }, 1, 2)).toBe(undefined);
  expect(await run({ origin: 'x' })).toBe(1);
  expect(await run({ origin: 'y' }, 2)).toBe(undefined);
  expect(hashesOn(folder.blocklist, 'a')).toEqual(hexes(2));
  expect(await run({ origin: 'y' })).toBe(1);
  await folder.refetchNext();
  await folder.close();
  folder = await open();
  expect(folder.state('a')).toMatchObject({ mustRefetch: true, checkpoint: 2 });
  expect(await run({ origin: 'y' }, 2)).toBe(undefined);
  expect(folder.state('a')!.mustRefetch).toBe(undefined);
  await folder.close();
});

test('an older blocklist in its place is fetched from the start', async () => {
  let folder = await open();
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  await folder.close();
  const older = readFileSync(join(path, 'blocklist.ohb'));
  folder = await open();
  await folder.fetch('a', telling({ updates: [update(2)] }).client);
  await folder.close();
  writeFileSync(join(path, 'blocklist.ohb'), older);
  folder = await open();
  const { client, asked } = telling({ updates: [update(1), update(2)] });
  await folder.fetch('a', client);
  expect(asked).toEqual([undefined]);
  expect(hashesOn(folder.blocklist, 'a')).toEqual(hexes(1, 2));
  await folder.close();
});

test('unknown words are counted, and a flood of them is bounded', async () => {
  const folder = await open();
  const words = Array.from({ length: 500 }, (_, at) => ({ field: 'f', word: `${at}`, count: 2 }));
  await folder.fetch('a', telling({ unknown: [{ field: 'g', count: 1 }] }).client);
  await folder.fetch('a', telling({ unknown: [{ field: 'g', count: 3 }] }).client);
  expect(folder.state('a')!.unknown).toEqual([{ field: 'g', count: 4 }]);
  await folder.fetch('a', telling({ unknown: words }).client);
  expect(folder.state('a')!.unknown).toHaveLength(200);
  await folder.close();
});

test('one program at a time writes; others read', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  await expect(open()).rejects.toMatchObject({ code: 'in-use' });
  expect(hashesOn((await readListFolder(path)).blocklist, 'a')).toEqual(hexes(1));
  await folder.close();
});

test('a removed list is gone, and fetched from the start if it comes again', async () => {
  const folder = await open();
  await folder.fetch('a', telling({ updates: [update(1)] }).client);
  expect(await folder.remove('a')).toBe(1);
  expect(folder.names()).toEqual([]);
  const { client, asked } = telling({ updates: [update(1)] });
  await folder.fetch('a', client);
  expect(asked).toEqual([undefined]);
  await folder.close();
});

test.each([
  ['no JSON', 'secret {', 'bad-line'],
  ['another shape', '{"version":1,"generation":-1,"lists":[]}', 'bad-line'],
  ['a list without a name', '{"version":1,"generation":0,"lists":[{"origin":""}]}', 'bad-line'],
  ['a later version', '{"version":2}', 'bad-version'],
])('states of %s are refused without their text', async (_, text, code) => {
  writeFileSync(join(path, 'fetched.json'), text);
  const error = await open().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code });
  expect(`${error}`).not.toContain('secret');
});

test('what would remove much of a list is held back until somebody confirms it', async () => {
  let folder = await open();
  await examHeldBack({
    fetch: (client, options) => folder.fetch('a', client, options),
    confirm: () => folder.confirm('a'),
    heldBack: async () => folder.heldBack(),
    async listed() {
      const there = new Set(hashesOn((await readListFolder(path)).blocklist, 'a'));
      expect(new Set(hashesOn(folder.blocklist, 'a'))).toEqual(there);
      return range(1, 101).filter((n) => there.has(hexOf(n)));
    },
    async restart() {
      await folder.close();
      folder = await open();
    },
  });
  await folder.close();
});

test('what is confirmed while a list is being saved stays confirmed', async () => {
  const folder = await open();
  const all = range(1, 40).map((n) => update(n));
  await folder.fetch('a', telling({ updates: all }).client);
  await folder.fetch('a', telling({}).client, { fromStart: true });
  const save = folder.save.bind(folder);
  vi.spyOn(folder, 'save').mockImplementationOnce(async () => {
    expect(await folder.confirm('a')).toBe(true);
    await save();
  });
  await folder.fetch('a', telling({}).client);
  expect(folder.heldBack()).toMatchObject([{ removals: 40, isConfirmed: true }]);
  expect(await folder.fetch('a', telling({}).client)).toMatchObject({ removed: 40 });
  expect(folder.heldBack()).toEqual([]);
  await folder.close();
});

test('what an HMA has deleted goes, also if content of it has several hashes', async () => {
  const service = await fakeHma();
  const folder = await open();
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
      const { removed, isDrained, notRead } = await folder.fetch('a', client);
      expect(notRead).toMatch(/^content with an id above/);
      return [removed, isDrained, hashesOn(folder.blocklist, 'a')];
    };
    expect(await fetching()).toEqual([0, false, hexes(1, 2, 3)]);
    service.remove('1');
    expect(await fetching()).toEqual([1, true, hexes(2, 3)]);
    // More was counted that was not met: it may be what was listed.
    several = 2;
    service.remove('2');
    put(15);
    expect(await fetching()).toEqual([0, false, hexes(2, 3, 15)]);
    expect(folder.state('a')!.checkpoint).toEqual({ highestId: 15, unmet: 2 });
    expect(await fetching()).toEqual([1, true, hexes(3, 15)]);
    several = 1;
    service.remove('3');
    expect(await fetching()).toEqual([1, true, hexes(15)]);
  } finally {
    await folder.close();
    await service.close();
  }
});
