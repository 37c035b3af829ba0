import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { decode } from '../../src/browser/decode-png.js';
import { pngHeader } from '../../src/browser/png-header.js';
import { ROOT } from '../package.js';
import { type PngFile, png, rowLengths } from './png-file.js';

const FOLDER = join(ROOT, 'fixtures/images');
/** `half.png` breaks off, `bomb.png` is large, `html.png` and the magic number alone are none. */
const FILES = readdirSync(FOLDER).filter((file) => /^(?!half|bomb|html|magic).*\.png$/.test(file));

/** RGBA of a PNG, as the browser's Worker asks for it. */
async function decoded(file: Uint8Array): Promise<{ width: number; rgba: Uint8Array }> {
  const { width, data } = await decode(pngHeader(new Uint8Array(file)).bytes);
  return { width, rgba: new Uint8Array(data) };
}

/** The same by libpng: 16-bit samples by their high byte. */
async function byLibpng(file: Uint8Array): Promise<{ width: number; rgba: Uint8Array }> {
  const picture = sharp(file, { ignoreIcc: true });
  const { depth } = await picture.metadata();
  const { data, info } = await picture
    .toColourspace(depth === 'ushort' ? 'rgb16' : 'srgb')
    .ensureAlpha()
    .raw({ depth: depth === 'ushort' ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = depth === 'ushort' ? data.filter((_, i) => i & 1) : Uint8Array.from(data);
  const { width, channels } = info;
  if (channels === 4) return { width, rgba: Uint8Array.from(samples) };
  const rgba = new Uint8Array(2 * samples.length);
  for (let i = 0, o = 0; i < samples.length; i += 2, o += 4) {
    rgba.fill(samples[i]!, o, o + 3);
    rgba[o + 3] = samples[i + 1]!;
  }
  return { width, rgba };
}

describe('the pixels that libpng gives', () => {
  test.each(FILES)('%s', async (file) => {
    const bytes = readFileSync(join(FOLDER, file));
    expect(await decoded(bytes)).toEqual(await byLibpng(bytes));
  });

  test('of 300 pictures of every size, coding and filter', async () => {
    const next = random(21);
    const bytes = (n: number, most = 255) => Array.from({ length: n }, () => next() % (most + 1));
    const codings = Object.entries({
      0: [1, 2, 4, 8, 16],
      2: [8, 16],
      3: [1, 2, 4, 8],
      4: [8, 16],
      6: [8, 16],
    });
    for (let i = 0; i < 300; i++) {
      const [type, depths] = codings[i % codings.length]!;
      const depth = depths[next() % depths.length]!;
      const samples = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[type]!;
      const shape = {
        width: 1 + (next() % 20),
        height: 1 + (next() % 20),
        depth,
        type: Number(type),
      };
      const file: PngFile = { ...shape, interlaced: next() % 2 === 0 };
      if (type === '3') {
        file.palette = bytes(3 << depth);
        if (next() % 2) file.transparent = bytes(1 + (next() % (1 << depth)));
      }
      const lengths = rowLengths(file, samples * depth);
      const rows = lengths.flatMap((length) => [next() % 5, ...bytes(length)]);
      const encoded = png(file, rows);
      expect(await decoded(encoded), JSON.stringify(file)).toEqual(await byLibpng(encoded));
    }
  });

  test('of one transparent colour, in greys of 2 and 16 bits and in RGB', async () => {
    for (const [depth, type, hole, data, opaque] of [
      [2, 0, [0, 2], [0b00_01_10_11], [255, 255, 0, 255]],
      [16, 0, [1, 2], [1, 2, 1, 3, 2, 2, 1, 2], [0, 255, 255, 0]],
      [8, 2, [0, 7, 0, 8, 0, 9], [7, 8, 9, 7, 8, 8, 9, 8, 7, 7, 8, 9], [0, 255, 255, 0]],
    ] as const) {
      const file = png({ width: 4, height: 1, depth, type, transparent: hole }, [0, ...data]);
      const { rgba } = await decoded(file);
      expect(Array.from(rgba).filter((_, i) => i % 4 === 3)).toEqual(opaque);
      expect(rgba).toEqual((await byLibpng(file)).rgba);
    }
  });
});

test('what follows the last row is skipped, as libpng does', async () => {
  const shape = { width: 2, height: 1, depth: 8, type: 0 };
  expect(await decoded(png(shape, [0, 1, 2, 0, 3, 4]))).toEqual(
    await byLibpng(png(shape, [0, 1, 2])),
  );
});

describe('throws', () => {
  const shape = { width: 4, height: 2, depth: 8, type: 0 };
  const rows = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];

  test.each<[string, () => Uint8Array]>([
    ['fewer rows', () => png(shape, rows.slice(0, -1))],
    ['a filter that is none', () => png(shape, [0, 1, 2, 3, 4, 5, 1, 2, 3, 4])],
    ['a depth that is none', () => png({ ...shape, depth: 4, type: 2 }, rows)],
    ['a colour type that is none', () => png({ ...shape, type: 5 }, rows)],
    ['damaged samples', () => png(shape, rows).map((byte, i) => (i === 47 ? byte ^ 1 : byte))],
    ['a wrong CRC', () => png(shape, rows).map((byte, i) => (i === 30 ? byte ^ 1 : byte))],
    ['no data', () => png(shape)],
    ['no width', () => png({ ...shape, width: 0 }, rows)],
  ])('at %s', async (_, make) => {
    await expect(decoded(make())).rejects.toThrow();
  });

  test('or gives a picture, of whatever is damaged', async () => {
    const next = random(22);
    const files = FILES.map((file) => readFileSync(join(FOLDER, file)));
    for (let i = 0; i < 500; i++) {
      const file = Uint8Array.from(files[i % files.length]!);
      for (let n = 1 + (next() % 3); n > 0; n--) file[next() % file.length]! ^= 1 << (next() & 7);
      const header = pngHeaderOf(file);
      // As the Worker does: no picture over a limit is decoded.
      if (header === undefined || header.width * header.height > 2 ** 20) continue;
      const pixels = await decode(header.bytes).catch(() => undefined);
      if (pixels) expect(pixels.data.length).toBe(4 * header.width * header.height);
    }
  });
});

function pngHeaderOf(file: Uint8Array<ArrayBuffer>) {
  try {
    return pngHeader(file);
  } catch {
    return undefined;
  }
}
