import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Metadata } from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { DecodeError } from '../../src/errors.js';
import { edited, type ImageHeader } from '../../src/formats/image-format.js';
import { readHeader } from '../../src/formats/read-header.js';
import { decode } from '../../src/node/decode/decode.js';
import { FILES, HEIC_FILES } from '../browser/node-hash.js';
import { hostileFixtures, imagePath } from '../node/fixtures.js';
import { mutant } from '../pictures/mutant.js';
import { ROOT } from '../project/package.js';
import { runs } from '../seed.js';

const read = (file: string) => new Uint8Array(readFileSync(join(ROOT, file)));

/** The header, or why there is none. The bytes stay unchanged. */
async function headerOf(
  bytes: Uint8Array,
  maxPixels = Number.POSITIVE_INFINITY,
): Promise<ImageHeader | string> {
  const before = bytes.slice();
  const header = await readHeader(bytes, maxPixels).catch((error) => {
    if (!(error instanceof DecodeError)) throw error;
    return error.code;
  });
  if (Buffer.compare(before, bytes) !== 0) throw new Error('the bytes have changed');
  return header;
}

/** The same, but `corrupt` for a truncated file: what a browser decodes. */
async function wholeHeaderOf(bytes: Uint8Array): Promise<ImageHeader | string> {
  const header = await headerOf(bytes);
  return typeof header === 'string' || header.whole ? header : 'corrupt';
}

/** What sharp reads of a file, without a limit. */
const toldOf = (bytes: Uint8Array, failOn: 'warning' | 'none') =>
  sharp(bytes, { failOn, limitInputPixels: false })
    .metadata()
    .catch(() => undefined);

/** Whether a header has the sides and the orientation that sharp reads. */
function agree({ format, width, height, orientation }: ImageHeader, told: Metadata): boolean {
  // sharp turns AVIF itself.
  const sides = format === 'avif' && orientation > 4 ? [height, width] : [width, height];
  const turned = format === 'avif' ? 1 : orientation;
  return [told.width, told.height, told.orientation ?? 1].join() === [...sides, turned].join();
}

describe('sides, orientation, alpha and frames are those that sharp reads', () => {
  test.each(FILES)('%s', async (file) => {
    const bytes = read(file);
    const header = await wholeHeaderOf(bytes);
    if (typeof header === 'string') {
      // There is no header only if there is no picture.
      const refused = await decode(bytes).then(
        () => 'decoded',
        ({ code }: DecodeError) => code,
      );
      expect(header === 'not-a-picture' ? [header, 'empty'] : [header]).toContain(refused);
      return;
    }
    const told = await toldOf(bytes, 'warning');
    if (told === undefined) {
      // libheif refuses its size.
      expect(header.width * header.height).toBeGreaterThan(2 ** 26);
      return;
    }
    expect(agree(header, told)).toBe(true);
    if (told.hasAlpha) expect(header.alpha).toBe(true);
    expect(header.frames ?? 1).toBe(told.pages ?? 1);
  });
});

test('a HEIC has the sides that libheif decodes', async () => {
  const files = HEIC_FILES.filter((file) => !/half|bomb/.test(file));
  for (const file of files) {
    const header = (await headerOf(read(file))) as ImageHeader;
    // Made by libheif (fixtures/README.md), turned as the file declares.
    const [width, height] = /photo|turned|mirrored|grid/.test(file) ? [301, 150] : [96, 64];
    expect([file, header.width, header.height]).toEqual([file, width, height]);
    expect([header.orientation, header.exif]).toEqual([1, false]);
  }
  expect(files.length).toBeGreaterThan(6);
});

test('the header reports more pixels than allowed', async () => {
  const bytes = read('fixtures/images/rgb.png');
  expect(await headerOf(bytes, 96 * 64)).toMatchObject({ width: 96, height: 64 });
  expect(await headerOf(bytes, 96 * 64 - 1)).toBe('too-many-pixels');
});

test('a side has a bound of its own, however few pixels there are', async () => {
  const wide = (width: number, height: number) => {
    const bytes = Buffer.from(read('fixtures/images/rgb.png'));
    // IHDR begins after the signature, its length and its name.
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    return bytes;
  };
  expect(await headerOf(wide(65_536, 1), 2 ** 26)).toMatchObject({ width: 65_536, height: 1 });
  expect(await headerOf(wide(65_537, 1), 2 ** 26)).toBe('too-many-pixels');
  expect(await headerOf(wide(1, 64_000_000), 2 ** 26)).toBe('too-many-pixels');
  expect(await headerOf(wide(65_535, 1), 65_535)).toMatchObject({ width: 65_535 });
  expect(await headerOf(wide(2 ** 17, 1), 2 ** 27)).toMatchObject({ width: 2 ** 17 });
});

/**
 * The same sides and orientation as sharp, or both refuse. sharp refuses a file if it has no
 * metadata, or if its decoder gives no pixels: then `decode` in Node fails, whatever the header
 * says. The header refuses a file by throwing: then neither Node nor a browser decodes it.
 */
test('damaged headers are read as sharp reads them, or both refuse', async () => {
  const names = FILES.filter((file) => /\.(jpg|png|webp|gif|tiff|avif)$/.test(file));
  const seeds = names
    .map((file) => ({ file, bytes: read(file) }))
    .filter(({ bytes }) => bytes.length > 100 && bytes.length < 30_000);
  const next = random(20260802);
  const counts = { agreed: 0, refused: 0, decoded: 0, unfinished: 0 };
  const one = async (file: string, bytes: Uint8Array, failOn: 'warning' | 'none') => {
    const header = await headerOf(bytes);
    // The format is another one, or unknown.
    if (header === 'unsupported' || header === 'not-a-picture') return counts.refused++;
    const told = await toldOf(bytes, failOn);
    if (told === undefined) return counts.refused++;
    if (typeof header !== 'string' && agree(header, told)) {
      counts.agreed++;
      if (header.whole || failOn === 'none') return;
      // A browser refuses it. So does sharp, except for a PNG without IEND and the like.
      if (await decodes(bytes, failOn)) counts.unfinished++;
      return;
    }
    const decoded = await decodes(bytes, failOn);
    expect(decoded, `${file}: ${JSON.stringify([header, told])}`).toBe(false);
    return counts.refused++;
  };
  const count = 8 * runs(1250);
  for (let i = 0; i < count; i += 8) {
    const batch = Array.from({ length: 8 }, (_, k) => seeds[(i + k) % seeds.length]!);
    await Promise.all(
      batch.map(({ file, bytes }, k) =>
        one(file, mutant(bytes, next, [64, 200, 600]), k & 1 ? 'none' : 'warning'),
      ),
    );
  }
  expect(counts.agreed + counts.refused).toBe(count);
  // The mutants are neither all harmless nor all hopeless.
  expect(counts.agreed).toBeGreaterThan(count / 4);
  expect(counts.refused).toBeGreaterThan(count / 4);
  expect(counts.unfinished).toBeLessThan(20);
});

/** Whether sharp gives pixels. */
const decodes = (bytes: Uint8Array, failOn: 'warning' | 'none') =>
  sharp(bytes, { failOn, limitInputPixels: 2 ** 24 })
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    );

describe('removing metadata keeps every pixel', () => {
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

test('a file truncated anywhere is corrupt', async () => {
  for (const file of ['baseline.jpg', 'progressive.jpg', 'rgb.png', 'lossy.webp', 'still.gif']) {
    const whole = read(`fixtures/images/${file}`);
    const step = Math.max(1, Math.floor(whole.length / 97));
    for (let length = 24; length < whole.length - 2; length += step) {
      expect(await wholeHeaderOf(whole.slice(0, length)), `${file} at ${length}`).toBe('corrupt');
    }
  }
});

test('5000 damaged files have a header or are refused, at once', async () => {
  const seeds = [...FILES, ...HEIC_FILES]
    .map(read)
    .filter((bytes) => bytes.length > 0 && bytes.length < 30_000);
  const next = random(20260801);
  for (let i = 0; i < 5000; i++) {
    const bytes = mutant(seeds[i % seeds.length]!, next, [64, 600, Number.POSITIVE_INFINITY]);
    const header = await headerOf(bytes);
    if (typeof header === 'string') {
      expect(['unsupported', 'not-a-picture', 'corrupt']).toContain(header);
    } else expect(edited(bytes, header.edits).length).toBeLessThanOrEqual(bytes.length);
  }
});
