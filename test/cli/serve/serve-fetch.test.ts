import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../../src/store/sql/open-store.js';
import { testFolder } from '../../folder.js';
import { type FedService, hexOf, SERVICES } from '../../node/files/fed-services.js';
import { PostgresqlServer } from '../../store/sql/postgresql.js';
import { listOf, onlyhashes } from '../program.js';
import { eventually, serving, verdictOf } from './serving-program.js';

const FASTER = ['--require', join(import.meta.dirname, 'faster-minutes.cjs')];
const SECRETS = ['subscription-of-ours', 'key-of-ours'];

const base = testFolder();
let folder: string;
let service: FedService;
beforeEach(async () => {
  folder = mkdtempSync(join(base, 'serve-fetch-'));
  // The program asks the system for the time, so the service is of the past.
  service = await SERVICES.stopncii!({ seconds: 1_767_225_600 }, 3);
  for (let n = 0; n < 7; n++) service.list(n);
});
afterEach(() => service.fake.close());

const found = (url: string, n: number, verdict = 'match') =>
  eventually(async () => expect(await verdictOf(url, hexOf(n))).toBe(verdict));
const connection = () => ({ baseUrl: service.fake.url, tries: 1, timeoutSeconds: 20 });

describe('a CONFIG', () => {
  let config: string;
  const written = (lists: readonly object[]) => {
    config = join(folder, 'lists.json');
    writeFileSync(config, JSON.stringify({ list: 'lists.ohb', lists }));
    return config;
  };
  const ours = (more: object = {}) => listOf('ours', service, more);
  beforeEach(() => written([ours()]));

  test('is fetched at the start and at intervals, and kept', async () => {
    const options = { env: service.env, node: FASTER };
    const first = await serving(
      ['-b', config, '--fetch-minutes', '1'],
      async (url) => {
        await found(url, 6);
        service.withdraw(6);
        service.list(8);
        await found(url, 6, 'none');
        await found(url, 8);
      },
      options,
    );
    expect(first).toMatchObject({ err: '', code: 0 });
    // What was fetched is there at once, without a fetch.
    const asked = service.fake.requests.length;
    const again = await serving(['-b', config, '--fetch-minutes', '0'], async (url) => {
      expect(await verdictOf(url, hexOf(8))).toBe('match');
      expect(await verdictOf(url, hexOf(6))).toBe('none');
    });
    expect(again.out).toContain('lists: 1, entries: 7, ');
    expect(service.fake.requests).toHaveLength(asked);
  });

  test('pending removals are reported, and made once a curator has confirmed them', async () => {
    const hma = await SERVICES.hma!({ seconds: 1_767_225_600 }, 3);
    try {
      for (let n = 0; n < 25; n++) hma.list(n);
      written([{ name: 'ours', ...hma.config, baseUrl: hma.fake.url, tries: 1 }]);
      const options = { env: hma.env, node: FASTER };
      const ended = await serving(
        ['-b', config, '--fetch-minutes', '1'],
        async (url, program) => {
          await found(url, 24);
          for (let n = 1; n < 25; n++) hma.withdraw(n);
          await program.said('ours: removals pending since ');
          const ready = await fetch(`${url}/health/ready`);
          expect([ready.status, await ready.json()]).toMatchObject([
            200,
            { pendingRemovals: [{ list: 'ours', removals: 24, of: 25, isConfirmed: false }] },
          ]);
          expect(await verdictOf(url, hexOf(24))).toBe('match');
          const confirmed = await fetch(`${url}/v1/lists/ours/confirm`, { method: 'POST' });
          expect(confirmed.status).toBe(200);
          await found(url, 24, 'none');
          expect(await verdictOf(url, hexOf(0))).toBe('match');
          await eventually(async () => {
            expect(await (await fetch(`${url}/health/ready`)).json()).toEqual({ status: 'ready' });
          });
        },
        options,
      );
      expect(ended.code).toBe(0);
    } finally {
      await hma.fake.close();
    }
  });

  test('a service that fails is reported, the other lists are fetched, and it is tried again', async () => {
    const broken = await SERVICES.stopncii!({ seconds: 1_767_225_600 }, 3);
    try {
      broken.list(20);
      broken.fake.fail({ kind: 'status', status: 401 }, { times: 2 });
      written([ours({ name: 'broken', baseUrl: broken.fake.url }), ours()]);
      const { err, code } = await serving(
        ['-b', config, '--fetch-minutes', '1'],
        async (url, program) => {
          await found(url, 3);
          await program.said('onlyhashes: broken: ');
          await found(url, 20);
        },
        { env: service.env, node: FASTER },
      );
      for (const secret of Object.values(service.env)) expect(err).not.toContain(secret);
      expect(code).toBe(0);
    } finally {
      await broken.fake.close();
    }
  });

  test('a fetch that hangs does not keep the program from ending', async () => {
    service.fake.fail({ kind: 'stall' });
    const { err, code } = await serving(
      ['-b', config],
      async () => {
        await eventually(() => expect(service.fake.requests).toHaveLength(1));
      },
      { env: service.env },
    );
    expect([err, code]).toEqual(['', 0]);
  });

  test('a credential that is not set is reported before anything is served', async () => {
    const { err, code } = await onlyhashes(['serve', '-b', config, '--port', '0']);
    expect(err).toContain('credentials.subscriptionKey: expected the name of an environment');
    expect(code).toBe(2);
  });

  test('a list that it no longer names is not served', async () => {
    await onlyhashes(['fetch', config], { env: service.env });
    written([ours({ name: 'theirs' })]);
    const { err, out } = await serving(
      ['-b', config, '--fetch-minutes', '0'],
      async (url) => expect(await verdictOf(url, hexOf(1))).toBe('none'),
      { env: service.env },
    );
    expect(out).toContain('entries: 0, ');
    expect(err).toContain('a list that the CONFIG no longer names was removed');
  });
});

describe('the feeds of a store', () => {
  const key = Buffer.from(hexOf(1000), 'hex');
  const hex = key.toString('hex');
  let server: PostgresqlServer;
  let store: string;
  beforeAll(async () => {
    server = await PostgresqlServer.open();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    store = await server.newDatabase();
    const opened = await openStore({ url: store });
    const feeds = opened.feeds(key);
    const [subscriptionKey, fetchHashesKey] = SECRETS as [string, string];
    const feed = { api: 'stopncii', settings: connection() };
    await feeds.set('off', { ...feed, enabled: false });
    await feeds.set('ours', { ...feed, credentials: { subscriptionKey, fetchHashesKey } });
    await feeds.set('unknown', { api: 'nowhere' });
    await opened.close();
  });

  test('are fetched, repeatedly, with the credentials that the key opens', async () => {
    const { err, code } = await serving(
      ['--store', store, '--fetch-minutes', '1'],
      async (url, program) => {
        await found(url, 6);
        service.withdraw(6);
        service.list(8);
        await found(url, 6, 'none');
        await found(url, 8);
        await program.said('onlyhashes: unknown: expected a feed of stopncii, ');
      },
      { env: { ONLYHASHES_KEY: hex }, node: FASTER },
    );
    const sent = service.fake.requests.map(({ headers }) => Object.values(headers).join('\n'));
    for (const secret of SECRETS) {
      expect(sent.every((headers) => headers.includes(secret))).toBe(true);
      expect(err).not.toContain(secret);
    }
    expect(err).not.toMatch(/\boff\b/);
    expect(err).not.toContain(hex);
    expect(code).toBe(0);
  });

  test.each([
    ['no key', {}, 'ours: expected ONLYHASHES_KEY, the key of its stored credentials'],
    [
      'another key',
      { ONLYHASHES_KEY: '5e'.repeat(32) },
      'ours: expected the key that it was stored with',
    ],
  ])('%s is reported, and the store is still served', async (_, env, told) => {
    const { err, code } = await serving(
      ['--store', store],
      async (url, program) => {
        await program.said(`onlyhashes: ${told}\n`);
        expect(await verdictOf(url, hexOf(1))).toBe('none');
      },
      { env },
    );
    for (const secret of [hex, '5e5e', ...SECRETS]) expect(err).not.toContain(secret);
    expect(service.fake.requests).toEqual([]);
    expect(code).toBe(0);
  });
});

test('a key of another form is refused before anything is opened, unquoted', async () => {
  const env = { ONLYHASHES_KEY: 'not-a-key-but-a-password' };
  const { err, code } = await onlyhashes(['serve', '-b', 'nowhere'], { env });
  expect(err).toContain('ONLYHASHES_KEY: expected 64 hex digits');
  expect(err).not.toContain('password');
  expect(code).toBe(2);
});
