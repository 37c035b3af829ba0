import { createIndex } from '../src/indexing/create.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { type Bench, type BenchContext, race } from './harness.js';
import { clusteredHashes, plant, random, uniformHashes } from './workloads.js';

const SIZES = [1, 10, 100, 1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 2e6];
const DISTANCES = [0, 8, 15, 16, 31, 32, 40, 48, 63, 96, 128];
const WORKLOADS = { uniform: uniformHashes, clustered: clusteredHashes };
const QUERIES = 512;

/** `cliffs`: what the planner chose beside what it could have chosen, from one hash to two million. */
export const cliffsBench: Bench = {
  name: 'cliffs',
  about: 'what the planner makes for a distance beside a scan and buckets, which it chooses from',
  long: true,
  async run(context) {
    const { smallest = 0, largest = 2e6, distance } = context.options;
    const sizes = SIZES.filter((size) => size >= Number(smallest) && size <= Number(largest));
    const distances = distance === undefined ? DISTANCES : [Number(distance)];
    const worst = { ratio: 0, title: '' };
    for (const [data, make] of Object.entries(WORKLOADS)) {
      for (const count of sizes) {
        const { bytes } = make(count, 5);
        const asked = uniformHashes(QUERIES, 77).bytes;
        const next = random(9);
        for (let i = 0; i < QUERIES; i += 2) {
          plant(bytes, next() % count, asked, i, next() % 32, next);
        }
        const hashes = { algorithm: 'pdq', bits: 256, bytes } as const;
        const byDefault = createIndex(hashes);
        const flat = createIndex(hashes, { kind: 'flat' });
        for (const max of distances) {
          const ours = createIndex(hashes, { maxDistance: max });
          const mih = createIndex(hashes, { kind: 'mih', maxDistance: max });
          const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}`;
          const ratio = await raceEngines(
            context,
            title,
            { ours, flat, mih, byDefault },
            asked,
            max,
          );
          if (ratio > worst.ratio) Object.assign(worst, { ratio, title });
        }
      }
    }
    context.figure('time as planned, relative to the better of the two, at its worst', {
      ratio: worst.ratio,
      at: worst.title,
    });
  },
};

/** @returns the time as planned, relative to the better of scan and buckets */
async function raceEngines(
  context: BenchContext,
  title: string,
  { ours, flat, mih, byDefault }: Record<'ours' | 'flat' | 'mih' | 'byDefault', HammingIndex>,
  asked: Uint8Array,
  max: number,
): Promise<number> {
  const slowest = Math.max(...[flat, mih].map((index) => index.explain(max).nanoseconds));
  const queries = Math.max(8, Math.min(QUERIES, Math.round(2e7 / slowest)));
  const contenders = { planned: ours, scan: flat, buckets: mih, 'planned for 31': byDefault };
  let out = new Uint32Array(1024);
  const hits = (index: HammingIndex) => {
    let sum = 0;
    for (let i = 0; i < queries; i++) {
      const query = { algorithm: 'pdq', bytes: asked.subarray(32 * i, 32 * i + 32) } as const;
      const total = index.searchInto(query, max, out);
      if (2 * total > out.length) out = new Uint32Array(4 * total);
      sum += total;
    }
    return sum;
  };
  if (hits(ours) !== hits(flat) || hits(mih) !== hits(flat)) throw new Error('they disagree');
  const result = await race(
    title,
    Object.entries(contenders).map(([name, index]) => ({
      name,
      operations: queries,
      run: () => hits(index),
    })),
    { rounds: 7, sampleMilliseconds: 10 },
  );
  // Medians of ratios, not ratios of medians: a slow moment of the machine falls on all of a round.
  const ratio = 1 / Math.min(...result.timings.slice(1, 3).map((timing) => timing.ratio));
  context.report({
    ...result,
    notes: [`planned / better of scan and buckets: ${ratio.toPrecision(3)}`],
  });
  return ratio;
}
