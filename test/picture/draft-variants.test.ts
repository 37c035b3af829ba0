import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placingOf, type Sides } from '../../src/picture/hash-picture.js';
import type { HashedVariant, VariantGeometry } from '../../src/variant.js';

/** Of a picture that is displayed as it is stored. */
const asDrafts = (variants: Iterable<HashedVariant>, draft: Sides, full: Sides) =>
  [...variants].map(placingOf(draft, full, { displayed: 1, hashed: 1 }).placed);

const hash = { algorithm: 'pdq', bytes: new Uint8Array(32) } as const;

/** The geometry of a variant of a draft of 1008 x 756, in pixels of a picture of 4032 x 3024. */
function enlarged(geometry: VariantGeometry) {
  function* one(): Generator<HashedVariant> {
    yield { name: 'uncrop', hash, geometry };
  }
  const drafts = asDrafts(one(), { width: 1008, height: 756 }, { width: 4032, height: 3024 });
  return [...drafts][0]!.geometry;
}

test('a part, a tilted part and a turned one lie in the full picture', () => {
  const rectangle = { left: 10, top: -3, width: 100, height: 200 };
  const large = { left: 40, top: -12, width: 400, height: 800 };
  expect(enlarged({ rectangle })).toEqual({ rectangle: large });
  expect(enlarged({ rectangle, angle: 3, dihedral: 'flipY' })).toEqual({
    rectangle: large,
    angle: 3,
    dihedral: 'flipY',
  });
  const corners = [
    [1, 2],
    [3.5, 2],
    [3, 4],
    [1, 4.25],
  ] as const;
  expect(enlarged({ rectangle, corners })?.corners).toEqual([
    [4, 8],
    [14, 8],
    [12, 16],
    [4, 17],
  ]);
});

test('the whole draft becomes the whole picture, and adjacent parts stay adjacent', () => {
  const sides = fc.record({
    width: fc.integer({ min: 1, max: 3000 }),
    height: fc.integer({ min: 1, max: 3000 }),
  });
  fc.assert(
    fc.property(sides, fc.integer({ min: 2, max: 30 }), fc.nat(), (full, share, cut) => {
      const drawn = {
        width: Math.ceil(full.width / share),
        height: Math.ceil(full.height / share),
      };
      const at = cut % (drawn.width + 1);
      const { height } = drawn;
      const parts = [
        { left: 0, top: 0, width: at, height },
        { left: at, top: 0, width: drawn.width - at, height },
      ];
      function* variants(): Generator<HashedVariant> {
        yield { name: 'box', hash, geometry: { rectangle: { left: 0, top: 0, ...drawn } } };
        for (const rectangle of parts) yield { name: 'box', hash, geometry: { rectangle } };
      }
      const [whole, left, right] = [...asDrafts(variants(), drawn, full)];
      expect(whole!.geometry!.rectangle).toEqual({ left: 0, top: 0, ...full });
      const [a, b] = [left!.geometry!.rectangle, right!.geometry!.rectangle];
      expect(a.left + a.width).toBe(b.left);
      expect(a.width + b.width).toBe(full.width);
    }),
  );
});

test('sides are as displayed; places are as hashed', () => {
  const rectangle = { left: 0, top: 100, width: 300, height: 100 };
  const variant = { name: 'box', hash, geometry: { rectangle } } as const;
  const draft = { width: 200, height: 300 };
  const full = { width: 800, height: 1500 };
  const displayed = placingOf(draft, full, { displayed: 6, hashed: 6 });
  expect(displayed).toMatchObject({ width: 1500, height: 800 });
  const { geometry } = displayed.placed(variant);
  expect(geometry?.rectangle).toEqual({ left: 0, top: 400, width: 1500, height: 400 });
  const stored = placingOf(draft, full, { displayed: 6, hashed: 1 });
  expect(stored).toMatchObject({ width: 1500, height: 800 });
  const { geometry: place } = stored.placed(variant);
  expect(place?.rectangle).toEqual({ left: 0, top: 500, width: 1200, height: 500 });
});

test('every variant is marked', () => {
  const sides = { width: 5, height: 5 };
  const [draft] = asDrafts([{ name: 'original', hash }], sides, sides);
  expect(draft).toEqual({
    name: 'original',
    hash: { ...hash, decoding: 'draft' },
    decoding: 'draft',
  });
});
