import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clipsIn, KINDS, roundsOf, unrelatedClips } from '../../../bench/video/clips.js';
import { testFolder } from '../../folder.js';

const folder = testFolder();
const photos = Array.from({ length: 19 }, (_, at) => {
  const path = join(folder, `${at}.jpg`);
  // Two of them are equal.
  writeFileSync(path, `photo ${Math.min(at, 17)}`);
  return { source: `photo ${at}`, path };
});

test('no photo is in two clips of a round, and every kind is made', () => {
  const rounds = roundsOf(photos, 40, 1, folder);
  const clips = rounds.flat();
  expect(clips).toHaveLength(40);
  expect(new Set(clips.map(({ id }) => id)).size).toBe(40);
  expect(new Set(clips.map(({ kind }) => kind))).toEqual(new Set(KINDS));
  expect(rounds.length).toBeGreaterThan(1);
  for (const round of rounds) {
    const used = round.flatMap((clip) => clip.photos.map(({ source }) => source));
    expect(new Set(used).size).toBe(used.length);
  }
});

test('clips follow from the seed', () => {
  expect(roundsOf(photos, 12, 1, folder)).toEqual(roundsOf(photos, 12, 1, folder));
  expect(roundsOf(photos, 12, 1, folder)).not.toEqual(roundsOf(photos, 12, 2, folder));
});

test('of few photos, cuts have as many as there are', () => {
  const rounds = roundsOf(photos.slice(0, 2), 5, 1, folder);
  expect(rounds.flat().every((clip) => clip.photos.length > 0)).toBe(true);
  expect(roundsOf([], 5, 1, folder)).toEqual([]);
});

test('equal files make one unrelated clip', () => {
  expect(unrelatedClips(photos, 100, 1, folder)).toHaveLength(18);
  expect(unrelatedClips(photos, 7, 1, folder)).toHaveLength(7);
});

test('videos of a folder, and none of a folder that is missing', () => {
  for (const name of ['b.mp4', 'a.webm', 'c.txt']) writeFileSync(join(folder, name), '');
  expect(clipsIn(folder).map(({ id }) => id)).toEqual(['a.webm', 'b.mp4']);
  expect(clipsIn(join(folder, 'missing'))).toEqual([]);
});
