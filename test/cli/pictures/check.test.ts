import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { DECISION_SCHEMA } from '../../../src/matching/decision-schema.js';
import { testFolder } from '../../folder.js';
import { onlyhashes, PHOTOS } from '../program.js';

const CAT = join(PHOTOS, 'locomotion-house-cat.jpg');
const SMALL_CAT = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const BOATS = join(PHOTOS, 'nagasaki-boats-q40.jpg');

const folder = testFolder();
const list = join(folder, 'list.csv');
const bad = join(folder, 'bad.jpg');
/** An entry that the cat is near enough to for review, and not for a match. */
const reviewList = join(folder, 'review.csv');
beforeAll(async () => {
  const cat = (await onlyhashes(['hash', CAT])).out.slice(0, 64);
  writeFileSync(list, `${cat},reported\n`);
  // One bit of each digit: a near search finds what differs all over.
  const far = cat.slice(0, 36).replace(/./g, (digit) => (Number(`0x${digit}`) ^ 1).toString(16));
  writeFileSync(reviewList, `${far}${cat.slice(36)}\n`);
  writeFileSync(bad, readFileSync(CAT).subarray(0, 3000));
});

test('0 if nothing matched, 1 if a file did, each with a line', async () => {
  const none = await onlyhashes(['check', BOATS, '-b', list]);
  expect(none).toMatchObject({ lines: [`none,nothing-near,${BOATS}`], err: '', code: 0 });
  const both = await onlyhashes(['check', BOATS, SMALL_CAT, '-b', list]);
  const lines = [`none,nothing-near,${BOATS}`, `match,within-match-distance,${SMALL_CAT}`];
  expect(both).toMatchObject({ lines, err: '', code: 1 });
});

test('a file for review is kept, unless --refuse-review', async () => {
  const words = [CAT, '-b', reviewList, '--variants', 'none'];
  const lines = [`review,within-review-distance,${CAT}`];
  expect(await onlyhashes(['check', ...words])).toMatchObject({ lines, code: 0 });
  expect(await onlyhashes(['check', ...words, '--refuse-review'])).toMatchObject({
    lines,
    code: 1,
  });
});

test('the distances of the command line are obeyed', async () => {
  const words = ['check', SMALL_CAT, '-b', list, '--variants', 'none'];
  const near = await onlyhashes([...words, '--max-distance', '0']);
  expect(near.lines).toEqual([`review,within-review-distance,${SMALL_CAT}`]);
  const none = await onlyhashes([...words, '--max-distance', '0', '--review-distance', '0']);
  expect(none.lines).toEqual([`none,nothing-near,${SMALL_CAT}`]);
});

test.each(['broken', 'absent', 'over the limit', 'empty'])(
  '2 if a file is %s, also beside a match',
  async (what) => {
    const large = join(folder, 'large.png');
    const files: Record<string, [file: string, reason: string, options?: string[]]> = {
      broken: [bad, 'corrupt'],
      absent: [join(folder, 'absent.jpg'), 'unreadable'],
      'over the limit': [large, 'too-many-pixels', ['--max-megapixels', '1']],
      empty: [join(folder, 'empty.jpg'), 'empty'],
    };
    writeFileSync(join(folder, 'empty.jpg'), '');
    const background = '#678';
    const square = { create: { width: 1100, height: 1100, channels: 3, background } } as const;
    await sharp(square).png().toFile(large);
    const [file, reason, options = []] = files[what]!;
    const { lines, err, code } = await onlyhashes([
      ...['check', file, SMALL_CAT, '-b', list],
      ...options,
    ]);
    expect(lines).toEqual([
      `unhashable,${reason},${file}`,
      `match,within-match-distance,${SMALL_CAT}`,
    ]);
    expect(err).toContain(file);
    expect(code).toBe(2);
  },
);

test('2 if the check itself fails', async () => {
  const absent = await onlyhashes(['check', BOATS, '-b', join(folder, 'absent.csv')]);
  expect(absent).toMatchObject({ lines: [], code: 2 });
  const empty = join(folder, 'nothing');
  mkdirSync(empty, { recursive: true });
  expect((await onlyhashes(['check', empty, '-b', list])).code).toBe(2);
  const nothing = join(folder, 'none.csv');
  writeFileSync(nothing, '# no hash\n');
  expect((await onlyhashes(['check', BOATS, '-b', nothing])).code).toBe(2);
  const damaged = join(folder, 'damaged.csv');
  writeFileSync(damaged, `${readFileSync(list, 'utf8')}nonsense\n`);
  expect((await onlyhashes(['check', BOATS, '-b', damaged])).code).toBe(2);
  expect((await onlyhashes(['check', BOATS])).code).toBe(2);
});

test('- is standard input, and --json prints decisions as match does', async () => {
  const input = readFileSync(SMALL_CAT);
  const words = ['-', BOATS, bad, '-b', list, '--json'];
  const { lines, code } = await onlyhashes(['check', ...words], { input });
  expect(code).toBe(2);
  expect(lines).toEqual((await onlyhashes(['match', ...words], { input })).lines);
  const fits = new Ajv2020({ strict: false }).compile(DECISION_SCHEMA);
  for (const line of lines) expect(fits(JSON.parse(line))).toBe(true);
  expect(lines.map((line) => (JSON.parse(line) as { verdict: string }).verdict)).toEqual([
    'match',
    'none',
    'unhashable',
  ]);
});
