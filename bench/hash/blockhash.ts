import { hashToHex } from '../../src/hash.js';
import { blockhash } from '../../src/hashing/blockhash.js';
import type { Bench } from '../harness.js';
import { type Contender, race } from '../race.js';
import type { Reporter } from '../reporter.js';
import { rival, rivalVersion } from '../rivals.js';
import { detailedPixels } from '../workloads.js';

interface BlockhashCore {
  bmvbhash(image: { data: ArrayLike<number>; width: number; height: number }, side: number): string;
}

/** Sides that the grid divides, sides that it does not, and a photo of 12 megapixels. */
export const BLOCKHASH_SIZES = [
  [512, 512],
  [1024, 768],
  [511, 509],
  [1023, 767],
  [4000, 3000],
] as const;

/** blockhash-core; if it is not installed, a note says so. */
export async function blockhashCore({ note }: Pick<Reporter, 'note'>) {
  const core = await rival<BlockhashCore>('blockhash-core');
  if (core === undefined) note('blockhash-core is not installed; ours runs alone');
  return core && { ...core, name: `blockhash-core ${rivalVersion('blockhash-core')}` };
}

/** Hashing of RGBA pixels, against the package whose bits these are. */
export const blockhashBench: Bench = {
  name: 'blockhash',
  about: 'blockhash of RGBA pixels, 256 bits, against blockhash-core',
  async run(context) {
    const core = await blockhashCore(context);
    for (const [width, height] of BLOCKHASH_SIZES) {
      const pixels = detailedPixels(width, height, width, 4);
      const contenders: Contender[] = [
        { name: 'onlyhashes', run: () => blockhash(pixels).hash.bytes[0] },
      ];
      if (core !== undefined) {
        if (core.bmvbhash(pixels, 16) !== hashToHex(blockhash(pixels).hash)) {
          throw new Error(`the hashes of ${width} x ${height} pixels differ`);
        }
        contenders.push({ name: core.name, run: () => core.bmvbhash(pixels, 16).length });
      }
      const rounds = width * height > 2e6 ? 5 : 11;
      context.report(await race(`blockhash, ${width} x ${height} RGBA`, contenders, { rounds }));
    }
  },
};
