import { DecodeError } from '../../errors.js';
import { type PngPicture, pngPicture } from '../../formats/png-rows.js';
import type { Pixels } from '../../pixels.js';

/**
 * Deflated bytes per write. A browser inflates everything it gets, up to 1,032 times as much,
 * before any of it can be read.
 */
const SLICE = 16 * 1024;
/** Bound on inflated bytes that are read beyond the last row. */
const MOST_AFTER = 2 ** 20;

/**
 * Pixels of a PNG file as stored, alpha straight, 16-bit samples by their high byte, without a
 * canvas. The browser inflates it.
 * @param bytes a file after the edits of its header; only read
 * @throws if the file is truncated or contradicts itself, as libpng does
 */
export async function decode(bytes: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  if (typeof DecompressionStream === 'undefined') {
    throw new DecodeError('unsupported', 'this browser is too old to hash this png file');
  }
  const picture = pngPicture(bytes);
  await inflateRows(picture);
  return picture.pixels;
}

/** @throws if the data is damaged, or shorter than the picture */
async function inflateRows({ rows, deflated }: PngPicture): Promise<void> {
  let wanted = rows.next();
  let filled = 0;
  let after = 0;
  const { readable, writable } = new DecompressionStream('deflate');
  // If it fails, reading fails too.
  write(deflated(SLICE), writable.getWriter()).catch(() => {});
  const reader = readable.getReader();
  try {
    // Reads to the end, where the checksum is: that it is checked must not depend on how the
    // browser splits its pieces.
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
  pieces: Iterable<Uint8Array<ArrayBuffer>>,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for (const piece of pieces) await writer.write(piece);
  await writer.close();
}
