import type { CheckedPixels, Orientation, Pixels } from '../pixels.js';
import { isGrey, isOpaque, pixelsOfWords, type Raster, SIDE, sampledPlaces } from './raster.js';

/** RGBA pixels that a decoder of our own gave: what is sampled of them lets the whole go. */
export class PixelRaster implements Raster {
  readonly #words: Uint32Array;
  readonly width: number;
  readonly height: number;

  /** @param pixels RGBA, at an offset that words can begin at; kept */
  constructor({ data, width, height }: Pixels) {
    this.#words = new Uint32Array(data.buffer, data.byteOffset, width * height);
    this.width = width;
    this.height = height;
  }

  sampled(orientation: Orientation): CheckedPixels {
    const { columns, rows } = sampledPlaces(this, orientation);
    const out = new Uint32Array(SIDE * SIDE);
    for (let y = 0; y < SIDE; y++) {
      const row = rows[y]! * this.width;
      for (let x = 0; x < SIDE; x++) out[y * SIDE + x] = this.#words[row + columns[x]!]!;
    }
    return pixelsOfWords(out, SIDE, SIDE);
  }

  all(): CheckedPixels {
    return pixelsOfWords(this.#words, this.width, this.height);
  }

  facts(): { opaque: boolean; grey: boolean } {
    return { opaque: isOpaque(this.#words), grey: isGrey(this.#words) };
  }
}
