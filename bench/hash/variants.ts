import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqRegion } from '../../src/hashing/pdq-region.js';
import { pictureOf, variantsOfPicture } from '../../src/picture/hash-picture.js';
import { type CheckedPixels, checkedPixels, type Orientation } from '../../src/pixels.js';
import type { Detector, Placement } from '../../src/variants/detect/detector.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { type Row, THOROUGH, thoroughVariants } from '../../src/variants/thorough.js';
import { VARIANT_PROFILES } from '../../src/variants/variant-profile.js';
import {
  planeOfPart,
  planePixels,
  type WorkingPlane,
  workingPlane,
} from '../../src/variants/working-plane.js';
import { type Bench, type BenchContext, partsOf, writeRecord } from '../harness.js';
import { feed, race } from '../race.js';
import { sharpAndPhotos } from './photos.js';
import { FULL_KERNELS, type KernelScale, PDQ_KERNELS, raceKernels } from './stages/kernels.js';
import { PLANE_TABLE } from './stages/kernels-planes.js';
import { barsOf, FULL_STAGES, type StageScale, stagesPart } from './stages/stages.js';
import { plotStages } from './stages/stages-plot.js';

/**
 * The cost of a query per profile if nothing matches, so that every variant is hashed: of photos, and
 * of copies in which detectors find more.
 */
export const variantsBench: Bench = {
  name: 'variants',
  about: 'the cost of each variant profile and of each step of thorough, after decoding',
  ownRecord: true,
  async run(context) {
    if (context.options.stages) return await runStages(context);
    await run(context);
    writeRecord(context, 'variants', context.gathered);
  },
};

const QUICK: StageScale = { ...FULL_STAGES, photos: 2, ofKind: 2, rounds: 4, entries: 10_000 };

/**
 * `variants --stages`: each kernel beside its twins, then a check by its stages, in SIMD and in
 * JavaScript. Options: `part` (`kernels`, `pipeline`), `quick`, and `largest`, the entries of the
 * list. Its record and its plot are `stages.json` and `stages.svg`, if all of it ran.
 */
export async function runStages(
  context: BenchContext,
  scale?: { stages: StageScale; kernels: KernelScale },
): Promise<void> {
  const { quick, largest, part, out } = context.options;
  const full = quick ? QUICK : FULL_STAGES;
  const stages = scale?.stages ?? { ...full, entries: largest ?? full.entries };
  const kernels = scale?.kernels ?? FULL_KERNELS;
  const parts = {
    kernels: () => raceKernels(context, 'Kernels', [...PDQ_KERNELS, ...PLANE_TABLE], kernels),
    pipeline: () => stagesPart(context, stages),
  };
  let rows: Awaited<ReturnType<typeof stagesPart>> = [];
  for (const [, work] of partsOf(context, parts)) rows = (await work()) ?? rows;
  if (out === undefined || part !== undefined) return;
  const { entries } = stages;
  writeRecord(context, 'stages', { ...context.gathered, entries, stages: rows });
  writeFileSync(join(out, 'stages.svg'), plotStages(barsOf(rows)));
}

/** Of so many runs the fastest counts. */
const RUNS = 8;
const PICTURES = 4;
const SIZES = [
  ['1 megapixel', 1155, 866],
  ['12 megapixels', 4000, 3000],
] as const;

async function run(context: BenchContext): Promise<void> {
  const { sharp, files } = await sharpAndPhotos();
  for (const [size, width, height] of SIZES) {
    const pictures: CheckedPixels[] = [];
    for (const { path } of files.slice(0, PICTURES)) {
      const resized = sharp(path).resize(width, height, { fit: 'fill' });
      const data = await resized.removeAlpha().raw().toBuffer();
      pictures.push(checkedPixels({ data, width, height }));
    }
    profiles(context, size, pictures);
    steps(context, size, pictures);
    await turns(context, size, pictures);
    if (size === SIZES[0][0]) await placements(context, pictures[0]!);
  }
  // It stands on sharp, which whoever installed this package may not have.
  const { picturesByKind } = await import('./variants-pictures.js');
  for (const [kind, pictures] of await picturesByKind(PICTURES)) {
    profiles(context, `1 megapixel, ${kind}`, pictures);
    steps(context, `1 megapixel, ${kind}`, pictures);
  }
}

/** Milliseconds and hashes of each profile, per picture. */
function profiles(context: BenchContext, size: string, pictures: readonly CheckedPixels[]): void {
  const rows = VARIANT_PROFILES.map((variants) => {
    let hashes = 0;
    let milliseconds = 0;
    for (const pixels of pictures) {
      let fastest = Number.POSITIVE_INFINITY;
      let count = 0;
      for (let run = 0; run < RUNS; run++) {
        const start = performance.now();
        count = [...variantsOf(pixels, { variants })].length;
        fastest = Math.min(fastest, performance.now() - start);
      }
      milliseconds += fastest / pictures.length;
      hashes += count / pictures.length;
    }
    context.figure(`${size}, ${variants}: hashes`, hashes);
    context.figure(`${size}, ${variants}: milliseconds`, milliseconds);
    return { profile: variants, hashes, ms: milliseconds };
  });
  context.table(`Profiles, no match, ${size}, per picture, the fastest of ${RUNS} runs`, rows);
}

/** CPU of the hashes of one picture by its EXIF orientation, in rotated order. */
async function turns(
  context: BenchContext,
  size: string,
  pictures: readonly CheckedPixels[],
): Promise<void> {
  const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];
  const rows: Record<string, string | number>[] = [];
  for (const variants of ['none', 'orientation', 'thorough'] as const) {
    const sums = orientations.map(() => 0);
    for (const pixels of pictures) {
      const fastest = orientations.map(() => Number.POSITIVE_INFINITY);
      for (let run = 0; run < RUNS * orientations.length; run++) {
        const at = (run + Math.floor(run / RUNS)) % orientations.length;
        const coding = { orientation: orientations[at]!, exif: true, alpha: false };
        const start = process.cpuUsage();
        const opened = await variantsOfPicture(pictureOf(pixels, coding), { variants });
        for (const { hash } of opened.variants) feed(hash.bytes[0]!);
        const { user, system } = process.cpuUsage(start);
        fastest[at] = Math.min(fastest[at]!, (user + system) / 1000);
      }
      for (const [at, time] of fastest.entries()) sums[at]! += time / pictures.length;
    }
    const times = sums.map((sum, at) => [`EXIF ${orientations[at]}`, sum]);
    rows.push({ profile: variants, ...Object.fromEntries(times) });
  }
  context.table(`CPU in ms by orientation, no match, ${size}, per photo`, rows);
}

/** What a step took. */
interface Cost {
  detecting: number;
  hashing: number;
  hashes: number;
}

/** Milliseconds and hashes of each row of `thorough`, per picture. */
function steps(context: BenchContext, size: string, pictures: readonly CheckedPixels[]): void {
  const first = workingPlane(pictures[0]!);
  const names = ['the plane', ...THOROUGH.map((row, at) => `${at + 1} ${nameOf(row, first)}`)];
  const costs = names.map((): Cost => ({ detecting: 0, hashing: 0, hashes: 0 }));
  for (const pixels of pictures) {
    const runs = Array.from({ length: RUNS }, () => costsOf(pixels));
    for (const [at, cost] of costs.entries()) {
      const least = (of: keyof Cost) => Math.min(...runs.map((run) => run[at]![of]));
      cost.detecting += least('detecting') / pictures.length;
      cost.hashing += least('hashing') / pictures.length;
      cost.hashes += least('hashes') / pictures.length;
    }
  }
  context.table(
    `Steps of thorough, ${size}, per picture, in ms: what steps share falls to the first of them`,
    costs.map((cost, at) => ({ step: names[at]!, ...cost })),
  );
}

/** A detector's name, or that of what it gives in any picture. */
function nameOf(row: Row, plane: WorkingPlane): string {
  if ('mirror' in row) return 'mirrored';
  return row.detect.name || ([...row.detect(plane)][0]?.name ?? '');
}

/** One run of all rows, each detector timed within. */
function costsOf(pixels: CheckedPixels): Cost[] {
  const costs = [...THOROUGH, THOROUGH].map((): Cost => ({ detecting: 0, hashing: 0, hashes: 0 }));
  const start = performance.now();
  const plane = workingPlane(pixels);
  costs[0]!.detecting = performance.now() - start;
  let current = 0;
  const timed = new Map<Detector, Detector>();
  const rows = THOROUGH.map((row, at): Row => {
    if ('mirror' in row) return { ...row, mirror: row.mirror.map((one) => timed.get(one)!) };
    const detect: Detector = function* (of) {
      current = at + 1;
      let begin = performance.now();
      for (const placement of row.detect(of)) {
        costs[current]!.detecting += performance.now() - begin;
        yield placement;
        begin = performance.now();
      }
      costs[at + 1]!.detecting += performance.now() - begin;
    };
    timed.set(row.detect, detect);
    return { ...row, detect };
  });
  let mirrors = 0;
  let before: Placement | undefined;
  for (const placement of thoroughVariants(plane, rows)) {
    // Mirrored rows have no detector of their own that says where they begin.
    const isMirrored = placement.geometry.dihedral === 'flipY' && placement.name !== 'flipY';
    if (isMirrored && !(before?.geometry.dihedral === 'flipY' && before.name !== 'flipY')) {
      mirrors = THOROUGH.findIndex((row, at) => at >= current && 'mirror' in row) + 1;
    }
    before = placement;
    const cost = costs[isMirrored ? mirrors : current]!;
    const begin = performance.now();
    feed(
      pdqRegion(placement.plane ?? planeOfPart(plane, placement.geometry), placement.geometry, 512)
        .quality,
    );
    cost.hashing += performance.now() - begin;
    cost.hashes++;
  }
  return costs;
}

/** One placement, sampled and by its pixels. */
async function placements(context: BenchContext, pixels: CheckedPixels): Promise<void> {
  const plane = workingPlane(pixels);
  const rectangle = { left: 40, top: 30, width: pixels.width - 100, height: pixels.height - 90 };
  const geometry = { rectangle };
  const mirrored = { rectangle, dihedral: 'flipY' } as const;
  context.report(
    await race('One placement of 1 megapixel', [
      { name: 'sampled from the plane', run: () => pdqRegion(plane, geometry, 512).quality },
      { name: 'cut out and hashed', run: () => pdq(planePixels(plane, geometry)).quality },
      { name: 'mirrored', run: () => pdqRegion(plane, mirrored, 512).quality },
      {
        name: 'turned by 3 degrees',
        run: () => pdqRegion(plane, { rectangle, angle: 3 }, 512).quality,
      },
    ]),
  );
}
