import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { startFakeService } from '../../../src/services/fake-service.js';
import { type NcmecCheckpoint, NcmecClient } from '../../../src/services/ncmec/client.js';
import { type FakeNcmec, fakeNcmec, writeNcmecEntries } from '../../../src/services/ncmec/fake.js';
import {
  NCMEC_LISTS,
  type NcmecEntry,
  type NcmecEnvironment,
} from '../../../src/services/ncmec/format.js';
import { runs } from '../../seed.js';
import { errorOf } from '../list-fetching.js';
import { stillClock } from '../still-clock.js';

const DAY = 86_400;
/** 2026-01-01 */
const START = 1_767_225_600;

let seconds: number;
let service: FakeNcmec;
beforeEach(async () => {
  seconds = START;
  service = await fakeNcmec({ password: 'secret', maxPageSize: 3, now: () => seconds * 1000 });
});
afterEach(() => service.close());

const client = (options: object = {}) =>
  new NcmecClient(
    { user: 'user', password: 'secret' },
    {
      baseUrl: service.url,
      clock: stillClock(() => seconds),
      ...options,
    },
  );

const hexOf = (n: number) => n.toString(16).padStart(64, 'a');
const timeOf = (at: number) => new Date(at * 1000).toISOString();
const entryOf = (n: number, at: number, hex = hexOf(n)): NcmecEntry => ({
  kind: 'image',
  isDeleted: false,
  memberId: `${n % 3}`,
  id: `entry ${n}`,
  timestamp: timeOf(at),
  fingerprints: [{ type: 'pdq', value: hex }],
  votes: [],
});

/** A list as a caller keeps it: updates first, then the checkpoint. */
class Kept {
  readonly hashes = new Map<string, string[]>();
  checkpoint: NcmecCheckpoint | undefined;

  async fetch(from: NcmecClient, signal?: AbortSignal): Promise<boolean> {
    const { checkpoint } = this;
    const options = { ...(checkpoint && { checkpoint }), ...(signal && { signal }) };
    let isDrained = false;
    for await (const page of from.fetchUpdates(options)) {
      for (const { key, state, entries } of page.updates) {
        if (state === 'deleted') this.hashes.delete(key);
        else
          this.hashes.set(
            key,
            entries.map(({ hash }) => hashToHex(hash)),
          );
      }
      // Through JSON, as it is stored.
      if (page.checkpoint) this.checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
      isDrained = page.isDrained;
    }
    return isDrained;
  }
}

/** What the service lists now. */
const listed = () =>
  new Map(
    service
      .entries()
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ memberId, id, fingerprints }) => [
        `${memberId}/${id}`,
        fingerprints.map(({ value }) => value),
      ]),
  );

describe('a fetch', () => {
  test('gives every entry, page by page, and moves the checkpoint at the end', async () => {
    for (let n = 0; n < 8; n++) service.put(entryOf(n, START - 1000 + n));
    const pages = [];
    for await (const page of client().fetchUpdates()) pages.push(page);
    expect(pages.map(({ updates }) => updates.length)).toEqual([3, 3, 2]);
    expect(pages.map(({ checkpoint }) => checkpoint)).toEqual([
      undefined,
      undefined,
      { toSeconds: START - 5 },
    ]);
    expect(pages.map(({ isDrained }) => isDrained)).toEqual([false, false, true]);
    expect(pages.every(({ isFromStart }) => isFromStart)).toBe(true);
    const [first, second] = service.requests;
    expect(first!.query.get('to')).toBe(timeOf(START - 5));
    for (const name of ['from', 'to']) {
      expect(second!.query.get(name)).toBe(first!.query.get(name));
    }
    expect(first!.headers.authorization).toBe(`Basic ${btoa('user:secret')}`);
  });

  test('resumes from its checkpoint, a minute earlier', async () => {
    const kept = new Kept();
    service.put(entryOf(1, START - DAY));
    expect(await kept.fetch(client())).toBe(true);
    service.put(entryOf(2, START - 30));
    seconds += 600;
    service.put(entryOf(1, seconds - 300, hexOf(9)));
    service.remove('2', 'entry 2', timeOf(seconds - 200));
    const asked = service.requests.length;
    expect(await kept.fetch(client())).toBe(true);
    expect(service.requests[asked]!.query.get('from')).toBe(timeOf(START - 65));
    expect(kept.hashes).toEqual(new Map([['1/entry 1', [hexOf(9)]]]));
    expect(kept.checkpoint).toEqual({ toSeconds: seconds - 5 });
  });

  test('requests nothing while the clock is behind the checkpoint', async () => {
    const checkpoint = { toSeconds: START + 3600 };
    const pages = [];
    for await (const page of client().fetchUpdates({ checkpoint })) pages.push(page);
    expect(pages).toEqual([
      { updates: [], unknown: [], isDrained: true, isFromStart: false, checkpoint },
    ]);
    expect(service.requests).toHaveLength(0);
  });

  test('does not trust our own clock if it is ahead', async () => {
    const ahead = stillClock(() => seconds + 6 * 3600);
    const kept = new Kept();
    service.put(entryOf(1, START - 100));
    expect(await kept.fetch(client({ clock: ahead }))).toBe(true);
    expect(kept.checkpoint).toEqual({ toSeconds: START - 5 });
    seconds += 3600;
    service.put(entryOf(2, seconds - 100));
    expect(await kept.fetch(client())).toBe(true);
    expect(kept.hashes).toEqual(listed());
    const future = { toSeconds: START + 2 * DAY };
    const { value } = await client().fetchUpdates({ checkpoint: future }).next();
    expect(value).toMatchObject({ isFromStart: true, isDrained: true });
  });

  test('shortens a range with too many entries, and gives none of them twice', async () => {
    for (let n = 0; n < 40; n++) service.put(entryOf(n, START - 40 * DAY + n * DAY));
    const kept = new Kept();
    const told: string[] = [];
    const checkpoints: number[] = [];
    for await (const page of client({ maxEntriesPerRange: 9 }).fetchUpdates()) {
      told.push(...page.updates.map(({ key }) => key));
      if (page.checkpoint) checkpoints.push(page.checkpoint.toSeconds);
    }
    expect(new Set(told).size).toBe(40);
    // Both ends of a range belong to it, so only what is on a border may be told twice.
    expect(told.length).toBeLessThan(50);
    expect(checkpoints.length).toBeGreaterThan(4);
    expect(checkpoints).toEqual([...checkpoints].sort((a, b) => a - b));
    expect(checkpoints.at(-1)).toBe(START - 5);
    expect(await kept.fetch(client({ maxEntriesPerRange: 1 }))).toBe(true);
    expect(kept.hashes).toEqual(listed());
  });

  test('fetches a second whole, however many entries it holds', async () => {
    for (let n = 0; n < 20; n++) service.put(entryOf(n, START - 100));
    const kept = new Kept();
    expect(await kept.fetch(client({ maxEntriesPerRange: 2 }))).toBe(true);
    expect(kept.hashes.size).toBe(20);
  });

  test('restarts a range when its links are older than 12 hours', async () => {
    for (let n = 0; n < 9; n++) service.put(entryOf(n, START - 1000 + n));
    const kept = new Map<string, unknown>();
    let pages = 0;
    let last: NcmecCheckpoint | undefined;
    for await (const { updates, checkpoint } of client().fetchUpdates()) {
      for (const { key } of updates) kept.set(key, true);
      // Whoever keeps the first page is slow.
      if (++pages === 1) seconds += 13 * 3600;
      last = checkpoint;
    }
    expect(kept.size).toBe(9);
    expect(last).toEqual({ toSeconds: START - 5 });
    expect(service.requests.filter(({ query }) => !query.has('start')).length).toBeGreaterThan(1);
  });

  test('reports malformed entries once, though a page is requested twice', async () => {
    const entry = entryOf(1, START - 100, 'no hash');
    const text = writeNcmecEntries([entry, entryOf(2, START - 100)]);
    const broken = await startFakeService(() => ({ body: text }));
    try {
      broken.fail({ kind: 'cut', afterBytes: text.length - 20 });
      const problems: string[] = [];
      const onProblem = ({ code }: { code: string }) => problems.push(code);
      const options = { baseUrl: broken.url };
      let count = 0;
      for await (const page of client(options).fetchUpdates({ onProblem })) {
        count += page.updates.length;
      }
      expect({ problems, count }).toEqual({ problems: ['bad-hash'], count: 2 });
      await expect(client(options).fetchUpdates().next()).rejects.toMatchObject({
        name: 'FormatError',
        code: 'bad-hash',
      });
    } finally {
      await broken.close();
    }
  });

  test.each([
    ['another origin', 'https://elsewhere.example/v2/entries?start=2'],
    ['another origin, written short', 'http:elsewhere.example/v2/entries?start=2'],
    ['another range', '/v2/entries?from=2001-01-01T00:00:00Z&start=2&size=1&max=9'],
    ['itself', '/v2/entries?start=2'],
    ['nothing', 'http://'],
  ])('does not follow a link to %s', async (_, next) => {
    const hosts: string[] = [];
    const text = writeNcmecEntries([entryOf(1, START - 100)], { next });
    const astray = await startFakeService(({ headers }) => {
      hosts.push(headers.host!);
      return { body: text };
    });
    try {
      const fetching = (async () => {
        for await (const page of client({ baseUrl: astray.url }).fetchUpdates()) {
          expect(page.checkpoint).toBeUndefined();
        }
      })();
      expect(await errorOf(fetching)).toMatchObject({ code: 'bad-reply' });
      expect(hosts.length).toBeLessThan(12);
    } finally {
      await astray.close();
    }
  });
});

describe('failure', () => {
  test('at every step: fetched entries stay valid, and the next fetch gives the whole list', async () => {
    for (let n = 0; n < 12; n++) service.put(entryOf(n, START - 12 * DAY + n * DAY));
    for (let n = 0; n < 4; n++) service.remove(`${n % 3}`, `entry ${n}`, timeOf(START - DAY + n));
    const options = { maxEntriesPerRange: 4, tries: 1 };
    const calm = new Kept();
    await calm.fetch(client(options));
    const steps = service.requests.length;
    expect(steps).toBeGreaterThan(6);
    for (let skip = 0; skip < steps; skip++) {
      const kept = new Kept();
      const kind = (['status', 'reset', 'cut'] as const)[skip % 3]!;
      service.fail({ kind }, { skip });
      await errorOf(kept.fetch(client(options)));
      expect(await kept.fetch(client(options))).toBe(true);
      expect(kept.hashes).toEqual(listed());
    }
  });

  test('that passes is invisible', async () => {
    for (let n = 0; n < 7; n++) service.put(entryOf(n, START - 100 - n));
    for (const kind of ['status', 'reset', 'cut'] as const) {
      for (let skip = 0; skip < 3; skip++) service.fail({ kind }, { skip });
    }
    const kept = new Kept();
    expect(await kept.fetch(client({ tries: 12 }))).toBe(true);
    expect(kept.hashes).toEqual(listed());
  });

  test('of the credentials is reported at once', async () => {
    const wrong = new NcmecClient(
      { user: 'user', password: 'secret2' },
      { baseUrl: service.url, clock: stillClock(() => seconds) },
    );
    expect(await errorOf(wrong.feedbackReasons('PDQ'))).toMatchObject({
      code: 'unauthorized',
      status: 401,
    });
    expect(service.requests).toHaveLength(1);
  });

  test('to answer ends with the signal', async () => {
    service.fail({ kind: 'stall' });
    const stop = new AbortController();
    const fetching = new Kept().fetch(client(), stop.signal);
    stop.abort(new Error('enough'));
    await expect(fetching).rejects.toThrow('enough');
  });

  test('any history of changes, faults and fetches ends in the list of the service', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put'), n: fc.nat(9), hex: fc.nat(99) }),
      fc.record({ kind: fc.constant('remove'), n: fc.nat(9), hex: fc.constant(0) }),
      fc.record({
        kind: fc.constantFrom('fetch', 'cut', 'reset', 'leave'),
        n: fc.nat(4),
        hex: fc.nat(9),
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.constantFrom(1, 2, 5, 100),
        async (steps, maxEntriesPerRange) => {
          for (const { memberId, id } of service.entries()) {
            service.remove(memberId, id, timeOf(seconds));
          }
          seconds += 100;
          const kept = new Kept();
          for (const { kind, n, hex } of steps) {
            seconds += 7;
            if (kind === 'put') service.put(entryOf(n, seconds, hexOf(hex)));
            else if (kind === 'remove') service.remove(`${n % 3}`, `entry ${n}`, timeOf(seconds));
            else {
              if (kind === 'cut' || kind === 'reset') service.fail({ kind }, { skip: n });
              const stop = kind === 'leave' ? AbortSignal.abort() : undefined;
              await kept.fetch(client({ maxEntriesPerRange, tries: 1 }), stop).catch(() => {});
              service.heal();
            }
          }
          // Later than the margin, everything is told.
          seconds += 10;
          expect(await kept.fetch(client({ maxEntriesPerRange }))).toBe(true);
          expect(kept.hashes).toEqual(listed());
        },
      ),
      { numRuns: runs(25) },
    );
  });
});

describe('the other calls', () => {
  test('reasons', async () => {
    expect(await client().feedbackReasons('PDQ')).toEqual([
      { id: '01234567-abcd-0123-4567-012345678900', name: 'Example Reason', type: 'PDQ' },
    ]);
  });

  test('a vote is repeated until it is answered, and counts once', async () => {
    service.put(entryOf(1, START - 100));
    const entry = { memberId: '1', id: 'entry 1', type: 'PDQ' };
    service.fail({ kind: 'cut' });
    service.fail({ kind: 'status', status: 503 });
    await client().sendFeedback(entry, { says: 'affirmative' });
    expect(service.requests.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'PUT']);
    expect(service.votes()).toEqual([{ ...entry, says: 'affirmative' }]);
    const reasonIds = ['01234567-abcd-0123-4567-012345678900'];
    await client().sendFeedback(entry, { says: 'negative', reasonIds });
    expect(service.votes()).toEqual([{ ...entry, says: 'negative', reasonIds }]);
    expect(service.requests.at(-1)!.path).toBe('/v2/entries/1/entry%201/PDQ/feedback');
    const gone = { ...entry, id: 'x/y?z' };
    expect(await errorOf(client().sendFeedback(gone, { says: 'affirmative' }))).toMatchObject({
      code: 'rejected',
      status: 404,
    });
    expect(service.requests.at(-1)!.path).toBe('/v2/entries/1/x%2Fy%3Fz/PDQ/feedback');
    const up = { ...entry, id: '..' };
    await expect(client().sendFeedback(up, { says: 'affirmative' })).rejects.toThrow(RangeError);
  });
});

test('options are checked, and each list has its address', async () => {
  const make =
    (credentials: object, options: object = {}) =>
    () =>
      new NcmecClient(credentials as never, options);
  expect(make({ user: 'a' })).toThrow(TypeError);
  expect(make({ user: 'a:b', password: 'c' })).toThrow(RangeError);
  expect(make({ user: 'a', password: 'c' }, { maxEntriesPerRange: 0 })).toThrow(RangeError);
  expect(make({ user: 'a', password: 'c' }, { environment: 'nop' })).toThrow("'industry' or ");
  expect(make({ user: 'a', password: 'c' }, { list: 'npo' })).toThrow(
    /^(unknown option list|expected options .*\benvironment\b)/,
  );
  expect(make({ user: 'a', password: 'c' }, { environment: 'toString' })).toThrow(RangeError);
  const urls: string[] = [];
  for (const environment of Object.keys(NCMEC_LISTS) as NcmecEnvironment[]) {
    const fetch = async (url: string) => {
      urls.push(url);
      throw new Error('no network');
    };
    const one = new NcmecClient({ user: 'a', password: 'b' }, { environment, fetch, tries: 1 });
    await errorOf(one.feedbackReasons('PDQ'));
  }
  expect(urls).toEqual(
    Object.values(NCMEC_LISTS).map(({ baseUrl }) => `${baseUrl}/v2/feedback/PDQ/reasons`),
  );
  expect(client().mustRestart({ toSeconds: 0 }, START)).toBe(false);
});
