import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ServiceError } from '../../src/exchange/service-error.js';
import {
  type ThreatExchangeCheckpoint,
  ThreatExchangeClient,
} from '../../src/exchange/threat-exchange-client.js';
import { hashToHex } from '../../src/hash.js';
import { startFakeService } from '../../src/testing/fake-service.js';
import {
  type FakeThreatExchange,
  fakeThreatExchange,
} from '../../src/testing/fake-threat-exchange.js';
import { stillClock } from './still-clock.js';

const DAY = 86_400;
const TOKEN = '1234567890|secret-of-the-app';
const START = 1_600_000_000;

let seconds: number;
let service: FakeThreatExchange;
beforeEach(async () => {
  seconds = START + DAY;
  service = await fakeThreatExchange({ accessToken: TOKEN, maxPageSize: 3, reorderSeed: 5 });
});
afterEach(() => service.close());

const client = (options: object = {}) =>
  new ThreatExchangeClient({ accessToken: TOKEN }, '1', {
    baseUrl: service.url,
    clock: stillClock(() => seconds),
    ...options,
  });

const recordOf = (n: number, hex = n) => ({
  id: `${n}`,
  indicator: hex.toString(16).padStart(64, 'a'),
  type: 'HASH_PDQ',
  shouldDelete: false,
  descriptors: [{ id: '1', ownerId: '2', status: 'MALICIOUS', tags: [], reactions: [] }],
});

class Kept {
  readonly hashes = new Map<string, string[]>();
  checkpoint: ThreatExchangeCheckpoint | undefined;

  async fetch(from: ThreatExchangeClient): Promise<boolean> {
    const { checkpoint } = this;
    let isDrained = false;
    for await (const page of from.fetchUpdates(checkpoint ? { checkpoint } : {})) {
      for (const { key, state, entries } of page.updates) {
        if (state === 'deleted') this.hashes.delete(key);
        else
          this.hashes.set(
            key,
            entries.map(({ hash }) => hashToHex(hash)),
          );
      }
      if (page.checkpoint) this.checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
      isDrained = page.isDrained;
    }
    return isDrained;
  }
}

const listed = () =>
  new Map(
    service
      .records()
      .filter(({ shouldDelete }) => !shouldDelete)
      .map(({ id, indicator }) => [id, [indicator]]),
  );

const errorOf = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => expect.fail('was answered'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ServiceError);
      const { message, cause, stack } = error as ServiceError;
      expect(`${message} ${cause} ${stack} ${JSON.stringify(error)}`).not.toContain('secret');
      return error as ServiceError;
    },
  );

test('tells every record, and the token is in headers only', async () => {
  for (let n = 0; n < 8; n++) service.put(recordOf(n));
  const pages = [];
  for await (const page of client({ types: ['HASH_PDQ', 'HASH_MD5'] }).fetchUpdates()) {
    pages.push(page);
  }
  expect(pages.map(({ updates }) => updates.length)).toEqual([3, 3, 2]);
  expect(pages.map(({ checkpoint }) => checkpoint)).toEqual([
    undefined,
    undefined,
    { timestampSeconds: START + 7, fetchedSeconds: seconds },
  ]);
  expect(pages[0]!.updates[0]!.source).toBe('ThreatExchange/1');
  for (const { path, query, headers } of service.requests) {
    expect(path).toBe('/1/threat_updates/');
    expect(`${query}`).not.toContain('secret');
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(query.get('fields')).toContain('descriptors{id,reactions,owner{id},tags,status}');
    expect(query.get('types')).toBe('HASH_PDQ,HASH_MD5');
  }
});

test('goes on from a second before its checkpoint, and begins anew after 85 days', async () => {
  const kept = new Kept();
  for (let n = 0; n < 4; n++) service.put(recordOf(n));
  await kept.fetch(client());
  service.put(recordOf(1, 77));
  service.remove('2');
  const asked = service.requests.length;
  await kept.fetch(client());
  expect(service.requests[asked]!.query.get('start_time')).toBe(`${START + 2}`);
  expect(kept.hashes).toEqual(listed());
  const checkpoint = kept.checkpoint!;
  expect(client().mustRestart(checkpoint, seconds + 85 * DAY)).toBe(false);
  expect(client().mustRestart(checkpoint, seconds + 85 * DAY + 1)).toBe(true);
  expect(client().mustRestart(checkpoint, seconds - 2 * DAY)).toBe(true);
  seconds += 86 * DAY;
  const { value } = await client().fetchUpdates({ checkpoint }).next();
  expect(value).toMatchObject({ isFromStart: true });
  expect(service.requests.at(-1)!.query.has('start_time')).toBe(false);
});

test('a time that is still to come does not move the checkpoint over what comes before', async () => {
  seconds = START;
  for (let n = 0; n < 5; n++) service.put(recordOf(n));
  const kept = new Kept();
  await kept.fetch(client());
  expect(kept.checkpoint).toEqual({ timestampSeconds: START, fetchedSeconds: START });
});

describe('failure', () => {
  test('at every step: the next fetch ends as the list is', async () => {
    for (let n = 0; n < 8; n++) service.put(recordOf(n));
    service.remove('3');
    for (const kind of ['status', 'reset', 'cut'] as const) {
      for (let skip = 0; skip < 3; skip++) {
        const kept = new Kept();
        service.fail({ kind }, { skip });
        await errorOf(kept.fetch(client({ tries: 1 })));
        expect(kept.checkpoint).toBeUndefined();
        expect(await kept.fetch(client())).toBe(true);
        expect(kept.hashes).toEqual(listed());
      }
    }
  });

  test('any history of changes, faults and fetches ends as the list is', async () => {
    const step = fc.record({
      kind: fc.constantFrom('put', 'put', 'remove', 'fetch', 'cut'),
      n: fc.nat(7),
      hex: fc.nat(99),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const kept = new Kept();
        for (const { id } of service.records()) service.remove(id);
        for (const { kind, n, hex } of steps) {
          if (kind === 'put') service.put(recordOf(n, hex));
          else if (kind === 'remove') service.remove(`${n}`);
          else {
            if (kind === 'cut') service.fail({ kind }, { skip: n % 3 });
            await kept.fetch(client({ tries: 1 })).catch(() => {});
            service.heal();
          }
        }
        expect(await kept.fetch(client())).toBe(true);
        expect(kept.hashes).toEqual(listed());
      }),
      { numRuns: 40 },
    );
  });

  test.each(['https://elsewhere.example/?a=1', 'again'])('a link to %s', async (to) => {
    const astray = await startFakeService(() => ({
      body: { data: [], paging: { next: to === 'again' ? `${astray.url}/1` : to } },
    }));
    try {
      const fetching = new Kept().fetch(client({ baseUrl: astray.url }));
      expect(await errorOf(fetching)).toMatchObject({ code: 'bad-reply' });
    } finally {
      await astray.close();
    }
  });

  test('of the token, and a malformed record', async () => {
    const wrong = new ThreatExchangeClient({ accessToken: '1|secret' }, '1', {
      baseUrl: service.url,
    });
    expect(await errorOf(new Kept().fetch(wrong))).toMatchObject({ code: 'unauthorized' });
    service.put({ ...recordOf(1), indicator: 'no hash' });
    const problems: string[] = [];
    const onProblem = ({ code }: { code: string }) => problems.push(code);
    service.fail({ kind: 'cut' });
    for await (const { updates } of client().fetchUpdates({ onProblem })) {
      expect(updates).toHaveLength(1);
    }
    expect(problems).toEqual(['bad-hash']);
    await expect(new Kept().fetch(client())).rejects.toMatchObject({ name: 'FormatError' });
  });
});

test('options are checked', () => {
  const make =
    (token: unknown, group: unknown, options: object = {}) =>
    () =>
      new ThreatExchangeClient({ accessToken: token } as never, group as never, options);
  expect(make('a|b', '1')).not.toThrow();
  expect(make(7, '1')).toThrow(TypeError);
  expect(make('a|b\n', '1')).toThrow(RangeError);
  expect(make('a|b', 1)).toThrow(TypeError);
  expect(make('a|b', '../1')).toThrow(RangeError);
  expect(make('a|b', '1', { types: ['a b'] })).toThrow(TypeError);
  expect(make('a|b', '1', { pageSize: 0 })).toThrow(RangeError);
});
