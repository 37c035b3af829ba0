import {
  cut,
  decoyFor,
  eachPixel,
  flat,
  lumaOf,
  oneOf,
  type Raster,
  type Scene,
} from './raster.js';

/** Ways to hide a picture by transparency: what is stored of what is to be seen. */
export const ALPHAS: Record<string, (shown: Raster, scene: Scene) => Raster> = {
  /** the picture on white */
  'black-alone': (shown) => eachPixel(shown, (pixel) => [0, 0, 0, 255 - lumaOf(pixel)]),
  /** the picture on black */
  'white-alone': (shown) => eachPixel(shown, (pixel) => [255, 255, 255, lumaOf(pixel)]),
  /** the picture on white, and the decoy on black */
  'two-grounds': (shown, scene) =>
    eachPixel(
      shown,
      (pixel, other) => {
        const [light, dark] = [127 + lumaOf(pixel) / 2, lumaOf(other) / 2];
        const alpha = 255 - (light - dark);
        const grey = alpha === 0 ? 0 : (255 * dark) / alpha;
        return [grey, grey, grey, alpha];
      },
      decoyFor(shown, scene),
    ),
  /** the decoy on white, and the picture on black */
  'two-grounds-turned': (shown, scene) =>
    ALPHAS['two-grounds']!(decoyFor(shown, scene), { ...scene, decoy: shown }),
  /** the decoy's colours under the picture's alpha */
  'decoy-under-picture': (shown, scene) =>
    eachPixel(
      shown,
      (pixel, other) => [other[0] / 6, other[1] / 6, other[2] / 6, 255 - lumaOf(pixel)],
      decoyFor(shown, scene),
    ),
  /** the picture on a hidden ground that continues the decoy */
  'cut-out': (shown, scene) =>
    eachPixel(
      shown,
      (pixel, other, x, y) => {
        const isIn = Math.hypot(x / shown.width - 0.5, y / shown.height - 0.5) < 0.4;
        return isIn ? pixel : [other[0], other[1], other[2], 0];
      },
      decoyFor(shown, scene),
    ),
  /** rows of alpha 0 hide every second row of the decoy */
  'rows-hidden': (shown, scene) =>
    eachPixel(
      shown,
      (pixel, other, _x, y) => (y & 1 ? [other[0], other[1], other[2], 0] : pixel),
      decoyFor(shown, scene),
    ),
  /** too faint to be seen as it is stored */
  faint: (shown) => eachPixel(shown, ([r, g, b]) => [r, g, b, 120]),
  'nearly-full': (shown) => eachPixel(shown, ([r, g, b], _other, x) => [r, g, b, 250 + (x % 6)]),
  full: (shown) => shown,
  empty: (shown) => eachPixel(shown, ([r, g, b]) => [r, g, b, 0]),
  'one-bit': (shown) =>
    // An ordered dither.
    eachPixel(shown, (pixel, _other, x, y) => {
      const threshold =
        16 * [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5][4 * (y & 3) + (x & 3)]!;
      return [0, 0, 0, lumaOf(pixel) > threshold + 8 ? 0 : 255];
    }),
};

/** A frame of an animation. */
export interface Frame {
  readonly raster: Raster;
  readonly x: number;
  readonly y: number;
  readonly milliseconds: number;
  /** before the next frame: stays, is cleared, or gives way to what was there before */
  readonly after: 'stays' | 'clears' | 'restores';
  /** its transparent pixels let through what is there */
  readonly isOver: boolean;
}

const SHORT = 20;
/** Longer than anybody watches, and in the range of every format: 16 bits of milliseconds. */
const LONG = 60_000;

/** Frames of an animation, and how often it plays: 0 for ever. */
export interface Film {
  readonly frames: readonly Frame[];
  readonly plays: number;
}

/** Changes all that is drawn. */
export function mapped(
  plan: { picture: Raster; film: Film | undefined },
  change: (raster: Raster) => Raster,
): void {
  plan.picture = change(plan.picture);
  if (plan.film) {
    const frames = plan.film.frames.map((one) => ({ ...one, raster: change(one.raster) }));
    plan.film = { ...plan.film, frames };
  }
}

const frame = (raster: Raster, milliseconds: number, rest: Partial<Frame> = {}): Frame => ({
  ...{ raster, milliseconds, x: 0, y: 0, after: 'stays', isOver: false },
  ...rest,
});
const film = (frames: readonly Frame[], plays = 0): Film => ({ frames, plays });
const greyFlat = ({ width, height }: Raster, level = 90) =>
  flat(width, height, [level, level, level, 255]);
const clear = ({ width, height }: Raster) => flat(width, height, [0, 0, 0, 0]);

/** The picture in parts, one after another. */
function tiles(listed: Raster, across: number, down: number): Frame[] {
  const [width, height] = [Math.ceil(listed.width / across), Math.ceil(listed.height / down)];
  return Array.from({ length: across * down }, (_, i) => {
    const [x, y] = [(i % across) * width, Math.floor(i / across) * height];
    const sides = [Math.min(width, listed.width - x), Math.min(height, listed.height - y)] as const;
    return frame(cut(listed, x, y, ...sides), SHORT, { x, y });
  });
}

const forGood = (frames: readonly Frame[]) =>
  frames.map((one, i) => (i === frames.length - 1 ? { ...one, milliseconds: LONG } : one));

/** Ways to hide a picture among frames: the first one is as large as the canvas. */
export const FILMS: Record<string, (scene: Scene) => Film> = {
  'short-then-long': ({ listed, decoy }) => film([frame(decoy, SHORT), frame(listed, LONG)]),
  'ten-milliseconds': ({ listed, decoy }) => film([frame(decoy, 10), frame(listed, LONG)]),
  'no-time': ({ listed, decoy }) => film([frame(decoy, 0), frame(listed, LONG)]),
  'long-alone': ({ listed }) => film([frame(listed, LONG)]),
  'long-then-short': ({ listed, decoy }) => film([frame(listed, LONG), frame(decoy, SHORT)]),
  'once-then-stays': ({ listed, decoy }) => film([frame(decoy, SHORT), frame(listed, SHORT)], 1),
  'once-longer-first': ({ listed, decoy }) => film([frame(decoy, 200), frame(listed, SHORT)], 1),
  'last-of-twelve': (scene) =>
    film([
      ...Array.from({ length: 11 }, (_, i) =>
        frame(i & 1 ? greyFlat(scene.listed, 20 * i) : scene.decoy, SHORT),
      ),
      frame(scene.listed, LONG),
    ]),
  'amid-twelve': (scene) => {
    const at = 2 + (scene.next() % 9);
    return film(
      Array.from({ length: 12 }, (_, i) =>
        i === at
          ? frame(scene.listed, LONG)
          : frame(i & 1 ? greyFlat(scene.listed, 20 * i) : scene.decoy, SHORT),
      ),
    );
  },
  'in-tiles': ({ listed, decoy, next }) =>
    film(forGood([frame(decoy, SHORT), ...tiles(listed, 1 + (next() % 3), 2)])),
  'all-but-an-edge': ({ listed, decoy }) =>
    film([
      frame(decoy, SHORT),
      frame(cut(listed, 6, 4, listed.width - 12, listed.height - 8), LONG, { x: 6, y: 4 }),
    ]),
  'cleared-before': ({ listed, decoy }) =>
    film([
      frame(decoy, SHORT, { after: 'clears' }),
      frame(cut(listed, 0, 0, listed.width, listed.height - 8), LONG, { isOver: true }),
    ]),
  restored: (scene) =>
    film([
      frame(scene.decoy, SHORT),
      frame(scene.listed, SHORT),
      frame(greyFlat(scene.listed), SHORT, { after: 'restores' }),
      frame(greyFlat(cut(scene.listed, 0, 0, 2, 2)), LONG, { x: 4, y: 4 }),
    ]),
  'nothing-over': ({ listed, decoy }) =>
    film([
      frame(decoy, SHORT),
      frame(listed, SHORT),
      frame(clear(cut(listed, 0, 0, 4, 4)), LONG, { isOver: true, x: 2, y: 2 }),
    ]),
  'through-holes': ({ listed, decoy }) =>
    film([
      frame(
        eachPixel(decoy, (pixel, other, x) => (x & 1 ? other : pixel), listed),
        SHORT,
      ),
      frame(
        eachPixel(listed, ([r, g, b], _other, x) => [r, g, b, x & 1 ? 0 : 255]),
        LONG,
        { isOver: true },
      ),
    ]),
  'holes-replace': ({ listed, decoy }) =>
    film([
      frame(decoy, SHORT),
      frame(
        eachPixel(listed, ([r, g, b], _other, x) => [r, g, b, x % 3 === 1 ? 0 : 255]),
        LONG,
      ),
    ]),
  'clear-first': (scene) => film([frame(clear(scene.listed), SHORT), frame(scene.listed, LONG)]),
  'long-twice': (scene) =>
    film([
      frame(scene.decoy, SHORT),
      frame(oneOf([greyFlat(scene.listed), scene.decoy], scene.next), SHORT),
      frame(scene.listed, LONG),
      frame(scene.decoy, LONG),
    ]),
};
