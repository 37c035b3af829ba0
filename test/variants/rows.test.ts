import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { distance, type Hash } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqRegion } from '../../src/hashing/pdq-region.js';
import { match } from '../../src/matching/match.js';
import type { CheckedPixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES, type DihedralName } from '../../src/variant.js';
import { dihedral } from '../../src/variants/forms.js';
import { variantsOf } from '../../src/variants/hash-pixels.js';
import { THOROUGH, thoroughVariants } from '../../src/variants/thorough.js';
import { planeOfPart, workingPlane } from '../../src/variants/working-plane.js';
import { collage, drawn, inPerspective, laidOn, part, patches, photo, turned } from './pictures.js';

/*
 * A frozen set: for each row of `THOROUGH`, and for each cut, turn and guess in it, a copy of a
 * photo that this one alone finds. A row that is dropped, or gives fewer placements, fails here.
 * The copies were searched for: parts of the photos of the fixtures, drawn at random, until what
 * is to find the copy lay within 27 bits and all else, where it is alone, beyond 35.
 */

const MATCH = 31;
const PHOTOS = {
  plane: 'airplane-from-above.jpg',
  alps: 'french-alpine-landscape.jpg',
  boats: 'nagasaki-boats-q40.jpg',
  cat: 'locomotion-house-cat.jpg',
  farm: 'dust-bowl-home.jpg',
  leaf: 'acanthus-mollis-w700.png',
  onion: 'allium-oreophilum-w700.png',
  pasture: 'march-pastoral-w700.png',
} as const;
type Name = keyof typeof PHOTOS;

const [WIDTH, HEIGHT] = [320, 240];

const photos = Object.fromEntries(
  await Promise.all(
    Object.entries(PHOTOS).map(async ([name, file]) => [name, await coloured(file)] as const),
  ),
) as Record<Name, CheckedPixels>;

async function coloured(file: string): Promise<CheckedPixels> {
  const pixels = await photo(file);
  return part(pixels, 0, 0, pixels.width, pixels.height);
}

/** A photo: a part of one of the fixtures. */
const listed = (name: Name, left: number, top: number, width = WIDTH, height = HEIGHT) =>
  part(photos[name], left, top, width, height);

/** As `BLIND` names it: eightieths of the sides cut off, or a turn whose corners were cut off. */
function cutBy(edit: string, of: CheckedPixels): CheckedPixels {
  if (/^[+-]/.test(edit)) return straightened(of, Number(edit));
  const share = (at: number, side: number) => Math.round((parseInt(edit[at]!, 16) * side) / 80);
  const [left, top] = [share(0, of.width), share(1, of.height)];
  const across = of.width - left - share(2, of.width);
  return part(of, left, top, across, of.height - top - share(3, of.height));
}

function straightened(of: CheckedPixels, degrees: number): CheckedPixels {
  const radians = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  const scale = cosine + Math.max(of.width / of.height, of.height / of.width) * Math.abs(sine);
  const [width, height] = [Math.round(of.width / scale), Math.round(of.height / scale)];
  const inside = (at: number, side: number) => Math.min(side - 1, Math.max(0, Math.floor(at)));
  return drawn(width, height, (x, y, channel) => {
    const [dx, dy] = [x + 0.5 - width / 2, y + 0.5 - height / 2];
    const column = inside(dx * cosine + dy * sine + of.width / 2, of.width);
    const row = inside(dy * cosine - dx * sine + of.height / 2, of.height);
    return of.data[3 * (row * of.width + column) + channel]!;
  });
}

const WHITE = [255, 255, 255] as const;

/** In a frame of grey noise, whose lines are border all the same. */
function framed(of: CheckedPixels, sides: readonly number[], light: number, noise: number) {
  const [left, top, right, bottom] = sides as [number, number, number, number];
  const [width, height] = [of.width + left + right, of.height + top + bottom];
  const next = random(5);
  const grain = Float64Array.from({ length: width * height }, () => next() / 2 ** 32 - 0.5);
  return drawn(width, height, (x, y, channel) => {
    const [column, row] = [x - left, y - top];
    const isInside = column >= 0 && row >= 0 && column < of.width && row < of.height;
    if (isInside) return of.data[3 * (row * of.width + column) + channel]!;
    return Math.round(light + noise * grain[y * width + x]!);
  });
}

/** Between lines of text. */
function onPage(of: CheckedPixels, left: number, top: number, width: number, height: number) {
  const line = patches(Math.round(width / 2), 12, 2, 3);
  return collage(width, height, WHITE, [
    [of, left, top],
    [line, left, 16],
    [line, left, height - 24],
  ]);
}

/** In a bubble, with words under it. */
function inChat(
  of: CheckedPixels,
  margin: number,
  [left, top, width, height]: readonly [number, number, number, number],
) {
  const [across, down] = [of.width + 2 * margin, of.height + 2 * margin];
  return collage(width, height, WHITE, [
    [laidOn(of, across, down, margin, margin, [180, 220, 250]), left, top],
    [patches(90, 12, 2, 3), left + 10, top + down + 12],
  ]);
}

function betweenBars(of: CheckedPixels, side: number, wave: number) {
  return drawn(of.width + 2 * side, of.height, (x, y, channel) => {
    const column = x - side;
    if (column >= 0 && column < of.width) return of.data[3 * (y * of.width + column) + channel]!;
    return Math.round(110 + 40 * Math.sin(x / wave + y / (wave + 10)));
  });
}

/** One of nine on a white page. */
function inGrid(of: CheckedPixels, at: number, gap: number) {
  const others = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) =>
    listed('boats', (i % 5) * 170, Math.floor(i / 5) * 300 + 60, 160, 120),
  );
  const laid = others.map((other, i) => {
    const [column, row] = [i % 3, Math.floor(i / 3)];
    return [i === at ? of : other, gap + column * (160 + gap), gap + row * (120 + gap)] as const;
  });
  return collage(480 + 4 * gap, 360 + 4 * gap, WHITE, laid);
}

/** A square of a profile: three columns without gaps under a white head. */
function inProfile(of: CheckedPixels, at: number) {
  const side = of.width;
  const squares = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => {
    const [left, top] = [(i % 3) * side, 100 + Math.floor(i / 3) * side];
    const other = listed((['boats', 'farm'] as const)[i % 2]!, 90 * i, 60 + 20 * i, side, side);
    return [i === at ? of : other, left, top] as const;
  });
  return collage(3 * side, 100 + 3 * side, WHITE, squares);
}

/** On another photo, in a corner of it, without a gap. */
const inCorner = (of: CheckedPixels, left: number, top: number, width: number, height: number) =>
  collage(width, height, WHITE, [
    [listed('boats', 300, 100, width, height), 0, 0],
    [of, left, top],
  ]);

function onTable(of: CheckedPixels, corners: readonly (readonly [number, number])[]) {
  const table = drawn(460, 380, (x, y) => 160 + 20 * Math.sin(x / 60 + y / 80));
  return inPerspective(of, table, corners);
}

/** Cut to a square, the first of four on a white page. */
function inCells(of: CheckedPixels, share: number, gap: number) {
  const side = of.height;
  const cells = [
    part(of, Math.round((of.width - side) * share), 0, side, side),
    listed('farm', 0, 0, side, side),
    listed('boats', 300, 300, side, side),
    listed('leaf', 100, 500, side, side),
  ];
  const laid = cells.map(
    (cell, i) => [cell, gap + (i % 2) * (side + gap), gap + (i >> 1) * (side + gap)] as const,
  );
  return collage(2 * side + 3 * gap, 2 * side + 3 * gap, WHITE, laid);
}

const mirrored = (of: CheckedPixels) => dihedral(of, 'flipY');

/** Each cut and turn of `BLIND`, in its order, and a photo of which it alone finds what is left. */
const CUTS: readonly (readonly [edit: string, name: Name, left: number, top: number])[] = [
  ['4444', 'pasture', 320, 0],
  ['6666', 'leaf', 320, 240],
  ['2222', 'alps', 320, 120],
  ['-4', 'onion', 160, 120],
  ['+4', 'plane', 320, 120],
  ['-2', 'alps', 480, 0],
  ['+2', 'farm', 320, 480],
  ['8000', 'boats', 640, 240],
  ['0008', 'alps', 480, 240],
  ['0080', 'plane', 160, 360],
  ['0800', 'boats', 0, 240],
  ['6600', 'plane', 0, 360],
  ['0066', 'farm', 640, 240],
  ['0660', 'leaf', 320, 600],
  ['6006', 'plane', 160, 240],
  ['-7', 'leaf', 320, 360],
  ['+7', 'leaf', 320, 240],
  ['-5', 'farm', 480, 360],
  ['+5', 'alps', 320, 120],
  ['0e00', 'plane', 160, 0],
  ['000e', 'farm', 640, 240],
  ['e000', 'plane', 0, 0],
  ['00e0', 'plane', 160, 240],
  ['aa00', 'leaf', 320, 0],
  ['00aa', 'farm', 160, 480],
  ['0aa0', 'boats', 480, 120],
  ['a00a', 'onion', 0, 120],
  ['0400', 'alps', 640, 120],
  ['0004', 'onion', 320, 0],
  ['4000', 'boats', 160, 120],
  ['0040', 'alps', 0, 120],
  ['3333', 'boats', 640, 120],
  ['7777', 'farm', 0, 360],
  ['2666', 'leaf', 320, 120],
  ['6266', 'leaf', 320, 0],
  ['6626', 'leaf', 0, 360],
  ['6662', 'boats', 480, 360],
  ['ee00', 'plane', 0, 0],
  ['00ee', 'leaf', 320, 120],
  ['0ee0', 'leaf', 320, 0],
  ['e00e', 'farm', 320, 120],
];

/** The same of mirrored photos: the first twelve. */
const MIRRORED_CUTS: typeof CUTS = [
  ['4444', 'farm', 320, 120],
  ['6666', 'alps', 0, 0],
  ['2222', 'onion', 160, 120],
  ['-4', 'plane', 0, 360],
  ['+4', 'boats', 480, 360],
  ['-2', 'cat', 320, 0],
  ['+2', 'plane', 160, 240],
  ['8000', 'alps', 320, 0],
  ['0008', 'alps', 480, 240],
  ['0080', 'leaf', 320, 360],
  ['0800', 'boats', 0, 240],
  ['6600', 'plane', 0, 360],
];

type Sides = readonly [left: number, top: number, width: number, height: number];

/**
 * Photos in the shapes of cameras, and what was kept of each in a shape of apps: 1:1, then 4:5,
 * 16:9 and 9:16. One guess alone finds it.
 */
const SHAPES: readonly (readonly [name: Name, photo: Sides, kept: Sides])[] = [
  ['onion', [0, 90, 320, 240], [40, 0, 240, 240]],
  ['pasture', [180, 90, 360, 240], [60, 0, 240, 240]],
  ['pasture', [180, 90, 426, 240], [93, 0, 240, 240]],
  ['plane', [0, 0, 240, 320], [0, 40, 240, 240]],
  ['leaf', [0, 0, 240, 360], [0, 60, 240, 240]],
  ['onion', [0, 0, 240, 426], [0, 93, 240, 240]],
  ['onion', [0, 90, 339, 240], [25, 0, 240, 240]],
  ['plane', [0, 0, 339, 240], [74, 0, 240, 240]],
  ['leaf', [270, 180, 426, 240], [63, 0, 240, 240]],
  ['plane', [90, 0, 426, 240], [123, 0, 240, 240]],
  ['leaf', [270, 180, 427, 240], [34, 0, 240, 240]],
  ['plane', [0, 0, 427, 240], [153, 0, 240, 240]],
  ['leaf', [0, 0, 240, 339], [0, 25, 240, 240]],
  ['plane', [0, 0, 240, 339], [0, 74, 240, 240]],
  ['onion', [0, 0, 240, 426], [0, 63, 240, 240]],
  ['onion', [0, 0, 240, 426], [0, 123, 240, 240]],
  ['onion', [0, 90, 240, 427], [0, 34, 240, 240]],
  ['plane', [0, 0, 240, 427], [0, 153, 240, 240]],
  ['pasture', [0, 0, 192, 256], [0, 8, 192, 240]],
  ['onion', [0, 0, 192, 288], [0, 24, 192, 240]],
  ['onion', [0, 0, 192, 342], [0, 51, 192, 240]],
  ['leaf', [360, 0, 320, 240], [42, 0, 192, 240]],
  ['leaf', [360, 0, 320, 240], [19, 0, 192, 240]],
  ['plane', [0, 0, 320, 240], [109, 0, 192, 240]],
  ['plane', [0, 0, 360, 240], [134, 0, 192, 240]],
  ['pasture', [0, 0, 192, 291], [0, 13, 192, 240]],
  ['onion', [0, 0, 192, 291], [0, 38, 192, 240]],
  ['pasture', [0, 0, 320, 240], [0, 30, 320, 180]],
  ['onion', [0, 0, 320, 214], [0, 17, 320, 180]],
  ['pasture', [0, 0, 320, 225], [0, 11, 320, 180]],
  ['onion', [0, 0, 320, 225], [0, 34, 320, 180]],
  ['onion', [90, 0, 240, 320], [30, 0, 180, 320]],
  ['alps', [0, 0, 214, 320], [17, 0, 180, 320]],
  ['onion', [90, 0, 225, 320], [11, 0, 180, 320]],
  ['onion', [0, 0, 225, 320], [34, 0, 180, 320]],
];

interface Copy {
  readonly of: CheckedPixels;
  readonly edit: (of: CheckedPixels) => CheckedPixels;
  /** the variants that find it */
  readonly found: readonly string[];
}
const copy = (of: CheckedPixels, edit: Copy['edit'], ...found: string[]): Copy => ({
  of,
  edit,
  found,
});
const asIs = (of: CheckedPixels) => of;
const cutCopy = ([edit, name, left, top]: (typeof CUTS)[0], before = asIs) =>
  copy(
    listed(name, left, top),
    (of) => cutBy(edit, before(of)),
    /^[+-]/.test(edit) ? 'unturnCropped' : 'uncrop',
  );
const shapeCopy = ([name, sides, kept]: (typeof SHAPES)[0]) =>
  copy(listed(name, ...sides), (of) => part(of, ...kept), 'uncrop');

const OPPOSITE: Partial<Record<DihedralName, DihedralName>> = {
  rotate90: 'rotate270',
  rotate270: 'rotate90',
};

/** Copies that a row alone finds, row by row as in `THOROUGH`. */
const ROWS: readonly (readonly Copy[])[] = [
  [copy(listed('farm', 0, 0), mirrored, 'flipY')],
  [
    copy(
      listed('leaf', 0, 0),
      (of) => ({ ...of, data: of.data.map((value) => 255 - value) }),
      'inverted',
    ),
  ],
  [copy(listed('boats', 380, 160), (of) => framed(of, [43, 33, 49, 44], 69, 35), 'unletterbox')],
  [copy(part(listed('boats', 20, 380), 154, 20, 160, 120), (of) => inGrid(of, 7, 15), 'box')],
  [copy(listed('cat', 540, 80), (of) => inChat(of, 14, [66, 58, 432, 392]), 'box')],
  [copy(listed('cat', 480, 200), (of) => betweenBars(of, 61, 47), 'unblurBars', 'unblurBars')],
  [copy(listed('leaf', 100, 300, 160, 160), (of) => inProfile(of, 4), 'box')],
  [copy(listed('boats', 480, 320), (of) => turned(of, 6.9), 'unturn')],
  DIHEDRAL_NAMES.filter((name) => name !== 'original' && name !== 'flipY').map((name) =>
    copy(listed('farm', 320, 240), (of) => dihedral(of, name), OPPOSITE[name] ?? name),
  ),
  // The sixth, which is the last.
  [copy(listed('boats', 320, 440), (of) => inCorner(of, 0, 208, 572, 448), 'rectangle')],
  // Of each detector whose parts are mirrored.
  [
    copy(
      listed('boats', 680, 120),
      (of) => framed(mirrored(of), [20, 44, 47, 31], 112, 29),
      'unletterbox',
    ),
    copy(listed('pasture', 180, 0), (of) => onPage(mirrored(of), 106, 66, 445, 395), 'box'),
    copy(listed('leaf', 220, 300), (of) => inChat(mirrored(of), 7, [27, 85, 384, 420]), 'box'),
    copy(listed('onion', 80, 320), (of) => betweenBars(mirrored(of), 73, 32), 'unblurBars'),
    copy(listed('plane', 60, 100), (of) => turned(mirrored(of), 7.2), 'unturn'),
    copy(listed('onion', 380, 500), (of) => inCorner(mirrored(of), 0, 257, 428, 497), 'rectangle'),
  ],
  [
    copy(
      listed('cat', 520, 160),
      (of) =>
        onTable(of, [
          [92, 60],
          [399, 82],
          [372, 286],
          [62, 311],
        ]),
      'quadrilateral',
    ),
  ],
  [shapeCopy(SHAPES[0]!)],
  [cutCopy(CUTS[0]!)],
  [copy(listed('onion', 380, 240), (of) => inCells(of, 0.51, 15), 'uncrop')],
  [cutCopy(MIRRORED_CUTS[0]!, mirrored)],
];

/** The names of what finds the photo of this hash in a copy. */
const finders = (pixels: CheckedPixels, hash: Hash) =>
  Array.from(variantsOf(pixels, { variants: 'thorough' }))
    .filter((variant) => distance(variant.hash, hash) <= MATCH)
    .map(({ name }) => name);

const rows = THOROUGH.flatMap((row, at) =>
  (ROWS[at] ?? []).map((one, which) => ({ title: `${at + 1}.${which + 1}`, row, ...one })),
);

test('every row has a copy', () => {
  expect(ROWS).toHaveLength(THOROUGH.length);
  for (const [at, copies] of ROWS.entries()) expect(copies.length, `row ${at + 1}`).not.toBe(0);
});

test.each(rows)('row $title finds its copy, and no other row does', ({ row, of, edit, found }) => {
  const { hash } = pdq(of);
  const pixels = edit(of);
  expect(finders(pixels, hash)).toEqual(found);
  const plane = workingPlane(pixels);
  const others = THOROUGH.filter((other) => other !== row);
  for (const { name, geometry, plane: own } of thoroughVariants(plane, others)) {
    if (name === 'inverted') continue;
    const other = pdqRegion(own ?? planeOfPart(plane, geometry), geometry, 512);
    expect(distance(other.hash, hash), name).toBeGreaterThan(MATCH);
  }
});

describe('one placement alone finds', () => {
  const all = [
    ...CUTS.map((one) => ({ title: `cut ${one[0]}`, ...cutCopy(one) })),
    ...MIRRORED_CUTS.map((one) => ({
      title: `cut ${one[0]}, mirrored`,
      ...cutCopy(one, mirrored),
    })),
    ...SHAPES.map((one, at) => ({ title: `shape ${at + 1}`, ...shapeCopy(one) })),
  ];
  test.each(all)('$title', ({ of, edit, found }) => {
    expect(finders(edit(of), pdq(of).hash)).toEqual(found);
  });
});

/** Cuts and turns that no placement undoes within 31 bits, until the nearest ones are moved. */
const MOVED: readonly (readonly [name: Name, left: number, top: number, edit: Sides | number])[] = [
  ['cat', 40, 20, -2.6],
  ['pasture', 140, 100, [29, 18, 269, 209]],
  ['onion', 140, 340, [12, 17, 289, 199]],
  ['leaf', 180, 80, [15, 19, 283, 211]],
  ['plane', 580, 180, [0, 22, 300, 210]],
  ['farm', 440, 80, [3, 3, 305, 221]],
];

test.each(MOVED)('moves find a copy of %s %d %d', (name, left, top, edit) => {
  const of = listed(name, left, top);
  const pixels = typeof edit === 'number' ? straightened(of, edit) : part(of, ...edit);
  const { hash } = pdq(of);
  expect(finders(pixels, hash)).toEqual([]);
  const blocklist = createBlocklist([{ hash, labels: [] }]);
  expect(match(variantsOf(pixels, { variants: 'thorough' }), blocklist).verdict).toBe('match');
});
