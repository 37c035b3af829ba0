import { afterEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../../src/services/fake-service.js';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import { type FakeStopNcii, fakeStopNcii } from '../../../src/services/stop-ncii/fake.js';
import { type StopNciiRecord, updateOfStopNcii } from '../../../src/services/stop-ncii/format.js';
import type { TimedCheckpoint } from '../../../src/services/timed-fetch.js';
import { errorOf, examFaults, fetchInto, type Kept, sorted } from '../list-fetching.js';
import { stillClock } from '../still-clock.js';

const KEYS = {
  subscriptionKey: 'subscription',
  fetchHashesKey: 'key',
  submitFeedbackKey: 'key',
};
const DAY = 86_400;
const START = 1_600_000_000;

let running: FakeStopNcii[] = [];
afterEach(async () => {
  await Promise.all(running.map((each) => each.close()));
  running = [];
});
async function fake(options: Parameters<typeof fakeStopNcii>[0] = {}): Promise<FakeStopNcii> {
  const service = await fakeStopNcii({
    startSeconds: START,
    keys: { subscriptionKey: 'subscription', functionKey: 'key' },
    ...options,
  });
  running.push(service);
  return service;
}

const hexOf = (n: number) => n.toString(16).padStart(64, 'a');
const record = (n: number, hashStatus = 'Active'): Omit<StopNciiRecord, 'lastModtimestamp'> => ({
  signalType: 'ImagePDQ',
  hashValue: hexOf(n),
  hashStatus,
  caseNumbers: [{ id: `case ${n}`, status: hashStatus }],
  feedbacks: [],
});

let now = START + DAY;
const clientOf = (service: FakeStopNcii, options: object = {}) =>
  new StopNciiClient(KEYS, {
    baseUrl: service.url,
    pageSize: 3,
    tries: 1,
    timeoutSeconds: 10,
    clock: stillClock(() => now),
    ...options,
  });

const listOf = (service: FakeStopNcii) => sorted(service.records().map(updateOfStopNcii));

test('a list is fetched in pages, and the next fetch resumes from a second before', async () => {
  const service = await fake();
  for (let n = 0; n < 7; n++) service.put(record(n));
  const kept: Kept<TimedCheckpoint> = { list: new Map() };
  await fetchInto(kept, clientOf(service));
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  expect(kept.checkpoint).toEqual({ timestampSeconds: START + 6, fetchedSeconds: now });
  expect(service.requests.map(({ query }) => `${query}`)).toEqual([
    'startTimestamp=10&pageSize=3',
    'startTimestamp=10&pageSize=3&nextPageToken=page+1',
    'startTimestamp=10&pageSize=3&nextPageToken=page+2',
  ]);
  service.setStatus(hexOf(2), 'Withdrawn');
  service.put(record(8));
  await fetchInto(kept, clientOf(service));
  expect(sorted(kept.list.values())).toEqual(listOf(service));
  expect(kept.list.get(`ImagePDQ:${hexOf(2)}`)!.state).toBe('withdrawn');
  expect(service.requests).toHaveLength(5);
  expect(service.requests[3]!.query.get('startTimestamp')).toBe(`${START + 5}`);
});

test('the checkpoint is the newest of all pages, though the last one has an older', async () => {
  const service = await fake({ reorderSeed: 3, maxPageSize: 2 });
  for (let n = 0; n < 9; n++) service.put(record(n));
  const kept: Kept<TimedCheckpoint> = { list: new Map() };
  const told: number[] = [];
  const spying = async (url: string, init: object) => {
    const reply = await fetch(url, init);
    told.push((await reply.clone().json()).nextSetTimestamp);
    return reply;
  };
  await fetchInto(kept, clientOf(service, { fetch: spying }));
  expect(told).not.toEqual([...told].sort());
  expect(told.at(-1)).toBeLessThan(START + 8);
  expect(kept.checkpoint!.timestampSeconds).toBe(START + 8);
});

describe('failure', () => {
  examFaults(async (reorderSeed) => {
    const service = await fake(reorderSeed === undefined ? {} : { reorderSeed });
    return {
      fake: service,
      client: () => clientOf(service),
      put: (n) => service.put(record(n)),
      remove: (n) => service.setStatus(hexOf(n), n % 2 ? 'Deleted' : 'Withdrawn'),
      listed: () => listOf(service),
    };
  });
});

test('a stall at any page ends in a timeout, and a fault that passes is invisible', async () => {
  const service = await fake();
  for (let n = 0; n < 8; n++) service.put(record(n));
  for (let step = 0; step < 3; step++) {
    for (const afterBytes of [undefined, 50]) {
      const kept: Kept<TimedCheckpoint> = { list: new Map() };
      const stall: Fault = { kind: 'stall', ...(afterBytes && { afterBytes }) };
      service.fail(stall, { skip: step });
      const client = clientOf(service, { timeoutSeconds: 0.3 });
      await expect(fetchInto(kept, client)).rejects.toMatchObject({ code: 'timeout' });
      expect(kept.checkpoint).toBeUndefined();
      service.fail(stall, { skip: step });
      await fetchInto(kept, clientOf(service, { timeoutSeconds: 0.5, tries: 4 }));
      expect(sorted(kept.list.values())).toEqual(listOf(service));
    }
  }
});

test('after 30 days without a fetch, it begins from the start, and drops removed entries', async () => {
  const service = await fake();
  for (let n = 0; n < 4; n++) service.put(record(n));
  const kept: Kept<TimedCheckpoint> = { list: new Map() };
  await fetchInto(kept, clientOf(service));
  const client = clientOf(service);
  const { checkpoint } = kept;
  const fetched = checkpoint!.fetchedSeconds;
  expect(client.mustRestart(checkpoint!, fetched + 30 * DAY)).toBe(false);
  expect(client.mustRestart(checkpoint!, fetched + 30 * DAY + 1)).toBe(true);
  // A clock that was wrong.
  expect(client.mustRestart(checkpoint!, fetched - 2 * DAY)).toBe(true);
  const before = now;
  try {
    now = fetched + 31 * DAY;
    // The service forgot one in between.
    const other = await fake();
    for (let n = 0; n < 3; n++) other.put(record(n));
    await fetchInto(kept, clientOf(other));
    expect(other.requests[0]!.query.get('startTimestamp')).toBe('10');
    expect(sorted(kept.list.values())).toEqual(listOf(other));
    expect(kept.checkpoint!.fetchedSeconds).toBe(now);
  } finally {
    now = before;
  }
});

test('an invalid checkpoint is refused', async () => {
  const client = clientOf(await fake());
  const refusal = new TypeError('expected a checkpoint: { timestampSeconds, fetchedSeconds }');
  expect(() => client.mustRestart(1 as never, now)).toThrow(refusal);
  await expect(client.fetchUpdates({ checkpoint: 1 as never }).next()).rejects.toThrow(refusal);
});

test('a time in the future does not hide changes until then', async () => {
  const service = await fake({ startSeconds: START + 400 * DAY });
  service.put(record(1));
  const kept: Kept<TimedCheckpoint> = { list: new Map() };
  await fetchInto(kept, clientOf(service));
  expect(kept.checkpoint!.timestampSeconds).toBe(now);
});

test('a repeated page token ends the fetch', async () => {
  const service = await fake();
  const page = { count: 0, nextSetTimestamp: 1, nextPageToken: 'a', hasMoreRecords: true };
  service.fail({ kind: 'status', status: 200, body: { ...page, hashRecords: [] } }, { times: 9 });
  const call = fetchInto({ list: new Map() }, clientOf(service));
  await expect(call).rejects.toMatchObject({ code: 'bad-reply' });
  expect(service.requests).toHaveLength(2);
});

test('unknown words of a service are reported with their page', async () => {
  const service = await fake();
  service.put({ ...record(1, 'Paused'), further: { reviewers: 3 } });
  service.put({ ...record(2), signalType: 'PhotoDNA' });
  const kept: Kept<TimedCheckpoint> = { list: new Map() };
  expect(await fetchInto(kept, clientOf(service))).toEqual([
    { field: 'reviewers', count: 1 },
    { field: 'hashStatus', word: 'Paused', count: 1 },
    { field: 'caseNumbers', word: 'Paused', count: 1 },
    { field: 'signalType', word: 'PhotoDNA', count: 1 },
  ]);
  expect(sorted(kept.list.values())).toEqual(listOf(service));
});

test('an abandoned fetch requests nothing more, and a signal ends it', async () => {
  const service = await fake();
  for (let n = 0; n < 9; n++) service.put(record(n));
  for await (const _ of clientOf(service).fetchUpdates()) break;
  expect(service.requests).toHaveLength(1);
  const stop = new AbortController();
  const pages = clientOf(service).fetchUpdates({ signal: stop.signal });
  await pages.next();
  stop.abort('enough');
  await expect(pages.next()).rejects.toBe('enough');
});

test('a wrong key is reported, and not quoted', async () => {
  const service = await fake();
  const client = new StopNciiClient(
    { ...KEYS, fetchHashesKey: 'wrong-key' },
    { baseUrl: service.url },
  );
  const error = await errorOf(client.fetchUpdates().next(), ['wrong-key']);
  expect(error).toMatchObject({ name: 'ServiceError', code: 'unauthorized', status: 401 });
  expect(error.message).toBe('StopNCII: FetchHashes was answered with status 401');
  await expect(
    new StopNciiClient({ subscriptionKey: 'a' }, { baseUrl: service.url }).submitFeedback([]),
  ).rejects.toThrow('expected submitFeedbackKey for this call');
});

const FEEDBACK = { hashValue: hexOf(1), feedbackValue: 'Blocked', tags: ['b', 'a'] };

test('feedback is posted once and read back', async () => {
  const service = await fake({ company: 'Us' });
  service.put(record(1));
  service.put(record(2));
  const client = clientOf(service);
  expect(await client.findFeedback([FEEDBACK], { source: 'Us' })).toEqual([]);
  expect(await client.submitFeedback([FEEDBACK])).toBe('done');
  expect(service.records()[0]!.feedbacks).toEqual([
    { source: 'Us', feedbackValue: 'Blocked', tags: ['b', 'a'] },
  ]);
  const other = { ...FEEDBACK, hashValue: hexOf(2) };
  const upper = { ...FEEDBACK, hashValue: FEEDBACK.hashValue.toUpperCase(), tags: ['a', 'b'] };
  const changed = { ...FEEDBACK, feedbackValue: 'NotBlocked' };
  const asked = [other, upper, changed];
  expect(await client.findFeedback(asked, { source: 'Us' })).toEqual([upper]);
  expect(await client.findFeedback(asked, { source: 'Them' })).toEqual([]);
  const since = { source: 'Us', sinceSeconds: START + 2 };
  expect(await client.findFeedback(asked, since)).toEqual([upper]);
});

test.each([
  ['did not arrive', { kind: 'reset' }, false],
  ['failed', { kind: 'status', status: 500 }, false],
  ['arrived, but its answer did not', { kind: 'cut' }, true],
  ['arrived, and nothing was answered', { kind: 'stall' }, true],
] as [string, Fault, boolean][])(
  'a post that %s is unknown, is not repeated, and is settled by reading back',
  async (_, fault, hasArrived) => {
    const service = await fake();
    service.put(record(1));
    const client = clientOf(service, { tries: 9, timeoutSeconds: 0.5 });
    service.fail(fault, { when: ({ method }) => method === 'POST' });
    expect(await client.submitFeedback([FEEDBACK])).toBe('unknown');
    expect(service.requests).toHaveLength(1);
    const found = await client.findFeedback([FEEDBACK], { source: 'Us' });
    expect(found).toEqual(hasArrived ? [FEEDBACK] : []);
  },
);

test('a post that is refused is an error', async () => {
  const service = await fake();
  for (const [status, code] of [
    [400, 'rejected'],
    [403, 'unauthorized'],
    [429, 'busy'],
  ] as const) {
    service.fail({ kind: 'status', status });
    await expect(clientOf(service).submitFeedback([FEEDBACK])).rejects.toMatchObject({ code });
  }
});
