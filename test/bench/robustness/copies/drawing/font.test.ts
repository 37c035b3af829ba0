import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Face,
  outlineOf,
  widthOf,
} from '../../../../../bench/robustness/copies/drawing/font.js';

const FACES: readonly Face[] = ['plain', 'bold', 'serif', 'serif bold', 'poster', 'hand'];
const contours = (path: string) => path.split('M').length - 1;

test.each(FACES)('%s: letters have their outlines', (face) => {
  expect(contours(outlineOf('l', 16, face).path)).toBe(1);
  expect(contours(outlineOf('o', 16, face).path)).toBe(2);
  // Two parts: a stem and a dot, which some fonts compose of two glyphs.
  expect(contours(outlineOf('i', 16, face).path)).toBe(2);
  expect(outlineOf(' ', 16, face).path).toBe('');
  expect(widthOf('m', 16, face)).toBeGreaterThan(widthOf('i', 16, face));
});

test('the widths are those that the font files state, read by an independent program', () => {
  expect([...'AgM'].map((letter) => widthOf(letter, 2048, 'plain'))).toEqual([1413, 1256, 1850]);
  expect([...'AgM'].map((letter) => widthOf(letter, 1000, 'hand'))).toEqual([511, 364, 729]);
});

test('the width of a text is that of its letters, and grows with the size', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...FACES),
      fc.string({ unit: 'grapheme-ascii' }),
      fc.integer({ min: 1, max: 300 }),
      (face, text, size) => {
        const letters = [...text].reduce((sum, letter) => sum + widthOf(letter, size, face), 0);
        expect(widthOf(text, size, face)).toBeCloseTo(letters, 6);
        expect(widthOf(text, 2 * size, face)).toBeCloseTo(2 * letters, 6);
      },
    ),
  );
});
