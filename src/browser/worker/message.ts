import type { DecodeErrorCode } from '../../errors.js';
import type { Limits, PictureOptions } from '../../picture/options.js';
import type { Pixels } from '../../pixels.js';
import type { HashedVariant } from '../../variant.js';
import type { Readback } from '../decode/readback-canvas.js';

/** The caller's options that go to the Worker that hashes. */
export type HashingOptions = PictureOptions & Pick<Limits, 'maxPixels'>;

/**
 * Bytes in a buffer that can be transferred: `Uint8Array<ArrayBuffer>`, in a form that TypeScript
 * before 5.7 knows too.
 */
export type OwnBytes = ReturnType<Uint8ArrayConstructor['of']>;

/** The same for the samples of a picture, as `ImageData` takes them. */
export type OwnSamples = ReturnType<Uint8ClampedArrayConstructor['of']>;

/**
 * A decoded picture as people see it; straight alpha. Fits `new ImageData(data, width, height)` and
 * `pdq`.
 */
export interface DisplayedPixels extends Pixels {
  readonly data: OwnSamples;
  readonly channels: 4;
}

/** The caller's options that go to the Worker that only decodes. */
export interface DecodingOptions extends Pick<Limits, 'maxPixels'> {
  /** longest side of the picture in pixels; a larger one is reduced by the mean of its pixels */
  readonly longestSide?: number | undefined;
}

/** The stage of a picture in its Worker. */
export type Stage = 'reading' | 'decoding' | 'hashing';

/**
 * A message to a Worker, one at a time. It requests to open a file for hashing (the bytes are moved
 * to it), to hash the next variant of the open file or let it go, to decode a file, or to test
 * itself; or it carries the bitmap that the Worker requested.
 */
export type Request =
  | { readonly bytes: OwnBytes; readonly options: HashingOptions }
  | { readonly next: boolean }
  | { readonly bytes: OwnBytes; readonly decoding: DecodingOptions }
  | { readonly check: true }
  | { readonly bitmap: ImageBitmap | undefined };

/** A Worker's answer, one for each request. `ready` comes first of all, when it listens. */
export type Reply =
  | { readonly ready: true }
  /** sides of the open file, as displayed */
  | { readonly width: number; readonly height: number }
  /** undefined after the last */
  | { readonly variant: HashedVariant | undefined }
  | { readonly pixels: DisplayedPixels }
  | { readonly readback: Readback }
  /** the Worker cannot decode these bytes: perhaps the page can */
  | { readonly bitmapOf: OwnBytes }
  | { readonly error: WorkerError };

/** An error on its way between threads, where classes are lost. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly code?: DecodeErrorCode;
}
