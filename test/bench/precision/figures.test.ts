import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clustersOf } from '../../../bench/precision/clusters.js';
import { DISTANCES, figuresOf, type Result, rateOf } from '../../../bench/precision/figures.js';
import { KINDS, LAST, type UploadResult, WAYS } from '../../../bench/precision/pairs.js';
import { curve } from '../../../bench/precision/report.js';
import { poissonInterval } from '../../../bench/robustness/report/metrics.js';

test('the intervals of a Poisson mean agree with the tables', () => {
  // Garwood (1936), two-sided; the bound of none is one-sided.
  for (const [count, low, high] of [
    [0, 0, 2.996],
    [1, 0.0253, 5.572],
    [2, 0.2422, 7.225],
    [10, 4.795, 18.39],
    [34, 23.55, 47.51],
    [1413, 1340.3, 1488.6],
  ] as const) {
    const [least, most] = poissonInterval(count);
    expect(Math.abs(least - low)).toBeLessThanOrEqual(low / 1000);
    expect(Math.abs(most - high)).toBeLessThanOrEqual(high / 1000);
  }
});

test('both ways of a pair of files are one event, of which none were two at most', () => {
  expect(rateOf(4, 2, 1000, 1000)).toEqual({
    value: 4,
    low: expect.closeTo(2 * 0.2422, 2),
    high: expect.closeTo(2 * 7.225, 2),
  });
  expect(rateOf(0, 0, 1000, 1000)).toEqual({ value: 0, low: 0, high: expect.closeTo(5.99, 2) });
});

test('clusters are the connected files, however long the way', () => {
  const pairs = [
    ['a', 'b'],
    ['c', 'd'],
    ['b', 'c'],
    ['x', 'y'],
    ['d', 'a'],
  ] as const;
  expect(clustersOf(pairs).map((files) => files.sort().join(''))).toEqual(['abcd', 'xy']);
  expect(clustersOf([])).toEqual([]);
});

test('clusters are a partition in which each pair is of one cluster', () => {
  const name = fc.integer({ min: 0, max: 12 }).map(String);
  const pairs = fc.array(fc.tuple(name, name).filter(([a, b]) => a !== b));
  fc.assert(
    fc.property(pairs, (pairs) => {
      const clusters = clustersOf(pairs);
      const files = clusters.flat();
      expect(new Set(files)).toEqual(new Set(pairs.flat()));
      expect(new Set(files).size).toBe(files.length);
      for (const [a, b] of pairs) {
        expect(clusters.find((cluster) => cluster.includes(a))).toContain(b);
      }
      // Every file of a cluster is reached from the first by pairs.
      for (const cluster of clusters) {
        const reached = new Set([cluster[0]!]);
        for (const _ of cluster) {
          for (const [a, b] of pairs) {
            if (reached.has(a)) reached.add(b);
            if (reached.has(b)) reached.add(a);
          }
        }
        expect(reached).toEqual(new Set(cluster));
      }
    }),
  );
});

/** An upload near others, each `distance` bits away. */
function result(source: string, near: readonly [other: string, kind: number, bits: number][]) {
  const counts = KINDS.map(() => new Array<number>(LAST + 1).fill(0));
  for (const [, kind, bits] of near) counts[kind]![bits]!++;
  const made: UploadResult = {
    pairs: KINDS.map(() => 10),
    counts,
    near: near
      .filter(([, , bits]) => bits <= 60)
      .map(([other, kind, distance]) => ({ other, kind, distance })),
    wrongs: near.flatMap(([other, kind, bits]) =>
      bits > 60
        ? []
        : [{ way: 0, isMixed: kind === 0, other, crop: 0, tier: bits > 31 ? 'review' : 'match' }],
    ),
  };
  const photo = { source, collection: source[0]!, listed: [], upload: [] };
  return [photo, made] satisfies Result;
}

const figures = figuresOf([
  result('a1', [
    ['b1', 0, 58],
    ['a2', 2, 30],
  ]),
  result('a2', [
    ['a1', 2, 44],
    ['b2', 0, 70],
  ]),
  result('b1', [['a1', 0, 60]]),
]);

test('pairs by kind and collection, cumulative', () => {
  const [mixed, , one] = figures.kinds;
  expect(mixed).toMatchObject({ name: 'mixed', pairs: 30, files: 1, clusters: 1 });
  expect(DISTANCES).toEqual([31, 46, 50, 54, 55, 60, 64, 68, 72, 76]);
  expect(mixed!.within).toEqual([0, 0, 0, 0, 0, 2, 2, 2, 3, 3]);
  expect(one!.within).toEqual([1, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
  expect(figures.collections.map(({ name, pairs }) => [name, pairs])).toEqual([
    ['a', 20],
    ['b', 10],
  ]);
});

test('decisions by list, and what they amount to on a long one', () => {
  const [mixed, one] = figures.decisions;
  expect(figures.decisions).toHaveLength(2 * WAYS.length);
  expect(mixed).toMatchObject({ isMixed: true, pairs: 30 });
  expect(mixed!.match).toMatchObject({ entries: 0, uploads: 0 });
  expect(mixed!.review).toMatchObject({ entries: 2, uploads: 2, files: 1, clusters: 1 });
  const { size, value } = mixed!.review.inThousandUploads[0]!;
  expect(value).toBeCloseTo((2 / 30) * size * 1000);
  expect([one!.match.entries, one!.review.entries]).toEqual([1, 1]);
});

test('the nearest files are named once, at their least distance and worst decision', () => {
  expect(figures.near).toEqual([
    { files: ['a1', 'a2'], distance: 30, kind: 'one collection', tier: 'match' },
    { files: ['a1', 'b1'], distance: 58, kind: 'mixed', tier: 'review' },
  ]);
  expect(figures.clusters).toEqual([['a1', 'a2', 'b1']]);
});

test('the curve has a line for each kind that was seen, and a band for each', () => {
  const svg = curve(figures.kinds);
  expect(svg.match(/<polygon /g)).toHaveLength(KINDS.length);
  expect(svg).not.toContain('NaN');
  expect(svg).toContain('list crops, one collection');
});
