import type { Hashed } from '../hashing/hash-options.js';
import type { CheckedPixels } from '../pixels.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { onBackdrop } from './backdrop.js';

/** Hashes pixels by one algorithm and its options. */
export type Hasher = (pixels: CheckedPixels) => Hashed;

/** Forms of a picture that its file itself may be taken for, beside the picture as displayed. */
export interface OwnForms {
  /** before EXIF orientation, if that is another picture */
  readonly stored: CheckedPixels | undefined;
  /** as displayed, if a pixel is transparent */
  readonly transparent: CheckedPixels | undefined;
}

/** `stored`, then `onWhite` and `onBlack`, of those that there are. */
export function* ownVariants(
  { stored, transparent }: OwnForms,
  hash: Hasher,
): Generator<HashedVariant, void, undefined> {
  if (stored) yield { name: 'stored', ...hash(stored) };
  if (!transparent) return;
  yield { name: 'onWhite', ...hash(onBackdrop(transparent, 255)) };
  yield { name: 'onBlack', ...hash(onBackdrop(transparent, 0)) };
}

/** A picture's hash with its variants, from all of them in their order. */
export function hashedImage(all: Iterable<HashedVariant>): HashedImage {
  const [original, ...variants] = all;
  const { name: _, ...hashed } = original!;
  return { ...hashed, variants };
}
