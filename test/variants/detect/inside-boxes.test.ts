import fc from 'fast-check';
import { expect, test } from 'vitest';
import { insideBoxes } from '../../../src/variants/detect/inside-boxes.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import { collage, drawn, laidOn, patches, rectanglesOf } from '../pictures.js';

const WHITE = [255, 255, 255] as const;
const BLUE = [180, 220, 250] as const;
const BLACK = [0, 0, 0] as const;

const insides = (picture: Parameters<typeof workingPlane>[0]) =>
  rectanglesOf(insideBoxes(workingPlane(picture)));

test('finds the photo in a bubble, with words under it, to the pixel', () => {
  const border = fc.integer({ min: 4, max: 16 });
  fc.assert(
    fc.property(border, border, fc.integer({ min: 10, max: 60 }), fc.nat(), (x, y, under, seed) => {
      const bubble = laidOn(patches(180, 140, seed), 180 + 2 * x, 140 + y + under, x, y, BLUE);
      const words = patches(60, 5, seed, 3);
      const canvas = collage(320, 400, WHITE, [
        [bubble, 40, 60],
        [words, 40 + x, 60 + y + 142],
      ]);
      expect(insides(canvas)[0]).toEqual({ left: 40 + x, top: 60 + y, width: 180, height: 140 });
    }),
    { numRuns: runs(20) },
  );
});

test('a photo between two bars of a player is tried as high as the player', () => {
  // The player's controls lie on black along the bottom, and end the photo too soon.
  const photo = laidOn(patches(160, 150, 4), 160, 160, 0, 0, BLACK);
  const player = laidOn(photo, 280, 160, 60, 0, BLACK);
  const places = insides(laidOn(player, 400, 300, 50, 60, WHITE));
  expect(places).toEqual([
    { left: 110, top: 60, width: 160, height: 150 },
    { left: 110, top: 60, width: 160, height: 160 },
  ]);
});

test('finds none in a photo without a frame, nor in a frame without a photo', () => {
  expect(insides(laidOn(patches(200, 150, 1), 300, 300, 40, 50, WHITE))).toEqual([]);
  const bubble = drawn(200, 150, (_x, _y, channel) => BLUE[channel]!);
  expect(insides(laidOn(bubble, 300, 300, 40, 50, WHITE))).toEqual([]);
  // A small sign in a bubble is no photo.
  const sign = laidOn(patches(50, 40, 2), 200, 150, 20, 20, BLUE);
  expect(insides(laidOn(sign, 300, 300, 40, 50, WHITE))).toEqual([]);
  expect(insides(drawn(1, 1, () => 9))).toEqual([]);
});
