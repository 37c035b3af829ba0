import { expect, test } from 'vitest';
import { materials } from '../../../bench/robustness/measure.js';
import type { Raster } from '../../../bench/robustness/raster.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { distance } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { match } from '../../../src/matching/match.js';
import type { VariantGeometry } from '../../../src/variant.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { photo } from '../../variants/pictures.js';
import { TRANSFORMS } from './edits/transforms.js';

/** The suite of `bench robustness`, on three photos only. */
const PHOTOS = ['airplane-from-above.jpg', 'dust-bowl-home.jpg', 'acanthus-mollis-w700.png'];
const FOUND = ['unletterbox', 'unblurBars', 'box', 'rectangle', 'unturn'];
const MATCH = 31;

const photos = await Promise.all(PHOTOS.map((name) => photo(name) as Promise<Raster>));
const filler = (await photo('nagasaki-boats-q40.jpg')) as Raster;
const hashes = photos.map((pixels) => pdq(pixels).hash);

/**
 * The first variant that matches: its name, whether the picture alone matched, and how far its
 * sides are from the truth.
 */
async function queries(family: string) {
  const found = [];
  for (const [index, transform] of TRANSFORMS.entries()) {
    if (transform.family !== family) continue;
    for (const [at, pixels] of photos.entries()) {
      const { pixels: edited, truth } = await transform.apply(
        pixels,
        materials(1, at, index, [filler]),
      );
      let name: string | undefined;
      let placed: boolean | undefined;
      const blocklist = createBlocklist([{ hash: hashes[at]!, labels: [] }]);
      const { matches } = match(variantsOf(edited, { variants: 'thorough' }), blocklist);
      for (const { variant, tier } of matches.slice(0, 1)) {
        if (tier !== 'match') continue;
        name = variant.name;
        if (truth && variant.geometry && FOUND.includes(name)) {
          placed = isPlaced(truth, variant.geometry);
        }
      }
      found.push({ edit: transform.name, name, placed });
    }
  }
  return found;
}

function isPlaced({ rectangle: a, angle }: VariantGeometry, found: VariantGeometry): boolean {
  if (angle !== undefined) return Math.abs(angle - (found.angle ?? 0)) <= 0.5;
  const b = found.rectangle;
  return (
    Math.abs(a.left - b.left) <= 2 &&
    Math.abs(a.top - b.top) <= 2 &&
    Math.abs(a.left + a.width - b.left - b.width) <= 2 &&
    Math.abs(a.top + a.height - b.top - b.height) <= 2
  );
}

test.each([
  ['flip or quarter turn', 1, 0],
  ['border', 1, 0.9],
  ['blurred bars', 0.85, 0.8],
  ['caption', 0.95, 0.9],
  ['screenshot', 0.9, 0.9],
  ['collage', 0.9, 0.9],
  ['turned, canvas grown', 0.95, 0.8],
])(
  '%s: of the edited photos, at least %d match and %d are placed correctly',
  async (family, least, leastTold) => {
    const found = await queries(family);
    expect(found.length).toBeGreaterThanOrEqual(2 * PHOTOS.length);
    const matched = found.filter(({ name }) => name !== undefined);
    expect(matched.length / found.length).toBeGreaterThanOrEqual(least);
    const told = found.filter(({ placed }) => placed !== undefined);
    const right = told.filter(({ placed }) => placed);
    expect(told.length / found.length).toBeGreaterThanOrEqual(leastTold);
    expect(right.length).toBeGreaterThanOrEqual(Math.floor(0.95 * told.length));
  },
);

test('crops of five percent and turns of two and a half degrees', async () => {
  const crops = (await queries('crop')).filter(({ edit }) => / 5 %$/.test(edit));
  expect(crops.length).toBeGreaterThanOrEqual(PHOTOS.length);
  expect(crops.filter(({ name }) => name).length).toBeGreaterThanOrEqual(0.75 * crops.length);
  const turns = await queries('turned, corners cut');
  const gentle = turns.filter(({ edit }) => /^(1|2\.5) /.test(edit));
  expect(gentle.length).toBeGreaterThanOrEqual(PHOTOS.length);
  expect(gentle.filter(({ name }) => name).length).toBeGreaterThanOrEqual(0.75 * gentle.length);
});

test('no variant of an edited photo matches another photo', async () => {
  let pairs = 0;
  for (const [index, transform] of TRANSFORMS.entries()) {
    if (index % 3 !== 0) continue;
    const at = (index / 3) % photos.length;
    const edited = await transform.apply(photos[at]!, materials(2, at, index, [filler]));
    for (const { hash } of variantsOf(edited.pixels, { variants: 'thorough' })) {
      for (const [other, entry] of hashes.entries()) {
        if (other === at) continue;
        pairs++;
        expect(distance(hash, entry)).toBeGreaterThan(MATCH);
      }
    }
  }
  expect(pairs).toBeGreaterThan(2000);
});
