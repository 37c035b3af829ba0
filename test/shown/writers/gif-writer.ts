import { type Format, having, named, type Step, trailing } from '../grammar.js';
import { uint16 } from '../numbers.js';
import { cut, eachPixel, lumaOf, type Raster } from '../raster.js';
import { ALPHAS, FILMS, type Film, type Frame } from '../scenes.js';

/** Six levels of red, seven of green, six of blue; the last entry is the transparent one. */
const [RED, GREEN, BLUE] = [6, 7, 6];
const CLEAR = 255;
const COLOURS = Array.from({ length: 256 }, (_, i) => [
  Math.round(((i % RED) * 255) / (RED - 1)),
  Math.round(((Math.floor(i / RED) % GREEN) * 255) / (GREEN - 1)),
  Math.min(255, Math.round((Math.floor(i / (RED * GREEN)) * 255) / (BLUE - 1))),
]).flat();
const GREYS = Array.from({ length: 256 }, (_, i) => [i, i, i]).flat();

/** Indices of the colours, with an ordered dither. */
function indicesOf(raster: Raster, isGrey: boolean): Uint8Array {
  const { width, height, data } = raster;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [r, g, b, a] = data.subarray(4 * i, 4 * i + 4);
    if (a! < 128) return CLEAR;
    if (isGrey) return Math.min(254, lumaOf([r!, g!, b!]));
    const dither = (((i % width) * 3 + ((i / width) | 0) * 5) & 7) / 8;
    const level = (value: number, levels: number) =>
      Math.min(levels - 1, Math.floor((value * (levels - 1)) / 255 + dither));
    return level(r!, RED) + RED * (level(g!, GREEN) + GREEN * level(b!, BLUE));
  });
}

/** LZW of indices of 8 bits, in blocks. */
function compressed(indices: Uint8Array): Buffer {
  const bytes: number[] = [];
  let [value, count] = [0, 0];
  const put = (code: number, size: number) => {
    value |= code << count;
    for (count += size; count >= 8; count -= 8) {
      bytes.push(value & 255);
      value >>>= 8;
    }
  };
  let codes = new Map<number, number>();
  let [size, free] = [9, 258];
  put(256, size);
  let prefix = -1;
  for (const index of indices) {
    if (prefix < 0) {
      prefix = index;
      continue;
    }
    const known = codes.get((prefix << 8) | index);
    if (known !== undefined) {
      prefix = known;
      continue;
    }
    put(prefix, size);
    codes.set((prefix << 8) | index, free++);
    if (free > 1 << size) size++;
    if (free >= 4095) {
      put(256, size);
      codes = new Map();
      [size, free] = [9, 258];
    }
    prefix = index;
  }
  if (prefix >= 0) put(prefix, size);
  put(257, size);
  if (count > 0) bytes.push(value & 255);
  const blocks: Buffer[] = [Buffer.of(8)];
  for (let i = 0; i < bytes.length; i += 255) {
    const part = bytes.slice(i, i + 255);
    blocks.push(Buffer.of(part.length, ...part));
  }
  return Buffer.concat([...blocks, Buffer.of(0)]);
}

/** Numbers of 16 bits, the low byte first. */
const lowFirst = (...values: number[]) => uint16(...values).swap16();

/** A GIF that is being made. */
export interface GifPlan {
  film: Film;
  version: '87a' | '89a';
  screen: [number, number];
  background: number;
  isGrey: boolean;
  /** no global palette, or one that no frame uses */
  palettes: 'global' | 'local' | 'local-and-other-global' | 'none';
  interlaced: boolean;
  /** seconds are not told: no control extension of frames without holes */
  hasControls: boolean;
  /** each frame is transparent where it has this index, whatever its pixels are */
  key: number | undefined;
  looped: boolean;
  /** where the loops are told */
  extensions: Buffer[];
  trailer: boolean;
  trailing: Uint8Array;
  /** indices of the decoy under a palette that shows the picture */
  palette: number[] | undefined;
}

const interlaced = (indices: Uint8Array, width: number, height: number) => {
  const rows = [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ].flatMap(([first, step]) => {
    const list = [];
    for (let y = first!; y < height; y += step!) list.push(y);
    return list;
  });
  return Buffer.concat(rows.map((y) => indices.subarray(y * width, (y + 1) * width)));
};

function frameBlocks(plan: GifPlan, one: Frame): Buffer[] {
  const { raster, x, y, milliseconds, after } = one;
  const { width, height } = raster;
  let indices = indicesOf(raster, plan.isGrey);
  const hasHoles = indices.includes(CLEAR) || plan.key !== undefined;
  const local = plan.palettes.startsWith('local');
  const control = Buffer.concat([
    Buffer.of(
      0x21,
      0xf9,
      4,
      ((1 + ['stays', 'clears', 'restores'].indexOf(after)) << 2) | (hasHoles ? 1 : 0),
    ),
    lowFirst(Math.min(65535, Math.round(milliseconds / 10))),
    Buffer.of(plan.key ?? CLEAR, 0),
  ]);
  if (plan.interlaced) indices = interlaced(indices, width, height);
  return [
    ...(plan.hasControls ? [control] : []),
    Buffer.concat([
      Buffer.of(0x2c),
      lowFirst(x, y, width, height),
      Buffer.of((local ? 0x87 : 0) | (plan.interlaced ? 0x40 : 0)),
      Buffer.from(local ? paletteOf(plan) : []),
      compressed(indices),
    ]),
  ];
}

const paletteOf = ({ palette, isGrey }: GifPlan) => palette ?? (isGrey ? GREYS : COLOURS);

function writeGif(plan: GifPlan): Uint8Array {
  const { film, palettes } = plan;
  const global = palettes !== 'local' && palettes !== 'none';
  const loops = Buffer.concat([
    Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01', 'latin1'),
    lowFirst(film.plays === 0 ? 0 : film.plays - 1),
    Buffer.of(0),
  ]);
  return Buffer.concat([
    Buffer.from(`GIF${plan.version}`),
    lowFirst(...plan.screen),
    Buffer.of((global ? 0x80 : 0) | 0x77, plan.background, 0),
    Buffer.from(global ? (palettes === 'global' ? paletteOf(plan) : [...GREYS].reverse()) : []),
    ...(plan.looped && film.plays !== 1 && film.frames.length > 1 ? [loops] : []),
    ...plan.extensions,
    ...film.frames.flatMap((one) => frameBlocks(plan, one)),
    ...(plan.trailer ? [Buffer.of(0x3b)] : []),
    plan.trailing,
  ]);
}

const still = (raster: Raster): GifPlan => ({
  film: {
    frames: [{ raster, x: 0, y: 0, milliseconds: 0, after: 'stays', isOver: true }],
    plays: 0,
  },
  version: '89a',
  screen: [raster.width, raster.height],
  background: 0,
  isGrey: false,
  palettes: 'global',
  interlaced: false,
  hasControls: true,
  key: undefined,
  looped: true,
  extensions: [],
  trailer: true,
  trailing: new Uint8Array(),
  palette: undefined,
});

type GifStep = Step<GifPlan>;
const screenBy =
  (sides: (width: number, height: number) => [number, number]): GifStep =>
  (plan) => {
    plan.screen = sides(...plan.screen);
  };
const first = (plan: GifPlan, change: (one: Frame) => Partial<Frame>) => {
  const [one, ...rest] = plan.film.frames;
  plan.film = { ...plan.film, frames: [{ ...one!, ...change(one!) }, ...rest] };
};
const extension = (label: number, data: Uint8Array) =>
  Buffer.concat([Buffer.of(0x21, label, data.length), data, Buffer.of(0)]);

/** GIF, still and animated. */
export const GIF: Format<GifPlan> = {
  name: 'gif',
  type: 'image/gif',
  begin: ({ listed }) => still(listed),
  groups: {
    frames: {
      ...named(
        Object.keys(FILMS),
        (name): GifStep =>
          (plan, scene) => {
            plan.film = FILMS[name]!(scene);
          },
      ),
      'no-delays': (plan, scene) => {
        // How a GIF has more than 256 colours: all at once, where no time is told.
        const { frames } = FILMS['in-tiles']!(scene);
        plan.film = { plays: 1, frames: frames.map((one) => ({ ...one, milliseconds: 0 })) };
      },
      'no-controls': (plan, scene) => {
        plan.film = FILMS['once-then-stays']!(scene);
        plan.hasControls = false;
      },
      'first-smaller': (plan, scene) => {
        const { frames, plays } = FILMS['short-then-long']!(scene);
        const { width, height } = scene.decoy;
        const part = cut(scene.decoy, 0, 0, width >> 1, height >> 1);
        plan.film = { plays, frames: [{ ...frames[0]!, raster: part, x: 9, y: 5 }, frames[1]!] };
      },
    },
    transparency: {
      'holes-at-random': (plan, { next }) => {
        first(plan, ({ raster }) => ({
          raster: eachPixel(raster, ([r, g, b]) => [r, g, b, next() % 4 ? 255 : 0]),
        }));
      },
      'black-under-holes': (plan, scene) => {
        first(plan, ({ raster }) => ({ raster: ALPHAS['one-bit']!(raster, scene) }));
      },
      'white-under-holes': (plan, scene) => {
        first(plan, ({ raster }) => ({
          raster: eachPixel(ALPHAS['one-bit']!(raster, scene), ([, , , alpha]) => [
            ...[255, 255, 255],
            255 - alpha,
          ]),
        }));
        // What is transparent is of the same colour.
        plan.palette = [...COLOURS.slice(0, 3 * CLEAR), 255, 255, 255];
      },
      'bright-half-clear': (plan) => {
        first(plan, ({ raster }) => ({
          raster: eachPixel(raster, ([r, g, b]) => [r, g, b, lumaOf([r, g, b]) > 120 ? 0 : 255]),
        }));
      },
      'key-of-a-colour': having({ key: 0 }),
      'key-and-background': (plan, { next }) => {
        plan.key = plan.background = next() % 256;
      },
    },
    colour: {
      grey: having({ isGrey: true }),
      'palettes-differ': (plan, { next }) => {
        // The global palette is none of a frame's.
        plan.palettes = 'local-and-other-global';
        plan.background = next() & 255;
      },
      'palette-absent': having({ isGrey: true, palettes: 'none' }),
      'a-profile': (plan, { next }) => {
        plan.extensions.push(
          Buffer.concat([
            Buffer.from('\x21\xff\x0bICCRGBG1012\x04', 'latin1'),
            Buffer.alloc(4, next() & 255),
            Buffer.of(0),
          ]),
        );
      },
    },
    geometry: {
      'screen-larger': screenBy((width, height) => [width + 37, height + 21]),
      'screen-much-larger': screenBy((width, height) => [width * 3, height * 2]),
      'screen-larger-and-offset': (plan) => {
        plan.screen = [plan.screen[0] + 37, plan.screen[1] + 21];
        first(plan, () => ({ x: 30, y: 15 }));
      },
      'screen-smaller': screenBy((width, height) => [width >> 1, height >> 1]),
      'screen-a-little-smaller': screenBy((width, height) => [width - 9, height - 5]),
      'screen-of-one': having({ screen: [1, 1] }),
      'screen-of-none': having({ screen: [0, 0] }),
      'screen-of-terminals': having({ screen: [640, 480] }),
      'screen-of-800': having({ screen: [800, 600] }),
      'frame-outside': (plan) => {
        first(plan, () => ({ x: 20, y: 10 }));
      },
      'frame-wholly-outside': (plan) => {
        first(plan, ({ raster }) => ({ x: raster.width, y: 0 }));
      },
      'screen-wider-alone': screenBy((width, height) => [width * 2, height]),
    },
    container: {
      interlaced: having({ interlaced: true }),
      'version-87': having({ version: '87a' }),
      'palettes-local': having({ palettes: 'local' }),
      'no-trailer': having({ trailer: false }),
      'a-comment': (plan) => plan.extensions.push(extension(0xfe, Buffer.from('a'))),
      'plain-text': (plan) =>
        plan.extensions.push(extension(1, Buffer.from([0, 0, 0, 0, 9, 0, 9, 0, 8, 8, 1, 2]))),
      'a-thumbnail': (plan, { decoy }) => {
        const bytes = writeGif(still(cut(decoy, 0, 0, 12, 12)));
        plan.extensions.push(extension(0xfe, bytes.subarray(0, 200)));
      },
      trailing,
      'another-after-the-end': (plan, { decoy }) => {
        plan.trailing = writeGif(still(decoy));
      },
      'frame-after-the-end': (plan, { decoy }) => {
        plan.trailing = Buffer.concat(frameBlocks(plan, still(decoy).film.frames[0]!));
      },
    },
  },
  write: async (plan) => writeGif(plan),
};
