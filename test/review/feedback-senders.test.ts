import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewFeedback } from '../../src/review/feedback-item.js';
import { ncmecFeedback, stopNciiFeedback } from '../../src/review/feedback-senders.js';
import type { FakeRequest, Fault } from '../../src/services/fake-service.js';
import { NcmecClient } from '../../src/services/ncmec/client.js';
import { type FakeNcmec, fakeNcmec } from '../../src/services/ncmec/fake.js';
import { StopNciiClient } from '../../src/services/stop-ncii/client.js';
import { type FakeStopNcii, fakeStopNcii } from '../../src/services/stop-ncii/fake.js';
import type { FeedbackQueue } from '../../src/store/reviews/feedback-queue.js';
import { hexOf } from '../matching/reviews.js';
import { stillClock } from '../services/still-clock.js';
import { EMBEDDED } from '../store/engines.js';
import { sharedStore } from '../store/shared-store.js';

const { store } = sharedStore(EMBEDDED);

const HASH = hexOf(3);
const CREDENTIALS = { user: 'user', password: 'password' };
const KEYS = { subscriptionKey: 'a', fetchHashesKey: 'b', submitFeedbackKey: 'b' };

let stopNcii: FakeStopNcii;
let ncmec: FakeNcmec;
let queue: FeedbackQueue;
const clock = { time: 0 };

beforeEach(async () => {
  clock.time = 2_000_000_000_000;
  stopNcii = await fakeStopNcii({
    keys: { subscriptionKey: 'a', functionKey: 'b' },
    startSeconds: clock.time / 1000,
  });
  ncmec = await fakeNcmec();
  const more = { hashStatus: 'Active', caseNumbers: [], feedbacks: [] };
  stopNcii.put({ signalType: 'ImagePDQ', hashValue: HASH, ...more });
  ncmec.put({
    ...{ kind: 'image', isDeleted: false, memberId: '7', id: 'a', votes: [] },
    timestamp: '2026-11-26T10:00:00Z',
    fingerprints: [{ type: 'pdq', value: HASH }],
  });
  queue = await opened();
});
afterEach(() => Promise.all([queue.close(), stopNcii.close(), ncmec.close()]));

function opened(keys: Partial<typeof KEYS> = KEYS, password = 'password'): Promise<FeedbackQueue> {
  const options = { timeoutSeconds: 1, clock: stillClock(() => clock.time / 1000), tries: 2 };
  return store().feedbackQueue({
    senders: {
      StopNCII: stopNciiFeedback(
        new StopNciiClient(
          { subscriptionKey: 'a', ...keys },
          { ...options, baseUrl: stopNcii.url },
        ),
        { company: 'Us' },
      ).sender,
      ncmec: ncmecFeedback(
        new NcmecClient({ ...CREDENTIALS, password }, { ...options, baseUrl: ncmec.url }),
      ).sender,
    },
    now: () => clock.time,
  });
}

const blocked: NewFeedback = {
  id: 'one',
  to: 'StopNCII',
  entry: HASH,
  body: { hashValue: HASH, feedbackValue: 'Blocked', tags: ['a'] },
};
const vote: NewFeedback = {
  id: 'two',
  to: 'ncmec',
  entry: '7/a',
  body: { memberId: '7', id: 'a', type: 'PDQ', says: 'negative', reasonIds: ['r'] },
};

/** Sends until nothing is open, with the pauses skipped. */
async function drain(): Promise<void> {
  for (;;) {
    const { nextDue } = await queue.send();
    if (nextDue === undefined) return;
    clock.time = nextDue;
  }
}

const posts = () => stopNcii.requests.filter(({ method }) => method === 'POST');
const puts = () => ncmec.requests.filter(({ method }) => method === 'PUT');
const listed = () => stopNcii.records()[0]!.feedbacks;
const isPost = { when: ({ method }: FakeRequest) => method === 'POST' };
const isGet = { when: ({ method }: FakeRequest) => method === 'GET' };

test('both services received what was sent', async () => {
  await queue.add(blocked);
  await queue.add(vote);
  expect(await queue.send()).toEqual({ done: 2, open: 0, stuck: 0 });
  expect(listed()).toEqual([{ source: 'Us', feedbackValue: 'Blocked', tags: ['a'] }]);
  expect(ncmec.votes()).toEqual([
    { memberId: '7', id: 'a', type: 'PDQ', says: 'negative', reasonIds: ['r'] },
  ]);
});

/** Failures in which the service does or does not do what it was asked. */
const NO_ANSWER: [string, Fault][] = [false, true].flatMap((takesEffect) =>
  [
    { kind: 'cut', takesEffect } as const,
    { kind: 'stall', takesEffect } as const,
    { kind: 'reset', takesEffect } as const,
    { kind: 'status', status: 500, takesEffect } as const,
  ].map((fault): [string, Fault] => [
    `${fault.kind}, ${takesEffect ? 'taken' : 'not taken'}`,
    fault,
  ]),
);

describe('a StopNCII that does not answer', () => {
  test.each(NO_ANSWER)(
    '%s: it is read back, and posted again only if missing',
    async (_, fault) => {
      stopNcii.fail(fault, isPost);
      await queue.add(blocked);
      expect(await queue.send()).toMatchObject({ done: 0, open: 1 });
      expect(await queue.items()).toMatchObject([{ state: 'unknown' }]);
      await drain();
      expect(listed()).toHaveLength(1);
      expect(posts()).toHaveLength(fault.takesEffect ? 1 : 2);
      const [read] = stopNcii.requests.filter(isGet.when);
      const since = Number(read!.query.get('startTimestamp'));
      // The list is read from a day before, not from its start.
      expect(2_000_000_000 - since).toBeGreaterThan(86_000);
      expect(2_000_000_000 - since).toBeLessThanOrEqual(86_400);
    },
  );

  test('nor when it is read back: nothing is posted until it answers', async () => {
    stopNcii.fail({ kind: 'cut' }, isPost);
    // The reading client tries each of them twice.
    stopNcii.fail({ kind: 'status', status: 500 }, { ...isGet, times: 6 });
    await queue.add(blocked);
    await drain();
    expect(posts()).toHaveLength(1);
    expect(stopNcii.requests.filter(isGet.when)).toHaveLength(7);
  });

  test('and lists it late: it is posted twice, which cannot be ruled out', async () => {
    stopNcii.fail({ kind: 'cut' }, isPost);
    const nothing = { hashRecords: [], nextSetTimestamp: 10, hasMoreRecords: false, count: 0 };
    stopNcii.fail({ kind: 'status', status: 200, body: nothing }, isGet);
    await queue.add(blocked);
    await drain();
    expect(posts()).toHaveLength(2);
    expect(listed()).toHaveLength(1);
  });
});

test.each(NO_ANSWER)(
  'an NCMEC that does not answer (%s) is sent the vote again',
  async (_, fault) => {
    // As often as the client tries by itself.
    ncmec.fail(fault, { times: 2 });
    await queue.add(vote);
    expect(await queue.send()).toMatchObject({ done: 0, open: 1 });
    await drain();
    expect(puts()).toHaveLength(3);
    expect(ncmec.votes()).toHaveLength(1);
  },
);

describe('feedback that a service refuses', () => {
  test.each([400, 404, 409, 422])('(%i) is stuck at once, and holds up nothing', async (status) => {
    stopNcii.fail({ kind: 'status', status });
    ncmec.fail({ kind: 'status', status });
    await queue.add(blocked);
    await queue.add(vote);
    await queue.add({ ...blocked, id: 'later' });
    expect(await queue.send()).toMatchObject({ done: 1, open: 0, stuck: 2 });
    expect((await queue.stuck()).map(({ id }) => id)).toEqual(['one', 'two']);
  });

  test.each([401, 403, 429])('for now (%i) waits, and is sent later', async (status) => {
    stopNcii.fail({ kind: 'status', status }, { times: 2 });
    ncmec.fail({ kind: 'status', status }, { times: 2 });
    await queue.add(blocked);
    await queue.add(vote);
    expect(await queue.send()).toMatchObject({ open: 2, stuck: 0 });
    await drain();
    expect(listed()).toHaveLength(1);
    expect(ncmec.votes()).toHaveLength(1);
    // Surely not taken, so nothing had to be read back.
    expect(stopNcii.requests.some(isGet.when)).toBe(false);
  });

  test('for wrong or missing keys is kept until they are corrected', async () => {
    await queue.close();
    const { submitFeedbackKey: _, ...keys } = KEYS;
    queue = await opened(keys, 'wrong');
    await queue.add(blocked);
    await queue.add(vote);
    await drain();
    expect((await queue.stuck()).map(({ id }) => id)).toEqual(['one', 'two']);
    expect([posts(), ncmec.votes()]).toEqual([[], []]);
  });

  test.each([
    ['no object', 7],
    ['other members', { a: 1 }],
    ['words of another kind', { hashValue: 1, memberId: 1, id: 1, type: 1, says: 1 }],
    ['no reasons', { memberId: '7', id: 'a', type: 'PDQ', says: 'negative' }],
    ['a path', { memberId: '..', id: 'a', type: 'PDQ', says: 'affirmative' }],
  ])('or that is no feedback (%s) is stuck, and nothing is sent', async (_, body) => {
    await queue.add({ ...blocked, body });
    await queue.add({ ...vote, body });
    expect(await queue.send()).toMatchObject({ done: 0, open: 0, stuck: 2 });
    expect([...stopNcii.requests, ...ncmec.requests]).toEqual([]);
  });
});
