import { expect, test } from 'vitest';
import { runPdq } from '../../../bench/hash/pdq.js';
import { PDQ_KERNELS } from '../../../bench/hash/stages/kernels.js';
import { listener } from '../listener.js';

test('PDQ in all forms agrees, and each is raced', async () => {
  const { context, races, figures } = listener();
  const raster = { width: 96, height: 80, channels: 4, title: '96 x 80 RGBA' } as const;
  await runPdq(context, [], [raster], { side: 40, rounds: 2, sampleMilliseconds: 0.1 });
  expect(races.map(({ title }) => title)).toEqual([
    'PDQ, 96 x 80 RGBA',
    ...PDQ_KERNELS.map(({ name }) => name),
  ]);
  const names = races[0]!.timings.map(({ name }) => name);
  for (const name of ['onlyhashes', 'onlyhashes, without SIMD', 'naive'])
    expect(names).toContain(name);
  expect(figures['96 x 80 RGBA, milliseconds']).toBeGreaterThan(0);
});
