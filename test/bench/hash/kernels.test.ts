import { expect, test } from 'vitest';
import { PDQ_KERNELS, raceKernels } from '../../../bench/hash/stages/kernels.js';
import { PLANE_TABLE } from '../../../bench/hash/stages/kernels-planes.js';
import { runs } from '../../seed.js';
import { listener } from '../listener.js';

const SMALL = { side: runs(40), rounds: 2, sampleMilliseconds: 0.1 };

test('kernels agree with their twins, and each is raced', async () => {
  const all = [...PDQ_KERNELS, ...PLANE_TABLE];
  const { context, races } = listener();
  await raceKernels(context, 'all', all, SMALL);
  expect(races.map(({ title }) => title)).toEqual(all.map(({ name }) => name));
  const contenders = races.map(({ timings }) =>
    timings
      .map(({ name }) => name)
      .slice(1)
      .join(),
  );
  expect(new Set(contenders)).toEqual(new Set(['JavaScript,naive', 'naive', 'JavaScript']));
});

test('a kernel whose answers differ from those of its twin is no contender', async () => {
  const wrong = {
    name: 'wrong',
    make: () => ({ run: () => [[1, 2]], naive: () => [[1, 3]] }),
  };
  await expect(raceKernels(listener().context, 'all', [wrong], SMALL)).rejects.toThrow(
    'wrong, naive: 1 of 2 differ in array 0',
  );
});
