import { DecodeError } from '../errors.js';
import { crc32 } from '../formats/crc32.js';
import { textAt } from '../formats/text-at.js';
import type { Pixels } from '../pixels.js';
import { type PngRow, pngRows } from './png-rows.js';

/** Samples a pixel by colour type, and the bits that one may have (PNG, third edition, table 11.1). */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};
const INDEXED = 3;

/**
 * Pixels of a PNG file as stored, alpha straight, 16-bit samples by their high byte, without a canvas. The browser
 * inflates it, and its rows are unfiltered here one by one: nothing is held of it but the file and its pixels.
 * @param bytes as `pngHeader` leaves them; overwritten
 * @throws where the file breaks off or contradicts itself, as libpng does
 */
export async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  if (typeof DecompressionStream === 'undefined') {
    throw new DecodeError('unsupported', 'this browser is too old to hash this png file');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, type, compression, filter, interlaced] = bytes.subarray(24, 29);
  const coding = textAt(bytes, 8, 8) === '\0\0\0\rIHDR' ? COLOUR_TYPES[type!] : undefined;
  const shaped = coding?.depths.includes(depth!) && interlaced! <= 1 && width > 0 && height > 0;
  if (!coding || !shaped || compression !== 0 || filter !== 0) {
    throw new Error('no such PNG');
  }
  const { samples } = coding;
  const bits = samples * depth!;
  const { palette, hole, data } = contentOf(bytes, type!, depth!, samples);
  const words = new Uint32Array(width * height);
  const shape = { width, height, bits, interlaced: interlaced === 1 };
  await pngRows(data, shape, (row) => {
    if (palette) return putIndices(row, words, palette, depth!);
    putSamples(row, words, bits >> 3, depth === 16 ? 2 : 1);
    if (hole) cutHole(row, words, hole);
  });
  return { data: new Uint8Array(words.buffer), width, height, channels: 4 };
}

/** What a PNG's chunks say of its pixels. */
interface Content {
  /** RGBA of each index, or of each grey of fewer than 8 bits */
  palette: Uint32Array | undefined;
  /** the samples of the one colour that is transparent */
  hole: Uint8Array | undefined;
  /** of all IDAT chunks */
  data: Uint8Array<ArrayBuffer>;
}

/** Moves the data of all IDAT chunks together, in place: a file may have millions of them, each of a byte or none. */
function contentOf(
  bytes: Uint8Array<ArrayBuffer>,
  type: number,
  depth: number,
  samples: number,
): Content {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const palette = type === INDEXED || depth < 8 ? paletteOf(depth) : undefined;
  let colours = 0;
  let hole: Uint8Array | undefined;
  let start = 0;
  let end = 0;
  for (let at = 8; at < bytes.length; ) {
    const last = at + 8 + view.getUint32(at);
    const data = bytes.subarray(at + 8, last);
    if (crc32(bytes.subarray(at + 4, last)) !== view.getUint32(last)) throw new Error('damaged');
    const kind = textAt(bytes, at + 4, 4);
    if (kind === 'IHDR' && at > 8) throw new Error('two headers');
    if (kind === 'IDAT') {
      if (type === INDEXED && colours === 0) throw new Error('no palette');
      if (start === 0) start = end = at;
      bytes.copyWithin(end, at + 8, last);
      end += data.length;
    } else if (kind === 'PLTE' && type === INDEXED && start === 0) {
      if (colours > 0) throw new Error('two palettes');
      colours = setColours(palette!, data, depth);
    } else if (kind === 'tRNS' && start === 0 && hole === undefined) {
      // One of another length than it should have is ignored, and so is any but the first, and what follows the picture.
      if (type === INDEXED && data.length > 0 && data.length <= colours) {
        setAlphas(palette!, data);
        hole = data;
      } else if (type !== INDEXED && samples % 2 === 1 && data.length === 2 * samples) {
        hole = depth === 16 ? data : data.filter((_, i) => i & 1);
        if (palette) palette[hole[0]! & ((1 << depth) - 1)]! &= 0xffffff;
      }
    }
    at = last + 4;
  }
  return { palette, hole, data: bytes.subarray(start, end) };
}

/** The greys of so many bits, one word of RGBA each; black where there is none. */
function paletteOf(depth: number): Uint32Array {
  const most = (1 << depth) - 1;
  return Uint32Array.from({ length: 256 }, (_, i) =>
    i <= most ? 0xff000000 | (0x010101 * ((255 * i) / most)) : 0xff000000,
  );
}

/** @returns the number of colours; those that no index reaches are left out */
function setColours(palette: Uint32Array, data: Uint8Array, depth: number): number {
  if (data.length % 3 !== 0 || data.length > 3 * 256) throw new Error('no such palette');
  const colours = Math.min(data.length / 3, 1 << depth);
  palette.fill(0xff000000);
  for (let i = 0; i < colours; i++) {
    palette[i] = 0xff000000 | (data[3 * i + 2]! << 16) | (data[3 * i + 1]! << 8) | data[3 * i]!;
  }
  return colours;
}

function setAlphas(palette: Uint32Array, data: Uint8Array): void {
  for (let i = 0; i < data.length; i++) {
    palette[i] = (data[i]! << 24) | (palette[i]! & 0xffffff);
  }
}

function putIndices(row: PngRow, words: Uint32Array, palette: Uint32Array, depth: number): void {
  const { bytes, pixels, first, step } = row;
  const mask = (1 << depth) - 1;
  for (let x = 0, to = first; x < pixels; x++, to += step) {
    const bit = x * depth;
    words[to] = palette[(bytes[bit >> 3]! >> (8 - depth - (bit & 7))) & mask]!;
  }
}

/** @param size bytes a pixel; @param wide bytes a sample, of which the first counts */
function putSamples(row: PngRow, words: Uint32Array, size: number, wide: number): void {
  const { bytes, pixels, first, step } = row;
  const samples = size / wide;
  const green = samples > 2 ? wide : 0;
  const blue = 2 * green;
  const alpha = samples % 2 === 0 ? size - wide : undefined;
  for (let x = 0, to = first, at = 0; x < pixels; x++, to += step, at += size) {
    const opacity = alpha === undefined ? 255 : bytes[at + alpha]!;
    words[to] =
      (opacity << 24) | (bytes[at + blue]! << 16) | (bytes[at + green]! << 8) | bytes[at]!;
  }
}

/** Makes the pixels of one colour transparent, by all bytes of their samples. */
function cutHole({ bytes, pixels, first, step }: PngRow, words: Uint32Array, hole: Uint8Array) {
  for (let x = 0, to = first, at = 0; x < pixels; x++, to += step, at += hole.length) {
    if (hole.every((value, i) => bytes[at + i] === value)) words[to]! &= 0xffffff;
  }
}
