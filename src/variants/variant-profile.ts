import { boolean, choice, type OptionCheck, type OptionTable, tableOf } from '../door.js';
import { HASH_OPTIONS, type HashOptions } from '../hashing/hash-options.js';
import { checkedPixels, type Pixels } from '../pixels.js';

/** The profiles. */
export const VARIANT_PROFILES = ['none', 'orientation', 'dihedral', 'quick', 'thorough'] as const;

/**
 * The variants of a picture that are hashed.
 * - `none`: only the picture as displayed.
 * - `orientation`: also the forms in which viewers may show the file, if they differ: `stored`,
 *   `onWhite`, `onBlack`.
 * - `dihedral`: also the picture mirrored and turned by quarters: 8 hashes, as of moved pixels.
 * - `quick`: also the picture mirrored, inverted and without borders, photos on a background of one
 *   colour, and the likeliest cuts and turns undone: as a rule 12 hashes, in half the time of
 *   `thorough`
 * - `thorough`: also bars, captions, screenshots, collages, crops and turns undone, mirrored too,
 *   and PDQ's other size convention if the two differ: as a rule about 75 hashes, at most 160
 *
 * Those of `quick` and `thorough` are sampled from one reduced plane.
 */
export type VariantProfile = (typeof VARIANT_PROFILES)[number];

/**
 * The profile by which uploads are matched, in the library (`check`) and by the commands `match`
 * and `check`: people share edited copies. Hashing alone defaults to `orientation`.
 */
export const MATCHING_VARIANTS: VariantProfile = 'thorough';

/**
 * The most hashes of a picture without list crops, besides at most 363 and 114 of parts if it is
 * near an entry.
 */
export const MOST_HASHES = 160;

/** The most inner pictures: the cells of four rows and columns. */
export const MOST_INNER = 16;

/** The most frames of an animation beside its picture. */
export const MOST_LATER = 8;

/** The most list crops of a shape, the nearest to the centre: 9:16 of 16:9 has 23. */
export const MOST_OF_SHAPE = 25;

/**
 * The most hashes of `quick` of one raster, without list crops: six of the file itself, and those
 * of all rows on white and on black.
 */
export const MOST_QUICK_HASHES = 42;

/** True if variants by these options, one at a time, are refined near entries. */
export const looksCloser = ({
  variants = 'orientation',
  algorithm = 'pdq',
}: Pick<VariantOptions, 'variants' | 'algorithm'>): boolean =>
  algorithm === 'pdq' && (variants === 'quick' || variants === 'thorough');

/** Options of hashing, and of the variants. */
export interface VariantOptions extends HashOptions {
  /** @defaultValue 'orientation' */
  variants?: VariantProfile;
  /**
   * also the list crops, which a list may hold beside a photo, before the mirrored and turned
   * forms: its largest parts of 1:1, 4:5, 16:9 and 9:16 about the centre, at most four, or
   * `anywhere`, at most 100. One that is nearly the photo, has a side under 64, a PDQ quality below
   * 50 or shows a lone edge is excluded
   */
  crops?: boolean | 'anywhere';
  /** also the pictures that it frames, as a screenshot does, at most 16; before the list crops */
  inner?: boolean;
  /** also the hashes of six parts of the picture, for a list; of PDQ alone */
  parts?: boolean;
  /** the raster before EXIF orientation, if that is not the picture as displayed */
  stored?: Pixels | undefined;
}

export const VARIANTS = { is: choice, of: VARIANT_PROFILES, default: 'orientation' } as const;
export const CROPS = { is: choice, of: [false, true, 'anywhere'], default: false } as const;
export const INNER = { is: boolean, default: false } as const;
export const PARTS = { is: boolean, default: false } as const;

/** Pixels whose sides and data agree. */
export const pixels: OptionCheck = (_, value) => checkedPixels(value as Pixels);

export const VARIANT_OPTIONS = /* @__PURE__ */ tableOf(HASH_OPTIONS, {
  variants: VARIANTS,
  crops: CROPS,
  inner: INNER,
  parts: PARTS,
  stored: { is: pixels },
}) satisfies OptionTable<VariantOptions>;
