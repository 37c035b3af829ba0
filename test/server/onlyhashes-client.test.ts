import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import { type Hash, hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList, type RemoteListOptions } from '../../src/matching/remote-list.js';
import type { CreateServiceOptions } from '../../src/server/service.js';
import { OnlyhashesClient } from '../../src/services/onlyhashes/client.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { runs } from '../seed.js';
import { hostileJson } from '../services/hostile.js';
import { served, TOKENS } from './served.js';

const off = (bits: number): Hash => flipBits(BASE, ORDER, bits);
const entry = (bits: number, more: object = {}) => ({
  ...{ hash: off(bits), labels: ['there'], id: `${bits}`, source: 'a source' },
  ...more,
});

/** Asks a real service. */
const asking = (
  blocklist: Blocklist,
  work: (client: OnlyhashesClient, url: string) => Promise<void>,
  options: Partial<CreateServiceOptions> = {},
) =>
  served(({ url }) => work(new OnlyhashesClient({ baseUrl: url, token: TOKENS.match }), url), {
    blocklist,
    ...options,
  });

const decided = (
  client: OnlyhashesClient,
  bits: number,
  options: Partial<RemoteListOptions> = {},
) =>
  match([{ name: 'original', hash: off(bits) }], createBlocklist([]), {
    remote: [createRemoteList(client, { sendsHashes: true, trust: 'shared', ...options })],
  });

test('another onlyhashes is queried during a decision', async () => {
  await asking(createBlocklist([entry(0), entry(50)]), async (client) => {
    const match = await decided(client, 7);
    expect(match).toMatchObject({ verdict: 'match', reason: 'matched-remote', unanswered: [] });
    expect(match.remoteMatches).toEqual([
      {
        ...{ list: 'onlyhashes', trust: 'shared', tier: 'match', source: 'a source' },
        ...{ labels: ['there'], id: '0', distance: 7 },
      },
    ]);
    const none = await decided(client, 200);
    expect(none).toMatchObject({ verdict: 'none', reason: 'nothing-near', unanswered: [] });
    const foreign = await decided(client, 7, { trust: 'foreign' });
    expect(foreign).toMatchObject({ verdict: 'review', reason: 'foreign-list' });
  });
});

test('a remote review is for review here, whatever the trust', async () => {
  const low = createBlocklist([entry(0, { quality: 3 })]);
  await asking(low, async (client) => {
    const review = await decided(client, 7, { trust: 'own' });
    expect(review).toMatchObject({ verdict: 'review', reason: 'unconfirmed-entry' });
  });
  await asking(createBlocklist([entry(40)]), async (client) => {
    const review = await decided(client, 0);
    expect(review).toMatchObject({ verdict: 'review', reason: 'within-review-distance' });
  });
});

test('an entry withdrawn there or here is not found', async () => {
  const there = createBlocklist([entry(0)]);
  await asking(there, async (client) => {
    const here = createBlocklist([]);
    await here.apply({ withdraw: [{ id: '0', source: 'a source' }] });
    const variants = [{ name: 'original' as const, hash: off(2) }];
    const remote = [createRemoteList(client, { sendsHashes: true, trust: 'shared' })];
    expect((await match(variants, here, { remote })).verdict).toBe('none');
    expect((await decided(client, 2)).verdict).toBe('match');
    await there.apply({ withdraw: [{ id: '0' }] });
    expect((await decided(client, 2)).verdict).not.toBe('match');
  });
});

test('the hash of an entry is returned if the other side sends it', async () => {
  const list = createBlocklist([entry(0)]);
  await asking(
    list,
    async (client) => {
      const [answer] = await client.ask([off(3)]);
      const hits = answer?.answer === 'hits' ? answer.hits : [];
      expect(hits.map(({ hash }) => hashToHex(hash!))).toEqual([hashToHex(off(0))]);
      expect((await decided(client, 3)).remoteMatches![0]).toHaveProperty('hash');
    },
    { includeHashes: true },
  );
});

test('an empty remote list compares with nothing, which is not the same as no match', async () => {
  await asking(createBlocklist([]), async (client) => {
    const [answer] = await client.ask([off(0)]);
    expect(answer).toMatchObject({ answer: 'unanswered', reason: 'nothing-comparable' });
    expect(await decided(client, 0)).toMatchObject({ verdict: 'review', reason: 'unanswered' });
  });
});

test('a service that is not ready, refuses or is gone has not answered', async () => {
  const list = createBlocklist([entry(0)]);
  await asking(
    list,
    async (client) => {
      expect(await client.ask([off(0)])).toMatchObject([{ reason: 'unavailable' }]);
      expect((await decided(client, 0)).reason).toBe('unanswered');
    },
    { blocklist: new Promise(() => {}) },
  );
  await asking(list, async (_, baseUrl) => {
    const stranger = new OnlyhashesClient({ baseUrl, token: 'a-token-that-nobody-gave' });
    expect(await stranger.ask([off(0)])).toMatchObject([{ reason: 'unauthorized' }]);
  });
  let gone: OnlyhashesClient | undefined;
  await asking(list, async (client) => {
    gone = client;
  });
  expect(await gone!.ask([off(0)])).toMatchObject([{ reason: 'unreachable' }]);
});

test('each hash has its own answer, in order; after a failure no other is requested', async () => {
  const hashes = Array.from({ length: 20 }, (_, i) => off(i * 10));
  await asking(createBlocklist([entry(0)]), async (client, baseUrl) => {
    const answers = await client.ask(hashes);
    expect(answers.map(({ hash }) => hash)).toEqual(hashes);
    // Those up to 60 bits are near enough for review.
    expect(answers.map(({ answer }) => answer)).toEqual(
      hashes.map((_, i) => (i * 10 <= 60 ? 'hits' : 'none')),
    );
    let asked = 0;
    const failing = new OnlyhashesClient({
      baseUrl,
      fetch: async () => {
        asked++;
        throw new Error('away');
      },
    });
    const failed = await failing.ask(hashes);
    expect(failed).toHaveLength(20);
    expect(asked).toBeLessThanOrEqual(8);
    const signal = AbortSignal.abort(new Error('no more'));
    await expect(client.ask(hashes, { signal })).rejects.toThrow('no more');
  });
});

test('two services that query each other do not loop', async () => {
  let other: OnlyhashesClient | undefined;
  const back = {
    name: 'back',
    ask: (hashes: readonly Hash[], options: { signal: AbortSignal }) => other!.ask(hashes, options),
  };
  const remote = [createRemoteList(back, { sendsHashes: true })];
  await served(
    async ({ url, logs }) => {
      other = new OnlyhashesClient({ baseUrl: url, token: TOKENS.match });
      expect(await other.ask([off(200)])).toMatchObject([{ answer: 'none' }]);
      expect(logs).toHaveLength(1);
    },
    { blocklist: createBlocklist([entry(0)]), remote },
  );
});

const GOOD = {
  answered: true,
  decision: {
    ...{ verdict: 'match', reason: 'within-match-distance' },
    matches: [{ tier: 'match', labels: ['a'], id: '7', distance: 3, hash: hashToHex(off(3)) }],
  },
};

test('any reply is an answer, or none', async () => {
  const reply = fc.oneof(
    hostileJson(GOOD),
    fc
      .record({
        answered: fc.oneof(fc.boolean(), fc.constant('yes')),
        decision: fc.record({
          verdict: fc.constantFrom('match', 'review', 'none', 'unhashable', 'other', 7),
          reason: fc.constantFrom('nothing-near', 'nothing-comparable', 'unanswered', 7),
          matches: fc.array(fc.oneof(fc.jsonValue(), fc.record({ tier: fc.constant('match') }))),
        }),
      })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(reply, async (text) => {
      const client = new OnlyhashesClient({
        baseUrl: 'https://example.org',
        fetch: async () => new Response(text),
      });
      const [answer, ...others] = await client.ask([off(0)]);
      expect(others).toEqual([]);
      expect(['none', 'hits', 'unanswered']).toContain(answer!.answer);
      if (answer!.answer === 'none') expect(text).toContain('"none"');
    }),
    { numRuns: runs(300) },
  );
});
