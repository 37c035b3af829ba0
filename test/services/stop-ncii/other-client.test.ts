import { afterEach, describe, expect, test } from 'vitest';
import { type FakeService, startFakeService } from '../../../src/services/fake-service.js';
import { fakeStopNcii } from '../../../src/services/stop-ncii/fake.js';
import type { StopNciiRecord } from '../../../src/services/stop-ncii/format.js';
import {
  statelessPages,
  stopNciiRecord,
  stopNciiReplies,
} from '../../../src/services/stop-ncii/serve.js';
import { ChangingList, hexOf } from './changing-list.js';
import { OtherClient } from './other-client.js';

interface Served {
  service: FakeService;
  /** lists hash number `n` */
  put(n: number, status?: 'Active' | 'Withdrawn'): void;
}

const running: FakeService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.close();
});

const recordOf = (n: number, status: string): StopNciiRecord =>
  stopNciiRecord({
    algorithm: n % 3 ? 'pdq' : 'md5',
    hex: n % 3 ? hexOf(n) : hexOf(n).slice(32),
    changedSeconds: 0,
    caseNumbers: [{ id: n.toString(16).padStart(32, '0'), status }],
    feedbacks: [],
  })!;

/** The fake, with its pages of a fetch that it remembers. */
const faked = (reorderSeed?: number) => async (): Promise<Served> => {
  const service = await fakeStopNcii({
    maxPageSize: 3,
    ...(reorderSeed !== undefined && { reorderSeed }),
    keys: { subscriptionKey: 'subscribed', functionKey: 'function' },
  });
  return { service, put: (n, status = 'Active') => service.put(recordOf(n, status)) };
};

/** A server whose tokens carry all state, and to which feedback is a change of the record. */
async function stateless(): Promise<Served> {
  const list = new ChangingList();
  const put = (record: StopNciiRecord) => {
    list.put(record);
    list.now++;
  };
  const replies = stopNciiReplies(
    {
      page: statelessPages(list.read),
      feedback: async (feedbacks) => {
        for (const { hashValue, feedbackValue, tags } of feedbacks) {
          const found = list.records().find((each) => each.hashValue === hashValue)!;
          put({ ...found, feedbacks: [{ source: 'Us', feedbackValue, tags }] });
        }
      },
    },
    { maxPageSize: 3 },
  );
  const service = await startFakeService(async ({ method, path, query, body }) => {
    const reply = await replies({ method, path: path.slice('/v1/'.length), query, body });
    return { ...reply, headers: { 'content-type': 'application/json' } };
  });
  const url = `${service.url}/v1`;
  return { service: { ...service, url }, put: (n, status = 'Active') => put(recordOf(n, status)) };
}

describe.each([
  ['the fake', faked()],
  ['the fake, reordered', faked(3)],
  ['a server without memory', stateless],
])('a client that shares no code with ours, at %s', (_, start) => {
  test('has the whole list, its changes, withdrawals and feedback', async () => {
    const { service, put } = await start();
    running.push(service);
    for (let n = 0; n < 10; n++) put(n);
    const client = new OtherClient(service.url);
    await client.fetch();
    expect(client.counts).toEqual([3, 3, 3, 1]);
    expect(client.active.size).toBe(10);
    expect(client.active.get(`VideoMD5 ${hexOf(3).slice(32)}`)!.caseNumbers).toEqual({
      '00000000-0000-0000-0000-000000000003': 'Active',
    });

    put(4, 'Withdrawn');
    put(11);
    await client.fetch();
    expect(client.active.size).toBe(10);
    expect(client.active.has(`ImagePDQ ${hexOf(4)}`)).toBe(false);
    expect(client.active.has(`ImagePDQ ${hexOf(11)}`)).toBe(true);
    // The last second before may be fetched again.
    expect(client.counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(3);

    expect(await client.post(hexOf(5), 'Blocked', ['Nude'])).toBe(200);
    await client.fetch();
    const { CSPFeedbacks } = client.active.get(`ImagePDQ ${hexOf(5)}`)!;
    expect(CSPFeedbacks).toEqual([{ source: 'Us', feedbackValue: 'Blocked', tags: ['Nude'] }]);
    expect(client.active.size).toBe(10);
  });
});
