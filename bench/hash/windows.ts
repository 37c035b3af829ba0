import { distance, type Hash } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { Rectangle } from '../../src/variant.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { listCropsOf } from '../../src/variants/list-crops.js';
import { movedPixels, partOf as partOfView, viewOf } from '../../src/variants/view.js';
import type { Bench, BenchContext } from '../harness.js';
import { race } from '../race.js';
import { random } from '../workloads.js';
import { correlation, partsDrawn } from './outline.js';
import { photos, sharpAndPhotos } from './photos.js';

/** What the windows of a list find, beside other choices of parts, and what they cost. */
export const windowsBench: Bench = {
  name: 'windows',
  about: 'which cuts to social shapes are found if a list holds windows of its photos',
  run,
};

/** Width over height. The first four are the windows. */
const SHAPES = { '1:1': 1, '4:5': 4 / 5, '16:9': 16 / 9, '9:16': 9 / 16, '3:4': 3 / 4 };
const ENDS = [0, 0.25, 0.5, 0.75, 1];
/** What `--crops` once cut, in two-hundredths: left, top, right, bottom. */
const SMALL_CUTS = [
  ...[
    [3, 3, 3, 3],
    [12, 12, 0, 0],
    [0, 12, 12, 0],
    [0, 0, 12, 12],
    [12, 0, 0, 12],
  ],
  ...[
    [8, 0, 0, 0],
    [0, 8, 0, 0],
    [0, 0, 8, 0],
    [0, 0, 0, 8],
  ],
] as [number, number, number, number][];

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The largest part of a shape, `place` of the way along the side that is cut. */
function partOf({ width, height }: Sides, shape: number, place: number): Rectangle {
  const across = Math.min(width, Math.round(height * shape));
  const down = Math.min(height, Math.round(width / shape));
  const left = Math.round((width - across) * place);
  return { left, top: Math.round((height - down) * place), width: across, height: down };
}

/** The parts that a list may hold beside the photo. */
const LISTS: Record<string, (sides: Sides) => Rectangle[]> = {
  'the photo alone': () => [],
  'nine small cuts': ({ width, height }) =>
    SMALL_CUTS.map(([left, top, right, bottom]) => ({
      left: Math.round((left * width) / 200),
      top: Math.round((top * height) / 200),
      width: width - Math.round(((left + right) * width) / 200),
      height: height - Math.round(((top + bottom) * height) / 200),
    })),
  windows: (sides) => [...listCropsOf(sides)].map(({ rectangle }) => rectangle),
  'windows and 3:4': (sides) =>
    [...LISTS.windows!(sides), partOf(sides, 3 / 4, 0.5)].filter((part) => isCut(sides, part)),
  'five of each': (sides) =>
    Object.values(SHAPES)
      .slice(0, 4)
      .flatMap((shape) => ENDS.map((place) => partOf(sides, shape, place)))
      .filter((part) => isCut(sides, part)),
};

const isCut = ({ width, height }: Sides, part: Rectangle) =>
  part.width * part.height <= 0.97 * width * height;

const windowPixels = (pixels: CheckedPixels, rectangle: Rectangle): CheckedPixels =>
  movedPixels(partOfView(viewOf(pixels), rectangle));

async function run(context: BenchContext): Promise<void> {
  const { sharp } = await sharpAndPhotos();
  const files = await photos();
  const sources: CheckedPixels[] = [];
  for (const pixels of files) {
    sources.push(pixels);
    for (const shape of [3 / 4, 4 / 3]) {
      const part = partOf(pixels, shape, 0.35);
      if (isCut(pixels, part)) sources.push(windowPixels(pixels, part));
    }
  }
  const lists = sources.map((pixels) =>
    Object.values(LISTS).map((partsOf) => {
      const parts = partsOf(pixels).map((part) => pdq(windowPixels(pixels, part)));
      return [pdq(pixels), ...parts].filter(({ quality }) => quality >= 50);
    }),
  );
  context.note(`${sources.length} photos (${files.length} files, as they are and cut to 3:4, 4:3)`);
  context.note(`cuts found by their plain hash, in percent: ${Object.keys(LISTS).join(', ')}`);
  const next = random(1);
  for (const [name, shape] of Object.entries(SHAPES)) {
    for (const [where, places] of [
      ['centre', () => 0.5],
      ['near', () => 0.4 + (0.2 * next()) / 2 ** 32],
      ['anywhere', () => next() / 2 ** 32],
    ] as const) {
      const found = Object.keys(LISTS).map(() => 0);
      let copies = 0;
      for (const [i, pixels] of sources.entries()) {
        const part = partOf(pixels, shape, places());
        if (!isCut(pixels, part)) continue;
        copies++;
        const hash = await sharedHash(sharp, windowPixels(pixels, part));
        lists[i]!.forEach((list, which) => {
          if (list.some((listed) => distance(listed.hash, hash) <= 31)) found[which]!++;
        });
      }
      const percents = found.map((count) => Math.round((100 * count) / copies));
      context.figure(`${name} ${where}`, percents);
    }
  }
  const hashes = Object.keys(LISTS).map(
    (_, which) => lists.reduce((sum, list) => sum + list[which]!.length, 0) / lists.length,
  );
  context.figure(
    'hashes a photo',
    hashes.map((mean) => mean.toFixed(1)),
  );
  outlines(context, sources);
  const [pixels] = sources;
  context.report(
    await race(`${pixels!.width} x ${pixels!.height} pixels, hashed for a list`, [
      { name: 'alone', run: () => [...variantsOf(pixels!)].length },
      { name: 'with windows', run: () => [...variantsOf(pixels!, { crops: true })].length },
      { name: 'with parts', run: () => [...variantsOf(pixels!, { parts: true })].length },
    ]),
  );
}

/** What can be drawn of each photo by the hashes of a list. */
function outlines(context: BenchContext, sources: readonly CheckedPixels[]): void {
  const rows: Record<string, number[]> = { 'the hash': [], 'and windows': [], 'and parts': [] };
  for (const pixels of sources) {
    const { width, height } = pixels;
    const whole = { left: 0, top: 0, width, height };
    const [main, ...crops] = variantsOf(pixels, { variants: 'none', crops: true, parts: true });
    const own = { bytes: main!.hash.bytes, rectangle: whole };
    const windows = crops.map(({ hash: { bytes }, geometry }) => ({ bytes, ...geometry! }));
    rows['the hash']!.push(correlation(pixels, [own]));
    rows['and windows']!.push(correlation(pixels, [own, ...windows]));
    rows['and parts']!.push(correlation(pixels, [own, ...partsDrawn(main!.parts!, pixels)]));
  }
  for (const [name, values] of Object.entries(rows)) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const figures = [mean, Math.max(...values)].map((value) => value.toFixed(2));
    context.figure(`outline by ${name}, mean and most`, figures);
  }
}

/** The hash of a part as an app shares it: at most 1080 pixels a side, as JPEG. */
async function sharedHash(
  sharp: typeof import('sharp').default,
  { data, width, height, channels }: CheckedPixels,
): Promise<Hash> {
  const raw = { width, height, channels };
  const size = { width: 1080, height: 1080, fit: 'inside', withoutEnlargement: true } as const;
  const file = await sharp(data, { raw }).resize(size).jpeg({ quality: 80 }).toBuffer();
  const { data: pixels, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  return pdq({ ...info, data: pixels, channels: info.channels as 1 | 3 }).hash;
}
