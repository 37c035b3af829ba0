import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHashPool } from '../../src/node/create-hash-pool.js';
import type { HashPool } from '../../src/node/hash-pool.js';
import { ENGINES, type EngineName } from '../browser/engines.js';
import { programsOf } from '../browser/install.js';
import { type WorkerScripts, workerScripts } from '../node/hash-process.js';
import { isNotMended } from './not-mended.js';
import { createPainter, type Painter } from './paint.js';
import { type Judged, run } from './run.js';

/**
 * For every file that a browser shows, what is shown is looked at, or the verdict is not `none`.
 * By the environment: `SHOWN_FILES`, `SHOWN_SEED`, `SHOWN_ENGINES` (comma-separated),
 * `SHOWN_ONLY` (names of features: all that begin or end so), `SHOWN_KEEP`, a folder for files that
 * fail and what was shown of them.
 */
const { SHOWN_FILES, SHOWN_SEED, SHOWN_ENGINES, SHOWN_ONLY, SHOWN_KEEP } = process.env;
const engines = (SHOWN_ENGINES?.split(',') ?? ['chromium']) as EngineName[];
const options = {
  files: Number(SHOWN_FILES ?? 600),
  seed: Number(SHOWN_SEED ?? 1),
  only: SHOWN_ONLY?.split(','),
  keep: SHOWN_KEEP,
};

const missing: string[] = [];
for (const name of engines) {
  const programs = await programsOf(name);
  if (typeof programs === 'string') missing.push(programs);
}
const isMissing = missing.length > 0 && !process.env.CI;

let scripts: WorkerScripts;
let pool: HashPool;
let painters: Painter[] = [];
beforeAll(() => {
  expect(ENGINES).toEqual(expect.arrayContaining(engines));
  scripts = workerScripts();
  pool = createHashPool({ workerUrl: scripts.url });
  painters = engines.map((name) => createPainter(name));
});
afterAll(async () => {
  await Promise.all(painters.map((painter) => painter.close()));
  await pool.close();
  scripts.remove();
});

const line = ({ file, answers }: Judged) =>
  `${file.features.join(' ') || `${file.format}, plain`} (seed ${file.seed}): ${JSON.stringify(answers)}`;

test.skipIf(isMissing)(
  `what engines show of odd files is what is looked at (${missing.join('; ') || engines})`,
  async () => {
    const judged = await run(options, painters, pool);
    const failed = judged.filter(({ answers }) => Object.values(answers).includes('FAILED'));
    if (SHOWN_ONLY !== undefined) for (const one of judged) console.log(line(one));
    else for (const one of failed) console.log(line(one));
    expect(judged.length).toBeGreaterThan(0);
    expect(failed.filter(({ file }) => !isNotMended(file.features)).map(line)).toEqual([]);
  },
  4 * 3600_000,
);
