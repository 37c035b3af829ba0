import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { type Hash, hashFromHex, hashToHex } from '../src/hash.js';
import type { Channels, Pixels } from '../src/pixels.js';
import { picture } from './pictures/pictures.js';

type Hashes = Record<string, string>;
interface Expected {
  seeded: (Hashes & { width: number; height: number; channels: Channels; offset: number })[];
  pdq: Hashes[];
  photos: Hashes[];
}

const FIXTURES = join(import.meta.dirname, '../fixtures');
const expected: Expected = JSON.parse(
  readFileSync(join(FIXTURES, 'imagehash/expected.json'), 'utf8'),
);

/** A binary PGM or PPM file without comments. */
function readPnm(path: string): Pixels {
  const file = readFileSync(path);
  const [header, magic, width, height] =
    /^(P[56])\s(\d+)\s(\d+)\s255\s/.exec(file.toString('latin1', 0, 40)) ?? [];
  if (header === undefined) throw new Error('expected a binary PGM or PPM file');
  return {
    data: new Uint8Array(file.subarray(header.length)),
    width: Number(width),
    height: Number(height),
    channels: magic === 'P5' ? 1 : 3,
  };
}

/** A photo whose decoded samples are checked to be those that were hashed. */
async function readPhoto({ file, sha256 }: Hashes): Promise<Pixels> {
  const { data, info } = await sharp(join(FIXTURES, 'photos', file!))
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
  return { data, width: info.width, height: info.height, channels: info.channels as Channels };
}

/**
 * The number of bits in which `hash` differs from the fixture, without those decided by rounding.
 */
function wrongBits(hash: Hash, hex: string, undecided?: string): number {
  const want = hashFromHex(hash.algorithm, hex).bytes;
  const free = undecided === undefined ? undefined : hashFromHex(hash.algorithm, undecided).bytes;
  let wrong = 0;
  for (let i = 0; i < want.length; i++) {
    let rest = (hash.bytes[i]! ^ want[i]!) & ~(free?.[i] ?? 0);
    for (; rest > 0; rest &= rest - 1) wrong++;
  }
  return wrong;
}

type HashFunction = (pixels: Pixels, options?: { bits?: 64 | 256 }) => { hash: Hash };

/** The tests of every hash of ImageHash: the fixtures' values, kinds of pixels, refusals. */
export function describeImageHash(name: 'phash' | 'dhash' | 'ahash', hashOf: HashFunction): void {
  const check = (pixels: Pixels, values: Hashes) => {
    for (const bits of [64, 256] as const) {
      const { hash } = hashOf(pixels, { bits });
      expect(hash.algorithm).toBe(name);
      const undecided = name === 'phash' ? values[`undecided${bits}`] : undefined;
      expect(wrongBits(hash, values[name + bits]!, undecided), `${bits} bits`).toBe(0);
    }
  };

  const pixelsFile = readFileSync(join(FIXTURES, 'imagehash/pixels.bin'));
  test.each(expected.seeded)('as ImageHash: $name $width x $height x $channels', (values) => {
    const { width, height, channels, offset } = values;
    const data = new Uint8Array(pixelsFile.subarray(offset, offset + width * height * channels));
    const before = data.slice();
    check({ data, width, height, channels }, values);
    expect(data).toEqual(before);
  });

  test.each(expected.pdq)('as ImageHash: $file', (values) => {
    check(readPnm(join(FIXTURES, 'pdq', values.file!)), values);
  });

  test.each(expected.photos)('as ImageHash: $file', async (values) => {
    const pixels = await readPhoto(values);
    check(pixels, values);
    // No photo has a coefficient at its median, so every bit counts.
    expect(values.undecided64 ?? values.undecided256).toBeUndefined();
  });

  test('64 bits by default', () => {
    const pixels = picture('noise', 50, 40);
    expect(hashOf(pixels).hash).toEqual(hashOf(pixels, { bits: 64 }).hash);
    expect(hashOf(pixels).hash.bytes).toHaveLength(8);
  });

  test('alpha is dropped, and grey is RGB of three equal channels', () => {
    const { data, width, height } = picture('transparent', 61, 43);
    const grey = new Uint8Array(width * height).map((_, i) => data[4 * i]!);
    const spread = (channels: Channels, alpha: (i: number) => number): Pixels => ({
      data: new Uint8Array(width * height * channels).map((_, at) => {
        const i = Math.floor(at / channels);
        return channels % 2 === 0 && at % channels === channels - 1 ? alpha(i) : grey[i]!;
      }),
      width,
      height,
      channels,
    });
    for (const bits of [64, 256] as const) {
      const want = hashToHex(
        hashOf(
          spread(1, () => 0),
          { bits },
        ).hash,
      );
      for (const channels of [2, 3, 4] as const) {
        for (const alpha of [() => 0, () => 255, (i: number) => i & 255]) {
          expect(hashToHex(hashOf(spread(channels, alpha), { bits }).hash)).toBe(want);
        }
      }
    }
  });

  test('refuses other widths, and pixels whose length contradicts their sides', () => {
    const pixels = picture('flat', 4, 4);
    expect(() => hashOf(pixels, { bits: 128 as never })).toThrow(RangeError);
    expect(() => hashOf({ ...pixels, width: 5 })).toThrow(RangeError);
    expect(() => hashOf({ ...pixels, height: 0 })).toThrow(RangeError);
    expect(() => hashOf({ ...pixels, data: [] as never })).toThrow(TypeError);
  });
}
