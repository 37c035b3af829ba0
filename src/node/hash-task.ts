import type { DecodeErrorCode } from '../errors.js';
import type { ImageFormat } from '../formats/image-format.js';
import type { HashedVariant, NearAt } from '../variant.js';
import type { DecodedImage } from './decode.js';
import type { HashFileOptions } from './hash-file.js';

/*
 * What a hash pool and its workers say to each other, a picture at a time. The pool asks, the
 * worker answers: it begins, takes the bytes, gives variants in batches as they are asked for, and
 * lets the picture go.
 */

/** Options of a picture that its worker needs; the others are the pool's own. */
export type TaskOptions = Omit<HashFileOptions, 'signal' | 'maxBytes'>;

/** What the pool asks. */
export type HashQuestion =
  /** whether the worker is well; nothing of a picture has been risked until it has answered */
  | { readonly ask: 'begin'; readonly options: TaskOptions }
  /**
   * the first variants, at most so many
   * - a thread has `bytes` moved to it; a process has them on its standard input
   */
  | {
      readonly ask: 'first';
      readonly byteLength: number;
      readonly bytes?: Uint8Array;
      readonly most: number;
    }
  /** the next ones; `nears` tells what earlier ones came near to, each of them once */
  | { readonly ask: 'next'; readonly nears: readonly NearAt[]; readonly most: number }
  /** to let the picture go */
  | { readonly ask: 'end' };

/** The answer to `next`. */
export interface VariantBatch {
  readonly variants: readonly HashedVariant[];
  /** whether there are no more; false where what came near is needed first */
  readonly done: boolean;
  /** milliseconds that hashing took */
  readonly hashing: number;
}

/** The answer to `first`. */
export interface FirstBatch extends VariantBatch {
  readonly facts: PictureFacts;
  /** whether what came near is looked at more closely */
  readonly looksCloser: boolean;
}

/** What is known of a picture once it is decoded. */
export interface PictureFacts {
  /** sides as displayed, in pixels */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** `draft` if it was decoded at a fraction of its size */
  readonly decoding: 'full' | 'draft';
  /** as in `DecodedImage` */
  readonly frames?: NonNullable<DecodedImage['frames']>;
  readonly unseen?: NonNullable<DecodedImage['unseen']>;
}

/** Why there is no answer. */
export interface HashFailure {
  readonly code: DecodeErrorCode;
  readonly message: string;
  /** the decoder's own words */
  readonly cause?: string;
  /** the worker should do no more work */
  readonly isBroken: boolean;
}

/** The answer to `end`: the worker's memory, in bytes; 0 if it is a thread. */
export interface LetGo {
  readonly residentBytes: number;
}

/** Their names. */
const TASK_OPTIONS = [
  'algorithm',
  'bits',
  'resample',
  'exact',
  'orientation',
  'variants',
  'crops',
  'decoding',
  'lenient',
  'maxPixels',
  'timeoutSeconds',
] as const;

/** The names of all options of a picture. */
export const PICTURE_OPTIONS = [
  ...TASK_OPTIONS,
  'maxBytes',
  'signal',
] as const satisfies readonly (keyof HashFileOptions)[];

/** What a worker needs, and what a message can hold. */
export function taskOptionsOf(options: HashFileOptions): TaskOptions {
  const given = options as Record<string, unknown>;
  const known = TASK_OPTIONS.filter((name) => given[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, given[name]]));
}
