/*
 * The one pipeline from a decoded picture to its hashes, in Node and in a browser's Worker alike.
 */

import type { ImageHeader } from '../formats/image-format.js';
import { newHash } from '../hash.js';
import { rankedPdq } from '../hashing/pdq-ranks.js';
import { type CheckedPixels, layoutOf, type Orientation } from '../pixels.js';
import type {
  HashedImage,
  HashedVariant,
  Point,
  VariantGeometry,
  Variants,
  VariantsThenCloser,
} from '../variant.js';
import {
  type Hasher,
  isGrey,
  isOpaque,
  lookingCloser,
  type OtherLook,
  type OwnForms,
  orient,
  ownVariants,
  withoutColour,
} from '../variants/forms.js';
import { looksCloser } from '../variants/variant-profile.js';
import { SIDE, sampledPixels, viewOf } from '../variants/view.js';
import type { PictureOptions } from './options.js';

/** The facts in a file's header about its pixels. */
export type Coding = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;

/** Facts about all pixels of a picture: none is transparent; each has equal colours. */
export interface Facts {
  readonly opaque: boolean;
  readonly grey: boolean;
}

/** Sides of a full picture as displayed, and how variants of its draft are marked and placed. */
export interface FullPicture {
  readonly width: number;
  readonly height: number;
  placed(variant: HashedVariant): HashedVariant;
}

/** A frame of an animation as people see it, drawn over those before it. */
export interface Frame {
  /** its number in the file, from 0 */
  readonly frame: number;
  /** as stored, RGBA; only until the next frame is requested */
  readonly pixels: CheckedPixels;
}

/** A decoded picture, as its file stores it. Pixels are read on demand only. */
export interface DecodedPicture extends Coding {
  /** as stored */
  readonly width: number;
  readonly height: number;
  /**
   * The 512 x 512 pixels that PDQ takes once the picture is turned by `orientation`: column
   * floor(x · width / 512) and row floor(y · height / 512) of the turned picture.
   */
  sampled(orientation: Orientation): CheckedPixels;
  /** All pixels, as stored. */
  whole(): CheckedPixels;
  /** found by reading every pixel, unless already known */
  facts(): Facts;
  /** if known beforehand */
  readonly known?: Facts | undefined;
  /** the full picture of a draft */
  readonly full?: FullPicture | undefined;
  /** other rasters that a browser shows for the file */
  readonly looks?: readonly OtherLook[] | undefined;
  /** the frames of an animation beside the picture, decoded again at each call */
  readonly later?: (() => AsyncIterable<Frame>) | undefined;
}

/**
 * A picture whose pixels are in memory.
 * @param pixels as stored; borrowed
 * @param known facts about every pixel, if they have been read
 */
export function pictureOf(pixels: CheckedPixels, coding: Coding, known?: Facts): DecodedPicture {
  const { width, height } = pixels;
  const { orientation, exif, alpha } = coding;
  return {
    width,
    height,
    orientation,
    exif,
    alpha,
    sampled: (turnedBy) => sampledPixels(viewOf(pixels, turnedBy)),
    whole: () => pixels,
    known,
    facts: () => known ?? { opaque: !alpha || isOpaque(pixels), grey: isGrey(pixels) },
  };
}

/** The sides of a picture. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The orientation of a picture for display, and the one that it was hashed in. */
export interface DraftOrientations {
  readonly displayed: Orientation;
  readonly hashed: Orientation;
}

/**
 * The full picture of a draft, which marks the draft's variants and places them in its pixels.
 * @param draft sides of the draft, as stored
 * @param full those of the picture, as stored
 */
export function placingOf(
  draft: Sides,
  full: Sides,
  { displayed, hashed }: DraftOrientations,
): FullPicture {
  const from = turned(draft, hashed);
  const to = turned(full, hashed);
  const across = to.width / from.width;
  const down = to.height / from.height;
  return {
    ...turned(full, displayed),
    placed({ geometry, hash, ...variant }) {
      const place = geometry && { geometry: enlarged(geometry, across, down) };
      const marked = newHash(hash.algorithm, hash.bytes, 'draft');
      return { ...variant, hash: marked, decoding: 'draft', ...place };
    },
  };
}

const turned = ({ width, height }: Sides, orientation: Orientation): Sides =>
  layoutOf(orientation).turned ? { width: height, height: width } : { width, height };

/** A place in a picture of other sides. The whole picture maps to the whole picture. */
export function enlarged(geometry: VariantGeometry, across: number, down: number): VariantGeometry {
  const { rectangle, corners } = geometry;
  const left = Math.round(rectangle.left * across);
  const top = Math.round(rectangle.top * down);
  const width = Math.round((rectangle.left + rectangle.width) * across) - left;
  const height = Math.round((rectangle.top + rectangle.height) * down) - top;
  const moved = { ...geometry, rectangle: { left, top, width, height } };
  if (corners === undefined) return moved;
  const at = ([x, y]: Point): Point => [x * across, y * down];
  const [a, b, c, d] = corners;
  return { ...moved, corners: [at(a), at(b), at(c), at(d)] };
}

/** A hashed picture file; its sides in pixels as displayed. */
export interface HashedFile extends HashedImage {
  readonly width: number;
  readonly height: number;
}

/** The variants of a picture, hashed on demand; its sides in pixels as displayed. */
export interface PictureVariants {
  readonly width: number;
  readonly height: number;
  /** `draft` if the file was decoded at a fraction of its size; its variants state it, too */
  readonly decoding?: 'draft';
  /** the picture itself first, `original`; each is hashed on demand */
  readonly variants: Variants;
}

/** `PictureVariants` that learn only at their end what each variant came near to. */
export interface PictureVariantsThenCloser extends Omit<PictureVariants, 'variants'> {
  readonly variants: VariantsThenCloser;
  /** true if they take a closer look at the places near entries */
  readonly looksCloser: boolean;
}

/**
 * The variants of a picture, the likeliest first: `original`, `stored`, `onWhite` and `onBlack`,
 * other looks, then crops, mirrored and turned forms, and those that undo edits. The pixels that
 * they need are read at once: no more than 512 x 512 if PDQ is to hash only looks of the file
 * itself. Other algorithms and further variants are loaded on demand.
 * @param options checked by the caller
 */
export async function variantsOfPicture(
  picture: DecodedPicture,
  options: PictureOptions,
): Promise<PictureVariants> {
  const { variants, looksCloser, ...sides } = await variantsThenCloser(picture, options);
  return { ...sides, variants: lookingCloser(variants, looksCloser) };
}

/** As `variantsOfPicture`, for a caller that learns only later what a variant came near to. */
export async function variantsThenCloser(
  picture: DecodedPicture,
  options: PictureOptions,
): Promise<PictureVariantsThenCloser> {
  const hash = await hasherOf(options);
  const {
    orientation = 'display',
    crops = false,
    inner = false,
    algorithm = 'pdq',
    resample = 512,
  } = options;
  const asStored = orientation === 'stored';
  const variants = asStored ? 'none' : (options.variants ?? 'orientation');
  const looks = variants === 'none' ? [] : (picture.looks ?? []);
  const hasParts = options.parts === true && algorithm === 'pdq';
  const more =
    crops || inner || looks.length > 0 || (variants !== 'none' && variants !== 'orientation');
  const { furtherVariants, partsOfPicture } =
    more || hasParts ? await import('../variants/further-variants.js') : {};
  const applied = asStored && picture.exif ? 1 : picture.orientation;
  const frames = inner ? await frameVariants(picture, applied, options, hash) : [];
  const sampled = isSampled(picture, options);
  const whole = sampled && !more && !hasParts ? undefined : wholeOf(picture);
  const { displayed, stored, opaque } = formsOf(
    whole ? pictureOf(whole, picture, picture.known) : picture,
    sampled,
    applied,
  );
  const { full } = picture;
  const view = whole && (sampled ? viewOf(whole, applied) : viewOf(displayed));
  let parts: string | undefined;
  const given = (variant: HashedVariant) => {
    const placed = full ? full.placed(variant) : variant;
    if (!hasParts || !view || variant.name !== 'original') return placed;
    parts ??= partsOfPicture!(view, resample);
    return { ...placed, parts };
  };
  const own: OwnForms = {
    displayed,
    stored: variants !== 'none' && applied !== 1 && picture.exif ? stored() : undefined,
    isTransparent: variants !== 'none' && !opaque,
    given,
  };

  function* inOrder(): VariantsThenCloser {
    const already = yield* ownVariants(own, hash);
    if (!more || !view) return;
    yield* furtherVariants!(
      { ...own, view, looks, frames },
      already,
      { ...options, variants },
      hash,
    );
  }

  const { width, height } = picture;
  const turned = picture.orientation > 4 ? { width: height, height: width } : { width, height };
  const sides = full
    ? { width: full.width, height: full.height, decoding: 'draft' as const }
    : turned;
  return { ...sides, variants: inOrder(), looksCloser: looksCloser({ ...options, variants }) };
}

/**
 * The hashes of an animation's later frames, whole. A frame that cannot be decoded ends them: the
 * picture itself has its hash all the same.
 */
async function frameVariants(
  decoded: DecodedPicture,
  orientation: Orientation,
  options: PictureOptions,
  hash: Hasher,
): Promise<readonly HashedVariant[]> {
  const variants: HashedVariant[] = [];
  try {
    for await (const { frame, pixels } of decoded.later?.() ?? []) {
      const picture = pictureOf(pixels, decoded);
      const { displayed } = formsOf(picture, isSampled(picture, options), orientation);
      variants.push({ name: 'frame', ...hash(displayed), frame });
    }
  } catch {}
  return variants;
}

/** True if PDQ first reduces the picture to 512 x 512: then those pixels are all that it sees. */
const isSampled = (
  { width, height }: DecodedPicture,
  { algorithm = 'pdq', resample = 512 }: PictureOptions,
) => algorithm === 'pdq' && resample === 512 && (width > SIDE || height > SIDE);

/** All pixels, in one sample each if they are grey. */
const wholeOf = (picture: DecodedPicture): CheckedPixels =>
  picture.known?.grey === false ? picture.whole() : withoutColour(picture.whole());

/** The hashed forms of a picture; one sample a pixel if the whole picture is grey. */
function formsOf(picture: DecodedPicture, sampled: boolean, orientation: Orientation) {
  const { alpha } = picture;
  if (!sampled) {
    const whole = picture.whole();
    const opaque = !alpha || (picture.known?.opaque ?? isOpaque(whole));
    return { displayed: orient(whole, orientation), stored: () => whole, opaque };
  }
  const sample = picture.sampled(orientation);
  let opaque = !alpha || isOpaque(sample);
  let grey = isGrey(sample);
  // Facts about the sample may not hold for the rest.
  if (grey || (alpha && opaque)) ({ opaque, grey } = picture.facts());
  const form = (pixels: CheckedPixels) => (grey ? withoutColour(pixels) : pixels);
  const stored = () => form(picture.sampled(1));
  return { displayed: form(sample), stored, opaque };
}

/** PDQ is built in; the other algorithms are loaded on demand. */
async function hasherOf(options: PictureOptions): Promise<Hasher> {
  const { algorithm = 'pdq', resample = 512, exact = false } = options;
  if (algorithm === 'pdq') return (pixels) => rankedPdq(pixels, { resample, exact });
  const { hashOf } = await import('../hashing/algorithms.js');
  return (pixels) => hashOf(pixels, options);
}
