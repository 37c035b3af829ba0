import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '../src/hash.js';
import { createIndex } from '../src/indexing/create.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { Faiss, type FaissBuild, faissBuild } from './faiss.js';
import {
  type Bench,
  type BenchContext,
  type Contender,
  machine,
  quantile,
  race,
} from './harness.js';
import { indexFigures } from './index-figures.js';
import {
  answerOf,
  bkTreePeer,
  checkAnswers,
  type Field,
  naivePeer,
  type Peer,
  usearchPeer,
} from './index-peers.js';
import { type Measured, plotIndex, ratiosAtUsual } from './index-plot.js';
import { clusteredHashes, plant, random, uniformHashes } from './workloads.js';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];
const DISTANCES = [0, 8, 15, 31, 40, 63];
/** Queries per race: as many as every engine answers within MILLISECONDS, between these bounds. */
const QUERIES = 2048;
const FEWEST_QUERIES = 16;
const MILLISECONDS = 500;
export const WORKLOADS = { uniform: uniformHashes, clustered: clusteredHashes };

/**
 * `index`: every engine on the same hashes and queries. Options: `large` adds ten million,
 * `smallest`, `largest` and `distance` narrow it, `record` names a folder for `index.json` and the
 * plot `index.svg`.
 */
export const hammingBench: Bench = {
  name: 'index',
  about: 'exact search of PDQ hashes, by list size and distance; half of the queries are planted',
  async run(context) {
    const { large, smallest = 0, largest = large ? 1e7 : 1e6, distance } = context.options;
    const sizes = SIZES.filter((size) => size >= Number(smallest) && size <= Number(largest));
    if (sizes.length === 0) throw new RangeError(`expected one of the sizes ${SIZES.join(', ')}`);
    const distances = distance === undefined ? DISTANCES : [Number(distance)];
    const faiss = faissBuild();
    context.note(
      faiss
        ? `Faiss ${faiss.version} of ${faiss.packager}, ${faiss.target} build: its own process, one thread`
        : `Faiss is not installed (Debian's python3-faiss)`,
    );
    // Comes first, before the others fill this process's memory.
    const figures = await indexFigures(context);
    const measured: Measured[] = [];
    for (const [data, make] of Object.entries(WORKLOADS)) {
      for (const count of sizes) {
        const field = fieldOf(make(count, 5).bytes, count);
        await raceField(context, data, field, faiss, distances, measured);
      }
    }
    const ratios = ratiosAtUsual(measured);
    for (const { engine, count, uniform, clustered } of ratios) {
      const name = `${engine}, of ${count.toLocaleString('en')} hashes at distance 31, x as long`;
      context.figure(name, { uniform: rounded(uniform), clustered: rounded(clustered) });
    }
    if (typeof context.options.record === 'string') {
      const folder = context.options.record;
      mkdirSync(folder, { recursive: true });
      const record = { machine: machine(), faiss: faiss ?? null, ratios, measured, figures };
      writeFileSync(join(folder, 'index.json'), `${JSON.stringify(record, null, 2)}\n`);
      writeFileSync(join(folder, 'index.svg'), plotIndex(measured));
    }
  },
};

/** Rounded to three digits. */
const rounded = (ratio: number | undefined) => ratio && Number(ratio.toPrecision(3));

/** Every other query is an entry with 0 to 31 bits flipped; the rest are random. */
export function fieldOf(bytes: Uint8Array, count: number): Field {
  const asked = uniformHashes(QUERIES, 77).bytes;
  const next = random(9);
  for (let i = 0; i < QUERIES; i += 2) {
    plant(bytes, next() % count, asked, i, next() % 32, next);
  }
  const queries = Array.from(
    { length: QUERIES },
    (_, i): Hash => ({ algorithm: 'pdq', bytes: asked.subarray(32 * i, 32 * i + 32) }),
  );
  return { bytes, count, queries };
}

async function raceField(
  context: BenchContext,
  data: string,
  field: Field,
  build: FaissBuild | undefined,
  distances: readonly number[],
  measured: Measured[],
): Promise<void> {
  const { bytes, count, queries } = field;
  const hashes = { algorithm: 'pdq', bits: 256, bytes } as const;
  const ours = indexPeer('onlyhashes', createIndex(hashes), queries);
  const flat = indexPeer('onlyhashes, flat', createIndex(hashes, { kind: 'flat' }), queries);
  const naive = naivePeer(field);
  const tree = count <= 1e5 ? await bkTreePeer(field, context) : undefined;
  const graph = count <= 1e5 ? await usearchPeer(field, context) : undefined;
  const faiss = build && new Faiss(build, bytes, queriesOf(queries));
  try {
    const scans = faiss ? [await faiss.peer('flat'), await faiss.peer('hash')] : [];
    for (const max of distances) {
      const peers: Peer[] = [flat];
      if (max === 31 || count < 1e6) peers.push(naive);
      if (tree && max <= 31) peers.push(tree);
      peers.push(...scans);
      const asked = await queriesFor([naive, ours, ...peers], max);
      const expected = await naive.answers(max, asked);
      for (const peer of [ours, ...peers]) await checkAnswers(peer, max, expected);
      const contenders: Contender[] = [ours, ...peers].map(({ name, hits }) => ({
        name,
        operations: asked,
        run: () => hits(max, asked),
      }));
      const notes = [`${asked} queries each`, spread(ours, max)];
      if (graph && max === 31) {
        contenders.push(graph.contender(asked));
        notes.push(
          `usearch finds ${graph.found(expected)} of ${await naive.hits(max, asked)} hits`,
        );
      }
      const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}`;
      const result = await race(title, contenders, {
        rounds: 7,
        // A short list is in the caches, as it would be in use. On a long list, a sample goes
        // through the queries once, so that no query finds its own data in the caches.
        sampleMilliseconds: count <= 1e4 ? 20 : 1,
        evictBytes: 32 * 2 ** 20,
        notes,
      });
      context.report(result);
      for (const { name, microseconds, ratio } of result.timings) {
        measured.push({ data, count, maxDistance: max, engine: name, microseconds, ratio });
      }
    }
  } finally {
    faiss?.close();
  }
}

/** The number of queries that the slowest peer answers within the time of a sample. */
async function queriesFor(peers: readonly Peer[], maxDistance: number): Promise<number> {
  let slowest = 0;
  for (const peer of peers) {
    const start = performance.now();
    await peer.hits(maxDistance, 8);
    slowest = Math.max(slowest, (performance.now() - start) / 8);
  }
  return Math.max(FEWEST_QUERIES, Math.min(QUERIES, Math.round(MILLISECONDS / slowest)));
}

/** An index as one of the engines. */
export function indexPeer(name: string, index: HammingIndex, queries: readonly Hash[]) {
  let out = new Uint32Array(1 << 16);
  const one = (maxDistance: number, query: Hash): number => {
    const total = index.searchInto(query, maxDistance, out);
    if (2 * total <= out.length) return total;
    out = new Uint32Array(4 * total);
    return index.searchInto(query, maxDistance, out);
  };
  return {
    name,
    index,
    one,
    hits(maxDistance: number, count: number): number {
      let hits = 0;
      for (let i = 0; i < count; i++) hits += one(maxDistance, queries[i]!);
      return hits;
    },
    answers: (maxDistance: number, count: number): string[] =>
      Array.from({ length: count }, (_, i) => {
        const total = one(maxDistance, queries[i]!);
        return answerOf(out, total);
      }),
  };
}

/** Times of single queries without hits: the median and the slowest of a hundred. */
function spread(ours: ReturnType<typeof indexPeer>, max: number): string {
  const times: number[] = [];
  const cost = ours.index.explain(max).nanoseconds;
  const count = Math.max(8, Math.min(QUERIES, Math.round(6e7 / cost)));
  const asked = uniformHashes(count, 78).bytes;
  for (let i = 0; i < count; i++) {
    const query: Hash = { algorithm: 'pdq', bytes: asked.subarray(32 * i, 32 * i + 32) };
    const start = performance.now();
    ours.one(max, query);
    times.push(1000 * (performance.now() - start));
  }
  const engine = ours.index
    .explain(max)
    .parts.map(({ engine, bands }) => (bands ? `${engine}, ${bands} bands` : engine))
    .join();
  return `${engine}; single unrelated queries: p50 ${quantile(times, 0.5).toFixed(1)} us, p99 ${quantile(times, 0.99).toFixed(1)} us`;
}

function queriesOf(queries: readonly Hash[]): Uint8Array {
  const bytes = new Uint8Array(32 * queries.length);
  for (const [i, query] of queries.entries()) bytes.set(query.bytes, 32 * i);
  return bytes;
}
