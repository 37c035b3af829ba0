import type { PackedHashes } from '../src/hash.js';
import { scan256 } from '../src/kernels/scan.js';
import { type Bench, type BenchContext, race } from './harness.js';
import { rival } from './rivals.js';
import { plant, random, uniformHashes } from './workloads.js';

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

const COUNT = 100_000;

/** Uniform hashes, except that the 50 after the first are 0 to 49 bits away from it. */
export function scanHashes(): PackedHashes {
  const next = random(11);
  const hashes = uniformHashes(COUNT, 12);
  for (let i = 0; i < 50; i++) plant(hashes.bytes, 0, hashes.bytes, 1 + i, i, next);
  return hashes;
}

/** `scan`: the kernel that compares every hash. */
export const scanBench: Bench = {
  name: 'scan',
  about: `the scan kernel over ${COUNT.toLocaleString('en')} hashes of 256 bits, per hash`,
  async run(context) {
    const { bytes } = scanHashes();
    const words = new Int32Array(bytes.buffer);
    const query = words.slice(0, 8);
    const out = new Uint32Array(2 * COUNT);
    for (const max of [31, 63]) {
      const expected = [...out.subarray(0, 2 * naiveScan(words, COUNT, query, max, out))];
      const found = [...out.subarray(0, 2 * scan256(words, COUNT, query, max, out))];
      if (found.join() !== expected.join()) throw new Error('the kernels disagree');
      context.report(
        await race(`scan at distance ${max}`, [
          {
            name: 'onlyhashes',
            run: () => scan256(words, COUNT, query, max, out),
            operations: COUNT,
          },
          {
            name: 'naive popcount loop',
            run: () => naiveScan(words, COUNT, query, max, out),
            operations: COUNT,
          },
          ...(await hammingDistance(context, bytes)),
        ]),
      );
    }
  },
};

/** npm's hamming-distance, which takes hex strings or buffers. */
async function hammingDistance(context: BenchContext, bytes: Uint8Array) {
  const hamming = await rival<(a: Buffer, b: Buffer) => number>('hamming-distance');
  if (!hamming) {
    context.note('hamming-distance is not installed');
    return [];
  }
  const few = Math.min(2000, COUNT);
  const hashes = Array.from({ length: few }, (_, i) =>
    Buffer.from(bytes.buffer, bytes.byteOffset + 32 * i, 32),
  );
  return [
    {
      name: 'npm hamming-distance',
      operations: few,
      run() {
        let total = 0;
        for (let i = 0; i < few; i++) if (hamming(hashes[0]!, hashes[i]!) <= 31) total++;
        return total;
      },
    },
  ];
}
