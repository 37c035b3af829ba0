import type { PackedHashes } from '../../src/hash.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import type { CheckedPixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { photos } from '../hash/photos.js';
import { random } from '../workloads.js';

/** Photos are reduced to this many pixels on the longer side: a crop then costs about 0.3 ms. */
const LONGER_SIDE = 640;
/** Photos at the end of the list that no entry is cropped from; the unrelated queries are. */
const HELD_OUT = 2;
/** The area of a crop, as a share of its photo, evenly on a logarithmic scale. */
const AREA = [0.02, 0.5] as const;
/** Width / height of a crop, in the same way. */
const ASPECT = [0.5, 2] as const;
/** Lists of hashes leave out pictures below this quality; so does this one. */
const LEAST_QUALITY = 50;
/** A planted query's crop is moved and scaled by up to this share of its sides. */
const MOVED = 0.02;

const FORMS = DIHEDRAL_NAMES.length;
const HASH_BYTES = 32;

/** PDQ hashes of random crops of real photos, each crop in all eight dihedral forms. */
export interface RealisticHashes {
  /** The first `count` of an endless list; every eight are the forms of one crop. */
  hashes(count: number): PackedHashes;
  /** Hashes of crops of the first `count` entries, each a little moved and scaled. */
  planted(count: number, queries: number): Uint8Array;
  /** Hashes of crops of photos that no entry comes from. */
  unrelated(queries: number): Uint8Array;
}

/** A crop's place in its photo, in pixels, not rounded yet. */
interface Box {
  readonly photo: CheckedPixels;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Realistic hashes from the nine photos of packages, the last two of them for unrelated queries
 * only. The longest list is kept for the next one: a million take most of a minute.
 * @returns undefined if the photos or sharp are not installed
 */
export async function realisticHashes(
  seed: number,
  note: (text: string) => void = () => {},
): Promise<RealisticHashes | undefined> {
  const all = (await photos()).map(reduced);
  if (all.length <= HELD_OUT) {
    note('realistic hashes are left out: the photos or sharp are not installed');
    return undefined;
  }
  const listed = all.slice(0, -HELD_OUT);
  const heldOut = all.slice(-HELD_OUT);
  let made = new Uint8Array(0);
  return {
    hashes(count) {
      const bytes = new Uint8Array(HASH_BYTES * count);
      bytes.set(made.subarray(0, bytes.length));
      // The last crop may have been cut off.
      const from = Math.min(count, Math.floor(made.length / HASH_BYTES / FORMS) * FORMS);
      for (let id = from; id < count; id += FORMS) {
        const { hashes } = draw(listed, seed, id / FORMS);
        for (let form = 0; form < FORMS && id + form < count; form++) {
          bytes.set(hashes[DIHEDRAL_NAMES[form]!].bytes, HASH_BYTES * (id + form));
        }
      }
      if (bytes.length > made.length) made = bytes.slice();
      return { algorithm: 'pdq', bits: 256, bytes };
    },
    planted(count, queries) {
      const bytes = new Uint8Array(HASH_BYTES * queries);
      const next = random(seed ^ 0x71a9e);
      for (let query = 0; query < queries; query++) {
        const id = next() % count;
        const { box } = draw(listed, seed, Math.floor(id / FORMS));
        const { hashes } = pdqDihedral(cropOf(moved(box, next)));
        bytes.set(hashes[DIHEDRAL_NAMES[id % FORMS]!].bytes, HASH_BYTES * query);
      }
      return bytes;
    },
    unrelated(queries) {
      const bytes = new Uint8Array(HASH_BYTES * queries);
      for (let query = 0; query < queries; query++) {
        const { hashes } = draw(heldOut, seed ^ 0x0e1d0, query);
        bytes.set(hashes[DIHEDRAL_NAMES[query % FORMS]!].bytes, HASH_BYTES * query);
      }
      return bytes;
    },
  };
}

/**
 * The crop of this number and its hashes. Each number has random numbers of its own, so that a
 * short list is the beginning of a long one, and a crop can be drawn again by its number.
 */
function draw(from: readonly CheckedPixels[], seed: number, crop: number) {
  const next = random((Math.imul(seed, 0x9e3779b1) + crop) | 0);
  // A photo that is flat all over would have no crop that is good enough.
  for (let tries = 1; ; tries++) {
    const box = drawBox(from[next() % from.length]!, next);
    const { hashes, quality } = pdqDihedral(cropOf(box));
    if (quality >= LEAST_QUALITY || tries === 100) return { box, hashes };
  }
}

/** 0…1 */
const share = (next: () => number) => next() / 2 ** 32;
const within = ([low, high]: readonly [number, number], next: () => number) =>
  low * (high / low) ** share(next);

function drawBox(photo: CheckedPixels, next: () => number): Box {
  const aspect = within(ASPECT, next);
  const area = within(AREA, next) * photo.width * photo.height;
  const width = Math.min(photo.width, Math.sqrt(area * aspect));
  const height = Math.min(photo.height, Math.sqrt(area / aspect));
  const left = share(next) * (photo.width - width);
  const top = share(next) * (photo.height - height);
  return { photo, left, top, width, height };
}

/** The box scaled and shifted by a few hundredths of its sides, as another's crop would be. */
function moved({ photo, left, top, width, height }: Box, next: () => number): Box {
  const amount = 2 * MOVED * share(next);
  const drift = () => amount * (share(next) - 0.5);
  return {
    photo,
    left: left + drift() * width,
    top: top + drift() * height,
    width: width * (1 + drift()),
    height: height * (1 + drift()),
  };
}

/** The pixels of a box, rounded to whole ones and kept inside the photo. */
function cropOf({ photo, left, top, width, height }: Box): CheckedPixels {
  const columns = Math.min(photo.width, Math.round(width));
  const rows = Math.min(photo.height, Math.round(height));
  const x = Math.max(0, Math.min(photo.width - columns, Math.round(left)));
  const y = Math.max(0, Math.min(photo.height - rows, Math.round(top)));
  const data = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const at = (y + row) * photo.width + x;
    data.set(photo.data.subarray(at, at + columns), row * columns);
  }
  return { data, width: columns, height: rows, channels: 1 };
}

/** A photo in grey, at most `LONGER_SIDE` pixels long: each is the mean of those it covers. */
function reduced({ data, width, height, channels = 3 }: CheckedPixels): CheckedPixels {
  const factor = Math.max(1, Math.max(width, height) / LONGER_SIDE);
  const columns = Math.floor(width / factor);
  const rows = Math.floor(height / factor);
  const sums = new Float64Array(columns * rows);
  const counts = new Uint32Array(columns * rows);
  const colours = channels < 3 ? 1 : 3;
  for (let y = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.floor(y / factor)) * columns;
    for (let x = 0; x < width; x++) {
      const to = row + Math.min(columns - 1, Math.floor(x / factor));
      const at = channels * (y * width + x);
      // Rec. 601.
      sums[to]! +=
        colours === 1
          ? data[at]!
          : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      counts[to]!++;
    }
  }
  const out = new Uint8Array(columns * rows);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(sums[i]! / counts[i]!);
  return { data: out, width: columns, height: rows, channels: 1 };
}
