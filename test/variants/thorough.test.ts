import { expect, test } from 'vitest';
import type { VariantName } from '../../src/variant.js';
import type { Detector, Placement } from '../../src/variants/detect/detector.js';
import { MOST_RECTANGLES, QUICK, THOROUGH, thoroughVariants } from '../../src/variants/thorough.js';
import { MOST_HASHES, MOST_QUICK_HASHES } from '../../src/variants/variant-profile.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { patches } from './pictures.js';

const plane = workingPlane(patches(800, 600, 1, 50));

const placed = (name: VariantName, left: number): Placement => ({
  name,
  geometry: { rectangle: { left, top: 0, width: 100, height: 100 } },
});
/** A detector that finds squares at these columns, and notes what it is asked for. */
const fake = (name: VariantName, lefts: readonly number[], asked: string[] = []): Detector =>
  function* () {
    for (const left of lefts) {
      asked.push(`${name} ${left}`);
      yield placed(name, left);
    }
  };
const given = (...rows: Parameters<typeof thoroughVariants>[1] & object) =>
  Array.from(thoroughVariants(plane, rows), ({ name, geometry: { rectangle, dihedral } }) =>
    [name, rectangle.left, dihedral].join(' ').trim(),
  );

test('gives rows in their order, each as many placements as its limit', () => {
  const rows = [
    { detect: fake('box', [100, 200, 300]), most: 2 },
    { detect: fake('rectangle', []), most: 2 },
    { detect: fake('unletterbox', [400]), most: 2 },
  ];
  expect(given(...rows)).toEqual(['box 100', 'box 200', 'unletterbox 400']);
});

test('leaves out placements equal to the picture or to an earlier placement', () => {
  // A four-hundredth of 100 pixels is less than one, which is always allowed.
  const detect = fake('box', [100, 101, 102, 300]);
  expect(given({ detect, most: 4 })).toEqual(['box 100', 'box 102', 'box 300']);
  expect(given({ detect, most: 3 }, { detect: fake('rectangle', [300, 100]), most: 9 })).toEqual([
    'box 100',
    'box 102',
    'rectangle 300',
  ]);
  const { fullWidth: width, fullHeight: height } = plane;
  const whole = {
    name: 'box',
    geometry: { rectangle: { left: 2, top: 1, width, height } },
  } as const;
  expect(given({ detect: () => [whole], most: 1 })).toEqual([]);
});

test('a detector works only on request, and no further than its limit', () => {
  const asked: string[] = [];
  const first = fake('box', [100, 200, 300], asked);
  const second = fake('rectangle', [400], asked);
  const rows = [
    { detect: first, most: 2 },
    { detect: second, most: 1 },
  ];
  const all = thoroughVariants(plane, rows);
  expect(asked).toEqual([]);
  all.next();
  expect(asked).toEqual(['box 100']);
  all.next();
  expect(asked).toEqual(['box 100', 'box 200']);
  expect(all.next().value).toMatchObject({ name: 'rectangle' });
  expect(all.next().done).toBe(true);
  expect(asked).toEqual(['box 100', 'box 200', 'rectangle 400']);
});

test('rectangles share one limit, and only new ones count', () => {
  const columns = (count: number, first: number) =>
    Array.from({ length: count }, (_, at) => first + 10 * at);
  const isRectangle = true as const;
  const rows = [
    { detect: fake('box', columns(5, 0)), most: 5, isRectangle },
    { detect: fake('unletterbox', columns(5, 10)), most: 5, isRectangle },
    { detect: fake('unturn', columns(9, 500)), most: 9 },
    { detect: fake('rectangle', columns(25, 200)), most: 25, isRectangle },
    { detect: fake('unblurBars', columns(2, 400)), most: 2, isRectangle },
  ];
  const names = given(...rows).map((text) => text.split(' ')[0]);
  const count = (name: string) => names.filter((one) => one === name).length;
  expect(['box', 'unletterbox', 'unturn', 'rectangle', 'unblurBars'].map(count)).toEqual([
    5,
    1,
    9,
    MOST_RECTANGLES - 6,
    0,
  ]);
});

test('mirrors what earlier rows gave from these detectors, in their order', () => {
  const none = fake('unletterbox', []);
  const boxes = fake('box', [100, 200]);
  const again = fake('rectangle', [100]);
  const rows = [none, boxes, again].map((detect) => ({ detect, most: 2 }));
  const mirror = (...of: Detector[]) => given(...rows, { mirror: of, most: 3 }).slice(2);
  expect(mirror(none, boxes, again)).toEqual(['box 100 flipY', 'box 200 flipY']);
  // Its only one is an earlier row's.
  expect(mirror(again)).toEqual([]);
  expect(mirror(none)).toEqual([]);
  expect(given(...rows, { mirror: [boxes], most: 1 }).slice(2)).toEqual(['box 100 flipY']);
});

test.each([
  ['thorough', THOROUGH],
  ['quick', QUICK],
] as const)('every row of %s is reached, and mirrors only what is before it', (_, rows) => {
  let before = 0;
  let rectangles = 0;
  for (const row of rows) {
    // The picture itself, as stored, on two backdrops, and in the other size convention come first.
    expect(5 + before + rectangles).toBeLessThan(MOST_HASHES);
    if (row.isRectangle) rectangles = Math.min(MOST_RECTANGLES, rectangles + row.most);
    else before += row.most;
  }
  const seen = new Set<Detector>();
  for (const row of rows) {
    if ('detect' in row) seen.add(row.detect);
    else expect(row.mirror.every((detector) => seen.has(detector))).toBe(true);
  }
});

test('quick gives no more than its rows, on white and on black, beside four hashes of the file', () => {
  expect(QUICK.reduce((sum, { most }) => sum + 2 * most, 6)).toBe(MOST_QUICK_HASHES);
});
