/** One row of a PNG's picture, or of one of its interlaced passes. */
export interface PngRow {
  /** its samples, as packed as in the file; valid until the next row */
  readonly bytes: Uint8Array;
  /** pixels in it */
  readonly pixels: number;
  /** place of its first pixel in the picture, counted row by row, and from each to the next */
  readonly first: number;
  readonly step: number;
}

/** The picture's sides, bits a pixel, and whether it comes in Adam7's passes. */
export interface PngShape {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly interlaced: boolean;
}

/** First column and row, and from each to the next (PNG, third edition, 8.1). */
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

/** Deflated bytes given at a time: a browser inflates all that it is given before any of it is read, to 1,032 times as much. */
const SLICE = 16 * 1024;
/** Inflated bytes that may follow the last row, which are nobody's; of more, the rest is not looked at. */
const MOST_AFTER = 2 ** 20;

/**
 * Gives `put` each row of a PNG, inflated by the browser and unfiltered.
 * @param data of all IDAT chunks
 * @throws where it is damaged, or shorter than the picture
 */
export async function pngRows(
  data: Uint8Array<ArrayBuffer>,
  shape: PngShape,
  put: (row: PngRow) => void,
): Promise<void> {
  const rows = rowsOf(shape, put);
  let wanted = rows.next();
  let filled = 0;
  let after = 0;
  const { readable, writable } = new DecompressionStream('deflate');
  // Where it fails, reading does too.
  write(data, writable.getWriter()).catch(() => {});
  const reader = readable.getReader();
  try {
    // To the end, where the checksum is: whether it is looked at must not depend on how the browser cuts its pieces.
    while (after <= MOST_AFTER) {
      const { done, value } = await reader.read();
      if (done) break;
      let from = 0;
      while (from < value.length && !wanted.done) {
        const part = value.subarray(from, from + wanted.value.length - filled);
        wanted.value.set(part, filled);
        from += part.length;
        filled += part.length;
        if (filled < wanted.value.length) break;
        wanted = rows.next();
        filled = 0;
      }
      after += value.length - from;
    }
    if (!wanted.done) throw new Error('fewer rows than the picture has');
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function write(
  data: Uint8Array<ArrayBuffer>,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for (let at = 0; at < data.length; at += SLICE) await writer.write(data.subarray(at, at + SLICE));
  await writer.close();
}

/** Yields a buffer to be filled with each filtered row, which begins with its filter's number, and puts the row then. */
function* rowsOf(
  { width, height, bits, interlaced }: PngShape,
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

/** Undoes a row's filter (PNG, third edition, 9.2). `row` and `above` begin with `back` zeros, one pixel's bytes. */
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

/** Whichever of left, up and upper left is nearest to left + up - upper left. */
function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
