import type { Hash } from '../src/hash.js';
import { type BenchContext, type Contender, feed } from './harness.js';
import { norouzi } from './norouzi.js';
import { rival, rivalVersion } from './rivals.js';

/** The hashes and queries that all peers get. */
export interface Field {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly queries: readonly Hash[];
}

/** An engine that searches the first `count` queries exactly. */
export interface Peer {
  readonly name: string;
  /** the total number of hits */
  hits(maxDistance: number, count: number): number | Promise<number>;
  /** the hits of each query, as `answerOf` writes them */
  answers(maxDistance: number, count: number): string[] | Promise<string[]>;
}

/** The first `total` pairs of id and distance as text, in ascending order of ids. */
export function answerOf(pairs: ArrayLike<number>, total: number): string {
  const hits = Array.from({ length: total }, (_, i) => [pairs[2 * i]!, pairs[2 * i + 1]!] as const);
  hits.sort(([a], [b]) => a - b);
  return hits.map(([id, distance]) => `${id}:${distance}`).join(' ');
}

let found = new Uint32Array(1 << 12);

/** The hits of one query as a short text, whatever their order, however many there are. */
export function digestOf(index: Searcher, query: Hash, maxDistance: number): string {
  const total = index.searchInto(query, maxDistance, found);
  if (2 * total > found.length) {
    found = new Uint32Array(4 * total);
    index.searchInto(query, maxDistance, found);
  }
  let sum = 0;
  for (let i = 0; i < total; i++) {
    const mixed = Math.imul(found[2 * i]! ^ (found[2 * i + 1]! << 23), 0x9e3779b1);
    sum = (sum + Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)) | 0;
  }
  return `${total}:${sum}`;
}

/** @throws if an answer of the peer is not the expected one */
export async function checkAnswers(
  peer: Peer,
  maxDistance: number,
  expected: readonly string[],
): Promise<void> {
  const answers = await peer.answers(maxDistance, expected.length);
  const wrong = expected.findIndex((answer, i) => answers[i] !== answer);
  if (wrong >= 0 || answers.length !== expected.length) {
    throw new Error(`${peer.name} answers query ${wrong} wrongly at distance ${maxDistance}`);
  }
}

/** What `indexPeer` asks of an index. */
export interface Searcher {
  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number;
}

/** An engine that takes single queries. */
export interface IndexPeer extends Peer {
  /** @returns the number of hits */
  one(maxDistance: number, query: Hash): number;
  hits(maxDistance: number, count: number): number;
  answers(maxDistance: number, count: number): string[];
}

/** An index as one of the engines. */
export function indexPeer(name: string, index: Searcher, queries: readonly Hash[]): IndexPeer {
  let out = new Uint32Array(1 << 16);
  const one = (maxDistance: number, query: Hash): number => {
    const total = index.searchInto(query, maxDistance, out);
    if (2 * total <= out.length) return total;
    out = new Uint32Array(4 * total);
    return index.searchInto(query, maxDistance, out);
  };
  return {
    name,
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

/** Norouzi's method as one of the engines. */
export function norouziPeer({ bytes, queries }: Field): IndexPeer {
  const index = norouzi(bytes);
  const searcher: Searcher = {
    searchInto: (query, maxDistance, out) => index.searchInto(query.bytes, maxDistance, out),
  };
  return indexPeer("Norouzi's method, from the paper", searcher, queries);
}

/** Eight population counts per hash, the usual way: 32 bits at a time, in one integer. */
export function naiveScan(
  words: Int32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  let total = 0;
  for (let id = 0; id < count; id++) {
    let distance = 0;
    for (let i = 0; i < 8; i++) {
      let x = words[8 * id + i]! ^ query[i]!;
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      distance += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    if (distance > max) continue;
    out[2 * total] = id;
    out[2 * total + 1] = distance;
    total++;
  }
  return total;
}

/** The usual loop over all hashes. */
export function naivePeer({ bytes, count, queries }: Field): Peer {
  const words = new Int32Array(bytes.buffer);
  const out = new Uint32Array(2 * count);
  const query = new Int32Array(8);
  const one = (i: number, maxDistance: number) => {
    new Uint8Array(query.buffer).set(queries[i]!.bytes);
    return naiveScan(words, count, query, maxDistance, out);
  };
  return {
    name: 'naive popcount loop',
    hits(maxDistance, asked) {
      let hits = 0;
      for (let i = 0; i < asked; i++) hits += one(i, maxDistance);
      return hits;
    },
    answers: (maxDistance, asked) =>
      Array.from({ length: asked }, (_, i) => answerOf(out, one(i, maxDistance))),
  };
}

interface BkTree {
  add(item: number): void;
  search(distance: number, item: number): { item: number; distance: number }[];
}

/**
 * mnemonist's BK-tree over the positions of hashes. It treats equal hashes as one item, so their
 * copies are kept beside it.
 */
export async function bkTreePeer(field: Field, context: BenchContext): Promise<Peer | undefined> {
  const mnemonist = await rival<{
    BKTree: new (distance: (a: number, b: number) => number) => BkTree;
  }>('mnemonist');
  if (!mnemonist) {
    context.note('mnemonist is not installed');
    return undefined;
  }
  const { bytes, count, queries } = field;
  const words = new Int32Array(8 * (count + 1));
  words.set(new Int32Array(bytes.buffer));
  const distance = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < 8; i++) {
      let x = words[8 * a + i]! ^ words[8 * b + i]!;
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      sum += Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    return sum;
  };
  const copies = new Map<string, number[]>();
  /** by item in the tree */
  const copiesOf = new Map<number, readonly number[]>();
  const tree = new mnemonist.BKTree(distance);
  for (let id = 0; id < count; id++) {
    const key = Buffer.from(bytes.buffer, 32 * id, 32).toString('latin1');
    const same = copies.get(key);
    if (same !== undefined) same.push(id);
    else {
      copies.set(key, [id]);
      copiesOf.set(id, copies.get(key)!);
      tree.add(id);
    }
  }
  const asked = new Uint8Array(words.buffer, 32 * count, 32);
  const one = (i: number, maxDistance: number) => {
    asked.set(queries[i]!.bytes);
    return tree.search(maxDistance, count);
  };
  return {
    name: `BK-tree (mnemonist ${rivalVersion('mnemonist')})`,
    hits(maxDistance, asks) {
      let hits = 0;
      for (let i = 0; i < asks; i++) {
        for (const { item } of one(i, maxDistance)) hits += copiesOf.get(item)!.length;
      }
      return hits;
    },
    answers: (maxDistance, asks) =>
      Array.from({ length: asks }, (_, i) => {
        const pairs = one(i, maxDistance).flatMap(({ item, distance }) =>
          copiesOf.get(item)!.flatMap((id) => [id, distance]),
        );
        return answerOf(pairs, pairs.length / 2);
      }),
  };
}

interface Usearch {
  Index: new (
    options: object,
  ) => {
    add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
    search(
      vector: Float32Array,
      wanted: number,
      threads: number,
    ): { keys: BigUint64Array; distances: Float32Array };
  };
}

/** usearch's approximate graph. It gives its 32 nearest; only the correct ones count. */
export async function usearchPeer(
  { bytes, count, queries }: Field,
  context: BenchContext,
): Promise<
  { contender(asked: number): Contender; found(expected: readonly string[]): number } | undefined
> {
  const usearch = await rival<Usearch>('usearch');
  if (!usearch) {
    context.note('usearch is not installed');
    return undefined;
  }
  const bitsOf = (from: Uint8Array) => {
    const bits = new Float32Array(8 * from.length);
    for (let i = 0; i < bits.length; i++) bits[i] = (from[i >> 3]! >> (i & 7)) & 1;
    return bits;
  };
  const index = new usearch.Index({
    metric: 'hamming',
    dimensions: 256,
    quantization: 'b1',
    connectivity: 16,
  });
  const CHUNK = 1000;
  for (let from = 0; from < count; from += CHUNK) {
    const keys = BigUint64Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) =>
      BigInt(from + i),
    );
    index.add(keys, bitsOf(bytes.subarray(32 * from, 32 * (from + keys.length))), 0);
  }
  const vectors = queries.map((query) => bitsOf(query.bytes));
  const WANTED = 32;
  return {
    contender: (asked) => ({
      name: `usearch ${rivalVersion('usearch')}, ${WANTED} nearest, approximate`,
      operations: asked,
      run() {
        for (let i = 0; i < asked; i++) feed(index.search(vectors[i]!, WANTED, 1).keys.length);
        return asked;
      },
    }),
    found(expected) {
      let found = 0;
      for (const [i, answer] of expected.entries()) {
        const hits = new Set(answer.split(' '));
        const { keys, distances } = index.search(vectors[i]!, WANTED, 1);
        for (const [at, key] of keys.entries()) if (hits.has(`${key}:${distances[at]}`)) found++;
      }
      return found;
    },
  };
}
