/*
 * Kernels of detectors that look for parts on a ground, and those of their margins. Addresses are
 * byte offsets into an arena's memory. Sums of 64 bits are in the order of the JavaScript.
 */

import type { Code, Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { countDown, move, select, set, upTo, when } from './wasm/control.js';
import * as f32x4 from './wasm/f32x4.js';
import * as f64x2 from './wasm/f64x2.js';
import * as i8x16 from './wasm/i8x16.js';
import * as i16x8 from './wasm/i16x8.js';
import { add, and, load, load8U, ltS, mul, or, shl, shrU, store, store8, sub } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

const CHANNELS = ['red', 'green', 'blue'];

/**
 * Marks with 1 the pixels of which a channel differs from a colour by more than `away`.
 * @param red address of the region's first pixel; `green` and `blue` likewise
 * @param colour its bytes: red, green, blue from the lowest
 */
function markContent(): WasmFunction {
  const apart = (channel: string, colour: string) => {
    const above = i8x16.subSatU(v128.load(channel), colour);
    return i8x16.gtU(v128.or(above, i8x16.subSatU(colour, v128.load(channel))), 'most');
  };
  const marked = v128.or(v128.or(apart('red', 'r'), apart('green', 'g')), apart('blue', 'b'));
  return {
    parameters: [...CHANNELS, 'stride', 'width', 'height', 'colour', 'away', 'out'],
    body: [
      ['r', 'g', 'b'].map((colour, i) => set(colour, i8x16.splat(shrU('colour', 8 * i)))),
      set('most', i8x16.splat('away')),
      countDown('height', 1, [
        set('x', 'width'),
        countDown('x', 16, [
          v128.store('out', v128.and(marked, i8x16.splat(1))),
          move(16, ...CHANNELS, 'out'),
        ]),
        // `x` is 0 or below: so many bytes too far.
        move('x', ...CHANNELS, 'out'),
        move(sub('stride', 'width'), ...CHANNELS),
      ]),
    ],
  };
}

/**
 * Marks with 1 the squares of two pixels a side in which `least` or more are marked.
 * @param width pixels a row of `content`
 * @param columns squares a row; `out` has one number more
 */
const markBlocks = (): WasmFunction => ({
  parameters: ['content', 'width', 'columns', 'rows', 'least', 'out'],
  body: [
    set('fewer', i16x8.splat(sub('least', 1))),
    countDown('rows', 1, [
      set('at', 'content'),
      set('under', add('content', 'width')),
      set('x', 'columns'),
      countDown('x', 8, [
        set('marks', i16x8.extaddPairwise(i8x16.add(v128.load('at'), v128.load('under')))),
        set('marks', i16x8.gtS('marks', 'fewer')),
        v128.store64Lane('out', v128.and(i8x16.narrow('marks', 'marks'), i8x16.splat(1)), 0),
        move(16, 'at', 'under'),
        move(8, 'out'),
      ]),
      move('x', 'out'),
      store8('out', 0),
      move(1, 'out'),
      move(shl('width', 1), 'content'),
    ]),
  ],
});

/**
 * Counts the colours of every fifth pixel of a part, in 32 x 32 x 32 bins.
 * @param red address of the first pixel; `green` and `blue` likewise
 * @param bins address of 32,768 counts, all zero
 * @param colours address of the colour of each sampled pixel: a word, red lowest
 * @returns the number of pixels
 */
function countColours(): WasmFunction {
  const five = (byte: Value) => and(byte, 0xf8);
  return {
    parameters: [...CHANNELS, 'stride', 'width', 'height', 'bins', 'colours'],
    body: [
      set('to', 'colours'),
      countDown('height', 1, [
        upTo('x', 'width', 5, [
          ['r', 'g', 'b'].map((byte, i) => set(byte, load8U(add(CHANNELS[i]!, 'x')))),
          store('to', or('r', or(shl('g', 8), shl('b', 16)))),
          move(4, 'to'),
          set('bin', or(shl(five('r'), 7), or(shl(five('g'), 2), shrU('b', 3)))),
          set('bin', add('bins', shl('bin', 2))),
          store('bin', add(load('bin'), 1)),
        ]),
        set('x', sub('x', 'width')),
        move('stride', ...CHANNELS),
      ]),
    ],
    result: shrU(sub('to', 'colours'), 2),
  };
}

/** The first of the fullest bins. */
const fullest = (): WasmFunction => ({
  parameters: ['bins'],
  body: [
    set('at', 'bins'),
    set('best', 'bins'),
    set('most', load('bins')),
    set('end', add('bins', 4 * 32768)),
    upTo('at', 'end', 16, [
      set('bits', i8x16.bitmask(i32x4.gtS(v128.load('at'), i32x4.splat('most')))),
      when('bits', [
        [0, 4, 8, 12].map((offset) => [
          set('count', load('at', offset)),
          when(ltS('most', 'count'), [set('most', 'count'), set('best', add('at', offset))]),
        ]),
      ]),
    ]),
  ],
  result: shrU(sub('best', 'bins'), 2),
});

/**
 * Sums the colours of a bin.
 * @param count of the colours, and up to three zeros behind them
 * @param bits of a colour of the bin, in the upper five of each byte
 * @param sums address of red, green and blue
 */
const sumColours = (): WasmFunction => ({
  parameters: ['colours', 'count', 'bits', 'sums'],
  body: [
    set('end', add('colours', shl('count', 2))),
    upTo('colours', 'end', 16, [
      set('same', v128.and(v128.load('colours'), i32x4.splat(0x00f8f8f8))),
      set('same', v128.and(v128.load('colours'), i32x4.eq('same', i32x4.splat('bits')))),
      set('red', i32x4.add('red', v128.and('same', i32x4.splat(0xff)))),
      set('green', i32x4.add('green', v128.and(i32x4.shrU('same', 8), i32x4.splat(0xff)))),
      set('blue', i32x4.add('blue', i32x4.shrU('same', 16))),
    ]),
    CHANNELS.map((sum, i) => {
      const [a, b, c, d] = [0, 1, 2, 3].map((lane) => i32x4.extractLane(sum, lane));
      return store('sums', add(add(a!, b!), add(c!, d!)), 4 * i);
    }),
  ],
});

/** The sum of a part of a plane, less which it is copied. @param mean where its mean is put */
function copyLessMean(): WasmFunction {
  const eachRow = (body: Code) => [
    set('row', 'luma'),
    set('rows', 'height'),
    countDown('rows', 1, [
      set('at', 'row'),
      set('end', add('row', shl('width', 2))),
      body,
      move(shl('stride', 2), 'row'),
    ]),
  ];
  return {
    parameters: ['luma', 'stride', 'width', 'height', 'mean', 'out', 'outStride'],
    body: [
      eachRow(
        upTo('at', 'end', 8, [
          set('v', f64x2.loadFloats('at')),
          set('sum', f64x2.add('sum', 'v')),
          when(ltS(add('at', 4), 'end'), set('sum', f64x2.add('sum', f64x2.upper('v')))),
        ]),
      ),
      set('sum', f64x2.div('sum', f64x2.convert(i32x4.splat(mul('width', 'height'))))),
      set('sum', f64x2.shuffle('sum', 'sum', 0, 0)),
      v128.store64Lane('mean', 'sum', 0),
      eachRow([
        set('to', 'out'),
        upTo('at', 'end', 8, [
          f64x2.storeFloats('to', f64x2.sub(f64x2.loadFloats('at'), 'sum')),
          move(8, 'to'),
        ]),
        move(shl('outStride', 2), 'out'),
      ]),
    ],
  };
}

/**
 * A line beyond a plane's border: `extendLine` at one distance.
 * @param sums address of the running sums of the border
 * @param step bytes from a pixel of the line to the next
 * @param left address of the share that is left
 */
function extendLine(): WasmFunction {
  const bounds = [0, 1].map((i) => [
    set(`from${i}`, sub(add('x', i), 'away')),
    set(`from${i}`, select(ltS(`from${i}`, 0), 0, `from${i}`)),
    set(`end${i}`, add(add('x', i + 1), 'away')),
    set(`end${i}`, select(ltS('count', `end${i}`), 'count', `end${i}`)),
  ]);
  const sumAt = (bound: string) => add('sums', shl(bound, 3));
  const both = (bound: string) =>
    v128.load64Lane(sumAt(`${bound}1`), v128.load64Zero(sumAt(`${bound}0`)), 1);
  const number = (i: number) => i32x4.splat(sub(`end${i}`, `from${i}`));
  return {
    parameters: ['sums', 'count', 'away', 'left', 'to', 'step'],
    body: [
      set('share', v128.load64Splat('left')),
      upTo('x', 'count', 2, [
        bounds,
        set('v', f64x2.mul('share', f64x2.sub(both('end'), both('from')))),
        set('v', f64x2.div('v', f64x2.convert(i32x4.shuffle(number(0), number(1), 0, 4, 0, 4)))),
        set('v', f32x4.demote('v')),
        v128.store32Lane('to', 'v', 0),
        when(ltS(add('x', 1), 'count'), v128.store32Lane(add('to', 'step'), 'v', 1)),
        move(shl('step', 1), 'to'),
      ]),
    ],
  };
}

/** Kernels that look for parts on a ground. */
export const COLOUR_KERNELS = /* @__PURE__ */ kernelSet({
  markContent,
  markBlocks,
  countColours,
  fullest,
  sumColours,
  copyLessMean,
  extendLine,
});
