import { createIndex } from '../../src/indexing/create-index.js';
import { indexFromBuffer } from '../../src/indexing/index.js';
import { feed, median } from '../harness.js';
import { type IndexPart, JUDGED } from './run.js';
import { hashesOf, uniformHashes } from '../workloads.js';

const QUERIES = 1000;

/** Figures without a rival, at a million hashes: building, size, changes and snapshots. */
export const figuresPart: IndexPart = async ({ context, usual: count, targets }) => {
  const figures: Record<string, number> = {};
  const figure = (name: string, value: number) => {
    figures[name] = value;
    context.figure(name, value);
  };
  const words = `${count.toLocaleString('en')} hashes`;
  const hashes = uniformHashes(count, 5);
  const queries = hashesOf(uniformHashes(QUERIES, 78).bytes);

  const build = timed(3, () => createIndex(hashes));
  figure(`seconds to build of ${words}`, build.seconds);
  const index = build.result;
  const buffer = index.toBuffer({ shared: true });
  figure('bytes a hash', buffer.byteLength / count);
  if (count === JUDGED) {
    targets.atMost(`bytes a hash of ${words}`, buffer.byteLength / count, 170);
  }
  const attach = timed(11, () => indexFromBuffer(buffer, { verify: false }));
  figure('milliseconds to attach a verified buffer', 1000 * attach.seconds);
  const verify = timed(5, () => indexFromBuffer(buffer));
  figure('megabytes a second to verify a buffer', buffer.byteLength / 1e6 / verify.seconds);

  // Adds one hash per hundred, then runs the same searches with and without them, in turn.
  const grown = createIndex(hashes);
  const more = hashesOf(uniformHashes(Math.ceil(count / 100), 6).bytes);
  const added = more.map((hash) => timed(1, () => grown.add(hash)).seconds);
  figure('microseconds to add a hash, mean', (1e6 * added.reduce((a, b) => a + b)) / more.length);
  const out = new Uint32Array(1024);
  const searches = [index, grown].map((each) => () => {
    for (const query of queries) feed(each.searchInto(query, 31, out));
  });
  figure('search time with 1 % added since, relative', await ratioOf(11, searches));
  const removals = Array.from({ length: Math.ceil(count / 50) }, (_, id) => {
    return timed(1, () => grown.remove(id)).seconds;
  });
  figure('microseconds to remove an id, median', 1e6 * median(removals));

  return { figures };
};

function timed<T>(times: number, run: () => T): { seconds: number; result: T } {
  const taken: number[] = [];
  let result: T | undefined;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    result = run();
    taken.push((performance.now() - start) / 1000);
  }
  return { seconds: median(taken), result: result as T };
}

/** The median of the second's time / the first's. Each goes first every other round. */
async function ratioOf(rounds: number, runs: readonly (() => unknown)[]): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times = [0, 0];
    for (const at of round % 2 ? [1, 0] : [0, 1]) {
      const start = performance.now();
      await runs[at]!();
      times[at] = performance.now() - start;
    }
    ratios.push(times[1]! / times[0]!);
  }
  return median(ratios);
}
