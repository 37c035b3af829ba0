import type { Hash } from '../src/hash.js';
import { type BenchContext, type Contender, feed } from './harness.js';
import { rival, rivalVersion } from './rivals.js';
import { naiveScan } from './scan.js';

/** The same hashes and queries, as each peer wants them. */
export interface Field {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly queries: readonly Hash[];
}

/** An exact search beside ours: the hits of the first `count` queries. */
export interface Peer {
  readonly name: string;
  hits(maxDistance: number, count: number): number | Promise<number>;
}

/** The usual loop. */
export function naivePeer({ bytes, count, queries }: Field): Peer {
  const words = new Int32Array(bytes.buffer);
  const out = new Uint32Array(2 * count);
  const query = new Int32Array(8);
  return {
    name: 'naive popcount loop',
    hits(maxDistance, asked) {
      let hits = 0;
      for (let i = 0; i < asked; i++) {
        new Uint8Array(query.buffer).set(queries[i]!.bytes);
        hits += naiveScan(words, count, query, maxDistance, out);
      }
      return hits;
    },
  };
}

interface BkTree {
  add(item: number): void;
  search(distance: number, item: number): { item: number; distance: number }[];
}

/** mnemonist's BK-tree, of numbers of hashes; equal hashes are one item there, so their copies are counted beside it. */
export async function bkTreePeer(field: Field, context: BenchContext): Promise<Peer | undefined> {
  const mnemonist = await rival<{
    BKTree: new (distance: (a: number, b: number) => number) => BkTree;
  }>('mnemonist');
  if (!mnemonist) {
    context.note('mnemonist: not installed');
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
  const copies = new Map<string, number>();
  const tree = new mnemonist.BKTree(distance);
  for (let id = 0; id < count; id++) {
    const key = Buffer.from(bytes.buffer, 32 * id, 32).toString('latin1');
    const seen = copies.get(key) ?? 0;
    copies.set(key, seen + 1);
    if (seen === 0) tree.add(id);
  }
  const asked = new Uint8Array(words.buffer, 32 * count, 32);
  return {
    name: `BK-tree (mnemonist ${rivalVersion('mnemonist')})`,
    hits(maxDistance, asks) {
      let hits = 0;
      for (let i = 0; i < asks; i++) {
        asked.set(queries[i]!.bytes);
        for (const { item } of tree.search(maxDistance, count)) {
          hits += copies.get(Buffer.from(bytes.buffer, 32 * item, 32).toString('latin1'))!;
        }
      }
      return hits;
    },
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

/** usearch's approximate graph: the 32 nearest it finds, of which those within the distance count. */
export async function usearchPeer(
  { bytes, count, queries }: Field,
  context: BenchContext,
): Promise<
  | { contender(asked: number): Contender; found(maxDistance: number, asked: number): number }
  | undefined
> {
  const usearch = await rival<Usearch>('usearch');
  if (!usearch) {
    context.note('usearch: not installed');
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
    found(maxDistance, asked) {
      let within = 0;
      for (let i = 0; i < asked; i++) {
        for (const distance of index.search(vectors[i]!, WANTED, 1).distances) {
          if (distance <= maxDistance) within++;
        }
      }
      return within;
    },
  };
}
