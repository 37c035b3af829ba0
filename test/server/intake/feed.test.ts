import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { StopNciiClient } from '../../../src/services/stop-ncii/client.js';
import type { Store } from '../../../src/store/store.js';
import { OtherClient } from '../../services/stop-ncii/other-client.js';
import { hashOf, personWith } from '../../store/cases/filed-bundles.js';
import { openStore } from '../../store/opened.js';
import { as, type Served, served, TOKENS } from '../served.js';

const INTAKE = { list: 'cases', caseDays: 30 };

let store: Store;
beforeAll(async () => {
  store = await openStore({ dataDir: undefined });
});
afterAll(() => store.close());

const serving = <T>(work: (served: Served) => Promise<T>) =>
  served(work, { store, intake: INTAKE });

/** Files a case of these hashes, and confirms it. */
async function confirmed(...seeds: number[]) {
  const cases = store.cases(INTAKE);
  const her = await personWith(...seeds);
  await cases.file(her.bundle);
  const [one] = await cases.find(her.case);
  await cases.confirm(one!, 'call', 'anna');
  return { ...her, withdraw: () => cases.withdraw(her.case) };
}

const keyOf = (seed: number) => `ImagePDQ ${hashToHex(hashOf(seed))}`;

test('a client that knows the API alone follows the list, in pages', () =>
  serving(async ({ url }) => {
    const client = new OtherClient(`${url}/stopncii/v1`, 2, TOKENS.feed);
    const seeds = [1, 2, 3, 4, 5];
    const her = await confirmed(...seeds);
    await client.fetch();
    expect([...client.active.keys()].sort()).toEqual(seeds.map(keyOf).sort());
    expect(client.counts.length).toBeGreaterThan(2);
    const [listed] = client.active.values();
    expect(Object.keys(listed!.caseNumbers)[0]!.replaceAll('-', '')).toBe(her.case);
    const them = await confirmed(5, 6);
    await client.fetch();
    expect(client.active.has(keyOf(6))).toBe(true);
    await her.withdraw();
    await client.fetch();
    expect([...client.active.keys()].sort()).toEqual([5, 6].map(keyOf).sort());
    expect(await client.post(hashToHex(hashOf(6)), 'Blocked', ['nude'])).toBe(200);
    await client.fetch();
    expect(client.active.get(keyOf(6))!.CSPFeedbacks).toEqual([
      { source: 'the feed', feedbackValue: 'Blocked', tags: ['nude'] },
    ]);
    await them.withdraw();
    await client.fetch();
    expect(client.active.size).toBe(0);
  }));

test('our own client fetches, reports and finds its reports', () =>
  serving(async ({ url }) => {
    const her = await confirmed(10, 11);
    const keys = { subscriptionKey: TOKENS.feed, fetchHashesKey: 'any', submitFeedbackKey: 'any' };
    const client = new StopNciiClient(keys, { baseUrl: `${url}/stopncii/v1` });
    const platform = await openStore({ dataDir: undefined });
    await platform.fetch('helpline', client);
    expect(await platform.count({ list: 'helpline' })).toMatchObject({ entries: 2 });
    const feedback = { hashValue: hashToHex(hashOf(10)), feedbackValue: 'Blocked', tags: ['a'] };
    expect(await client.submitFeedback([feedback])).toBe('done');
    expect(await client.findFeedback([feedback], { source: 'the feed' })).toEqual([feedback]);
    await her.withdraw();
    await platform.fetch('helpline', client);
    expect(await platform.count({ list: 'helpline' })).toMatchObject({ entries: 0 });
    await platform.close();
  }));

test('only a token of the role feed, or of an admin, opens the list', () =>
  serving(async ({ url }) => {
    const path = `${url}/stopncii/v1/FetchHashes?startTimestamp=10&pageSize=5`;
    const statusOf = async (key?: string) => {
      const headers = key === undefined ? {} : { 'ocp-apim-subscription-key': key };
      return (await fetch(path, { headers })).status;
    };
    for (const [role, token] of Object.entries(TOKENS)) {
      expect([role, await statusOf(token)]).toEqual([
        role,
        ['feed', 'admin'].includes(role) ? 200 : 403,
      ]);
    }
    expect(await statusOf()).toBe(401);
    expect(await statusOf('unknown')).toBe(401);
    // A platform's token opens nothing else.
    for (const other of ['/v1/status', '/metrics']) {
      expect((await fetch(url + other, as('feed'))).status).toBe(403);
    }
  }));

test.each([
  ['startTimestamp=-1&pageSize=5'],
  ['startTimestamp=10&pageSize=0'],
  ['startTimestamp=10&pageSize=5&nextPageToken=x'],
])('a request of %s gets 400 in their shape', (query) =>
  serving(async ({ url }) => {
    const headers = { 'ocp-apim-subscription-key': TOKENS.feed };
    const reply = await fetch(`${url}/stopncii/v1/FetchHashes?${query}`, { headers });
    expect([reply.status, Object.keys((await reply.json()) as object)]).toEqual([400, ['message']]);
  }),
);

test('what that shape cannot carry is left out', () =>
  serving(async ({ url }) => {
    const client = new OtherClient(`${url}/stopncii/v1`, 100, TOKENS.feed);
    const her = await personWith(20);
    const digests = [{ algorithm: 'sha256', digest: 'ab'.repeat(32) }] as const;
    const cases = store.cases(INTAKE);
    await cases.file({ ...her.bundle, digests });
    const [one] = await cases.find(her.case);
    await cases.confirm(one!, 'call', 'anna');
    await client.fetch();
    expect([...client.active.keys()]).toEqual([keyOf(20)]);
    expect(await cases.feed().counts()).toEqual([
      { algorithm: 'pdq', count: 1 },
      { algorithm: 'sha256', count: 1 },
    ]);
  }));
