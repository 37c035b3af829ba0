import { afterEach, describe, expect, test } from 'vitest';
import {
  type TechAgainstTerrorismCheckpoint,
  TechAgainstTerrorismClient,
} from '../../../src/services/tech-against-terrorism/client.js';
import {
  type FakeTechAgainstTerrorism,
  fakeTechAgainstTerrorism,
} from '../../../src/services/tech-against-terrorism/fake.js';
import {
  type TechAgainstTerrorismRecord,
  updateOfTechAgainstTerrorism,
} from '../../../src/services/tech-against-terrorism/format.js';
import { errorOf, examFaults, fetchInto, type Kept, sorted } from '../list-fetching.js';
import { stillClock } from '../still-clock.js';

const LOGIN = { username: 'us & them', password: 'pass=word?ä' };

let running: FakeTechAgainstTerrorism[] = [];
afterEach(async () => {
  await Promise.all(running.map((each) => each.close()));
  running = [];
});
async function fake(options: Parameters<typeof fakeTechAgainstTerrorism>[0] = {}) {
  const service = await fakeTechAgainstTerrorism({ pageSize: 3, login: LOGIN, ...options });
  running.push(service);
  return service;
}
const record = (n: number): Omit<TechAgainstTerrorismRecord, 'updatedOn'> => ({
  id: `${n}`,
  algorithm: n % 3 ? 'PDQ' : 'MD5',
  hashDigest: n.toString(16).padStart(n % 3 ? 64 : 32, 'b'),
  ideology: 'Islamist',
  deleted: false,
});
const clientOf = (service: FakeTechAgainstTerrorism, options: object = {}) =>
  new TechAgainstTerrorismClient(LOGIN, {
    baseUrl: service.url,
    tries: 1,
    timeoutSeconds: 10,
    clock: stillClock(() => 1_800_000_000),
    ...options,
  });
const listOf = (service: FakeTechAgainstTerrorism) =>
  sorted(service.records().map(updateOfTechAgainstTerrorism));
type State = Kept<TechAgainstTerrorismCheckpoint>;
const pathsOf = (service: FakeTechAgainstTerrorism) =>
  service.requests.map(({ path, query }) => `${path}?${decodeURIComponent(`${query}`)}`);

test('logs in once, requests each page by the checkpoint before, and resumes from there', async () => {
  const service = await fake();
  for (let n = 0; n < 7; n++) service.put(record(n));
  const kept: State = { list: new Map() };
  const client = clientOf(service);
  await fetchInto(kept, client);
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  service.remove('2');
  await fetchInto(kept, client);
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  expect(kept.list.get('2')!.state).toBe('deleted');
  expect(pathsOf(service)).toEqual([
    '/token-auth/tcap/?',
    '/api/hash-list/v2/all?order=asc',
    '/api/hash-list/v2/all?order=asc&after=1700000002.5,2',
    '/api/hash-list/v2/all?order=asc&after=1700000005.5,5',
    '/api/hash-list/v2/all?order=asc&after=1700000006.5,6',
  ]);
  expect(kept.checkpoint).toEqual({
    after: '1700000007.5,2',
    fetchedSeconds: 1_800_000_000,
  });
  await fetchInto(kept, client);
  expect(kept.checkpoint!.after).toBe('1700000007.5,2');
  expect(client.mustRestart(kept.checkpoint!, 9e9)).toBe(false);
});

test('a record that changes between two pages hides no other', async () => {
  for (const pageCheckpoints of [true, false]) {
    const service = await fake({ pageCheckpoints });
    for (let n = 0; n < 9; n++) service.put(record(n));
    const kept: State = { list: new Map() };
    const pages = clientOf(service).fetchUpdates();
    for await (const { updates } of pages) {
      for (const update of updates) kept.list.set(update.key, update);
      if (service.requests.length === 2) service.remove('0');
    }
    // Links with an offset pass over number 3, which is why checkpoints come first.
    expect(kept.list.has('3')).toBe(pageCheckpoints);
    if (pageCheckpoints) expect(sorted(kept.list.values())).toEqual(listOf(service));
  }
});

test('without checkpoints, links are followed as they are', async () => {
  const service = await fake({ pageCheckpoints: false, reorderSeed: 4 });
  for (let n = 0; n < 7; n++) service.put(record(n));
  const kept: State = { list: new Map() };
  await fetchInto(kept, clientOf(service));
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  expect(pathsOf(service).slice(1)).toEqual([
    '/api/hash-list/v2/all?order=asc',
    '/api/hash-list/v2/all?order=asc&limit=3&offset=3',
    '/api/hash-list/v2/all?order=asc&limit=3&offset=6',
  ]);
});

test('a link to another machine is not followed, so that the token stays', async () => {
  const service = await fake();
  const elsewhere = await fake();
  const body = { count: 1, next: `${elsewhere.url}/api/hash-list/v2/all`, results: [] };
  service.fail({ kind: 'status', status: 200, body }, { when: ({ method }) => method === 'GET' });
  const call = fetchInto({ list: new Map() }, clientOf(service));
  await expect(call).rejects.toMatchObject({ code: 'bad-reply' });
  expect(elsewhere.requests).toEqual([]);
});

test('pages that lead in a circle end the fetch', async () => {
  const service = await fake();
  for (const checkpoint of [null, 'a']) {
    const body = { next: '/api/hash-list/v2/all?offset=0', checkpoint, results: [] };
    const when = ({ method }: { method: string }) => method === 'GET';
    service.fail({ kind: 'status', status: 200, body }, { when, times: 3 });
    const call = fetchInto({ list: new Map() }, clientOf(service));
    await expect(call).rejects.toMatchObject({ code: 'bad-reply' });
    service.heal();
  }
});

test('a token that is too old is replaced, once', async () => {
  const service = await fake();
  for (let n = 0; n < 9; n++) service.put(record(n));
  const kept: State = { list: new Map() };
  const client = clientOf(service);
  for await (const { updates } of client.fetchUpdates()) {
    for (const update of updates) kept.list.set(update.key, update);
    service.expireTokens();
  }
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  service.expireTokens();
  const when = ({ method }: { method: string }) => method === 'GET';
  service.fail({ kind: 'status', status: 401 }, { times: 2, when });
  expect(await errorOf(fetchInto(kept, client))).toMatchObject({ code: 'unauthorized' });
});

test('a wrong password is reported, and not quoted', async () => {
  const service = await fake();
  const client = new TechAgainstTerrorismClient(
    { username: 'us', password: 'wrong-password' },
    { baseUrl: service.url },
  );
  const error = await errorOf(client.fetchUpdates().next(), ['wrong-password']);
  expect(error).toMatchObject({ code: 'rejected', status: 400 });
  expect(error.message).toBe('Tech Against Terrorism: token-auth was answered with status 400');
  service.fail({ kind: 'status', status: 200, body: { token: 'a\nb' } });
  await expect(clientOf(service).fetchUpdates().next()).rejects.toMatchObject({
    code: 'bad-reply',
  });
});

describe('failure', () => {
  examFaults(async (reorderSeed) => {
    const service = await fake(reorderSeed === undefined ? {} : { reorderSeed });
    return {
      fake: service,
      client: () => clientOf(service),
      put: (n) => service.put(record(n)),
      remove: (n) => service.remove(`${n}`),
      listed: () => listOf(service),
    };
  });
});
