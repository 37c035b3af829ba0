import type { HammingIndex } from '../../src/index.js';
import { createIndex, indexOf } from '../../src/indexing/create-index.js';
import { type Bench, type BenchContext, sizesOf } from '../harness.js';
import { digits, race, type Timing } from '../race.js';
import { dataSets } from './data.js';
import {
  affordable,
  checkAnswers,
  contenderOf,
  type EngineOptions,
  engineOf,
  type Field,
  indexPeer,
} from './peers.js';

const SIZES = [1, 10, 100, 1e3, 1e4, 3e4, 1e5, 3e5, 1e6];
const LARGE = 1e7;
const DISTANCES = [0, 8, 15, 16, 24, 31, 32, 40, 47, 48, 56, 63, 80, 96, 128];
const DISTANCES_OF_LARGE = [0, 15, 31, 40, 48, 63, 128];
const QUERIES = 512;
/** Queries per sample: as many as the slowest engine answers in MILLISECONDS, but at least some. */
const FEWEST_QUERIES = 4;
const MILLISECONDS = 20;

/** Searches faster than this many microseconds are not judged; any engine is quick there. */
const JUDGED_MICROSECONDS = 1;
/** A choice is called poor if it takes more than this multiple of the better engine's time. */
const POOR = 1.3;

/**
 * `cliffs`: the engine that an index chooses, against the best it could choose, from one hash to a
 * million, or ten with `large`. The index that `createIndex` makes by default is judged against the
 * better of its own two engines: a scan, and buckets for distance 31. So is the index planned for
 * the distance, against a scan and buckets for that distance. Both kernels have their turn, if
 * there are two.
 */
export const cliffsBench: Bench = {
  name: 'cliffs',
  about: 'the default index against its two engines and against the index planned for the distance',
  long: true,
  async run(context) {
    const { large, distance } = context.options;
    const sizes = sizesOf(context.options, large ? [...SIZES, LARGE] : SIZES);
    const asked = distance === undefined ? undefined : [distance];
    const worst = { byDefault: none(), planned: none(), beyondPlanned: none() };
    const poor: string[] = [];
    for (const { name, field } of await dataSets((text) => context.note(text), QUERIES)) {
      for (const count of sizes) {
        const list = field(count);
        const distances = asked ?? (count === LARGE ? DISTANCES_OF_LARGE : DISTANCES);
        for (const simd of ['auto', 'never'] as const) {
          const verdicts = await raceList(context, name, list, distances, simd);
          // Without a second kernel there is nothing else to race.
          if (verdicts === undefined) break;
          for (const { title, verdict } of verdicts) {
            for (const key of Object.keys(worst) as (keyof Verdict)[]) {
              const ratio = verdict[key] ?? 0;
              if (ratio > worst[key].ratio) worst[key] = { ratio, at: title };
            }
            const { byDefault = 0, planned = 0 } = verdict;
            if (byDefault > POOR) poor.push(`default, ${title}: ${digits(byDefault)}`);
            if (planned > POOR) poor.push(`planned, ${title}: ${digits(planned)}`);
          }
        }
      }
    }
    context.note(
      poor.length === 0
        ? `no index takes over ${POOR} times as long as the better of its own two engines`
        : `over ${POOR} times as long as the better of its own two engines:`,
    );
    for (const title of poor) context.note(`  ${title}`);
    const over = `over ${JUDGED_MICROSECONDS} us, at its worst`;
    const own = 'better of its own two engines';
    context.figure(`default / ${own}, ${over}`, worst.byDefault.ratio, { atMost: POOR });
    context.figure(`planned / ${own}, ${over}`, worst.planned.ratio, { atMost: POOR });
    context.figure('the worst cells', worst);
    // Not each race: there are a thousand.
    return { sizes, worst, poor };
  },
};

const none = () => ({ ratio: 0, at: '' });

/** Ratios of times; absent if the denominator is at most a microsecond. */
interface Verdict {
  /** the default index / the better of a scan and its buckets */
  byDefault?: number;
  /** the planned index / the better of a scan and its buckets */
  planned?: number;
  /** the default index / the planned one */
  beyondPlanned?: number;
}

/** An index under the name that it has in a race. */
interface Named {
  readonly name: string;
  readonly index: HammingIndex;
}

/** @returns undefined without races, if `simd` is `never` and that changes nothing */
async function raceList(
  context: BenchContext,
  data: string,
  field: Field,
  distances: readonly number[],
  simd: 'auto' | 'never',
): Promise<{ title: string; verdict: Verdict }[] | undefined> {
  const { bytes, count } = field;
  const hashes = { algorithm: 'pdq', bits: 256, bytes } as const;
  const make = (name: string, options: EngineOptions): Named => ({
    name,
    index: indexOf(hashes, options, { ...options, simd }),
  });
  const isSimd = ({ index }: Named) => distances.some((max) => /simd/.test(engineOf(index, max)));
  if (simd === 'never' && !isSimd({ name: '', index: createIndex(hashes) })) return undefined;
  const always = [
    make('default', {}),
    make('scan', { kind: 'flat' }),
    make('buckets for 31', { kind: 'mih' }),
  ];
  const kernel = simd === 'never' ? ', without SIMD' : '';
  const verdicts = [];
  for (const max of distances) {
    const indexes = [...always];
    // Of ten million, five would not fit.
    if (count < LARGE) {
      indexes.push(make('planned', { maxDistance: max }));
      indexes.push(make('buckets for the distance', { kind: 'mih', maxDistance: max }));
    }
    const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}${kernel}`;
    verdicts.push({ title, verdict: await raceEngines(context, title, indexes, field, max) });
  }
  return verdicts;
}

async function raceEngines(
  context: BenchContext,
  title: string,
  indexes: readonly Named[],
  { queries }: Field,
  max: number,
): Promise<Verdict> {
  const peers = indexes.map(({ name, index }) => indexPeer(name, index, queries));
  const asked = await affordable(peers, max, MILLISECONDS, [FEWEST_QUERIES, QUERIES]);
  const expected = peers[1]!.answers(max, asked);
  for (const peer of peers) await checkAnswers(peer, max, expected);
  const result = await race(
    title,
    peers.map((peer) => contenderOf(peer, max, asked)),
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
      : `${of}: ${digits(ratio)}`,
  );
  const how = `default: ${engineOf(indexes[0]!.index, max)}`;
  context.report({ ...result, notes: [...notes, how] });
  return verdict;
}

/** @param timings of the default index, a scan, its buckets, the planned index and its buckets */
export function judge(timings: readonly Timing[]): Verdict {
  const [, scan, buckets, planned, plannedBuckets] = timings;
  const fasterOf = (a: Timing, b: Timing) => (a.ratio < b.ratio ? a : b);
  const isJudged = ({ microseconds }: Timing) => microseconds > JUDGED_MICROSECONDS;
  const own = fasterOf(scan!, buckets!);
  // Each ratio is a median over the rounds, so a slow moment of the machine affects both sides.
  const byDefault = isJudged(own) ? { byDefault: 1 / own.ratio } : {};
  if (planned === undefined || plannedBuckets === undefined) return byDefault;
  const plannedOwn = fasterOf(scan!, plannedBuckets);
  return {
    ...byDefault,
    ...(isJudged(plannedOwn) && { planned: planned.ratio / plannedOwn.ratio }),
    ...(isJudged(planned) && { beyondPlanned: 1 / planned.ratio }),
  };
}
