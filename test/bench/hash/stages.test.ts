import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FULL_STAGES } from '../../../bench/hash/stages/stages.js';
import { plotStages, STAGES } from '../../../bench/hash/stages/stages-plot.js';
import { runStages } from '../../../bench/hash/variants.js';
import { testFolder } from '../../folder.js';
import { runs } from '../../seed.js';
import { listener } from '../listener.js';

const SMALL = {
  stages: { ...FULL_STAGES, photos: 1, ofKind: 2, rounds: 1, entries: runs(100) },
  kernels: { side: 40, rounds: 1, sampleMilliseconds: 0.1 },
};
const out = testFolder();
const sizes = [
  ['0.3 MP', 632, 474],
  ['1 MP', 1155, 866],
] as const;

test('both forms give the hashes of the pipeline, and every stage has its time', async () => {
  const { context, figures } = listener({ stages: true, out });
  await runStages(context, { ...SMALL, stages: { ...SMALL.stages, sizes } });
  const { stages, entries } = JSON.parse(readFileSync(join(out, 'stages.json'), 'utf8'));
  expect(entries).toBe(SMALL.stages.entries);
  expect(stages.map(({ size, kind }: Record<string, string>) => `${size}, ${kind}`)).toEqual([
    '0.3 MP, photos',
    ...['photos', 'squares', 'screenshots', 'collages', 'tilted prints'].map(
      (kind) => `1 MP, ${kind}`,
    ),
  ]);
  for (const { forms } of stages) {
    for (const form of ['SIMD', 'JavaScript']) {
      const { stages: each, whole } = forms[form];
      expect(Object.keys(each)).toEqual(STAGES);
      for (const stage of ['planes', 'detectors', 'hashing', 'search'])
        expect(each[stage]).toBeGreaterThan(0);
      const sum = STAGES.reduce((all, stage) => all + each[stage], 0);
      expect(sum).toBeCloseTo(whole, 6);
    }
  }
  expect(Object.keys(figures)).toContain('1 MP, photos, SIMD: thorough, of bare decoding');
  expect(readFileSync(join(out, 'stages.svg'), 'utf8')).toContain('0.3 MP');
});

test('a part alone writes no record', async () => {
  const { context, races } = listener({ stages: true, part: 'kernels', out: join(out, 'part') });
  await runStages(context, SMALL);
  expect(races.length).toBeGreaterThan(10);
  expect(() => readFileSync(join(out, 'part/stages.json'))).toThrow('ENOENT');
});

test('a bar is as long as its stages together', () => {
  const stages = Object.fromEntries(STAGES.map((stage, at) => [stage, at - 1]));
  const plot = plotStages([{ size: '1 MP', form: 'SIMD', stages: stages as never }]);
  // Nothing is drawn for a negative rest.
  expect(plot).toContain('>15.0 ms</text>');
});
