import { createIndex } from '../../src/indexing/create-index.js';
import { feed, quantile } from '../harness.js';
import { answerOf, naiveScan } from './peers.js';
import { type IndexPart, JUDGED } from './run.js';
import { plant, random, uniformHashes } from '../workloads.js';

const CHANGES = 200_000;
/** Every so many-th removal names a hash, not an id. */
const BY_HASH = 8;
const COMPARED = 32;

/** Adds and removals in random order: the time of each call. */
export const changesPart: IndexPart = async ({ context, usual: count, targets }) => {
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
    const hash = { algorithm: 'pdq', bytes: bytes.subarray(32 * id, 32 * id + 32) } as const;
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
  const figures: Record<string, number> = {
    [`microseconds of a change, median of ${of}`]: 1000 * quantile(times, 0.5),
    [`microseconds of a change, p99 of ${of}`]: 1000 * quantile(times, 0.99),
    [`milliseconds of a change, p99.9 of ${of}`]: quantile(times, 0.999),
    'milliseconds of the longest change': quantile(times, 1),
    'milliseconds of the longest compact step': quantile(steps, 1),
  };
  for (const [name, value] of Object.entries(figures)) context.figure(name, value);
  if (count === JUDGED) {
    targets.atMost(`${of}: p99.9, ms`, quantile(times, 0.999), 3);
    targets.atMost(`${of}: the longest call, ms`, quantile(times, 1), 13);
  }
  return { figures };
};
