import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '../src/hash.js';
import { createIndex } from '../src/indexing/create.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { Faiss, faissVersion } from './faiss.js';
import {
  type Bench,
  type BenchContext,
  type Contender,
  machine,
  quantile,
  race,
} from './harness.js';
import { indexFigures } from './index-figures.js';
import { bkTreePeer, type Field, naivePeer, type Peer, usearchPeer } from './index-peers.js';
import { type Measured, plotIndex } from './index-plot.js';
import { clusteredHashes, plant, random, uniformHashes } from './workloads.js';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7];
const DISTANCES = [0, 8, 15, 31, 40, 63];
/** Queries that are far apart in memory, so that none finds what the one before left in the cache. */
const QUERIES = 2048;
const WORKLOADS = { uniform: uniformHashes, clustered: clusteredHashes };

/**
 * `index`: every engine on the same hashes and queries. Options: `large` adds ten million, `smallest`, `largest` and
 * `distance` narrow it, `record` names a folder for `index.json` and the plot `index.svg`.
 */
export const hammingBench: Bench = {
  name: 'index',
  about: 'exact search of PDQ hashes by size of the list and distance, half of the queries planted',
  async run(context) {
    const { large, smallest = 0, largest = large ? 1e7 : 1e6, distance } = context.options;
    const sizes = SIZES.filter((size) => size >= Number(smallest) && size <= Number(largest));
    const distances = distance === undefined ? DISTANCES : [Number(distance)];
    const faiss = faissVersion();
    context.note(
      faiss
        ? `Faiss ${faiss}: Debian's build, in a process of its own, one thread`
        : `Faiss: not installed (Debian's python3-faiss)`,
    );
    // First, before the others leave their memory in this process.
    const figures = await indexFigures(context);
    const measured: Measured[] = [];
    for (const [data, make] of Object.entries(WORKLOADS)) {
      for (const count of sizes) {
        const field = fieldOf(make(count, 5).bytes, count);
        await raceField(context, data, field, faiss !== undefined, distances, measured);
      }
    }
    if (typeof context.options.record === 'string') {
      const folder = context.options.record;
      mkdirSync(folder, { recursive: true });
      const record = { machine: machine(), faiss: faiss ?? null, measured, figures };
      writeFileSync(join(folder, 'index.json'), `${JSON.stringify(record, null, 2)}\n`);
      writeFileSync(join(folder, 'index.svg'), plotIndex(measured));
    }
  },
};

/** Every other query is an entry with 0 to 31 bits flipped, the rest are random. */
function fieldOf(bytes: Uint8Array, count: number): Field {
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
  withFaiss: boolean,
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
  const faiss = withFaiss ? new Faiss(bytes, queriesOf(queries)) : undefined;
  await faiss?.build('flat');
  await faiss?.build('hash');
  try {
    for (const max of distances) {
      // A sample of each contender is about as long; the slow ones answer the first few queries.
      const few = Math.max(8, Math.min(256, Math.round(1e6 / count)));
      const many = Math.max(
        few,
        Math.min(QUERIES, Math.round(6e7 / ours.index.explain(max).nanoseconds)),
      );
      const peers: Peer[] = [flat];
      if (max === 31 || count < 1e6) peers.push(naive);
      if (tree && max <= 31) peers.push(tree);
      if (faiss) {
        for (const kind of ['flat', 'hash'] as const) {
          peers.push({
            name: `Faiss ${kind === 'flat' ? 'IndexBinaryFlat' : 'IndexBinaryMultiHash'}`,
            hits: (distance, asked) => faiss.search(kind, distance, asked),
          });
        }
      }
      const expected = ours.hits(max, few);
      for (const peer of [naive, ...peers]) {
        const hits = await peer.hits(max, few);
        if (hits !== expected) throw new Error(`${peer.name} finds ${hits}, not ${expected}`);
      }
      const contenders: Contender[] = [
        { name: ours.name, operations: many, run: () => ours.hits(max, many) },
        ...peers.map(({ name, hits }) => ({
          name,
          operations: few,
          run: () => hits(max, few),
        })),
      ];
      const notes = [spread(ours, max, many)];
      if (graph && max === 31) {
        contenders.push(graph.contender(few));
        const found = graph.found(max, few);
        notes.push(`usearch finds ${found} of ${expected} hits`);
      }
      const title = `${data}, ${count.toLocaleString('en')} hashes, distance ${max}`;
      const result = await race(title, contenders, {
        rounds: 5,
        sampleMilliseconds: 20,
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

function indexPeer(name: string, index: HammingIndex, queries: readonly Hash[]) {
  let out = new Uint32Array(1 << 16);
  return {
    name,
    index,
    hits(maxDistance: number, count: number): number {
      let hits = 0;
      for (let i = 0; i < count; i++) {
        const total = index.searchInto(queries[i]!, maxDistance, out);
        if (2 * total > out.length) out = new Uint32Array(4 * total);
        hits += total;
      }
      return hits;
    },
    one(maxDistance: number, query: Hash): number {
      return index.searchInto(query, maxDistance, out);
    },
  };
}

/** Single queries: the middle one and the slowest of a hundred. */
function spread(ours: ReturnType<typeof indexPeer>, max: number, count: number): string {
  const times: number[] = [];
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
