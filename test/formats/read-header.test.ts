import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { DecodeError } from '../../src/errors.js';
import { edited, type ImageHeader } from '../../src/formats/image-format.js';
import { readHeader } from '../../src/formats/read-header.js';
import { decode } from '../../src/node/decode.js';
import { FILES } from '../browser/node-hash.js';
import { hostileFixtures, imagePath } from '../node/fixtures.js';
import { ROOT } from '../package.js';

const read = (file: string) => new Uint8Array(readFileSync(join(ROOT, file)));

/** The header, or why a browser decodes nothing. */
async function headerOf(bytes: Uint8Array<ArrayBuffer>): Promise<ImageHeader | string> {
  try {
    const header = await readHeader(bytes);
    return header.whole ? header : 'corrupt';
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.code;
  }
}

describe('sides, orientation and alpha are those that sharp reads', () => {
  test.each(FILES.filter((file) => !/\.avif$/.test(file)))('%s', async (file) => {
    const header = await headerOf(read(file));
    const told = await sharp(join(ROOT, file), { limitInputPixels: false })
      .metadata()
      .catch(() => undefined);
    if (typeof header === 'string') {
      // No header only where there is no picture either.
      const refused = await decode(read(file)).then(
        () => 'decoded',
        ({ code }: DecodeError) => code,
      );
      expect(header === 'unsupported' ? [header, 'empty'] : [header]).toContain(refused);
      return;
    }
    if (told === undefined) {
      // sharp refuses its size.
      expect(header.width * header.height).toBeGreaterThan(2 ** 26);
      return;
    }
    expect([header.width, header.height]).toEqual([told.width, told.height]);
    expect(header.orientation).toBe(told.orientation ?? 1);
    if (told.hasAlpha) expect(header.alpha).toBe(true);
  });
});

describe('what is taken out is no pixel', () => {
  const refused = hostileFixtures.map(({ file }) => imagePath(file));
  const pictures = FILES.filter(
    (file) => /\.(jpg|png|webp)$/.test(file) && !refused.includes(join(ROOT, file)),
  );
  test.each(pictures)('%s', async (file) => {
    const before = await decode(read(file), { lenient: true });
    const bytes = read(file);
    const { edits } = (await headerOf(bytes)) as ImageHeader;
    const left = edited(bytes, edits);
    const after = await decode(left, { lenient: true });
    expect(after.orientation).toBe(1);
    expect(Buffer.from(after.pixels.data).equals(Buffer.from(before.pixels.data))).toBe(true);
    const { exif, icc, xmp, gainMap } = await sharp(left, { failOn: 'none' }).metadata();
    expect([exif, icc, xmp, gainMap]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test.each(['images/lossless.avif', 'heic/mosaic.heic'])(
  '%s is corrupt where it has no sides',
  async (file) => {
    const bytes = read(`fixtures/${file}`);
    bytes.set(Buffer.from('free'), Buffer.from(bytes).indexOf('ispe'));
    expect(await headerOf(bytes)).toBe('corrupt');
  },
);

test('a turn in an AVIF is taken out, and told', async () => {
  const turns = { 'turned.avif': 6, 'mirrored.avif': 2, 'lossless.avif': 1 };
  for (const [file, orientation] of Object.entries(turns)) {
    const bytes = read(`fixtures/images/${file}`);
    const header = (await headerOf(bytes)) as ImageHeader;
    expect([header.orientation, header.exif]).toEqual([orientation, false]);
    const { orientation: again } = (await headerOf(edited(bytes, header.edits))) as ImageHeader;
    expect(again).toBe(1);
  }
});

test('of several EXIF segments the first one counts, as for sharp', async () => {
  const segment = (bytes: Uint8Array) => {
    const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xe1);
    return { at, end: at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]! };
  };
  const upright = Buffer.from(read('fixtures/images/orientation-1.jpg'));
  const turned = read('fixtures/images/orientation-6.jpg');
  const { at, end } = segment(upright);
  const other = segment(turned);
  const two = Buffer.concat([
    upright.subarray(0, at),
    turned.subarray(other.at, other.end),
    upright.subarray(at, end),
    upright.subarray(end),
  ]);
  const header = (await headerOf(new Uint8Array(two))) as ImageHeader;
  expect(header.orientation).toBe(6);
  expect((await sharp(two).metadata()).orientation).toBe(6);
});

test('a file that breaks off is corrupt, wherever', async () => {
  for (const file of ['baseline.jpg', 'progressive.jpg', 'rgb.png', 'lossy.webp', 'still.gif']) {
    const whole = read(`fixtures/images/${file}`);
    const step = Math.max(1, Math.floor(whole.length / 97));
    for (let length = 24; length < whole.length - 2; length += step) {
      expect(await headerOf(whole.slice(0, length)), `${file} at ${length}`).toBe('corrupt');
    }
  }
});

test('5000 damaged files have a header or are corrupt, at once', async () => {
  const seeds = FILES.map(read).filter((bytes) => bytes.length > 0 && bytes.length < 30_000);
  const next = random(20260801);
  for (let i = 0; i < 5000; i++) {
    const bytes = seeds[i % seeds.length]!.slice();
    for (let n = 1 + (next() % 6); n > 0; n--) {
      const at = next() % (next() & 1 ? Math.min(64, bytes.length) : bytes.length);
      bytes[at] = [0, 1, 0x7f, 0xff, next() & 255][next() % 5]!;
    }
    const header = await headerOf(bytes);
    if (typeof header === 'string') expect(['unsupported', 'corrupt']).toContain(header);
    else expect(edited(bytes, header.edits).length).toBeLessThanOrEqual(bytes.length);
  }
});
