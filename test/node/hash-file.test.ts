import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { distance, hashFromHex, hashToHex } from '../../src/hash.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import { rankedPdq } from '../../src/hashing/pdq-ranks.js';
import { decode } from '../../src/node/decode/decode.js';
import { decoders } from '../../src/node/decode/decoders.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { onBackdrop } from '../../src/variants/forms.js';
import {
  hostileFixtures,
  imageFixtures,
  imagePath,
  type PhotoFixture,
  photoFixtures,
  photoPath,
} from './fixtures.js';

/** Pictures that are decoded and not yet hashed to the end, and the most of them at a time. */
const held = vi.hoisted(() => ({ now: 0, most: 0 }));
vi.mock('../../src/picture/hash-picture.js', async (original) => {
  const module = await original<typeof import('../../src/picture/hash-picture.js')>();
  const variantsOfPicture: typeof module.variantsOfPicture = async (picture, options) => {
    held.most = Math.max(held.most, ++held.now);
    const { variants, ...sides } = await module.variantsOfPicture(picture, options);
    function* counted() {
      try {
        yield* variants;
      } finally {
        held.now--;
      }
    }
    return { ...sides, variants: counted() };
  };
  return { ...module, variantsOfPicture };
});

const hexOf = async (file: string) => hashToHex((await hashFile(imagePath(file))).hash);

test('a photo has a hash, a quality, a size, and no variants of its own', async () => {
  const { hash, quality, width, height, variants } = await hashFile(
    photoPath('acanthus-mollis.jpg'),
  );
  const wanted = photoFixtures.find(({ file }) => file === 'acanthus-mollis.jpg')!;
  expect(hashToHex(hash)).toBe(wanted.pdq);
  expect([quality, width, height]).toEqual([wanted.quality, 790, 1024]);
  expect(variants).toEqual([]);
});

/**
 * Compares hash, quality and dihedral hashes of an encoded picture with the reference, in both size
 * conventions.
 */
async function agrees(path: string, wanted: PhotoFixture, { hashWithin = 0, quality = true } = {}) {
  const { pixels } = await decode(readFileSync(path));
  for (const resample of [512, 'none'] as const) {
    const reference = resample === 512 ? wanted : wanted.fullRes;
    const image = await hashFile(path, { orientation: 'stored', resample });
    expect(image.variants).toEqual([]);
    const bits = distance(image.hash, hashFromHex('pdq', reference.pdq));
    expect(bits, `${resample}`).toBeLessThanOrEqual(hashWithin);
    if (quality) expect(image.quality, `${resample}`).toBe(reference.quality);
    expect(image.resample).toBe(resample);
    if (hashWithin > 0) continue;
    const { hashes } = pdqDihedral(pixels, { resample });
    expect(Object.values(hashes).map(hashToHex), `${resample}`).toEqual(reference.dihedral);
    const exact = await hashFile(path, { orientation: 'stored', resample, exact: true });
    expect(hashToHex(exact.hash), `${resample}, exact`).toBe(reference.pdq);
  }
}

describe('fixtures/photos: the results of the reference, in both size conventions', () => {
  test.each(photoFixtures)('$file', (wanted) => agrees(photoPath(wanted.file), wanted));
});

const REFERENCE_DATA = process.env.PDQ_REFERENCE_DATA;
const vectors = REFERENCE_DATA ? join(REFERENCE_DATA, 'vectors.json') : '';
if (REFERENCE_DATA && existsSync(vectors)) {
  describe("the reference's own images: its results, in both size conventions", () => {
    const images: PhotoFixture[] = JSON.parse(readFileSync(vectors, 'utf8'));
    test.each(images)('$file', (wanted) =>
      agrees(join(REFERENCE_DATA, 'images', wanted.file), wanted, {
        // The conversion of CMYK depends on the decoder.
        hashWithin: /cmyk/i.test(wanted.file) ? 10 : 0,
        // The reference reads the 1-bit samples as 0 and 1 and finds no gradient: quality 0. Ours
        // are 0 and 255.
        quality: !wanted.file.endsWith('modes/1.png'),
      }),
    );
  });
} else {
  test.skip("the reference's own images (PDQ_REFERENCE_DATA does not name their folder)", () => {});
}

describe('EXIF orientation', () => {
  test.each(['jpg', 'webp', 'png', 'tiff'])(
    'eight ways to store a %s are one picture',
    async (kind) => {
      const upright = await hexOf(`orientation-1.${kind}`);
      for (let orientation = 1; orientation <= 8; orientation++) {
        const path = imagePath(`orientation-${orientation}.${kind}`);
        const image = await hashFile(path);
        expect(hashToHex(image.hash), `${orientation}`).toBe(upright);
        expect([image.width, image.height], `${orientation}`).toEqual([96, 64]);
        const { pixels } = await decode(readFileSync(path));
        const stored = rankedPdq(pixels);
        const wanted = orientation === 1 ? [] : [{ name: 'stored', ...stored }];
        expect(image.variants, `${orientation}`).toEqual(wanted);
        if (orientation !== 1) expect(hashToHex(stored.hash)).not.toBe(upright);
        const alone = await hashFile(path, { orientation: 'stored' });
        expect(alone, `${orientation}`).toEqual({ ...stored, variants: [], width: 96, height: 64 });
      }
    },
  );

  test('an AVIF turned and mirrored by its own properties is the same picture', async () => {
    const upright = await hexOf('palette.png');
    for (const file of ['turned.avif', 'mirrored.avif', 'orientation-1.png']) {
      const { hash, width, height, variants } = await hashFile(imagePath(file));
      expect([hashToHex(hash), width, height, variants]).toEqual([upright, 96, 64, []]);
    }
  });
});

describe('alpha', () => {
  test.each(['cut-out.png', 'cut-out-grey.png', 'cut-out.webp', 'cut-out.tiff', 'cut-out.avif'])(
    'is dropped from %s, which is also hashed on white and on black',
    async (file) => {
      const opaque = file === 'cut-out-grey.png' ? 'grey.png' : 'rgb.png';
      const { hash, variants } = await hashFile(imagePath(file));
      expect(hashToHex(hash)).toBe(await hexOf(opaque));
      const { pixels } = await decode(readFileSync(imagePath(file)));
      expect(variants).toEqual([
        { name: 'onWhite', ...rankedPdq(onBackdrop(pixels, 255)) },
        { name: 'onBlack', ...rankedPdq(onBackdrop(pixels, 0)) },
      ]);
      expect(distance(variants[0]!.hash, variants[1]!.hash)).toBeGreaterThan(20);
    },
  );

  test('of 255 everywhere adds nothing', async () => {
    const { hash, variants } = await hashFile(imagePath('opaque-alpha.png'));
    expect([hashToHex(hash), variants]).toEqual([await hexOf('rgb.png'), []]);
  });

  test('of a turned picture: as stored and as displayed, each with hidden colours and without', async () => {
    const upright = await hashFile(imagePath('cut-out.png'));
    const turned = await hashFile(imagePath('cut-out-turned.png'));
    expect(turned.variants.map(({ name, look }) => look ?? name)).toEqual([
      ...['stored', 'onWhite', 'onBlack'],
      ...['onWhite', 'onBlack'],
    ]);
    expect({ ...turned, variants: turned.variants.slice(1, 3) }).toEqual(upright);
    const { pixels } = await decode(readFileSync(imagePath('cut-out-turned.png')));
    expect(turned.variants.slice(3)).toEqual([
      { name: 'stored', look: 'onWhite', ...rankedPdq(onBackdrop(pixels, 255)) },
      { name: 'stored', look: 'onBlack', ...rankedPdq(onBackdrop(pixels, 0)) },
    ]);
  });

  test('and orientation add nothing if no variants are requested', async () => {
    const { variants } = await hashFile(imagePath('cut-out-turned.png'), { variants: 'none' });
    expect(variants).toEqual([]);
  });
});

describe('lossy files are near the picture they were made from', () => {
  test.each(imageFixtures.filter(({ near }) => near))('$file', async ({ file, near }) => {
    const image = await hashFile(imagePath(file));
    const original = await hashFile(imagePath(near!));
    expect(distance(image.hash, original.hash)).toBeLessThanOrEqual(10);
  });
});

test('the first page or frame is hashed', async () => {
  for (const file of ['animated.gif', 'animated.webp', 'two-pages.tiff', 'still.gif']) {
    expect(await hexOf(file), file).toBe(await hexOf('palette.png'));
  }
});

test('a path, bytes and streams give the same hash', async () => {
  const path = imagePath('cut-out-turned.png');
  const bytes = readFileSync(path);
  const wanted = await hashFile(path);
  for (const source of [bytes, createReadStream(path), new Blob([bytes]).stream()]) {
    expect(await hashFile(source)).toEqual(wanted);
  }
});

test('of many pictures at once, few are in memory at a time', async () => {
  const { threads } = await decoders();
  const bytes = readFileSync(photoPath('acanthus-mollis.jpg'));
  held.most = 0;
  const options = { variants: 'dihedral' } as const;
  await Promise.all(Array.from({ length: 30 }, () => hashFile(bytes, options)));
  expect(held).toEqual({ now: 0, most: expect.any(Number) });
  expect(held.most).toBeLessThanOrEqual(threads + 1);
});

test('every algorithm, with the requested bits', async () => {
  const path = photoPath('locomotion-house-cat-w301.jpg');
  for (const algorithm of ['blockhash', 'phash', 'dhash', 'ahash'] as const) {
    for (const bits of [64, 256] as const) {
      const { hash, quality } = await hashFile(path, { algorithm, bits });
      expect([hash.algorithm, hash.bytes.length * 8, quality]).toEqual([
        algorithm,
        bits,
        undefined,
      ]);
    }
  }
});

test.each(hostileFixtures)('$file is refused as $error', async ({ file, error }) => {
  await expect(hashFile(imagePath(file))).rejects.toMatchObject({
    name: 'DecodeError',
    code: error,
  });
});

test('a missing file is unreadable, and the message does not name it', async () => {
  const error = await hashFile(imagePath('absent.png')).catch((error) => error);
  expect(error).toBeInstanceOf(DecodeError);
  expect(error.code).toBe('unreadable');
  expect(error.message).not.toContain('absent');
});

test('an abort rejects with its reason', async () => {
  const controller = new AbortController();
  const work = hashFile(photoPath('acanthus-mollis.jpg'), { signal: controller.signal });
  controller.abort('enough');
  await expect(work).rejects.toBe('enough');
});

test('an invalid option is the mistake of the caller, found before the file is read', async () => {
  const path = imagePath('absent.png');
  for (const wrong of [
    { orientation: 'upright' },
    { variants: 'all' },
    { bits: 64 },
    { resample: 256 },
    { maxPixels: -1 },
  ]) {
    await expect(hashFile(path, wrong as never)).rejects.toThrow(RangeError);
  }
  await expect(hashFile(path, { algorithm: 'md5' as never })).rejects.toThrow(RangeError);
});

test('the timeout includes reading, and an abandoned stream is closed', async () => {
  async function* stuck() {
    yield readFileSync(imagePath('rgb.png')).subarray(0, 20);
    await setTimeout(60_000, undefined, { ref: false });
  }
  const stream = Readable.from(stuck());
  const hashing = hashFile(stream, { timeoutSeconds: 0.05 });
  await expect(hashing).rejects.toMatchObject({ code: 'timeout' });
  expect(stream.destroyed).toBe(true);
});
