import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { distance, type Hash, hashFromHex, hashToHex } from '../../src/hash.js';
import {
  countingOnce,
  createFloodGuard,
  type FloodAlarm,
  type FloodGuardJSON,
} from '../../src/matching/flood-guard.js';
import { match } from '../../src/matching/match.js';
import { flipBits } from '../arbitraries.js';
import { NaiveFloodGuard } from '../oracles/flood.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

/** Uploads that come near `BASE`, each 62 bits from each other: 8 of 31 bits each. */
const distinct = (at: number): Hash => {
  const bits = Array.from({ length: 31 }, (_, i) => ORDER[(31 * at + i) % 256]!);
  return flipBits(BASE, bits, 31);
};
/** Any number of entries. */
const entryAt = (at: number): Hash => {
  const bytes = BASE.bytes.slice();
  new DataView(bytes.buffer).setUint32(0, at);
  return { algorithm: 'pdq', bytes };
};
/** An upload that counts for an entry. */
const nearTo = (entry: Hash): Hash => flipBits(entry, ORDER, 20);

test('an entry that matches too many distinct uploads falls to review and raises one alarm', () => {
  const alarms: FloodAlarm[] = [];
  const guard = createFloodGuard({
    mostUploads: 3,
    windowSeconds: 60,
    now: () => 100_000,
    onAlarm: (alarm) => alarms.push(alarm),
  });
  for (const at of [0, 1, 2, 0, 1, 2]) expect(guard.count(BASE, distinct(at))).toBe(false);
  expect([guard.isFlooded(BASE), guard.generation]).toEqual([false, 0]);
  expect(guard.count(BASE, distinct(3))).toBe(true);
  expect(guard.count(BASE, distinct(4))).toBe(true);
  expect(guard.count(BASE, distinct(0))).toBe(true);
  expect(alarms.map((alarm) => ({ ...alarm, entry: hashToHex(alarm.entry) }))).toEqual([
    { entry: hashToHex(BASE), uploads: 4, windowSeconds: 60 },
  ]);
  expect(guard.flooded.map(hashToHex)).toEqual([hashToHex(BASE)]);
  expect(guard.isFlooded(entryAt(1))).toBe(false);
});

describe('the attack: a listed hash matches the uploads of many people', () => {
  const ALL = Array.from({ length: 256 }, (_, bit) => bit);
  const chosen = fc
    .shuffledSubarray(ALL, { minLength: 20, maxLength: 31 })
    .map((bits) => flipBits(BASE, bits, bits.length));
  /** The listed picture itself, a copy of it, and a copy of what was uploaded before. */
  const ordinary = fc.oneof(
    fc.constant(BASE),
    fc.shuffledSubarray(ALL, { maxLength: 7 }).map((bits) => flipBits(BASE, bits, bits.length)),
    fc.shuffledSubarray(ORDER.slice(0, 31), { minLength: 20 }).map((bits) => {
      return flipBits(BASE, bits, bits.length);
    }),
  );

  test('25 distinct uploads raise the alarm, whatever came before or between, in any order', () => {
    fc.assert(
      fc.property(
        fc.array(chosen, { minLength: 25, maxLength: 25 }),
        fc.array(fc.tuple(ordinary, fc.nat(25)), { maxLength: 15 }),
        fc.boolean(),
        (hashes, others, isFirst) => {
          const uploads = isFirst ? [BASE, ...hashes] : [...hashes];
          for (const [hash, at] of others) uploads.splice(at, 0, hash);
          const guard = createFloodGuard();
          const alarm = uploads.findIndex((hash) => guard.count(BASE, hash)) + 1;
          expect(alarm).toBeGreaterThan(20);
          expect(alarm).toBeLessThanOrEqual(41);
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('after an exact copy, 5,000 distinct uploads raise the alarm once', () => {
    let alarms = 0;
    const guard = createFloodGuard({ onAlarm: () => alarms++ });
    guard.count(BASE, BASE);
    const next = random(1);
    for (let at = 0; at < 5000; at++) {
      const bits = new Set<number>();
      while (bits.size < 25) bits.add(next() % 256);
      guard.count(BASE, flipBits(BASE, [...bits], 25));
      if (at === 24) expect(alarms).toBe(1);
    }
    expect(alarms).toBe(1);
  });
});

describe('the attack: copies are flooded to switch off the entry that is needed', () => {
  test('no number of copies of one picture raises the alarm', () => {
    const guard = createFloodGuard({ mostUploads: 1 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(255), { maxLength: 7 }),
        (bits) => !guard.count(BASE, flipBits(BASE, bits, bits.length)),
      ),
      { numRuns: runs(2000) },
    );
    expect(guard.toJSON().watched).toEqual([]);
  });

  test('copies of a picture that is itself far from the entry do not raise it either', () => {
    const guard = createFloodGuard({ mostUploads: 1 });
    guard.count(BASE, distinct(0));
    fc.assert(
      fc.property(fc.shuffledSubarray(ORDER.slice(100, 115)), (bits) => {
        return !guard.count(BASE, flipBits(distinct(0), bits, bits.length));
      }),
      { numRuns: runs(2000) },
    );
    expect(guard.toJSON().watched[0]!.uploads).toHaveLength(1);
  });

  test('edits far from each other raise it; once a reviewer lifts it, counting starts again', () => {
    const guard = createFloodGuard({ mostUploads: 3 });
    const flood = () => [0, 1, 2, 3].map((at) => guard.count(BASE, distinct(at)));
    expect(flood()).toEqual([false, false, false, true]);
    expect(guard.lift(BASE)).toBe(true);
    expect(guard.lift(BASE)).toBe(false);
    expect(guard.isFlooded(BASE)).toBe(false);
    expect(flood()).toEqual([false, false, false, true]);
    expect(guard.generation).toBe(3);
  });

  test('time does not lift the alarm', () => {
    let now = 0;
    const guard = createFloodGuard({ mostUploads: 1, windowSeconds: 10, now: () => 1000 * now });
    guard.count(BASE, distinct(0));
    guard.count(BASE, distinct(1));
    now = 1e9;
    expect(guard.count(BASE, distinct(0))).toBe(true);
  });

  test('other entries cannot push out the entry with the most uploads', () => {
    const guard = createFloodGuard({ mostUploads: 3, mostEntries: 5, now: () => 0 });
    for (const at of [0, 1, 2]) guard.count(BASE, distinct(at));
    for (let at = 1; at < 1000; at++) guard.count(entryAt(at), nearTo(entryAt(at)));
    expect(guard.toJSON().watched).toHaveLength(5);
    expect(guard.count(BASE, distinct(3))).toBe(true);
  });
});

test('expired uploads make room first, then the entry with the fewest uploads', () => {
  let now = 0;
  const options = { mostUploads: 5, mostEntries: 2, windowSeconds: 10, now: () => 1000 * now };
  const guard = createFloodGuard(options);
  const keys = () => guard.toJSON().watched.map(({ hash }) => hash);
  for (const at of [0, 1, 2]) guard.count(BASE, distinct(at));
  now = 11;
  guard.count(entryAt(1), nearTo(entryAt(1)));
  guard.count(entryAt(2), nearTo(entryAt(2)));
  expect(keys()).toEqual([1, 2].map((at) => hashToHex(entryAt(at))));
  for (const at of [0, 1]) guard.count(BASE, distinct(at));
  guard.count(entryAt(3), nearTo(entryAt(3)));
  expect(keys()).toEqual([BASE, entryAt(3)].map(hashToHex));
});

test('uploads are forgotten after the window, counted from their last copy', () => {
  let now = 0;
  const guard = createFloodGuard({ mostUploads: 2, windowSeconds: 10, now: () => 1000 * now });
  const count = (at: number, seconds: number) => {
    now = seconds;
    return guard.count(BASE, distinct(at));
  };
  expect(count(0, 0)).toBe(false);
  expect(count(1, 5)).toBe(false);
  expect(count(0, 9)).toBe(false);
  expect(count(2, 16)).toBe(false);
  expect(count(1, 19)).toBe(true);
});

test('the guard counts like a model that keeps every match and recounts all', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('count' as const),
      entry: fc.nat(2),
      at: fc.nat(7),
      // Copies: at most 8 bits off.
      off: fc.shuffledSubarray([...ORDER.slice(248)]),
      after: fc.nat(6),
    }),
    fc.record({ kind: fc.constant('lift' as const), entry: fc.nat(2) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 0, 5, 31, 64),
      (steps, mostUploads, windowSeconds, clusterDistance) => {
        let now = 0;
        const options = {
          mostUploads,
          windowSeconds,
          now: () => 1000 * now,
          ...(clusterDistance !== undefined && { clusterDistance }),
        };
        let guard = createFloodGuard(options);
        const naive = new NaiveFloodGuard(mostUploads, windowSeconds, clusterDistance);
        for (const step of steps) {
          if (step.kind === 'restart') {
            const state = JSON.parse(JSON.stringify(guard)) as FloodGuardJSON;
            guard = createFloodGuard({ ...options, state });
            expect(JSON.stringify(guard)).toBe(JSON.stringify(state));
            continue;
          }
          const entry = flipBits(BASE, ORDER, step.entry);
          if (step.kind === 'lift') {
            guard.lift(entry);
            naive.lift(hashToHex(entry));
            continue;
          }
          now += step.after;
          const upload = flipBits(distinct(step.at), step.off, step.off.length);
          const isFlooded = naive.count(hashToHex(entry), upload.bytes, now, entry.bytes);
          expect(guard.count(entry, upload)).toBe(isFlooded);
          expect(guard.isFlooded(entry)).toBe(isFlooded);
        }
      },
    ),
    { numRuns: runs(500) },
  );
});

test('an upload counts once for an entry, however many of its variants come near', () => {
  const guard = createFloodGuard({ mostUploads: 2 });
  const isFlooded = countingOnce(guard);
  for (const at of [0, 1, 2, 3]) expect(isFlooded(BASE, distinct(at))).toBe(false);
  expect(isFlooded(entryAt(1), nearTo(entryAt(1)))).toBe(false);
  guard.count(BASE, distinct(4));
  guard.count(BASE, distinct(5));
  expect(isFlooded(BASE, distinct(0))).toBe(true);
});

test('an alarm whose listener throws is raised again, and the decision stands', () => {
  const heard: number[] = [];
  let tries = 0;
  const guard = createFloodGuard({
    mostUploads: 1,
    onAlarm: ({ uploads }) => {
      if (++tries < 3) throw new Error('not heard');
      heard.push(uploads);
    },
  });
  const blocklist = createBlocklist([{ hash: BASE, labels: [] }]);
  const verdictOf = (at: number) =>
    match({ hash: distinct(at), quality: 100, variants: [] }, blocklist, { floodGuard: guard })
      .verdict;
  expect(verdictOf(0)).toBe('match');
  expect([verdictOf(1), tries, heard]).toEqual(['review', 1, []]);
  expect([guard.isFlooded(BASE), guard.generation]).toEqual([true, 1]);
  expect([verdictOf(1), tries, heard]).toEqual(['review', 2, []]);
  expect([verdictOf(2), tries, heard]).toEqual(['review', 3, [2]]);
  expect([verdictOf(3), tries, heard]).toEqual(['review', 3, [2]]);
});

test('memory is bounded, whatever is uploaded, also after a restart with smaller bounds', () => {
  const guard = createFloodGuard({ mostUploads: 4, mostEntries: 10 });
  for (let at = 0; at < 5000; at++) {
    const entry = entryAt(at % 40);
    const bits = ORDER.slice((37 * at) % 200, ((37 * at) % 200) + 31);
    guard.count(entry, flipBits(entry, bits, 31));
    const { watched } = guard.toJSON();
    expect(watched.length).toBeLessThanOrEqual(10);
    for (const { uploads } of watched) expect(uploads.length).toBeLessThanOrEqual(4);
  }
  for (const at of [0, 1, 2, 3]) guard.count(BASE, distinct(at));
  const state = guard.toJSON();
  expect(state.watched.at(-1)!.uploads).toHaveLength(4);
  const smaller = createFloodGuard({ mostUploads: 2, mostEntries: 3, state }).toJSON();
  expect(smaller.flooded).toEqual(state.flooded);
  expect(smaller.watched.length).toBeLessThanOrEqual(3);
  for (const { uploads } of smaller.watched) expect(uploads.length).toBeLessThanOrEqual(2);
});

test('inputs and outputs are copies', () => {
  const guard = createFloodGuard({ mostUploads: 1 });
  const entry = flipBits(BASE, ORDER, 0);
  const upload = distinct(0);
  guard.count(entry, upload);
  upload.bytes.fill(0);
  expect(guard.count(entry, distinct(1))).toBe(true);
  entry.bytes.fill(0);
  guard.flooded[0]!.bytes.fill(0);
  expect(guard.isFlooded(BASE)).toBe(true);
});

test('64 bits: copies share their changed bits, and the nearest uploads do not count', () => {
  const hash = (hex: string) => hashFromHex('phash', hex);
  const guard = createFloodGuard({ mostUploads: 1 });
  const entry = hash('0123456789abcdef');
  for (const hex of ['0123456789abcdef', '0123456789abcdee']) {
    expect(guard.count(entry, hash(hex))).toBe(false);
  }
  expect(guard.toJSON().watched).toEqual([]);
  expect(distance(entry, hash('0123456789abcdd0'))).toBe(6);
  for (const hex of ['0123456789abcdd0', '0123456789abcd00', '0123456789abccd0']) {
    expect(guard.count(entry, hash(hex))).toBe(false);
  }
  expect(guard.count(entry, hash('f023456789abcdef'))).toBe(true);
  // Where nothing matches by itself, all but equal hashes count.
  const block = hashFromHex('blockhash', '0123456789abcdef');
  expect(guard.count(block, block)).toBe(false);
  expect(guard.count(block, hashFromHex('blockhash', '0123456789abcdee'))).toBe(false);
  expect(guard.count(block, hashFromHex('blockhash', '0123456789abcded'))).toBe(true);
});

test.each<[string, unknown, ErrorConstructor]>([
  ['null', null, TypeError],
  ['no lists', {}, TypeError],
  ['no watched', { flooded: [] }, TypeError],
  ['null flooded', { flooded: [null], watched: [] }, TypeError],
  ['no time', { flooded: [{ algorithm: 'pdq', hash: '00'.repeat(32) }], watched: [] }, TypeError],
  ['bad hash', { flooded: [{ algorithm: 'pdq', hash: 'xy' }], watched: [] }, RangeError],
  ['null watched', { flooded: [], watched: [null] }, TypeError],
  [
    'no uploads',
    { flooded: [], watched: [{ algorithm: 'pdq', hash: '00'.repeat(32) }] },
    TypeError,
  ],
  [
    'another width',
    {
      flooded: [],
      watched: [
        {
          algorithm: 'phash',
          hash: '00'.repeat(32),
          uploads: [{ hash: '00'.repeat(8), seenSeconds: 1 }],
        },
      ],
    },
    RangeError,
  ],
])('refuses a state: %s', (_, state, kind) => {
  expect(() => createFloodGuard({ state: state as never })).toThrow(kind);
});

test('refuses a clock that gives no time, and hashes of two kinds', () => {
  const guard = createFloodGuard({ now: () => Number.NaN });
  expect(() => guard.count(BASE, BASE)).toThrow(RangeError);
  const phash = hashFromHex('phash', '0123456789abcdef');
  expect(() => createFloodGuard().count(BASE, phash)).toThrow(TypeError);
});
