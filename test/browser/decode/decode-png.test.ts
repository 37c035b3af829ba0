import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { decode } from '../../../src/browser/decode/decode-png.js';
import { edited } from '../../../src/formats/image-format.js';
import { pngHeader } from '../../../src/formats/png.js';
import { ROOT } from '../../project/package.js';
import { chunk, header, type PngFile, png, pngOf, rowLengths } from '../png-file.js';

const FOLDER = join(ROOT, 'fixtures/images');
/**
 * `half.png` is truncated, `bomb.png` is large, `html.png` and the bare magic number are no PNGs.
 */
const FILES = readdirSync(FOLDER).filter((file) => /^(?!half|bomb|html|magic).*\.png$/.test(file));

/** RGBA of a PNG, as the browser's Worker requests it. */
async function decoded(file: Uint8Array): Promise<{ width: number; rgba: Uint8Array }> {
  const bytes = new Uint8Array(file);
  const { width, data } = await decode(edited(bytes, pngHeader(bytes).edits));
  return { width, rgba: new Uint8Array(data) };
}

/** The same by libpng; of 16-bit samples, the high byte. */
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

  test('of 300 pictures of all sizes, codings and filters', async () => {
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

/** A PNG of four pixels a row: an IHDR, the given chunks, and an IEND. */
function four(type: number, depth: number, ...chunks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const ihdr = chunk('IHDR', header({ width: 4, height: 1, depth, type }));
  return pngOf([ihdr, ...chunks, chunk('IEND')]);
}
const deflated = (rows: number[]) => deflateSync(Uint8Array.from(rows));
const idat = (rows: number[]) => chunk('IDAT', deflated(rows));

const [PLTE, SHORT_ROW, ROW] = [
  chunk('PLTE', [10, 20, 30, 40, 50, 60]),
  idat([0, 0b00_01_10_11]),
  idat([0, 0, 1, 2, 3]),
];

describe('oversized chunks are read as libpng reads them:', () => {
  const many = Array.from(deflated([0, 0, 1, 2, 3]), (byte) => chunk('IDAT', [byte]));
  test.each<[string, Uint8Array<ArrayBuffer>]>([
    ['indices beyond the palette', four(3, 2, PLTE, SHORT_ROW)],
    ['more alphas than colours', four(3, 2, PLTE, chunk('tRNS', [7, 8, 9]), SHORT_ROW)],
    ['no alphas', four(3, 2, PLTE, chunk('tRNS'), SHORT_ROW)],
    ['alphas before the palette', four(3, 2, chunk('tRNS', [7]), PLTE, SHORT_ROW)],
    ['alphas twice', four(3, 2, PLTE, chunk('tRNS', [7]), chunk('tRNS', [9, 9]), SHORT_ROW)],
    ['alphas after the picture', four(3, 2, PLTE, SHORT_ROW, chunk('tRNS', [7]))],
    ['a second palette after the picture', four(3, 2, PLTE, SHORT_ROW, PLTE)],
    [
      'more colours than indices',
      four(3, 1, chunk('PLTE', [1, 2, 3, 4, 5, 6, 7, 8, 9]), chunk('tRNS', [1, 2, 3]), SHORT_ROW),
    ],
    ['a palette beside greys', four(0, 8, PLTE, ROW)],
    ['a transparent grey beyond two bits', four(0, 2, chunk('tRNS', [0, 6]), SHORT_ROW)],
    ['a transparent grey of one byte', four(0, 8, chunk('tRNS', [2]), ROW)],
    ['a transparent grey of three', four(0, 8, chunk('tRNS', [0, 2, 0]), ROW)],
    ['two transparent greys', four(0, 8, chunk('tRNS', [0, 2]), chunk('tRNS', [0, 3]), ROW)],
    ['IDATs of one byte or empty', four(0, 8, chunk('IDAT'), ...many, chunk('IDAT'))],
    ['rows after the last', four(0, 8, idat([0, 1, 2, 3, 4, 0, 5, 6]))],
    ['many rows after the last', four(0, 8, idat([0, 1, 2, 3, 4, ...Array<number>(1e5).fill(5)]))],
    ['an IDAT after the last row', four(0, 8, ROW, chunk('tEXt', [65, 0, 66]), idat([9]))],
  ])('%s', async (_, file) => {
    expect(await decoded(file)).toEqual(await byLibpng(file));
  });
});

test('a file that inflates to 256 MB reaches the browser in small pieces, and not completely', async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const counting = (note: (length: number) => void) =>
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, controller) {
        note(piece.length);
        controller.enqueue(piece);
      },
    });
  let largest = 0;
  let inflated = 0;
  const Real = DecompressionStream;
  class Counted {
    readonly #given = counting((length) => (largest = Math.max(largest, length)));
    readonly writable = this.#given.writable;
    readonly readable = this.#given.readable
      .pipeThrough(new Real('deflate'))
      .pipeThrough(counting((length) => (inflated += length)));
  }
  vi.stubGlobal('DecompressionStream', Counted);
  const shape = { width: 4, height: 1, depth: 8, type: 0 };
  const { rgba } = await decoded(png(shape, Buffer.alloc(2 ** 28)));
  expect(rgba).toHaveLength(16);
  expect(largest).toBeLessThanOrEqual(2 ** 14);
  expect(inflated).toBeLessThan(2 ** 26);
});

describe('throws', () => {
  const shape = { width: 4, height: 2, depth: 8, type: 0 };
  const rows = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];

  test.each<[string, () => Uint8Array]>([
    ['fewer rows', () => png(shape, rows.slice(0, -1))],
    ['an unknown filter', () => png(shape, [0, 1, 2, 3, 4, 5, 1, 2, 3, 4])],
    ['an invalid depth', () => png({ ...shape, depth: 4, type: 2 }, rows)],
    ['an unknown colour type', () => png({ ...shape, type: 5 }, rows)],
    ['damaged samples', () => png(shape, rows).map((byte, i) => (i === 47 ? byte ^ 1 : byte))],
    ['a wrong CRC', () => png(shape, rows).map((byte, i) => (i === 30 ? byte ^ 1 : byte))],
    ['no data', () => png(shape)],
    [
      'a header of 14 bytes',
      () => pngOf([chunk('IHDR', [...header(shape), 0]), ROW, chunk('IEND')]),
    ],
    ['two headers', () => four(0, 8, chunk('IHDR', header(shape)), ROW)],
    ['another chunk before the header', () => pngOf([PLTE, chunk('IHDR', header(shape)), ROW])],
    ['an unknown critical chunk', () => four(0, 8, chunk('ABcD'), ROW)],
    ['no palette', () => four(3, 2, SHORT_ROW)],
    ['a palette after the picture', () => four(3, 2, SHORT_ROW, PLTE)],
    ['two palettes', () => four(3, 2, PLTE, PLTE, SHORT_ROW)],
    ['a palette of half a colour', () => four(3, 2, chunk('PLTE', [1, 2, 3, 4]), SHORT_ROW)],
    ['a palette of 257 colours', () => four(3, 8, chunk('PLTE', Array(771).fill(1)), ROW)],
    [
      'a wrong Adler-32',
      () => four(0, 8, chunk('IDAT', [...deflated([0, 1, 2, 3, 4]).subarray(0, -1), 0])),
    ],
    ['no Adler-32', () => four(0, 8, chunk('IDAT', deflated([0, 1, 2, 3, 4]).subarray(0, -4)))],
    ['rows in two streams', () => four(0, 8, chunk('IDAT', deflated([0, 1])), idat([2, 3, 4]))],
    ['no width', () => png({ ...shape, width: 0 }, rows)],
  ])('at %s', async (_, make) => {
    await expect(decoded(make())).rejects.toThrow();
  });

  test('or gives a picture, whatever the damage', async () => {
    const next = random(22);
    const files = FILES.map((file) => readFileSync(join(FOLDER, file)));
    let [given, refused] = [0, 0];
    for (let i = 0; i < 500; i++) {
      const file = Uint8Array.from(files[i % files.length]!);
      // Half of the flips fall before the samples: palettes, alpha, skipped chunks.
      const room = () => (next() & 1 ? Math.min(200, file.length) : file.length);
      for (let n = 1 + (next() % 3); n > 0; n--) file[next() % room()]! ^= 1 << (next() & 7);
      // Half get valid checksums, so that the damage is met behind them.
      if (i & 1) sealed(file);
      const header = pngHeaderOf(file);
      // Like the Worker, decodes no picture over a limit.
      if (!header?.whole || header.width * header.height > 2 ** 20) continue;
      const pixels = await decode(edited(file, header.edits)).catch(() => undefined);
      if (pixels === undefined) refused++;
      else {
        given++;
        expect(pixels.data.length).toBe(4 * header.width * header.height);
      }
    }
    expect(given).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(50);
  });
});

/** Fixes the checksums of the chunks, as far as their lengths lead. */
function sealed(file: Uint8Array): void {
  const view = new DataView(file.buffer, file.byteOffset);
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > file.length) return;
    view.setUint32(end, crc32(file.subarray(at + 4, end)));
    at = end + 4;
  }
}

function pngHeaderOf(file: Uint8Array<ArrayBuffer>) {
  try {
    return pngHeader(file);
  } catch {
    return undefined;
  }
}
