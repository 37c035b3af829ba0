import { distance, type Hash, hashToHex } from '../src/hash.js';
import { type Bench, race } from './harness.js';
import { rival } from './rivals.js';
import { uniformHashes } from './workloads.js';

const PAIRS = 1000;

/** `distance`: comparing two hashes, as a program does one pair at a time. */
export const distanceBench: Bench = {
  name: 'distance',
  about: 'the distance of two PDQ hashes',
  async run(context) {
    const { bytes } = uniformHashes(2 * PAIRS, 21);
    const hashes: Hash[] = Array.from({ length: 2 * PAIRS }, (_, i) => ({
      algorithm: 'pdq',
      bytes: bytes.subarray(32 * i, 32 * i + 32),
    }));
    const buffers = hashes.map((hash) => Buffer.from(hash.bytes));
    const texts = hashes.map(hashToHex);
    const ours = (i: number) => distance(hashes[2 * i]!, hashes[2 * i + 1]!);
    const naive = (i: number) => {
      let sum = 0;
      const [a, b] = [hashes[2 * i]!.bytes, hashes[2 * i + 1]!.bytes];
      for (let at = 0; at < a.length; at++) {
        for (let x = a[at]! ^ b[at]!; x > 0; x >>= 1) sum += x & 1;
      }
      return sum;
    };
    const contenders = [
      { name: 'onlyhashes', of: ours },
      { name: 'naive loop over bits', of: naive },
    ];
    const hamming =
      await rival<(a: Buffer | string, b: Buffer | string) => number>('hamming-distance');
    if (hamming) {
      contenders.push(
        {
          name: 'npm hamming-distance, buffers',
          of: (i) => hamming(buffers[2 * i]!, buffers[2 * i + 1]!),
        },
        { name: 'npm hamming-distance, hex', of: (i) => hamming(texts[2 * i]!, texts[2 * i + 1]!) },
      );
    } else context.note('hamming-distance is not installed');
    for (const { name, of } of contenders) {
      for (let i = 0; i < PAIRS; i++) {
        if (of(i) !== naive(i)) throw new Error(`${name} gives another distance`);
      }
    }
    context.report(
      await race(
        'distance of a pair',
        contenders.map(({ name, of }) => ({
          name,
          operations: PAIRS,
          run() {
            let sum = 0;
            for (let i = 0; i < PAIRS; i++) sum += of(i);
            return sum;
          },
        })),
      ),
    );
  },
};
