import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calibrate } from '../../bench/calibration.js';
import { writeRecord } from '../../bench/harness.js';
import { random } from '../../bench/workloads.js';
import { createHashPool } from '../../src/node/pool/create-hash-pool.js';
import { ENGINES, type EngineName } from '../browser/engines/engines.js';
import { programsOf } from '../browser/engines/install.js';
import { ownScripts } from '../node/pool/hash-process.js';
import { runs, SEED } from '../seed.js';
import { FORMATS } from './formats.js';
import { FOUND } from './found.js';
import { featuresOf, oddFile } from './grammar.js';
import { judge } from './judge.js';
import { isNotMended, NOT_MENDED } from './not-mended.js';
import { createPainter, type Painted, type Painter } from './paint.js';
import { flat, type Raster, sceneOf } from './raster.js';
import { type Judged, run } from './run.js';
import { tallyOf } from './tally.js';
import { PNG } from './writers/png-writer.js';

/**
 * For every file that a browser shows, what is shown is looked at, or the verdict is not `none`.
 * By the environment: `SHOWN_FILES`, `SHOWN_SEED`, `SHOWN_ENGINES` (comma-separated),
 * `SHOWN_ONLY` (names of features: all that begin or end so), `SHOWN_KEEP`, a folder for files that
 * fail and what was shown of them, and `SHOWN_RECORD`, a folder for `shown.json`.
 */
const { SHOWN_FILES, SHOWN_SEED, SHOWN_ENGINES, SHOWN_ONLY, SHOWN_KEEP, SHOWN_RECORD } =
  process.env;
const engines = (SHOWN_ENGINES?.split(',') ?? ['chromium']) as EngineName[];
const options = {
  files: Number(SHOWN_FILES ?? runs(600)),
  seed: Number(SHOWN_SEED ?? SEED),
  only: SHOWN_ONLY?.split(','),
  keep: SHOWN_KEEP,
};

const missing: string[] = [];
for (const name of engines) {
  const programs = await programsOf(name);
  if (typeof programs === 'string') missing.push(programs);
}
const isMissing = missing.length > 0 && !process.env.CI;

ownScripts('hash-process');
const pool = createHashPool({ timeoutSeconds: 3600 });
let painters: Painter[] = [];
beforeAll(() => {
  expect(ENGINES).toEqual(expect.arrayContaining(engines));
  painters = engines.map((name) => createPainter(name));
});
afterAll(async () => {
  await Promise.all(painters.map((painter) => painter.close()));
  await pool.close();
});

const hasFailed = ({ answers }: Judged) => Object.values(answers).includes('FAILED');
/** Failures as they come, or all files if some were asked for. */
function tell(judged: readonly Judged[]): void {
  const told = judged.filter(
    (one) => SHOWN_ONLY !== undefined || (hasFailed(one) && !isNotMended(one.file.features)),
  );
  for (const one of told) console.log(line(one));
}

const line = ({ file, answers }: Judged) =>
  `${file.features.join(' ') || `${file.format}, plain`} (seed ${file.seed}): ${JSON.stringify(answers)}`;

describe.skipIf(isMissing)(`shown (${missing.join('; ') || engines})`, () => {
  test('the screen itself changes nothing', async () => {
    const scenes = await Promise.all([1, 2, 3].map((seed) => sceneOf(random(seed))));
    const rasters = scenes.flatMap(({ listed, decoy }) => [listed, decoy]);
    const files = await Promise.all(
      rasters.map(async (raster, i) => {
        const scene = { ...scenes[i >> 1]!, listed: raster };
        return { type: PNG.type, bytes: await PNG.write(PNG.begin(scene), scene) };
      }),
    );
    for (const painter of painters) {
      const painted = await painter.paint(files);
      for (const [i, { width, height, data }] of rasters.entries()) {
        expect(painted[i]!.map(({ ground }) => ground)).toEqual(['white', 'black']);
        for (const { pixels } of painted[i]!) {
          expect([pixels.width, pixels.height]).toEqual([width, height]);
          const opaque = data.filter((_, at) => (at & 3) !== 3);
          expect(Buffer.from(pixels.data).equals(Buffer.from(opaque))).toBe(true);
        }
      }
    }
  });

  test('transparency is shown on the requested background', async () => {
    const scene = await sceneOf(random(4));
    const file = await oddFile(PNG, ['png/transparency/empty'], 4);
    for (const painter of painters) {
      const [painted] = await painter.paint([file]);
      for (const { ground, pixels } of painted!) {
        const level = ground === 'white' ? 255 : 0;
        expect(pixels.width).toBe(scene.listed.width);
        expect(pixels.data.every((value) => value === level)).toBe(true);
      }
    }
  });

  test('the pictures that engines show of odd files are those that are checked', async () => {
    const before = SHOWN_RECORD === undefined ? undefined : calibrate();
    const judged = await run({ ...options, onSheet: tell }, painters, pool);
    const failed = judged.filter(hasFailed);
    expect(judged.length).toBeGreaterThan(0);
    if (SHOWN_RECORD !== undefined) {
      const shown = Object.fromEntries(
        painters.map((painter) => [
          painter.engine,
          { version: painter.version(), restarts: painter.restarts() },
        ]),
      );
      writeRecord({ options: { out: SHOWN_RECORD }, ...(before && { before }) }, 'shown', {
        seed: options.seed,
        engines: shown,
        ...tallyOf(judged),
      });
    }
    expect(failed.filter(({ file }) => !isNotMended(file.features)).map(line)).toEqual([]);
  });
});

test('a picture that is shown but not checked is reported', async () => {
  // What is painted is another picture than the file's: on one ground, on the other, in an engine.
  const { listed, decoy } = await sceneOf(random(5));
  const file = await oddFile(PNG, [], 5);
  const painted = (ground: 'white' | 'black', { width, height, data }: Raster): Painted => ({
    ground,
    pixels: { width, height, data: data.filter((_, i) => (i & 3) !== 3), channels: 3 },
  });
  const answersTo = (...grounds: Painted[][]) =>
    judge(
      file.bytes,
      grounds.map((one, i) => ({ engine: String(i), painted: one })),
      pool,
    );
  const own = painted('white', listed);
  expect(await answersTo([own, painted('black', listed)])).toEqual(['match']);
  expect(await answersTo([painted('white', decoy)])).toEqual(['FAILED']);
  expect(await answersTo([own, painted('black', decoy)])).toEqual(['FAILED']);
  expect(await answersTo([own], [painted('white', decoy)], [])).toEqual([
    'match',
    'FAILED',
    'not shown',
  ]);
  const flatOne = painted('white', flat(listed.width, listed.height, [9, 9, 9, 255]));
  expect(await answersTo([flatOne])).toEqual(['low quality']);
});

test('names of mixtures and of known gaps are names of features', () => {
  const names = FORMATS.flatMap((format) => featuresOf(format));
  expect(new Set(names).size).toBe(names.length);
  for (const name of [...FOUND.flat(), ...NOT_MENDED.flatMap((one) => one.split('+'))]) {
    expect(
      names.filter((feature) => `/${feature}`.endsWith(`/${name}`)),
      name,
    ).not.toEqual([]);
  }
});
