import type { Pixels } from '../pixels.js';
import type { Orientation } from '../variants/orient.js';
import { type ReadbackCanvas, TILE_HEIGHT, TILE_WIDTH } from './readback-canvas.js';

/** Sides of PDQ's raster in the size convention 512. */
const SIDE = 512;
/** Orientations whose displayed picture begins at the stored one's right, and at its bottom (EXIF 2.32, tag 0x0112). */
const FROM_RIGHT: readonly Orientation[] = [2, 3, 7, 8];
const FROM_BOTTOM: readonly Orientation[] = [3, 4, 6, 7];

/** Pixels of a decoded picture, of which only what is asked for is ever read: in whole it would be 48 MB at 12 megapixels. */
export class BitmapRaster {
  readonly #bitmap: ImageBitmap;
  readonly #canvas: ReadbackCanvas;
  readonly width: number;
  readonly height: number;
  /** the same picture without its alpha, from which the colours are then taken */
  colours: ImageBitmap | undefined;

  constructor(bitmap: ImageBitmap, canvas: ReadbackCanvas) {
    this.#bitmap = bitmap;
    this.#canvas = canvas;
    this.width = bitmap.width;
    this.height = bitmap.height;
  }

  /**
   * The 512 x 512 pixels of the stored raster that PDQ's size convention 512 takes once the picture is turned: column
   * floor(x · width / 512) and row floor(y · height / 512) of the displayed picture. `orient` then turns them.
   *
   * The rows are drawn one by one, unscaled, and read together: exact in every engine, which a scaled drawing is not,
   * and one sixth of the bytes at 12 megapixels.
   */
  sampled(orientation: Orientation): Pixels {
    const columns = places(this.width, FROM_RIGHT.includes(orientation));
    const rows = places(this.height, FROM_BOTTOM.includes(orientation));
    const out = new Uint32Array(SIDE * SIDE);
    for (let left = 0, first = 0; left < this.width; left += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, this.width - left);
      const words = this.#read(width, SIDE, (context, bitmap, top) => {
        for (let y = 0; y < SIDE; y++) {
          context.drawImage(bitmap, left, rows[y]!, width, 1, 0, top + y, width, 1);
        }
      });
      let end = first;
      while (end < SIDE && columns[end]! < left + width) end++;
      for (let y = 0; y < SIDE; y++) {
        for (let x = first; x < end; x++) {
          out[y * SIDE + x] = words[y * width + columns[x]! - left]!;
        }
      }
      first = end;
    }
    return { data: new Uint8Array(out.buffer), width: SIDE, height: SIDE, channels: 4 };
  }

  /** All pixels. */
  all(): Pixels {
    const out = new Uint32Array(this.width * this.height);
    for (const { words, left, top, width, height } of this.#tiles()) {
      for (let y = 0; y < height; y++) {
        const row = words.subarray(y * width, (y + 1) * width);
        out.set(row, (top + y) * this.width + left);
      }
    }
    const data = new Uint8Array(out.buffer);
    return { data, width: this.width, height: this.height, channels: 4 };
  }

  /** Whether no pixel is transparent, and whether all have red, green and blue alike; read only until both are known. */
  facts(): { opaque: boolean; grey: boolean } {
    let opaque = true;
    let grey = true;
    for (const { words } of this.#tiles()) {
      opaque &&= isOpaque(words);
      grey &&= isGrey(words);
      if (!opaque && !grey) break;
    }
    return { opaque, grey };
  }

  #read(
    width: number,
    height: number,
    draw: (context: OffscreenCanvasRenderingContext2D, bitmap: ImageBitmap, top: number) => void,
  ): Uint32Array<ArrayBuffer> {
    const read = (bitmap: ImageBitmap) =>
      this.#canvas.read(width, height, (context, top) => draw(context, bitmap, top));
    const words = read(this.#bitmap);
    if (this.colours) {
      const colours = read(this.colours);
      for (let i = 0; i < words.length; i++) {
        words[i] = (words[i]! & 0xff000000) | (colours[i]! & 0xffffff);
      }
    }
    return words;
  }

  *#tiles() {
    for (let top = 0; top < this.height; top += TILE_HEIGHT) {
      const height = Math.min(TILE_HEIGHT, this.height - top);
      for (let left = 0; left < this.width; left += TILE_WIDTH) {
        const width = Math.min(TILE_WIDTH, this.width - left);
        const words = this.#read(width, height, (context, bitmap, y) => {
          context.drawImage(bitmap, left, top, width, height, 0, y, width, height);
        });
        yield { words, left, top, width, height };
      }
    }
  }

  /** Frees both. */
  close(): void {
    this.#bitmap.close();
    this.colours?.close();
  }
}

/** Where 512 places lie on a side, counted from its start or its end, and ascending. */
function places(length: number, fromEnd: boolean): Int32Array {
  const at = new Int32Array(SIDE);
  for (let i = 0; i < SIDE; i++) {
    const place = Math.floor((i * length) / SIDE);
    if (fromEnd) at[SIDE - 1 - i] = length - 1 - place;
    else at[i] = place;
  }
  return at;
}

// Words are of the machine's byte order; browsers run on little-endian ones alone.
function isOpaque(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i]! < 0xff000000) return false;
  return true;
}

function isGrey(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (((word ^ (word >>> 8)) & 0xffff) !== 0) return false;
  }
  return true;
}
