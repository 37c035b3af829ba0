import { expect, test } from 'vitest';
import { Faiss, faissBuild } from '../../../bench/index/faiss.js';
import { plant, random, uniformHashes } from '../../../bench/workloads.js';

const build = faissBuild();

test.skipIf(build === undefined)('Faiss, if installed, finds the planted hashes', async () => {
  const { bytes } = uniformHashes(3000, 5);
  const queries = uniformHashes(4, 6).bytes;
  for (const at of [0, 2]) plant(bytes, 1000 + at, queries, at, 20, random(9));
  const faiss = new Faiss(build!, bytes, queries);
  try {
    for (const kind of ['flat', 'hash'] as const) {
      const { hits, answers } = await faiss.peer(kind);
      expect([await hits(19, 4), await hits(20, 4)]).toEqual([0, 2]);
      const found = await answers(20, 4);
      expect(found).toHaveLength(4);
    }
  } finally {
    faiss.close();
  }
});
