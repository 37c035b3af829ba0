import { expect, test } from 'vitest';
import { EARLIER_COMMIT, earlierBuild } from '../../bench/earlier-build.js';
import { plant, random, uniformHashes } from '../../bench/workloads.js';

test('an earlier build finds a planted hash, or a line says why it is left out', async () => {
  const notes: string[] = [];
  const build = await earlierBuild(EARLIER_COMMIT, (text) => notes.push(text));
  if (build === undefined) {
    expect(notes).toEqual([expect.stringContaining(`the build of ${EARLIER_COMMIT} is left out`)]);
    return;
  }
  expect(notes).toEqual([]);
  const hashes = uniformHashes(2000, 5);
  const bytes = new Uint8Array(32);
  plant(hashes.bytes, 1234, bytes, 0, 20, random(9));
  const out = new Uint32Array(2);
  for (const kind of ['flat', 'mih'] as const) {
    const index = build.createIndex(hashes, { kind });
    expect(index.searchInto({ algorithm: 'pdq', bytes }, 20, out)).toBe(1);
    expect([...out]).toEqual([1234, 20]);
  }
});

test('a commit that is not here is left out, with a line', async () => {
  const notes: string[] = [];
  for (const commit of ['0000000', '--help']) {
    expect(await earlierBuild(commit, (text) => notes.push(text))).toBeUndefined();
  }
  expect(notes[0]).toBe('the build of 0000000 is left out: its history is not here');
  expect(notes).toHaveLength(2);
});
