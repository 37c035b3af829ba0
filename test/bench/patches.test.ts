import { expect, test } from 'vitest';
import { type Grey, patchesOf, patchForms, planeOf } from '../../bench/patches-blobs.js';
import { random } from '../../bench/workloads.js';
import { distance } from '../../src/hash.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';

/** Soft spots, each of a place, a sigma and a height, on grey. */
function spots(
  width: number,
  height: number,
  all: readonly (readonly [x: number, y: number, sigma: number, height: number])[],
): Grey {
  const data = new Float32Array(width * height).fill(120);
  for (const [x, y, sigma, peak] of all) {
    const across = Float64Array.from({ length: width }, (_, i) =>
      Math.exp(-((i - x) ** 2) / (2 * sigma * sigma)),
    );
    for (let row = 0; row < height; row++) {
      const down = peak * Math.exp(-((row - y) ** 2) / (2 * sigma * sigma));
      for (let i = 0; i < width; i++) data[row * width + i]! += down * across[i]!;
    }
  }
  return { data, width, height };
}

/** Many seeded spots. */
function scene(width: number, height: number): Grey {
  const next = random(3);
  const part = () => next() / 2 ** 32;
  return spots(
    width,
    height,
    Array.from({ length: 60 }, () => [
      part() * width,
      part() * height,
      (0.008 + 0.05 * part()) * width,
      160 * part() - 80,
    ]),
  );
}

test('a spot is found at its place and size, the strongest first', () => {
  const plane = spots(400, 300, [
    [100.3, 80.6, 8, 90],
    [290, 190, 17, -60],
  ]);
  const [first, second, ...others] = patchesOf(plane, 10);
  expect(Math.hypot(first!.x - 100.3, first!.y - 80.6)).toBeLessThan(1);
  expect(Math.abs(first!.sigma / 8 - 1)).toBeLessThan(0.15);
  expect(Math.hypot(second!.x - 290, second!.y - 190)).toBeLessThan(3);
  expect(Math.abs(second!.sigma / 17 - 1)).toBeLessThan(0.15);
  for (const { strength } of others) expect(strength).toBeLessThan(second!.strength);
});

test('a larger picture has the patches of a smaller one, at their places', () => {
  const whole = scene(480, 360);
  const listed = patchesOf(planeOf(whole, 320), 12);
  const query = patchesOf(whole, 60);
  expect(listed).toHaveLength(12);
  const scale = 480 / 320;
  const found = listed.filter(({ x, y, sigma, hash }) =>
    query.some(
      (other) =>
        Math.hypot(other.x - x * scale, other.y - y * scale) < sigma * scale &&
        Math.abs(Math.log2(other.sigma / sigma / scale)) < 0.4 &&
        distance(other.hash, hash) <= 72,
    ),
  );
  expect(found.length).toBeGreaterThanOrEqual(6);
});

test('the forms of a patch are those of its pixels, and the first is its hash', () => {
  const plane = scene(300, 300);
  const patches = patchesOf(plane, 5);
  const forms = patchForms(plane, 5);
  expect(forms.map(({ hashes }) => hashes[0])).toEqual(patches.map(({ hash }) => hash));
  for (const { hashes } of forms) expect(hashes).toHaveLength(8);
  expect(
    Object.keys(pdqDihedral({ data: new Uint8Array(64), width: 8, height: 8 }).hashes)[0],
  ).toBe('original');
});
