import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  answerOf,
  checkAnswers,
  digestOf,
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

/** The naive peer with the answer to one query changed. */
function changed(change: (answer: string) => string): Peer {
  const naive = naivePeer(field);
  return {
    ...naive,
    answers: async (maxDistance, count) => {
      const answers = await naive.answers(maxDistance, count);
      return answers.map((answer, i) => (i === 7 ? change(answer) : answer));
    },
  };
}

describe('answers of the engines', () => {
  test('as a short text depend on ids and distances, not on their order', () => {
    const of = (...pairs: number[]) => {
      const searchInto = (_: Hash, max: number, out: Uint32Array) => {
        out.set(pairs.slice(0, out.length));
        return max < 0 ? 0 : pairs.length / 2;
      };
      return digestOf({ searchInto }, queries[0]!, 31);
    };
    expect(of(9, 0, 3, 31)).toBe(of(3, 31, 9, 0));
    const different = [
      of(9, 0, 3, 31),
      of(9, 31, 3, 0),
      of(9, 0),
      of(9, 0, 3, 30),
      of(8, 0, 3, 31),
    ];
    expect(new Set(different).size).toBe(different.length);
    // More than there is room for at first.
    const many = Array.from({ length: 20_000 }, (_, i) => i);
    expect(of(...many)).not.toBe(of(...many.slice(0, -2), 0, 0));
  });

  test('are pairs of id and distance, ascending by id', () => {
    expect(answerOf([9, 0, 3, 31, 5, 2, 8, 8], 3)).toBe('3:31 5:2 9:0');
    expect(answerOf([9, 0], 0)).toBe('');
  });

  test.each<[string, (answer: string) => string]>([
    ['another id', (answer) => answer.replace(/\d+:/, '399:')],
    ['another distance', (answer) => answer.replace(/:\d+/, ':30')],
    ['a missing hit', (answer) => answer.replace(/\S+$/, '').trim()],
    ['a duplicate hit', (answer) => `${answer} ${answer}`],
  ])('%s is noticed, even if the count is right', async (_, change) => {
    const expected = await naivePeer(field).answers(31, 40);
    expect(change(expected[7]!)).not.toBe(expected[7]);
    await expect(checkAnswers(changed(change), 31, expected)).rejects.toThrow('query 7');
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
