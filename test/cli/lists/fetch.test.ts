import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { fakeStopNcii } from '../../../src/services/stop-ncii/fake.js';
import { testFolder } from '../../folder.js';
import { type Clock, type FedService, hexOf, SERVICES } from '../../node/files/fed-services.js';
import { runs } from '../../seed.js';
import { listOf, onlyhashes, PROGRAM, type RunOptions } from '../program.js';

const base = testFolder();
let folder: string;
let config: string;
beforeEach(() => {
  folder = mkdtempSync(join(base, 'fetch-'));
  config = join(folder, 'lists.json');
});

/** The program asks the system for the time, so the services are of the past. */
const clock = (): Clock => ({ seconds: 1_767_225_600 });

function write(lists: readonly object[]): void {
  writeFileSync(config, JSON.stringify({ list: 'lists.ohb', lists }));
}
const hexes = (...numbers: number[]) => numbers.map(hexOf).sort();
async function saved(list: string): Promise<string[]> {
  const blocklist = await openBlocklist(join(folder, 'lists.ohb'));
  return [...blocklist.entries()]
    .filter((entry) => entry.list === list)
    .map(({ hash }) => hashToHex(hash))
    .sort();
}
const run = (words: readonly string[], { env }: FedService, options: RunOptions = {}) =>
  onlyhashes(words, { ...options, env: { ...env, ...options.env } });

test('the CONFIG in the help is accepted unchanged', async () => {
  const { out } = await onlyhashes(['fetch', '--help']);
  const [, example] = /CONFIG is a JSON file: ({.+?\] })\. Services:/s.exec(out)!;
  writeFileSync(config, example!);
  const { lists } = JSON.parse(example!) as { lists: { name: string }[] };
  const ended = await onlyhashes(['lists', config]);
  expect(ended).toMatchObject({ err: '', code: 0 });
  expect(ended.lines).toEqual(lists.map((list) => expect.stringMatching(`^${list.name},`)));
  // All that is missing are the variables, so nothing is fetched.
  const fetched = await onlyhashes(['fetch', config]);
  expect(fetched.err).toContain('expected the name of an environment variable that is set');
  expect(fetched.code).toBe(2);
});

describe.each([
  ['a file', []],
  ['a store', ['--store', 'kept']],
] as const)('removals, in %s', (_, place) => {
  test('of more than a fifth of a list are pending until confirmed', async () => {
    const service = await SERVICES.hma!(clock(), 3);
    try {
      const store = place.map((word) => (word === 'kept' ? join(folder, 'kept') : word));
      for (let n = 0; n < 40; n++) service.list(n);
      write([listOf('a list', service), listOf('other', service)]);
      const fetch = ['fetch', config, ...store];
      const lists = async () => (await onlyhashes(['lists', config, ...store])).lines;
      expect((await run(fetch, service)).lines).toEqual(['a list,40,40,0', 'other,40,40,0']);
      for (let n = 10; n < 40; n++) service.withdraw(n);
      const held = await run([...fetch, 'a list'], service);
      expect(held).toMatchObject({ lines: ['a list,10,0,0'], code: 2 });
      expect(held.err).toMatch(/did not send 30 of 40 entries; they stay/);
      const command = store.length > 0 ? `${config} --store URL|FOLDER` : config;
      expect(held.err).toContain(`run: onlyhashes fetch ${command} --confirm 'a list'`);
      expect((await lists())[0]).toMatch(
        /^a list,hma,40,.*,30 of 40 since 20\d\d-[^,]+Z,60,[\d.]+,[\d.]+$/,
      );
      const nothing = await run([...fetch, '--confirm', 'other'], service);
      expect(nothing).toMatchObject({ lines: [], code: 2 });
      expect(nothing.err).toContain('other: no removals are pending');
      const done = await run([...fetch, '--confirm', 'a list'], service);
      expect(done).toMatchObject({ lines: ['a list,10,0,30'], err: '', code: 0 });
      expect((await lists())[0]).toMatch(/^a list,hma,10,.*,,60,[\d.]+,[\d.]+$/);
    } finally {
      await service.fake.close();
    }
  });
});

test('unread parts of an HMA are reported, and nothing is removed', async () => {
  const service = await SERVICES.hma!(clock(), 3);
  try {
    for (const n of [0, 1, 90]) service.list(n);
    write([listOf('ours', service)]);
    expect((await run(['fetch', config], service)).lines).toEqual(['ours,3,3,0']);
    service.withdraw(1);
    service.fake.fail(
      { kind: 'status', status: 404, body: 'not here' },
      { when: ({ path }) => path === '/c/signal_type/index', times: 99 },
    );
    write([listOf('ours', service, { maxMissing: 20 })]);
    const cut = await run(['fetch', config, '--json'], service);
    expect(JSON.parse(cut.out)).toMatchObject({ removed: 0, isDrained: false });
    expect(cut.err).toMatch(/ours: not read: content with an id above \d+; nothing was removed/);
    expect(cut.code).toBe(2);
    expect(await saved('ours')).toEqual(hexes(0, 1, 90));
  } finally {
    await service.fake.close();
  }
});

describe('StopNCII', () => {
  let service: FedService;
  beforeEach(async () => {
    service = await SERVICES.stopncii!(clock(), 3);
    for (let n = 0; n < 7; n++) service.list(n);
    write([listOf('ours', service)]);
  });
  afterEach(() => service.fake.close());

  test('a fetched list that convert overwrote is next fetched from the start', async () => {
    const fetch = () => run(['fetch', config], service);
    const next = async () => (await onlyhashes(['lists', config, '--json'])).out;
    await fetch();
    expect(JSON.parse(await next())).toMatchObject({ mustRestart: false, entries: 7 });
    const list = join(folder, 'list.csv');
    writeFileSync(list, `hash\n${hexOf(50)}\n`);
    await onlyhashes(['convert', list, join(folder, 'lists.ohb'), '--overwrite']);
    expect(await saved('ours')).toEqual([]);
    expect((await next()).split('\n')[0]).toMatch(/"mustRestart":true/);
    expect((await fetch()).lines).toEqual(['ours,7,7,0']);
    expect(await saved('ours')).toEqual(hexes(0, 1, 2, 3, 4, 5, 6));
  });

  test('is fetched, resumes, and matches at once', async () => {
    const first = await run(['fetch', config], service);
    expect(first).toMatchObject({ lines: ['ours,7,7,0'], err: '', code: 0 });
    const match = await run(['match', hexOf(3), '-b', config], service);
    expect(match).toMatchObject({ code: 0, lines: [`match,0,original,${hexOf(3)},,${hexOf(3)}`] });
    service.withdraw(3);
    service.list(8);
    const second = await run(['fetch', config, '--json'], service);
    expect(JSON.parse(second.out)).toMatchObject({
      name: 'ours',
      added: 1,
      removed: 1,
      withdrawn: 1,
      isFromStart: false,
      isDrained: true,
    });
    for (const list of [config, join(folder, 'lists.ohb')]) {
      expect((await run(['match', hexOf(3), '-b', list], service)).code).toBe(1);
      expect((await run(['match', hexOf(8), '-b', list], service)).code).toBe(0);
    }
  });

  test('lists reports the fetched lists, without credentials', async () => {
    expect((await onlyhashes(['lists', config])).lines).toEqual([
      'ours,stopncii,0,0,,restart,0,,,,',
    ]);
    await run(['fetch', config], service);
    const { lines, code } = await onlyhashes(['lists', config]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^ours,stopncii,7,[1-9]\d*,20\d\d-[^,]+Z,update,0,,60,[\d.]+,[\d.]+$/);
    expect(code).toBe(0);
  });

  test('entries that a person withdrew stay withdrawn, until they are reinstated', async () => {
    await run(['fetch', config], service);
    const words = ['withdraw', config, hexOf(2), 'no such id'];
    const done = await onlyhashes([...words, '--reason', 'a mistake']);
    expect(done.lines).toEqual([`withdrawn,1,${hexOf(2)}`, 'withdrawn,0,no such id']);
    expect((await run(['match', hexOf(2), '-b', config], service)).code).toBe(1);
    service.list(2);
    await run(['fetch', config, '--from-start'], service);
    expect(await saved('ours')).not.toContain(hexOf(2));
    const lifted = await onlyhashes(['withdraw', config, hexOf(2), 'another', '--reinstate']);
    expect(lifted.lines).toEqual([`reinstated,${hexOf(2)}`]);
    expect(lifted.err).toContain('word 2 after it names no withdrawal');
    expect((await onlyhashes(['lists', config])).lines[0]).toContain(',restart,');
    await run(['fetch', config], service);
    expect(await saved('ours')).toContain(hexOf(2));
  });

  test('the settings of the file apply, and a list that it no longer names goes', async () => {
    write([listOf('ours', service, { tier: 'review' })]);
    await run(['fetch', config], service);
    const json = async () => {
      const { out } = await run(['match', hexOf(1), '-b', config, '--json'], service);
      return JSON.parse(out).verdict;
    };
    expect(await json()).toBe('review');
    write([listOf('ours', service)]);
    expect(await json()).toBe('match');
    write([listOf('theirs', service)]);
    expect((await run(['match', hexOf(1), '-b', config], service)).code).toBe(2);
    const { err, lines } = await run(['fetch', config], service);
    expect(err).toContain('a list that it no longer names was removed, with 7 entries');
    expect(lines).toEqual(['theirs,7,7,0']);
    expect(await saved('ours')).toEqual([]);
  });

  test('a service that fails is reported, and the other lists are fetched', async () => {
    const other = await SERVICES.hma!(clock(), 3);
    other.list(1);
    write([listOf('ours', service), listOf('bank', other)]);
    service.fake.fail({ kind: 'status', status: 403 });
    const { lines, err, code } = await run(['fetch', config], service);
    expect(lines).toEqual(['bank,1,1,0']);
    expect(err).toBe('onlyhashes: ours: StopNCII: FetchHashes was answered with status 403\n');
    expect(code).toBe(2);
    await other.fake.close();
  });

  test('an interrupted fetch keeps its progress, and resumes', async () => {
    await run(['fetch', config], service);
    for (let n = 20; n < 30; n++) service.list(n);
    service.withdraw(1);
    service.fake.fail({ kind: 'stall' }, { skip: 1 });
    const asked = service.fake.requests.length;
    const child = spawn(process.execPath, [PROGRAM, 'fetch', config], {
      env: { ...process.env, ...service.env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
    while (service.fake.requests.length < asked + 2) await new Promise((go) => setTimeout(go, 10));
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    service.fake.heal();
    expect((await saved('ours')).length).toBeGreaterThan(0);
    expect((await run(['fetch', config], service)).code).toBe(0);
    const kept = [0, 2, 3, 4, 5, 6, ...Array.from({ length: 10 }, (_, at) => 20 + at)];
    expect(await saved('ours')).toEqual(hexes(...kept));
  });
});

const good = {
  name: 'ours',
  service: 'stopncii',
  credentials: { subscriptionKey: 'FED_A', fetchHashesKey: 'FED_B' },
};
test.each([
  ['lists[0].trust', { ...good, trust: 'all' }, "expected trust 'own' or"],
  ['lists[0].policy', { ...good, policy: { 'secret one': 1 } }, 'unknown option'],
  ['lists[0].service', { ...good, service: 'secret' }, 'expected stopncii, ncmec'],
  [
    'lists[0].credentials.fetchHashesKey',
    { ...good, credentials: { subscriptionKey: 'A' } },
    'variable',
  ],
  ['lists[0].credentials', { ...good, credentials: { secret: 'A' } }, 'unknown member'],
  ['lists[0]', { ...good, secret: 1 }, 'unknown member'],
  ['lists[0]', { ...good, baseUrl: 'http://secret.example' }, 'expected baseUrl'],
  ['lists[0]', { ...good, tries: 'secret' }, 'expected tries'],
  ['lists[0].name', { ...good, name: '' }, 'expected a name'],
  ['lists[0]', { ...good, service: 'hma', credentials: {} }, 'expected bank'],
  [
    'lists[0]',
    { ...good, service: 'ncmec', list: 'secret', credentials: { user: 'A', password: 'B' } },
    "expected environment 'industry' or ",
  ],
])('a CONFIG whose %s is wrong is refused, and nothing is quoted', async (member, list, what) => {
  write([list]);
  const { err, code } = await onlyhashes(['lists', config]);
  expect(err).toContain(`${config}: ${member}: `);
  expect(err).toContain(what);
  expect(err).not.toContain('secret');
  expect(code).toBe(2);
});

test('an unset credential, a duplicate name and a file that is no CONFIG are refused', async () => {
  write([good]);
  const env = { FED_A: 'a', FED_B: '' };
  const missing = await onlyhashes(['fetch', config], { env });
  const variable = 'expected the name of an environment variable that is set';
  expect(missing.err).toContain(`lists[0].credentials.fetchHashesKey: ${variable}`);
  expect(readdirSync(folder)).toEqual(['lists.json']);
  write([good, good]);
  expect((await onlyhashes(['fetch', config])).err).toContain('lists[1].name: expected a name');
  writeFileSync(config, '{"hash":"secret"}');
  const { err } = await onlyhashes(['fetch', config]);
  expect(err).toContain('expected a JSON object: { "list" or "store", "lists" }');
});

/** Of each service; with 30, every change of a file is a place of a kill. */
const KILLS = Number(process.env.FETCH_KILLS ?? runs(4));

describe.runIf(process.platform === 'linux')('killed between two changes of files', () => {
  const preload = join(import.meta.dirname, 'kill-at-write.cjs');

  test.each(Object.entries(SERVICES))(
    `%s: ${KILLS} kills, and the list is the service’s`,
    async (name, start) => {
      const service = await start(clock(), 2);
      const listed = new Set<number>();
      const fetch = (at: number) =>
        run(['fetch', config], service, {
          node: ['--require', preload],
          env: { KILL_AT: `${at}` },
        });
      write([listOf(name, service)]);
      for (let n = 0; n < 6; n++) {
        service.list(n);
        listed.add(n);
      }
      let killed = 0;
      for (let run = 0; run < KILLS; run++) {
        // Something is withdrawn each time, and must not match again wherever the kill falls.
        const [first] = listed;
        service.withdraw(first!);
        listed.delete(first!);
        service.list(100 + run);
        listed.add(100 + run);
        // All places in turn, since 7 and 30 have no common factor. A fetch has up to some 30.
        const { code } = await fetch(1 + ((name.length + 7 * run) % 30));
        if (code === 137) killed++;
        else expect(await saved(name)).toEqual(hexes(...listed));
      }
      expect(killed).toBeGreaterThan(0);
      const { code, err } = await fetch(0);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(await saved(name)).toEqual(hexes(...listed));
      expect(readdirSync(folder).sort()).toEqual(['lists.json', 'lists.ohb']);
      await service.fake.close();
    },
  );
});

describe('a list of 100,000 hashes', () => {
  test('is fetched from a fake StopNCII and matched', async () => {
    const fake = await fakeStopNcii({ startSeconds: 1_700_000_000, maxPageSize: 10_000 });
    for (let n = 0; n < 100_000; n++) {
      const record = { signalType: 'ImagePDQ', hashValue: hexOf(n), hashStatus: 'Active' };
      fake.put({ ...record, caseNumbers: [], feedbacks: [] });
    }
    const service = { ...(await SERVICES.stopncii!(clock(), 3)) };
    await service.fake.close();
    write([listOf('stopncii', { ...service, fake })]);
    const fetched = await run(['fetch', config], service);
    expect(fetched).toMatchObject({ lines: ['stopncii,100000,100000,0'], err: '', code: 0 });
    const hit = await run(['match', hexOf(77_777), '-b', config], service);
    expect(hit.lines).toEqual([`match,0,original,${hexOf(77_777)},,${hexOf(77_777)}`]);
    fake.setStatus(hexOf(77_777), 'Withdrawn');
    const again = await run(['fetch', config], service);
    expect(again.lines[0]).toMatch(/^stopncii,\d,0,1$/);
    expect((await run(['match', hexOf(77_777), '-b', config], service)).code).toBe(1);
    expect((await onlyhashes(['lists', config])).lines[0]).toContain('stopncii,stopncii,99999,');
    await fake.close();
  });
});
