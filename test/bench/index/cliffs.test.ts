import { expect, test } from 'vitest';
import { cliffsBench, judge } from '../../../bench/index/cliffs.js';
import { listener } from '../listener.js';

/** Timings of the default index, a scan, its buckets, the planned index and its buckets. */
const timings = (microseconds: readonly number[]) =>
  microseconds.map((time, i) => ({
    name: String(i),
    microseconds: time,
    range: [time, time] as const,
    ratio: time / microseconds[0]!,
    interval: [0, 0] as const,
  }));

test('the default index is judged against the better of its own two engines', () => {
  const verdict = judge(timings([57, 60, 10, 12, 11]));
  expect(verdict.byDefault).toBeCloseTo(5.7);
  expect(verdict.planned).toBeCloseTo(12 / 11);
  expect(verdict.beyondPlanned).toBeCloseTo(57 / 12);
  expect(judge(timings([57, 20, 30, 12, 11])).byDefault).toBeCloseTo(57 / 20);
});

test('searches of up to a microsecond are not judged', () => {
  expect(judge(timings([5.7, 6, 1, 0.9, 0.8]))).toEqual({});
  expect(judge(timings([5.7, 6, 1.1, 0.9, 0.8]))).toEqual({ byDefault: 5.7 / 1.1 });
});

test('without planned indexes, only the default one is judged', () => {
  expect(judge(timings([57, 60, 10]))).toEqual({ byDefault: 5.7 });
});

test('runs five engines with the same answers, and gives the verdicts', async () => {
  const options = { smallest: 100, largest: 100, distance: 8 };
  const { context, races, notes, figures } = listener(options);
  await cliffsBench.run(context);
  expect(races.map(({ title }) => title)).toEqual(
    ['uniform', 'clustered', 'realistic', 'adversarial'].map(
      (data) => `${data}, 100 hashes, distance 8`,
    ),
  );
  for (const { timings, notes } of races) {
    expect(timings.map(({ name }) => name)).toEqual([
      'default',
      'scan',
      'buckets for 31',
      'planned',
      'buckets for the distance',
    ]);
    expect(notes).toHaveLength(4);
  }
  expect(notes[0]).toContain('the better of its own two engines');
  expect(Object.keys(figures)).toEqual([
    'default / better of its own two engines, over 1 us, at its worst',
    'planned / better of its own two engines, over 1 us, at its worst',
    'the worst cells',
  ]);
});
