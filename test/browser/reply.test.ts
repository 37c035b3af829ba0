import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HashingOptions } from '../../src/browser/message.js';
import {
  bytesIn,
  errorIn,
  imageIn,
  pixelsIn,
  readbackIn,
  stageIn,
} from '../../src/browser/reply.js';
import { DecodeError } from '../../src/errors.js';
import { ALGORITHMS } from '../../src/hash.js';
import type { HashedFile } from '../../src/picture/hash-picture.js';
import { type HashedImage, VARIANT_NAMES } from '../../src/variant.js';
import { hashPixels } from '../../src/variants/index.js';

const WIDTH = 300;
const HEIGHT = 200;

/** A picture with a border, for variants that are a part of it; transparent in one corner. */
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

const imageOf = (image: HashedImage): HashedFile => ({ ...image, width: WIDTH, height: HEIGHT });
const OPTIONS: Record<string, HashingOptions> = {
  'of the default profile': {},
  'of the thorough profile': { variants: 'thorough' },
  'of the dihedral profile, in the other convention': { variants: 'dihedral', resample: 'none' },
  'of 64 bits': { algorithm: 'dhash', bits: 64, variants: 'thorough' },
};
const refused = (code: () => unknown) => {
  try {
    code();
  } catch (error) {
    return error instanceof DecodeError && error.code === 'decoder-missing';
  }
  return false;
};

describe.each(Object.entries(OPTIONS))('hashes %s', (_, options) => {
  const image = imageOf(hashPixels(pixels, options));

  test('are given on as they are, as a copy', () => {
    const copy = imageIn({ image }, options);
    expect(copy).toEqual(image);
    expect(copy.hash.bytes).not.toBe(image.hash.bytes);
    expect(image.variants.length).toBeGreaterThan(1);
  });

  test('are as asked for, or refused: whatever is put in the place of a value, or beside it', () => {
    const words = [...VARIANT_NAMES, ...ALGORITHMS, 'none'];
    const most = options.variants === 'thorough' ? 39 : 10;
    const bytes = (options.bits ?? 256) / 8;
    let passed = 0;
    fc.assert(
      fc.property(changed(image), (reply) => {
        let given: HashedFile;
        try {
          given = imageIn({ image: reply }, options);
        } catch (error) {
          expect((error as DecodeError).code).toBe('decoder-missing');
          return;
        }
        passed++;
        expect(stringsIn(given).filter((text) => !words.includes(text))).toEqual([]);
        expect(given.variants.length).toBeLessThanOrEqual(most);
        for (const { hash, quality } of [given, ...given.variants]) {
          expect(hash.bytes.buffer.byteLength).toBe(bytes);
          expect([undefined, ...Array(101).keys()]).toContain(quality);
        }
        expect(given.width * given.height).toBeLessThanOrEqual(2 ** 26);
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(passed).toBeGreaterThan(20);
  });
});

/** `value` with one of its members changed, gone or new, anywhere in it. */
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

/** Every string in a value, members' names apart. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(stringsIn);
}

test('a hash that is a view of more than itself comes alone', () => {
  const image = imageOf(hashPixels(pixels));
  const large = new Uint8Array(100_000);
  large.set(image.hash.bytes, 500);
  const hash = { algorithm: 'pdq' as const, bytes: large.subarray(500, 532) };
  const copy = imageIn({ image: { ...image, hash } }, {});
  expect(copy.hash).toEqual(image.hash);
  expect(copy.hash.bytes.buffer.byteLength).toBe(32);
});

test('a name comes once, and no variant where none was asked for', () => {
  const image = imageOf(hashPixels(pixels));
  const twice = { ...image, variants: [image.variants[0], image.variants[0]] };
  expect(refused(() => imageIn({ image: twice }, {}))).toBe(true);
  expect(refused(() => imageIn({ image }, { variants: 'none' }))).toBe(true);
  expect(refused(() => imageIn({ image }, { orientation: 'stored' }))).toBe(true);
  const mirrored = { ...image, variants: [{ ...image.variants[0], name: 'flipX' }] };
  expect(refused(() => imageIn({ image: mirrored }, {}))).toBe(true);
});

test('pixels are of their sides, no larger than asked for, and alone in their memory', () => {
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

test('progress, readback, bytes and errors are of a few kinds', () => {
  expect(stageIn({ stage: 'hashing' })).toBe('hashing');
  expect(readbackIn({ readback: 'altered' })).toBe('altered');
  expect(bytesIn({ bitmapOf: Uint8Array.of(1) })).toEqual(Uint8Array.of(1));
  expect(errorIn({ error: { name: 'RangeError', message: 'm' } })).toBeInstanceOf(RangeError);
  const corrupt = errorIn({ error: { name: 'DecodeError', message: 'm', code: 'corrupt' } });
  expect(corrupt).toMatchObject({ name: 'DecodeError', code: 'corrupt', message: 'm' });
  for (const wrong of [
    () => stageIn({ stage: 'a picture' }),
    () => stageIn({ stage: 'hashing', more: 'a picture' }),
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
