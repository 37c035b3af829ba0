import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { BlocklistEntry } from '../../../src/entry.js';
import { readHashList } from '../../../src/text/hash-list.js';
import type { HashedVariant } from '../../../src/variant.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const CANYON = join(PHOTOS, 'black-canyon-grey.jpg');
interface Expected {
  file: string;
  pdq: string;
  quality: number;
  fullRes: { pdq: string; quality: number };
}
const expected = JSON.parse(readFileSync(join(PHOTOS, 'expected.json'), 'utf8')) as Expected[];
const referenceOf = (path: string) => expected.find(({ file }) => path.endsWith(file))!;

const folder = testFolder();
beforeAll(() => {
  mkdirSync(join(folder, 'pictures/deep'), { recursive: true });
  writeFileSync(join(folder, 'pictures/b.jpg'), readFileSync(CAT));
  writeFileSync(join(folder, 'pictures/a.jpg'), readFileSync(CANYON));
  writeFileSync(join(folder, 'pictures/bad.jpg'), readFileSync(CAT).subarray(0, 3000));
  writeFileSync(join(folder, 'pictures/deep/c.jpg'), readFileSync(CAT));
  writeFileSync(join(folder, 'pictures/.hidden.jpg'), readFileSync(CAT));
});

test('prints HASH,QUALITY,FILE as the reference tool does', async () => {
  const { pdq, quality } = referenceOf(CAT);
  const { out, err, code } = await onlyhashes(['hash', '--orientation', 'stored', CAT]);
  expect(out).toBe(`${pdq},${quality},${CAT}\n`);
  expect({ err, code }).toEqual({ err: '', code: 0 });
});

test.each([
  ['512', (path: string) => referenceOf(path)],
  ['none', (path: string) => referenceOf(path).fullRes],
] as const)('--json --resample %s prints the documented object', async (resample, reference) => {
  const { lines, code } = await onlyhashes([
    'hash',
    '--json',
    '--orientation',
    'stored',
    '--resample',
    resample,
    CAT,
    CANYON,
  ]);
  expect(code).toBe(0);
  expect(lines.map((line) => Object.keys(JSON.parse(line) as object))).toEqual(
    Array(2).fill([
      'file',
      'algorithm',
      'hash',
      'quality',
      'resample',
      'parts',
      'width',
      'height',
      'variants',
    ]),
  );
  for (const [at, path] of [CAT, CANYON].entries()) {
    const { pdq, quality } = reference(path);
    expect(JSON.parse(lines[at]!)).toMatchObject({
      file: path,
      algorithm: 'pdq',
      hash: pdq,
      quality,
      resample: resample === 'none' ? 'none' : 512,
      variants: [],
    });
  }
});

test('--json prints the parts of the picture and of list crops, as a list holds them; not with --no-parts', async () => {
  const words = ['hash', '--json', '--crops', CAT];
  const { lines } = await onlyhashes(words);
  const { parts, variants } = JSON.parse(lines[0]!) as { parts: string; variants: HashedVariant[] };
  expect(parts).toMatch(/^[\da-f]{384}(01)?$/);
  const crops = variants.filter(({ name }) => name.startsWith('window'));
  expect(crops.length).toBeGreaterThan(0);
  const entries: BlocklistEntry[] = [];
  for await (const entry of readHashList(`${lines[0]}\n`)) entries.push(entry);
  expect(entries.map((entry) => entry.parts)).toEqual([parts, ...crops.map((crop) => crop.parts)]);
  expect(new Set(entries.map((entry) => entry.parts)).size).toBe(1 + crops.length);
  const without = await onlyhashes([...words, '--no-parts']);
  expect(without.lines[0]).not.toContain('"parts"');
  const { err, code } = await onlyhashes(['hash', '--no-parts', CAT]);
  expect([code, err]).toEqual([2, expect.stringContaining('--json')]);
});

test('walks a directory in order, reports a bad file and continues', async () => {
  const pictures = join(folder, 'pictures');
  const { lines, err, code } = await onlyhashes(['hash', pictures]);
  expect(lines.map((line) => line.slice(line.lastIndexOf(',') + 1))).toEqual(
    ['.hidden.jpg', 'a.jpg', 'b.jpg', 'deep/c.jpg'].map((name) => join(pictures, name)),
  );
  expect(err).toMatch(/^onlyhashes: .*bad\.jpg: .+\n$/);
  expect(code).toBe(2);
});

test('--json reports the error in its place', async () => {
  const { lines, code } = await onlyhashes(['hash', '--json', join(folder, 'pictures')]);
  expect(JSON.parse(lines[3]!)).toEqual({
    file: join(folder, 'pictures/bad.jpg'),
    error: { code: 'corrupt', message: expect.any(String) },
  });
  expect(lines).toHaveLength(5);
  expect(code).toBe(2);
});

test('- reads a picture from standard input, also among files', async () => {
  const { lines } = await onlyhashes(['hash', CANYON, '-', CANYON], { input: readFileSync(CAT) });
  const hashes = lines.map((line) => line.split(',')[0]);
  expect(hashes[1]).toBe(referenceOf(CAT).pdq);
  expect(hashes[0]).toBe(hashes[2]);
  expect(lines[1]!.endsWith(',-')).toBe(true);
});

test('other algorithms print no quality', async () => {
  const { lines } = await onlyhashes(['hash', '--algorithm', 'blockhash', CAT]);
  expect(lines[0]).toMatch(/^[0-9a-f]{64},,/);
});

test('a name that the system refuses is an error of that file', async () => {
  const long = join(folder, 'a'.repeat(300));
  const { lines, err, code } = await onlyhashes(['hash', '--json', long]);
  expect(JSON.parse(lines[0]!)).toMatchObject({ file: long, error: { code: 'unreadable' } });
  expect(err).toContain('the file cannot be read');
  expect(code).toBe(2);
});

test('a missing file and no picture at all are errors, not crashes', async () => {
  const missing = join(folder, 'missing.jpg');
  const { err, code } = await onlyhashes(['hash', missing, import.meta.filename]);
  expect(err.split('\n')).toHaveLength(3);
  expect(err).not.toContain('    at ');
  expect(code).toBe(2);
});

test('Ctrl-C ends the work at once and is reported', async () => {
  const many = Array<string>(2000).fill(CAT);
  const { lines, err, code } = await onlyhashes(['hash', ...many], { signalAfterLines: 3 });
  expect(err).toContain('interrupted');
  expect(code).toBe(130);
  expect(lines.length).toBeLessThan(2000);
});
