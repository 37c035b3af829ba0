import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeService } from '../../../src/services/fake-service.js';
import { ThreatExchangeClient } from '../../../src/services/threat-exchange/client.js';
import {
  type FakeThreatExchange,
  fakeThreatExchange,
} from '../../../src/services/threat-exchange/fake.js';
import { updateOfThreat } from '../../../src/services/threat-exchange/format.js';
import type { TimedCheckpoint } from '../../../src/services/timed-fetch.js';
import { errorOf, examFaults, fetchInto, type Kept, sorted } from '../list-fetching.js';
import { stillClock } from '../still-clock.js';

const DAY = 86_400;
const TOKEN = '1234567890|secret-of-the-app';
const START = 1_600_000_000;

let seconds: number;
let service: FakeThreatExchange;
beforeEach(async () => {
  seconds = START + DAY;
  service = await fakeThreatExchange({ accessToken: TOKEN, maxPageSize: 3, reorderSeed: 5 });
});
afterEach(() => service.close());

const client = (options: object = {}) =>
  new ThreatExchangeClient({ accessToken: TOKEN }, '1', {
    baseUrl: service.url,
    clock: stillClock(() => seconds),
    ...options,
  });

const recordOf = (n: number, hex = n) => ({
  id: `${n}`,
  indicator: hex.toString(16).padStart(64, 'a'),
  type: 'HASH_PDQ',
  shouldDelete: false,
  descriptors: [{ id: '1', ownerId: '2', status: 'MALICIOUS', tags: [], reactions: [] }],
});

const newKept = (): Kept<TimedCheckpoint> => ({ list: new Map() });
const listed = (from = service) =>
  sorted(from.records().map((record) => updateOfThreat(record, 'ThreatExchange/1')));

test('gives every record, and the token is in headers only', async () => {
  for (let n = 0; n < 8; n++) service.put(recordOf(n));
  const pages = [];
  for await (const page of client({ types: ['HASH_PDQ', 'HASH_MD5'] }).fetchUpdates()) {
    pages.push(page);
  }
  expect(pages.map(({ updates }) => updates.length)).toEqual([3, 3, 2]);
  expect(pages.map(({ checkpoint }) => checkpoint)).toEqual([
    undefined,
    undefined,
    { timestampSeconds: START + 7, fetchedSeconds: seconds },
  ]);
  expect(pages[0]!.updates[0]!.source).toBe('ThreatExchange/1');
  for (const { path, query, headers } of service.requests) {
    expect(path).toBe('/1/threat_updates/');
    expect(`${query}`).not.toContain('secret');
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(query.get('fields')).toContain('descriptors{id,reactions,owner{id},tags,status}');
    expect(query.get('types')).toBe('HASH_PDQ,HASH_MD5');
  }
});

test('resumes a second before its checkpoint, and starts over after 85 days', async () => {
  const kept = newKept();
  for (let n = 0; n < 4; n++) service.put(recordOf(n));
  await fetchInto(kept, client());
  service.put(recordOf(1, 77));
  service.remove('2');
  const asked = service.requests.length;
  await fetchInto(kept, client());
  expect(service.requests[asked]!.query.get('start_time')).toBe(`${START + 2}`);
  expect(sorted(kept.list.values())).toEqual(listed());
  const checkpoint = kept.checkpoint!;
  expect(client().mustRestart(checkpoint, seconds + 85 * DAY)).toBe(false);
  expect(client().mustRestart(checkpoint, seconds + 85 * DAY + 1)).toBe(true);
  expect(client().mustRestart(checkpoint, seconds - 2 * DAY)).toBe(true);
  seconds += 86 * DAY;
  const { value } = await client().fetchUpdates({ checkpoint }).next();
  expect(value).toMatchObject({ isFromStart: true });
  expect(service.requests.at(-1)!.query.has('start_time')).toBe(false);
});

test('an invalid checkpoint is refused', async () => {
  const refusal = new TypeError('expected a checkpoint: { timestampSeconds, fetchedSeconds }');
  expect(() => client().mustRestart(1 as never, seconds)).toThrow(refusal);
  await expect(
    client()
      .fetchUpdates({ checkpoint: 1 as never })
      .next(),
  ).rejects.toThrow(refusal);
});

test('a fetch begins when its first page is requested', async () => {
  const updates = client().fetchUpdates();
  seconds += 5;
  const { value } = await updates.next();
  expect(value).toMatchObject({ checkpoint: { fetchedSeconds: START + DAY + 5 } });
});

test('a time in the future does not move the checkpoint past earlier changes', async () => {
  seconds = START;
  for (let n = 0; n < 5; n++) service.put(recordOf(n));
  const kept = newKept();
  await fetchInto(kept, client());
  expect(kept.checkpoint).toEqual({ timestampSeconds: START, fetchedSeconds: START });
});

describe('failure', () => {
  examFaults(async (reorderSeed) => {
    const fake = await fakeThreatExchange({
      ...{ accessToken: TOKEN, maxPageSize: 3 },
      ...(reorderSeed !== undefined && { reorderSeed }),
    });
    return {
      fake,
      client: () => client({ baseUrl: fake.url, tries: 1 }),
      put: (n, version) => fake.put(recordOf(n, version)),
      remove: (n) => fake.remove(`${n}`),
      listed: () => listed(fake),
    };
  });

  test.each(['https://elsewhere.example/?a=1', 'again'])('a link to %s', async (to) => {
    const astray = await startFakeService(() => ({
      body: { data: [], paging: { next: to === 'again' ? `${astray.url}/1` : to } },
    }));
    try {
      const fetching = fetchInto(newKept(), client({ baseUrl: astray.url }));
      expect(await errorOf(fetching)).toMatchObject({ code: 'bad-reply' });
    } finally {
      await astray.close();
    }
  });

  test('of the token, and a malformed record', async () => {
    const wrong = new ThreatExchangeClient({ accessToken: '1|secret' }, '1', {
      baseUrl: service.url,
    });
    expect(await errorOf(fetchInto(newKept(), wrong))).toMatchObject({ code: 'unauthorized' });
    service.put({ ...recordOf(1), indicator: 'no hash' });
    const problems: string[] = [];
    const onProblem = ({ code }: { code: string }) => problems.push(code);
    service.fail({ kind: 'cut' });
    for await (const { updates } of client().fetchUpdates({ onProblem })) {
      expect(updates).toHaveLength(1);
    }
    expect(problems).toEqual(['bad-hash']);
    await expect(fetchInto(newKept(), client())).rejects.toMatchObject({ name: 'FormatError' });
  });
});

test('options are checked', () => {
  const make =
    (token: unknown, group: unknown, options: object = {}) =>
    () =>
      new ThreatExchangeClient({ accessToken: token } as never, group as never, options);
  expect(make('a|b', '1')).not.toThrow();
  expect(make(7, '1')).toThrow(TypeError);
  expect(make('a|b\n', '1')).toThrow(RangeError);
  expect(make('a|b', 1)).toThrow(TypeError);
  expect(make('a|b', '../1')).toThrow(RangeError);
  expect(make('a|b', '1', { types: ['a b'] })).toThrow(TypeError);
  expect(make('a|b', '1', { pageSize: 0 })).toThrow(RangeError);
});
