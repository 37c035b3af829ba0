import { expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { Fetched } from '../../src/blocklist/lists.js';
import { hashToJSON } from '../../src/hash.js';
import type { HashPool } from '../../src/node/pool/hash-pool.js';
import type { FetchState } from '../../src/policy.js';
import { Metrics } from '../../src/server/http/metrics.js';
import type { Route } from '../../src/server/http/route.js';
import { createService } from '../../src/server/service.js';
import { BASE } from '../matching/bases.js';
import { as, posted, served, tokens } from './served.js';
import { blocklist, pool, poolWith } from './uploads/uploads.js';
import { withResolvers } from './with-resolvers.js';

const statusOf = async (url: string, init?: RequestInit) => (await fetch(url, init)).status;

/** A route that waits until it is let go on. */
function waiting() {
  const begun = withResolvers();
  const ended = withResolvers();
  const route: Route = {
    method: 'GET',
    path: '/waits',
    role: 'match',
    about: 'Waits.',
    replies: { 200: undefined },
    answer: async () => {
      begun.resolve();
      await ended.promise;
      return new Response('done');
    },
  };
  return { route, goOn: ended.resolve, begins: begun.promise };
}

/** A pool that says when it is closed. */
function closable(): { pool: HashPool; isClosed: () => boolean } {
  let isClosed = false;
  const close = async () => {
    isClosed = true;
  };
  return { pool: poolWith({ close }), isClosed: () => isClosed };
}

test('the service is ready once the list is loaded, and refuses until then', async () => {
  const coming = withResolvers<typeof blocklist>();
  await served(
    async ({ url }) => {
      expect(await statusOf(`${url}/health/live`)).toBe(200);
      const ready = await fetch(`${url}/health/ready`);
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'not-ready' }]);
      const refused = await fetch(`${url}/v1/match`, posted(hashToJSON(BASE), 'match'));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await refused.json()).toMatchObject({ code: 'not-ready' });
      expect(await (await fetch(`${url}/metrics`, as('match'))).text()).toContain('_ready 0\n');
      coming.resolve(blocklist);
      await coming.promise;
      expect(await statusOf(`${url}/health/ready`)).toBe(200);
      expect(await statusOf(`${url}/v1/match`, posted(hashToJSON(BASE), 'match'))).toBe(200);
    },
    { blocklist: coming.promise },
  );
});

test('a list that fails to load is reported, and the service never gets ready', async () => {
  const error = new Error('no database');
  await served(
    async ({ url, errors }) => {
      expect(await statusOf(`${url}/health/ready`)).toBe(503);
      expect(errors).toEqual([error]);
    },
    { follower: Promise.reject(error) },
  );
});

test('drain refuses new work, answers running requests, then closes the pool', async () => {
  const { route, goOn, begins } = waiting();
  const { pool: shared, isClosed } = closable();
  await served(
    async ({ url, service }) => {
      const running = fetch(`${url}/waits`, as('match'));
      await begins;
      let isDrained = false;
      const drained = service.drain().then(() => {
        isDrained = true;
      });
      const ready = await fetch(`${url}/health/ready`);
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'ending' }]);
      expect(await statusOf(`${url}/health/live`)).toBe(200);
      const refused = await fetch(`${url}/v1/match`, posted(hashToJSON(BASE), 'match'));
      expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'ending' }]);
      expect(isDrained).toBe(false);
      goOn();
      expect(await (await running).text()).toBe('done');
      await drained;
      await service.drain();
      // It is not the service's own.
      expect(isClosed()).toBe(false);
    },
    { routes: [route], pool: shared },
  );
  const own = createService({ blocklist });
  await own.drain();
  const response = await own.handler(new Request('http://localhost/health/live'));
  expect(response.status).toBe(200);
});

test('a draining service accepts no decision from outside either: its store may be closed', async () => {
  const taken: unknown[] = [];
  const webhook = {
    log: { append: async (record: unknown) => taken.push(record), timeOf: () => undefined },
    outcomes: { a: 'confirmed' },
    factsOf: () => [{ tier: 'match', distance: 1 }],
    tokenHashes: [tokens[0]!.hash],
  } as never;
  await served(
    async ({ url, service }) => {
      const decision = posted({ item: { id: 'i' }, action: { id: 'a' } }, 'match');
      expect(await statusOf(`${url}/v1/decisions`, decision)).toBe(200);
      const known = taken.length;
      await service.drain();
      const refused = await fetch(`${url}/v1/decisions`, decision);
      expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'ending' }]);
      expect([known, taken.length]).toEqual([1, 1]);
      expect(await statusOf(`${url}/openapi.json`)).toBe(200);
    },
    { webhook, pool: closable().pool },
  );
});

test('a request that takes too long is answered by 503, and drain still waits for it', async () => {
  const { route, goOn } = waiting();
  await served(
    async ({ url, logs, service }) => {
      const late = await fetch(`${url}/waits`, as('match'));
      expect([late.status, await late.json()]).toMatchObject([503, { code: 'timeout' }]);
      expect(late.headers.get('retry-after')).toBe('5');
      expect(logs.at(-1)).toMatchObject({ status: 503, refusal: 'timeout' });
      let isDrained = false;
      const drained = service.drain().then(() => {
        isDrained = true;
      });
      await fetch(`${url}/health/live`);
      expect(isDrained).toBe(false);
      goOn();
      await drained;
    },
    { routes: [route], timeoutSeconds: 0.05 },
  );
});

test('a client that disconnects is logged as such', async () => {
  const { route, goOn, begins } = waiting();
  await served(
    async ({ url, logs, errors }) => {
      const gone = new AbortController();
      const asked = fetch(`${url}/waits`, { ...as('match'), signal: gone.signal });
      await begins;
      gone.abort();
      await expect(asked).rejects.toThrow();
      while (logs.length === 0) await fetch(`${url}/x`);
      while (!logs.some(({ status }) => status === 499)) await fetch(`${url}/x`);
      expect(errors).toEqual([]);
      goOn();
    },
    { routes: [route] },
  );
});

test('metrics are text of Prometheus, with the state of the list, the store and the pool', async () => {
  await served(
    async ({ url }) => {
      await fetch(`${url}/v1/match`, posted(hashToJSON(BASE), 'match'));
      await fetch(`${url}/no/such/path`);
      expect(await statusOf(`${url}/metrics`)).toBe(401);
      const response = await fetch(`${url}/metrics`, as('match'));
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const text = await response.text();
      const sample = /^[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? (\d+(\.\d+)?|\+Inf)$/;
      const comment = /^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$/;
      for (const line of text.trimEnd().split('\n'))
        expect(line).toMatch(/^#/.test(line) ? comment : sample);
      for (const line of [
        'onlyhashes_requests_total{method="POST",route="/v1/match",status="200"} 1',
        'onlyhashes_requests_total{method="GET",route="none",status="404"} 1',
        'onlyhashes_request_seconds_bucket{route="/v1/match",le="+Inf"} 1',
        'onlyhashes_request_seconds_count{route="/v1/match"} 1',
        'onlyhashes_verdicts_total{verdict="none"} 1',
        'onlyhashes_ready 1',
        'onlyhashes_entries 1',
        `onlyhashes_list_generation ${blocklist.generation}`,
        'onlyhashes_list_revision 40',
        'onlyhashes_list_lag 2',
        'onlyhashes_pool_pictures{stage="queued"} 0',
      ]) {
        expect(text.split('\n')).toContain(line);
      }
    },
    { follower: { blocklist, revision: 40 }, store: { revision: async () => 42 } as never },
  );
});

test('an unavailable store reports no lag', async () => {
  await served(
    async ({ url }) => {
      const text = await (await fetch(`${url}/metrics`, as('match'))).text();
      expect(text).toContain('onlyhashes_list_revision 40\n');
      expect(text).not.toContain('lag');
    },
    {
      follower: { blocklist, revision: 40 },
      store: { revision: () => Promise.reject(new Error('away')) } as never,
    },
  );
});

test('time buckets include their upper bound, and labels are escaped', () => {
  const metrics = new Metrics();
  for (const milliseconds of [0.5, 1, 1.1, 70_000])
    metrics.answered('GET', '/a', 200, milliseconds);
  metrics.count('a_total', 'A.', { word: 'a"b\\c\nd' });
  const lines = metrics.text().split('\n');
  expect(lines).toContain('onlyhashes_request_seconds_bucket{route="/a",le="0.001"} 2');
  expect(lines).toContain('onlyhashes_request_seconds_bucket{route="/a",le="0.0025"} 3');
  expect(lines).toContain('onlyhashes_request_seconds_bucket{route="/a",le="60"} 3');
  expect(lines).toContain('onlyhashes_request_seconds_bucket{route="/a",le="+Inf"} 4');
  expect(lines).toContain('a_total{word="a\\"b\\\\c\\nd"} 1');
});

test('a service without a list, or with two, is refused', () => {
  const list = createBlocklist([]);
  expect(() => createService({})).toThrow(TypeError);
  expect(() =>
    createService({ blocklist: list, follower: { blocklist: list, revision: 1 } }),
  ).toThrow(TypeError);
});

test('pending removals of fetches are reported, and confirmed by curators', async () => {
  const held = { removals: 30, of: 40, sinceSeconds: 1_767_225_600, isConfirmed: false };
  const fetchedBlocklist = createBlocklist([]);
  const state = { generation: 0, provenance: '', unknown: [] };
  const keep = (fetched: Fetched) => fetchedBlocklist.apply({ settings: { 'a/b': { fetched } } });
  const kept: Fetched & FetchState = { ...state, pendingRemovals: { ...held, keys: 'AA==' } };
  await keep(kept);
  const ask = async (options: object, method: string, path: string) => {
    const { handler } = createService({ blocklist: fetchedBlocklist, pool, ...options });
    const response = await handler(new Request(`http://localhost${path}`, { method }), {
      address: '127.0.0.1',
    });
    return [response.status, await response.json()];
  };
  const told = { list: 'a/b', removals: 30, of: 40, since: '2026-01-01T00:00:00.000Z' };
  const ready = async (options: object) => await ask(options, 'GET', '/health/ready');
  expect(await ready({})).toEqual([
    200,
    { status: 'ready', pendingRemovals: [{ ...told, isConfirmed: false }] },
  ]);
  const confirm = '/v1/lists/a%2Fb/confirm';
  expect(await ask({}, 'POST', '/v1/lists/a/confirm')).toMatchObject([404, {}]);
  expect(await ask({}, 'POST', '/v1/lists/b/confirm')).toMatchObject([404, {}]);
  expect(await ask({}, 'POST', confirm)).toEqual([200, { list: 'a/b', isConfirmed: true }]);
  expect(await ready({})).toMatchObject([200, { pendingRemovals: [{ isConfirmed: true }] }]);
  await keep({ ...state });
  expect(await ready({})).toEqual([200, { status: 'ready' }]);
  // What a follower tells is from memory: the store is not asked.
  const follower = { blocklist, revision: 3, pendingRemovals: [{ ...held, list: 'a/b' }] };
  const store = {
    revision: () => new Promise<number>(() => {}),
    confirm: async (name: string) => ({ confirmed: name === 'a/b', revision: 4 }),
  };
  const alone = { blocklist: undefined, follower };
  expect(await ask(alone, 'POST', confirm)).toMatchObject([501, { code: 'not-available' }]);
  const following = { ...alone, store };
  expect(await ready(following)).toMatchObject([200, { pendingRemovals: [told] }]);
  expect(await ask(following, 'POST', confirm)).toMatchObject([200, { isConfirmed: true }]);
});
