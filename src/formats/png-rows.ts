import { crc32 } from '../crc32.js';
import type { CheckedPixels } from '../pixels.js';
import { isAt, viewOf } from './image-format.js';

/** Samples a pixel by colour type, and the bits one may have (PNG, third edition, table 11.1). */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};
const INDEXED = 3;

/** First column and row, and the steps to the next (PNG, third edition, 8.1). */
const WHOLE = [[0, 0, 1, 1]] as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A PNG between its bytes and its pixels: everything but inflating. */
export interface PngPicture {
  /** RGBA, complete after the last row */
  readonly pixels: CheckedPixels;
  /**
   * a buffer for each row in turn: fill it with inflated bytes before requesting the next one.
   * Throws if the row has an unknown filter.
   */
  readonly rows: Generator<Uint8Array, void, undefined>;
  /** the bytes to inflate, in pieces of `size`; the last one may be shorter */
  deflated(size: number): Generator<Uint8Array<ArrayBuffer>, void, undefined>;
}

/**
 * The picture of a PNG file (PNG, third edition) as stored: alpha straight, 16-bit samples by their
 * high byte. Rows are unfiltered one by one: no more is held than the file and its pixels.
 *
 * It is our own code because a canvas loses colours and may alter pixels, and a package would bring
 * an inflater that browsers have already.
 * @param bytes a file after the edits of its header; only read
 * @throws {Error} if a chunk contradicts the others or its checksum, as libpng does
 */
export function pngPicture(bytes: Uint8Array): PngPicture {
  const view = viewOf(bytes);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, type, compression, filter, interlaced] = bytes.subarray(24, 29);
  const coding = isAt(bytes, 8, '\0\0\0\rIHDR') ? COLOUR_TYPES[type!] : undefined;
  const shaped = coding?.depths.includes(depth!) && interlaced! <= 1 && width > 0 && height > 0;
  if (!coding || !shaped || compression !== 0 || filter !== 0) {
    throw new Error('no such PNG');
  }
  const { samples } = coding;
  const bits = samples * depth!;
  const { palette, hole } = coloursOf(bytes, type!, depth!, samples);
  const words = new Uint32Array(width * height);
  const put = (row: PngRow) => {
    if (palette) return putIndices(row, words, palette, depth!);
    putSamples(row, words, bits >> 3, depth === 16 ? 2 : 1);
    if (hole) cutHole(row, words, hole);
  };
  return {
    pixels: { data: new Uint8Array(words.buffer), width, height, channels: 4 },
    rows: rowsOf({ width, height, bits, interlaced: interlaced === 1 }, put),
    deflated: (size) => deflatedPieces(bytes, size),
  };
}

/** The chunks' data about colours. */
interface Colours {
  /** RGBA of each index, or of each grey of fewer than 8 bits */
  palette: Uint32Array | undefined;
  /** samples of the one transparent colour */
  hole: Uint8Array | undefined;
}

function coloursOf(bytes: Uint8Array, type: number, depth: number, samples: number): Colours {
  const view = viewOf(bytes);
  const palette = type === INDEXED || depth < 8 ? paletteOf(depth) : undefined;
  let colours = 0;
  let hole: Uint8Array | undefined;
  let begun = false;
  for (let at = 8; at < bytes.length; ) {
    const last = at + 8 + view.getUint32(at);
    const data = bytes.subarray(at + 8, last);
    if (crc32(bytes.subarray(at + 4, last)) !== view.getUint32(last)) throw new Error('damaged');
    const name = at + 4;
    if (isAt(bytes, name, 'IHDR') && at > 8) throw new Error('two headers');
    if (isAt(bytes, name, 'IDAT')) {
      if (type === INDEXED && colours === 0) throw new Error('no palette');
      begun = true;
    } else if (isAt(bytes, name, 'PLTE') && type === INDEXED && !begun) {
      if (colours > 0) throw new Error('two palettes');
      colours = setColours(palette!, data, depth);
    } else if (isAt(bytes, name, 'tRNS') && !begun && hole === undefined) {
      // Ignored are one of the wrong length, all but the first, and any after the picture.
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
  return { palette, hole };
}

/** The data of all IDAT chunks: a file may have millions of them, each of a byte or none. */
function* deflatedPieces(
  bytes: Uint8Array,
  size: number,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const view = viewOf(bytes);
  let piece = new Uint8Array(size);
  let filled = 0;
  for (let at = 8; at < bytes.length; ) {
    const last = at + 8 + view.getUint32(at);
    if (isAt(bytes, at + 4, 'IDAT')) {
      for (let from = at + 8; from < last; ) {
        const part = bytes.subarray(from, Math.min(last, from + size - filled));
        piece.set(part, filled);
        from += part.length;
        filled += part.length;
        if (filled === size) {
          yield piece;
          piece = new Uint8Array(size);
          filled = 0;
        }
      }
    }
    at = last + 4;
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** The greys of `depth` bits, one RGBA word each; black beyond them. */
function paletteOf(depth: number): Uint32Array {
  const most = (1 << depth) - 1;
  return Uint32Array.from({ length: 256 }, (_, i) =>
    i <= most ? 0xff000000 | (0x010101 * ((255 * i) / most)) : 0xff000000,
  );
}

/** @returns the number of colours that an index can reach */
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

/** @param size bytes a pixel; @param wide bytes a sample, the first of which counts */
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

/** Makes the pixels of one colour transparent; all bytes of their samples count. */
function cutHole({ bytes, pixels, first, step }: PngRow, words: Uint32Array, hole: Uint8Array) {
  for (let x = 0, to = first, at = 0; x < pixels; x++, to += step, at += hole.length) {
    if (hole.every((value, i) => bytes[at + i] === value)) words[to]! &= 0xffffff;
  }
}

/** One row of the picture or of an interlaced pass. */
interface PngRow {
  /** samples packed as in the file; valid until the next row */
  readonly bytes: Uint8Array;
  readonly pixels: number;
  /** position of the first pixel in the picture, row by row, and the step to the next */
  readonly first: number;
  readonly step: number;
}

/**
 * Yields a buffer for each filtered row, its filter's number first, and puts the row once filled.
 */
function* rowsOf(
  {
    width,
    height,
    bits,
    interlaced,
  }: { width: number; height: number; bits: number; interlaced: boolean },
  put: (row: PngRow) => void,
): Generator<Uint8Array, void, undefined> {
  const back = Math.max(1, bits >> 3);
  for (const [left, top, across, down] of interlaced ? ADAM7 : WHOLE) {
    const pixels = Math.ceil((width - left) / across);
    if (pixels <= 0) continue;
    const length = Math.ceil((pixels * bits) / 8);
    // Before a row's first pixel, and above the first row, all is 0.
    let above = new Uint8Array(back + length);
    let row = new Uint8Array(back + length);
    const filtered = new Uint8Array(1 + length);
    for (let y = top; y < height; y += down) {
      yield filtered;
      unfilter(filtered, row, above, back);
      put({ bytes: row.subarray(back), pixels, first: y * width + left, step: across });
      [above, row] = [row, above];
    }
  }
}

/**
 * Undoes a row's filter (PNG, third edition, 9.2). `row` and `above` begin with a pixel of zeros.
 */
function unfilter(filtered: Uint8Array, row: Uint8Array, above: Uint8Array, back: number): void {
  const end = row.length;
  switch (filtered[0]) {
    case 0:
      for (let i = back, from = 1; i < end; i++, from++) row[i] = filtered[from]!;
      return;
    case 1:
      for (let i = back, from = 1; i < end; i++, from++) row[i] = filtered[from]! + row[i - back]!;
      return;
    case 2:
      for (let i = back, from = 1; i < end; i++, from++) row[i] = filtered[from]! + above[i]!;
      return;
    case 3:
      for (let i = back, from = 1; i < end; i++, from++) {
        row[i] = filtered[from]! + ((row[i - back]! + above[i]!) >> 1);
      }
      return;
    case 4:
      for (let i = back, from = 1; i < end; i++, from++) {
        row[i] = filtered[from]! + paeth(row[i - back]!, above[i]!, above[i - back]!);
      }
      return;
    default:
      throw new Error('no such filter');
  }
}

/** Whichever of left, up and corner is nearest to left + up - corner. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
