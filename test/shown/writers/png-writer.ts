import { deflateSync } from 'node:zlib';
import { chunk, header, pngOf } from '../../browser/png-file.js';
import { block, XMP_TURNED } from '../../formats/exif-block.js';
import { type Format, having, named, orientations, type Step, trailing } from '../grammar.js';
import { uint32 } from '../numbers.js';
import { iccpOf, PROFILES, storedBy } from '../profiles.js';
import { eachPixel, lumaOf, oneOf, type Raster, type Scene, shuffled } from '../raster.js';
import { ALPHAS, FILMS, type Film, mapped } from '../scenes.js';

/** How samples are stored. */
type Samples = 'rgb' | 'rgba' | 'grey' | 'greyAlpha' | 'palette' | 'rgb16' | 'rgba16' | 'grey16';

const TYPES: Record<Samples, { type: number; depth: number }> = {
  rgb: { type: 2, depth: 8 },
  rgba: { type: 6, depth: 8 },
  grey: { type: 0, depth: 8 },
  greyAlpha: { type: 4, depth: 8 },
  palette: { type: 3, depth: 8 },
  rgb16: { type: 2, depth: 16 },
  rgba16: { type: 6, depth: 16 },
  grey16: { type: 0, depth: 16 },
};

/** A PNG that is being made: chunks by where they stand. */
export interface PngPlan {
  /** the image that IDAT holds, and what is to be seen of it */
  picture: Raster;
  samples: Samples;
  interlaced: boolean;
  /** between IHDR and PLTE or IDAT, in any order */
  colours: Buffer[];
  /** between PLTE and IDAT */
  afterPalette: Buffer[];
  beforeData: Buffer[];
  amidData: Buffer[];
  afterData: Buffer[];
  trailing: Uint8Array;
  film: Film | undefined;
  /** how its chunks are laid out */
  filmAs:
    | 'first-is-default'
    | 'default-is-none'
    | 'control-late'
    | 'none-counted'
    | 'more-counted'
    | 'fewer-counted';
}

const bytesAPixel = (samples: Samples) =>
  ({ rgb: 3, rgba: 4, grey: 1, greyAlpha: 2, palette: 1, rgb16: 6, rgba16: 8, grey16: 2 })[samples];

function samplesOf(raster: Raster, samples: Samples): Buffer {
  const each = bytesAPixel(samples);
  const out = Buffer.alloc(each * raster.width * raster.height);
  for (let i = 0; i < raster.width * raster.height; i++) {
    const [r, g, b, a] = raster.data.subarray(4 * i, 4 * i + 4);
    const grey = Math.round(lumaOf([r!, g!, b!]));
    const values = {
      rgb: [r, g, b],
      rgba: [r, g, b, a],
      grey: [grey],
      greyAlpha: [grey, a],
      palette: [(grey * 254) / 255 + 1],
      // The lower byte is another picture's, so to say.
      rgb16: [r, g, g, b, b, r],
      rgba16: [r, g, g, b, b, r, a, a],
      grey16: [grey, 255 - grey],
    }[samples];
    out.set(values as number[], each * i);
  }
  return out;
}

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Rows of an image, compressed. */
function dataOf(raster: Raster, samples: Samples, interlaced: boolean): Buffer {
  const each = bytesAPixel(samples);
  const pixels = samplesOf(raster, samples);
  const rows: Buffer[] = [];
  for (const [left, top, across, down] of interlaced ? PASSES : [[0, 0, 1, 1] as const]) {
    for (let y = top; y < raster.height; y += down) {
      const row: Buffer[] = [Buffer.of(0)];
      for (let x = left; x < raster.width; x += across) {
        const at = each * (y * raster.width + x);
        row.push(pixels.subarray(at, at + each));
      }
      if (row.length > 1) rows.push(...row);
    }
  }
  return deflateSync(Buffer.concat(rows), { level: 1 });
}

function frameControl(
  number: number,
  { raster, x, y, milliseconds, after, isOver }: Film['frames'][number],
) {
  const data = Buffer.alloc(26);
  data.set(uint32(number, raster.width, raster.height, x, y));
  data.writeUInt16BE(milliseconds, 20);
  data.writeUInt16BE(1000, 22);
  data.set([['stays', 'clears', 'restores'].indexOf(after), isOver ? 1 : 0], 24);
  return chunk('fcTL', data);
}

/** IDAT and the chunks of the film, and which stand before it. */
function filmChunks(plan: PngPlan, parts: Buffer[]): { before: Buffer[]; data: Buffer[] } {
  const { film, filmAs, samples, interlaced } = plan;
  if (!film) return { before: [], data: parts };
  let number = 0;
  const { frames, plays } = film;
  const later = (from: number) =>
    frames
      .slice(from)
      .flatMap((one) => [
        frameControl(number++, one),
        chunk('fdAT', Buffer.concat([uint32(number++), dataOf(one.raster, samples, interlaced)])),
      ]);
  const count =
    filmAs === 'none-counted'
      ? 0
      : frames.length + (filmAs === 'more-counted' ? 3 : filmAs === 'fewer-counted' ? -1 : 0);
  const control = chunk('acTL', uint32(count, plays));
  if (filmAs === 'default-is-none') return { before: [control], data: [...parts, ...later(0)] };
  const first = frameControl(number++, frames[0]!);
  if (filmAs === 'control-late') return { before: [first], data: [...parts, control, ...later(1)] };
  return { before: [control, first], data: [...parts, ...later(1)] };
}

function writePng(plan: PngPlan, scene: Scene): Uint8Array {
  const { picture, samples, interlaced } = plan;
  const { width, height } = picture;
  const compressed = dataOf(picture, samples, interlaced);
  const cutAt = scene.next() % 3 ? compressed.length : scene.next() % compressed.length;
  const data = [compressed.subarray(0, cutAt), compressed.subarray(cutAt)]
    .filter((part) => part.length > 0)
    .map((part) => chunk('IDAT', part));
  if (plan.amidData.length > 0) data.splice(1, 0, ...plan.amidData);
  const film = filmChunks(plan, data);
  const palette = Array.from({ length: 256 }, (_, i) =>
    Array<number>(3).fill(Math.max(0, ((i - 1) * 255) / 254)),
  ).flat();
  return Buffer.concat([
    pngOf([
      chunk('IHDR', header({ ...TYPES[samples], width, height, interlaced })),
      ...shuffled(plan.colours, scene.next),
      ...(samples === 'palette' ? [chunk('PLTE', palette)] : []),
      ...shuffled([...plan.afterPalette, ...plan.beforeData], scene.next),
      ...film.before,
      ...film.data,
      ...shuffled(plan.afterData, scene.next),
      chunk('IEND'),
    ]),
    plan.trailing,
  ]);
}

const chromaticities = (...values: number[]) => chunk('cHRM', uint32(...values));
const SRGB_CHROMATICITIES = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000];
const gamma = (value: number) => chunk('gAMA', uint32(value));
const profile = (name: string, scene: Scene) => chunk('iCCP', iccpOf(PROFILES[name]!(scene).icc));
const exif = (orientation: number) => chunk('eXIf', block(orientation));

type PngStep = Step<PngPlan>;
const colourChunks =
  (...make: ((scene: Scene) => Buffer)[]): PngStep =>
  (plan, scene) =>
    plan.colours.push(...make.map((one) => one(scene)));

const withAlpha: Record<Samples, Samples> = {
  rgb: 'rgba',
  rgba: 'rgba',
  grey: 'greyAlpha',
  greyAlpha: 'greyAlpha',
  palette: 'rgba',
  rgb16: 'rgba16',
  rgba16: 'rgba16',
  grey16: 'rgba16',
};

const filmStep =
  (name: string, filmAs: PngPlan['filmAs'] = 'first-is-default'): PngStep =>
  (plan, scene) => {
    plan.film = FILMS[name]!(scene);
    plan.filmAs = filmAs;
    plan.picture = filmAs === 'first-is-default' ? plan.film.frames[0]!.raster : scene.decoy;
    // Frames may have holes.
    plan.samples = 'rgba';
  };

/** What is light is the key, and clear. */
const keyOfLight =
  (samples: 'rgb' | 'rgb16'): PngStep =>
  (plan) => {
    plan.film = undefined;
    plan.samples = samples;
    plan.picture = eachPixel(plan.picture, (pixel) =>
      lumaOf(pixel) > 128 ? [0, 0, 0, 255] : [pixel[0] / 2, pixel[1] / 2, 1 + pixel[2] / 2, 255],
    );
    plan.beforeData.push(chunk('tRNS', [0, 0, 0, 0, 0, 0]));
  };

/** A still picture that is seen by a profile, beside another chunk of colours. */
const stillBy = (name: string, other: (scene: Scene) => Buffer): PngStep =>
  storedBy(name, (plan, icc, scene) => {
    plan.samples = 'rgb';
    plan.film = undefined;
    plan.colours.push(other(scene), chunk('iCCP', iccpOf(icc)));
  });

/** PNG and APNG. */
export const PNG: Format<PngPlan> = {
  name: 'png',
  type: 'image/png',
  begin: ({ listed }) => ({
    picture: listed,
    samples: 'rgb',
    interlaced: false,
    colours: [],
    afterPalette: [],
    beforeData: [],
    amidData: [],
    afterData: [],
    trailing: new Uint8Array(),
    film: undefined,
    filmAs: 'first-is-default',
  }),
  groups: {
    samples: named(
      ['rgba', 'grey', 'greyAlpha', 'palette', 'rgb16', 'rgba16', 'grey16'],
      (name) => (plan) => {
        plan.samples = name as Samples;
      },
    ),
    frames: {
      ...named(Object.keys(FILMS), (name) => filmStep(name)),
      'default-is-none': filmStep('long-alone', 'default-is-none'),
      'default-is-none-short-then-long': filmStep('short-then-long', 'default-is-none'),
      'control-late': filmStep('short-then-long', 'control-late'),
      'none-counted': filmStep('short-then-long', 'none-counted'),
      'more-counted': filmStep('short-then-long', 'more-counted'),
      'fewer-counted': filmStep('last-of-twelve', 'fewer-counted'),
    },
    transparency: {
      ...named(
        Object.keys(ALPHAS),
        (name): PngStep =>
          (plan, scene) => {
            mapped(plan, (raster) => ALPHAS[name]!(raster, scene));
            plan.samples = withAlpha[plan.samples];
          },
      ),
      // The palette is black, and each entry as clear as a level.
      'palette-alpha': (plan) => {
        plan.samples = 'palette';
        plan.film = undefined;
        plan.afterPalette.push(
          chunk(
            'tRNS',
            Array.from({ length: 256 }, (_, i) => i),
          ),
        );
      },
      'key-grey': (plan) => {
        plan.film = undefined;
        plan.samples = 'grey';
        plan.picture = eachPixel(plan.picture, (pixel) => {
          const grey = lumaOf(pixel) & 0xf8;
          return [grey, grey, grey, 255];
        });
        plan.beforeData.push(chunk('tRNS', [0, 128]));
      },
      // What is lighter than a level is the key, and white where it is seen.
      'key-hides-decoy': (plan, scene) => {
        plan.film = undefined;
        plan.samples = 'grey';
        plan.picture = eachPixel(
          plan.picture,
          (pixel) => {
            const grey = lumaOf(pixel) > 100 ? 0 : 1 + lumaOf(pixel) / 3;
            return [grey, grey, grey, 255];
          },
          scene.decoy,
        );
        plan.beforeData.push(chunk('tRNS', [0, 0]));
      },
      'key-rgb': keyOfLight('rgb'),
      'key-rgb16': keyOfLight('rgb16'),
      background: (plan, scene) => {
        mapped(plan, (raster) => ALPHAS['cut-out']!(raster, scene));
        plan.samples = 'rgba';
        plan.beforeData.push(chunk('bKGD', [0, scene.next() & 255, 0, 128, 0, 0]));
      },
    },
    colour: {
      ...named(
        Object.keys(PROFILES),
        (name): PngStep =>
          (plan, scene) => {
            const { icc, store } = PROFILES[name]!(scene);
            const grey = name.startsWith('grey-');
            if (grey) plan.samples = plan.samples === 'rgba' ? 'greyAlpha' : 'grey';
            mapped(plan, (raster) => store(raster, scene));
            if (plan.samples === 'palette') plan.samples = 'rgb';
            plan.colours.push(chunk('iCCP', iccpOf(icc)));
          },
      ),
      'grey-profile-of-rgb': colourChunks((scene) => profile('grey-inverted', scene)),
      'rgb-profile-of-grey': (plan, scene) => {
        plan.samples = 'grey';
        plan.colours.push(profile('inverted', scene));
      },
      gamma: colourChunks(() => gamma(45455)),
      'gamma-linear': colourChunks(() => gamma(100_000)),
      'gamma-dark': colourChunks(() => gamma(8_000)),
      'gamma-light': colourChunks(() => gamma(900_000)),
      'gamma-none': colourChunks(() => gamma(0)),
      'gamma-with-chromaticities': colourChunks(
        () => gamma(45455),
        () => chromaticities(...SRGB_CHROMATICITIES),
      ),
      'chromaticities-alone': colourChunks(() =>
        chromaticities(31270, 32900, 30000, 60000, 64000, 33000, 15000, 6000),
      ),
      'chromaticities-turned': colourChunks(
        () => gamma(45455),
        () => chromaticities(31270, 32900, 30000, 60000, 15000, 6000, 64000, 33000),
      ),
      'chromaticities-singular': colourChunks(
        () => gamma(45455),
        () => chromaticities(31270, 32900, 20000, 20000, 30000, 30000, 40000, 40000),
      ),
      'chromaticities-blue': (plan, scene) => {
        plan.film = undefined;
        plan.samples = 'rgb';
        plan.picture = PROFILES['blue-alone']!(scene).store(plan.picture, scene);
        // White is the blue primary, but for a hair.
        plan.colours.push(
          gamma(45455),
          chromaticities(31270, 32900, 64000, 33000, 30000, 60000, 31271, 32901),
        );
      },
      'srgb-chunk': colourChunks(({ next }) => chunk('sRGB', [next() & 3])),
      'srgb-chunk-with-gamma-dark': colourChunks(
        () => chunk('sRGB', [0]),
        () => gamma(8_000),
      ),
      'srgb-chunk-with-profile': stillBy('permuted', () => chunk('sRGB', [0])),
      'gamma-with-profile': stillBy('permuted', () => gamma(8_000)),
      'profiles-twice': stillBy('inverted', (scene) => profile('srgb', scene)),
      'profile-after-data': (plan, scene) => plan.afterData.push(profile('inverted', scene)),
      'profile-after-palette': (plan, scene) => {
        plan.samples = 'palette';
        plan.afterPalette.push(profile('inverted', scene));
      },
      'cicp-srgb': colourChunks(() => chunk('cICP', [1, 13, 0, 1])),
      'cicp-linear': colourChunks(() => chunk('cICP', [1, 8, 0, 1])),
      'cicp-pq': colourChunks(() => chunk('cICP', [9, 16, 0, 1])),
      'cicp-hlg': colourChunks(() => chunk('cICP', [9, 18, 0, 1])),
      'cicp-p3': colourChunks(() => chunk('cICP', [12, 13, 0, 1])),
      'cicp-narrow': colourChunks(() => chunk('cICP', [1, 13, 0, 0])),
      'cicp-odd': colourChunks(() => chunk('cICP', [22, 4, 0, 1])),
      'cicp-with-profile': (plan, scene) => {
        plan.colours.push(chunk('cICP', [1, 13, 0, 1]), profile('inverted', scene));
      },
      'cicp-bad-with-profile': stillBy('inverted', () => chunk('cICP', [2, 2, 5, 1])),
      'significant-bits': (plan) => {
        plan.samples = 'rgb';
        plan.colours.push(chunk('sBIT', [5, 3, 1]));
      },
    },
    geometry: {
      ...orientations<PngPlan>((plan, value) => plan.beforeData.push(exif(value))),
      'after-data': (plan, { next }) => plan.afterData.push(exif(2 + (next() % 7))),
      'before-and-after-data': (plan) => {
        plan.beforeData.push(exif(1));
        plan.afterData.push(exif(6));
      },
      twice: (plan) => plan.beforeData.push(exif(6), exif(2)),
      'with-identifier': (plan) => {
        plan.beforeData.push(chunk('eXIf', Buffer.concat([Buffer.from('Exif\0\0'), block(6)])));
      },
      'in-xmp': (plan) => {
        plan.beforeData.push(
          chunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${XMP_TURNED}`)),
        );
      },
      'raw-profile-text': (plan) => {
        const hex = Buffer.concat([Buffer.from('Exif\0\0'), block(6)]).toString('hex');
        const body = `\nexif\n      ${hex.length / 2}\n${hex}\n`;
        plan.beforeData.push(
          chunk(
            'zTXt',
            Buffer.concat([Buffer.from('Raw profile type exif\0\0'), deflateSync(body)]),
          ),
        );
      },
      'pixels-tall': (plan) => plan.beforeData.push(chunk('pHYs', [0, 0, 8, 0, 0, 0, 4, 0, 0])),
    },
    container: {
      interlaced: having({ interlaced: true }),
      'chunk-amid-data': (plan) => plan.amidData.push(chunk('tEXt', Buffer.from('a\0b'))),
      'data-empty': (plan) => plan.beforeData.push(chunk('tIME', [7, 234, 1, 1, 0, 0, 0])),
      'unknown-chunks': (plan, { next }) => {
        for (const list of [plan.colours, plan.beforeData, plan.afterData]) {
          list.push(chunk(oneOf(['abCd', 'prVt', 'tEXt', 'zzZz'], next), Buffer.from('a\0b')));
        }
      },
      trailing,
      'another-after-the-end': (plan, scene) => {
        const rest = PNG.begin(scene);
        plan.trailing = writePng({ ...rest, picture: scene.decoy }, scene);
      },
      'in-a-thumbnail': (plan, scene) => {
        const small = writePng({ ...PNG.begin(scene), picture: scene.decoy }, scene);
        plan.beforeData.push(chunk('eXIf', Buffer.concat([block(1), small])));
      },
    },
  },
  write: async (plan, scene) => writePng(plan, scene),
};
