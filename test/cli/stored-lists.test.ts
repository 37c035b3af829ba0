import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { hashFromHex, hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { openStore } from '../../src/store/sql/open-store.js';
import type { Store } from '../../src/store/store.js';
import { testFolder } from '../folder.js';
import { newRecord } from '../matching/reviews.js';
import { type Clock, type FedService, hexOf, SERVICES } from '../node/files/fed-services.js';
import { describeEngines } from '../store/engines.js';
import { EMBEDDED, listOf, onlyhashes, PROGRAM } from './program.js';

/** Each run of the program opens the store; an embedded one takes seconds on a busy machine. */
const timeout = 180_000;

const base = testFolder();
let folder: string;
let config: string;
let service: FedService;
beforeEach(async () => {
  folder = mkdtempSync(join(base, 'stored-'));
  config = join(folder, 'lists.json');
  service = await SERVICES.stopncii!(clock(), 3);
});
afterEach(() => service.fake.close());

/** The program asks the system for the time, so the services are of the past. */
const clock = (): Clock => ({ seconds: 1_767_225_600 });

const write = (json: object) => writeFileSync(config, JSON.stringify(json));
const hexes = (...numbers: number[]) => numbers.map(hexOf).sort();
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  onlyhashes(words, { node: EMBEDDED, env: { ...service.env, ...env } });

async function hashesOn(store: Store, list: string): Promise<string[]> {
  return (await store.find({ list, limit: 1000 })).map(({ hash }) => hashToHex(hash)).sort();
}

describeEngines(({ engine, newPlace }) => {
  let db: string;
  beforeEach(async () => {
    const place = await newPlace();
    db = 'url' in place ? place.url : join(folder, 'hashes');
  });
  test('a CONFIG may name a store: lists are fetched into it, and resumed from there', {
    timeout,
  }, async () => {
    for (let n = 0; n < 7; n++) service.list(n);
    write({ store: db, lists: [listOf('ours', service, { tier: 'review' })] });
    const first = await run(['fetch', config]);
    expect(first).toMatchObject({ lines: ['ours,7,7,0'], err: '', code: 0 });
    const { lines } = await run(['lists', config]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^ours,stopncii,7,[1-9]\d*,20\d\d-[^,]+Z,update,0,,60,[\d.]+,[\d.]+$/);
    service.withdraw(3);
    const second = await run(['fetch', config, '--json']);
    expect(JSON.parse(second.out)).toMatchObject({ name: 'ours', removed: 1, isFromStart: false });
    const withdrawn = await run(['withdraw', hexOf(4), '--store', db]);
    expect(withdrawn.lines).toEqual([`withdrawn,1,${hexOf(4)}`]);
    const match = await run(['match', ...hexes(2, 3, 4), '-b', config, '--json']);
    const verdicts = match.lines.map((line) => JSON.parse(line));
    expect(verdicts.filter(({ verdict }) => verdict === 'review')).toMatchObject([
      { file: hexOf(2) },
    ]);
    expect(verdicts.filter(({ verdict }) => verdict === 'none')).toHaveLength(2);
  });

  // The rest says nothing of the engine.
  if (engine === 'pglite') return;

  /** Work in the store beside the program. */
  async function inStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore({ url: db });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  test('the command reports no match for exceptions of a store', { timeout }, async () => {
    service.list(1);
    write({ store: db, lists: [listOf('ours', service)] });
    await run(['fetch', config]);
    const verdict = async () => {
      const { lines } = await run(['match', hexOf(1), '-b', config, '--json']);
      return JSON.parse(lines[0]!);
    };
    expect(await verdict()).toMatchObject({ verdict: 'match' });
    await inStore((store) =>
      store.apply({ allow: [{ hash: hashFromHex('pdq', hexOf(1)), reason: 'a flag' }] }),
    );
    expect(await verdict()).toMatchObject({ verdict: 'none', reason: 'allowed' });
  });

  test('--store overrides the list of a CONFIG; lists that it no longer names stay', {
    timeout,
  }, async () => {
    service.list(1);
    write({ list: 'lists.ohb', lists: [listOf('ours', service), listOf('more', service)] });
    await run(['fetch', config, '--store', db]);
    expect(existsSync(join(folder, 'lists.ohb'))).toBe(false);
    await inStore((store) =>
      store.apply({ settings: { ours: { enabled: false, tier: 'review' } } }),
    );
    write({ lists: [listOf('ours', service, { tier: 'match' })] });
    const env = { ONLYHASHES_STORE: db };
    expect(await run(['fetch', config, 'ours'], env)).toMatchObject({ err: '', code: 0 });
    const told = await run(['lists', config, '--json'], env);
    const lists = told.lines.map((line) => JSON.parse(line));
    expect(lists).toMatchObject([
      { name: 'ours', service: 'stopncii', entries: 1, mustRestart: false },
      { name: 'more', service: 'stopncii', entries: 1 },
    ]);
    expect(lists[1].mustRestart).toBeUndefined();
    // What the file does not say, a moderator's word on it, stays.
    await inStore(async (store) => {
      expect((await store.settings()).get('ours')).toEqual({ tier: 'match', enabled: false });
    });
  });

  test('hashes and ids are withdrawn in one change, and can be listed again once reinstated', {
    timeout,
  }, async () => {
    for (let n = 0; n < 4; n++) service.list(n);
    write({ store: db, lists: [listOf('ours', service)] });
    await run(['fetch', config]);
    const before = await inStore((store) => store.revision());
    const words = [hexOf(1), hexOf(2), 'no such id'];
    const done = await run(['withdraw', ...words, '--reason', 'a mistake', '--store', db]);
    expect(done).toMatchObject({
      lines: [`withdrawn,1,${hexOf(1)}`, `withdrawn,1,${hexOf(2)}`, 'withdrawn,0,no such id'],
      err: 'onlyhashes: no entry has word 3 as its hash or id now; a label is no id\n',
      code: 0,
    });
    await inStore(async (store) => {
      expect(await store.revision()).toBe(before + 1);
      expect((await store.withdrawals()).map(({ reason }) => reason)).toEqual(
        Array(3).fill('a mistake'),
      );
    });
    const lifted = await run(['withdraw', config, hexOf(2), 'another', '--reinstate']);
    expect(lifted.lines).toEqual([`reinstated,${hexOf(2)}`]);
    expect(lifted.err).toContain('word 2 after it names no withdrawal');
    expect((await run(['lists', config])).lines[0]).toContain(',restart,');
    await run(['fetch', config]);
    await inStore(async (store) => expect(await hashesOn(store, 'ours')).toEqual(hexes(0, 2, 3)));
  });

  test('without a CONFIG, lists with a feed are fetched, with the credentials of the store', {
    timeout,
  }, async () => {
    service.list(1);
    const key = '5a'.repeat(32);
    const settings = { baseUrl: service.fake.url, tries: 1 };
    const feed = { api: 'stopncii', settings };
    await inStore(async (store) => {
      const feeds = store.feeds(Buffer.from(key, 'hex'));
      const credentials = { subscriptionKey: 'subscription', fetchHashesKey: 'key' };
      await feeds.set('bank', { ...feed, credentials });
      await feeds.set('off', { ...feed, enabled: false });
    });
    const untold = await run(['fetch', '--store', db]);
    expect(untold.err).toMatch(/^onlyhashes: bank: expected ONLYHASHES_KEY/);
    expect(untold.code).toBe(2);
    expect((await run(['lists', '--store', db])).lines).toEqual([
      'bank,stopncii,0,0,,restart,0,,,,',
      'off,stopncii,0,0,,restart,0,,,,',
    ]);
    const fetched = await run(['fetch', '--store', db], { ONLYHASHES_KEY: key });
    expect(fetched).toMatchObject({ lines: ['bank,1,1,0'], err: '', code: 0 });
    const status = await run(['store', 'status', '--store', db]);
    expect(status.lines).toContain('feed,stopncii,true,bank');
    expect(status.lines).toContain('feed,stopncii,false,off');
    expect(status.lines.join('\n')).toMatch(/^fetched,20\d\d-[^,]+Z,bank$/m);
    // A CONFIG that names the same list of the same service goes on from there.
    write({ store: db, lists: [listOf('bank', service)] });
    expect((await run(['fetch', config])).lines[0]).toMatch(/^bank,\d+,0,0$/);
    expect((await run(['lists', config])).lines[0]).toContain(',update,');
  });

  test('the review log of a store is read and erased, the review queue with it', {
    timeout,
  }, async () => {
    await inStore(async (store) => {
      const log = store.reviewLog({ retentionDays: 30_000 });
      await log.append(newRecord(1, { id: 'a' }));
      await log.append(newRecord(1, { id: 'b', outcome: 'rejected', role: 'appeals' }));
      await log.append(newRecord(5, { id: 'c', list: 'ncmec' }));
      const hash = hashFromHex('pdq', hexOf(1));
      const blocklist = createBlocklist([{ hash, labels: [], id: 'entry 1' }]);
      const decision = match([{ name: 'original', hash, quality: 100 }], blocklist);
      await store.reviewQueue({ retentionDays: 30_000 }).put({ id: 'upload', decision });
    });
    const env = { ONLYHASHES_STORE: db };
    const all = await run(['log', '--json'], env);
    expect(all.lines.map((line) => JSON.parse(line).id)).toEqual(['a', 'b', 'c']);
    const errors = await run(['log', '--errors', '--store', db]);
    expect(errors.lines).toEqual(['ncmec,1,0', 'stopncii,1,1']);
    const erased = await run(['log', '--store', db, '--erase', '--entry', 'entry 1']);
    expect(erased).toMatchObject({ lines: ['3'], code: 0 });
    await inStore(async (store) => {
      expect(await store.reviewQueue({ retentionDays: 30_000 }).items()).toEqual([]);
    });
    const left = await run(['log', '--store', db]);
    expect(left.lines).toHaveLength(1);
    expect((await run(['log', '--store', db, '--erase', '--list', 'none'])).code).toBe(1);
    expect((await run(['log', '--store', db, '--from', 'then'])).err).toContain('to be a time');
  });

  describe('beside other programs', () => {
    test('a list that another process is fetching is skipped without an error', {
      timeout,
    }, async () => {
      service.list(1);
      const other = await SERVICES.hma!(clock(), 3);
      other.list(2);
      write({ store: db, lists: [listOf('ours', service), listOf('bank', other)] });
      await inStore((store) =>
        store.fetch('ours', {
          async *fetchUpdates() {
            const beside = await run(['fetch', config]);
            expect(beside).toMatchObject({
              lines: ['bank,1,1,0'],
              err: 'onlyhashes: ours: another program is fetching it\n',
              code: 0,
            });
            const alone = await run(['fetch', config, 'ours']);
            expect(alone).toMatchObject({ lines: [], code: 0 });
            yield { updates: [], unknown: [], isDrained: true, isFromStart: true, checkpoint: 1 };
          },
          mustRestart: () => false,
        }),
      );
      await other.fake.close();
      expect.assertions(2);
    });

    test('a CONFIG that names the store is served from it, and its lists are fetched', {
      timeout,
    }, async () => {
      service.list(1);
      write({ store: db, lists: [listOf('ours', service)] });
      await inStore(async (store) => {
        const follower = await store.follow({ pollSeconds: 1 });
        const env = { ...process.env, ...service.env };
        const server = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', '-b', config], {
          env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const ended = new Promise((resolve) => server.on('close', resolve));
        const [line] = (await once(server.stdout, 'data')) as [Buffer];
        expect(`${line}`).toMatch(/^http:.+, revision: \d+, /);
        // The settings are the first change, the list itself is the second.
        await follower.reached(2);
        expect(follower.blocklist.size).toBe(1);
        server.kill('SIGTERM');
        expect(await ended).toBe(0);
      });
    });

    test('once a withdrawal is printed, followers no longer match it', { timeout }, async () => {
      await inStore(async (store) => {
        await store.apply({
          add: [{ hash: hashFromHex('pdq', hexOf(1)), labels: [], id: 'case-7' }],
        });
        const follower = await store.follow({ pollSeconds: 60 });
        const verdict = () =>
          match(
            [{ name: 'original', hash: hashFromHex('pdq', hexOf(1)), quality: 100 }],
            follower.blocklist,
            { allowList: follower.allowList },
          ).verdict;
        expect(verdict()).toBe('match');
        const { lines } = await run(['withdraw', 'case-7', '--store', db]);
        expect(lines).toEqual(['withdrawn,1,case-7']);
        await follower.reached(await store.revision());
        expect(verdict()).toBe('none');
      });
    });

    test('an interrupted fetch keeps its progress, and resumes', { timeout }, async () => {
      for (let n = 0; n < 4; n++) service.list(n);
      write({ store: db, lists: [listOf('ours', service)] });
      await run(['fetch', config]);
      for (let n = 20; n < 30; n++) service.list(n);
      service.withdraw(1);
      service.fake.fail({ kind: 'stall' }, { skip: 1 });
      const asked = service.fake.requests.length;
      const child = spawn(process.execPath, [PROGRAM, 'fetch', config], {
        env: { ...process.env, ...service.env },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
      while (service.fake.requests.length < asked + 2)
        await new Promise((go) => setTimeout(go, 10));
      child.kill('SIGINT');
      expect(await ended).toBe('SIGINT');
      service.fake.heal();
      expect((await run(['fetch', config])).code).toBe(0);
      const kept = [0, 2, 3, ...Array.from({ length: 10 }, (_, at) => 20 + at)];
      await inStore(async (store) => {
        expect(await hashesOn(store, 'ours')).toEqual(hexes(...kept));
        expect(await store.verify()).toEqual([]);
      });
    });
  });
});

test('an embedded store that another program has open is awaited for some seconds', {
  timeout,
}, async () => {
  service.list(1);
  const dataDir = join(folder, 'hashes');
  write({ store: 'hashes', lists: [listOf('ours', service)] });
  const store = await openStore({ dataDir });
  const child = spawn(process.execPath, [...EMBEDDED, PROGRAM, 'fetch', config], {
    env: { ...process.env, ...service.env },
    stdio: 'pipe',
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      if (err.includes('\n')) resolve();
    });
  });
  expect(err).toBe('onlyhashes: the store: another program has it open; waiting some seconds\n');
  await store.close();
  expect([await ended, out]).toEqual([0, 'ours,1,1,0\n']);
});

test.each([
  [{ folder: 'a', lists: [] }, [], 'expected "list": "lists.ohb" in place of "folder"'],
  [{ list: 'a', store: 'b', lists: [] }, [], 'store: expected store or list, not both'],
  [{ store: 7, lists: [] }, [], 'store: expected text'],
  [{ store: 'postgres://me:secret@h/d', lists: [] }, [], 'store: expected no password'],
  [{ store: 'postgres:///d?password=secret', lists: [] }, [], 'store: expected no password'],
  [{ store: 'hashes', lists: [] }, [], 'the store: no such folder'],
  [{ lists: [] }, [], 'expected "list", "store" or ONLYHASHES_STORE'],
  [{ lists: [] }, ['--store', 'nowhere'], 'the store: no such folder'],
])('lists of a CONFIG %j with %j is refused', async (json, words, message) => {
  write(json);
  const env = { ONLYHASHES_STORE: '' };
  const { err, code } = await onlyhashes(['lists', config, ...words], { env, cwd: folder });
  expect(err).toContain(message);
  expect(err).not.toContain('secret');
  expect(code).toBe(2);
});

test.each([
  [['lists'], 'expected --store URL|FOLDER, or ONLYHASHES_STORE'],
  [['fetch'], 'expected --store URL|FOLDER, or ONLYHASHES_STORE'],
  [['log'], 'expected --store URL|FOLDER, or ONLYHASHES_STORE'],
  [['log', 'reviews', '--store', 'hashes'], 'expected options only, not reviews'],
  [['log', '--store', 'hashes', '--erase'], 'expected a choice of records'],
  [['withdraw', 'lists.json'], 'expected CONFIG|LIST HASH|ID…'],
  [['withdraw', 'lists.json', 'a', '--store', 'hashes'], 'got a CONFIG'],
  [['withdraw', 'a', '--store', 'hashes'], 'the store: no such folder'],
  [['fetch', '--store', 'hashes'], 'the store: no such folder'],
])('%j is refused, and creates nothing', async (words, message) => {
  write({ list: 'lists.ohb', lists: [] });
  const env = { ONLYHASHES_STORE: '' };
  const { err, code } = await onlyhashes(words, { env, cwd: folder });
  expect(err).toContain(message);
  expect(code).toBe(2);
  expect(existsSync(join(folder, 'hashes'))).toBe(false);
});
