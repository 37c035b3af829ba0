import { crc32, deflateSync } from 'node:zlib';

/** Properties of a PNG to make. */
export interface PngFile {
  width: number;
  height: number;
  depth: number;
  /** colour type */
  type: number;
  interlaced?: boolean;
  palette?: ArrayLike<number>;
  /** data of a tRNS chunk */
  transparent?: ArrayLike<number>;
}

/** A PNG of the given filtered rows; without rows it has no IDAT. */
export function png(file: PngFile, rows?: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const { palette, transparent } = file;
  const parts = [chunk('IHDR', header(file))];
  if (palette) parts.push(chunk('PLTE', palette));
  if (transparent) parts.push(chunk('tRNS', transparent));
  if (rows) parts.push(chunk('IDAT', deflateSync(Uint8Array.from(rows))));
  return pngOf([...parts, chunk('IEND')]);
}

/** A file of the given chunks, whether they make a PNG or not. */
export function pngOf(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]));
}

/** The data of an IHDR. */
export function header({ width, height, depth, type, interlaced = false }: PngFile): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([depth, type, 0, 0, interlaced ? 1 : 0], 8);
  return data;
}

export function chunk(kind: string, data: ArrayLike<number> = []): Buffer {
  const body = Buffer.concat([Buffer.from(kind), Uint8Array.from(data)]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/**
 * Bytes of each row without the filter byte, pass by pass: those of Adam7 (PNG, third edition,
 * 8.1), or one.
 */
export function rowLengths({ width, height, interlaced = false }: PngFile, bits: number): number[] {
  const passes = interlaced
    ? [
        ...[
          [0, 0, 8, 8],
          [4, 0, 8, 8],
          [0, 4, 4, 8],
          [2, 0, 4, 4],
        ],
        ...[
          [0, 2, 2, 4],
          [1, 0, 2, 2],
          [0, 1, 1, 2],
        ],
      ]
    : [[0, 0, 1, 1]];
  return passes.flatMap(([left = 0, top = 0, across = 1, down = 1]) => {
    const columns = Math.ceil(Math.max(0, width - left) / across);
    const rows = Math.ceil(Math.max(0, height - top) / down);
    return columns === 0 ? [] : Array<number>(rows).fill(Math.ceil((columns * bits) / 8));
  });
}
