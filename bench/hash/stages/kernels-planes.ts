import { halve, lower, reduce } from '../../../src/kernels/pixels/plane.js';
import {
  gridAxis,
  placeOnLine,
  soften,
  softGrid,
  turnedGrid,
  uprightGrid,
} from '../../../src/kernels/pixels/tent-grid.js';
import { type Arena, kernelsOf } from '../../../src/kernels/simd/arena.js';
import { COLOUR_KERNELS } from '../../../src/kernels/simd/colours.js';
import type { CheckedPixels, Orientation } from '../../../src/pixels.js';
import { contentOf, partsOf } from '../../../src/variants/detect/content-parts.js';
import { edgeCounts } from '../../../src/variants/detect/edge-counts.js';
import { turned, viewOf } from '../../../src/variants/view.js';
import { planeOf, type WorkingPlane } from '../../../src/variants/working-plane.js';
import { detailedPixels } from '../../workloads.js';
import type { Kernel } from './kernels.js';
import * as naive from './kernels-naive.js';

/** A picture of 4 : 3, made once. */
function pictureOf(height: number, channels: 3 | 4 = 3): CheckedPixels {
  const key = `${height} ${channels}`;
  const made =
    pictures.get(key) ?? detailedPixels(Math.round((4 * height) / 3), height, 7, channels);
  pictures.set(key, made);
  return made;
}
const pictures = new Map<string, CheckedPixels>();

/** `reduce` of a picture that gives a plane of about `side` pixels. */
const reduceOf = (scale: number, channels: 3 | 4, orientation: Orientation = 1): Kernel => ({
  name: `reduce, scale ${scale}, ${channels === 3 ? 'RGB' : 'RGBA'}${orientation > 1 ? ', turned' : ''}`,
  make(take, side) {
    const pixels = pictureOf(scale * Math.round(side * 0.85) - 1, channels);
    const view = turned(viewOf(pixels), orientation);
    const count = Math.ceil(view.width / scale) * Math.ceil(view.height / scale);
    const [red, green, blue] = [0, 1, 2].map(() => take(Uint8Array, count));
    const planes = { luma: take(Float32Array, count), red: red!, green: green!, blue: blue! };
    return {
      run() {
        reduce(view.data, channels, view, scale, planes);
        return Object.values(planes);
      },
      naive: () => naive.reduced(orientation === 1 ? pixels : naive.exchanged(pixels), scale),
      within: 1e-4,
    };
  },
});

/** The working plane of a picture in memory of its own. */
function workingPlane(take: Arena['take'], side: number): WorkingPlane {
  const { luma, red, green, blue, ...plane } = planeOf(viewOf(pictureOf(Math.round(side * 0.85))));
  const placed = <T extends Float32Array | Uint8Array>(values: T): T => {
    const kind = values.constructor as new (of: number | ArrayBuffer) => T;
    const own = take(kind as never, values.length) as T;
    own.set(values);
    return own;
  };
  const colours = { red: placed(red), green: placed(green), blue: placed(blue) };
  return { ...plane, luma: placed(luma), ...colours };
}

const lumaOf = ({ luma: data, width, height }: WorkingPlane) => ({ data, width, height });

const [ACROSS, DOWN] = [Float64Array.of(0.4, 0.2, 0.1), Float64Array.of(0.5, 0.25, 0)];

/** Places of 64 samples over most of a line. */
const placesOn = (length: number) =>
  Float64Array.from({ length: 64 }, (_, i) => ((i + 0.37) * 0.9 * length) / 64 + 0.03 * length);

const weights = (take: Arena['take'], of: Float64Array) => {
  const own = take(Float64Array, 3);
  own.set(of);
  return own;
};

/** A kernel that samples a grid of 64 x 64. */
const gridOf = (
  name: string,
  make: (take: Arena['take'], plane: WorkingPlane, out: Float64Array) => ReturnType<Kernel['make']>,
): Kernel => ({
  name,
  make: (take, side) => make(take, workingPlane(take, side), take(Float64Array, 64 * 64)),
});

function axesOf(take: Arena['take'], { width, height }: WorkingPlane) {
  const [xs, ys] = [placesOn(width), placesOn(height)];
  const [across, down] = [gridAxis(take), gridAxis(take)];
  placeOnLine(xs, width, across);
  placeOnLine(ys, height, down);
  return { xs, ys, across, down };
}

const BACKGROUND = [120, 130, 110] as const;
/** As in `content-parts.ts` and `edge-counts.ts`. */
const AWAY = 14;
const STEP = 9;

/** Kernels of planes, grids and detectors. */
export const PLANE_TABLE: readonly Kernel[] = [
  ...([1, 2, 4] as const).flatMap((scale) => [reduceOf(scale, 3), reduceOf(scale, 4)]),
  reduceOf(1, 3, 5),
  reduceOf(2, 3, 5),
  {
    name: 'lower',
    make(take, side) {
      const plane = workingPlane(take, side);
      const values = plane.luma.slice();
      return {
        run() {
          lower(plane.luma, 1);
          return [plane.luma];
        },
        naive: () => [values.map((value) => value - 1)],
      };
    },
  },
  {
    name: 'soften',
    make(take, side) {
      const plane = workingPlane(take, side);
      const out = take(Float32Array, plane.luma.length);
      return {
        run() {
          soften(plane, ACROSS, DOWN, out);
          return [out];
        },
        naive: () => [naive.softened(lumaOf(plane), ACROSS, DOWN)],
        within: 1e-3,
      };
    },
  },
  gridOf('softGrid', (take, plane, out) => {
    const { xs, ys, across, down } = axesOf(take, plane);
    const [byX, byY] = [weights(take, ACROSS), weights(take, DOWN)];
    return {
      run() {
        softGrid(plane, across, down, byX, byY, out);
        return [out];
      },
      naive() {
        const soft = { ...lumaOf(plane), data: naive.softened(lumaOf(plane), ACROSS, DOWN) };
        return [naive.grid(soft, (j, i) => [xs[j]!, ys[i]!])];
      },
      within: 1e-3,
    };
  }),
  gridOf('uprightGrid', (take, plane, out) => {
    const { xs, ys, across, down } = axesOf(take, plane);
    return {
      run() {
        uprightGrid(plane, across, down, out);
        return [out];
      },
      naive: () => [naive.grid(lumaOf(plane), (j, i) => [xs[j]!, ys[i]!])],
      within: 1e-9,
    };
  }),
  gridOf('turnedGrid', (take, plane, out) => {
    const [xs, ys] = [take(Float64Array, 64), take(Float64Array, 64)];
    const { width, height } = plane;
    xs.set(placesOn(width).map((x) => x - width / 2));
    ys.set(placesOn(height).map((y) => y - height / 2));
    const turn = { left: width / 2, top: height / 2, cosine: 0.96, sine: -0.28 };
    return {
      run() {
        turnedGrid(plane, turn, xs, ys, out);
        return [out];
      },
      naive: () => [
        naive.grid(lumaOf(plane), (j, i) => [
          turn.left - ys[i]! * turn.sine + xs[j]! * turn.cosine,
          turn.top + ys[i]! * turn.cosine + xs[j]! * turn.sine,
        ]),
      ],
      within: 1e-9,
    };
  }),
  {
    name: 'halve',
    make(take, side) {
      const plane = workingPlane(take, side);
      const { luma, width, height } = plane;
      const out = take(Float32Array, ((width + 1) >> 1) * ((height + 1) >> 1));
      return {
        run() {
          halve(luma, width, height, out);
          return [out];
        },
        naive: () => [naive.halved(lumaOf(plane))],
        within: 1e-4,
      };
    },
  },
  {
    name: 'countEdges',
    make(take, side) {
      const plane = workingPlane(take, side);
      return {
        takes: true,
        run() {
          // Another object: counts are kept as long as their plane.
          const { rows, columns } = edgeCounts({ ...plane });
          return [rows.sums, columns.sums];
        },
        naive: () => naive.edges(lumaOf(plane), STEP),
      };
    },
  },
  {
    name: 'contentOf (markContent)',
    make(take, side) {
      const plane = workingPlane(take, side);
      const { red, green, blue, width, height } = plane;
      const region = { left: 0, top: 0, width, height };
      const channels = [red, green, blue].map((data) => ({ data, width, height }));
      return {
        takes: true,
        run: () => [contentOf(plane, region, BACKGROUND)],
        naive: () => [naive.content(channels, BACKGROUND, AWAY)],
      };
    },
  },
  {
    name: 'markBlocks',
    hasTwin: false,
    make(take, side) {
      const { marked, width, height } = markedOf(take, side);
      const [columns, rows] = [width >> 1, height >> 1];
      const out = take(Uint8Array, (columns + 1) * rows);
      return {
        run() {
          const of = [marked.byteOffset, width, columns, rows, 3, out.byteOffset] as const;
          const kernels = kernelsOf(marked, COLOUR_KERNELS);
          if (kernels) kernels.markBlocks(...of);
          else out.set(naive.blocks({ data: marked, width, height }));
          return [out];
        },
        naive: () => [naive.blocks({ data: marked, width, height })],
      };
    },
  },
  {
    name: 'partsOf (markBlocks among others)',
    make(take, side) {
      const { marked, width, height } = markedOf(take, side);
      return {
        takes: true,
        run: () => partsOf(marked, width, height).map((box) => Object.values(box)),
      };
    },
  },
];

/** The content of a picture. */
function markedOf(take: Arena['take'], side: number) {
  const plane = workingPlane((kind, length) => new kind(length), side);
  const { width, height } = plane;
  const content = contentOf(plane, { left: 0, top: 0, width, height }, BACKGROUND);
  const marked = take(Uint8Array, content.length);
  marked.set(content);
  return { marked, width, height };
}
