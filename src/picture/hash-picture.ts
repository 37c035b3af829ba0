import { rankedPdq } from '../hashing/pdq-ranks.js';
import type { CheckedPixels, Orientation } from '../pixels.js';
import type { HashedImage, HashedVariant, Variants, VariantsThenCloser } from '../variant.js';
import {
  type Hasher,
  isGrey,
  isOpaque,
  lookingCloser,
  type OwnForms,
  orient,
  ownVariants,
  withoutColour,
} from '../variants/forms.js';
import { looksCloser } from '../variants/variant-profile.js';
import { SIDE, viewOf } from '../variants/view.js';
import { type DecodedPicture, pictureOf } from './decoded-picture.js';
import type { PictureOptions } from './options.js';

/*
 * The one line from a decoded picture to its hashes, in Node and in a browser's Worker alike.
 */

/** A hashed picture file; its sides in pixels as displayed. */
export interface HashedFile extends HashedImage {
  readonly width: number;
  readonly height: number;
}

/** The variants of a picture, still to be hashed; its sides in pixels as displayed. */
export interface PictureVariants {
  readonly width: number;
  readonly height: number;
  /** `draft` if the file was decoded at a fraction of its size; then so say its variants */
  readonly decoding?: 'draft';
  /** the picture itself first, `original`; each is hashed only when it is asked for */
  readonly variants: Variants;
}

/** `PictureVariants` whose variants are told at their end what each came near to. */
export interface PictureVariantsThenCloser extends Omit<PictureVariants, 'variants'> {
  readonly variants: VariantsThenCloser;
  /** whether they return what looks closer */
  readonly looksCloser: boolean;
}

/**
 * The variants of a picture, the likeliest first: `original`, `stored`, `onWhite` and `onBlack`,
 * other looks, then windows, mirrored and turned forms, and what undoes edits. What they need of
 * the picture is read at once: no more than 512 x 512 pixels if PDQ is to hash only what the file
 * itself may be taken for. Other algorithms and further variants are loaded on demand.
 * @param options checked by the caller
 */
export async function variantsOfPicture(
  picture: DecodedPicture,
  options: PictureOptions,
): Promise<PictureVariants> {
  const { variants, looksCloser, ...sides } = await variantsThenCloser(picture, options);
  return { ...sides, variants: lookingCloser(variants, looksCloser) };
}

/** As `variantsOfPicture`, for one who learns only later what a variant came near to. */
export async function variantsThenCloser(
  picture: DecodedPicture,
  options: PictureOptions,
): Promise<PictureVariantsThenCloser> {
  const hash = await hasherOf(options);
  const { orientation = 'display', crops = false } = options;
  const asStored = orientation === 'stored';
  const variants = asStored ? 'none' : (options.variants ?? 'orientation');
  const looks = variants === 'none' ? [] : (picture.looks ?? []);
  const more = crops || looks.length > 0 || (variants !== 'none' && variants !== 'orientation');
  const further = more
    ? (await import('../variants/further-variants.js')).furtherVariants
    : undefined;
  const laid = asStored && picture.exif ? 1 : picture.orientation;
  const sampled = isSampled(picture, options);
  const whole = sampled && !more ? undefined : wholeOf(picture);
  const { displayed, stored, opaque } = formsOf(
    whole ? pictureOf(whole, picture, picture.known) : picture,
    sampled,
    laid,
  );
  const { full } = picture;
  const given = full ? full.placed : (variant: HashedVariant) => variant;
  const own: OwnForms = {
    displayed,
    stored: variants !== 'none' && laid !== 1 && picture.exif ? stored() : undefined,
    isTransparent: variants !== 'none' && !opaque,
    given,
  };

  function* inOrder(): VariantsThenCloser {
    const already = yield* ownVariants(own, hash);
    if (!further || !whole) return undefined;
    const view = sampled ? viewOf(whole, laid) : viewOf(displayed);
    return yield* further({ ...own, view, looks }, already, { ...options, variants }, hash);
  }

  const { width, height } = picture;
  const turned = picture.orientation > 4 ? { width: height, height: width } : { width, height };
  const sides = full
    ? { width: full.width, height: full.height, decoding: 'draft' as const }
    : turned;
  return { ...sides, variants: inOrder(), looksCloser: looksCloser({ ...options, variants }) };
}

/** Whether PDQ brings the picture to 512 x 512 first: then those pixels are all that it sees. */
const isSampled = (
  { width, height }: DecodedPicture,
  { algorithm = 'pdq', resample = 512 }: PictureOptions,
) => algorithm === 'pdq' && resample === 512 && (width > SIDE || height > SIDE);

/** All pixels, in one sample each if they are grey. */
const wholeOf = (picture: DecodedPicture): CheckedPixels =>
  picture.known?.grey === false ? picture.whole() : withoutColour(picture.whole());

/** What is hashed of a picture; in one sample a pixel if the whole picture is grey. */
function formsOf(picture: DecodedPicture, sampled: boolean, laid: Orientation) {
  const { alpha } = picture;
  if (!sampled) {
    const whole = picture.whole();
    const opaque = !alpha || (picture.known?.opaque ?? isOpaque(whole));
    return { displayed: orient(whole, laid), stored: () => whole, opaque };
  }
  const sample = picture.sampled(laid);
  let opaque = !alpha || isOpaque(sample);
  let grey = isGrey(sample);
  // What holds of the sample may not hold of the rest.
  if (grey || (alpha && opaque)) ({ opaque, grey } = picture.facts());
  const form = (pixels: CheckedPixels) => (grey ? withoutColour(pixels) : pixels);
  const stored = () => form(picture.sampled(1));
  return { displayed: form(sample), stored, opaque };
}

/** PDQ is at hand; the other algorithms are loaded on demand. */
async function hasherOf(options: PictureOptions): Promise<Hasher> {
  const { algorithm = 'pdq', resample = 512, exact = false } = options;
  if (algorithm === 'pdq') return (pixels) => rankedPdq(pixels, { resample, exact });
  const { hashOf } = await import('../hashing/algorithms.js');
  return (pixels) => hashOf(pixels, options);
}
