import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  answerOf,
  checkAnswers,
  type Field,
  naivePeer,
  type Peer,
} from '../../../bench/index/peers.js';
import { type Measured, type RatiosAtUsual, ratiosAtUsual } from '../../../bench/index/plot.js';
import { clusteredHashes } from '../../../bench/workloads.js';
import type { Hash } from '../../../src/hash.js';

const COUNT = 400;
const { bytes } = clusteredHashes(COUNT, 3);
const queries = Array.from(
  { length: 40 },
  (_, i): Hash => ({ algorithm: 'pdq', bytes: bytes.slice(320 * i, 320 * i + 32) }),
);
const field: Field = { bytes, count: COUNT, queries };

describe('answers of the engines', () => {
  const pairs = [9, 0, 3, 31];
  const of = (...pairs: number[]) => answerOf(pairs, pairs.length / 2);

  test('do not depend on the order of the hits', () => {
    expect(of(3, 31, 9, 0)).toBe(of(...pairs));
    expect(answerOf([...pairs, 5, 2], 2)).toBe(of(...pairs));
  });

  test.each([
    ['another id', [8, 0, 3, 31]],
    ['another distance', [9, 0, 3, 30]],
    ['exchanged distances', [9, 31, 3, 0]],
    ['a missing hit', [9, 0]],
    ['a duplicate hit', [9, 0, 9, 0]],
  ])('%s is noticed', async (_, other) => {
    const naive = naivePeer(field);
    const expected = await naive.answers(31, 40);
    const answers = (hits: readonly number[]) =>
      expected.map((answer, at) => (at === 7 ? of(...hits) : answer));
    const peer: Peer = { ...naive, answers: () => answers(other) };
    await expect(checkAnswers(peer, 31, answers(pairs))).rejects.toThrow('query 7');
  });
});

test('the quoted ratios are those of the largest list at distance 31', () => {
  const of = (data: string, count: number, maxDistance: number, engine: string, ratio: number) =>
    ({ data, count, maxDistance, engine, ratio, microseconds: 1 }) satisfies Measured;
  const measured = [
    of('uniform', 1000, 31, 'ours', 1),
    of('uniform', 1000, 31, 'Faiss', 2),
    of('uniform', 5000, 31, 'ours', 1),
    of('uniform', 5000, 31, 'Faiss', 3),
    of('uniform', 5000, 40, 'Faiss', 4),
    of('clustered', 5000, 31, 'ours', 1),
    of('clustered', 5000, 31, 'Faiss', 5),
  ];
  expect(ratiosAtUsual(measured)).toEqual([
    { engine: 'Faiss', count: 5000, uniform: 3, clustered: 5 },
  ]);
  expect(ratiosAtUsual([])).toEqual([]);
});

test('the ratios of the record are those of its measurements', () => {
  const path = join(import.meta.dirname, '../../../bench/record/index.json');
  const { measured, ratios } = JSON.parse(readFileSync(path, 'utf8')) as {
    measured: Measured[];
    ratios: RatiosAtUsual[];
  };
  expect(ratios.length).toBeGreaterThan(0);
  expect(ratios).toEqual(ratiosAtUsual(measured));
});
