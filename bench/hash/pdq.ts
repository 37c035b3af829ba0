import { hashToHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { inJavaScript } from '../../src/kernels/simd/arena.js';
import type { CheckedPixels, Pixels } from '../../src/pixels.js';
import type { Bench, BenchContext } from '../harness.js';
import { type Contender, race } from '../race.js';
import { detailedPixels } from '../workloads.js';
import { blockhashCore } from './blockhash.js';
import { photos, resampled } from './photos.js';
import { type KernelScale, PDQ_KERNELS, raceKernels } from './stages/kernels.js';
import { pdqBytes } from './stages/kernels-naive.js';

export const PDQ_SIZES = [
  [512, 512],
  [1024, 768],
  [4000, 3000],
] as const;

/**
 * The whole and the four quarters: nine photos are too few to count fallbacks by, 45 parts are
 * enough.
 */
export function wholeAndQuarters({ width, height }: Pixels) {
  const half = { width: width >> 1, height: height >> 1 };
  return [
    { left: 0, top: 0, width, height },
    { left: 0, top: 0, ...half },
    { left: half.width, top: 0, ...half },
    { left: 0, top: half.height, ...half },
    { left: half.width, top: half.height, ...half },
  ];
}

/**
 * The photos in this size, at 512 x 512 also their quarters; three seeded pictures if there are no
 * photos.
 */
export function picturesAt(
  photos: readonly CheckedPixels[],
  width: number,
  height: number,
  channels: 3 | 4 = 4,
): CheckedPixels[] {
  if (photos.length === 0) {
    return [1, 2, 3].map((seed) => detailedPixels(width, height, seed, channels));
  }
  return photos.flatMap((photo) => {
    const parts = width === 512 ? wholeAndQuarters(photo) : wholeAndQuarters(photo).slice(0, 1);
    return parts.map((part) => resampled(photo, part, width, height, channels));
  });
}

interface RasterSize {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/** Each size in RGBA, and that of which PDQ reads every pixel in RGB, too. */
const RASTERS: readonly RasterSize[] = PDQ_SIZES.flatMap(([width, height]) =>
  (width === 512 ? ([4, 3] as const) : ([4] as const)).map((channels) => ({
    ...{ width, height, channels },
    title: `${width} x ${height} ${channels === 4 ? 'RGBA' : 'RGB'}`,
  })),
);

/** `pdq`: hashing of pixels. The mean over the photos includes fallbacks to the exact path. */
export const pdqBench: Bench = {
  name: 'pdq',
  about:
    'PDQ of pixels, with and without SIMD, against naive code and blockhash-core: nine photos, at 512 x 512 also their quarters',
  run: async (context) => await runPdq(context, await photos()),
};

/** @param scale of the races of kernels; default full */
export async function runPdq(
  context: BenchContext,
  originals: readonly CheckedPixels[],
  rasters = RASTERS,
  scale?: KernelScale,
): Promise<void> {
  const { report, note, figure } = context;
  const core = await blockhashCore(context);
  if (originals.length === 0)
    note('the photos or sharp are not installed; seeded pictures are used instead');
  for (const { title, width, height, channels } of rasters) {
    const pictures = picturesAt(originals, width, height, channels);
    const isWhole = width <= 512 && height <= 512;
    for (const picture of pictures) check(title, picture, isWhole);
    const operations = pictures.length;
    const all = (name: string, hash: (picture: CheckedPixels) => unknown): Contender => ({
      name,
      operations,
      run() {
        for (const picture of pictures) hash(picture);
        return operations;
      },
    });
    const contenders = [
      all('onlyhashes', (picture) => pdq(picture)),
      all('onlyhashes, exact: true', (picture) => pdq(picture, { exact: true })),
      all(SCRIPT, (picture) => inJavaScript(() => pdq(picture))),
      all(SCRIPT_EXACT, (picture) => inJavaScript(() => pdq(picture, { exact: true }))),
    ];
    if (isWhole) contenders.push(all('naive', pdqBytes));
    if (core !== undefined && channels === 4) {
      const hash = (picture: Pixels) => core.bmvbhash(picture, 16).length;
      contenders.push(all(`${core.name} (another hash)`, hash));
    }
    const rounds = scale?.rounds ?? (width * height > 2e6 ? 5 : 15);
    const result = await race(`PDQ, ${title}`, contenders, { rounds, ...scale });
    report(result);
    const [fast, exact, script] = result.timings;
    const other = result.timings.find(({ name }) => name.startsWith('blockhash-core'));
    if (other) {
      const size = `${width} x ${height}`;
      figure(`${size}, of blockhash-core's time`, 1 / other.ratio);
      figure(`${size}, exact, of blockhash-core's time`, exact!.ratio / other.ratio);
    }
    figure(`${title}, without SIMD, times as long`, script!.ratio);
    figure(`${title}, milliseconds`, fast!.microseconds / 1000);
  }
  await raceKernels(context, 'Kernels of PDQ', PDQ_KERNELS, scale);
}

const SCRIPT = 'onlyhashes, without SIMD';
const SCRIPT_EXACT = 'onlyhashes, without SIMD, exact: true';

/** All forms give one hash and one quality. */
function check(title: string, picture: CheckedPixels, isWhole: boolean): void {
  const forms = [
    pdq(picture),
    pdq(picture, { exact: true }),
    inJavaScript(() => pdq(picture)),
    inJavaScript(() => pdq(picture, { exact: true })),
  ].map(({ hash, quality }) => `${hashToHex(hash)} ${quality}`);
  if (new Set(forms).size > 1) throw new Error(`forms differ at ${title}: ${forms.join('; ')}`);
  const naive = isWhole && hashToHex({ algorithm: 'pdq', bytes: pdqBytes(picture) });
  if (naive && !forms[0]!.startsWith(naive)) throw new Error(`the naive hash differs at ${title}`);
}
