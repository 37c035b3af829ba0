import { expect, test } from 'vitest';
import {
  fillerPhotos,
  installCommands,
  PHOTO_LISTS,
  photoList,
  sourcesOf,
  unrelatedPhotos,
} from '../../../bench/robustness/photo-lists.js';

const lists = PHOTO_LISTS.map((name) => sourcesOf(name));

test('the lists share no photo, and none holds one twice', () => {
  const all = lists.flat();
  expect(new Set(all).size).toBe(all.length);
  for (const [at, least] of [12, 25, 40, 60].entries()) {
    expect(lists[at]!.length).toBeGreaterThanOrEqual(least);
  }
});

test('fillers and unrelated files are on no list', () => {
  const others = [...fillerPhotos().files, ...unrelatedPhotos().files];
  expect(others.length).toBeGreaterThanOrEqual(3);
  for (const { source } of others) expect(lists.flat()).not.toContain(source);
});

test('the lists share no package, but for one of Debian whose other photos are unrelated', () => {
  const packages = lists.map((sources) => new Set(sources.map((source) => source.split('/')[0])));
  const all = packages.flatMap((names) => [...names]);
  expect(new Set(all).size).toBe(all.length);
});

test('missing packages are reported with the command that installs them', () => {
  for (const name of PHOTO_LISTS) {
    const { files, missing } = photoList(name);
    for (const line of missing) {
      expect(line).toMatch(/^(apt-get install|npm install --no-save) [\w@/.-]+$/);
    }
    for (const { source } of files) expect(sourcesOf(name)).toContain(source);
  }
  expect(installCommands(['apt-get install a', 'npm install --no-save b@1'])).toHaveLength(2);
  const twice = ['npm install --no-save b@1', 'apt-get install a', 'npm install --no-save c@2'];
  expect(installCommands([...twice, ...twice])).toEqual([
    'apt-get install a',
    'npm install --no-save b@1 c@2',
  ]);
  expect(installCommands([])).toEqual([]);
  // The photos of the development dependencies are there.
  expect(photoList('tuned').files.length).toBeGreaterThanOrEqual(6);
});
