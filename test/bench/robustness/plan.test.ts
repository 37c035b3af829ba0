import { expect, test } from 'vitest';
import { COPIES } from '../../../bench/robustness/copies/suite.js';
import type { Entry } from '../../../bench/robustness/measure.js';
import { sourcesOf } from '../../../bench/robustness/photo-lists.js';
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

test('a whole run makes every edit of every photo, and takes every file as it is', () => {
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
  for (const name of ['tuned', 'checked']) {
    let chosen: ReturnType<typeof chosenFiles>;
    try {
      chosen = chosenFiles(name, undefined);
    } catch (error) {
      // The checked photos are in packages that only some machines have.
      expect((error as Error).message).toContain('at least two photos');
      continue;
    }
    const touched = [...chosen.queried, ...chosen.unrelated].map(({ source }) => source);
    for (const source of sealed) expect(touched).not.toContain(source);
    expect(new Set(touched).size).toBe(touched.length);
  }
  expect(() => chosenFiles('other', undefined)).toThrow(RangeError);
});

test('exact duplicates are one entry', () => {
  expect(withoutDuplicates([...entries, ...entries])).toEqual(entries);
});
