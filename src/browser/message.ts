import type { DecodeErrorCode } from '../errors.js';
import type { HashedFile } from '../picture/hash-picture.js';
import type { Limits, PictureOptions } from '../picture/options.js';
import type { Pixels } from '../pixels.js';
import type { Readback } from './readback-canvas.js';

/** What of the caller's options goes to the Worker that hashes. */
export type HashingOptions = PictureOptions & Pick<Limits, 'maxPixels'>;

/** A decoded picture as people see it; straight alpha. Fits `new ImageData(data, width, height)` and `pdq`. */
export interface DisplayedPixels extends Pixels {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly channels: 4;
}

/** What of the caller's options goes to the Worker that only decodes. */
export interface DecodingOptions {
  /**
   * width x height
   * @defaultValue 2^26, 8192 x 8192
   */
  maxPixels?: number;
  /** longest side of the picture in pixels; a larger one is reduced by the mean of its pixels. Default: any */
  longestSide?: number;
}

/** What a picture is at, in a Worker of its own. */
export type Stage = 'reading' | 'decoding' | 'hashing';

/**
 * What a Worker is told: to hash or to decode a file, whose bytes are its own from then on; the bitmap that it asked for;
 * to test itself.
 */
export type Request =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly options: HashingOptions }
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly decoding: DecodingOptions }
  | { readonly bitmap: ImageBitmap | undefined }
  | { readonly check: true };

/** What a Worker answers. `ready` comes once, when it listens; what follows `bitmapOf` here ends a request. */
export type Reply =
  | { readonly ready: true }
  | { readonly stage: Stage }
  /** where the Worker cannot decode a file and the page can: these bytes, as a bitmap */
  | { readonly bitmapOf: Uint8Array<ArrayBuffer> }
  | { readonly image: HashedFile }
  | { readonly pixels: DisplayedPixels }
  | { readonly readback: Readback }
  | { readonly error: WorkerError };

/** An error on its way between threads, which no class survives. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly code?: DecodeErrorCode;
}
