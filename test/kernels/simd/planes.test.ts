import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lower, reduce } from '../../../src/kernels/pixels/plane.js';
import { hasKernels, kernelsOf } from '../../../src/kernels/simd/arena.js';
import { COLOUR_KERNELS } from '../../../src/kernels/simd/colours.js';
import { PLANE_KERNELS } from '../../../src/kernels/simd/planes.js';
import type { Channels, Orientation } from '../../../src/pixels.js';
import type { Rectangle } from '../../../src/variant.js';
import { contentOf, partsOf } from '../../../src/variants/detect/content-parts.js';
import { edgeCounts } from '../../../src/variants/detect/edge-counts.js';
import { partOf, turned, type View, viewOf } from '../../../src/variants/view.js';
import { planeOf, type WorkingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import {
  bytesFrom,
  differenceOf,
  expectSame,
  inGuardedArena,
  lumaOf,
  type Make,
  seeds,
  sides,
} from './guarded.js';

test('these tests run kernels', () => {
  expect(hasKernels()).toBe(true);
  inGuardedArena((make) => expect(kernelsOf(make(new Uint8Array(1)), PLANE_KERNELS)).toBeDefined());
});

/** A part of a turned picture: its view, and its samples one by one. */
interface Case {
  readonly view: View;
  /** as displayed; beyond the part, its last pixel */
  readonly sample: (x: number, y: number, channel: number) => number;
}

const orientations = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);
const margin = fc.nat(5);

function caseOf(
  { width, height }: { width: number; height: number },
  channels: Channels,
  orientation: Orientation,
  [left, top, right, bottom]: readonly number[],
  seed: number,
): Case {
  const shown = { width: width + left! + right!, height: height + top! + bottom! };
  const isTurned = orientation > 4;
  const stored = isTurned ? { width: shown.height, height: shown.width } : shown;
  const data = bytesFrom(stored.width * stored.height * channels, seed);
  const view = turned(viewOf({ data, ...stored, channels }), orientation);
  const [lastX, lastY] = [stored.width - 1, stored.height - 1];
  // EXIF: the first row displayed is the stored top, top, bottom, bottom, left, right, right, left.
  const placeOf = (x: number, y: number): readonly [number, number] => {
    switch (orientation) {
      case 1:
        return [x, y];
      case 2:
        return [lastX - x, y];
      case 3:
        return [lastX - x, lastY - y];
      case 4:
        return [x, lastY - y];
      case 5:
        return [y, x];
      case 6:
        return [y, lastY - x];
      case 7:
        return [lastX - y, lastY - x];
      case 8:
        return [lastX - y, x];
    }
  };
  return {
    view: partOf(view, { left: left!, top: top!, width, height }),
    sample(x, y, channel) {
      const [column, row] = placeOf(left! + Math.min(x, width - 1), top! + Math.min(y, height - 1));
      return data[(row * stored.width + column) * channels + channel]!;
    },
  };
}

/** `reduce` with new arrays, and the mean. */
function reduced({ data, channels, ...lay }: View, scale: number, make: Make) {
  const count = Math.ceil(lay.width / scale) * Math.ceil(lay.height / scale);
  const luma = make(new Float32Array(count).fill(-1));
  const [red, green, blue] = [7, 8, 9].map((value) => make(new Uint8Array(count).fill(value)));
  const planes =
    channels < 3
      ? { luma, red: red!, green: red!, blue: red! }
      : { luma, red: red!, green: green!, blue: blue! };
  const mean = reduce(data, channels, lay, scale, planes);
  return [luma, planes.red, planes.green, planes.blue, [mean]];
}

/** One square after another, from the four pixels half way from its centre to its corners. */
function reducedTwin({ view, sample }: Case, scale: number): number[][] {
  const { width, height, channels } = view;
  const near = Math.floor((scale - 1) / 4);
  const places = [near, scale - 1 - near];
  const [luma, red, green, blue]: number[][] = [[], [], [], []];
  let sum = 0;
  for (let y = 0; y < height; y += scale) {
    for (let x = 0; x < width; x += scale) {
      const light = [299, 587, 114].map((weight, i) => {
        const channel = channels < 3 ? 0 : i;
        [red, green, blue][i]!.push(sample(x + near, y + near, channel));
        const four = places.flatMap((down) =>
          places.map((right) => sample(x + right, y + down, channel)),
        );
        return weight * four.reduce((total, value) => total + value);
      });
      const value = light.reduce((total, part) => total + part);
      sum += value;
      luma!.push(Math.fround(value * 0.00025));
    }
  }
  return [luma!, red!, green!, blue!, [(sum * 0.00025) / luma!.length]];
}

describe('reduce', () => {
  test('the same bits, for parts of turned pictures, at scales 1 to 9', () => {
    fc.assert(
      fc.property(
        sides,
        fc.constantFrom<Channels>(1, 2, 3, 4),
        orientations,
        fc.tuple(margin, margin, margin, margin),
        fc.integer({ min: 1, max: 9 }),
        seeds,
        (size, channels, orientation, margins, scale, seed) => {
          const one = caseOf(size, channels, orientation, margins, seed);
          const before = one.view.data.slice();
          expectSame(
            (make) => reduced(one.view, scale, make),
            () => reducedTwin(one, scale),
          );
          expect(differenceOf(one.view.data, before)).toBe(-1);
        },
      ),
      { numRuns: runs(400) },
    );
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as const)(
    'in orientation %i, at every scale',
    (orientation) => {
      for (const channels of [3, 4] as const) {
        for (let scale = 1; scale <= 9; scale++) {
          const size = { width: 8 * scale + 3, height: 9 * scale };
          const one = caseOf(size, channels, orientation, [1, 2, 3, 0], scale);
          expectSame(
            (make) => reduced(one.view, scale, make),
            () => reducedTwin(one, scale),
          );
        }
      }
    },
  );

  test('the longest line of a plane in white: its sum just fits 32 bits', () => {
    for (const [scale, channels] of [
      [1, 3],
      [4, 4],
      [16, 4],
    ] as const) {
      const [width, height] = [4096 * scale, scale];
      const data = new Uint8Array(width * height * channels).fill(255);
      const view = viewOf({ data, width, height, channels });
      const out = inGuardedArena((make) => reduced(view, scale, make).map((all) => all[0]));
      expect(out).toEqual([255, 255, 255, 255, 255]);
      const column = turned(view, 6);
      expect(inGuardedArena((make) => reduced(column, scale, make)[4]![0])).toBe(255);
    }
  });

  test('lines longer than those that kernels read', () => {
    for (const width of [65_535, 65_536, 65_537]) {
      const one = caseOf({ width, height: 2 }, 4, 1, [0, 0, 0, 0], width);
      expectSame((make) => reduced(one.view, 40, make));
    }
  });
});

test('lower subtracts from each value and from no other', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.integer({ min: -300, max: 300 }), seeds, (length, by, seed) => {
      const luma = lumaOf(length, 1, seed);
      expectSame(
        (make) => {
          const plane = make(luma);
          lower(plane, by);
          return [plane];
        },
        () => [Array.from(luma, (value) => Math.fround(value - by))],
      );
    }),
  );
});

/** A working plane of arrays that are filled one by one. */
const workingPlaneOf = (
  { width, height }: { width: number; height: number },
  { luma, colours }: { luma?: Float32Array; colours?: readonly Uint8Array[] },
): WorkingPlane => {
  const none = new Uint8Array(width * height);
  const [red = none, green = red, blue = red] = colours ?? [];
  const view = viewOf({ data: red, width, height, channels: 1 });
  return {
    ...{ width, height, scale: 1, marginX: 0, marginY: 0, fullWidth: width, fullHeight: height },
    ...{ view, luma: luma ?? new Float32Array(width * height), red, green, blue },
  };
};

/** Luma by 65,536ths: an edge is a step of more than 9. */
function edgesTwin(luma: Float32Array, { width, height }: { width: number; height: number }) {
  const fine = (x: number, y: number) => Math.trunc(65_536 * luma[y * width + x]!);
  const isStep = (a: number, b: number) => Math.abs(a - b) > 9 * 65_536;
  const rows = Array.from({ length: (width + 1) * (height + 1) }, () => 0);
  const columns = rows.slice();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isBelow = y > 0 && isStep(fine(x, y), fine(x, y - 1));
      const isAfter = x > 0 && isStep(fine(x, y), fine(x - 1, y));
      const at = y * (width + 1) + x;
      rows[at + 1] = rows[at]! + +isBelow;
      columns[at + width + 1] = columns[at]! + +isAfter;
    }
  }
  return [rows, columns];
}

describe('edgeCounts', () => {
  const counted = (size: { width: number; height: number }, luma: Float32Array) => {
    const { rows, columns } = edgeCounts(workingPlaneOf(size, { luma }));
    return [rows.sums, columns.sums];
  };

  test('the same counts for any plane', () => {
    fc.assert(
      fc.property(sides, seeds, (size, seed) => {
        const luma = lumaOf(size.width, size.height, seed);
        expectSame(
          (make) => counted(size, make(luma)),
          () => edgesTwin(luma, size),
        );
      }),
      { numRuns: runs(200) },
    );
  });

  test('steps of about 9, in 65,536ths, either way', () => {
    const step = 1 / 65_536;
    const values = [9 - step, 9, 9 + step, 9 + step / 2, -9, -9 - step, -9 + step];
    const size = { width: 2 * values.length, height: 2 };
    const luma = new Float32Array(2 * size.width);
    values.forEach((value, i) => {
      luma[2 * i + 1] = value;
      luma[size.width + 2 * i] = value;
    });
    expectSame(
      (make) => counted(size, make(luma)),
      () => edgesTwin(luma, size),
    );
  });

  test('a line of edges alone, as long as a plane can be', () => {
    const size = { width: 4096, height: 3 };
    const luma = Float32Array.from({ length: 3 * 4096 }, (_, i) => 200 * ((i ^ (i >> 12)) & 1));
    expectSame(
      (make) => counted(size, make(luma)),
      () => edgesTwin(luma, size),
    );
  });
});

/** A region of `size` inside a plane that is larger by margins. */
const regions = fc
  .tuple(sides, fc.tuple(margin, margin, margin, margin))
  .map(([{ width, height }, [left, top, right, bottom]]) => ({
    region: { left, top, width, height } as Rectangle,
    size: { width: left + width + right, height: top + height + bottom },
  }));

test('contentOf marks the same pixels of a region of a larger plane', () => {
  fc.assert(
    fc.property(regions, fc.boolean(), seeds, ({ region, size }, isGrey, seed) => {
      const count = size.width * size.height;
      const colours = (isGrey ? [0] : [0, 2, 4]).map((add) => bytesFrom(count, seed + add));
      const [r, g, b] = [0, 1, 2].map((i) => ((seed % 200) + [0, 17, 40][(seed >> i) % 3]!) & 255);
      expectSame(
        (make) => {
          const plane = workingPlaneOf(size, { colours: colours.map((colour) => make(colour)) });
          return [contentOf(plane, region, [r!, g!, b!])];
        },
        () => {
          const marks: number[] = [];
          for (let y = region.top; y < region.top + region.height; y++) {
            for (let x = region.left; x < region.left + region.width; x++) {
              const at = y * size.width + x;
              const isAway = [r!, g!, b!].some(
                (value, i) => Math.abs(colours[isGrey ? 0 : i]![at]! - value) > 14,
              );
              marks.push(isAway ? 1 : 0);
            }
          }
          return [marks];
        },
      );
    }),
    { numRuns: runs(300) },
  );
});

test('every colour against every background', () => {
  const red = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let colour = 0; colour < 256; colour++) {
    const marks = inGuardedArena((make) => {
      const grey = make(red);
      const plane = workingPlaneOf({ width: 256, height: 1 }, { colours: [grey, grey, grey] });
      const region = { left: 0, top: 0, width: 256, height: 1 };
      return Array.from(contentOf(plane, region, [colour, colour, colour]));
    });
    const away = Array.from(red, (value) => +(Math.abs(value - colour) > 14));
    expect(differenceOf(marks, away)).toBe(-1);
  }
});

/** Marks with blots, so that there are parts: a pixel of a blot is missing now and then. */
function marksOf({ width, height }: { width: number; height: number }, seed: number): Uint8Array {
  const noise = bytesFrom(width * height, 2 * seed + 1);
  const side = 3 + (seed % 61);
  return noise.map((value, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isBlot = (Math.floor(x / side) + Math.floor(y / side)) % 2 === 0;
    return +(value < (isBlot ? 225 : 40));
  });
}

describe('partsOf', () => {
  test('blocks have three or four marks, whatever the plane', () => {
    fc.assert(
      fc.property(sides, fc.integer({ min: 1, max: 4 }), seeds, (size, least, seed) => {
        const { width, height } = size;
        const [columns, rows] = [width >> 1, height >> 1];
        const content = marksOf(size, seed);
        const blocks = inGuardedArena((make) => {
          const marks = make(content);
          const out = make(new Uint8Array((columns + 1) * rows).fill(9));
          const kernels = kernelsOf(marks, COLOUR_KERNELS)!;
          kernels.markBlocks(marks.byteOffset, width, columns, rows, least, out.byteOffset);
          return Array.from(out);
        });
        const twin = Array.from({ length: (columns + 1) * rows }, (_, at) => {
          const [x, y] = [at % (columns + 1), Math.floor(at / (columns + 1))];
          if (x === columns) return 0;
          const marked = [0, 1, width, width + 1].filter(
            (more) => content[2 * y * width + 2 * x + more] === 1,
          );
          return +(marked.length >= least);
        });
        expect(differenceOf(blocks, twin)).toBe(-1);
      }),
      { numRuns: runs(200) },
    );
  });

  test('the same boxes', () => {
    const large = fc.record({
      width: fc.integer({ min: 33, max: 150 }),
      height: fc.integer({ min: 33, max: 150 }),
    });
    let found = 0;
    fc.assert(
      fc.property(fc.oneof(large, sides), fc.boolean(), seeds, (size, byBox, seed) => {
        const { width, height } = size;
        const content = marksOf(size, seed);
        const boxes = (make: Make) => {
          const all = partsOf(make(content), width, height, byBox);
          found += all.length;
          return all.map((box) => [box.left, box.top, box.width, box.height]);
        };
        expectSame((make) => [boxes(make).flat()]);
      }),
      { numRuns: runs(200) },
    );
    expect(found).toBeGreaterThan(20);
  });
});

test('a working plane in an arena is the plain one', () => {
  fc.assert(
    fc.property(
      sides,
      fc.constantFrom<Channels>(1, 2, 3, 4),
      orientations,
      fc.integer({ min: 1, max: 600 }),
      seeds,
      (size, channels, orientation, area, seed) => {
        const { view } = caseOf(size, channels, orientation, [1, 0, 2, 3], seed);
        const numbers = ({ luma, red, green, blue, scale, width, height }: WorkingPlane) =>
          [luma, red, green, blue, [scale, width, height]].map((all) => Array.from(all));
        const inKernels = inGuardedArena((_, arena) => numbers(planeOf(view, area, arena)));
        const plain = numbers(planeOf(view, area));
        expect(inKernels.map((all, i) => differenceOf(all, plain[i]!))).toEqual([
          ...[-1, -1, -1, -1, -1],
        ]);
      },
    ),
    { numRuns: runs(200) },
  );
});
