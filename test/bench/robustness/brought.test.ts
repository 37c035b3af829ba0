import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Entry } from '../../../bench/robustness/measure.js';
import { ofFolder } from '../../../bench/robustness/plan.js';
import { testFolder } from '../../folder.js';
import { pages } from '../../project/markdown.js';
import { ROOT } from '../../project/package.js';

const folder = testFolder();

const HASH = `export const name = 'mean';
export const thresholds = [0];
export const hash = ({ data }) =>
  Buffer.from([data.reduce((a, b) => a + b, 0) & 255, 0, 0, 0]).toString('hex');
`;

const EDITS = `const same = (photo) => photo;
const blank = ({ data, ...sides }) => ({ pixels: { ...sides, data: new Uint8Array(data.length) } });
export const edits = [
  { name: 'same', apply: same },
  { name: 'blank', family: 'nothing left', apply: blank },
  { name: 'another', family: 'nothing left', apply: (_, { filler }) => filler() },
];
`;

let files = 0;
function module(text: string): string {
  const path = join(folder, `${files++}.mjs`);
  writeFileSync(path, text);
  return path;
}

/** Nine photos, and one of them again. */
const photos = join(folder, 'photos');
mkdirSync(photos);
for (const name of `acanthus-mollis.jpg acanthus-mollis-q40.jpg airplane-from-above.jpg
  allium-oreophilum.jpg black-canyon-grey.jpg dust-bowl-home.jpg french-alpine-landscape.jpg
  locomotion-house-cat.jpg march-pastoral-w700.png nagasaki-boats-q40.jpg`.split(/\s+/)) {
  copyFileSync(join(ROOT, 'fixtures/photos', name), join(photos, name));
}

/** Runs the benchmark as the package has it. */
function bench(...words: string[]) {
  const args = ['robustness', '--photos', photos, ...words];
  const run = spawnSync(process.execPath, ['dist/cli.cjs', 'bench', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { status: run.status, said: run.stdout, error: run.stderr };
}

test('a hash and edits of an outsider are measured beside ours', () => {
  const { status, said } = bench('--hash', module(HASH), '--edits', module(EDITS), '--json');
  expect(status).toBe(0);
  const { figures } = JSON.parse(said).benches[0];
  const { run, edits, outcomes, falsePairs, queries } = figures;
  expect(run).toMatchObject({ list: 'folder', unrelated: 0, duplicates: 1, missing: [] });
  expect([run.fillers.length, run.photos.length, queries]).toEqual([3, 6, 18]);
  const recall = (edit: string, outcome: string) =>
    edits.find(({ name }: { name: string }) => name === edit).recall[outcomes.indexOf(outcome)];
  expect([recall('same', 'mean <= 0'), recall('same', 'plain PDQ')]).toEqual([1, 1]);
  expect(recall('blank', 'match')).toBe(0);
  // A filler is on no list.
  expect([recall('another', 'or review'), figures.wrongVerdicts.bare]).toEqual([
    0,
    { match: 0, review: 0 },
  ]);
  expect(falsePairs.peers.map(({ name }: { name: string }) => name)).toContain('mean');
}, 240_000);

test('the modules of docs/bench.md run', () => {
  const page = pages().find(({ path }) => path === 'docs/bench.md')!;
  const [hash, edits] = page.blocks.filter(({ language }) => language === 'js');
  const { status, said } = bench('--hash', module(hash!.text), '--edits', module(edits!.text));
  expect(status).toBe(0);
  expect(said).toMatch(/12 copies of 6 photos, looked up among 6 files\n {2}1 repeated file/);
  expect(said).toMatch(/mean of 64 cells <= 10 {2,}\d+ \(/);
}, 240_000);

const WRONG: readonly (readonly [string, string, string])[] = [
  ['--hash', 'export const hash = 1;', 'expected to export hash(picture)'],
  ['--hash', 'export const hash = () => [1, 2];', 'expected hash() to give 32, 64, … 256 bits'],
  ['--hash', 'export const thresholds = []; export const hash = () => "";', 'a list of distances'],
  ['--edits', 'export const edits = [{ name: "x" }];', 'expected to export edits, a list'],
  ['--edits', 'export const edits = [{ name: "x", apply: () => ({}) }];', 'expected x to give'],
];

test.each(WRONG)(
  '%s %s is refused by what was expected',
  (option, text, expected) => {
    const path = module(text);
    const { status, error } = bench(option, path);
    expect(status).not.toBe(0);
    expect(error).toContain(expected);
    expect(error).toContain(path);
  },
  120_000,
);

test('files of one photo are one entry, and a filler is none', () => {
  const entries = Array.from(
    { length: 12 },
    (_, at): Entry => ({
      source: `${at}`,
      queried: at < 8,
      // Each photo twice.
      listed: { bytes: new Uint8Array(32).fill(1 << (at >> 1)), quality: 100 },
      windows: [],
      peers: [],
    }),
  );
  expect(ofFolder(entries, 31)).toMatchObject({
    entries: [{ source: '2' }, { source: '4' }, { source: '6' }, { source: '8' }, { source: '10' }],
    fillers: ['0'],
    left: 6,
  });
});
