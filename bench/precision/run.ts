import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkoutOf, circumstances, machine } from '../circumstances.js';
import type { BenchContext } from '../harness.js';
import { numberOf } from '../robustness/measure.js';
import { photoOf } from '../robustness/photos.js';
import { withoutDuplicates } from '../robustness/plan.js';
import { progress as shownProgress } from '../robustness/run.js';
import { type CollectedPhoto, collectedPhotos } from './collections.js';
import { figuresOf, type Result } from './figures.js';
import { type HashedPhoto, hashedPhoto, type Photo, PhotoTable } from './pairs.js';
import { digestOf, Progress } from './progress.js';
import { curve, markdown, type RunFacts } from './report.js';

/** Of the photos, `quick` takes one in so many as uploads. */
const QUICK = 8;

/** The run of `bench precision`, in a file of its own since it stands on sharp. */
export async function runPrecision(context: BenchContext): Promise<void> {
  const { seed = 1, quick = false, photos: folder, out } = context.options;
  if (!Number.isSafeInteger(seed)) throw new RangeError('expected seed to be an integer');
  const { photos, missing } = collectedPhotos(folder);
  for (const line of missing) context.note(`not installed: ${line}`);
  const path = out && join(out, 'precision');
  const code = [checkoutOf(), digestOf(readFileSync(fileURLToPath(import.meta.url)))];
  const key = JSON.stringify([...code, seed, quick]);
  const progress = new Progress(path, key, context.note);
  const uploads = chosenUploads(photos, seed, quick);
  const { hashed, unreadable } = await hashedPhotos(photos, uploads, progress);
  const distinct = withoutDuplicates(hashed, ({ listed }) => listed[0]!.hex);
  const files = new Map(photos.map((photo) => [photo.source, photo]));
  const table = new PhotoTable(distinct);
  const results = await measured(table, files, progress);
  const crops = distinct.reduce((sum, { listed }) => sum + listed.length - 1, 0);
  const hashes = results.reduce((sum, [{ upload }]) => sum + upload.length, 0);
  const facts: RunFacts = {
    command: `npm run bench -- precision${folder !== undefined ? ' --photos DIR' : ''} --seed ${seed}${quick ? ' --quick' : ''}`,
    ...{ seed, quick },
    machine: machine(),
    made: circumstances(context),
    uploads: results.length,
    hashesPerUpload: hashes / results.length,
    entries: distinct.length,
    listCrops: crops,
    photos: countsOf(distinct),
    duplicates: hashed.length - distinct.length,
    series: table.series,
    ...{ unreadable, missing },
  };
  const figures = figuresOf(results);
  for (const { name, pairs, within, clusters } of figures.kinds) {
    context.figure(name, { pairs, within, clusters });
  }
  for (const { name, isMixed, match, review } of figures.decisions) {
    const rows = match.inThousandUploads.map(({ size }) => size.toExponential(0)).join(', ');
    const [matches, reviews] = [match.entries, review.entries];
    context.figure(`${isMixed ? 'mixed' : 'one collection'}, ${name}, ${rows}`, {
      ...{ matches, reviews },
    });
  }
  if (path === undefined) return;
  const all = { ...facts, ...figures };
  writeFileSync(join(path, 'precision.json'), `${JSON.stringify(all, null, 1)}\n`);
  writeFileSync(join(path, 'precision.md'), markdown(figures, facts));
  writeFileSync(join(path, 'precision.svg'), curve(figures.kinds));
  context.note('the report and its curve are in the folder precision');
}

/** The number of photos of each collection. */
function countsOf(photos: readonly Photo[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { collection } of photos) counts[collection] = (counts[collection] ?? 0) + 1;
  return counts;
}

/** The sources of the photos that are uploads. */
function chosenUploads(photos: readonly CollectedPhoto[], seed: number, quick: boolean) {
  const rank = ({ source }: CollectedPhoto) => numberOf(`${seed} ${source}`);
  const sorted = quick ? [...photos].sort((a, b) => rank(a) - rank(b)) : photos;
  const most = quick ? Math.ceil(photos.length / QUICK) : photos.length;
  return new Set(sorted.slice(0, most).map(({ source }) => source));
}

async function hashedPhotos(
  photos: readonly CollectedPhoto[],
  uploads: ReadonlySet<string>,
  progress: Progress,
) {
  const hashed: Photo[] = [];
  const unreadable: string[] = [];
  const show = shownProgress('hashing', photos.length);
  for (const [at, photo] of photos.entries()) {
    const { source, path, collection } = photo;
    const isUpload = uploads.has(source);
    const { size, mtimeMs } = statSync(path);
    const name = `hash ${source} ${size} ${mtimeMs} ${isUpload}`;
    const found = await progress.once<HashedPhoto | null>(name, async () => {
      // One broken file does not end a run of hours.
      const raster = await photoOf(photo).catch(() => undefined);
      return raster === undefined ? null : hashedPhoto(raster, isUpload);
    });
    if (found === null) unreadable.push(source);
    else hashed.push({ source, collection, ...found });
    show(at + 1);
  }
  return { hashed, unreadable };
}

/** The results of all uploads. They hold for this list alone. */
async function measured(
  table: PhotoTable,
  files: ReadonlyMap<string, CollectedPhoto>,
  progress: Progress,
): Promise<Result[]> {
  const list = digestOf(JSON.stringify(table.photos.map(({ source, listed }) => [source, listed])));
  const results: Result[] = [];
  const uploads = table.photos.filter(({ upload }) => upload.length > 0);
  const show = shownProgress('comparing', uploads.length);
  for (const [at, photo] of uploads.entries()) {
    const raster = () => photoOf(files.get(photo.source)!);
    const work = () => table.result(photo, raster);
    results.push([photo, await progress.once(`pairs ${photo.source} ${list}`, work)]);
    show(at + 1);
  }
  return results;
}
