import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { DecodeError } from '../../src/errors.js';
import { type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import { createAllowList } from '../../src/matching/allow-list.js';
import { createFloodGuard } from '../../src/matching/flood-guard.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList, type RemoteListOptions } from '../../src/matching/remote-list.js';
import type { RemoteHit, RemoteMatcher } from '../../src/remote-matcher.js';
import type { HashedVariant } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from './bases.js';

const off = (bits: number): Hash => flipBits(BASE, ORDER, bits);
const variant = (bits: number, fields: Partial<HashedVariant> = {}): HashedVariant => ({
  name: 'original',
  hash: off(bits),
  quality: 100,
  ...fields,
});
const entry = (bits: number) => ({ hash: off(bits), labels: [], id: `${bits}` });

type Asked = RemoteMatcher['ask'];
function remoteOf(ask: Asked, options: Partial<RemoteListOptions & { name: string }> = {}) {
  const spied = vi.fn(ask);
  const { name = 'there', ...others } = options;
  const list = createRemoteList({ name, ask: spied }, { sendsHashes: true, ...others });
  return { list, ask: spied };
}
const none: Asked = async ([hash]) => [{ hash: hash!, answer: 'none' }];
const hit =
  (...hits: RemoteHit[]): Asked =>
  async ([hash]) => [{ hash: hash!, answer: 'hits', hits }];
const stalling: Asked = () => new Promise(() => {});

const empty = createBlocklist([]);

test('no matcher is queried unless a remote list is passed', async () => {
  const decision = await match([variant(0)], empty, { remote: [] });
  expect(decision).not.toHaveProperty('unanswered');
  expect(decision).not.toHaveProperty('remoteMatches');
});

test('only the main hash is sent, as a copy, and nothing else', async () => {
  const { list, ask } = remoteOf(async ([hash]) => {
    const answer = [{ hash: off(0), answer: 'none' as const }];
    hash!.bytes.fill(0);
    return answer;
  });
  const main = variant(0, { ranks: Uint8Array.from({ length: 256 }, (_, i) => i) });
  const variants = [main, variant(100, { name: 'flipX' }), variant(120, { name: 'stored' })];
  const { verdict, unanswered } = await match(variants, empty, { remote: [list] });
  expect([verdict, unanswered]).toEqual(['none', []]);
  expect(ask).toHaveBeenCalledTimes(1);
  const [hashes, ...rest] = ask.mock.calls[0]!;
  expect(hashes).toHaveLength(1);
  expect(Object.keys(hashes[0]!).sort()).toEqual(['algorithm', 'bytes']);
  expect(rest).toEqual([{ signal: expect.any(AbortSignal) }]);
  expect(hashToHex(main.hash)).toBe(hashToHex(BASE));
});

test.each<[string, RemoteHit, Partial<RemoteListOptions>, Partial<HashedVariant>, string, string]>([
  ['a foreign list flags', {}, {}, {}, 'review', 'foreign-list'],
  ['confirmed or not', { confirmed: true }, {}, {}, 'review', 'foreign-list'],
  ['a shared list acts', {}, { trust: 'shared' }, {}, 'match', 'matched-remote'],
  ['an own list acts', {}, { trust: 'own' }, {}, 'match', 'matched-remote'],
  [
    'not if it says unconfirmed',
    { confirmed: false },
    { trust: 'own' },
    {},
    'review',
    'unconfirmed-entry',
  ],
  [
    'nor if it may only review',
    {},
    { trust: 'own', tier: 'review' },
    {},
    'review',
    'review-only-list',
  ],
  ['nor far off', { distance: 32 }, { trust: 'own' }, {}, 'review', 'within-review-distance'],
  ['at 31', { distance: 31 }, { trust: 'own' }, {}, 'match', 'matched-remote'],
  ['a poor picture', {}, { trust: 'own' }, { quality: 49 }, 'review', 'low-query-quality'],
  [
    'a flat picture',
    {},
    { trust: 'own' },
    { hash: hashFromHex('pdq', '00'.repeat(32)) },
    'review',
    'low-query-quality',
  ],
])('%s', async (_, told, options, fields, verdict, reason) => {
  const { list } = remoteOf(hit(told), options);
  const decision = await match([variant(0, fields)], empty, { remote: [list] });
  expect([decision.verdict, decision.reason, decision.matches]).toEqual([verdict, reason, []]);
  expect(decision.remoteMatches).toEqual([
    { list: 'there', trust: options.trust ?? 'foreign', tier: verdict, labels: [], ...told },
  ]);
});

test('a remote match outranks a local review, which otherwise keeps its own reason', async () => {
  const blocklist = createBlocklist([entry(40)]);
  const decide = (ask: Asked) =>
    match([variant(0)], blocklist, { remote: [remoteOf(ask, { trust: 'shared' }).list] });
  expect(await decide(hit({}))).toMatchObject({ verdict: 'match', reason: 'matched-remote' });
  for (const ask of [hit({ distance: 33 }), async () => [], none]) {
    expect(await decide(ask)).toMatchObject({
      verdict: 'review',
      reason: 'within-review-distance',
      matches: [{ distance: 40 }],
    });
  }
});

test('no local list changes which remote hits are near enough', async () => {
  const far = { policy: { matchDistance: 60, reviewDistance: 61 }, tier: 'review' } as const;
  const strict = { policy: { matchDistance: 5 } };
  const listed = (list: string) => createBlocklist([{ ...entry(61), list }], { lists: { far } });
  const wide = { matchDistance: 50 };
  for (const [blocklist, distance, verdict, policy] of [
    [listed('far'), 50, 'review'],
    [createBlocklist([{ ...entry(8), list: 'strict' }], { lists: { strict } }), 20, 'match'],
    [createBlocklist([], { lists: { '': far } }), 50, 'review'],
    [createBlocklist([], { lists: { '': strict } }), 20, 'match'],
    [createBlocklist([]), 50, 'match', wide],
  ] as const) {
    const { list } = remoteOf(hit({ distance }), { trust: 'shared' });
    const decision = await match([variant(0)], blocklist, { policy, remote: [list] });
    expect(decision.verdict).toBe(verdict);
  }
});

test('remote matches come first, the nearest of each tier before the others', async () => {
  const lists = [
    remoteOf(hit({ id: 'a', distance: 9 }, { id: 'b', distance: 3 }), { name: 'x' }),
    remoteOf(hit({ id: 'c', distance: 30 }, { id: 'd', distance: 50 }), {
      name: 'y',
      trust: 'own',
    }),
  ];
  const remote = lists.map(({ list }) => list);
  const { remoteMatches } = await match([variant(0)], empty, { remote });
  expect(remoteMatches!.map(({ id, tier }) => [id, tier])).toEqual([
    ['c', 'match'],
    ['b', 'review'],
    ['a', 'review'],
    ['d', 'review'],
  ]);
});

test('a remote comparison counts as one, and a list of other algorithms is not queried', async () => {
  const { list, ask } = remoteOf(none);
  const phash = { ...variant(0), hash: hashFromHex('phash', '0123456789abcdef') };
  const decide = (one: HashedVariant) => match([one], empty, { remote: [list] });
  expect((await decide(variant(0))).reason).toBe('nothing-near');
  expect(await decide(phash)).toMatchObject({ reason: 'nothing-comparable', unanswered: [] });
  expect(ask).toHaveBeenCalledTimes(1);
});

test('a local withdrawal also excludes remote matches, by hash, id or list', async () => {
  const { list } = remoteOf(hit({ id: '7', hash: off(3) }), { trust: 'own', noneSeconds: 0 });
  for (const withdrawal of [off(3), { id: '7' }, { id: '7', source: 'there' }]) {
    const blocklist = createBlocklist([], { withdrawn: [withdrawal] });
    const decision = await match([variant(0)], blocklist, { remote: [list] });
    expect([decision.verdict, decision.remoteMatches]).toEqual(['none', []]);
    await blocklist.apply({ reinstate: [withdrawal] });
    expect((await match([variant(0)], blocklist, { remote: [list] })).verdict).toBe('match');
  }
  const blocklist = createBlocklist([], { withdrawn: [{ id: '7', source: 'elsewhere' }, off(4)] });
  expect((await match([variant(0)], blocklist, { remote: [list] })).verdict).toBe('match');
});

test('an entry withdrawn remotely is gone with the next answer', async () => {
  let answer = hit({ id: '7' });
  const { list } = remoteOf((...args) => answer(...args), { trust: 'own' });
  const decide = async () => (await match([variant(0)], empty, { remote: [list] })).verdict;
  expect(await decide()).toBe('match');
  answer = none;
  expect(await decide()).toBe('none');
});

test('a remote match with a degenerate hash is rejected', async () => {
  const { list } = remoteOf(hit({ hash: hashFromHex('pdq', 'ff'.repeat(32)) }), { trust: 'own' });
  const decision = await match([variant(0)], empty, { remote: [list] });
  expect([decision.verdict, decision.remoteMatches]).toEqual(['none', []]);
});

test('the allow list covers remote hits, too, but not an own confirmation', async () => {
  const told: unknown[] = [];
  const allowList = createAllowList({ onAllowed: (match) => told.push(match) });
  allowList.allow(off(0), { reason: 'wrong' });
  const blocklist = createBlocklist([]);
  const remote = [remoteOf(hit({ id: 'a' }, { id: 'b', confirmed: true }), { trust: 'own' }).list];
  const decision = await match([variant(0)], blocklist, { allowList, remote });
  expect(decision.verdict).toBe('match');
  expect(decision.remoteMatches!.map(({ id, allowed }) => [id, allowed])).toEqual([
    ['b', undefined],
    ['a', 'wrong'],
  ]);
  expect(told).toEqual([decision.remoteMatches![1]]);
});

test('the flood guard counts remote matches whose hash is known', async () => {
  const floodGuard = createFloodGuard({ mostUploads: 1 });
  const blocklist = createBlocklist([]);
  const decide = async (bits: readonly number[], confirmed: boolean) => {
    const hash = flipBits(BASE, bits, 31);
    const said = { hash: BASE, ...(confirmed && { confirmed }) };
    const remote = [remoteOf(hit(said), { trust: 'own' }).list];
    return (await match([{ ...variant(0), hash }], blocklist, { floodGuard, remote })).reason;
  };
  const uploads = [ORDER, ORDER.slice(31), ORDER.slice(62)] as const;
  for (const bits of uploads) expect(await decide(bits, true)).toBe('matched-remote');
  expect(await decide(uploads[0], false)).toBe('matched-remote');
  expect(await decide(uploads[1], false)).toBe('flooded');
  expect(await decide(uploads[0], false)).toBe('flooded');
  expect(await decide(uploads[0], true)).toBe('matched-remote');
});

describe('not answered', () => {
  const lies: [string, Asked][] = [
    ['says nothing', async () => []],
    ['throws', () => Promise.reject(new Error('down'))],
    ['answers for another hash', async () => [{ hash: off(9), answer: 'none' }]],
  ];

  test.each(lies)('the verdict is never none: a list that %s', async (_, ask) => {
    for (const [whenUnanswered, verdict] of [
      [undefined, 'review'],
      ['review', 'review'],
      ['unhashable', 'unhashable'],
    ] as const) {
      const { list } = remoteOf(ask, { ...(whenUnanswered && { whenUnanswered }) });
      const good = remoteOf(none, { name: 'good' }).list;
      const decision = await match([variant(0)], empty, { remote: [good, list] });
      expect([decision.verdict, decision.reason]).toEqual([verdict, 'unanswered']);
      expect([decision.unanswered, decision.remoteMatches]).toEqual([['there'], []]);
    }
  });

  test('the answer of another list is kept beside it', async () => {
    const { list } = remoteOf(async () => [], { whenUnanswered: 'unhashable' });
    const other = remoteOf(hit({ id: 'a' }), { name: 'other' }).list;
    const decision = await match([variant(0)], empty, { remote: [list, other] });
    expect([decision.verdict, decision.reason]).toEqual(['review', 'foreign-list']);
    expect(decision.unanswered).toEqual(['there']);
  });

  test('no matcher is queried about a picture without a hash', async () => {
    const { list, ask } = remoteOf(none);
    expect((await match([], empty, { remote: [list] })).reason).toBe('no-hash');
    const error = new DecodeError('corrupt', 'broken');
    expect((await match(error, empty, { remote: [list] })).reason).toBe('corrupt');
    expect(ask).not.toHaveBeenCalled();
  });
});

describe('in time', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('a local match by the main hash is not sent anywhere, unless all is set', async () => {
    const { list, ask } = remoteOf(none);
    const blocklist = createBlocklist([entry(0)]);
    const decision = await match([variant(3)], blocklist, { remote: [list] });
    expect(decision.verdict).toBe('match');
    expect(decision).not.toHaveProperty('unanswered');
    expect(ask).not.toHaveBeenCalled();
    const whole = await match([variant(3)], blocklist, { remote: [list], all: true });
    expect([whole.verdict, whole.unanswered]).toEqual(['match', []]);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  test('a local match does not wait for remote matchers, and aborts their queries', async () => {
    const { list, ask } = remoteOf(stalling);
    const blocklist = createBlocklist([entry(0)]);
    const decision = await match([variant(100), variant(3)], blocklist, { remote: [list] });
    expect(decision.verdict).toBe('match');
    expect(decision).not.toHaveProperty('unanswered');
    expect(ask.mock.calls[0]![1].signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a local match does not wait for a matcher that fails by the caller's mistake, which is reported", async () => {
    const { list } = remoteOf(none, { now: () => Number.NaN });
    const blocklist = createBlocklist([entry(0)]);
    const variants = [variant(100), variant(3)];
    const decision = await match(variants, blocklist, { remote: [list] });
    expect(decision.verdict).toBe('match');
    await vi.advanceTimersByTimeAsync(0);
    const all = match(variants, blocklist, { remote: [list], all: true });
    await expect(all).rejects.toThrow(RangeError);
  });

  test('with all, a local match waits for remote lists, and names those that did not answer', async () => {
    const { list } = remoteOf(stalling, { timeoutSeconds: 3 });
    const blocklist = createBlocklist([entry(0)]);
    let decision: unknown;
    match([variant(3)], blocklist, { remote: [list], all: true }).then((made) => {
      decision = made;
    });
    await vi.advanceTimersByTimeAsync(2999);
    expect(decision).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(decision).toMatchObject({ verdict: 'match', unanswered: ['there'], remoteMatches: [] });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('each list has its own time, and all wait at once', async () => {
    const slow = remoteOf(stalling, { name: 'slow', timeoutSeconds: 5 }).list;
    const slower = remoteOf(stalling, { name: 'slower', timeoutSeconds: 7 }).list;
    let decision: unknown;
    match([variant(3)], empty, { remote: [slow, slower] }).then((made) => {
      decision = made;
    });
    await vi.advanceTimersByTimeAsync(6999);
    expect(decision).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(decision).toMatchObject({ verdict: 'review', unanswered: ['slow', 'slower'] });
  });

  test('a signal ends the wait for an answer', async () => {
    const { list, ask } = remoteOf(stalling);
    const controller = new AbortController();
    const reason = new Error('enough');
    const made = match([variant(3)], empty, { remote: [list], signal: controller.signal });
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(reason);
    await expect(made).rejects.toBe(reason);
    expect(ask.mock.calls[0]![1].signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    ['added', 'match', undefined],
    ['withdrawn', 'none', []],
  ] as const)(
    'the decision is that of the list after the wait: %s',
    async (what, verdict, silent) => {
      const blocklist = createBlocklist(what === 'withdrawn' ? [entry(40)] : []);
      let settle = () => {};
      const { list } = remoteOf(
        ([hash]) =>
          new Promise((resolve) => {
            settle = () => resolve([{ hash: hash!, answer: 'none' }]);
          }),
      );
      const made = match([variant(3)], blocklist, { remote: [list] });
      await vi.advanceTimersByTimeAsync(10);
      if (what === 'added') await blocklist.apply({ add: [entry(0)] });
      else await blocklist.apply({ withdraw: [{ id: '40' }] });
      settle();
      const decision = await made;
      expect([decision.verdict, decision.unanswered]).toEqual([verdict, silent]);
    },
  );

  test('if the matching entry is gone before the end, the remote matchers are queried after all', async () => {
    const blocklist = createBlocklist([entry(0)]);
    const { list, ask } = remoteOf(none);
    async function* coming() {
      await null;
      await blocklist.apply({ replace: { all: [entry(200)] } });
      yield variant(3);
    }
    const decision = await match(coming(), blocklist, { remote: [list] });
    expect([decision.verdict, decision.unanswered]).toEqual(['none', []]);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

test.each([null, {}, [null], [{}], 'list', [{ name: 'a', ask: none }]])(
  'refuses a list that createRemoteList did not make: %o',
  async (remote) => {
    await expect(match([variant(0)], empty, { remote: remote as never })).rejects.toThrow(
      TypeError,
    );
  },
);

test('refuses two lists of one name, which could not be distinguished', async () => {
  const remote = [remoteOf(none).list, remoteOf(none).list];
  await expect(match([variant(0)], empty, { remote })).rejects.toThrow('different names');
});

test('with a distance, farther remote hits do not count', async () => {
  const { list } = remoteOf(hit({ distance: 20, id: 'a' }, { distance: 9, id: 'b' }), {
    trust: 'shared',
  });
  const near = await match([variant(0)], empty, { remote: [list], distance: 9 });
  expect(near).toMatchObject({ verdict: 'match', policy: { matchDistance: 9 } });
  expect(near.remoteMatches!.map(({ id }) => id)).toEqual(['b']);
  const none = await match([variant(0)], empty, { remote: [list], distance: 8 });
  expect(none).toMatchObject({ verdict: 'none', reason: 'nothing-near', remoteMatches: [] });
});
