import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import { createRemoteList } from '../../src/matching/remote-list.js';
import type { RemoteAnswer, RemoteMatcher } from '../../src/remote-matcher.js';
import { flipBits } from '../arbitraries.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

const off = (bits: number): Hash => flipBits(BASE, ORDER, bits);
type Ask = RemoteMatcher['ask'];
const listOf = (ask: (...args: Parameters<Ask>) => unknown, options: object = {}) =>
  createRemoteList({ name: 'elsewhere', ask: ask as Ask }, { sendsHashes: true, ...options });
const none: Ask = async ([hash]) => [{ hash: hash!, answer: 'none' }];
const hitsOf =
  (...hits: object[]): Ask =>
  async ([hash]) => [{ hash: hash!, answer: 'hits', hits }];

test('nothing is sent without sendsHashes: true', () => {
  const matcher = { name: 'a', ask: none };
  for (const sendsHashes of [undefined, false, 'true', 1]) {
    expect(() => createRemoteList(matcher, { sendsHashes } as never)).toThrow(
      'expected sendsHashes: true',
    );
  }
  expect(() => createRemoteList(matcher, undefined as never)).toThrow(TypeError);
});

test('none is an empty list; hits are copies, the nearest first and those of no distance last', async () => {
  expect(await listOf(none).ask(BASE)).toEqual([]);
  const labels = ['a'];
  const hit = { source: 'bank', labels, id: '7', hash: off(9), confirmed: true };
  const outcome = await listOf(hitsOf({ id: 'far' }, { distance: 12 }, hit)).ask(BASE);
  labels.push('b');
  hit.hash.bytes.fill(0);
  expect(outcome).toEqual([
    {
      source: 'bank',
      labels: ['a'],
      id: '7',
      hash: expect.objectContaining({ bytes: off(9).bytes }),
      distance: 9,
      confirmed: true,
    },
    { labels: [], distance: 12 },
    { labels: [], id: 'far' },
  ]);
});

test('many hits are all returned, the nearest first', async () => {
  const hits = Array.from({ length: 3000 }, (_, i) => ({ id: `${i}`, distance: (i * 7) % 200 }));
  const outcome = await listOf(hitsOf(...hits)).ask(BASE);
  expect(outcome).toHaveLength(3000);
  expect(outcome.at(-1)).toMatchObject({ distance: 199 });
});

describe('not answered', () => {
  const throwing = (what: PropertyKey) =>
    new Proxy(
      {},
      {
        get: (_, key) => {
          if (key === what) throw new Error('hostile');
          return undefined;
        },
      },
    );
  const other = off(1);
  const right = { hash: BASE, answer: 'none' };
  const hit = (fields: object) => [{ hash: BASE, answer: 'hits', hits: [fields] }];
  const lies: Record<string, unknown> = {
    nothing: undefined,
    null: null,
    text: 'none',
    'an empty reply': [],
    'null in it': [null],
    'a hole': new Array(1),
    'about no hash': [{ answer: 'none' }],
    'about another hash': [{ hash: other, answer: 'none' }],
    'hits of another hash': [{ hash: other, answer: 'hits', hits: [{ id: '1' }] }],
    'about another algorithm': [{ hash: { ...BASE, algorithm: 'phash' }, answer: 'none' }],
    twice: [right, right],
    'twice and differently': [right, ...hit({ id: '1' })],
    'with one more': [right, { hash: other, answer: 'none' }],
    'that it does not know': [{ hash: BASE, answer: 'unanswered' }],
    'an unknown word': [{ hash: BASE, answer: 'no-known-match' }],
    'none with hits': [{ hash: BASE, answer: 'none', hits: [{ id: '1' }] }],
    'hits without any': [{ hash: BASE, answer: 'hits' }],
    'no hits': [{ hash: BASE, answer: 'hits', hits: [] }],
    'hits that are no list': [{ hash: BASE, answer: 'hits', hits: { length: 1 } }],
    'a hole in the hits': [{ hash: BASE, answer: 'hits', hits: new Array(3) }],
    'endless hits': [{ hash: BASE, answer: 'hits', hits: new Array(4_000_000_000) }],
    'a hit that is null': [{ hash: BASE, answer: 'hits', hits: [null] }],
    'labels that are text': hit({ labels: 'abc' }),
    'labels of numbers': hit({ labels: [1] }),
    'too many labels': hit({ labels: new Array(1001).fill('') }),
    'a label too long': hit({ labels: ['x'.repeat(10_001)] }),
    'an id too long': hit({ id: 'x'.repeat(10_001) }),
    'an id that is a number': hit({ id: 7 }),
    'a distance in text': hit({ distance: '4' }),
    'no number': hit({ distance: Number.NaN }),
    'a distance below 0': hit({ distance: -1 }),
    'a distance above 256': hit({ distance: 257 }),
    'half a bit': hit({ distance: 1.5 }),
    'a distance that is not of the hash': hit({ hash: other, distance: 2 }),
    'a hash of another algorithm': hit({ hash: hashFromHex('phash', '0123456789abcdef') }),
    'a hash that is text': hit({ hash: hashToHex(other) }),
    'confirmed in text': hit({ confirmed: 'yes' }),
    'a throwing answer': [throwing('hash')],
    'a throwing hit': [{ hash: BASE, answer: 'hits', hits: [throwing('labels')] }],
    'a throwing then': throwing('then'),
  };

  test.each(Object.entries(lies))('%s', async (_, reply) => {
    expect(await listOf(() => reply).ask(BASE)).toBe('unanswered');
    expect(await listOf(async () => reply).ask(BASE)).toBe('unanswered');
  });

  test('any reply is hits, none or not answered', async () => {
    const list = (reply: unknown) => listOf(async () => reply).ask(BASE);
    const value = fc.anything({ withBigInt: true, withNullPrototype: true, withMap: true });
    await fc.assert(
      fc.asyncProperty(value, value, value, async (whole, answer, hits) => {
        expect(await list(whole)).toBe('unanswered');
        expect(await list([{ hash: BASE, answer, hits: hits }])).toBe('unanswered');
        const told = await list([{ hash: BASE, answer: 'hits', hits: [hits] }]);
        if (told !== 'unanswered') expect(told).toHaveLength(1);
      }),
      { numRuns: runs(500) },
    );
  });

  test('a matcher that throws, rejects or changes its input', async () => {
    const error = () => {
      throw new Error('down');
    };
    expect(await listOf(error).ask(BASE)).toBe('unanswered');
    expect(await listOf(async () => error()).ask(BASE)).toBe('unanswered');
    expect(await listOf(() => Promise.reject(null)).ask(BASE)).toBe('unanswered');
    const before = hashToHex(BASE);
    const changed: Ask = async (hashes) => {
      hashes[0]!.bytes.fill(0);
      return [{ hash: hashes[0]!, answer: 'none' }];
    };
    expect(await listOf(changed).ask(BASE)).toBe('unanswered');
    expect(hashToHex(BASE)).toBe(before);
  });
});

describe('in time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('a matcher that never settles is abandoned, and its signal aborts', async () => {
    let told: AbortSignal | undefined;
    const list = listOf(
      (_, { signal }) => {
        told = signal;
        return new Promise(() => {});
      },
      { timeoutSeconds: 3 },
    );
    let outcome: unknown;
    const asked = list.ask(BASE).then((said) => {
      outcome = said;
    });
    await vi.advanceTimersByTimeAsync(2999);
    expect([outcome, told!.aborted]).toEqual([undefined, false]);
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect([outcome, told!.aborted]).toEqual(['unanswered', true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a late reply is ignored, whatever it is', async () => {
    let settle = (_: RemoteAnswer[]) => {};
    let fail = (_: unknown) => {};
    const list = listOf(
      () =>
        new Promise<RemoteAnswer[]>((resolve, reject) => {
          settle = resolve;
          fail = reject;
        }),
    );
    for (const late of [() => settle([{ hash: BASE, answer: 'none' }]), () => fail('late')]) {
      const asked = list.ask(BASE);
      await vi.advanceTimersByTimeAsync(2000);
      expect(await asked).toBe('unanswered');
      late();
      await vi.advanceTimersByTimeAsync(1);
    }
    const again = list.ask(BASE);
    settle([{ hash: BASE, answer: 'hits', hits: [{ id: '1' }] }]);
    expect(await again).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a signal ends the wait, or prevents it', async () => {
    const ask = vi.fn(() => new Promise(() => {}));
    const controller = new AbortController();
    const { signal } = controller;
    const list = listOf(ask);
    const asked = list.ask(BASE, { signal });
    controller.abort();
    expect(await asked).toBe('unanswered');
    expect(await list.ask(BASE, { signal })).toBe('unanswered');
    expect(ask).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the cache keeps', () => {
  const counted = (answer: Ask, options: object = {}) => {
    const ask = vi.fn(answer);
    return { ask, list: listOf(ask, options) };
  };

  test('none, for its time since the request', async () => {
    let now = 100;
    const slow: Ask = async (hashes, options) => {
      now += 4;
      return none(hashes, options);
    };
    const { ask, list } = counted(slow, { noneSeconds: 10, now: () => 1000 * now });
    for (const [at, calls] of [
      [100, 1],
      [109.9, 1],
      [110, 2],
      [119, 2],
      // A clock that was set back.
      [90, 3],
    ] as const) {
      now = at;
      expect(await list.ask(BASE)).toEqual([]);
      expect([at, ask.mock.calls.length]).toEqual([at, calls]);
    }
    await list.ask(off(1));
    expect(ask).toHaveBeenCalledTimes(4);
  });

  test('never a hit, because withdrawn there means gone here', async () => {
    let answer: Ask = hitsOf({ id: '1' });
    const { ask, list } = counted((...args) => answer(...args));
    expect(await list.ask(BASE)).toHaveLength(1);
    expect(await list.ask(BASE)).toHaveLength(1);
    answer = none;
    expect(await list.ask(BASE)).toEqual([]);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  test('no older none, even if the clock is set back', async () => {
    let now = 5;
    let answer = none;
    const { list } = counted((...args) => answer(...args), {
      noneSeconds: 10,
      now: () => 1000 * now,
    });
    await list.ask(BASE);
    now = 20;
    answer = hitsOf({ id: '1' });
    await list.ask(BASE);
    now = 6;
    expect(await list.ask(BASE)).toHaveLength(1);
  });

  test('nothing of a list that did not answer', async () => {
    const { ask, list } = counted(async () => []);
    await list.ask(BASE);
    await list.ask(BASE);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  test('only so many, the most recently requested', async () => {
    const { ask, list } = counted(none, { mostKept: 3, now: () => 0 });
    for (const bits of [0, 1, 2, 3, 3, 2, 1]) await list.ask(off(bits));
    expect(ask).toHaveBeenCalledTimes(4);
    await list.ask(off(0));
    expect(ask).toHaveBeenCalledTimes(5);
  });

  test.each([{ noneSeconds: 0 }, { mostKept: 0 }])('nothing at all: %o', async (options) => {
    const { ask, list } = counted(none, { ...options, now: () => 0 });
    await list.ask(BASE);
    await list.ask(BASE);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});

test('a broken clock is the caller’s mistake', async () => {
  await expect(listOf(none, { now: () => 'now' }).ask(BASE)).rejects.toThrow(TypeError);
});
