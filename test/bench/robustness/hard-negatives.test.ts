import { expect, test } from 'vitest';
import { COPIES } from '../../../bench/robustness/copies/suite.js';
import { type Transform, whole } from '../../../bench/robustness/edit.js';
import { type HardCase, hardCases } from '../../../bench/robustness/hard-cases.js';
import { HardCases, hardRows } from '../../../bench/robustness/hard-negatives.js';
import { photoList } from '../../../bench/robustness/photo-lists.js';

const { files } = photoList('tuned');
const measured = new HardCases(1, async () => []);

const named = (family: string): Transform => ({
  name: family,
  family: family as Transform['family'],
  apply: async (pixels) => ({ pixels, truth: whole(pixels) }),
});

test('screens are compared with the same screen of another photo, memes with other text', () => {
  const cases = hardCases(files, [named('story'), named('meme'), named('GIF')], true);
  const story = cases.find(({ kind }) => kind === 'one screen layout, another photo')!;
  expect(story.listed[0]!.file).not.toEqual(story.query.file);
  expect(story.listed[0]!.edit).toEqual(story.query.edit);
  const meme = cases.find(({ kind }) => kind === 'one meme template, other text')!;
  expect(meme.listed[0]!.file).toEqual(meme.query.file);
  expect(meme.listed[0]!.edit!.number).not.toBe(meme.query.edit!.number);
  expect(cases.some(({ query }) => query.edit?.at === 2)).toBe(false);
});

test('the suite has pictures for these kinds', () => {
  const kinds = new Set(hardCases(files, COPIES, true).map(({ kind }) => kind));
  expect(kinds).toContain('one screen layout, another photo');
  expect(kinds).toContain('smooth tiles');
  expect(kinds).toContain('symmetric pictures');
});

test('a picture is found in itself, and its symmetric form in another one only if it is', async () => {
  const [one, other] = files;
  const same: HardCase = {
    kind: 'two views of one scene',
    query: { file: one! },
    listed: [{ file: one! }],
  };
  const found = await measured.measure(same);
  expect(found).toMatchObject({ plain: 0, distance: 0, name: 'original', verdict: 'match' });
  const symmetric = await measured.measure({
    kind: 'symmetric pictures',
    query: { file: one!, form: 'symmetric' },
    listed: [{ file: other!, form: 'symmetric' }],
  });
  expect(symmetric.distance).toBeGreaterThan(60);
  const rows = hardRows([found, symmetric]);
  expect(rows.find(({ kind }) => kind === 'two views of one scene')).toMatchObject({
    counts: 'same scene',
    cases: 1,
    matches: 1,
    plainMatches: 1,
    nearest: 0,
  });
  expect(rows.find(({ kind }) => kind === 'smooth tiles')).toMatchObject({ cases: 0, matches: 0 });
});
