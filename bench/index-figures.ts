import type { Hash } from '../src/hash.js';
import { createIndex, indexFromBuffer } from '../src/indexing/create.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { createIndexPool } from '../src/node/index-pool.js';
import { type BenchContext, feed, median } from './harness.js';
import { uniformHashes } from './workloads.js';

const COUNT = 1e6;

/** Figures without a rival, at a million hashes: building, size, changes, snapshots and threads. */
export async function indexFigures(context: BenchContext): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  const figure = (name: string, value: number) => {
    figures[name] = value;
    context.figure(name, value);
  };
  const hashes = uniformHashes(COUNT, 5);
  const asked = uniformHashes(10_000, 78);
  const queries = hashesOf(asked.bytes);

  const build = timed(3, () => createIndex(hashes));
  figure('seconds to build of 1,000,000 hashes', build.seconds);
  const index = build.result;
  const buffer = index.toBuffer({ shared: true });
  figure('bytes a hash', buffer.byteLength / COUNT);
  const attach = timed(11, () => indexFromBuffer(buffer, { verify: false }));
  figure('milliseconds to attach a verified buffer', 1000 * attach.seconds);
  const verify = timed(5, () => indexFromBuffer(buffer));
  figure('megabytes a second to verify a buffer', buffer.byteLength / 1e6 / verify.seconds);

  // Adds one hash per hundred, then runs the same searches with and without them, in turn.
  const grown = createIndex(hashes);
  const more = hashesOf(uniformHashes(COUNT / 100, 6).bytes);
  const added: number[] = [];
  for (const hash of more) added.push(timed(1, () => grown.add(hash)).seconds);
  figure('microseconds to add a hash, mean', (1e6 * added.reduce((a, b) => a + b)) / more.length);
  const ratios: number[] = [];
  for (let round = 0; round < 11; round++) {
    const pair = [index, grown].map((each) => () => searchAll(each, queries, 31, 1000));
    const [without, within] = round % 2 ? [timed(1, pair[0]!), timed(1, pair[1]!)] : swapped(pair);
    ratios.push(within!.seconds / without!.seconds);
  }
  figure('search time with 1 % added since, relative', median(ratios));
  const removals: number[] = [];
  for (let id = 0; id < 20_000; id++) removals.push(timed(1, () => grown.remove(id)).seconds);
  figure('microseconds to remove an id, median', 1e6 * median(removals));
  // Enough changes to cause a merge of the base; the longest of them counts.
  let longest = Math.max(...added, ...removals);
  // Each hash is made when it is added. A heap of hashes made before would belong to the caller,
  // and its collection is not the index's work.
  const churn = uniformHashes(300_000, 7).bytes;
  const start = performance.now();
  for (let at = 0; at < churn.length; at += 32) {
    const hash: Hash = { algorithm: 'pdq', bytes: churn.subarray(at, at + 32) };
    const begin = performance.now();
    grown.add(hash);
    longest = Math.max(longest, (performance.now() - begin) / 1000);
  }
  figure(
    'microseconds to add a hash, mean of 300,000',
    (32_000 * (performance.now() - start)) / churn.length,
  );
  while (
    timedMerge(grown, (seconds) => {
      longest = Math.max(longest, seconds);
    })
  );
  figure('milliseconds of the longest change', 1000 * longest);

  const rates: number[] = [];
  const one = createIndexPool(index, { workers: 1 });
  const two = createIndexPool(index, { workers: 2 });
  await Promise.all([one.searchBatch(asked, 31), two.searchBatch(asked, 31)]);
  for (let round = 0; round < 5; round++) {
    const times: number[] = [];
    for (const pool of round % 2 ? [two, one] : [one, two]) {
      const begin = performance.now();
      await pool.searchBatch(asked, 31);
      times.push(performance.now() - begin);
    }
    rates.push(round % 2 ? times[1]! / times[0]! : times[0]! / times[1]!);
  }
  await Promise.all([one.close(), two.close()]);
  figure('throughput of two threads, relative to one', median(rates));
  return figures;
}

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

function swapped(pair: readonly (() => unknown)[]) {
  const second = timed(1, pair[1]!);
  return [timed(1, pair[0]!), second];
}

function timedMerge(index: HammingIndex, note: (seconds: number) => void): boolean {
  const start = performance.now();
  const more = index.merge();
  note((performance.now() - start) / 1000);
  return more;
}

function searchAll(index: HammingIndex, queries: readonly Hash[], max: number, count: number) {
  const out = new Uint32Array(1024);
  for (let i = 0; i < count; i++) feed(index.searchInto(queries[i]!, max, out));
}

/** Packed PDQ hashes one by one; views of `bytes`. */
export function hashesOf(bytes: Uint8Array): Hash[] {
  return Array.from({ length: bytes.length / 32 }, (_, i) => ({
    algorithm: 'pdq',
    bytes: bytes.subarray(32 * i, 32 * i + 32),
  }));
}
