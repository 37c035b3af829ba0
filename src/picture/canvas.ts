import type { FileFrame } from '../formats/image-format.js';
import type { Sides } from './hash-picture.js';

/** The placement of a picture on a screen. */
type Laid = Pick<FileFrame, 'x' | 'y' | 'width' | 'height' | 'over' | 'after'>;

/** A screen on which pictures are drawn one over another, as in browsers; transparent at first. */
export class Canvas {
  readonly #words: Uint32Array;
  readonly #width: number;
  readonly #height: number;
  /** removes the last drawn frame, as that frame requests */
  #undo = (): void => {};

  constructor({ width, height }: Sides) {
    this.#words = new Uint32Array(width * height);
    this.#width = width;
    this.#height = height;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }

  /** @param rgba of the picture alone */
  draw(rgba: Uint8Array | Uint8ClampedArray, { x, y, width, height, over, after }: Laid): void {
    this.#undo();
    // Words start at multiples of four.
    const pixels = new Uint32Array(new Uint8Array(rgba).buffer);
    const words = this.#words;
    const across = Math.max(0, Math.min(width, this.#width - x));
    const down = Math.max(0, Math.min(height, this.#height - y));
    const place = (row: number) => {
      const start = (y + row) * this.#width + x;
      return words.subarray(start, start + across);
    };
    const before = after === 'restored' ? words.slice() : undefined;
    this.#undo = () => {
      if (before) words.set(before);
      if (after === 'cleared') for (let row = 0; row < down; row++) place(row).fill(0);
    };
    for (let row = 0; row < down; row++) {
      const line = pixels.subarray(row * width, row * width + across);
      if (over) layOver(line, place(row));
      else place(row).set(line);
    }
  }
}

/** Composites straight RGBA over straight RGBA. */
function layOver(above: Uint32Array, below: Uint32Array): void {
  for (let i = 0; i < above.length; i++) {
    const a = above[i]!;
    const b = below[i]!;
    const share = a >>> 24;
    if (share === 255 || b >>> 24 === 0) below[i] = a;
    else if (share > 0) below[i] = mixed(a, b, 255 * share, (b >>> 24) * (255 - share));
  }
}

/** Mixes two colours in these shares; their sum is 255 times the alpha. */
function mixed(a: number, b: number, share: number, rest: number): number {
  const sum = share + rest;
  const red = ((a & 255) * share + (b & 255) * rest) / sum;
  const green = (((a >>> 8) & 255) * share + ((b >>> 8) & 255) * rest) / sum;
  const blue = (((a >>> 16) & 255) * share + ((b >>> 16) & 255) * rest) / sum;
  const colours = (red + 0.5) | ((green + 0.5) << 8) | ((blue + 0.5) << 16);
  return (((sum / 255 + 0.5) << 24) | colours) >>> 0;
}
