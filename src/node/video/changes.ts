/** Samples compared of a frame, on a grid of so many columns and rows. */
const SIDE = 64;

/**
 * The greatest mean difference of the samples, 0…255, of frames that count as equal. Measured on
 * moving, slowly zoomed and still clips: the hashes of such frames, at a quality of 50 or more, are
 * at most 2 bits apart, up to 1.5 they are at most 8, and beyond 2 they may be any.
 */
const MOST_DIFFERENCE = 0.5;

/**
 * Finds the frames that look unlike the last such frame, by a few thousand samples: hashing takes
 * far longer. As the last hashed frame is compared, slow changes add up.
 */
export class Changes {
  readonly #places: Uint32Array;
  #last = new Uint8Array(0);

  constructor(width: number, height: number) {
    this.#places = new Uint32Array(SIDE * SIDE);
    for (let at = 0; at < SIDE * SIDE; at++) {
      const x = Math.floor((((at % SIDE) + 0.5) * width) / SIDE);
      const y = Math.floor(((Math.floor(at / SIDE) + 0.5) * height) / SIDE);
      this.#places[at] = y * width + x;
    }
  }

  /**
   * True if a frame is unlike the last one for which this was true.
   * @param grey one byte a pixel
   */
  isNew(grey: Uint8Array): boolean {
    const places = this.#places;
    const last = this.#last;
    let sum = 0;
    for (let at = 0; at < last.length; at++) sum += Math.abs(grey[places[at]!]! - last[at]!);
    if (last.length > 0 && sum <= MOST_DIFFERENCE * last.length) return false;
    this.#last = Uint8Array.from(places, (place) => grey[place]!);
    return true;
  }
}
