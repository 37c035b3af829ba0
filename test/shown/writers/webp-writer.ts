import sharp from 'sharp';
import { block } from '../../formats/exif-block.js';
import { type Format, having, named, orientations, type Step, trailing } from '../grammar.js';
import { PROFILES } from '../profiles.js';
import { cut, eachPixel, hasAlpha, lumaOf, oneOf, type Raster, type Scene } from '../raster.js';
import { ALPHAS, FILMS, type Film, type Frame, mapped } from '../scenes.js';

const FLAGS = { animation: 2, xmp: 4, exif: 8, alpha: 16, profile: 32 };

const uint24 = (value: number) => Buffer.of(value & 255, (value >> 8) & 255, (value >> 16) & 255);

function chunk(name: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

/** A WebP that is being made. */
export interface WebpPlan {
  picture: Raster;
  film: Film | undefined;
  lossless: boolean;
  /** how the alpha of a lossy picture is stored: raw by an ALPH of ours, or as its encoder does */
  rawAlpha: boolean;
  /** sides of the canvas, if they are not the picture's */
  canvas: [number, number] | undefined;
  /** the simple form: no VP8X */
  simple: boolean;
  /** flags that are set or left out against what the file has */
  flipped: number;
  icc: Uint8Array | undefined;
  /** before the picture, instead of right behind VP8X */
  first: Buffer[];
  exif: Uint8Array | undefined;
  /** EXIF stands before the picture */
  exifFirst: boolean;
  last: Buffer[];
  background: Uint8Array;
  trailing: Uint8Array;
}

/** Chunks of one image: VP8L, or VP8 with an ALPH before it. */
async function imageOf(raster: Raster, { lossless, rawAlpha }: WebpPlan): Promise<Buffer[]> {
  const { width, height, data } = raster;
  const isClear = hasAlpha(raster);
  const picture = sharp(data, { raw: { width, height, channels: 4 } });
  if (!isClear || (rawAlpha && !lossless)) picture.removeAlpha();
  const made = await picture
    .webp({ lossless, quality: lossless ? 30 : 95, effort: 0, exact: true })
    .toBuffer();
  const chunks: Buffer[] = [];
  for (let at = 12; at < made.length; ) {
    const length = 8 + made.readUInt32LE(at + 4);
    const padded = length + (length & 1);
    const name = made.toString('latin1', at, at + 4);
    if (name === 'ALPH' || name.startsWith('VP8 ') || name === 'VP8L')
      chunks.push(made.subarray(at, at + padded));
    at += padded;
  }
  if (isClear && rawAlpha && !lossless) {
    const alpha = Buffer.from(data.filter((_, i) => (i & 3) === 3));
    chunks.unshift(chunk('ALPH', Buffer.concat([Buffer.of(0), alpha])));
  }
  return chunks;
}

async function frameOf(one: Frame, plan: WebpPlan): Promise<Buffer> {
  const { raster, x, y, milliseconds, after, isOver } = one;
  // A frame has no way back to what was there before, and stands at even places.
  const bits = (isOver ? 0 : 2) | (after === 'stays' ? 0 : 1);
  return chunk(
    'ANMF',
    Buffer.concat([
      uint24(x >> 1),
      uint24(y >> 1),
      uint24(raster.width - 1),
      uint24(raster.height - 1),
      uint24(milliseconds),
      Buffer.of(bits),
      ...(await imageOf(raster, plan)),
    ]),
  );
}

async function writeWebp(plan: WebpPlan): Promise<Uint8Array> {
  const { picture, film, icc, exif, exifFirst } = plan;
  const [width, height] = plan.canvas ?? [picture.width, picture.height];
  const images = film
    ? [
        chunk('ANIM', Buffer.concat([plan.background, Buffer.of(film.plays & 255, 0)])),
        ...(await Promise.all(film.frames.map((one) => frameOf(one, plan)))),
      ]
    : await imageOf(picture, plan);
  const flags =
    (film ? FLAGS.animation : 0) |
    (icc ? FLAGS.profile : 0) |
    (exif ? FLAGS.exif : 0) |
    (hasAlpha(picture) || film?.frames.some(({ raster }) => hasAlpha(raster)) ? FLAGS.alpha : 0);
  const extended = chunk(
    'VP8X',
    Buffer.concat([
      Buffer.of(flags ^ plan.flipped, 0, 0, 0),
      uint24(width - 1),
      uint24(height - 1),
    ]),
  );
  const exifChunk = exif ? [chunk('EXIF', exif)] : [];
  const simple = plan.simple && flags === 0;
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    ...(simple ? [] : [extended]),
    ...(icc ? [chunk('ICCP', icc)] : []),
    ...plan.first,
    ...(exifFirst ? exifChunk : []),
    ...images,
    ...(exifFirst ? [] : exifChunk),
    ...plan.last,
  ]);
  const head = Buffer.from('RIFF\0\0\0\0');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, plan.trailing]);
}

const plain = (picture: Raster): WebpPlan => ({
  picture,
  film: undefined,
  lossless: true,
  rawAlpha: true,
  canvas: undefined,
  simple: false,
  flipped: 0,
  icc: undefined,
  first: [],
  exif: undefined,
  exifFirst: false,
  last: [],
  background: Buffer.of(255, 255, 255, 255),
  trailing: new Uint8Array(),
});

type WebpStep = Step<WebpPlan>;

/** Frames at even places, as the format has them. */
const evenFilm = (film: Film): Film => ({
  ...film,
  frames: film.frames.map((one) => ({ ...one, x: one.x & ~1, y: one.y & ~1 })),
});

/** Stores all that is drawn so that it is seen by a profile. */
const seenBy =
  (name: string, put: (plan: WebpPlan, icc: Uint8Array, scene: Scene) => void): WebpStep =>
  (plan, scene) => {
    const { icc, store } = PROFILES[name]!(scene);
    mapped(plan, (raster) => store(raster, scene));
    put(plan, icc, scene);
  };

/** The picture in black of its own darkness. */
const inBlack = (raster: Raster) => eachPixel(raster, (pixel) => [0, 0, 0, 255 - lumaOf(pixel)]);

/** WebP, still and animated. */
export const WEBP: Format<WebpPlan> = {
  name: 'webp',
  type: 'image/webp',
  begin: ({ listed }) => plain(listed),
  groups: {
    coding: {
      lossy: having({ lossless: false }),
      'lossy-simple': having({ lossless: false, simple: true }),
      'lossless-simple': having({ simple: true }),
      'lossy-with-coded-alpha': having({ lossless: false, rawAlpha: false }),
    },
    frames: {
      ...named(
        Object.keys(FILMS),
        (name): WebpStep =>
          (plan, scene) => {
            plan.film = evenFilm(FILMS[name]!(scene));
            plan.picture = plan.film.frames[0]!.raster;
          },
      ),
      'one-smaller': (plan, { listed }) => {
        plan.canvas = [listed.width + 40, listed.height + 20];
        plan.film = {
          plays: 0,
          frames: [
            { raster: listed, x: 20, y: 10, milliseconds: 100, after: 'stays', isOver: false },
          ],
        };
      },
      'on-a-coloured-ground': (plan, { listed, next }) => {
        plan.background = Buffer.of(next() & 255, 0, 200, 255);
        plan.film = {
          plays: 0,
          frames: [
            {
              raster: inBlack(listed),
              ...{ x: 0, y: 0, milliseconds: 60_000, after: 'stays', isOver: true },
            },
          ],
        };
      },
      'flag-missing': (plan, scene) => {
        plan.film = FILMS['short-then-long']!(scene);
        plan.flipped |= FLAGS.animation;
      },
      'a-still-beside': async (plan, scene) => {
        plan.film = FILMS['long-alone']!(scene);
        plan.last.push(...(await imageOf(scene.decoy, plain(scene.decoy))));
      },
      'a-still-before': async (plan, scene) => {
        plan.film = FILMS['short-then-long']!(scene);
        plan.first.push(...(await imageOf(scene.decoy, plain(scene.decoy))));
      },
    },
    transparency: {
      ...named(
        Object.keys(ALPHAS),
        (name): WebpStep =>
          (plan, scene) => {
            mapped(plan, (raster) => ALPHAS[name]!(raster, scene));
          },
      ),
      'flag-missing': (plan) => {
        mapped(plan, inBlack);
        plan.flipped |= FLAGS.alpha;
      },
      'lossy-flag-missing': (plan) => {
        plan.lossless = false;
        mapped(plan, inBlack);
        plan.flipped |= FLAGS.alpha;
      },
      'lossy-black-alone': (plan) => {
        plan.lossless = false;
        mapped(plan, inBlack);
      },
      'flag-alone': (plan) => {
        plan.flipped |= FLAGS.alpha;
      },
    },
    colour: {
      ...named(Object.keys(PROFILES), (name) =>
        seenBy(name, (plan, icc) => {
          plan.icc = icc;
        }),
      ),
      'flag-missing': seenBy('blue-alone', (plan, icc) => {
        plan.icc = icc;
        plan.flipped |= FLAGS.profile;
      }),
      'profile-after': seenBy('blue-alone', (plan, icc) => {
        plan.last.push(chunk('ICCP', icc));
        plan.flipped |= FLAGS.profile;
      }),
      'profile-twice': seenBy('blue-alone', (plan, icc, scene) => {
        plan.icc = PROFILES.srgb!(scene).icc;
        plan.first.push(chunk('ICCP', icc));
      }),
    },
    geometry: {
      ...orientations<WebpPlan>((plan, value) => {
        plan.exif = block(value);
      }),
      'with-identifier': having({ exif: Buffer.concat([Buffer.from('Exif\0\0'), block(6)]) }),
      'flag-missing': (plan) => {
        plan.exif = block(6);
        plan.flipped |= FLAGS.exif;
      },
      'before-the-picture': having({ exif: block(6), exifFirst: true }),
      twice: (plan) => {
        plan.exif = block(6);
        plan.last.push(chunk('EXIF', block(2)));
      },
      'canvas-larger': (plan) => {
        plan.canvas = [plan.picture.width + 30, plan.picture.height + 10];
      },
      'canvas-smaller': (plan) => {
        plan.canvas = [plan.picture.width - 30, plan.picture.height - 10];
      },
    },
    container: {
      'unknown-chunks': (plan, { next }) => {
        plan.first.push(chunk(oneOf(['abcd', 'XMP ', 'JUNK'], next), Buffer.alloc(next() % 99)));
        plan.last.push(chunk('abcd', Buffer.alloc(3)));
      },
      trailing,
      'another-after-the-end': async (plan, { decoy }) => {
        plan.trailing = await writeWebp(plain(decoy));
      },
      'two-pictures': async (plan, { decoy }) => {
        plan.last.push(...(await imageOf(decoy, plain(decoy))));
      },
      'another-first': async (plan, { decoy }) => {
        plan.first.push(...(await imageOf(decoy, { ...plain(decoy), lossless: false })));
      },
      'a-small-one-first': async (plan, { decoy }) => {
        const small = cut(decoy, 0, 0, 64, 64);
        plan.first.push(...(await imageOf(small, plain(small))));
      },
    },
  },
  write: (plan) => writeWebp(plan),
};
