import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { random } from '../../bench/workloads.js';
import type { HashPool } from '../../src/node/pool/hash-pool.js';
import type { EngineName } from '../browser/engines/engines.js';
import { FORMATS } from './formats.js';
import { FOUND } from './found.js';
import { featuresBy, featuresOf, type OddFile, oddFile } from './grammar.js';
import { type Answer, judge, type View } from './judge.js';
import { isNotMended } from './not-mended.js';
import type { Painter } from './paint.js';
import { oneOf } from './raster.js';

/** Files of a sheet. */
const SHEET = 50;

/** A file and what was said of it, engine by engine. */
export interface Judged {
  readonly file: OddFile;
  readonly answers: Partial<Record<EngineName, Answer>>;
}

/** How many files, which, and where those are kept that fail. */
export interface RunOptions {
  readonly files: number;
  readonly seed: number;
  /** beginnings or ends of names: files of these features alone */
  readonly only?: readonly string[] | undefined;
  readonly keep?: string | undefined;
  /** called after each sheet */
  readonly onSheet?: ((judged: readonly Judged[]) => void) | undefined;
}

interface Wanted {
  readonly format: (typeof FORMATS)[number];
  readonly features: readonly string[];
  readonly seed: number;
}

/** Each feature by itself, a plain file of each format, the mixtures that were found, and others. */
function wantedOf({ files, seed, only }: RunOptions): Wanted[] {
  const next = random(seed);
  const wanted: Wanted[] = FORMATS.flatMap((format) => [
    { format, features: [], seed: next() },
    ...featuresOf(format).map((name) => ({ format, features: [name], seed: next() })),
  ]);
  for (const features of FOUND) {
    const format = FORMATS.find(({ name }) => features[0]!.startsWith(`${name}/`))!;
    wanted.push({ format, features, seed: next() });
  }
  while (wanted.length < files) {
    const format = oneOf(FORMATS, next);
    wanted.push({ format, features: featuresBy(format, next), seed: next() });
  }
  if (!only) return wanted;
  const isWanted = (name: string) =>
    only.some((part) => name.startsWith(part) || `/${name}`.endsWith(`/${part}`));
  return wanted.filter(({ features }) => features.some(isWanted));
}

/** Sheets of files that are alike in what they need: animations are waited for. */
function sheetsOf(wanted: readonly Wanted[]): Wanted[][] {
  const isFilm = ({ features }: Wanted) => features.some((name) => name.includes('/frames/'));
  return [wanted.filter((one) => !isFilm(one)), wanted.filter(isFilm)].flatMap((list) =>
    Array.from({ length: Math.ceil(list.length / SHEET) }, (_, i) =>
      list.slice(i * SHEET, (i + 1) * SHEET),
    ),
  );
}

/**
 * Makes odd files, has each engine show them, and asks about each file against what was shown. The
 * next sheet is painted while the last one is judged.
 */
export async function run(
  options: RunOptions,
  painters: readonly Painter[],
  pool: HashPool,
): Promise<Judged[]> {
  const all: Judged[] = [];
  let judging: Promise<void> = Promise.resolve();
  for (const sheet of sheetsOf(wantedOf(options))) {
    const files = await Promise.all(
      sheet.map(({ format, features, seed }) => oddFile(format, features, seed)),
    );
    const painted = await Promise.all(painters.map((painter) => painter.paint(files)));
    await judging;
    judging = (async () => {
      const judged = await Promise.all(
        files.map((file, i) =>
          answersOf(
            file,
            painters.map(({ engine }, e) => ({ engine, painted: painted[e]![i]! })),
            pool,
          ),
        ),
      );
      for (const painter of painters) await confirm(judged, painter, pool, options.keep);
      all.push(...judged);
      options.onSheet?.(judged);
    })();
    // It is awaited after the next sheet.
    judging.catch(() => {});
  }
  await judging;
  return all;
}

async function answersOf(
  file: OddFile,
  views: readonly (View & { engine: EngineName })[],
  pool: HashPool,
): Promise<Judged> {
  const answers = await judge(file.bytes, views, pool);
  return { file, answers: Object.fromEntries(views.map(({ engine }, i) => [engine, answers[i]!])) };
}

/** A failure counts if it comes again: a busy engine may show a frame amid an animation. */
async function confirm(
  judged: readonly Judged[],
  painter: Painter,
  pool: HashPool,
  keep: string | undefined,
): Promise<void> {
  const { engine } = painter;
  const failed = judged.filter(
    ({ file, answers }) => answers[engine] === 'FAILED' && !isNotMended(file.features),
  );
  if (failed.length === 0) return;
  const painted = await painter.paint(
    failed.map(({ file }) => file),
    3,
  );
  for (const [i, { file, answers }] of failed.entries()) {
    const view = { engine, painted: painted[i]! };
    answers[engine] = (await judge(file.bytes, [view], pool))[0]!;
    if (answers[engine] === 'FAILED' && keep) await keepAside(keep, file, view);
  }
}

async function keepAside(folder: string, file: OddFile, { engine, painted }: View): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const name = `${file.features.join('+').replaceAll('/', '.')}-${file.seed}`;
  writeFileSync(join(folder, `${name}.${file.format}`), file.bytes);
  for (const { ground, pixels } of painted) {
    const { data, width, height } = pixels;
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, `${name}-${engine}-${ground}.png`));
  }
}
