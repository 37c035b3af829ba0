import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Blocklist } from '../../../src/blocklist/blocklist.js';
import { fetchList } from '../../../src/node/files/fetch-list.js';
import { openBlocklist } from '../../../src/node/files/open-blocklist.js';
import { scan } from '../../../src/server/uploads/scan.js';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import { type FakeStopNcii, fakeStopNcii } from '../../../src/services/stop-ncii/fake.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { poolOf } from '../../node/pool/pools.js';
import { stillClock } from '../still-clock.js';

const RECORDS = 10_000;
/** Videos that exist, of those that are listed; as many again are not listed. */
const VIDEOS = 200;
const WITHDRAWN = 60;

const videoOf = (n: number) => Buffer.from(`\0\0\0\x18ftypisom\0\0\x02\0isomiso2 video ${n}`);
const md5Of = (n: number) => createHash('md5').update(videoOf(n)).digest('hex');
const listed = (n: number, hashStatus = 'Active') => ({
  ...{ signalType: 'VideoMD5', hashValue: md5Of(n), hashStatus },
  ...{ caseNumbers: [{ id: `case ${n}`, status: hashStatus }], feedbacks: [] },
});
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const EXISTING = [...numbers(0, VIDEOS), ...numbers(RECORDS, VIDEOS)];

/** A list that is fetched. `restarted` gives what a program has that is started again. */
interface Kept {
  blocklist: Blocklist;
  fetch(): Promise<unknown>;
  restarted(): Promise<Kept>;
  close(): Promise<void>;
}

describe(`${RECORDS} videos of StopNCII`, () => {
  let fake: FakeStopNcii;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onlyhashes-videos-'));
    fake = await fakeStopNcii({ startSeconds: 1_700_000_000 });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await fake.close();
  });

  const clientOf = () =>
    new StopNciiClient(
      { subscriptionKey: 'a', fetchHashesKey: 'b' },
      { baseUrl: fake.url, clock: stillClock(() => 1_700_086_400) },
    );

  async function inFile(): Promise<Kept> {
    const blocklist = await openBlocklist(join(folder, 'list.ohb'), { create: true });
    const fetch = () => fetchList(blocklist, 'stopncii', clientOf());
    return { blocklist, fetch, restarted: inFile, close: async () => {} };
  }

  async function inStore(): Promise<Kept> {
    const store = await openStore({ dataDir: undefined });
    const followed = async (): Promise<Kept> => {
      const follower = await store.follow();
      return {
        blocklist: follower.blocklist,
        async fetch() {
          await store.fetch('stopncii', clientOf());
          await follower.reached(await store.revision());
        },
        async restarted() {
          await follower.close();
          return await followed();
        },
        close: () => store.close(),
      };
    };
    return await followed();
  }

  test.each([
    ['a file', inFile],
    ['a store', inStore],
  ])('in %s are refused, no others are, and withdrawn ones pass at once', async (_, open) => {
    const pool = poolOf();
    /** Checks every video, and sends some to a handler. */
    async function refuses(blocklist: Blocklist, isRefused: (n: number) => boolean) {
      const wrong: string[] = [];
      for (const n of EXISTING) {
        const { verdict, reason, matches } = await pool.check(videoOf(n), blocklist);
        const found = [verdict, reason, ...matches.map(({ entry }) => entry.id)].join();
        const refusal = `match,matched-digest,VideoMD5:${md5Of(n)}`;
        if (found !== (isRefused(n) ? refusal : 'unhashable,not-a-picture')) {
          wrong.push(`${n} ${found}`);
        }
      }
      expect(wrong).toEqual([]);
      const handler = scan({ blocklist, pool, onError: 'refuse' });
      for (const n of [0, WITHDRAWN - 1, WITHDRAWN, VIDEOS - 1, RECORDS]) {
        const upload = new Request('http://a.test', { method: 'POST', body: videoOf(n) });
        expect((await handler(upload)).status).toBe(isRefused(n) ? 451 : 200);
      }
    }
    for (const n of numbers(0, RECORDS)) fake.put(listed(n));
    let kept = await open();
    await kept.fetch();
    expect(kept.blocklist.size).toBe(RECORDS);
    await refuses(kept.blocklist, (n) => n < RECORDS);

    for (const n of numbers(0, WITHDRAWN)) fake.put(listed(n, 'Withdrawn'));
    await kept.fetch();
    const isLeft = (n: number) => n >= WITHDRAWN && n < RECORDS;
    await refuses(kept.blocklist, isLeft);
    kept = await kept.restarted();
    expect(kept.blocklist.size).toBe(RECORDS - WITHDRAWN);
    await refuses(kept.blocklist, isLeft);
    // Nor does a later fetch bring them back.
    await kept.fetch();
    expect(kept.blocklist.size).toBe(RECORDS - WITHDRAWN);
    await kept.close();
  });
});
