import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { testFolder } from '../../folder.js';
import { videoTest } from '../../node/video/ffmpeg.js';
import { onlyhashes, PHOTOS } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');
const SMALL_CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const BOATS = join(PHOTOS, 'nagasaki-boats-q40.jpg');

const folder = testFolder();
const list = join(folder, 'list.csv');
let cat: string;
beforeAll(async () => {
  cat = (await onlyhashes(['hash', CAT])).out.slice(0, 64);
  writeFileSync(
    list,
    `# a list\n${cat},"cat, sleeping",reported\n${'0f1e2d3c4b5a69788796a5b4c3d2e1f0'.repeat(2)}\n`,
  );
});

test('prints VERDICT,DISTANCE,VARIANT,HASH,LABELS,FILE for each match', async () => {
  const { lines, err, code } = await onlyhashes(['match', CAT, BOATS, '--blocklist', list]);
  expect(lines).toEqual([`match,0,original,${cat},"cat, sleeping;reported",${CAT}`]);
  expect({ err, code }).toEqual({ err: '', code: 0 });
});

test('--json prints one decision a line, also if nothing matched', async () => {
  const { lines, code } = await onlyhashes(['match', '--json', SMALL_CAT, BOATS, '-b', list]);
  const policy = { matchDistance: 31, reviewDistance: 60, minQuality: 50 };
  const upload = (width: number, height: number) => ({
    algorithm: 'pdq',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    resample: 512,
    quality: expect.any(Number),
    width,
    height,
    format: 'jpeg',
    decoding: 'full',
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      file: SMALL_CAT,
      verdict: 'match',
      reason: 'within-match-distance',
      matches: [
        {
          distance: expect.any(Number),
          tier: 'match',
          variant: 'original',
          hash: cat,
          labels: ['cat, sleeping', 'reported'],
          algorithm: 'pdq',
          variantHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          variantQuality: expect.any(Number),
          variantResample: 512,
        },
      ],
      policy,
      refined: true,
      upload: upload(301, 150),
    },
    {
      file: BOATS,
      verdict: 'none',
      reason: 'nothing-near',
      matches: [],
      policy,
      refined: true,
      upload: upload(1024, 819),
    },
  ]);
  expect(code).toBe(0);
});

test('a list of hash --crops --json finds a copy cut to a square, a list without does not', async () => {
  const square = join(folder, 'square.jpg');
  const { width = 0, height = 0 } = await sharp(CAT).metadata();
  const side = Math.min(width, height);
  const place = { left: (width - side) >> 1, top: (height - side) >> 1 };
  await sharp(CAT)
    .extract({ ...place, width: side, height: side })
    .resize(400)
    .toFile(square);
  for (const [name, options, found] of [
    ['with.jsonl', ['--crops'], 1],
    ['without.jsonl', [], 0],
  ] as const) {
    const { out } = await onlyhashes(['hash', '--json', ...options, CAT]);
    const path = join(folder, name);
    writeFileSync(path, out);
    const { lines, code } = await onlyhashes(['match', square, '-b', path]);
    expect([lines.length, code]).toEqual([found, 1 - found]);
    // An entry of its own, with the name of the file as its label.
    if (found) expect(lines[0]).toMatch(/^match,\d+,original,[0-9a-f]{64},[^,]*cat\.jpg,/);
  }
});

test('exit codes: 1 if nothing matched, 2 if something was unhashable', async () => {
  expect((await onlyhashes(['match', BOATS, '-b', list])).code).toBe(1);
  const bad = join(folder, 'bad.jpg');
  writeFileSync(bad, 'no picture');
  const { lines, err, code } = await onlyhashes(['match', '--json', bad, CAT, '-b', list]);
  expect(JSON.parse(lines[0]!)).toMatchObject({ verdict: 'unhashable', reason: 'not-a-picture' });
  expect(JSON.parse(lines[1]!)).toMatchObject({ verdict: 'match' });
  expect(err).toContain('bad.jpg');
  expect(code).toBe(2);
});

test('a hash in hex is matched directly', async () => {
  const far = `${cat.slice(0, -8)}${cat.slice(-8).replace(/./g, (c) => (15 - Number.parseInt(c, 16)).toString(16))}`;
  const { lines } = await onlyhashes(['match', cat.toUpperCase(), far, '-b', list]);
  expect(lines.map((line) => line.split(',').slice(0, 2))).toEqual([
    ['match', '0'],
    ['review', '32'],
  ]);
  const policy = ['--max-distance', '32', '--review-distance', '40'];
  const wider = await onlyhashes(['match', far, '-b', list, ...policy]);
  expect(wider.lines[0]).toMatch(/^match,32,/);
});

test('a bad line of the list is reported with its number, and the others go on', async () => {
  const mixed = join(folder, 'mixed.csv');
  writeFileSync(mixed, `nonsense,x\n${cat},cat\n${'zz'.repeat(32)}\n`);
  const { lines, err, code } = await onlyhashes(['match', CAT, '-b', mixed]);
  expect(lines).toHaveLength(1);
  expect(err).toContain(`${mixed}:1: `);
  expect(err).toContain(`${mixed}:3: `);
  expect(code).toBe(2);
});

test('without a list there is nothing to match against', async () => {
  const { err, code } = await onlyhashes(['match', CAT]);
  expect(err).toContain('--blocklist');
  expect(code).toBe(2);
  const missing = await onlyhashes(['match', CAT, '-b', join(folder, 'missing')]);
  expect(missing.err).toContain('missing');
  expect(missing.err).not.toContain('    at ');
  expect(missing.code).toBe(2);
});

describe('index files', () => {
  test('are built, described, verified and matched, with their labels', async () => {
    const file = join(folder, 'list.ohx');
    expect(await onlyhashes(['index', 'build', list, '-o', file])).toMatchObject({
      code: 0,
      err: '',
    });
    const info = await onlyhashes(['index', 'info', '--json', file]);
    expect(JSON.parse(info.out)).toMatchObject({ algorithm: 'pdq', bits: 256, size: 2 });
    expect((await onlyhashes(['index', 'verify', file])).code).toBe(0);
    const { lines } = await onlyhashes(['match', CAT, '-b', file]);
    expect(lines).toEqual([`match,0,original,${cat},"cat, sleeping;reported",${CAT}`]);
    const { err, code } = await onlyhashes(['index', 'verify', list]);
    expect(err).toContain('expected an index file');
    expect(code).toBe(2);
  });
});

test('compare prints the distance of files and hashes', async () => {
  const { out, code } = await onlyhashes(['compare', CAT, cat]);
  expect({ out, code }).toEqual({ out: '0\n', code: 0 });
  expect((await onlyhashes(['compare', CAT])).code).toBe(2);
  const missing = await onlyhashes(['compare', CAT, join(folder, 'missing.jpg')]);
  expect(missing).toMatchObject({ code: 2, err: expect.stringMatching(/missing\.jpg: .*ENOENT/) });
  const short = await onlyhashes(['compare', CAT, cat.slice(1)]);
  expect(short).toMatchObject({ code: 2, err: expect.stringContaining('64 hex digits') });
});

test('doctor lists what can be decoded here', async () => {
  const { out, code } = await onlyhashes(['doctor']);
  expect(out).toMatch(/^sharp +\d/m);
  expect(out).toMatch(/^jpeg +\S/m);
  expect(out).toMatch(/^hashing +in WebAssembly SIMD$/m);
  expect(code).toBe(0);
  const json = await onlyhashes(['doctor', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ sharp: expect.any(String), hashing: 'simd' });
  const { out: slow } = await onlyhashes(['doctor'], { node: ['--jitless'] });
  expect(slow).toMatch(/^hashing +JavaScript, /m);
});

test('doctor names FFmpeg and its place, or the way to install it, and does not fail', async () => {
  const env = { PATH: folder };
  const without = await onlyhashes(['doctor'], { env });
  expect(without.code).toBe(0);
  expect(without.out).toMatch(/^ffmpeg +videos need FFmpeg 5\.1 or later: apt-get install ffmpeg/m);
  const json = await onlyhashes(['doctor', '--json'], { env });
  expect(JSON.parse(json.out).ffmpeg).toEqual({ missing: expect.stringContaining('FFmpeg 5.1') });
});

videoTest('doctor names the version of FFmpeg', async () => {
  const { out } = await onlyhashes(['doctor']);
  expect(out).toMatch(/^ffmpeg +\S*\d\S* at \/.*ffmpeg$/m);
  const { ffmpeg } = JSON.parse((await onlyhashes(['doctor', '--json'])).out);
  expect(out).toContain(`${ffmpeg.version} at ${ffmpeg.path}`);
});

test('bench --list names the benchmarks of the package', async () => {
  const { lines } = await onlyhashes(['bench', '--list']);
  const names = lines.map((line) => line.split(' ')[0]);
  expect(names).toEqual(['pdq', 'index', 'file', 'robustness', 'precision', 'uploads']);
  expect((await onlyhashes(['bench', 'blocklist'])).err).toContain('blocklist');
});

test('--explain writes one page that loads nothing, with pictures only on request', async () => {
  const page = join(folder, 'report.html');
  const args = ['match', '--explain', SMALL_CAT, '-b', list, '--out', page];
  expect((await onlyhashes(args)).code).toBe(0);
  const plain = readFileSync(page, 'utf8');
  expect(plain).toContain('cat, sleeping');
  expect(plain).not.toContain(cat);
  expect(plain).not.toMatch(/<img|data:image|https?:|<script/);
  const again = await onlyhashes([...args, '--show-pictures']);
  expect(again).toMatchObject({ out: '', code: 2, err: expect.stringContaining('--overwrite') });
  expect(readFileSync(page, 'utf8')).toBe(plain);
  await onlyhashes([...args, '--show-pictures', '--overwrite']);
  expect(readFileSync(page, 'utf8')).toContain('data:image/png;base64,');
  const without = await onlyhashes(['match', '--explain', SMALL_CAT, '-b', list]);
  expect(without.err).toContain('--out');
  const unexplained = await onlyhashes(['match', SMALL_CAT, '-b', list, '--out', page]);
  expect(unexplained).toMatchObject({ out: '', code: 2 });
});

test('--explain decides and prints as match does, with a section for each picture', async () => {
  const bad = join(folder, 'broken.jpg');
  const pipe = join(folder, 'pipe.jpg');
  const large = join(folder, 'large.jpg');
  writeFileSync(bad, readFileSync(SMALL_CAT).subarray(0, 3000));
  execFileSync('mkfifo', [pipe]);
  writeFileSync(large, readFileSync(SMALL_CAT));
  truncateSync(large, 64 * 2 ** 20 + 1);
  const words = ['-', BOATS, bad, pipe, large, cat, '--json', '-b', list, '--variants', 'none'];
  const input = readFileSync(SMALL_CAT);
  const page = join(folder, 'many.html');
  const explained = await onlyhashes(['match', '--explain', ...words, '--out', page], { input });
  expect(explained).toEqual(await onlyhashes(['match', ...words], { input }));
  expect(explained.code).toBe(2);
  const verdicts = explained.lines.map((line) => {
    const { verdict, reason } = JSON.parse(line) as { verdict: string; reason: string };
    return [verdict, reason];
  });
  expect(verdicts).toEqual([
    ['match', 'within-match-distance'],
    ['none', 'nothing-near'],
    ['unhashable', 'corrupt'],
    ['unhashable', 'unreadable'],
    ['unhashable', 'too-many-bytes'],
    ['match', 'within-match-distance'],
  ]);
  const sections = readFileSync(page, 'utf8').split('<article>').slice(1);
  expect(sections.map((text) => /<h2>(.*)<\/h2>/.exec(text)![1])).toEqual(words.slice(0, 6));
  expect(sections.map((text) => /verdict<\/dt><dd>(\w+)/.exec(text)![1])).toEqual(
    verdicts.map(([verdict]) => verdict),
  );
});

test('finds mirrored and bordered copies by their variants, with their places', async () => {
  const mirrored = join(folder, 'mirrored.jpg');
  const bordered = join(folder, 'bordered.png');
  await sharp(CAT).flop().toFile(mirrored);
  await sharp(CAT).extend({ top: 60, bottom: 60, background: 'black' }).toFile(bordered);
  const { lines } = await onlyhashes(['match', '--json', mirrored, bordered, '-b', list]);
  const found = lines.map((line) => (JSON.parse(line) as { matches: object[] }).matches[0]);
  expect(found).toMatchObject([
    { tier: 'match', variant: 'flipY', geometry: { dihedral: 'flipY' } },
    // The photo has dark sides of its own, which are trimmed as well, so that its box matches.
    { tier: 'match', variant: 'box', geometry: { rectangle: { top: 60 } } },
  ]);
  expect((await onlyhashes(['match', mirrored, '-b', list, '--variants', 'none'])).code).toBe(1);
});
