import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { match } from '../../src/matching/match.js';
import { pictureOf, placingOf, variantsOfPicture } from '../../src/picture/hash-picture.js';
import type { CheckedPixels, Orientation } from '../../src/pixels.js';
import type { HashedVariant } from '../../src/variant.js';
import { type OtherLook, onBackdrop, orient } from '../../src/variants/forms.js';
import { hashPixels, variantsOf } from '../../src/variants/hash-pixels.js';
import { gridOf, isAlike, viewOnBackdrop } from '../../src/variants/looks.js';
import { MOST_HASHES } from '../../src/variants/variant-profile.js';
import { movedPixels, viewOf } from '../../src/variants/view.js';
import { pixelsOf } from '../arbitraries.js';
import { runs } from '../seed.js';
import { collage, drawn, laidOn, part, patches, photo } from './pictures.js';

const pasture = await photo('march-pastoral-w700.png');
const boats = await photo('nagasaki-boats-q40.jpg');

const lumaAt = ({ data, channels }: CheckedPixels, at: number) =>
  channels === 1
    ? data[at]!
    : Math.round(0.299 * data[3 * at]! + 0.587 * data[3 * at + 1]! + 0.114 * data[3 * at + 2]!);

/** A picture of one colour, whose alpha shows another picture on a white page, or on a black one. */
function hidden(of: CheckedPixels, colour: 0 | 255): CheckedPixels {
  const { width, height } = of;
  const data = new Uint8Array(4 * width * height).fill(colour);
  for (let at = 0; at < width * height; at++) {
    const luma = lumaAt(of, at);
    data[4 * at + 3] = colour === 0 ? 255 - luma : luma;
  }
  return { data, width, height, channels: 4 };
}

const listed = part(pasture, 320, 0, 320, 240);
const { hash } = pdq(listed);
const blocklist = createBlocklist([{ hash, labels: [] }]);

const EDITS: Record<string, (of: CheckedPixels) => CheckedPixels> = {
  mirrored: (of) => orient(of, 2),
  turned: (of) => orient(of, 6),
  cropped: (of) => part(of, 16, 12, 288, 216),
  bordered: (of) => laidOn(of, 420, 340, 60, 30, [255, 255, 255]),
};

describe.each([
  [0, 'onWhite'],
  [255, 'onBlack'],
] as const)('a picture of %d whose alpha is the listed one', (colour, look) => {
  test.each(Object.keys(EDITS))('is found %s', (name) => {
    const shown = hidden(EDITS[name]!(listed), colour);
    const decision = match(variantsOf(shown, { variants: 'thorough' }), blocklist);
    expect(decision.verdict).toBe('match');
    expect(decision.matches[0]!.variant.look).toBe(look);
  });

  test('is found where only a move brings it near', () => {
    const of = part(pasture, 140, 100, 320, 240);
    const cut = hidden(part(of, 29, 18, 269, 209), colour);
    const listedOf = pdq(of).hash;
    const still = [...variantsOf(cut, { variants: 'thorough' })];
    expect(Math.min(...still.map((each) => distance(each.hash, listedOf)))).toBeGreaterThan(31);
    const decision = match(
      variantsOf(cut, { variants: 'thorough' }),
      createBlocklist([{ hash: listedOf, labels: [] }]),
    );
    expect(decision.verdict).toBe('match');
    expect(decision.matches[0]!.variant.look).toBe(look);
  });
});

test('hidden colours give one hash, and parts show the visible colours', () => {
  const pixels = hidden(patches(320, 240, 3), 0);
  const { variants } = hashPixels(pixels, { variants: 'thorough' });
  expect(variants.slice(0, 2).map(({ name }) => name)).toEqual(['onWhite', 'onBlack']);
  const looks = variants.slice(2).map(({ look }) => look);
  expect(new Set(looks)).toEqual(new Set(['onWhite', 'onBlack']));
  // In turn.
  expect(looks).toEqual(looks.toSorted().toReversed());
});

test('an alpha channel of 250 to 255 changes nothing', () => {
  const opaque = part(boats, 100, 100, 600, 300);
  const data = new Uint8Array(4 * opaque.width * opaque.height);
  for (let at = 0; at < data.length / 4; at++) {
    data.set(opaque.data.subarray(3 * at, 3 * at + 3), 4 * at);
    data[4 * at + 3] = 250 + (at % 6);
  }
  const shot: CheckedPixels = { ...opaque, data, channels: 4 };
  const given = { variants: 'thorough' } as const;
  expect(hashPixels(shot, given)).toEqual(hashPixels(opaque, given));
});

test('a view on a backdrop is that of its moved pixels', () => {
  const turns = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);
  const pictures = fc.constantFrom<2 | 4>(2, 4).chain((channels) => pixelsOf(9, channels));
  fc.assert(
    fc.property(pictures, turns, fc.constantFrom(0, 255), (pixels, by, backdrop) => {
      const view = viewOnBackdrop(viewOf(pixels, by), backdrop);
      expect(movedPixels(view)).toEqual(onBackdrop(orient(pixels, by), backdrop));
    }),
  );
});

test('differences of noise are alike; a different cell is not', () => {
  const one = part(boats, 0, 0, 640, 480);
  const grid = gridOf(viewOf(one));
  const noisy = drawn(640, 480, (x, y, c) =>
    Math.min(255, Math.max(0, one.data[3 * (640 * y + x) + c]! + ((x * 7 + y * 13) % 5) - 2)),
  );
  expect(isAlike(grid, gridOf(viewOf(noisy)))).toBe(true);
  const spot = { ...one, data: one.data.slice() };
  for (let y = 100; y < 110; y++) {
    for (let x = 200; x < 210; x++) {
      for (let c = 0; c < 3; c++) spot.data[3 * (640 * y + x) + c]! ^= 128;
    }
  }
  expect(isAlike(grid, gridOf(viewOf(spot)))).toBe(false);
  expect(isAlike(grid, gridOf(viewOf(part(one, 0, 0, 640, 400))))).toBe(false);
});

const still = { orientation: 1, exif: true, alpha: false } as const;
const same = (variant: HashedVariant) => variant;

/** All variants of a file that a browser shows in several ways. */
async function variantsWith(looks: readonly OtherLook[], stored: CheckedPixels) {
  const alpha = stored.channels % 2 === 0;
  const picture = { ...pictureOf(stored, { ...still, alpha }), looks };
  return (await variantsOfPicture(picture, { variants: 'thorough' })).variants;
}

const frameOf = (frame: number, pixels: CheckedPixels): OtherLook => ({
  ...{ look: 'frame', frame, pixels, orientation: 1, given: same },
});

test('other looks are hashed whole, then in parts, in turn', async () => {
  const other = part(boats, 0, 200, 320, 240);
  const looks: OtherLook[] = [
    { look: 'asShown', pixels: other, orientation: 1, given: same },
    frameOf(1, listed),
    frameOf(2, other),
    frameOf(5, hidden(part(boats, 400, 300, 320, 240), 0)),
  ];
  const all = [...(await variantsWith(looks, patches(320, 240, 4)))];
  const wholes = all.slice(0, 5).map(({ name, frame }) => [name, frame]);
  expect(wholes).toEqual([
    ['original', undefined],
    ['asShown', undefined],
    ['frame', 1],
    // The second is the same as what was shown before.
    ['frame', 5],
    ['onBlack', 5],
  ]);
  expect(all[2]!.hash).toEqual(hash);
  const of = all.slice(5).map(({ look, frame }) => `${look} ${frame}`);
  const inTurn = of.filter((each, at) => each !== of[at - 1]);
  expect(inTurn).toEqual([
    'undefined undefined',
    'asShown undefined',
    'frame 1',
    'frame 5',
    'onBlack 5',
  ]);
  expect(all.length).toBeLessThanOrEqual(MOST_HASHES);
});

test('a part of a later frame is found, and so is one that is moved', async () => {
  const stored = patches(320, 240, 4);
  const mirrored = await variantsWith([frameOf(3, orient(listed, 2))], stored);
  expect(match(mirrored, blocklist).matches[0]!.variant).toMatchObject({
    ...{ name: 'flipY', look: 'frame', frame: 3 },
  });
  const of = part(pasture, 140, 100, 320, 240);
  const entries = [{ hash: pdq(of).hash, labels: [] }];
  const cut = frameOf(3, part(of, 29, 18, 269, 209));
  expect(match(await variantsWith([cut], stored), createBlocklist(entries))).toMatchObject({
    verdict: 'match',
    matches: [{ variant: { look: 'frame', frame: 3 } }],
  });
});

test('variants of a reduced look are drafts, placed in the full one', async () => {
  const on = collage(640, 480, [255, 255, 255], [[listed, 160, 120]]);
  const full = { width: 1280, height: 960 };
  const { placed } = placingOf(on, full, { displayed: 1, hashed: 1 });
  const reduced = { ...frameOf(1, on), given: placed };
  const decision = match(await variantsWith([reduced], patches(320, 240, 4)), blocklist);
  expect(decision.matches[0]!.variant).toMatchObject({
    ...{ name: 'unletterbox', look: 'frame', frame: 1, decoding: 'draft' },
    geometry: { rectangle: { left: 320, top: 240, width: 640, height: 480 } },
  });
});

test('any picture with alpha, and any other looks: at most 160 hashes, the same each time', async () => {
  const anyPixels = fc
    .record({
      seed: fc.nat(1000),
      width: fc.integer({ min: 1, max: 400 }),
      height: fc.integer({ min: 1, max: 400 }),
      alpha: fc.constantFrom('none', 'one', 'all'),
    })
    .map(({ seed, width, height, alpha }): CheckedPixels => {
      const one = patches(width, height, seed, 5 + (seed % 40));
      if (alpha === 'none') return one;
      const pixels = hidden(one, seed % 2 === 0 ? 0 : 255);
      for (let at = 3; alpha === 'one' && at < pixels.data.length; at += 4) {
        pixels.data[at] = at === 3 ? 249 : 255;
      }
      return pixels;
    });
  await fc.assert(
    fc.asyncProperty(anyPixels, fc.array(anyPixels, { maxLength: 9 }), async (stored, others) => {
      const looks = others.map((pixels, at) => frameOf(at + 1, pixels));
      const first = [...(await variantsWith(looks, stored))];
      expect(first.length).toBeLessThanOrEqual(MOST_HASHES);
      expect([...(await variantsWith(looks, stored))]).toEqual(first);
    }),
    { numRuns: runs(12) },
  );
});
