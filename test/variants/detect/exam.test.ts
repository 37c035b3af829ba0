import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { CheckedPixels } from '../../../src/pixels.js';
import {
  DIHEDRAL_NAMES,
  VARIANT_NAMES,
  type VariantGeometry,
  type VariantName,
} from '../../../src/variant.js';
import type { Detector, Placement } from '../../../src/variants/detect/detector.js';
import { dihedral } from '../../../src/variants/forms.js';
import { THOROUGH, thoroughVariants } from '../../../src/variants/thorough.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { collage, drawn, inPerspective, laidOn, patches, turned } from '../pictures.js';

/*
 * One exam for all detectors: each keeps the contract of `Detector` on every picture below, and
 * every photo below is found where it lies. A new detector adds the row of a picture that it is
 * for: how to draw it, the name of the variant, and the place of the photo. Check once that the row
 * fails without the detector, since another may find the same place under the same name.
 */

const WHITE = [255, 255, 255] as const;
const RED = [200, 30, 40] as const;

/** Edges everywhere, and no two lines alike. */
const ROUGH = patches(200, 150, 7);
/** Soft shapes without an edge of their own. */
const soft = (light: number) => (x: number, y: number) =>
  light + 30 * Math.sin(x / 23) + 30 * Math.cos(y / 31 + x / 47);
/** Something like letters, in lines of their own. */
const isText = (x: number, y: number) => x % 9 < 4 && y % 40 > 12 && y % 40 < 22;

const at = (left: number, top: number, width: number, height: number): VariantGeometry => ({
  rectangle: { left, top, width, height },
});

/** A photo on a table, looked at from the side. */
const TILTED = {
  ...at(60, 50, 300, 240),
  corners: [
    [90, 50],
    [360, 85],
    [330, 290],
    [60, 230],
  ],
} as const;

interface Question {
  readonly draw: () => CheckedPixels;
  /** as which variant the photo is to be found, and where, to 3 pixels and half a degree */
  readonly photo?: readonly [VariantName, VariantGeometry];
  /** there is nothing in it that a detector could take for an edit */
  readonly plain?: true;
}

const PICTURES: Record<string, Question> = {
  'a border': {
    draw: () => laidOn(ROUGH, 260, 190, 20, 10, WHITE),
    photo: ['unletterbox', at(20, 10, 200, 150)],
  },
  'a border of a picture that is looked at in half its size': {
    draw: () => laidOn(patches(1540, 900, 3, 40), 1640, 1001, 37, 58, RED),
    photo: ['unletterbox', at(37, 58, 1540, 900)],
  },
  'a mirrored photo in a border': {
    draw: () => laidOn(dihedral(ROUGH, 'flipY'), 230, 180, 15, 15, RED),
    photo: ['unletterbox', { ...at(15, 15, 200, 150), dihedral: 'flipY' }],
  },
  'a photo on a page': {
    draw: () => {
      const line = patches(180, 12, 2, 3);
      const parts = [[ROUGH, 50, 100] as const, [line, 50, 20] as const, [line, 90, 400] as const];
      return collage(340, 500, WHITE, parts);
    },
    photo: ['box', at(50, 100, 200, 150)],
  },
  'a photo with rounded corners': {
    draw: () => {
      const shape = soft(120);
      return drawn(260, 240, (x, y) => {
        const dx = Math.max(46 - x - 0.5, x + 0.5 - 214, 0);
        const dy = Math.max(56 - y - 0.5, y + 0.5 - 184, 0);
        if (dx * dx + dy * dy <= 16 ** 2) return shape(x, y);
        return isText(x, y) ? 0 : 255;
      });
    },
    photo: ['box', at(30, 40, 200, 160)],
  },
  'a collage with gaps': {
    draw: () => {
      const cells = [10, 220].flatMap((left) => [10, 170].map((top) => [left, top] as const));
      return collage(
        430,
        330,
        WHITE,
        cells.map(([left, top]) => [patches(200, 150, left * top), left, top]),
      );
    },
    photo: ['box', at(220, 170, 200, 150)],
  },
  'a collage of nine, with gaps': {
    draw: () => {
      const cells = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(
        (at) => [patches(120, 90, at), 5 + 125 * (at % 3), 5 + 95 * Math.floor(at / 3)] as const,
      );
      return collage(380, 290, WHITE, cells);
    },
    photo: ['box', at(255, 195, 120, 90)],
  },
  'a photo in the bubble of a chat, with words under it': {
    draw: () => {
      const bubble = laidOn(ROUGH, 216, 196, 8, 8, [180, 220, 250]);
      return collage(340, 400, WHITE, [
        [bubble, 60, 100],
        [patches(90, 12, 2, 3), 70, 270],
      ]);
    },
    photo: ['box', at(68, 108, 200, 150)],
  },
  'a square photo in a feed, cut from a lying one': {
    draw: () => laidOn(patches(300, 300, 8, 20), 300, 560, 0, 90, WHITE),
    photo: ['uncrop', at(-62, 90, 424, 300)],
  },
  'a photo between blurred bars': {
    draw: () => {
      const rough = patches(220, 220, 5, 4);
      return drawn(340, 220, (x, y, channel) => {
        if (x < 60 || x >= 280) return 110 + 40 * Math.sin(x / 50 + y / 60);
        return rough.data[3 * (y * 220 + x - 60) + channel]!;
      });
    },
    photo: ['unblurBars', at(60, 0, 220, 220)],
  },
  'a photo turned on a canvas that grew': {
    draw: () => turned(patches(300, 200, 6), 7),
    photo: ['unturn', { ...at(12, 18, 300, 200), angle: 7 }],
  },
  'a tilted photo on a table': {
    draw: () => {
      const table = drawn(420, 360, (x, y) => 160 + 20 * Math.sin(x / 60 + y / 80));
      const photo = drawn(200, 150, soft(60));
      return inPerspective(photo, table, TILTED.corners);
    },
    photo: ['quadrilateral', TILTED],
  },
  'a collage without gaps': {
    draw: () => {
      const [light, dark, pale] = [soft(190), soft(70), soft(220)];
      return drawn(500, 400, (x, y) => (x < 200 ? light : y < 150 ? dark : pale)(x, y));
    },
    photo: ['rectangle', at(200, 150, 300, 250)],
  },
  'a mirrored photo': {
    draw: () => dihedral(ROUGH, 'flipY'),
    photo: ['flipY', { ...at(0, 0, 200, 150), dihedral: 'flipY' }],
  },
  'a photo turned by a quarter': {
    draw: () => dihedral(ROUGH, 'rotate90'),
    photo: ['rotate270', { ...at(0, 0, 150, 200), dihedral: 'rotate270' }],
  },
  'a photo cut by a twentieth at the left': {
    draw: () => patches(380, 300, 9),
    photo: ['uncrop', at(-20, 0, 400, 300)],
  },
  'a square cut from the middle of a photo': {
    draw: () => patches(300, 300, 8, 20),
    photo: ['uncrop', at(-50, 0, 400, 300)],
  },
  'a straightened photo': {
    draw: () => patches(400, 300, 10),
    photo: ['unturnCropped', { ...at(-9, -7, 418, 314), angle: 2 }],
  },
  'a photo to which nothing was done': { draw: () => patches(300, 200, 1, 3) },
  'a soft photo to which nothing was done': { draw: () => drawn(300, 200, soft(120)) },
  'one colour': { draw: () => drawn(300, 200, () => 9), plain: true },
  'one pixel': { draw: () => drawn(1, 1, () => 9), plain: true },
  'one line': { draw: () => drawn(1, 400, (_, y) => y % 256) },
  'a few pixels': { draw: () => patches(7, 5, 1, 2), plain: true },
  'a long strip': { draw: () => patches(1700, 9, 11) },
  'a photo in grey': {
    draw: () => ({
      data: patches(97, 101, 12).data.subarray(0, 97 * 101),
      width: 97,
      height: 101,
      channels: 1,
    }),
  },
  'a transparent photo': {
    draw: () => ({ data: patches(120, 88, 13).data, width: 90, height: 88, channels: 4 }),
  },
};

const pictures = Object.entries(PICTURES);
const planes = new Map<string, WorkingPlane>();
/** The plane of a picture, made once: a detector that writes into it fails here and elsewhere. */
function planeOf(name: string): WorkingPlane {
  const plane = planes.get(name) ?? workingPlane(PICTURES[name]!.draw());
  planes.set(name, plane);
  return plane;
}

const digest = (...arrays: readonly ArrayBufferView[]) => {
  const hash = createHash('sha256');
  for (const { buffer } of arrays) hash.update(new Uint8Array(buffer));
  return hash.digest('hex');
};
/** All that a detector may look at. */
const readableOf = ({ luma, red, green, blue, view }: WorkingPlane) =>
  digest(luma, red, green, blue, view.data);
const digestOf = (placements: readonly Placement[]) =>
  placements
    .map(({ name, geometry, plane }) => [
      name,
      JSON.stringify(geometry),
      plane && digest(plane.luma),
    ])
    .join('\n');

/** The variants that put back what was cut off, and all that are given without looking. */
const UNCUT: readonly VariantName[] = ['uncrop', 'unturnCropped'];
const BLIND: readonly VariantName[] = [...DIHEDRAL_NAMES, 'inverted', ...UNCUT];

/** What of the contract a placement does not keep. */
function problemOf({ name, geometry, plane }: Placement, of: WorkingPlane): string | undefined {
  const { fullWidth, fullHeight } = of;
  const { rectangle, corners = [], angle = 0 } = geometry;
  const { left, top, width, height } = rectangle;
  for (const [i, [x, y]] of corners.entries()) {
    const inside = x >= left && y >= top && x <= left + width && y <= top + height;
    if (!inside) return 'has corners beyond its rectangle';
    const [b, c] = [corners[(i + 1) & 3]!, corners[(i + 2) & 3]!];
    const bend = (b[0] - x) * (c[1] - b[1]) - (b[1] - y) * (c[0] - b[0]);
    if (bend <= 0) return 'is not convex, or goes the wrong way round';
  }
  if (!VARIANT_NAMES.includes(name)) return 'has no name of a variant';
  if (![left, top, width, height].every(Number.isInteger)) return 'is not of whole pixels';
  if (width < 1 || height < 1) return 'is empty';
  if (!Number.isFinite(angle)) return 'has no angle';
  if (plane && plane.luma.length !== plane.width * plane.height)
    return 'has a plane of other sides';
  // Half of what a turn about the centre leaves of the width across, and of the height down.
  const radians = (Math.abs(angle) * Math.PI) / 180;
  const across = (width * Math.cos(radians) + height * Math.sin(radians)) / 2;
  const down = (height * Math.cos(radians) + width * Math.sin(radians)) / 2;
  const [x, y] = [left + width / 2, top + height / 2];
  const beyond = Math.max(across - x, x + across - fullWidth, down - y, y + down - fullHeight);
  if (UNCUT.includes(name)) {
    // It holds what was cut out of it, the picture or a part of it.
    const isOutside =
      left >= fullWidth || top >= fullHeight || left + width <= 0 || top + height <= 0;
    return isOutside ? 'lies beyond the picture' : undefined;
  }
  return beyond > (angle === 0 ? 0 : 3) ? `reaches ${beyond} pixels beyond the picture` : undefined;
}

const isNear = (a: VariantGeometry, b: VariantGeometry): boolean =>
  a.dihedral === b.dihedral &&
  (b.corners ?? []).every(([x, y], i) => {
    const [otherX, otherY] = a.corners?.[i] ?? [Number.NaN, Number.NaN];
    return Math.hypot(x - otherX, y - otherY) <= 3;
  }) &&
  Math.abs((a.angle ?? 0) - (b.angle ?? 0)) <= 0.5 &&
  (['left', 'top', 'width', 'height'] as const).every(
    (side) => Math.abs(a.rectangle[side] - b.rectangle[side]) <= 3,
  );

const detectors = THOROUGH.flatMap((row, at) => {
  if (!('detect' in row)) return [];
  const { detect, most } = row;
  const [sample] = detect(planeOf('a photo to which nothing was done'));
  return [{ title: `${at + 1}. ${detect.name || sample?.name}`, detect, most }];
});

/** The placements that a row's limit leaves. */
function placementsOf({ detect, most }: { detect: Detector; most: number }, plane: WorkingPlane) {
  const all: Placement[] = [];
  for (const placement of detect(plane)) if (all.push(placement) === most) break;
  return all;
}

test.each(detectors)('$title keeps the contract on every picture', (row) => {
  const problems: string[] = [];
  for (const [picture] of pictures) {
    const plane = planeOf(picture);
    const before = readableOf(plane);
    const placements = placementsOf(row, plane);
    const again = placementsOf(row, plane);
    const note = (problem: string) => problems.push(`${picture}: ${problem}`);
    if (digestOf(placements) !== digestOf(again)) note('other placements the second time');
    for (const placement of placements) {
      const problem = problemOf(placement, plane);
      if (problem) note(`${JSON.stringify(placement.geometry)} ${problem}`);
    }
    if (readableOf(plane) !== before) note('the plane or the pixels were written into');
  }
  expect(problems).toEqual([]);
});

const FOUND = pictures.flatMap(([picture, { photo }]) => (photo ? [{ picture, photo }] : []));

test.each(FOUND)('finds $picture where the photo lies', ({ picture, photo: [name, place] }) => {
  const found = [...thoroughVariants(planeOf(picture))].filter((one) => one.name === name);
  const places = found.map(({ geometry }) => geometry);
  expect(
    places.some((geometry) => isNear(geometry, place)),
    `expected ${JSON.stringify(place)} among ${JSON.stringify(places)}`,
  ).toBe(true);
});

const PLAIN = pictures.filter(([, { plain }]) => plain).map(([picture]) => picture);

test.each(PLAIN)('detectors find nothing in %s', (picture) => {
  const found = detectors.flatMap((row) => placementsOf(row, planeOf(picture)));
  expect(found.filter(({ name }) => !BLIND.includes(name))).toEqual([]);
});

test.each(pictures)('gives no placement twice in %s', (picture) => {
  const all = Array.from(thoroughVariants(planeOf(picture)), ({ geometry }) => geometry);
  expect(new Set(all.map((geometry) => JSON.stringify(geometry))).size).toBe(all.length);
});
