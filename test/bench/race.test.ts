import { expect, onTestFinished, test, vi } from 'vitest';
import { medianInterval, race } from '../../bench/race.js';
import { random } from '../../bench/workloads.js';

/** How many of all 2^count outcomes of tossing a coin show fewer than `heads` heads, as a share. */
function share(count: number, heads: number): number {
  let row = [1n];
  for (let n = 0; n < count; n++) row = [...row, 0n].map((ways, k) => ways + (row[k - 1] ?? 0n));
  const ways = row.slice(0, heads).reduce((a, b) => a + b, 0n);
  return Number((ways * 10n ** 12n) / 2n ** BigInt(count)) / 1e12;
}

test('the interval of 20 values goes from the sixth to the sixth from last, in any order', () => {
  const values = Array.from({ length: 20 }, (_, i) => 100 + ((7 * i) % 20));
  expect(medianInterval(values)).toEqual([105, 114]);
});

test.each([6, 7, 11, 20, 21, 60, 999, 1000])(
  'the interval of %i values is the tightest that misses 5 of 100',
  (n) => {
    const [low, high] = medianInterval(Array.from({ length: n }, (_, i) => i + 1));
    expect(high).toBe(n + 1 - low);
    expect(share(n, low)).toBeLessThanOrEqual(0.025);
    expect(share(n, low + 1)).toBeGreaterThan(0.025);
  },
);

test('the interval of up to five values is their whole range', () => {
  expect(medianInterval([3])).toEqual([3, 3]);
  expect(medianInterval([5, 1, 4, 2, 3])).toEqual([1, 5]);
});

test('the interval holds the median of a skewed distribution 95 times in 100', () => {
  const next = random(1);
  let held = 0;
  for (let i = 0; i < 2000; i++) {
    // Of exp(x), x uniform in ±3, the median is 1.
    const values = Array.from({ length: 20 }, () => Math.exp(6 * (next() / 2 ** 32 - 0.5)));
    const [low, high] = medianInterval(values);
    if (low <= 1 && 1 <= high) held++;
  }
  // 95.9 % by the coin, give or take three standard errors.
  expect(held / 2000).toBeGreaterThan(0.945);
  expect(held / 2000).toBeLessThan(0.973);
});

/** A clock that stands still but for what it is advanced by, in milliseconds. */
function clock(): (milliseconds: number) => void {
  let now = 0;
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => spy.mockRestore());
  return (milliseconds) => {
    now += milliseconds;
  };
}

test('contenders alternate within a round, equally often, and each goes first in half the slices', async () => {
  const advance = clock();
  let runs = '';
  const contender = (name: string, milliseconds: number) => ({
    name,
    run() {
      runs += name;
      advance(milliseconds);
    },
  });
  const contenders = [contender('a', 1), contender('b', 2)];
  const options = { rounds: 2, sampleMilliseconds: 4, slices: 2 };
  const { timings } = await race('', contenders, options);
  // A warm-up of 16 ms each, then two rounds of two slices.
  expect(runs).toBe(['a'.repeat(16), 'b'.repeat(8), 'ab', 'ba', 'ba', 'ab'].join(''));
  expect(timings[1]).toMatchObject({ microseconds: 2000, ratio: 2, interval: [2, 2] });
});

test('contenders are rebuilt before every fourth round, each first in turn', async () => {
  const advance = clock();
  let made = '';
  let newest = 0;
  const contender = (at: number, milliseconds: number) => ({
    name: String(at),
    run: () => advance(milliseconds),
  });
  const { timings } = await race('', [contender(0, 1), contender(1, 1)], {
    rounds: 12,
    sampleMilliseconds: 4,
    renew(at) {
      made += at;
      newest++;
      return contender(at, newest);
    },
  });
  expect(made).toBe('1001');
  // Rounds 0…3 take 1 and 1 ms, 4…7 take 2 and 1, 8…11 take 3 and 4.
  expect(timings[0]).toMatchObject({ microseconds: 2000, range: [1000, 3000] });
  expect(timings[1]).toMatchObject({ microseconds: 1000, range: [1000, 4000] });
});
