import { indexFromBuffer } from '../../src/index.js';
import { createIndex } from '../../src/indexing/create-index.js';
import { feed, median, quantile } from '../race.js';
import { hashAt, hashesOf, plant, random, uniformHashes } from '../workloads.js';
import { gathered, type IndexPart, JUDGED } from './data.js';
import { answerOf, naiveScan } from './peers.js';

const QUERIES = 1000;

/** Figures without a rival, at a million hashes: building, size, changes and snapshots. */
export const figuresPart: IndexPart = async ({ context, usual: count }) => {
  const { figures, figure } = gathered(context);
  const words = `${count.toLocaleString('en')} hashes`;
  const hashes = uniformHashes(count, 5);
  const queries = hashesOf(uniformHashes(QUERIES, 78).bytes);

  const build = timed(3, () => createIndex(hashes));
  figure(`seconds to build of ${words}`, build.seconds);
  const index = build.result;
  const buffer = index.toBuffer({ shared: true });
  figure('bytes a hash', buffer.byteLength / count);
  const small = createIndex(hashes, { memory: 'small' }).toBuffer().byteLength;
  figure('bytes a hash, small', small / count);
  if (count === JUDGED) {
    context.figure(`bytes a hash of ${words}`, buffer.byteLength / count, { atMost: 170 });
    context.figure(`bytes a hash of ${words}, small`, small / count, { atMost: 120 });
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

const CHANGES = 200_000;
/** Every so many-th removal names a hash, not an id. */
const BY_HASH = 8;
const COMPARED = 32;

/** Adds and removals in random order: the time of each call. */
export const changesPart: IndexPart = async ({ context, usual: count }) => {
  const changes = Math.min(CHANGES, count);
  const { bytes: first } = uniformHashes(count, 5);
  const index = createIndex({ algorithm: 'pdq', bits: 256, bytes: first });
  const bytes = new Uint8Array(first.length + 32 * changes);
  bytes.set(first);
  bytes.set(uniformHashes(changes, 7).bytes, first.length);
  const alive = new Uint8Array(count + changes).fill(1, 0, count);
  const next = random(8);
  const times = new Float64Array(changes);
  let size = count;
  let end = count;
  for (let change = 0; change < changes; change++) {
    const adds = next() % 2 === 0;
    const id = adds ? end : next() % end;
    const byHash = next() % BY_HASH === 0;
    // Made for each change. A heap of hashes made before would be the caller's, and its collection
    // is not the index's work.
    const hash = hashAt(bytes, id);
    const start = performance.now();
    const result = adds ? index.add(hash) : index.remove(byHash ? hash : id);
    times[change] = performance.now() - start;
    const expected = adds ? id : alive[id]!;
    if (result !== expected) throw new Error(`change ${change} gave ${result}, not ${expected}`);
    size += adds ? 1 : -expected;
    alive[id] = adds ? 1 : 0;
    if (adds) end++;
  }
  const compare = () => {
    if (index.size !== size) throw new Error(`the index holds ${index.size}, not ${size}`);
    const query = new Uint8Array(32);
    const out = new Uint32Array(2 * end);
    for (let i = 0; i < COMPARED; i++) {
      plant(bytes, next() % end, query, 0, next() % 32, next);
      const words = new Int32Array(bytes.buffer);
      let kept = 0;
      const total = naiveScan(words, end, new Int32Array(query.buffer), 31, out);
      for (let at = 0; at < 2 * total; at += 2) {
        if (alive[out[at]!] === 0) continue;
        out.copyWithin(2 * kept++, at, at + 2);
      }
      const expected = answerOf(out, kept);
      const hits = index.searchInto({ algorithm: 'pdq', bytes: query }, 31, out);
      if (answerOf(out, hits) !== expected) throw new Error('the changed index answers wrongly');
    }
  };
  compare();
  const steps: number[] = [];
  for (let more = true; more; ) {
    const start = performance.now();
    more = index.compact();
    steps.push(performance.now() - start);
  }
  compare();
  feed(index.size);

  const of = `${changes.toLocaleString('en')} changes of ${count.toLocaleString('en')} hashes`;
  const { figures, figure } = gathered(context);
  figure(`microseconds of a change, median of ${of}`, 1000 * quantile(times, 0.5));
  figure(`microseconds of a change, p99 of ${of}`, 1000 * quantile(times, 0.99));
  figure(`milliseconds of a change, p99.9 of ${of}`, quantile(times, 0.999));
  figure('milliseconds of the longest change', quantile(times, 1));
  figure('milliseconds of the longest compact step', quantile(steps, 1));
  if (count === JUDGED) {
    context.figure(`${of}: p99.9, ms`, quantile(times, 0.999), { atMost: 3 });
    context.figure(`${of}: the longest call, ms`, quantile(times, 1), { atMost: 13 });
  }
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
