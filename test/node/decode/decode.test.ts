import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { type DecodeOptions, decode } from '../../../src/node/decode/decode.js';
import { decoders } from '../../../src/node/decode/decoders.js';
import {
  hostileFixtures,
  imageFixtures,
  imagePath,
  photoFixtures,
  photoPath,
  planes,
  sha256,
} from '../fixtures.js';

const read = (file: string) => readFileSync(imagePath(file));

/** The DecodeError that decoding rejects with. */
async function errorOf(bytes: Uint8Array, options?: DecodeOptions): Promise<DecodeError> {
  const error = await decode(bytes, options).then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(DecodeError);
  return error;
}

test('gives the pixels, the format and the orientation', async () => {
  const { pixels, orientation, format } = await decode(read('orientation-6.jpg'));
  expect([pixels.width, pixels.height, pixels.channels]).toEqual([64, 96, 3]);
  expect([orientation, format]).toEqual([6, 'jpeg']);
});

describe('fixtures/images: the pixels that were encoded', () => {
  test.each(imageFixtures)('$file', async (wanted) => {
    const { pixels, orientation } = await decode(read(wanted.file));
    const { samples, colours, alpha } = planes(pixels);
    expect(orientation).toBe(wanted.orientation ?? 1);
    // Lossy AVIF and CMYK depend on the decoder, so their hashes are compared instead.
    if (wanted.pixelsSha256 === undefined) return;
    expect([pixels.width, pixels.height, samples]).toEqual([
      wanted.width,
      wanted.height,
      wanted.samples,
    ]);
    expect(sha256(colours)).toBe(wanted.pixelsSha256);
    expect(alpha && sha256(alpha)).toBe(wanted.alphaSha256);
  });
});

test.each(photoFixtures)("fixtures/photos: $file has the reference's pixels", async (wanted) => {
  const { pixels } = await decode(readFileSync(photoPath(wanted.file)));
  expect([pixels.width, pixels.height, pixels.channels]).toEqual([
    wanted.width,
    wanted.height,
    wanted.channels,
  ]);
  expect(sha256(pixels.data)).toBe(wanted.pixelsSha256);
});

describe('files that must not be decoded', () => {
  test.each(hostileFixtures)('$file: $error', async ({ file, error: code, lenient }) => {
    const error = await errorOf(read(file));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[a-z][^\n]{10,120}$/i);
    if (lenient) {
      const { pixels } = await decode(read(file), { lenient: true });
      expect([pixels.width, pixels.height]).toEqual([96, 64]);
    }
  });

  test('SVG behind the magic number of another format is not decoded', async () => {
    const svg = Buffer.from('GIF89a<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    expect((await errorOf(svg)).code).toBe('corrupt');
  });
});

test('16-bit greys are read by their high byte, with alpha and without', async () => {
  const raw = { width: 256, height: 256, channels: 2, premultiplied: false } as const;
  const samples = Uint16Array.from({ length: 131_072 }, (_, i) => (i & 1 ? 40_000 : i >> 1));
  const withAlpha = sharp(samples, { raw }).toColourspace('grey16');
  const without = sharp(
    samples.filter((_, i) => i % 2 === 0),
    { raw: { ...raw, channels: 1 } },
  );
  for (const [picture, channels] of [
    [withAlpha, 2],
    [without.toColourspace('grey16'), 1],
  ] as const) {
    const { pixels } = await decode(await picture.png().toBuffer());
    expect(pixels.channels).toBe(channels);
    for (let i = 0; i < 65_536; i++) {
      if (pixels.data[i * channels] !== i >> 8) expect([i, pixels.data[i * channels]]).toEqual([]);
    }
  }
});

describe('limits', () => {
  test('maxPixels and maxBytes are inclusive', async () => {
    const bytes = read('rgb.png');
    expect((await errorOf(bytes, { maxPixels: 96 * 64 - 1 })).code).toBe('too-many-pixels');
    expect((await errorOf(bytes, { maxBytes: bytes.length - 1 })).code).toBe('too-many-bytes');
    const { pixels } = await decode(bytes, { maxPixels: 96 * 64, maxBytes: bytes.length });
    expect(pixels.width).toBe(96);
  });

  test('ends decoding that takes too long', async () => {
    const slow = await sharp({
      create: { width: 6000, height: 6000, channels: 3, background: 'teal' },
    })
      .jpeg({ progressive: true })
      .toBuffer();
    const error = await errorOf(slow, { timeoutSeconds: 0.002 });
    expect(error.code).toBe('timeout');
    expect(error.message).toContain('0.002 seconds');
  });

  test('as many are decoded at a time as there are threads; waiting for one is not decoding time', async () => {
    const { threads } = await decoders();
    // Work given up by earlier tests may still be ending.
    const busy = () => sharp.counters().process + sharp.counters().queue;
    while (busy() > 0) await setTimeout(5);
    let most = 0;
    const note = () => {
      most = Math.max(most, busy());
    };
    sharp.queue.on('change', note);
    await Promise.all(Array.from({ length: 50 }, () => decode(read('rgb.png'))));
    sharp.queue.off('change', note);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(threads);
  });

  test('an invalid limit is the mistake of the caller', async () => {
    const bytes = read('rgb.png');
    for (const wrong of [
      { maxPixels: 0 },
      { maxPixels: 1.5 },
      { maxPixels: Number.NaN },
      { maxBytes: 0 },
      { maxBytes: Number.NaN },
      { timeoutSeconds: 0 },
      { timeoutSeconds: -1 },
      { timeoutSeconds: 3601 },
    ]) {
      await expect(decode(bytes, wrong)).rejects.toThrow(RangeError);
    }
    await expect(decode('path' as never)).rejects.toThrow(TypeError);
  });
});

test('an abort rejects with its reason, before and during decoding', async () => {
  const bytes = read('rgb.png');
  await expect(decode(bytes, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  const controller = new AbortController();
  const many = Array.from({ length: 20 }, () => decode(bytes, { signal: controller.signal }));
  const reasons = Promise.allSettled(many);
  controller.abort('enough');
  for (const outcome of await reasons) {
    expect(outcome).toEqual({ status: 'rejected', reason: 'enough' });
  }
  // The places of those given up are free again.
  await expect(decode(bytes)).resolves.toBeDefined();
});

test('leaves the bytes unchanged, also in a view of a larger buffer', async () => {
  const bytes = read('baseline.jpg');
  const larger = Buffer.concat([Buffer.alloc(13, 1), bytes, Buffer.alloc(5, 2)]);
  const before = Buffer.from(larger);
  const { pixels } = await decode(
    new Uint8Array(larger.buffer, larger.byteOffset + 13, bytes.length),
  );
  expect(sha256(pixels.data)).toBe(sha256((await decode(bytes)).pixels.data));
  expect(Buffer.compare(larger, before)).toBe(0);
});

test('decoders() lists every format, and sharp with its version', async () => {
  const found = await decoders();
  expect(found.sharp).toBe(sharp.versions.sharp);
  expect(found.libvips).toBe(sharp.versions.vips);
  const readable = found.formats.filter((entry) => entry.readable).map(({ format }) => format);
  expect(readable).toEqual(expect.arrayContaining(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif']));
  // sharp does not read HEIC.
  expect(found.formats.at(-1)).toEqual({
    format: 'heic',
    readable: true,
    library: expect.stringMatching(/^heic-decode \d/),
  });
});
