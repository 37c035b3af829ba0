import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { distance } from '../../../src/hash.js';
import { decode } from '../../../src/node/decode/decode.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { variantPicture } from '../../../src/node/report/variant-picture.js';
import { photoPath, sha256 } from '../fixtures.js';
import { variantsOfFile } from '../variants-of-file.js';

const raw = { raw: { width: 3600, height: 2404, channels: 3 } } as const;
let pixels: Buffer;
const files: Record<string, Buffer> = {};

beforeAll(async () => {
  pixels = await sharp(photoPath('airplane-from-above.jpg'))
    .resize(raw.raw.width, raw.raw.height, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer();
  files.jpeg = await sharp(pixels, raw).jpeg({ quality: 85 }).toBuffer();
  files.progressive = await sharp(pixels, raw).jpeg({ progressive: true }).toBuffer();
  files.grey = await sharp(pixels, raw).greyscale().jpeg().toBuffer();
  files.webp = await sharp(pixels, raw).webp({ quality: 80, effort: 0 }).toBuffer();
  files.turned = await sharp(pixels, raw).withMetadata({ orientation: 6 }).jpeg().toBuffer();
});

describe('a large file', () => {
  test.each(['jpeg', 'progressive', 'grey', 'webp'])('%s: a draft at a third', async (kind) => {
    const draft = await decode(files[kind]!, { decoding: 'draft' });
    expect([draft.pixels.width, draft.pixels.height]).toEqual([1200, 802]);
    expect(draft.draftOf).toEqual({ width: 3600, height: 2404 });
    expect(draft.pixels.channels).toBe(kind === 'grey' ? 1 : 3);
    for (const resample of [512, 'none'] as const) {
      const full = await hashFile(files[kind]!, { resample });
      const { hash, decoding, width, height } = await hashFile(files[kind]!, {
        resample,
        decoding: 'draft',
      });
      expect(full.decoding).toBeUndefined();
      expect({ decoding, width, height }).toEqual({ decoding: 'draft', width: 3600, height: 2404 });
      expect(distance(hash, full.hash)).toBeLessThanOrEqual(10);
    }
  });

  test('its raster aligns with the full one, reduced by means', async () => {
    const { pixels: draft } = await decode(files.grey!, { decoding: 'draft' });
    const whole = await sharp(files.grey!).raw().toBuffer({ resolveWithObject: true });
    const { data } = await sharp(whole.data, { raw: whole.info })
      .resize(1200, 802, { fit: 'fill', kernel: 'linear' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const step = data.length / draft.data.length;
    let apart = 0;
    for (let i = 0; i < draft.data.length; i++) apart += Math.abs(draft.data[i]! - data[step * i]!);
    expect(apart / draft.data.length).toBeLessThan(1);
  });

  test('every variant is marked and placed in the full picture as displayed', async () => {
    const options = { variants: 'thorough', decoding: 'draft' } as const;
    const { width, height, decoding, variants } = await variantsOfFile(files.turned!, options);
    expect([width, height, decoding]).toEqual([2404, 3600, 'draft']);
    const all = [...variants];
    expect(all.length).toBeGreaterThan(20);
    expect(all.map(({ name }) => name)).toContain('stored');
    for (const variant of all) expect(variant.decoding).toBe('draft');
    expect(variants.looksCloser).toBe(true);
    const mirrored = all.find(({ name }) => name === 'flipY');
    expect(mirrored?.geometry?.rectangle).toEqual({ left: 0, top: 0, width: 2404, height: 3600 });
    // The same picture, drawn from either decoding.
    const drawn = await variantPicture(files.turned!, mirrored!, { decoding: 'draft' });
    const full = await variantPicture(files.turned!, mirrored!);
    expect(sha256(drawn)).toBe(sha256(full));
  });

  test('is decoded in full by default, and on request', async () => {
    for (const options of [{}, { decoding: 'full' }] as const) {
      const { pixels: whole, draftOf } = await decode(files.jpeg!, options);
      expect([whole.width, whole.height, draftOf]).toEqual([3600, 2404, undefined]);
      expect(await hashFile(files.jpeg!, options)).not.toHaveProperty('decoding');
    }
  });

  test('that breaks off is still refused', async () => {
    for (const kind of ['jpeg', 'progressive', 'webp']) {
      const half = files[kind]!.subarray(0, files[kind]!.length >> 1);
      const decoding = 'draft';
      await expect(decode(half, { decoding })).rejects.toMatchObject({ code: 'corrupt' });
      if (kind === 'webp') continue;
      const { pixels: some } = await decode(half, { decoding, lenient: true });
      expect([some.width, some.height]).toEqual([1200, 802]);
    }
  });
});

describe('is decoded in full, and not marked', () => {
  const same = async (bytes: Buffer) => {
    const draft = await decode(bytes, { decoding: 'draft' });
    const full = await decode(bytes);
    expect(draft.draftOf).toBeUndefined();
    expect(sha256(draft.pixels.data)).toBe(sha256(full.pixels.data));
    const { decoding } = await hashFile(bytes, { decoding: 'draft' });
    expect(decoding).toBeUndefined();
  };
  const sized = (width: number) => sharp(pixels, raw).resize(width, 1000, { fit: 'fill' });

  test('a JPEG under 3,000 pixels, a WebP under 2,000', async () => {
    await same(await sized(2999).jpeg().toBuffer());
    await same(await sized(1999).webp({ effort: 0 }).toBuffer());
    const { draftOf } = await decode(await sized(2000).webp({ effort: 0 }).toBuffer(), {
      decoding: 'draft',
    });
    expect(draftOf?.width).toBe(2000);
  });

  test('any file with alpha, whose hidden colours a smaller one would lose', async () => {
    await same(await sized(3000).ensureAlpha(0.5).webp({ effort: 0 }).toBuffer());
  });

  test('CMYK, PNG and TIFF', async () => {
    await same(await sized(3000).toColourspace('cmyk').jpeg().toBuffer());
    await same(await sized(3000).png({ compressionLevel: 1 }).toBuffer());
    await same(await sized(3000).tiff().toBuffer());
  });
});

describe('a long one', () => {
  const long = (width: number, height: number) =>
    sharp(pixels, raw).resize(width, height, { fit: 'fill' }).jpeg().toBuffer();

  test('keeps 500 pixels of its shorter side', async () => {
    const { pixels: draft } = await decode(await long(1600, 9000), { decoding: 'draft' });
    expect([draft.width, draft.height]).toEqual([534, 3000]);
  });

  test('is decoded in full where it has less, or the hash would move by dozens of bits', async () => {
    for (const [width, height] of [
      [15_000, 600],
      [1080, 6000],
      [4000, 1],
    ] as const) {
      const bytes = await long(width, height);
      const { hash, decoding } = await hashFile(bytes, { decoding: 'draft' });
      expect(decoding).toBeUndefined();
      expect(distance(hash, (await hashFile(bytes)).hash)).toBe(0);
    }
  });
});

test('an unknown decoding is the mistake of the caller', async () => {
  await expect(decode(files.jpeg!, { decoding: 'half' as never })).rejects.toThrow(RangeError);
  await expect(hashFile(files.jpeg!, { decoding: 1 as never })).rejects.toThrow(RangeError);
});
