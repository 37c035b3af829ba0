/*
 * Kernels that sample parts of a plane: those of `pixels/tent-grid.ts`. Addresses are byte offsets
 * into an arena's memory. Sums and products are of 64 bits, in the order of the JavaScript: two
 * pixels, or two samples, are computed side by side.
 */

import type { Code, Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { move, select, set, upTo, when } from './wasm/control.js';
import * as f64x2 from './wasm/f64x2.js';
import { add, load, ltS, mul, remU, shl, store, sub } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

const least = (a: Value, b: Value) => select(ltS(a, b), a, b);

/** Row `y + i`, or the nearest of the plane. */
const rowNear = (y: Value, i: number) =>
  i < 0 ? select(ltS(add(y, i), 0), 0, add(y, i)) : least(add(y, i), 'last');

/** Sets vectors to the numbers at an address. */
const loadNumbers = (address: string, names: readonly string[]) =>
  names.map((name, i) => set(name, v128.load64Splat(address, 8 * i)));

/**
 * `soften`.
 * @param kernel address of three weights across, then three down
 * @param rows scratch: six rows of `width + 8` floats
 */
function soften(): WasmFunction {
  const rows = ['above2', 'above', 'here', 'below', 'below2'];
  const weights = ['w0', 'w1', 'w2'];
  // w0 · here + w1 (before + after) + w2 (before2 + after2)
  const mixed = ([before2, before, here, after, after2]: Code[]) => {
    const near = f64x2.mul('w1', f64x2.add(before!, after!));
    const far = f64x2.mul('w2', f64x2.add(before2!, after2!));
    return f64x2.add(f64x2.add(f64x2.mul('w0', here!), near), far);
  };
  // Rows by their numbers, in a ring of five behind the padded row.
  const placeOf = (row: Value) => add('rows', mul('line', add(remU(row, 5), 1)));
  return {
    parameters: ['luma', 'width', 'height', 'kernel', 'rows', 'out'],
    body: [
      set('bytes', shl('width', 2)),
      set('line', add('bytes', 32)),
      set('last', sub('height', 1)),
      set('down', add('kernel', 24)),
      upTo('y', 'height', 1, [
        loadNumbers('kernel', weights),
        upTo('mixed', add(rowNear('y', 2), 1), 1, [
          // The row with two pixels more at either end.
          set('at', 'luma'),
          set('to', add('rows', 8)),
          set('end', add('to', 'bytes')),
          upTo('to', 'end', 16, [v128.store('to', v128.load('at')), move(16, 'at')]),
          [0, 4].map((offset) => store('rows', load('luma'), offset)),
          move('bytes', 'luma'),
          [0, 4].map((offset) => store('end', load(sub('luma', 4)), offset)),
          set('to', placeOf('mixed')),
          set('at', 'rows'),
          set('end', add('at', 'bytes')),
          upTo('at', 'end', 8, [
            f64x2.storeFloats('to', mixed(rows.map((_, i) => f64x2.loadFloats('at', 4 * i)))),
            move(8, 'to'),
          ]),
        ]),
        loadNumbers('down', weights),
        rows.map((row, i) => set(row, placeOf(rowNear('y', i - 2)))),
        set('end', add('out', 'bytes')),
        upTo('out', 'end', 8, [
          f64x2.storeFloats('out', mixed(rows.map((row) => f64x2.loadFloats(row)))),
          move(8, ...rows),
        ]),
        set('out', 'end'),
      ]),
    ],
  };
}

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
  const rows = which.map((i) => `r${i}`);
  const sum = (terms: readonly Code[]) => terms.reduce((all, term) => f64x2.add(all, term));
  const both = (offset: number) =>
    v128.load64Lane('second', v128.load64Zero('first', offset), 1, offset);
  const repeat = (at: string, pixel: Value) =>
    [0, 8, 16].map((offset) => v128.store64Lane(at, v128.load64Zero(pixel), 0, offset));
  return {
    parameters: [
      ...['luma', 'width', 'height', 'columns', 'rows', 'taps', 'weights'],
      ...['from', 'end', 'line', 'out'],
    ],
    body: [
      set('bytes', shl('width', 2)),
      set('last', sub('height', 1)),
      set('stopAll', add('rows', 256)),
      upTo('rows', 'stopAll', 4, [
        which.map((i) => [
          set(`w${i}`, v128.load64Splat('weights', 8 * i)),
          set(
            `r${i}`,
            add('luma', add(mul(rowNear(load('rows'), i - 2), 'bytes'), shl('from', 2))),
          ),
        ]),
        // Pixel x of the mixed row is at x + 3.
        set('to', add('line', shl(add('from', 3), 3))),
        set('stop', add('line', shl(add('end', 4), 3))),
        upTo('to', 'stop', 16, [
          v128.store('to', sum(which.map((i) => f64x2.mul(`w${i}`, f64x2.loadFloats(`r${i}`))))),
          move(8, ...rows),
        ]),
        when(ltS('from', 1), repeat('line', add('line', 24))),
        when(ltS(sub('width', 2), 'end'), repeat('stop', sub('stop', 8))),
        set('column', 'columns'),
        set('tap', 'taps'),
        set('stop', add('columns', 256)),
        upTo('column', 'stop', 8, [
          set('first', add('line', shl(load('column'), 3))),
          set('second', add('line', shl(load('column', 4), 3))),
          v128.store(
            'out',
            sum(which.map((i) => f64x2.mul(v128.load('tap', 512 * i), both(8 * (i + 1))))),
          ),
          move(16, 'tap', 'out'),
        ]),
        move(48, 'weights'),
      ]),
    ],
  };
}

/** a + share (b - a) */
const between = (a: Value, b: Value, share: Value) =>
  f64x2.add(a, f64x2.mul(share, f64x2.sub(b, a)));
/** The same of two pairs of such numbers. */
const withinPairs = (one: string, other: string, share: Value) =>
  between(f64x2.shuffle(one, other, 0, 2), f64x2.shuffle(one, other, 1, 3), share);

/**
 * `uprightGrid`.
 * @param across address of 64 pixels before, 64 pixels after, and 64 shares
 * @param down likewise, of rows
 */
function uprightGrid(): WasmFunction {
  const rowAt = (offset: number) => add('luma', shl(mul(load('down', offset), 'width'), 2));
  return {
    parameters: ['luma', 'width', 'across', 'down', 'out'],
    body: [
      set('end', add('down', 256)),
      set('sharesDown', add('down', 512)),
      set('stop', add('across', 256)),
      upTo('down', 'end', 4, [
        set('upper', rowAt(0)),
        set('lower', rowAt(256)),
        set('low', v128.load64Splat('sharesDown')),
        set('high', f64x2.sub(f64x2.splat(1), 'low')),
        set('column', 'across'),
        set('share', add('across', 512)),
        upTo('column', 'stop', 8, [
          // The last pixel of a row has no next one, and a share of 0.
          ['one', 'other'].map((pair, i) => [
            set('x', shl(load('column', 4 * i), 2)),
            set(pair, f64x2.mul('high', f64x2.loadFloats(add('upper', 'x')))),
            set(pair, f64x2.add(pair, f64x2.mul('low', f64x2.loadFloats(add('lower', 'x'))))),
          ]),
          v128.store('out', withinPairs('one', 'other', v128.load('share'))),
          move(16, 'share', 'out'),
        ]),
        move(8, 'sharesDown'),
      ]),
    ],
  };
}

/**
 * `turnedGrid`.
 * @param turn address of cosine, sine, the last column, the last row, left and top
 * @param xs address of 64 positions; `ys` likewise
 */
function turnedGrid(): WasmFunction {
  const inside = (place: Value, last: string) => f64x2.max(v128.zero(), f64x2.min(place, last));
  const times = (place: Value, factor: string) => f64x2.mul(place, factor);
  const x = f64x2.add('x0', times(v128.load('along'), 'cosine'));
  const y = f64x2.add('y0', times(v128.load('along'), 'sine'));
  const numbers = ['cosine', 'sine', 'lastColumn', 'lastRow', 'left', 'top'];
  return {
    parameters: ['luma', 'width', 'turn', 'xs', 'ys', 'out'],
    body: [
      loadNumbers('turn', numbers),
      set('last', i32x4.extractLane(i32x4.truncSatF64('lastRow'), 0)),
      set('stop', add('xs', 512)),
      set('end', add('ys', 512)),
      upTo('ys', 'end', 8, [
        set('x0', f64x2.sub('left', times(v128.load64Splat('ys'), 'sine'))),
        set('y0', f64x2.add('top', times(v128.load64Splat('ys'), 'cosine'))),
        set('along', 'xs'),
        upTo('along', 'stop', 16, [
          set('x', inside(x, 'lastColumn')),
          set('y', inside(y, 'lastRow')),
          set('column', i32x4.truncSatF64('x')),
          set('row', i32x4.truncSatF64('y')),
          set('right', f64x2.sub('x', f64x2.convert('column'))),
          set('low', f64x2.sub('y', f64x2.convert('row'))),
          [0, 1].map((lane) => [
            set('line', i32x4.extractLane('row', lane)),
            set('at', add(mul('line', 'width'), i32x4.extractLane('column', lane))),
            set('at', add('luma', shl('at', 2))),
            set(`upper${lane}`, f64x2.loadFloats('at')),
            move(select(ltS('line', 'last'), shl('width', 2), 0), 'at'),
            set(`lower${lane}`, f64x2.loadFloats('at')),
          ]),
          set('upper', withinPairs('upper0', 'upper1', 'right')),
          set('lower', withinPairs('lower0', 'lower1', 'right')),
          v128.store('out', between('upper', 'lower', 'low')),
          move(16, 'out'),
        ]),
      ]),
    ],
  };
}

/** Kernels that sample parts of a plane. */
export const GRID_KERNELS = /* @__PURE__ */ kernelSet({
  soften,
  softGrid: () => softGrid(6),
  softGridOfFour: () => softGrid(4),
  uprightGrid,
  turnedGrid,
});
