import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { DecodeError } from '../../src/errors.js';
import type { Decision } from '../../src/matching/decision.js';
import { match } from '../../src/matching/match.js';
import type { HashedVariant, Near } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { loopTurns, stepClock } from '../node/event-loop.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

afterEach(() => void vi.restoreAllMocks());

const off = (bits: number): HashedVariant => ({
  name: 'original',
  hash: flipBits(BASE, ORDER, bits),
  quality: 100,
});
const listed = (bits: number, label: string) => ({
  hash: flipBits(BASE, ORDER, bits),
  labels: [label],
  id: label,
});
const labelsOf = ({ matches }: Decision) => matches.map(({ entry }) => entry.labels[0]);

/** Variants that come later, with something done before each but the first. */
async function* coming(distances: readonly number[], before: (at: number) => void = () => {}) {
  for (const [at, bits] of distances.entries()) {
    if (at > 0) {
      await null;
      before(at);
    }
    yield off(bits);
  }
}

test('variants that arrive later give the same decision as those already present', async () => {
  const distances = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(distances, distances, fc.boolean(), async (entries, variants, all) => {
      const blocklist = createBlocklist(entries.map((bits, i) => listed(bits, String(i))));
      const { generation } = blocklist;
      const expected = { ...match(variants.map(off), blocklist, { all }), generation };
      expect(await match(coming(variants), blocklist, { all })).toEqual(expected);
      expect(await match(variants.map(off), blocklist, { all, remote: [] })).toEqual(expected);
    }),
  );
});

test('a hashed image and an error get a decision as well', async () => {
  const blocklist = createBlocklist([listed(0, 'a')]);
  const { hash } = off(3);
  const image = { hash, quality: 90, variants: [] };
  expect(await match(image, blocklist, { remote: [] })).toEqual({
    ...match(image, blocklist),
    generation: 1,
  });
  const error = new DecodeError('corrupt', 'broken');
  expect(await match(error, blocklist, { remote: [] })).toEqual(match(error, blocklist));
});

test('a decision is that of the list at its end, whatever is withdrawn, added or replaced', async () => {
  const bits = fc.integer({ min: 0, max: 100 });
  const change = fc.oneof(
    fc.record({ kind: fc.constant('withdraw' as const), id: fc.nat(9).map(String) }),
    fc.record({ kind: fc.constant('add' as const), bits }),
    fc.record({ kind: fc.constant('replace' as const), entries: fc.array(bits, { maxLength: 3 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(bits, { minLength: 1, maxLength: 5 }),
      fc.array(bits, { minLength: 1, maxLength: 6 }),
      fc.dictionary(fc.nat(6).map(String), change),
      fc.boolean(),
      async (entries, variants, changes, all) => {
        const blocklist = createBlocklist(entries.map((far, i) => listed(far, String(i))));
        const variantsThen = coming(variants, (at) => {
          const what = changes[at];
          if (what?.kind === 'withdraw') blocklist.apply({ withdraw: [{ id: what.id }] });
          if (what?.kind === 'add') blocklist.apply({ add: [listed(what.bits, `added ${at}`)] });
          if (what?.kind !== 'replace') return;
          blocklist.apply({
            replace: { all: what.entries.map((far, i) => listed(far, `${at} ${i}`)) },
          });
        });
        const decision = await match(variantsThen, blocklist, { all });
        // Where it ended early, the variants so far decide; the others would have come after.
        const { generation } = blocklist;
        expect(decision).toEqual({ ...match(variants.map(off), blocklist, { all }), generation });
      },
    ),
    { numRuns: runs(500) },
  );
});

test('a match withdrawn before the end is gone, and the other variants are searched on', async () => {
  const blocklist = createBlocklist([listed(40, 'review'), listed(200, 'later')]);
  const withdrawn = await match(
    coming([0, 255, 200], (at) => at === 1 && blocklist.apply({ withdraw: [{ id: 'review' }] })),
    blocklist,
  );
  expect(labelsOf(withdrawn)).toEqual(['later']);
});

test('the generator gets the near entries of its variants', async () => {
  const told: (Near | undefined)[] = [];
  function* pulled(): Generator<HashedVariant, void, Near | undefined> {
    told.push(yield off(40));
    told.push(yield off(200));
  }
  const blocklist = createBlocklist([listed(0, 'a')]);
  expect((await match(pulled(), blocklist, { remote: [] })).verdict).toBe('review');
  expect(told).toEqual([expect.objectContaining({ distance: 40, enough: 31 }), undefined]);
});

test.each([1, 2, 5])(
  'the generator gets current near entries if the list changes while it judges many: %i times',
  async (times) => {
    // Those nearer cannot be matched: what is told of comes after them.
    const unsure = Array.from({ length: 3000 }, (_, at) => ({
      ...listed(20, `${at}`),
      confirmed: false,
    }));
    const blocklist = createBlocklist([...unsure, listed(40, 'near 0')]);
    await blocklist.settled();
    const told: (number | undefined)[] = [];
    const pulled = {
      looksCloser: true,
      *[Symbol.iterator](): Generator<HashedVariant, void, Near | undefined> {
        const near = yield off(0);
        told.push(near?.distance);
        if (near) yield { ...off(0), hash: near.hashes[0]! };
      },
    };
    stepClock(10);
    const deciding = match(pulled, blocklist, { remote: [] });
    let changes = 0;
    const change = () => {
      blocklist.apply({ withdraw: [{ id: `near ${changes}` }] });
      blocklist.apply({ add: [listed(41 + changes, `near ${changes + 1}`)] });
      if (++changes < times) setImmediate(change);
    };
    setImmediate(change);
    const { verdict, refined } = await deciding;
    // Once it has changed twice, all is judged in one go.
    expect(told).toEqual([40 + Math.min(times, 2)]);
    expect([verdict, refined]).toEqual(['match', true]);
  },
);

test('the event loop turns about every 5 ms', async () => {
  stepClock(1);
  const turns = loopTurns();
  const blocklist = createBlocklist([listed(0, 'a')]);
  await match(
    Array.from({ length: 100 }, () => off(200)),
    blocklist,
    { remote: [] },
  );
  turns.stop();
  expect(turns.count).toBeGreaterThanOrEqual(100 / 6 - 1);
});

test.each(['before', 'between', 'waiting'])('obeys its signal: %s', async (when) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let closed = false;
  async function* slow() {
    try {
      yield off(200);
      if (when === 'between') controller.abort(reason);
      if (when === 'waiting') {
        setImmediate(() => controller.abort(reason));
        await new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
      }
      for (;;) yield off(200);
    } finally {
      closed = true;
    }
  }
  if (when === 'before') controller.abort(reason);
  if (when === 'between') stepClock(6);
  const blocklist = createBlocklist([listed(0, 'a')]);
  const { signal } = controller;
  await expect(match(slow(), blocklist, { signal })).rejects.toBe(reason);
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(when !== 'before');
});

test('a source is closed after a match, and its error is passed on', async () => {
  const blocklist = createBlocklist([listed(0, 'a')]);
  const calls: string[] = [];
  const source = (fail: boolean): AsyncIterable<HashedVariant> => ({
    [Symbol.asyncIterator]: () => ({
      async next() {
        calls.push('next');
        if (fail) throw new Error('broken');
        return { done: false, value: off(3) };
      },
      async return() {
        calls.push('return');
        throw new Error('of closing');
      },
    }),
  });
  expect((await match(source(false), blocklist)).verdict).toBe('match');
  await expect(match(source(true), blocklist)).rejects.toThrow('broken');
  expect(calls).toEqual(['next', 'return', 'next']);
});

test('an invalid variant closes its source', async () => {
  let closed = false;
  async function* wrong() {
    try {
      yield { name: 'original' } as HashedVariant;
    } finally {
      closed = true;
    }
  }
  await expect(match(wrong(), createBlocklist([]))).rejects.toThrow(TypeError);
  expect(closed).toBe(true);
});

test('with a distance, nothing farther is found: as if all policies had no larger one', async () => {
  const distances = fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 6 });
  const reach = fc.integer({ min: 0, max: 70 });
  await fc.assert(
    fc.asyncProperty(distances, distances, reach, async (entries, variants, distance) => {
      const parts = entries.map((bits, i) => listed(bits, String(i)));
      const blocklist = createBlocklist(parts, { lists: { other: { policy: {} } } });
      const policy = {
        matchDistance: Math.min(31, distance),
        reviewDistance: Math.min(60, distance),
      };
      const narrow = createBlocklist(parts, { lists: { other: { policy } } });
      const options = { all: true, distance };
      const expected = match(variants.map(off), narrow, { policy, all: true });
      expect({ ...match(variants.map(off), blocklist, options) }).toEqual({ ...expected });
      const later = await match(coming(variants), blocklist, options);
      expect(later).toEqual({ ...expected, generation: blocklist.generation });
    }),
    { numRuns: runs(50) },
  );
});
