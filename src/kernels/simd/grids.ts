/*
 * Kernels that sample parts of a plane: those of `pixels/tent-grid.ts`. Addresses are byte offsets
 * into an arena's memory. Sums and products are of 64 bits, in the order of the JavaScript: two
 * pixels, or two samples, are computed side by side.
 */

import {
  add,
  addF64,
  type Code,
  during,
  integersF64,
  lane32,
  lanes,
  load,
  loadFirst64,
  loadLane64,
  loadSplat64,
  loadV,
  ltS,
  maxF64,
  minF64,
  mul,
  mulF64,
  promote,
  select,
  set,
  shl,
  shuffle,
  splatF64,
  storeLane64,
  storeV,
  sub,
  subF64,
  truncF64,
  type Value,
  type WasmFunction,
  when,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { soften } from './planes.js';

/** Two floats as numbers of 64 bits. */
const floats = (address: Value, offset = 0) => promote(loadFirst64(address, offset));

/**
 * `softGrid`, with six weights a row, or four if the outer two are zero.
 * @param columns address of the pixel before each sample of a row
 * @param rows address of the row before each row of samples
 * @param taps six rows of the weights of 64 samples
 * @param weights six of each row
 * @param from first pixel of a row that is mixed
 * @param end last one
 * @param line scratch: `width + 8` numbers of 64 bits
 * @param taps six, or the middle four
 */
function softGrid(taps: 4 | 6): WasmFunction {
  const which = taps === 6 ? [0, 1, 2, 3, 4, 5] : [1, 2, 3, 4];
  const sum = (terms: readonly Code[]) => terms.reduce((all, term) => addF64(all, term));
  const least = (a: Value, b: Value) => select(ltS(a, b), a, b);
  return {
    parameters: [
      ...['luma', 'width', 'height', 'columns', 'rows', 'taps', 'weights'],
      ...['from', 'end', 'line', 'out'],
    ],
    integers: [
      ...[
        'bytes',
        'last',
        'row',
        'at',
        'to',
        'stop',
        'stopAll',
        'first',
        'second',
        'tap',
        'column',
      ],
      ...which.map((i) => `r${i}`),
    ],
    vectors: which.map((i) => `w${i}`),
    body: [
      set('bytes', shl('width', 2)),
      set('last', sub('height', 1)),
      set('stopAll', add('rows', 256)),
      during(
        ltS('rows', 'stopAll'),
        ...which.flatMap((i) => {
          const row = add(load('rows'), i - 2);
          const kept = i < 2 ? select(ltS(row, 0), 0, row) : least(row, 'last');
          return [
            set(`w${i}`, loadSplat64('weights', 8 * i)),
            set(`r${i}`, add('luma', add(mul(kept, 'bytes'), shl('from', 2)))),
          ];
        }),
        // Pixel x of the mixed row is at x + 3.
        set('to', add('line', shl(add('from', 3), 3))),
        set('stop', add('line', shl(add('end', 4), 3))),
        during(
          ltS('to', 'stop'),
          storeV('to', sum(which.map((i) => mulF64(`w${i}`, floats(`r${i}`))))),
          ...which.map((i) => set(`r${i}`, add(`r${i}`, 8))),
          set('to', add('to', 16)),
        ),
        when(
          ltS('from', 1),
          ...[0, 1, 2].map((i) => storeLane64('line', loadFirst64('line', 24), 0, 8 * i)),
        ),
        when(
          ltS(sub('width', 2), 'end'),
          ...[0, 1, 2].map((i) => storeLane64('stop', loadFirst64(sub('stop', 8)), 0, 8 * i)),
        ),
        set('column', 'columns'),
        set('tap', 'taps'),
        set('stop', add('columns', 256)),
        during(
          ltS('column', 'stop'),
          set('first', add('line', shl(load('column'), 3))),
          set('second', add('line', shl(load('column', 4), 3))),
          storeV(
            'out',
            sum(
              which.map((i) =>
                mulF64(
                  loadV('tap', 512 * i),
                  loadLane64('second', loadFirst64('first', 8 * (i + 1)), 1, 8 * (i + 1)),
                ),
              ),
            ),
          ),
          set('column', add('column', 8)),
          set('tap', add('tap', 16)),
          set('out', add('out', 16)),
        ),
        set('rows', add('rows', 4)),
        set('weights', add('weights', 48)),
      ),
      add(0, 0),
    ],
  };
}

/** The first numbers of two pairs, and the second ones. */
const firsts = (a: Value, b: Value) => shuffle(a, b, lanes(8, 0, 2));
const seconds = (a: Value, b: Value) => shuffle(a, b, lanes(8, 1, 3));

/** a + share (b - a) */
const between = (a: Value, b: Value, share: Value) => addF64(a, mulF64(share, subF64(b, a)));

/**
 * `uprightGrid`.
 * @param across address of 64 pixels before, 64 pixels after, and 64 shares
 * @param down likewise, of rows
 */
function uprightGrid(): WasmFunction {
  // The last pixel of a row has no next one, and a share of 0.
  const pair = (column: string) =>
    addF64(
      mulF64('high', floats(add('upper', column))),
      mulF64('low', floats(add('lower', column))),
    );
  const rowAt = (offset: number) => add('luma', mul(load('down', offset), 'bytes'));
  return {
    parameters: ['luma', 'width', 'across', 'down', 'out'],
    integers: ['bytes', 'upper', 'lower', 'column', 'share', 'sharesDown', 'stop', 'x', 'y', 'end'],
    vectors: ['low', 'high', 'one', 'other'],
    body: [
      set('bytes', shl('width', 2)),
      set('end', add('down', 256)),
      set('sharesDown', add('down', 512)),
      set('stop', add('across', 256)),
      during(
        ltS('down', 'end'),
        set('upper', rowAt(0)),
        set('lower', rowAt(256)),
        set('low', loadSplat64('sharesDown')),
        set('high', subF64(splatF64(1), 'low')),
        set('column', 'across'),
        set('share', add('across', 512)),
        during(
          ltS('column', 'stop'),
          set('x', shl(load('column'), 2)),
          set('y', shl(load('column', 4), 2)),
          set('one', pair('x')),
          set('other', pair('y')),
          storeV('out', between(firsts('one', 'other'), seconds('one', 'other'), loadV('share'))),
          set('column', add('column', 8)),
          set('share', add('share', 16)),
          set('out', add('out', 16)),
        ),
        set('down', add('down', 4)),
        set('sharesDown', add('sharesDown', 8)),
      ),
      add(0, 0),
    ],
  };
}

/**
 * `turnedGrid`.
 * @param turn address of left, top, cosine, sine, the last column and the last row
 * @param xs address of 64 positions; `ys` likewise
 */
function turnedGrid(): WasmFunction {
  const inside = (place: Value, last: string) => maxF64(splatF64(0), minF64(place, last));
  const at = (lane: number) => {
    const row = lane32('row', lane);
    return [
      set('at', add('luma', shl(add(mul(row, 'width'), lane32('column', lane)), 2))),
      set('under', add('at', select(ltS(row, 'last'), 'bytes', 0))),
      set(`upper${lane}`, floats('at')),
      set(`lower${lane}`, floats('under')),
    ];
  };
  const row = (name: string) =>
    between(
      firsts(`${name}0`, `${name}1`),
      seconds(`${name}0`, `${name}1`),
      subF64('x', integersF64('column')),
    );
  return {
    parameters: ['luma', 'width', 'turn', 'xs', 'ys', 'out'],
    integers: ['bytes', 'last', 'at', 'under', 'along', 'stop', 'end'],
    vectors: [
      ...['cosine', 'sine', 'lastColumn', 'lastRow', 'x0', 'y0', 'x', 'y', 'column', 'row'],
      ...['upper0', 'upper1', 'lower0', 'lower1'],
    ],
    body: [
      set('bytes', shl('width', 2)),
      ...['cosine', 'sine', 'lastColumn', 'lastRow'].map((name, i) =>
        set(name, loadSplat64('turn', 16 + 8 * i)),
      ),
      set('last', lane32(truncF64('lastRow'), 0)),
      set('stop', add('xs', 512)),
      set('end', add('ys', 512)),
      during(
        ltS('ys', 'end'),
        set('x0', subF64(loadSplat64('turn'), mulF64(loadSplat64('ys'), 'sine'))),
        set('y0', addF64(loadSplat64('turn', 8), mulF64(loadSplat64('ys'), 'cosine'))),
        set('along', 'xs'),
        during(
          ltS('along', 'stop'),
          set('x', inside(addF64('x0', mulF64(loadV('along'), 'cosine')), 'lastColumn')),
          set('y', inside(addF64('y0', mulF64(loadV('along'), 'sine')), 'lastRow')),
          set('column', truncF64('x')),
          set('row', truncF64('y')),
          ...at(0),
          ...at(1),
          storeV('out', between(row('upper'), row('lower'), subF64('y', integersF64('row')))),
          set('along', add('along', 16)),
          set('out', add('out', 16)),
        ),
        set('ys', add('ys', 8)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels that sample parts of a plane. */
export const GRID_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  soften: soften(),
  softGrid: softGrid(6),
  softGridOfFour: softGrid(4),
  uprightGrid: uprightGrid(),
  turnedGrid: turnedGrid(),
}));
