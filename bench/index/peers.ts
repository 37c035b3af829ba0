import type { Hash } from '../../src/hash.js';
import { type CreateOptions, type Engine, indexOf } from '../../src/indexing/create-index.js';
import type { HammingIndex } from '../../src/indexing/hamming-index.js';
import type { Contender } from '../race.js';

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

/** The first `total` pairs of id and distance as a short text, whatever their order. */
export function answerOf(pairs: ArrayLike<number>, total: number): string {
  let sum = 0;
  for (let i = 0; i < total; i++) {
    const mixed = Math.imul(pairs[2 * i]! ^ (pairs[2 * i + 1]! << 23), 0x9e3779b1);
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

/** The peer's searches as an entry in a race. */
export const contenderOf = (
  { name, hits }: Peer,
  max: number,
  asked: number,
  operations = asked,
): Contender => ({ name, operations, run: () => hits(max, asked) });

/** The number of queries that the slowest peer answers in so many milliseconds, about. */
export async function affordable(
  peers: readonly Peer[],
  maxDistance: number,
  milliseconds: number,
  [fewest, most]: readonly [number, number],
): Promise<number> {
  const tried = Math.min(8, fewest);
  let slowest = 0;
  for (const peer of peers) {
    const start = performance.now();
    await peer.hits(maxDistance, tried);
    slowest = Math.max(slowest, (performance.now() - start) / tried);
  }
  return Math.max(fewest, Math.min(most, Math.round(milliseconds / slowest)));
}

/** How an index is made. */
export type EngineOptions = Pick<CreateOptions, 'maxDistance' | 'memory'> & Engine;

/** The name of ours in tables: `onlyhashes`, and what was asked of it. */
export function nameOf({ kind, simd, memory }: EngineOptions = {}): string {
  const words = ['onlyhashes'];
  if (kind) words.push(kind);
  if (memory === 'small') words.push('small');
  if (simd === 'never') words.push('without SIMD');
  return words.join(', ');
}

/** How a search goes about it: `mih, 16 bands, simd`. */
export function engineOf(index: HammingIndex, maxDistance: number): string {
  return index
    .explain(maxDistance)
    .parts.map(({ engine, bands, kernel }) =>
      [engine, ...(bands > 0 ? [`${bands} bands`] : []), kernel].join(', '),
    )
    .join('; ');
}

/** An index of ours as a peer, and how it goes about a search. */
export interface OwnPeer extends IndexPeer {
  how(maxDistance: number): string;
}

/** An index that is made in this way, under the name of it. */
export function ownPeer({ bytes, queries }: Field, options: EngineOptions): OwnPeer {
  const index = indexOf({ algorithm: 'pdq', bits: 256, bytes }, options, options);
  return { ...indexPeer(nameOf(options), index, queries), how: (max) => engineOf(index, max) };
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
