import type { BenchContext } from '../harness.js';
import { feed, quantile, turns } from '../race.js';
import type { Reporter } from '../reporter.js';
import { fieldsOf, type IndexPart, type IndexRun, QUERY_KINDS, type QueryKind } from './data.js';
import {
  affordable,
  checkAnswers,
  type EngineOptions,
  type Field,
  type IndexPeer,
  naivePeer,
  nameOf,
  ownPeer,
} from './peers.js';

const PASSES = 5;
const DISTANCES = [0, 15, 31, 40, 60];
/** An engine answers as many queries as it can in this time, but at least some. */
const PASS_MILLISECONDS = 400;
const FEWEST_QUERIES = 64;
/** Queries that begin each pass untimed: the last ones of the list. */
const LED_IN = 32;
/** Answers compared with those of the naive loop. Of all queries, the engines' counts are. */
const COMPARED = 32;

/** The engines of ours. At the largest size only the first three fit beside the others. */
export const LATENCY_ENGINES: readonly EngineOptions[] = [
  {},
  { simd: 'never' },
  { memory: 'small' },
  { memory: 'small', simd: 'never' },
  { kind: 'flat' },
  { kind: 'flat', simd: 'never' },
];
const ENGINES_OF_LARGE = 3;

/** How long single queries of one kind take one engine. */
export interface Latency {
  readonly data: string;
  readonly count: number;
  readonly maxDistance: number;
  readonly queries: QueryKind;
  readonly engine: string;
  /** how ours goes about it: `mih, 16 bands` */
  readonly how: string;
  /** queries of this kind */
  readonly asked: number;
  /** microseconds, of each query's best pass */
  readonly p50: number;
  readonly p99: number;
}

/** Single queries, planted and unrelated apart, by each engine of ours. */
export const latencyPart: IndexPart = async (run) => {
  const latencies: Latency[] = [];
  for (const { data, field, isLarge } of fieldsOf(run)) {
    latencies.push(...(await fieldLatencies(run, data, field, isLarge)));
  }
  latencyTargets(latencies, run.context);
  return { latencies };
};

async function fieldLatencies(
  { context, distance }: IndexRun,
  data: string,
  field: Field,
  isLarge: boolean,
): Promise<Latency[]> {
  const { count } = field;
  const options = LATENCY_ENGINES.slice(0, isLarge ? ENGINES_OF_LARGE : undefined);
  const peers = options.map((each) => ownPeer(field, each));
  const naive = naivePeer(field);
  const rows: Latency[] = [];
  for (const maxDistance of distance === undefined ? DISTANCES : [distance]) {
    // The largest list is compared and recorded at the usual distance only.
    if (isLarge && distance === undefined && maxDistance !== 31) continue;
    const expected = await naive.answers(maxDistance, isLarge ? COMPARED / 4 : COMPARED);
    for (const peer of peers) await checkAnswers(peer, maxDistance, expected);
    const asked: number[] = [];
    for (const peer of peers) {
      const limits = [FEWEST_QUERIES, field.queries.length] as const;
      asked.push(await affordable([peer], maxDistance, PASS_MILLISECONDS, limits));
    }
    const best = bestTimes(peers, asked, field, maxDistance);
    const of = (queries: QueryKind) =>
      peers.map(({ name, how }, i) => {
        const row = latency(queries, best[i]!);
        return { data, count, maxDistance, queries, engine: name, how: how(maxDistance), ...row };
      });
    const kinds = (Object.keys(QUERY_KINDS) as QueryKind[]).map(of);
    rows.push(...kinds.flat());
    report(context, kinds);
  }
  return rows;
}

/**
 * Each query's best time of five passes, in microseconds. The engines take turns, and a pass
 * before the first, untimed, warms them up and compares their numbers of hits.
 */
export function bestTimes(
  peers: readonly Pick<IndexPeer, 'name' | 'one'>[],
  asked: readonly number[],
  { queries }: Pick<Field, 'queries'>,
  maxDistance: number,
): Float64Array[] {
  const hits = peers.map(({ one }, at) =>
    queries.slice(0, asked[at]).map((query) => one(maxDistance, query)),
  );
  const [first] = hits;
  for (const [at, counts] of hits.entries()) {
    const wrong = counts.findIndex((count, i) => count !== (first![i] ?? count));
    if (wrong >= 0) {
      throw new Error(`${peers[at]!.name} answers query ${wrong} wrongly at ${maxDistance}`);
    }
  }
  const best = asked.map((count) => new Float64Array(count).fill(Number.POSITIVE_INFINITY));
  for (const { at } of turns(PASSES, peers.length)) {
    const { one } = peers[at]!;
    const times = best[at]!;
    // The engine before has filled the caches with its own data.
    for (let i = times.length - LED_IN; i < times.length; i++) feed(one(maxDistance, queries[i]!));
    for (let i = 0; i < times.length; i++) {
      const query = queries[i]!;
      const start = performance.now();
      const hits = one(maxDistance, query);
      const time = 1000 * (performance.now() - start);
      feed(hits);
      if (time < times[i]!) times[i] = time;
    }
  }
  return best;
}

/** Quantiles of the queries of one kind. */
export function latency(queries: QueryKind, best: Float64Array) {
  const own = [...best].filter((_, i) => QUERY_KINDS[queries](i));
  return { asked: own.length, p50: quantile(own, 0.5), p99: quantile(own, 0.99) };
}

function report(context: BenchContext, kinds: readonly (readonly Latency[])[]): void {
  const { data, count, maxDistance } = kinds[0]![0]!;
  context.table(
    `${data}, ${count.toLocaleString('en')} hashes, distance ${maxDistance}: each query's best of ${PASSES} passes, us`,
    kinds[0]!.map(({ engine, how }, i) => ({
      engine,
      ...Object.fromEntries(
        kinds.flatMap((rows) => [
          [`${rows[i]!.queries} p50`, rows[i]!.p50],
          [`${rows[i]!.queries} p99`, rows[i]!.p99],
        ]),
      ),
      how,
    })),
  );
}

/** The rows that must not miss their bounds. */
export function latencyTargets(
  latencies: readonly Latency[],
  { figure }: Pick<Reporter, 'figure'>,
): void {
  const find = (data: string, count: number, max: number, options: EngineOptions) =>
    latencies.filter(
      (each) =>
        each.data === data &&
        each.count === count &&
        each.maxDistance === max &&
        each.engine === nameOf(options),
    );
  for (const simd of ['auto', 'never'] as const) {
    const words = simd === 'auto' ? 'with SIMD' : 'without SIMD';
    for (const data of ['uniform', 'realistic']) {
      const fast = find(data, 1e6, 31, { simd });
      for (const [i, each] of find(data, 1e6, 31, { memory: 'small', simd }).entries()) {
        const name = `1M ${data}, distance 31, ${each.queries}, ${words}: small / default, median`;
        figure(name, each.p50 / fast[i]!.p50, { atMost: 1.3 });
      }
    }
  }
  for (const [count, max, most] of [
    [1e5, 60, 230],
    [1e4, 31, 5],
  ] as const) {
    for (const each of find('uniform', count, max, {})) {
      const name = `${count / 1000}k uniform, distance ${max}, ${each.queries}, with SIMD: median, us`;
      figure(name, each.p50, { atMost: most });
    }
  }
}
