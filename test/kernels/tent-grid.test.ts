import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tentGrid, turnedTentGrid } from '../../src/kernels/tent-grid.js';
import { tentGrid as oracle } from '../oracles/tent-grid.js';

const WIDTH = 9;
const HEIGHT = 7;

/** Taps of a few samples: positions and weights for each. */
const tapsBelow = (length: number) =>
  fc.array(
    fc.array(fc.tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: -4, max: 4 })), {
      maxLength: 4,
    }),
    { minLength: 1, maxLength: 5 },
  );

const packed = (taps: [number, number][][]) => ({
  first: Int32Array.from([0, ...taps.map((_, i) => taps.slice(0, i + 1).flat().length)]),
  position: Int32Array.from(taps.flat(), ([position]) => position),
  weight: Float64Array.from(taps.flat(), ([, weight]) => weight),
});

const turned = (taps: [number, number][][]) => {
  const { first, position, weight } = packed(taps);
  return { first, position: Float64Array.from(position), weight };
};

const luma = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * i) % 251);
const plane = { luma, width: WIDTH, height: HEIGHT };

test('is the weighted sum over the taps of its row and column', () => {
  fc.assert(
    fc.property(tapsBelow(WIDTH), tapsBelow(HEIGHT), (across, down) => {
      const out = new Float64Array(across.length * down.length);
      tentGrid(plane, packed(across), packed(down), out);
      const naive = oracle((column, row) => luma[row * WIDTH + column]!, across, down);
      expect([...out]).toEqual(naive.map((value) => value + 0));
    }),
  );
});

// Cosine and sine: a quarter, a half, and an angle between.
test.each([
  [0, 1],
  [-1, 0],
  [0.6, 0.8],
])('turned by %d, %d it reads the nearest pixels, and the border outside', (cosine, sine) => {
  fc.assert(
    fc.property(tapsBelow(HEIGHT + 6), tapsBelow(WIDTH + 6), (across, down) => {
      const out = new Float64Array(across.length * down.length);
      const turn = { left: 2, top: -3, cosine, sine };
      turnedTentGrid(plane, turn, turned(across), turned(down), out);
      const pixel = (column: number, row: number) => {
        const nearX = Math.max(0, Math.min(column, WIDTH - 1));
        const nearY = Math.max(0, Math.min(row, HEIGHT - 1));
        return luma[nearY * WIDTH + nearX]!;
      };
      // Truncation rounds toward zero, as the kernel does; a tie is decided by the same sum.
      const naive = oracle(
        (a, b) =>
          pixel(
            Math.trunc(2 - b * sine + 0.5 + a * cosine),
            Math.trunc(-3 + b * cosine + 0.5 + a * sine),
          ),
        across,
        down,
      );
      for (const [i, value] of naive.entries()) expect(out[i]!).toBeCloseTo(value, 6);
    }),
  );
});
