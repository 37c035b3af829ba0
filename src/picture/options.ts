import {
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  positive,
  SIGNAL,
  tableOf,
  wrongKind,
} from '../door.js';
import { DIGESTS, type Digest } from '../hash.js';
import { HASH_OPTIONS, type HashOptions } from '../hashing/hash-options.js';
import { CROPS, INNER, PARTS, VARIANTS, type VariantProfile } from '../variants/variant-profile.js';

/** Options for the hashes of a picture file, the same in Node and in browsers. */
export interface PictureOptions extends HashOptions {
  /**
   * `display` hashes the picture as people see it. `stored` hashes the raster before EXIF
   * orientation, as the PDQ reference does, and of the variants only those of `crops`.
   * @defaultValue 'display'
   */
  orientation?: 'display' | 'stored';
  /**
   * Further variants to hash. `orientation`: other looks of the file, if they differ: `stored`
   * before EXIF orientation, `onWhite` and `onBlack` with its transparent parts filled. `dihedral`:
   * also its mirrored and turned forms. `quick` and `thorough`: also variants that undo the edits
   * of people who share it again, the likeliest or all. `none`: nothing.
   * @defaultValue 'orientation'
   */
  variants?: VariantProfile;
  /**
   * also up to four centred crops of the picture, 1:1, 4:5, 16:9 and 9:16, for a list that is to
   * catch copies cropped to these shapes; they reveal more of the picture. `anywhere`: crops all
   * along the picture, 20 to 45 of most photos, for a list that is not passed on
   */
  crops?: boolean | 'anywhere';
  /**
   * also the pictures in it, if it is a screenshot, a collage, or has a frame or bars: variants
   * named `inner`, at most 16. For a list: the hash of a screenshot finds that screenshot, and no
   * copy of a photo in it. Most photos have none. And the frames of an animated GIF, PNG or WebP
   * that `check` looks at beside the first: variants named `frame`, at most 8, if their PDQ quality
   * is 50 or more. A still of the animation may show any of them
   */
  inner?: boolean;
  /**
   * also the PDQ hashes of six parts of the picture: its quarters, centre and middle band. An entry
   * that has them is compared with an upload part by part, so that fewer uploads are for review
   * wrongly, and more copies match; they reveal a sharper outline of the picture
   */
  parts?: boolean;
}

/** Limits on a picture file, each against files made to exhaust the machine. */
export interface Limits {
  /**
   * bytes of the file; a 50-megapixel photo from a phone has about 30 MB
   * @defaultValue 64 MiB
   */
  maxBytes?: number;
  /**
   * width x height; a 64-megapixel photo, 9248 x 6944, fits. A side may have 65,535, or a 1024th of
   * this if that is more
   * @defaultValue 2^26
   */
  maxPixels?: number;
  /**
   * seconds for reading, waiting, decoding and hashing one picture, at most 3600. In a batch, a
   * picture's time begins with its turn.
   * @defaultValue 60
   */
  timeoutSeconds?: number;
  signal?: AbortSignal | undefined;
}

/** Options for reading and hashing a picture file that Node and browsers share. */
export interface FileOptions extends PictureOptions, Limits {}

/** 64 MiB. */
export const MAX_BYTES = 64 * 2 ** 20;

/** 8192 x 8192. */
export const MAX_PIXELS = 2 ** 26;

/**
 * Long enough for the largest picture on a slow phone with one more of them before it in the queue;
 * a server that promises an answer sets its own.
 */
export const TIMEOUT_SECONDS = 60;

export const LIMITS = {
  maxBytes: { is: number, least: 1, default: MAX_BYTES },
  maxPixels: { is: integer, least: 1, default: MAX_PIXELS },
  timeoutSeconds: { is: positive, most: 3600, default: TIMEOUT_SECONDS },
  signal: SIGNAL,
} as const satisfies OptionTable<Limits>;

export const FILE_OPTIONS = /* @__PURE__ */ tableOf(HASH_OPTIONS, LIMITS, {
  orientation: { is: choice, of: ['display', 'stored'], default: 'display' },
  variants: VARIANTS,
  crops: CROPS,
  inner: INNER,
  parts: PARTS,
}) satisfies OptionTable<FileOptions>;

/** Options for the digests of a file, the same in Node and in browsers. */
export interface DigestFileOptions {
  /** @defaultValue ['sha256'] */
  algorithms?: readonly Digest[];
  /**
   * size limit of the file, in bytes
   * @defaultValue no limit
   */
  maxBytes?: number;
  signal?: AbortSignal | undefined;
}

const digests: OptionCheck = (name, value) => {
  const isFit =
    Array.isArray(value) && value.length > 0 && value.every((one) => DIGESTS.includes(one));
  if (!isFit) wrongKind(`${name} to be a list of ${DIGESTS.join(', ')}`);
};

export const DIGEST_FILE_OPTIONS = {
  algorithms: { is: digests, default: ['sha256'] },
  maxBytes: { is: integer, least: 1, default: Number.MAX_SAFE_INTEGER },
  signal: SIGNAL,
} as const satisfies OptionTable<DigestFileOptions>;
