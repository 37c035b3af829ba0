import { createIndex } from '../src/indexing/create.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { type Bench, type BenchContext, race, type Timing } from './harness.js';
import { answerOf } from './index-peers.js';
import { clusteredHashes, plant, random, uniformHashes } from './workloads.js';

const SIZES = [1, 10, 100, 1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 2e6];
const DISTANCES = [0, 8, 15, 16, 31, 32, 40, 48, 63, 96, 128];
const WORKLOADS = { uniform: uniformHashes, clustered: clusteredHashes };
const QUERIES = 512;

/** Searches faster than this many microseconds are not judged; any engine is quick there. */
const JUDGED_MICROSECONDS = 1;
/** A choice is called poor if it takes more than this multiple of the better engine's time. */
const POOR = 1.25;

/**
 * `cliffs`: the engine that an index chooses, against the best it could choose, from one hash to
 * two million. The index that `createIndex` makes by default is judged against the better of its
 * own two engines: a scan, and buckets for distance 31. The index planned for the distance runs
 * beside it.
 */
export const cliffsBench: Bench = {
  name: 'cliffs',
  about: 'the default index against its two engines and against the index planned for the distance',
  long: true,
  async run(context) {
    const { smallest = 0, largest = 2e6, distance } = context.options;
    const sizes = SIZES.filter((size) => size >= Number(smallest) && size <= Number(largest));
    if (sizes.length === 0) throw new RangeError(`expected one of the sizes ${SIZES.join(', ')}`);
    const distances = distance === undefined ? DISTANCES : [Number(distance)];
    const worst: Record<keyof Verdict, { ratio: number; at: string }> = {
      byDefault: { ratio: 0, at: '' },
      planned: { ratio: 0, at: '' },
      beyondPlanned: { ratio: 0, at: '' },
    };
    const poor: string[] = [];
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
        const scan = createIndex(hashes, { kind: 'flat' });
        const buckets = createIndex(hashes, { kind: 'mih' });
        for (const max of distances) {
          const planned = createIndex(hashes, { maxDistance: max });
          const plannedBuckets = createIndex(hashes, { kind: 'mih', maxDistance: max });
          const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}`;
          const indexes = { byDefault, scan, buckets, planned, plannedBuckets };
          const verdict = await raceEngines(context, title, indexes, asked, max);
          for (const name of Object.keys(worst) as (keyof Verdict)[]) {
            const ratio = verdict[name] ?? 0;
            if (ratio > worst[name].ratio) worst[name] = { ratio, at: title };
          }
          if ((verdict.byDefault ?? 0) > POOR) poor.push(title);
        }
      }
    }
    context.note(
      poor.length === 0
        ? `the default index never takes ${POOR} times as long as the better of its own two engines`
        : `the default index takes over ${POOR} times as long as the better of its own two engines for:`,
    );
    for (const title of poor) context.note(`  ${title}`);
    const over = `over ${JUDGED_MICROSECONDS} us, at its worst`;
    context.figure(`default / better of its own two engines, ${over}`, worst.byDefault);
    context.figure(`planned / better of its own two engines, ${over}`, worst.planned);
    context.figure(`default / planned, ${over}`, worst.beyondPlanned);
  },
};

interface Engines {
  /** no distance given: built for 31 */
  readonly byDefault: HammingIndex;
  readonly scan: HammingIndex;
  readonly buckets: HammingIndex;
  /** built for the distance of the query */
  readonly planned: HammingIndex;
  readonly plannedBuckets: HammingIndex;
}

/** Ratios of times; absent if the denominator is at most a microsecond. */
interface Verdict {
  /** the default index / the better of a scan and its buckets */
  byDefault?: number;
  /** the planned index / the better of a scan and its buckets */
  planned?: number;
  /** the default index / the planned one */
  beyondPlanned?: number;
}

async function raceEngines(
  context: BenchContext,
  title: string,
  { byDefault, scan, buckets, planned, plannedBuckets }: Engines,
  asked: Uint8Array,
  max: number,
): Promise<Verdict> {
  const contenders = {
    default: byDefault,
    scan,
    'buckets for 31': buckets,
    planned,
    'buckets for the distance': plannedBuckets,
  };
  const slowest = Math.max(
    ...Object.values(contenders).map((index) => index.explain(max).nanoseconds),
  );
  const queries = Math.max(8, Math.min(QUERIES, Math.round(2e7 / slowest)));
  let out = new Uint32Array(1024);
  const search = (index: HammingIndex, i: number) => {
    const query = { algorithm: 'pdq', bytes: asked.subarray(32 * i, 32 * i + 32) } as const;
    const total = index.searchInto(query, max, out);
    if (2 * total <= out.length) return total;
    out = new Uint32Array(4 * total);
    return index.searchInto(query, max, out);
  };
  for (let i = 0; i < queries; i++) {
    const total = search(scan, i);
    const expected = answerOf(out, total);
    for (const [name, index] of Object.entries(contenders)) {
      const found = search(index, i);
      if (answerOf(out, found) !== expected) throw new Error(`${name} answers wrongly: ${title}`);
    }
  }
  const hits = (index: HammingIndex) => {
    let sum = 0;
    for (let i = 0; i < queries; i++) sum += search(index, i);
    return sum;
  };
  const result = await race(
    title,
    Object.entries(contenders).map(([name, index]) => ({
      name,
      operations: queries,
      run: () => hits(index),
    })),
    { rounds: 7, sampleMilliseconds: 10 },
  );
  const verdict = judge(result.timings);
  const notes = Object.entries({
    'default / better of scan and buckets for 31': verdict.byDefault,
    'planned / better of scan and buckets for the distance': verdict.planned,
    'default / planned': verdict.beyondPlanned,
  }).map(([of, ratio]) =>
    ratio === undefined
      ? `${of}: not judged, under ${JUDGED_MICROSECONDS} us`
      : `${of}: ${ratio.toPrecision(3)}`,
  );
  context.report({ ...result, notes });
  return verdict;
}

/** @param timings of the default index, a scan, its buckets, the planned index and its buckets */
export function judge(timings: readonly Timing[]): Verdict {
  const [, scan, buckets, planned, plannedBuckets] = timings;
  const fasterOf = (a: Timing, b: Timing) => (a.ratio < b.ratio ? a : b);
  const isJudged = ({ microseconds }: Timing) => microseconds > JUDGED_MICROSECONDS;
  const own = fasterOf(scan!, buckets!);
  const plannedOwn = fasterOf(scan!, plannedBuckets!);
  // Each ratio is a median over the rounds, so a slow moment of the machine affects both sides.
  return {
    ...(isJudged(own) && { byDefault: 1 / own.ratio }),
    ...(isJudged(plannedOwn) && { planned: planned!.ratio / plannedOwn.ratio }),
    ...(isJudged(planned!) && { beyondPlanned: 1 / planned!.ratio }),
  };
}
