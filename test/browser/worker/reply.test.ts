import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesIn,
  errorIn,
  pixelsIn,
  readbackIn,
  sidesIn,
  variantReader,
} from '../../../src/browser/worker/reply.js';
import { DecodeError } from '../../../src/errors.js';
import { ALGORITHMS } from '../../../src/hash.js';
import { hashPixels, type VariantOptions } from '../../../src/index.js';
import type { PictureOptions } from '../../../src/picture/options.js';
import {
  type HashedVariant,
  LIST_CROP_NAMES,
  VARIANT_NAMES,
  type VariantName,
} from '../../../src/variant.js';
import { MOST_INNER, MOST_LATER, MOST_OF_SHAPE } from '../../../src/variants/variant-profile.js';
import { runs } from '../../seed.js';

const WIDTH = 300;
const HEIGHT = 200;

/** A picture with a border, so that variants are parts of it, and one transparent corner. */
const pixels = (() => {
  const data = new Uint8ClampedArray(4 * WIDTH * HEIGHT).fill(255);
  for (let y = 40; y < HEIGHT - 40; y++) {
    for (let x = 40; x < WIDTH - 40; x++) {
      const at = 4 * (WIDTH * y + x);
      data[at] = (x * y) % 251;
      data[at + 1] = (x * x + y) % 241;
      data[at + 2] = (3 * x + y * y) % 239;
    }
  }
  data[3] = 0;
  return { data, width: WIDTH, height: HEIGHT };
})();

/** As the Worker gives them: without ranks. */
function variantsOf(options: VariantOptions = {}): HashedVariant[] {
  const { variants, ...original } = hashPixels(pixels, options);
  const all: HashedVariant[] = [{ name: 'original', ...original }, ...variants];
  return all.map(({ ranks: _, ...variant }) => variant);
}

/** What may be found several times in one picture, and all that `quick` may give. */
const QUICK_PARTS: VariantName[] = ['unletterbox', 'box', 'unturnCropped', 'uncrop'];
const PARTS: VariantName[] = [...QUICK_PARTS, 'unblurBars', 'rectangle', 'quadrilateral', 'unturn'];
const QUICK_NAMES: VariantName[] = [
  ...QUICK_PARTS,
  'stored',
  'onWhite',
  'onBlack',
  'flipY',
  'inverted',
];

const OPTIONS: Record<string, PictureOptions> = {
  'of the default profile': {},
  'of the default profile, with crops': { crops: true },
  'of the default profile, with crops and parts': { crops: true, parts: true },
  'of the default profile, with inner pictures': { inner: true },
  'of thorough, with inner pictures, crops and parts': {
    variants: 'thorough',
    inner: true,
    crops: true,
    parts: true,
  },
  'of the quick profile': { variants: 'quick' },
  'of the thorough profile': { variants: 'thorough' },
  'of the dihedral profile, in the other convention': { variants: 'dihedral', resample: 'none' },
  'of 64 bits': { algorithm: 'dhash', bits: 64, variants: 'thorough' },
};

/** What the page accepts of the answers of a Worker. */
function readAll(variants: readonly HashedVariant[], options: PictureOptions): HashedVariant[] {
  const read = variantReader(options);
  const given: HashedVariant[] = [];
  for (const variant of variants) {
    const copy = read({ variant });
    if (copy === undefined) return given;
    given.push(copy);
  }
  expect(read({ variant: undefined })).toBeUndefined();
  return given;
}

const refused = (code: () => unknown) => {
  try {
    code();
  } catch (error) {
    return error instanceof DecodeError && error.code === 'decoder-missing';
  }
  return false;
};

describe.each(Object.entries(OPTIONS))('hashes %s', (_, options) => {
  const variants = variantsOf(options);

  test('are passed on unchanged, as copies', () => {
    const copies = readAll(variants, options);
    expect(copies).toEqual(variants);
    expect(copies[0]!.hash.bytes).not.toBe(variants[0]!.hash.bytes);
    expect(variants.length).toBeGreaterThan(2);
  });

  test('are as requested or refused, whatever replaces a value or is added', () => {
    const own = variants.map(({ parts = 'none' }) => parts);
    const words = [...VARIANT_NAMES, ...ALGORITHMS, ...own, 'none'];
    const bytes = (options.bits ?? 256) / 8;
    let passed = 0;
    fc.assert(
      fc.property(changed(variants), (replies) => {
        let given: HashedVariant[];
        try {
          given = readAll(replies, options);
        } catch (error) {
          expect((error as DecodeError).code).toBe('decoder-missing');
          return;
        }
        passed++;
        expect(stringsIn(given).filter((text) => !words.includes(text))).toEqual([]);
        expect(given.length).toBeLessThanOrEqual(160);
        for (const { hash, quality } of given) {
          expect(hash.bytes.buffer.byteLength).toBe(bytes);
          expect([undefined, ...Array(101).keys()]).toContain(quality);
        }
      }),
      { numRuns: runs(2000) },
    );
    expect(passed).toBeGreaterThan(20);
  });
});

/** `value` with one of its members changed, removed or added, anywhere in it. */
function changed<T>(value: T): fc.Arbitrary<T> {
  const place = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
  const something = fc.oneof(
    fc.anything({ withTypedArray: true, withBigInt: true }),
    fc.constantFrom(...VARIANT_NAMES, ...ALGORITHMS, 512, 'none', 0, 100, 101, 0.5, 1e300),
    fc.uint8Array({ minLength: 30, maxLength: 34 }),
  );
  const kind = fc.constantFrom('changed', 'changed', 'new', 'gone');
  return fc.tuple(place, kind, something, fc.string()).map(([path, how, other, name]) => {
    const copy = structuredClone(value);
    let at = copy as Record<string, unknown>;
    for (const [i, step] of path.entries()) {
      const keys = Object.keys(at).filter(() => !ArrayBuffer.isView(at));
      const key = keys[step % keys.length] ?? name;
      const below = at[key];
      if (
        i < path.length - 1 &&
        typeof below === 'object' &&
        below !== null &&
        !ArrayBuffer.isView(below)
      ) {
        at = below as Record<string, unknown>;
        continue;
      }
      if (how === 'gone') delete at[key];
      else if (how === 'new') at[`${name}+`] = other;
      else at[key] = other;
      break;
    }
    return copy;
  });
}

/** Every string in a value, except the names of members. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(stringsIn);
}

test('corners are four points of two numbers, with nothing beside them', () => {
  const [original] = variantsOf() as [HashedVariant];
  const corners = [
    [1, 2],
    [30, 4],
    [28, 40],
    [3, 39.5],
  ];
  const read = (four: unknown) => {
    const reader = variantReader({ variants: 'thorough' });
    reader({ variant: original });
    const geometry = { rectangle: { left: 1, top: 2, width: 29, height: 38 }, corners: four };
    return reader({ variant: { ...original, name: 'quadrilateral', geometry } });
  };
  const copy = read(corners)!;
  expect(copy.geometry!.corners).toEqual(corners);
  expect(copy.geometry!.corners![0]).not.toBe(corners[0]);
  const [a, b, c, d] = corners;
  for (const four of [
    [a, b, c],
    [a, b, c, d, a],
    [a, b, c, [3]],
    [a, b, c, [3, 39.5, 1]],
    [a, b, c, [3, '39.5']],
    [a, b, c, [3, Number.NaN]],
    [a, b, c, { 0: 3, 1: 39.5, length: 2 }],
    Object.assign([a, b, c, d], { note: 'a picture' }),
    new Array(4),
    'four',
  ]) {
    expect(refused(() => read(four))).toBe(true);
  }
});

test('a hash in a larger buffer is passed on alone', () => {
  const [first] = variantsOf() as [HashedVariant];
  const large = new Uint8Array(100_000);
  large.set(first.hash.bytes, 500);
  const hash = { algorithm: 'pdq' as const, bytes: large.subarray(500, 532) };
  const copy = variantReader({})({ variant: { ...first, hash } });
  expect(copy).toEqual(first);
  expect(copy!.hash.bytes.buffer.byteLength).toBe(32);
});

test('the picture itself comes first, each name once, and nothing unrequested', () => {
  const [original, onWhite] = variantsOf();
  const windows = LIST_CROP_NAMES.map((name) => ({ ...onWhite!, name }));
  const believed = (variants: readonly (HashedVariant | undefined)[], options: PictureOptions) => {
    const read = variantReader(options);
    return !refused(() => variants.map((variant) => read({ variant })));
  };
  const both = [original, onWhite];
  expect(believed(both, {})).toBe(true);
  expect(believed([], {})).toBe(true);
  expect(believed([undefined], {})).toBe(false);
  expect(believed([onWhite], {})).toBe(false);
  expect(believed([...both, onWhite], {})).toBe(false);
  expect(believed([original, original], { variants: 'thorough' })).toBe(false);
  expect(believed(both, { variants: 'none' })).toBe(false);
  expect(believed(both, { orientation: 'stored' })).toBe(false);
  expect(believed([original, { ...onWhite!, name: 'flipX' }], {})).toBe(false);
  expect(believed([original, windows[0]], {})).toBe(false);
  const many = (count: number) => [original, ...Array(count).fill({ ...onWhite!, name: 'uncrop' })];
  expect(believed([original, ...windows], { crops: true })).toBe(true);
  expect(believed([original, ...windows, windows[3]], { crops: true })).toBe(false);
  const anywhere = Array(MOST_OF_SHAPE).fill(windows).flat();
  expect(believed([original, ...anywhere], { crops: 'anywhere' })).toBe(true);
  const quick = { variants: 'quick', crops: 'anywhere' } as const;
  expect(believed([...many(41), ...anywhere], quick)).toBe(true);
  expect(believed([...many(42), ...anywhere], quick)).toBe(false);
  expect(believed(many(159), { variants: 'thorough' })).toBe(true);
  expect(believed(many(160), { variants: 'thorough' })).toBe(false);
  expect(believed(many(21), { variants: 'quick' })).toBe(true);
  expect(believed(many(42), { variants: 'quick' })).toBe(false);
  expect(believed([...many(21), ...windows], { variants: 'quick', crops: true })).toBe(true);
  expect(believed([...many(42), ...windows], { variants: 'quick', crops: true })).toBe(false);
  expect(believed(many(1), { variants: 'quick', orientation: 'stored' })).toBe(false);
  const geometry = { rectangle: { left: 3, top: 5, width: 100, height: 80 } };
  const inner = { ...onWhite!, name: 'inner', geometry } as const;
  expect(believed([original, inner, inner], { inner: true })).toBe(true);
  expect(believed([original, inner], {})).toBe(false);
  const { geometry: _, ...nowhere } = inner;
  expect(believed([original, nowhere], { inner: true })).toBe(false);
  const inners = Array(MOST_INNER).fill(inner);
  expect(believed([...many(41), ...inners], { variants: 'quick', inner: true })).toBe(true);
  expect(believed([...many(42), ...inners], { variants: 'quick', inner: true })).toBe(false);
  const frames = Array.from({ length: MOST_LATER + 1 }, (_, frame) => {
    const { look: __, ...whole } = { ...onWhite!, name: 'frame' as const, frame };
    return whole;
  });
  const most = frames.slice(1);
  expect(believed([...many(41), ...inners, ...most], { variants: 'quick', inner: true })).toBe(
    true,
  );
  expect(believed([original, ...most], { variants: 'none', inner: true })).toBe(true);
  expect(believed([original, ...frames], { inner: true })).toBe(false);
  expect(believed([original, frames[1], frames[1]], { inner: true })).toBe(false);
  expect(believed([original, frames[1]], { variants: 'thorough' })).toBe(false);
  expect(believed(frames.slice(0, 1), { inner: true })).toBe(false);
  for (const frame of [undefined, -1, 0.5, 4000]) {
    expect(believed([original, { ...frames[0]!, frame: frame! }], { inner: true })).toBe(false);
  }
  expect(believed([original, { ...frames[0]!, geometry }], { inner: true })).toBe(false);
  expect(believed([original, { ...original!, frame: 1, name: 'stored' }], {})).toBe(false);
});

test.each(['quick', 'thorough'] as const)(
  '%s: a variant that is not searched for is refused',
  (variants) => {
    const [original] = variantsOf() as [HashedVariant];
    for (const name of VARIANT_NAMES) {
      const isWindow = (LIST_CROP_NAMES as readonly string[]).includes(name);
      const believes = (count: number, crops: boolean) => {
        const read = variantReader({ variants, crops });
        const replies = [original, ...Array(count).fill({ ...original, name })];
        return !refused(() => replies.map((variant) => read({ variant })));
      };
      // Other looks come from a decoder of Node alone, and digests from no decoder.
      const isOther = ['asShown', 'frame', 'otherReading', 'inner', 'file'].includes(name);
      const isKnown = variants === 'thorough' || QUICK_NAMES.includes(name);
      const mayBe = name !== 'original' && !isOther && isKnown;
      expect([name, believes(1, false)]).toEqual([name, mayBe && !isWindow]);
      expect([name, believes(1, true)]).toEqual([name, mayBe || isWindow]);
      expect([name, believes(2, true)]).toEqual([name, mayBe && PARTS.includes(name)]);
    }
  },
);

test('a form may come once for each look; looks are those of transparency', () => {
  const [original] = variantsOf() as [HashedVariant];
  const believed = (...looks: unknown[]) => {
    const read = variantReader({ variants: 'quick' });
    const replies = [original, ...looks.map((look) => ({ ...original, name: 'flipY', look }))];
    return !refused(() => replies.map((variant) => read({ variant })));
  };
  expect(believed('onWhite', 'onBlack')).toBe(true);
  expect(believed('onWhite', 'onWhite')).toBe(false);
  expect(believed('asShown')).toBe(false);
  expect(believed({ name: 'onWhite' })).toBe(false);
});

test('accepts only valid sides within the allowed pixels', () => {
  expect(sidesIn({ width: 3, height: 2 })).toEqual({ width: 3, height: 2 });
  expect(sidesIn({ width: 3, height: 2 }, 6)).toEqual({ width: 3, height: 2 });
  for (const sides of [
    { width: 3 },
    { width: 0, height: 2 },
    { width: 1.5, height: 2 },
    { width: '3', height: 2 },
    { width: 2 ** 26, height: 2 },
    { width: 3, height: 2, note: 'a picture' },
  ]) {
    expect(refused(() => sidesIn(sides))).toBe(true);
  }
  expect(refused(() => sidesIn({ width: 3, height: 2 }, 5))).toBe(true);
});

test('pixels fit their sides, are no larger than requested, and have their own memory', () => {
  const data = Uint8ClampedArray.from({ length: 4 * 3 * 2 }, (_, i) => i);
  const picture = { data, width: 3, height: 2, channels: 4 };
  expect(pixelsIn({ pixels: picture }, {})).toEqual(picture);
  const room = new Uint8ClampedArray(data.length + 4);
  room.set(data, 4);
  const alone = pixelsIn({ pixels: { ...picture, data: room.subarray(4) } }, {});
  expect(alone).toEqual(picture);
  expect(alone.data.buffer.byteLength).toBe(data.length);
  expect(refused(() => pixelsIn({ pixels: picture }, { longestSide: 2 }))).toBe(true);
  expect(refused(() => pixelsIn({ pixels: picture }, { maxPixels: 5 }))).toBe(true);
  expect(refused(() => pixelsIn({ pixels: { ...picture, width: 2 } }, {}))).toBe(true);
  expect(refused(() => pixelsIn({ pixels: { ...picture, name: 'x' } }, {}))).toBe(true);
});

test('accepts only known kinds of readback, bytes and errors', () => {
  expect(readbackIn({ readback: 'altered' })).toBe('altered');
  expect(bytesIn({ bitmapOf: Uint8Array.of(1) })).toEqual(Uint8Array.of(1));
  expect(errorIn({ error: { name: 'RangeError', message: 'm' } })).toBeInstanceOf(RangeError);
  const corrupt = errorIn({ error: { name: 'DecodeError', message: 'm', code: 'corrupt' } });
  expect(corrupt).toMatchObject({ name: 'DecodeError', code: 'corrupt', message: 'm' });
  for (const wrong of [
    () => readbackIn({ readback: 'a picture' }),
    () => bytesIn({ bitmapOf: 'a picture' }),
    () => errorIn({ error: { name: 'Error', message: 'a picture'.repeat(100) } }),
    () => errorIn({ error: { name: 'Error', message: 'm', code: 'a picture' } }),
    () => errorIn({ error: { name: 'Error', message: 'm', stack: 'a picture' } }),
    () => errorIn({ error: { name: 'Error', message: 'm', code: 'toString' } }),
    () => errorIn({ error: null }),
  ]) {
    expect(refused(wrong), String(wrong)).toBe(true);
  }
});
