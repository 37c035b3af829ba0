import { expect, test } from 'vitest';
import { COPIES } from '../../../bench/robustness/copies/suite.js';
import type { Entry } from '../../../bench/robustness/measure.js';
import { PHOTO_LISTS, photoList, sourcesOf } from '../../../bench/robustness/photo-lists.js';
import { chosenFiles, queryJobs, withoutDuplicates } from '../../../bench/robustness/plan.js';

const files = Array.from({ length: 30 }, (_, at) => ({ source: `${at}.jpg`, path: `/${at}.jpg` }));
const entries = files.map(
  ({ source }, at): Entry => ({
    source,
    queried: at < 20,
    listed: { bytes: new Uint8Array(32).fill(at), quality: 100 },
    windows: [],
    peers: [],
  }),
);

const pairs = (quick: boolean, seed = 1) =>
  queryJobs(entries, files, seed, quick).flatMap((job) =>
    job.kind === 'query' ? job.edits.map((edit) => ({ edit, source: job.file.source })) : [],
  );

test('a whole run makes every edit of every photo, and takes every file unchanged', () => {
  const all = pairs(false);
  expect(all.filter(({ edit }) => edit >= 0)).toHaveLength(20 * COPIES.length);
  expect(all.filter(({ edit }) => edit < 0)).toHaveLength(30);
});

test('a quick run makes every edit, of an eighth of the photos, and others by another seed', () => {
  const some = pairs(true);
  for (const edit of COPIES.keys()) {
    expect(some.filter((pair) => pair.edit === edit)).toHaveLength(3);
  }
  const sources = new Set(some.filter(({ edit }) => edit >= 0).map(({ source }) => source));
  expect(sources.size).toBeGreaterThan(15);
  expect(pairs(true)).toEqual(some);
  expect(pairs(true, 2)).not.toEqual(some);
});

test('sealed photos are touched by no other run, not even as unrelated files', () => {
  const sealed = sourcesOf('sealed');
  for (const name of PHOTO_LISTS.filter((list) => list !== 'sealed')) {
    let chosen: ReturnType<typeof chosenFiles>;
    try {
      chosen = chosenFiles(name, undefined);
    } catch (error) {
      // Most photos are in packages that only some machines have.
      expect((error as Error).message).toContain('at least two photos');
      continue;
    }
    const touched = [...chosen.queried, ...chosen.unrelated].map(({ source }) => source);
    for (const source of sealed) expect(touched).not.toContain(source);
    expect(new Set(touched).size).toBe(touched.length);
  }
  expect(() => chosenFiles('other', undefined)).toThrow(RangeError);
});

test('the open photos are those of the dependencies, and nothing else is read', () => {
  const { queried, unrelated, fillers } = chosenFiles('open', undefined);
  expect([queried.length, unrelated.length, fillers.length]).toEqual([6, 0, 3]);
  for (const { source } of [...queried, ...fillers]) expect(source).toMatch(/^@stdlib\//);
});

const isThere = photoList('sealed').files.length > 1;
test.skipIf(isThere)('a list that is not installed reports what it needs, in two lines', () => {
  const [says, ...commands] = failure(() => chosenFiles('sealed', undefined)).split('\n  ');
  expect(says).toContain('needs at least two photos of the set');
  expect(commands.map((line) => line.split(' ')[0])).toEqual(['apt-get', 'npm']);
  expect(commands[0]).toContain(' kphotoalbum');
  expect(commands[1]).toContain(' now-ui-kit@1.3.0');
  for (const line of commands) {
    const names = line.split(' ');
    expect(new Set(names).size).toBe(names.length);
  }
});

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('exact duplicates are one entry', () => {
  expect(withoutDuplicates([...entries, ...entries], ({ listed }) => listed.bytes.join())).toEqual(
    entries,
  );
});
