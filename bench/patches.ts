import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { outlineOf } from '../src/demo/outline.js';
import { distance, type Hash } from '../src/hash.js';
import { pdq } from '../src/hashing/pdq.js';
import type { HammingIndex } from '../src/indexing/hamming-index.js';
import { createIndex } from '../src/indexing/index.js';
import type { CheckedPixels } from '../src/pixels.js';
import { variantsOf } from '../src/variants/hash-pixels.js';
import { type Bench, type BenchContext, NotRun } from './harness.js';
import {
  type Blob,
  blur,
  type Grey,
  type Patch,
  patchesOf,
  patchForms,
  planeOf,
  SIGMAS,
} from './patches-blobs.js';
import { rival } from './rivals.js';
import { random } from './workloads.js';

/**
 * Patches (local parts of a picture, each with a PDQ hash) as an experiment: what they find, what
 * they find wrongly, what they cost and what they give away.
 */
export const patchesBench: Bench = {
  name: 'patches',
  about:
    'local parts of pictures as an experiment: recall, wrong pairs, cost, and what they give away',
  long: true,
  takes: 'INDEX [DIR]',
  run,
};

const LIST_SIDE = 512;
const LIST_PATCHES = 16;
const QUERY_SIDE = 832;
const QUERY_PATCHES = 250;
const RADIUS = 72;
const LIST_SIZE = 10_000;
/** Copies of each edit, of photos in turn: of every photo they would take hours. */
const COPIES = 1;
/** Families that plain hashes find, or that upright patches cannot. */
const LEFT_OUT = /^(re-encoded|filter|stretched|GIF|mirrored)$/;

/** A copy as `INDEX`, a JSON array, describes it. */
interface Copy {
  readonly photo: string;
  readonly family: string;
  readonly edit: string;
  readonly path: string;
  readonly original: string;
}

/** A list's patches, by the ids of their hashes: where each lies, and in which photo. */
interface PatchList {
  readonly index: HammingIndex;
  readonly places: readonly Blob[];
  readonly photos: Uint32Array;
  /** of a synthetic photo, the form of the file that it is a window of */
  readonly forms: ReadonlyMap<number, string>;
}

async function run(context: BenchContext): Promise<void> {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const [indexPath, folder] = context.words ?? [];
  if (sharp === undefined || indexPath === undefined) {
    throw new NotRun(
      'needs sharp and INDEX, a JSON array of { photo, family, edit, path, original }; DIR has other photos',
    );
  }
  const read = async (path: string): Promise<CheckedPixels> => {
    const { data, info } = await sharp(path)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const channels = info.channels === 3 ? 3 : 1;
    return { data, width: info.width, height: info.height, channels };
  };
  const copies = JSON.parse(readFileSync(indexPath, 'utf8')) as Copy[];
  const originals = [...new Set(copies.map(({ original }) => original))];
  const listed: { hash: Hash; windows: Hash[]; grey: Grey; patches: Patch[] }[] = [];
  for (const path of originals) {
    const pixels = await read(path);
    const [own, ...windows] = variantsOf(pixels, { crops: true });
    const grey = planeOf(lumaOf(pixels), LIST_SIDE);
    const patches = patchesOf(grey, LIST_PATCHES);
    listed.push({ hash: own!.hash, windows: windows.map(({ hash }) => hash), grey, patches });
  }
  context.note(`listed: ${listed.length} photos, ${LIST_PATCHES} patches each at most`);
  givenAway(context, listed);

  const rows: { place: Blob; hash: Hash; photo: number; form?: string }[] = [];
  listed.forEach(({ patches }, photo) => {
    for (const patch of patches) rows.push({ place: patch, hash: patch.hash, photo });
  });
  const filled = folder === undefined ? 0 : LIST_SIZE - listed.length;
  if (folder !== undefined) {
    const files = readdirSync(folder).filter(
      (file) => !originals.some((path) => path.includes(file.split('.')[0]!)),
    );
    const greys: Grey[] = [];
    for (const file of files) greys.push(planeOf(lumaOf(await read(join(folder, file))), 1600));
    for (const row of fill(greys, filled)) rows.push({ ...row, photo: row.photo + listed.length });
    context.note(
      `fill: ${filled} synthetic photos, the strongest patches in random windows of the eight forms of ${files.length} other files`,
    );
  }
  const list: PatchList = {
    index: createIndex(
      rows.map(({ hash }) => hash),
      { kind: 'flat' },
    ),
    places: rows.map(({ place }) => place),
    photos: Uint32Array.from(rows, ({ photo }) => photo),
    forms: new Map(rows.flatMap(({ photo, form }) => (form ? [[photo, form]] : []))),
  };

  const tally = new Map<string, number[]>();
  const milliseconds = { patches: 0, search: 0 };
  const wrong = { two: 0, three: 0 };
  // Windows of one form of a file share patches, so they are wrong together.
  const wrongForms = { two: new Set<string>(), three: new Set<string>() };
  let queries = 0;
  for (const copy of chosen(copies)) {
    const pixels = await read(copy.path);
    const photo = originals.indexOf(copy.original);
    const { hash, windows } = listed[photo]!;
    const start = performance.now();
    const plane = planeOf(lumaOf(pixels), QUERY_SIDE);
    const query = patchesOf(plane, QUERY_PATCHES);
    const middle = performance.now();
    const votes = votesFor(query, list);
    milliseconds.patches += middle - start;
    milliseconds.search += performance.now() - middle;
    queries++;
    // A collage or a page shows other listed photos too.
    const alone = !/collage|page|several/.test(copy.family);
    for (const [other, count] of votes) {
      if (other === photo || (!alone && other < listed.length)) continue;
      const form = `${copy.path} ${list.forms.get(other) ?? other}`;
      if (count >= 2) wrong.two++;
      if (count >= 2) wrongForms.two.add(form);
      if (count >= 3) wrong.three++;
      if (count >= 3) wrongForms.three.add(form);
    }
    const found = votes.get(photo) ?? 0;
    const own = pdq(pixels).hash;
    const least = { thorough: 256, windows: 256 };
    for (const variant of variantsOf(pixels, { variants: 'thorough' })) {
      least.thorough = Math.min(least.thorough, distance(variant.hash, hash));
      for (const window of windows) {
        least.windows = Math.min(least.windows, distance(variant.hash, window));
      }
    }
    const results = [
      distance(own, hash) <= 31,
      least.thorough <= 31,
      Math.min(least.thorough, least.windows) <= 31,
      found >= 2,
      found >= 3,
      found >= 2 || Math.min(least.thorough, least.windows) <= 31,
    ];
    const row = tally.get(copy.family) ?? [0, 0, 0, 0, 0, 0, 0];
    row[0]!++;
    results.forEach((is, i) => {
      row[i + 1]! += Number(is);
    });
    tally.set(copy.family, row);
  }
  const columns = 'copies, plain, thorough, + windows, 2 votes, 3 votes, 2 votes or + windows';
  context.note(`percent by family: ${columns}`);
  for (const [family, [count = 0, ...found]] of [...tally].sort()) {
    const percents = found.map((n) => `${Math.round((100 * n) / count)}`.padStart(5));
    context.note(`${family.padEnd(28)}${String(count).padStart(4)} ${percents.join(' ')}`);
  }
  context.figure('wrong photos at two votes', wrong.two);
  context.figure('wrong photos at three votes', wrong.three);
  context.figure('wrong forms of files at two votes', wrongForms.two.size);
  context.figure('wrong forms of files at three votes', wrongForms.three.size);
  context.figure('copies with a wrong form at two votes', copiesOf(wrongForms.two));
  context.figure('copies with a wrong form at three votes', copiesOf(wrongForms.three));
  context.figure('pairs of a copy and another photo', queries * (listed.length + filled - 1));
  context.figure('milliseconds to find and hash a query’s patches', milliseconds.patches / queries);
  context.figure('milliseconds to search the list by a scan', milliseconds.search / queries);
}

const copiesOf = (forms: Set<string>) => new Set([...forms].map((form) => form.split(' ')[0])).size;

/** Of each edit the same number of copies, of photos that go round. */
function chosen(copies: readonly Copy[]): Copy[] {
  const taken = new Map<string, number>();
  const photos = [...new Set(copies.map(({ photo }) => photo))];
  let edits = 0;
  return copies.filter(({ family, edit, photo }) => {
    if (LEFT_OUT.test(family)) return false;
    const key = `${family}: ${edit}`;
    if (!taken.has(key)) taken.set(key, edits++);
    const turn = (photos.indexOf(photo) - taken.get(key)! * COPIES) % photos.length;
    return (turn + photos.length) % photos.length < COPIES;
  });
}

const lumaOf = ({ data, width, height, channels }: CheckedPixels): Grey => {
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++) {
    out[i] =
      channels === 1
        ? data[i]!
        : 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  return { data: out, width, height };
};

/** Patches of synthetic photos: the strongest in a random window of a form of a file. */
function* fill(greys: readonly Grey[], count: number) {
  const next = random(1);
  const part = () => next() / 2 ** 32;
  const all = greys.map((grey) => ({ grey, patches: patchForms(grey, 1500) }));
  for (let photo = 0; photo < count; photo++) {
    const file = next() % all.length;
    const { grey, patches } = all[file]!;
    const form = next() % 8;
    const side = Math.min(grey.width, grey.height) * (0.35 + 0.5 * part());
    const left = part() * (grey.width - side);
    const top = part() * (grey.height - side);
    const inside = patches.filter(
      ({ x, y, sigma }) =>
        x > left && y > top && x < left + side && y < top + side && sigma < side / SIGMAS,
    );
    for (const { x, y, sigma, hashes } of inside.slice(0, LIST_PATCHES)) {
      const scale = LIST_SIDE / side;
      const place = { x: (x - left) * scale, y: (y - top) * scale, sigma: sigma * scale };
      const of = { hash: hashes[form]!, photo, form: `${file}:${form}` };
      yield { place: { ...place, strength: 0 }, ...of };
    }
  }
}

/** For each photo, the most pairs within the radius that agree in scale and place. */
function votesFor(query: readonly Patch[], { index, places, photos }: PatchList) {
  const pairs = new Map<number, [Blob, Blob][]>();
  for (const patch of query) {
    for (const { id } of index.search(patch.hash, RADIUS)) {
      const photo = photos[id]!;
      const of = pairs.get(photo) ?? [];
      of.push([patch, places[id]!]);
      pairs.set(photo, of);
    }
  }
  return new Map([...pairs].map(([photo, of]) => [photo, agreeing(of)]));
}

/** The most pairs of different patches that agree with one of them. */
function agreeing(pairs: readonly [query: Blob, listed: Blob][]): number {
  let most = pairs.length > 0 ? 1 : 0;
  for (const [query, listed] of pairs) {
    const scale = query.sigma / listed.sigma;
    const used: (readonly [Blob, Blob])[] = [[query, listed]];
    for (const [other, from] of pairs) {
      if (used.some(([q, l]) => q === other || l === from)) continue;
      if (Math.abs(Math.log2(other.sigma / from.sigma / scale)) > 0.4) continue;
      const mean = Math.sqrt((scale * other.sigma) / from.sigma);
      const off = Math.hypot(
        query.x + mean * (from.x - listed.x) - other.x,
        query.y + mean * (from.y - listed.y) - other.y,
      );
      if (off > 2.5 * Math.max(query.sigma, other.sigma)) continue;
      // Two blobs in one place are one observation.
      if (Math.hypot(from.x - listed.x, from.y - listed.y) < listed.sigma) continue;
      used.push([other, from]);
    }
    most = Math.max(most, used.length);
  }
  return most;
}

/**
 * How much of a photo its one hash redraws, and how much its patches do: correlations with the
 * luma, of outlines drawn at their places. Each patch is fitted to what lies beneath it, which who
 * has only hashes cannot do so well.
 */
function givenAway(
  context: BenchContext,
  listed: readonly { hash: Hash; windows: readonly Hash[]; grey: Grey; patches: Patch[] }[],
): void {
  const one: number[] = [];
  const all: number[] = [];
  const within: number[] = [];
  const beneath: number[] = [];
  const fine: number[] = [];
  const fineBeneath: number[] = [];
  const covered: number[] = [];
  for (const { hash, grey, patches } of listed) {
    const { data, width, height } = grey;
    // What is finer than the 16 half waves a side of the one hash.
    const coarse = blur(grey, Math.max(width, height) / 32).data;
    const outline = outlineOf(hash.bytes);
    const drawn = new Float32Array(data.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const place = 64 * Math.floor((64 * y) / height) + Math.floor((64 * x) / width);
        drawn[y * width + x] = outline[place]! - 128;
      }
    }
    one.push(correlation(data, drawn));
    const base = drawn.slice();
    const mask = new Uint8Array(data.length);
    for (const patch of [...patches].sort((a, b) => b.sigma - a.sigma)) {
      const side = SIGMAS * patch.sigma;
      const shape = outlineOf(patch.hash.bytes);
      const places: number[] = [];
      const values: number[] = [];
      for (let y = Math.max(0, Math.ceil(patch.y - side / 2)); y < patch.y + side / 2; y++) {
        for (let x = Math.max(0, Math.ceil(patch.x - side / 2)); x < patch.x + side / 2; x++) {
          if (x >= width || y >= height) continue;
          const u = Math.min(63, Math.floor((64 * (x - patch.x + side / 2)) / side));
          const v = Math.min(63, Math.floor((64 * (y - patch.y + side / 2)) / side));
          places.push(y * width + x);
          values.push(shape[64 * v + u]! - 128);
        }
      }
      const truth = places.map((place) => data[place]!);
      within.push(correlation(truth, values));
      beneath.push(
        correlation(
          truth,
          places.map((place) => base[place]!),
        ),
      );
      const detail = places.map((place) => data[place]! - coarse[place]!);
      fine.push(correlation(detail, values));
      fineBeneath.push(
        correlation(
          detail,
          places.map((place) => base[place]!),
        ),
      );
      const before = places.map((place) => drawn[place]!);
      const [mean, spread] = [average(before), deviation(before)];
      const own = deviation(values) || 1;
      places.forEach((place, i) => {
        drawn[place] = mean + (values[i]! / own) * Math.max(spread, 12);
        mask[place] = 1;
      });
    }
    all.push(correlation(data, drawn));
    covered.push(average(mask));
  }
  const says = (values: number[]) => average(values).toFixed(2);
  context.note(
    `of what is finer than a 32nd of the side, within a patch: ${says(fine)} by the patch, ${says(
      fineBeneath,
    )} by the one hash`,
  );
  context.note(`outline of one hash: correlation with the luma ${says(one)}`);
  context.note(`with its patches drawn over it: ${says(all)}; they cover ${says(covered)} of it`);
  context.note(
    `within a patch: ${says(within)} by the patch, ${says(beneath)} by the one hash; sides ${says(
      listed.flatMap(({ patches }) => patches.map(({ sigma }) => (SIGMAS * sigma) / LIST_SIDE)),
    )} of the longer side`,
  );
}

const average = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
};

const deviation = (values: ArrayLike<number>) => {
  const mean = average(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2;
  return Math.sqrt(sum / values.length);
};

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [meanA, meanB] = [average(a), average(b)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - meanA) * (b[i]! - meanB);
  return sum / a.length / (deviation(a) * deviation(b) || 1);
}
