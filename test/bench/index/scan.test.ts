import { expect, test } from 'vitest';
import { judgeScans } from '../../../bench/index/scan.js';
import { listener } from '../listener.js';

test('a scan slower than the naive loop is reported, and the steepest step', () => {
  const { context, figures } = listener();
  const scan = (data: string, max: number, simd: number, js: number) => ({
    data,
    max,
    nanoseconds: [10, simd, js],
    ratios: [1, simd / 10, js / 10],
  });
  judgeScans(
    [
      scan('uniform', 31, 2, 4),
      scan('uniform', 47, 3, 5),
      scan('uniform', 48, 3, 10),
      scan('uniform', 256, 9, 40),
      scan('clustered', 31, 8, 11),
    ],
    context,
  );
  expect(Object.values(figures)).toEqual([
    { measured: 0.9, target: 'at most 1', met: true },
    'uniform, distance 256',
    { ratio: 1.5, at: 'uniform, distance 31 to 47' },
    { measured: 4, target: 'at most 1', met: false },
    'uniform, distance 256',
    { ratio: 2, at: 'uniform, distance 47 to 48' },
  ]);
});
