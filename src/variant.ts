import {
  checkArray,
  checkInteger,
  checkIterable,
  checkNumber,
  checkObject,
  checkOneOf,
  wrongKind,
  wrongRange,
} from './door.js';
import { type Bits, bitsOf, checkParts, checkResample, type Hash, type Resample } from './hash.js';
import { layoutOf, type Orientation } from './pixels.js';

/** The eight symmetries of a rectangle, in the names and the order of the PDQ reference. */
export const DIHEDRAL_NAMES = [
  'original',
  'rotate90',
  'rotate180',
  'rotate270',
  'flipX',
  'flipY',
  'flipPlus1',
  'flipMinus1',
] as const;

/** The name of one of the eight dihedral forms of a picture. */
export type DihedralName = (typeof DIHEDRAL_NAMES)[number];

/** The names of the list crops of a photo, by width and height of their shape. */
export const LIST_CROP_NAMES = ['window1x1', 'window4x5', 'window16x9', 'window9x16'] as const;

/** The name of a list crop. */
export type ListCropName = (typeof LIST_CROP_NAMES)[number];

const variantNames = () =>
  [
    ...DIHEDRAL_NAMES,
    'stored',
    'onWhite',
    'onBlack',
    'asShown',
    'frame',
    'otherReading',
    'otherResample',
    'inverted',
    'unletterbox',
    'unblurBars',
    'box',
    'rectangle',
    'quadrilateral',
    'unturn',
    'unturnCropped',
    'uncrop',
    ...LIST_CROP_NAMES,
    'inner',
    'file',
  ] as const;

/** The names of all variants. */
export const VARIANT_NAMES = /* @__PURE__ */ variantNames();

/**
 * The name of a variant: the part or form that was hashed.
 * - `original`: the picture as displayed
 * - `rotate90` … `flipMinus1`: the picture turned or mirrored
 * - `stored`: the picture as its file stores it, before its EXIF orientation is applied
 * - `onWhite`, `onBlack`: the picture with its transparent parts on a colour
 * - `asShown`: the picture in the colours that its profile or colour chunks give it
 * - `frame`: another frame of the file; with the option `inner`, hashed for a list
 * - `otherReading`: the picture cut or turned as some browsers read its file
 * - `otherResample`: the picture in PDQ's other size convention
 * - `inverted`: the picture with its brightness inverted
 * - `window1x1`, `window4x5`, `window16x9`, `window9x16`: the largest part of a photo of that shape
 *   about its centre, hashed for a list
 * - `inner`: a picture in a frame: in a screenshot, a collage, between bars; hashed for a list
 * - `file`: the whole file, byte for byte, by its digest
 *
 * The others undo an edit; their geometry states their place.
 * - `unletterbox`: without borders of one colour
 * - `unblurBars`: without blurred bars
 * - `box`: a part found on a background
 * - `rectangle`: a part enclosed by straight edges
 * - `quadrilateral`: a four-sided part, tilted or seen in perspective, made upright
 * - `unturn`: turned back, after a turn that had enlarged the canvas
 * - `unturnCropped`: turned back, after a turn that had cut off the corners
 * - `uncrop`: the picture, or a part found in it, with the cut-off part made up from its border
 */
export type VariantName = (typeof VARIANT_NAMES)[number];

/** The names of looks: rasters that a browser may show of a file instead of the stored one. */
export const LOOK_NAMES = ['asShown', 'onWhite', 'onBlack', 'frame', 'otherReading'] as const;

/** The name of a look, which its whole picture has as a variant. */
export type LookName = (typeof LOOK_NAMES)[number];

/** A rectangle in pixels of the displayed picture, measured from its top left corner. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A point in pixels of the displayed picture, measured from its top left corner. */
export type Point = readonly [x: number, y: number];

/** The part of the displayed picture that a variant shows. */
export interface VariantGeometry {
  /**
   * may extend beyond the picture, where its content is made up from the border pixels; around
   * `corners`, if there are any
   */
  readonly rectangle: Rectangle;
  /** of a part that is no upright rectangle: its top left, top right, bottom right, bottom left */
  readonly corners?: readonly [Point, Point, Point, Point];
  /** rotation of the rectangle about its centre, in degrees clockwise as seen; absent: 0 */
  readonly angle?: number;
  /** the dihedral form of that part; absent: `original` */
  readonly dihedral?: DihedralName;
}

/** The hash of one variant of a picture. */
export interface HashedVariant {
  readonly name: VariantName;
  readonly hash: Hash;
  /** 0…100 if the algorithm has one (PDQ: always) */
  readonly quality?: number;
  /** PDQ's size convention; in `otherResample` it is not the picture's own */
  readonly resample?: Resample;
  /**
   * of a file that was decoded in part, for matching alone: its bits differ by a few from those of
   * the full picture. No list accepts it
   */
  readonly decoding?: 'draft';
  /** place of the variant in the picture, if it is a part or turned */
  readonly geometry?: VariantGeometry;
  /** the look that it is a part or form of; absent: of the stored raster, or a whole look */
  readonly look?: LookName;
  /** the frame of the file that it shows, from 0; absent: the first, or the only one */
  readonly frame?: number;
  /**
   * certainty of each bit, for PDQ if known: bit i of the hash (0 the first of `bytes[0]`, the
   * highest) has the ranks[i]-nearest coefficient to the median, from 0, the least certain, to 255.
   * For matching alone: they reveal more of a picture than its hash, so neither store nor send them
   */
  readonly ranks?: Uint8Array;
  /**
   * if asked for: the PDQ hashes of six parts of the place that it shows. They reveal more of a
   * picture than its hash
   */
  readonly parts?: string;
  /** it matches only entries whose parts are within this many bits: it was moved from far away */
  readonly partsAtMost?: number;
}

/**
 * Report of a decision to the generator of variants about its last variant: the entries near it,
 * but not near enough. The generator may then move its place and return the variant again.
 */
export interface Near {
  /** those that it might match if its place were moved */
  readonly hashes: readonly Hash[];
  /** from the variant to the nearest of `hashes`, in bits */
  readonly distance: number;
  /** the distance that would be a match */
  readonly enough: number;
  /** the quality below which nothing would be a match */
  readonly leastQuality: number;
  /**
   * from the variant to the nearest entry with parts, in bits: the parts of the variant's place are
   * asked for. Absent: none has any
   */
  readonly nearestParts?: number;
}

/** Variants of a picture, one at a time; `next` may report entries near the last one. */
export interface Variants extends Generator<HashedVariant, void, Near | undefined> {
  /** whether places are moved toward the entries reported to `next`; absent: no */
  readonly looksCloser?: boolean;
}

/** Entries near one variant, reported later: `at` is the number of variants before it. */
export interface NearAt extends Near {
  readonly at: number;
}

/**
 * Variants of a picture that learn only at their end what each came near to. They yield `undefined`
 * if they need to know; the next `next` reports it, and those that are nearer now follow. Whoever
 * takes no more of them calls `return`, which frees the memory of the picture.
 */
export type VariantsThenCloser = Generator<
  HashedVariant | undefined,
  void,
  readonly NearAt[] | undefined
>;

/**
 * A picture's hash, its quality if the algorithm has one, and the hashes of its other variants, if
 * any.
 */
export interface HashedImage {
  readonly hash: Hash;
  readonly quality?: number;
  /** the PDQ size convention of the hash */
  readonly resample?: Resample;
  /** of a file that was decoded in part, as in `HashedVariant` */
  readonly decoding?: 'draft';
  /** certainty of its bits, as in `HashedVariant` */
  readonly ranks?: Uint8Array;
  /** the PDQ hashes of six of its parts, as an entry has them, if they were asked for */
  readonly parts?: string;
  readonly variants: readonly HashedVariant[];
}

/** What to list of a picture: the whole, the pictures that it frames, or both. */
export type Listing = 'whole' | 'inner' | 'both';

/** So many framed pictures are a lattice, whose own hash is near those of other lattices. */
const LATTICE = 4;

/**
 * A picture as a list or a bundle takes it, if it was hashed with the option `inner`. Pictures that
 * are listed together are one group: the others are variants of the first. One that frames nothing
 * is listed whole, and a lattice of four pictures and more never beside them. Frames of an
 * animation are listed with the whole.
 * @returns `image` itself if it is to be both, and is no lattice
 */
export function listedPicture(image: HashedImage, listing: Listing): HashedImage {
  checkObject(image, 'a hashed image');
  checkIterable(image.variants, 'variants of a hashed image');
  checkVariant({ ...image, name: 'original' });
  for (const variant of image.variants) checkVariant(variant);
  checkOneOf('listing', listing, ['whole', 'inner', 'both']);
  const inner = image.variants.filter(({ name }) => name === 'inner');
  const others = image.variants.filter(({ name }) => name !== 'inner');
  const [first, ...rest] = inner;
  if (first === undefined || listing === 'whole') return { ...image, variants: others };
  if (listing === 'both' && inner.length < LATTICE) return image;
  const { name: _, look: __, ...main } = first;
  return { ...main, variants: rest };
}

/**
 * The EXIF orientation that gives each form. The PDQ reference turns counter-clockwise, and its
 * `flipX` is upside down.
 */
export const DIHEDRAL_ORIENTATIONS: Readonly<Record<DihedralName, Orientation>> = {
  original: 1,
  rotate90: 8,
  rotate180: 3,
  rotate270: 6,
  flipX: 4,
  flipY: 2,
  flipPlus1: 5,
  flipMinus1: 7,
};

/** The layout of a form's rows in the picture. */
export const layOf = (name: DihedralName) => layoutOf(DIHEDRAL_ORIENTATIONS[name]);

/** @throws {TypeError | RangeError} if `variant` is invalid */
export function checkVariant(variant: HashedVariant): void {
  checkObject(variant, 'a hashed variant: { name, hash }');
  const { name, hash, quality, resample, decoding, ranks, parts, partsAtMost, look, frame } =
    variant;
  const bits = bitsOf(hash);
  if (resample !== undefined) checkResample('resample', resample);
  if (ranks !== undefined) checkRanks(ranks, bits);
  if (parts !== undefined) checkParts(parts, hash);
  if (partsAtMost !== undefined) checkInteger('partsAtMost', partsAtMost, 0, 256);
  if (typeof name !== 'string') wrongKind('name to be a string');
  if (decoding !== undefined) checkOneOf('decoding', decoding, ['draft']);
  if (look !== undefined) checkOneOf('look', look, LOOK_NAMES);
  if (frame !== undefined) checkInteger('frame', frame, 0);
  if (quality !== undefined) checkNumber('quality', quality, 0, 100);
}

/** Scratch of `checkRanks`. */
const ranked = /* @__PURE__ */ new Uint8Array(256);

/**
 * @throws {TypeError} if `ranks` is not a Uint8Array
 * @throws {RangeError} if they are not each of 0…255 once, of a hash of 256 bits
 */
export function checkRanks(ranks: Uint8Array, bits: Bits): void {
  checkArray('ranks', ranks, Uint8Array);
  let isEach = bits === 256 && ranks.length === 256;
  ranked.fill(0);
  for (let bit = 0; isEach && bit < 256; bit++) {
    const rank = ranks[bit]!;
    isEach = ranked[rank] === 0;
    ranked[rank] = 1;
  }
  if (!isEach) wrongRange('each rank of 0 to 255 once, for a hash of 256 bits');
}
