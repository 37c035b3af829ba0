import { PATTERN_HEIGHT, PATTERN_WIDTH, testPattern, testPatternFile } from './test-pattern.js';

/** Pixels of a row that are read at a time. */
export const TILE_WIDTH = PATTERN_WIDTH;
/** Rows of a picture that are read at a time: those that PDQ's size convention 512 needs. */
export const TILE_HEIGHT = 512;

/**
 * Readback of a canvas in a Worker: `exact` gives what was drawn, `altered` something else (a
 * privacy setting or an extension), `absent` means that Workers have no canvas.
 */
export type Readback = 'exact' | 'altered' | 'absent';

/** A read of the canvas that returned other pixels than were drawn. */
export class AlteredReadback extends Error {}

/**
 * The one canvas whose pixels are read, 4096 x 520. It is tested once as a whole, by the path that
 * pictures take: a file of known noise is decoded, drawn and read back. It is tested again at each
 * read: rows of that noise above and below the picture's have to come back with them. So any
 * alteration is detected before a pixel is trusted, be it of whole pictures (Firefox's
 * resistFingerprinting) or of a few samples of a canvas (its private windows, extensions).
 */
export class ReadbackCanvas {
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #pattern: ImageBitmap;
  readonly #expected: Uint32Array;
  /** false in a Worker of WebKitGTK on a `file:` page, which can read no file */
  readonly decodes: boolean;

  private constructor(
    context: OffscreenCanvasRenderingContext2D,
    pattern: ImageBitmap,
    decodes: boolean,
  ) {
    this.#context = context;
    this.#pattern = pattern;
    this.#expected = new Uint32Array(testPattern().buffer);
    this.decodes = decodes;
  }

  /** The canvas if it can be trusted, otherwise the reason why there is none. */
  static async open(): Promise<ReadbackCanvas | Exclude<Readback, 'exact'>> {
    if (typeof OffscreenCanvas === 'undefined' || typeof createImageBitmap === 'undefined') {
      return 'absent';
    }
    const canvas = new OffscreenCanvas(TILE_WIDTH, TILE_HEIGHT + 2 * PATTERN_HEIGHT);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) return 'absent';
    context.imageSmoothingEnabled = false;
    let decodes = true;
    let pattern: ImageBitmap;
    try {
      pattern = await createImageBitmap(testPatternFile(), { colorSpaceConversion: 'none' });
    } catch {
      decodes = false;
      pattern = await createImageBitmap(new ImageData(testPattern(), PATTERN_WIDTH));
    }
    const opened = new ReadbackCanvas(context, pattern, decodes);
    return opened.#isExact() ? opened : 'altered';
  }

  /** Tests the pattern over the whole canvas, read in one piece. */
  #isExact(): boolean {
    const height = TILE_HEIGHT + 2 * PATTERN_HEIGHT;
    for (let y = 0; y < height; y += PATTERN_HEIGHT) this.#context.drawImage(this.#pattern, 0, y);
    const words = this.#words(TILE_WIDTH, height);
    this.#clear();
    for (let y = 0; y < height; y++) if (!this.#isPattern(words, TILE_WIDTH, y)) return false;
    return true;
  }

  /** After each read, which keeps the canvas and drops the drawing. */
  #clear(): void {
    this.#context.clearRect(0, 0, TILE_WIDTH, TILE_HEIGHT + 2 * PATTERN_HEIGHT);
  }

  /**
   * The pixels that `draw` draws in `width` x `height` at (0, top): fresh, one word a pixel in the
   * order of its bytes. The type is written so that TypeScript before 5.7 knows it as
   * `Uint32Array<ArrayBuffer>`.
   * @throws {AlteredReadback} if the rows around them did not come back as they were drawn
   */
  read(
    width: number,
    height: number,
    draw: (context: OffscreenCanvasRenderingContext2D, top: number) => void,
  ): ReturnType<Uint32ArrayConstructor['of']> {
    const context = this.#context;
    const below = PATTERN_HEIGHT + height;
    let words: Uint32Array<ArrayBuffer>;
    try {
      draw(context, PATTERN_HEIGHT);
      context.drawImage(this.#pattern, 0, 0);
      context.drawImage(this.#pattern, 0, below);
      words = this.#words(width, below + PATTERN_HEIGHT);
    } finally {
      this.#clear();
    }
    for (let y = 0; y < PATTERN_HEIGHT; y++) {
      if (!this.#isPattern(words, width, y) || !this.#isPattern(words, width, below + y, y)) {
        throw new AlteredReadback();
      }
    }
    return words.subarray(width * PATTERN_HEIGHT, width * below);
  }

  #words(width: number, height: number): Uint32Array<ArrayBuffer> {
    const { data } = this.#context.getImageData(0, 0, width, height);
    return new Uint32Array(data.buffer as ArrayBuffer);
  }

  /** True if row `y` of `words` is the pattern's. */
  #isPattern(words: Uint32Array, width: number, y: number, row = y % PATTERN_HEIGHT): boolean {
    const expected = this.#expected;
    const from = row * PATTERN_WIDTH;
    const at = y * width;
    for (let x = 0; x < width; x++) if (words[at + x] !== expected[from + x]) return false;
    return true;
  }
}
