import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { FormatError } from '../../src/errors.js';
import { hashFromHex, hashToHex } from '../../src/hash.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList } from '../../src/matching/remote-list.js';
import type { RemoteMatcher } from '../../src/remote-matcher.js';
import { type FakeRequest, startFakeService } from '../../src/services/fake-service.js';
import { type HmaCheckpoint, HmaClient } from '../../src/services/hma/client.js';
import { type FakeHma, fakeHma } from '../../src/services/hma/fake.js';
import type { HmaContent } from '../../src/services/hma/format.js';
import type { Fetch } from '../../src/services/service-options.js';
import { ShieldClient } from '../../src/services/shield/client.js';
import { type FakeShield, fakeShield } from '../../src/services/shield/fake.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from '../matching/bases.js';
import { runs } from '../seed.js';
import { hostileJson, readsHostile } from './hostile.js';
import { errorOf as errorWithout } from './list-fetching.js';
import { stillClock } from './still-clock.js';

const hashOf = (n: number) => hashFromHex('pdq', n.toString(16).padStart(2, '0').repeat(32));
const [FAR, LISTED, NEAR, OTHER] = [
  hashOf(0),
  hashOf(0xff),
  hashFromHex('pdq', `${'ff'.repeat(31)}00`),
  hashOf(0x0f),
];
const NOW = 1_767_225_600;
const errorOf = (call: Promise<unknown>) => errorWithout(call, ['secret', 'ffff']);
const QUIET = { clock: stillClock(() => NOW) };

describe('an HMA', () => {
  let service: FakeHma;
  beforeEach(async () => {
    service = await fakeHma({ token: 'secret', now: () => NOW * 1000 });
  });
  afterEach(() => service.close());

  const client = (options: object = {}) =>
    new HmaClient({ baseUrl: service.url, token: 'secret', bank: 'OURS', ...QUIET, ...options });
  const contentOf = (id: number, hash = LISTED, more: object = {}): HmaContent => ({
    id: `${id}`,
    bank: { name: 'OURS', enabledRatio: 1 },
    disableUntil: 1,
    signals: [{ type: 'pdq', value: hashToHex(hash!) }],
    exchanges: [],
    ...more,
  });

  async function fetched(options: object = {}, checkpoint?: HmaCheckpoint) {
    const states = new Map<string, string>();
    let last: HmaCheckpoint | undefined;
    let notRead: string | undefined;
    let isDrained = false;
    for await (const page of client(options).fetchUpdates(checkpoint ? { checkpoint } : {})) {
      expect(page.isFromStart).toBe(true);
      expect(notRead).toBeUndefined();
      for (const { key, state } of page.updates) states.set(key, state);
      ({ checkpoint: last, notRead } = page);
      isDrained = page.isDrained;
      if (isDrained || notRead === undefined) expect(isDrained).toBe(last !== undefined);
    }
    expect(isDrained || notRead !== undefined).toBe(true);
    return { states, checkpoint: last!, notRead, isDrained };
  }

  /** An HMA that does not say how much it holds. */
  const untold = { when: ({ path }: FakeRequest) => path === '/c/signal_type/index', times: 99 };
  const NOT_FOUND = '<!doctype html>\n<title>404 Not Found</title>';

  test('is fetched id by id, with disabled content and without other banks', async () => {
    service.put(contentOf(2));
    service.put(contentOf(5, LISTED, { disableUntil: 0 }));
    service.put(contentOf(7, LISTED, { bank: { name: 'OTHER', enabledRatio: 1 } }));
    service.put(contentOf(60));
    const { states, checkpoint } = await fetched();
    expect([...states]).toEqual([
      ['2', 'active'],
      ['5', 'withdrawn'],
      ['60', 'active'],
    ]);
    expect(checkpoint).toEqual({ highestId: 60 });
    service.remove('60');
    service.remove('2');
    expect((await fetched({ maxMissing: 3 }, checkpoint)).states).toEqual(
      new Map([['5', 'withdrawn']]),
    );
  });

  test('is fetched to its end, wherever other banks and gaps put the ids', async () => {
    // A bank of ten behind 500 entries of another, between some of a third, and after a gap.
    const THEIRS = { bank: { name: 'THEIRS', enabledRatio: 1 } };
    for (let id = 1; id <= 500; id++) service.put(contentOf(id, LISTED, THEIRS));
    const ids = [501, 503, 505, 507, 700, 701, 702, 703, 10_704, 10_705];
    for (const id of ids) service.put(contentOf(id));
    for (const id of [502, 504, 506]) service.put(contentOf(id, OTHER, THEIRS));
    const video = { signals: [{ type: 'video_md5', value: 'ab'.repeat(16) }] };
    service.put(contentOf(508, LISTED, video));
    let asked = 0;
    // Most ids are asked for in vain: that takes no HTTP.
    const quick: Fetch = async (url, init) => {
      asked++;
      const id = /content\/(\d+)/.exec(url)?.[1];
      if (id === undefined || service.contents().some((content) => content.id === id)) {
        return await fetch(url, init);
      }
      return Response.json({ message: `content '${id}' not found` }, { status: 404 });
    };
    const { states, checkpoint } = await fetched({ fetch: quick });
    expect([...states.keys()].map(Number)).toEqual([...ids.slice(0, 4), 508, ...ids.slice(4)]);
    expect(checkpoint).toEqual({ highestId: 10_705 });
    // Not one by one for 100,000 ids more: it knows how many there are.
    expect(asked).toBeLessThan(10_705 + 150);
    // What an exchange had listed goes with it: all of another bank, and the newest of ours.
    for (const { id, bank } of service.contents()) if (bank.name === 'THEIRS') service.remove(id);
    for (const id of ids.slice(4)) service.remove(`${id}`);
    const after = await fetched({ fetch: quick });
    expect([...after.states.keys()]).toEqual(['501', '503', '505', '507', '508']);
    expect(after.checkpoint).toEqual({ highestId: 508 });
  });

  test('that does not report its end is not drained after a gap, which is reported', async () => {
    for (const id of [1, 20, 150]) service.put(contentOf(id));
    const whole = ['1', '20', '150'];
    service.fail({ kind: 'status', status: 404, body: NOT_FOUND }, untold);
    const cut = await fetched({ maxMissing: 100 });
    expect([...cut.states.keys()]).toEqual(['1', '20']);
    expect(cut.notRead).toBe('content with an id above 120');
    const further = await fetched({ maxMissing: 200 });
    expect([...further.states.keys()]).toEqual(whole);
    expect(further.notRead).toMatch(/above \d+$/);
    // It is known that more comes after the gap.
    const known = await fetched({ maxMissing: 100 }, { highestId: 150 });
    expect([...known.states.keys()]).toEqual(whole);
    service.heal();
    // As many hashes as there are were not met before the limit.
    const missing = await fetched({ maxMissing: 100 });
    expect(missing).toMatchObject({ isDrained: false, notRead: 'content with an id above 120' });
    // It is told however often it was missed.
    const again = await fetched({ maxMissing: 100 }, missing.checkpoint);
    expect(again).toMatchObject({ isDrained: true, notRead: 'content with an id above 120' });
    service.put(contentOf(500));
    const more = await fetched({ maxMissing: 100 }, again.checkpoint);
    expect(more).toMatchObject({ isDrained: false, checkpoint: { highestId: 20, unmet: 2 } });
    service.remove('500');
    expect((await fetched()).checkpoint).toEqual({ highestId: 150 });
  });

  test('that changes while it is fetched does not end the fetch too early', async () => {
    for (const id of [1, 2, 3, 4]) service.put(contentOf(id));
    const seen = new Set<string>();
    let asked = 0;
    const fetching: Fetch = async (url, init) => {
      // After the count, two more come behind a gap, and one that was met goes.
      if (url.includes('signal_type')) asked++;
      if (url.includes('/content/40?')) {
        service.put(contentOf(60));
        service.put(contentOf(99));
        service.remove('1');
      }
      return await fetch(url, init);
    };
    for await (const page of client({ fetch: fetching }).fetchUpdates()) {
      for (const { key } of page.updates) seen.add(key);
      if (page.isDrained) expect(page.checkpoint).toEqual({ highestId: 99 });
    }
    expect([...seen]).toEqual(['1', '2', '3', '4', '60', '99']);
    expect(asked).toBe(2);
  });

  test('content deleted after it was read does not count as content beyond the limit', async () => {
    for (const id of [1, 2, 3, 4, 500]) service.put(contentOf(id));
    const deleting: Fetch = async (url, init) => {
      if (url.includes('/content/40?')) service.remove('1');
      return await fetch(url, init);
    };
    expect(await fetched({ fetch: deleting, maxMissing: 100 })).toMatchObject({
      isDrained: false,
      checkpoint: { highestId: 4, unmet: 1 },
    });
  });

  test.each([
    ['of a proxy that does not find its way', NOT_FOUND],
    ['of another proxy', { message: 'no Route matched with those values' }],
    ['that the bank is gone', { message: "bank 'OURS' not found" }],
    ['that says nothing', ''],
  ])('a 404 %s is an error, and not missing content', async (_, body) => {
    for (const id of [1, 2, 3]) service.put(contentOf(id));
    service.fail(
      { kind: 'status', status: 404, body },
      { when: ({ path }) => path.includes('/content/'), times: 999 },
    );
    expect(await errorOf(fetched({ tries: 1 }))).toMatchObject({ code: 'bad-reply' });
  });

  test('content without its signals is an error, and not without hashes', async () => {
    service.put(contentOf(1));
    const cut: Fetch = (url, init) => fetch(url.replace('include_signals=true', ''), init);
    const without: Fetch = async (url, init) => {
      const reply = await cut(url, init);
      if (!url.includes('/content/1?')) return reply;
      const { signals: _, ...rest } = await (reply as Response).json();
      return Response.json(rest);
    };
    const failed = errorOf(fetched({ fetch: without, tries: 1 }));
    expect(await failed).toMatchObject({ code: 'bad-reply' });
  });

  test('a missing bank is an error, and not an empty list', async () => {
    service.put(contentOf(1));
    expect(await errorOf(fetched({ bank: 'TYPO' }))).toMatchObject({ code: 'rejected' });
    await expect(fetched({ bank: undefined })).rejects.toThrow(TypeError);
  });

  test('failure at every step ends the fetch, and the next one gives all', async () => {
    for (const id of [1, 4, 9, 17]) service.put(contentOf(id));
    await fetched({ maxMissing: 9 });
    const steps = service.requests.length;
    for (const kind of ['status', 'reset', 'cut'] as const) {
      for (let skip = 0; skip < steps; skip += 3) {
        service.fail({ kind }, { skip });
        await errorOf(fetched({ maxMissing: 9, tries: 1 }));
        service.heal();
        expect((await fetched({ maxMissing: 9 })).states.size).toBe(4);
      }
    }
  });

  test('failure of one id ends the tries of the others', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    let allWait = () => {};
    const waiting = new Promise<void>((resolve) => {
      allWait = resolve;
    });
    const wait = (_: number, { signal }: { signal?: AbortSignal | undefined }) => {
      if (signals.push(signal) === 7) allWait();
      return new Promise<void>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    };
    const answered = async (url: string) => {
      const id = /content\/(\d+)/.exec(url)?.[1];
      if (id === undefined) return Response.json({ name: 'OURS' });
      if (id === '1') await waiting;
      return new Response('', { status: id === '1' ? 401 : 503 });
    };
    const error = await errorOf(fetched({ fetch: answered, clock: { ...QUIET.clock, wait } }));
    expect(error.code).toBe('unauthorized');
    expect(signals.map((signal) => signal?.aborted)).toEqual(Array(7).fill(true));
  });

  test('looks hashes up, and its answers distinguish hits, none and unanswered', async () => {
    service.put(contentOf(1));
    service.put(contentOf(2, OTHER, { disableUntil: 0 }));
    service.put(contentOf(3, LISTED, { bank: { name: 'OTHER', enabledRatio: 1 } }));
    expect(await client().lookup(NEAR!)).toEqual([{ bank: 'OURS', contentId: '1', distance: 8 }]);
    expect(await client({ bank: undefined }).lookup(NEAR!)).toHaveLength(2);
    const hit = { source: 'HMA/OURS', labels: ['OURS'], id: '1', distance: 8 };
    expect(await client().ask([FAR!, NEAR!, OTHER!])).toEqual([
      { hash: FAR, answer: 'none' },
      { hash: NEAR, answer: 'hits', hits: [hit] },
      { hash: OTHER, answer: 'none' },
    ]);
    service.fail({ kind: 'status', status: 503 }, { skip: 1, times: 9 });
    expect(await client({ tries: 2 }).ask([NEAR!, FAR!, OTHER!])).toEqual([
      { hash: NEAR, answer: 'hits', hits: [hit] },
      { hash: FAR, answer: 'unanswered', reason: 'unavailable' },
      { hash: OTHER, answer: 'unanswered', reason: 'unavailable' },
    ]);
  });

  test('that replies anything else has not answered', async () => {
    const bodies = [{ message: 'index not ready' }, { OURS: [{ bank_content_id: 1 }] }, 'fine', []];
    for (const body of bodies) {
      const liar = await startFakeService(() => ({ body }));
      try {
        expect(await client({ baseUrl: liar.url, tries: 1 }).ask([NEAR!])).toEqual([
          { hash: NEAR, answer: 'unanswered', reason: 'bad-reply' },
        ]);
      } finally {
        await liar.close();
      }
    }
  });

  test('options are checked', () => {
    const make = (options: object) => () => new HmaClient(options as never);
    expect(make({})).toThrow(TypeError);
    expect(make({ baseUrl: 'http://example.org' })).toThrow(RangeError);
    expect(make({ baseUrl: service.url, bank: '../X' })).toThrow(RangeError);
    expect(make({ baseUrl: service.url, token: 'a\nb' })).toThrow(RangeError);
    expect(client().mustRestart({ highestId: 1 }, NOW)).toBe(true);
  });
});

describe('Shield', () => {
  let service: FakeShield;
  beforeEach(async () => {
    service = await fakeShield({ password: 'secret' });
    service.put(LISTED!, 'csam');
  });
  afterEach(() => service.close());

  const client = (options: object = {}) =>
    new ShieldClient(
      { user: 'user', password: 'secret' },
      { baseUrl: service.url, ...QUIET, ...options },
    );

  test('gets hashes in base64, with their type', async () => {
    expect(await client().scan([LISTED!, NEAR!, FAR!, LISTED!])).toEqual([
      { classification: 'csam', matchType: 'exact' },
      { classification: 'csam', matchType: 'near' },
      { classification: 'no-known-match' },
      { classification: 'csam', matchType: 'exact' },
    ]);
    expect(service.requests).toHaveLength(1);
    const [{ method, path, headers, body }] = service.requests as [(typeof service.requests)[0]];
    expect({ method, path }).toEqual({ method: 'POST', path: '/v1/pdq' });
    expect(headers.authorization).toBe(`Basic ${btoa('user:secret')}`);
    const hashes = [LISTED!, NEAR!, FAR!].map(({ bytes }) => Buffer.from(bytes).toString('base64'));
    expect(JSON.parse(body)).toEqual({ hashes });
  });

  test('does not count test as a hit; omissions and unknown words are no answer', async () => {
    const hits = (label: string) => ({
      hash: NEAR,
      answer: 'hits',
      hits: [{ source: 'Shield', labels: [label] }],
    });
    const ask = async (classification: string | null) => {
      service.put(LISTED!, classification);
      return (await client().ask([NEAR!]))[0];
    };
    expect(await ask('csam')).toEqual(hits('csam'));
    expect(await ask('harmful-abusive-material')).toEqual(hits('harmful-abusive-material'));
    expect(await ask('test')).toEqual({ hash: NEAR, answer: 'none' });
    expect(await ask('no-known-match')).toEqual({ hash: NEAR, answer: 'none' });
    expect(await ask(null)).toEqual({ hash: NEAR, answer: 'unanswered', reason: 'left-out' });
    expect(await ask('CSAM, of a kind that is new')).toEqual({
      hash: NEAR,
      answer: 'unanswered',
      reason: 'unknown-word',
    });
    service.remove(LISTED!);
    expect(await client().ask([LISTED!])).toEqual([{ hash: LISTED, answer: 'none' }]);
    expect(await client().ask([])).toEqual([]);
    // Nothing is asked for, and a misspelt option is refused all the same.
    await expect(client().ask([], { signals: 1 } as never)).rejects.toThrow(TypeError);
  });

  test('a failure loses no hit, is not repeated, and leaves only the rest unanswered', async () => {
    for (const kind of ['status', 'reset', 'cut'] as const) {
      const asked = service.requests.length;
      service.fail({ kind }, { skip: 1 });
      const answers = await client({ maxHashes: 1 }).ask([LISTED!, LISTED!, FAR!]);
      expect(answers.map(({ answer }) => answer)).toEqual(['hits', 'unanswered', 'unanswered']);
      expect(service.requests.length - asked).toBe(2);
    }
    const wrong = new ShieldClient({ user: 'user', password: 'other' }, { baseUrl: service.url });
    expect(await wrong.ask([LISTED!])).toEqual([
      { hash: LISTED, answer: 'unanswered', reason: 'unauthorized' },
    ]);
    expect(await errorOf(wrong.scan([LISTED!]))).toMatchObject({ code: 'unauthorized' });
  });

  test('ends with the signal', async () => {
    service.fail({ kind: 'stall' });
    const stop = new AbortController();
    const asking = client().ask([LISTED!], { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
  });

  test('no reply gives a hit or a none that it does not state', async () => {
    const key = Buffer.from(LISTED!.bytes).toString('base64');
    const said = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ classification: fc.jsonValue({ maxDepth: 1 }) }),
      fc.record({ classification: fc.constantFrom('CSAM', 'csam ', 'match', '', 'none') }),
    );
    const bodies = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      said.map((one) => ({ scanned_hashes: { [key]: one } })),
      said.map((one) => ({ scanned_hashes: { [`${key}x`]: one, constructor: one } })),
      said.map((one) => ({ scanned_hashes: [one] })),
    );
    let body: unknown;
    const liar = await startFakeService(() => ({ body: JSON.stringify(body) }));
    try {
      const shield = client({ baseUrl: liar.url });
      await fc.assert(
        fc.asyncProperty(bodies, async (reply) => {
          body = reply;
          const [answer] = await shield.ask([LISTED!]);
          expect(answer!.answer).toBe('unanswered');
        }),
        { numRuns: runs(300) },
      );
    } finally {
      await liar.close();
    }
  });

  test('10,000 hostile replies are answers or not answered', async () => {
    const key = Buffer.from(LISTED!.bytes).toString('base64');
    const reply = { scanned_hashes: { [key]: { classification: 'csam', match_type: 'near' } } };
    let text = '';
    const saying: Fetch = async () => new Response(text);
    const shield = client({ fetch: saying, tries: 1 });
    await readsHostile(hostileJson(reply), async (hostile) => {
      text = hostile;
      const [answer] = await shield.ask([LISTED!]);
      expect(Object.keys(answer!)).toContain('answer');
      if (answer!.answer === 'unanswered') throw new FormatError('bad-reply', 'unanswered');
    });
  });

  test('arguments are checked', async () => {
    const make =
      (credentials: object, options: object = {}) =>
      () =>
        new ShieldClient(credentials as never, options);
    expect(make({ user: 'a' })).toThrow(TypeError);
    expect(make({ user: 'a:b', password: 'c' })).toThrow(RangeError);
    expect(make({ user: 'a', password: 'c' }, { maxHashes: 0 })).toThrow(RangeError);
    const hma = new HmaClient({ baseUrl: service.url });
    for (const list of [client(), hma] as RemoteMatcher[]) {
      await expect(list.ask('x' as never, {} as never)).rejects.toThrow(TypeError);
      await expect(list.ask([hashFromHex('dhash', '0'.repeat(16))], {} as never)).rejects.toThrow(
        TypeError,
      );
      await expect(list.ask([{} as never], {} as never)).rejects.toThrow(TypeError);
    }
    expect(service.requests).toHaveLength(0);
  });
});

test('a blocklist queries an HMA and Shield, and entries withdrawn there or here are gone', async () => {
  const [hma, shield] = [await fakeHma(), await fakeShield({ password: 'secret' })];
  try {
    const content = {
      id: '1',
      bank: { name: 'OURS', enabledRatio: 1 },
      disableUntil: 1,
      signals: [{ type: 'pdq', value: hashToHex(BASE) }],
      exchanges: [],
    };
    hma.put(content);
    shield.put(BASE, 'csam');
    const quick = { ...QUIET, tries: 1 };
    const elsewhere = { sendsHashes: true, trust: 'shared', noneSeconds: 0 } as const;
    const ours = new HmaClient({ baseUrl: hma.url, ...quick });
    const theirs = new ShieldClient(
      { user: 'user', password: 'secret' },
      { baseUrl: shield.url, ...quick },
    );
    const remote = [
      createRemoteList(ours, { ...elsewhere, name: 'ours' }),
      createRemoteList(theirs, elsewhere),
    ];
    const blocklist = createBlocklist([]);
    const image = { hash: flipBits(BASE, ORDER, 8), quality: 100, variants: [] };
    const told = async () => {
      const { verdict, remoteMatches, unanswered } = await match(image, blocklist, { remote });
      return [verdict, remoteMatches!.map(({ list }) => list).sort(), unanswered];
    };
    expect(await told()).toEqual(['match', ['Shield', 'ours'], []]);
    shield.remove(BASE);
    expect(await told()).toEqual(['match', ['ours'], []]);
    for (const key of [
      { id: '1', source: 'HMA/OURS' },
      { id: '1', source: 'ours' },
      { id: '1', list: 'ours' },
    ]) {
      await blocklist.apply({ withdraw: [key] });
      expect(await told()).toEqual(['none', [], []]);
      await blocklist.apply({ reinstate: [key] });
    }
    await blocklist.apply({ withdraw: [{ id: '1', source: 'HMA/OTHER' }] });
    expect(await told()).toEqual(['match', ['ours'], []]);
    hma.remove('1');
    expect(await told()).toEqual(['none', [], []]);
    shield.fail({ kind: 'status', status: 500 });
    hma.fail({ kind: 'cut' });
    expect(await told()).toEqual(['review', [], ['ours', 'Shield']]);
  } finally {
    await hma.close();
    await shield.close();
  }
});
