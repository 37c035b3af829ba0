import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../../src/store/store.js';
import { databaseOf, openStore } from '../../store/opened.js';
import { as, posted, served } from '../served.js';
import { formOf, LISTED, OTHER, reviewing } from '../uploads/uploads.js';
import { RULES, reviewServed } from './review-served.js';

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
beforeEach(async () => {
  await databaseOf(store).query('truncate review_item');
});
afterAll(() => store.close());

const picture = (body: BodyInit) =>
  as('match', {
    method: 'POST',
    body,
    headers: body instanceof FormData ? {} : { 'content-type': 'image/jpeg' },
  });
const LINK = 'https://platform.example/u/1?a=b';
const NAMED = `item=u1&link=${encodeURIComponent(LINK)}`;
const waiting = () => store.reviewQueue(RULES).items();

test('a named upload waits for a moderator if it matches', async () => {
  await reviewServed(store, async ({ url }) => {
    const first = await fetch(`${url}/v1/match?${NAMED}`, picture(LISTED));
    expect(await first.json()).toMatchObject({ queued: true, decision: { verdict: 'match' } });
    const again = await fetch(`${url}/v1/match?${NAMED}`, picture(formOf(LISTED)));
    expect(await again.json()).toMatchObject({ queued: false, decision: { verdict: 'match' } });
    const other = await fetch(`${url}/v1/match?item=u2`, picture(OTHER));
    expect(await other.json()).toMatchObject({ queued: false, decision: { verdict: 'none' } });
    const unnamed = await fetch(`${url}/v1/match`, picture(LISTED));
    expect(await unnamed.json()).not.toHaveProperty('queued');
    const items = await waiting();
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ id: 'u1', link: LINK, decision: { verdict: 'match' } });
    expect(items[0]!.decision.upload).toMatchObject({ format: 'jpeg' });
  });
});

test('a hash alone is queued, also for review', async () => {
  await reviewServed(
    store,
    async ({ url }) => {
      const [{ hash }] = [...reviewing.entries()];
      const body = { hash: Buffer.from(hash.bytes).toString('hex'), algorithm: 'pdq' };
      const told = await fetch(`${url}/v1/match?item=h1`, posted(body, 'match'));
      expect(await told.json()).toMatchObject({ queued: true, decision: { verdict: 'review' } });
      expect(await waiting()).toMatchObject([{ id: 'h1' }]);
    },
    { blocklist: reviewing },
  );
});

test('the scan route queues uploads for moderators too, and answers the platform as before', async () => {
  const told: unknown[] = [];
  const scan = {
    onError: 'refuse',
    onDecision: ({ verdict }: { verdict: string }) => void told.push(verdict),
  } as const;
  await reviewServed(
    store,
    async ({ url }) => {
      const refused = await fetch(`${url}/v1/scan?${NAMED}`, picture(LISTED));
      expect(refused.status).toBe(451);
      expect(await refused.json()).toEqual({ verdict: 'match' });
      expect((await fetch(`${url}/v1/scan?item=u2`, picture(OTHER))).status).toBe(200);
      expect((await fetch(`${url}/v1/scan`, picture(LISTED))).status).toBe(451);
      expect(await waiting()).toMatchObject([{ id: 'u1', link: LINK }]);
      expect(told).toEqual(['match', 'none', 'match']);
      expect((await fetch(`${url}/v1/scan?link=x`, picture(LISTED))).status).toBe(400);
    },
    { scan },
  );
});

test.each([
  'item=',
  `item=${'x'.repeat(201)}`,
  'item=%00',
  'item=a&item=b',
  `link=${encodeURIComponent(LINK)}`,
  'item=a&link=javascript:alert(1)',
  'item=a&link=x',
  'item=a&link=https://a:b@c/',
  `item=a&link=https://c/${'x'.repeat(2000)}`,
])('%s is refused before anything is read', async (query) => {
  await reviewServed(store, async ({ url }) => {
    const refused = await fetch(`${url}/v1/match?${query}`, picture(LISTED));
    expect(refused.status).toBe(400);
    const { message } = (await refused.json()) as { message: string };
    expect(message).not.toMatch(/xxx|javascript/);
    expect(await waiting()).toEqual([]);
  });
});

test('a service without a queue accepts no names', async () => {
  await served(async ({ url }) => {
    const refused = await fetch(`${url}/v1/match?item=u1`, picture(LISTED));
    expect(refused.status).toBe(501);
    expect(await refused.json()).toMatchObject({ code: 'not-available' });
  });
});

test('an upload that cannot be queued has no answer that hides it', async () => {
  await reviewServed(store, async ({ url, errors }) => {
    const database = databaseOf(store);
    const { query } = database;
    database.query = () => Promise.reject(new Error('the disk is full'));
    try {
      expect((await fetch(`${url}/v1/match?${NAMED}`, picture(LISTED))).status).toBe(500);
    } finally {
      database.query = query;
    }
    expect(errors).toHaveLength(1);
  });
});
