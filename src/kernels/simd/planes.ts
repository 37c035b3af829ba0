/*
 * Kernels that make planes of a picture. Addresses are byte offsets into an arena's memory.
 */

import type { Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { countDown, move, select, set, upTo } from './wasm/control.js';
import * as f32x4 from './wasm/f32x4.js';
import * as f64x2 from './wasm/f64x2.js';
import * as i8x16 from './wasm/i8x16.js';
import { add, ltS, mul, shl, shrU } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as i64x2 from './wasm/i64x2.js';
import * as v128 from './wasm/v128.js';

/** Pixels at an address and at three more, `step` apart. */
const fourPixels = (address: Value) =>
  ['step', 'step2', 'step3'].reduce(
    (four, step, i) => v128.load32Lane(add(address, step), four, i + 1),
    v128.load32Zero(address),
  );

/** The pixels' bytes of red and blue in 16-bit lanes, and those of green with what is above. */
const redBlue = (pixels: Value) => v128.and(pixels, i32x4.splat(0x00ff00ff));
const greenOnly = (pixels: Value) => v128.and(i32x4.shrU(pixels, 8), i32x4.splat(0xff));

/**
 * Luma and colours of squares along lines of pixels of three or four samples, four squares at a
 * time: luma is a thousandth of 299 R + 587 G + 114 B of the mean of four pixels of each.
 * @param first address of the first pixel of the first square
 * @param step bytes from a square to the next
 * @param right bytes from that pixel to the second of the four
 * @param down bytes to the third; the fourth is at both
 * @param count squares of a line, a multiple of four
 * @param lines number of lines
 * @param line bytes from a line of squares to the next
 * @param luma address of the luma of the first square; `red`, `green` and `blue` likewise
 * @param columns values of a row of the planes
 * @param sums address of four words: two numbers of 64 bits, together 4,000 times the sum of luma
 * @param isDown whether the values of a line are below each other
 */
function reduceLines(pixels: 1 | 4, isDown: boolean): WasmFunction {
  const unit = f64x2.splat(pixels === 1 ? 0.001 : 0.00025);
  const colours = ['red', 'green', 'blue'];
  const running = ['toRed', 'toGreen', 'toBlue'];
  const others = pixels === 1 ? [] : ['right', 'down', 'diagonal'];
  // Red is the lower half of a lane, blue the upper.
  const redAndBlue = i32x4.dot('rb', i32x4.splat((114 << 16) | 299));
  const lightOf = (value: Value) => f64x2.mul(f64x2.convert(value), unit);
  const addTo = (sum: string, value: Value) => set(sum, i32x4.add(sum, value));
  const stores = isDown
    ? [0, 1, 2, 3].map((lane) => [
        set('offset', mul('columns', lane)),
        v128.store32Lane(add('toLuma', shl('offset', 2)), 'light', lane),
        running.map((to, byte) => v128.store8Lane(add(to, 'offset'), 'at', 4 * lane + byte)),
      ])
    : [
        v128.store('toLuma', 'light'),
        set('at', i8x16.shuffle('at', 'at', 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 0, 0, 0, 0)),
        running.map((to, lane) => v128.store32Lane(to, 'at', lane)),
      ];
  return {
    parameters: [
      ...['first', 'step', 'right', 'down', 'count', 'lines', 'line'],
      ...['luma', ...colours, 'columns', 'sums'],
    ],
    body: [
      set('step2', shl('step', 1)),
      set('step3', add('step', 'step2')),
      set('diagonal', add('right', 'down')),
      set('far', isDown ? shl('columns', 2) : 4),
      countDown('lines', 1, [
        set('sum', v128.zero()),
        // Addresses that also moved from line to line took 3 % more time (V8 11.3, x64).
        set('left', 'count'),
        set('from', 'first'),
        set('toLuma', 'luma'),
        running.map((to, i) => set(to, colours[i]!)),
        countDown('left', 4, [
          set('at', fourPixels('from')),
          set('rb', redBlue('at')),
          set('g', greenOnly('at')),
          others.map((to) => [
            set('other', fourPixels(add('from', to))),
            addTo('rb', redBlue('other')),
            addTo('g', greenOnly('other')),
          ]),
          set('value', i32x4.add(redAndBlue, i32x4.dot('g', i32x4.splat(587)))),
          addTo('sum', 'value'),
          set('light', f32x4.demoteBoth(lightOf('value'), lightOf(f64x2.upper('value')))),
          stores,
          move(shl('far', 2), 'toLuma'),
          move('far', ...running),
          move(shl('step', 2), 'from'),
        ]),
        // The sums of a line are below 2^32.
        set('all', i64x2.add('all', i64x2.add(i64x2.extendLowU('sum'), i64x2.extendHighU('sum')))),
        move('line', 'first'),
        move(isDown ? 4 : shl('columns', 2), 'luma'),
        move(isDown ? 1 : 'columns', ...colours),
      ]),
      v128.store('sums', 'all'),
    ],
  };
}

/** Subtracts a whole number from `count` floats, and from up to three more. */
const lower = (): WasmFunction => ({
  parameters: ['floats', 'count', 'by'],
  body: [
    set('less', f32x4.convert(i32x4.splat('by'))),
    set('end', add('floats', shl('count', 2))),
    upTo('floats', 'end', 16, v128.store('floats', f32x4.sub(v128.load('floats'), 'less'))),
  ],
});

/** `halve`, except for a last column without a neighbour. */
const halve = (): WasmFunction => ({
  parameters: ['plane', 'width', 'height', 'out'],
  body: [
    set('bytes', shl('width', 2)),
    countDown('height', 2, [
      set('at', 'plane'),
      // Below the last row, that row counts again.
      set('under', select(ltS(1, 'height'), add('plane', 'bytes'), 'plane')),
      set('to', 'out'),
      set('end', add('out', shl(shrU('width', 1), 2))),
      upTo('to', 'end', 8, [
        set('sum', f64x2.add(f64x2.loadEveryOther('at'), f64x2.loadEveryOther('at', 1))),
        set('sum', f64x2.add('sum', f64x2.loadEveryOther('under'))),
        set('sum', f64x2.add('sum', f64x2.loadEveryOther('under', 1))),
        f64x2.storeFloats('to', f64x2.mul('sum', f64x2.splat(0.25))),
        move(16, 'at', 'under'),
      ]),
      move(shl('bytes', 1), 'plane'),
      move(shl(shrU(add('width', 1), 1), 2), 'out'),
    ]),
  ],
});

/** Kernels that make planes of a picture. */
export const PLANE_KERNELS = /* @__PURE__ */ kernelSet({
  reduceLines: () => reduceLines(4, false),
  takeLines: () => reduceLines(1, false),
  reduceDown: () => reduceLines(4, true),
  lower,
  halve,
});
