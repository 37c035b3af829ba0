import { expect, test } from 'vitest';
import type { DigestScale } from '../../../bench/lists/digest-lists.js';
import { runDigests } from '../../../bench/lists/digests.js';
import { ownScripts } from '../../node/pool/hash-process.js';
import { listener } from '../listener.js';

ownScripts('hash-process');

const SMALL: DigestScale = {
  chunks: 70,
  entries: 1000,
  queries: 8,
  sizes: { phone: [800, 600], shared: [400, 300], heavyBytes: 500_000, heavy: [1200, 900] },
  rounds: 1,
  judged: false,
};

test('all parts answer as expected, and every figure is there', async () => {
  const { context, figures, races, targets } = listener();
  await runDigests(context, SMALL);
  const names = Object.keys(figures);
  const namesOf = (start: string) => names.filter((name) => name.startsWith(start)).length;
  expect(['a stream', 'md5', 'sha1', 'sha256', 'a JPEG of 12 MP, thorough'].map(namesOf)).toEqual([
    7, 4, 4, 4, 4,
  ]);
  expect(races.map(({ title }) => title)).toEqual([
    'a MiB of a stream',
    'a MiB, digested',
    ...['md5', 'sha1', 'sha256'].flatMap((algorithm) =>
      ['hit', 'miss'].map((kind) => `${algorithm}, 1,000 entries, a ${kind}`),
    ),
  ]);
  for (const name of names.filter((each) =>
    /MB held|us of CPU$|a second|ms of CPU|of that/.test(each),
  )) {
    expect([name, Number(figures[name]) > 0]).toEqual([name, true]);
  }
  expect(targets).toEqual([]);
});

test('an unknown part is refused', async () => {
  const { context } = listener({}, ['stream', 'none']);
  await expect(runDigests(context, SMALL)).rejects.toThrow('parts among stream, lists, uploads');
});
