/*
 * Kernels of the last steps of PDQ: quality, median, bits and ranks. Addresses are byte offsets
 * into an arena's memory; values, 256 coefficients, are numbers of 64 bits.
 */

import type { Code, Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { during, giveBack, move, select, set, upTo, when } from './wasm/control.js';
import * as f32x4 from './wasm/f32x4.js';
import * as f64x2 from './wasm/f64x2.js';
import * as i8x16 from './wasm/i8x16.js';
import * as i16x8 from './wasm/i16x8.js';
import { add, and, load, load8U, ltS, shrU, store8, sub } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

/**
 * A network that sorts four columns of 64 rows: pairs of rows, of 16 bytes, the first place in the
 * lower half. Its last 192 pairs merge halves once more, of which one was mirrored.
 */
export function sortNetwork(): Int32Array {
  const pairs: number[] = [];
  const compare = (a: number, b: number) => pairs.push((16 * a) | ((16 * b) << 16));
  // Bitonic, with mirrored first steps: no order is ever reversed.
  const merge = (steps: number) => {
    for (let step = steps; step >= 1; step >>= 1) {
      for (let row = 0; row < 64; row++) if ((row & step) === 0) compare(row, row + step);
    }
  };
  for (let size = 2; size <= 64; size *= 2) {
    for (let row = 0; row < 64; row++) {
      const other = row ^ (size - 1);
      if (row < other) compare(row, other);
    }
    merge(size >> 2);
  }
  merge(32);
  return Int32Array.from(pairs);
}

/** Pairs of the network, less those of the last merge. */
const SORTS = 21 * 32;
const MERGES = 6 * 32;

/**
 * The hundredths of all differences of neighbours in a plane, or any sum of 9000 and more.
 * @param band address of what is first added to each; under 2.5 either way
 */
function hundredths(): WasmFunction {
  const hundredth = f64x2.splat(100 / 255);
  const more = (step: Value) => {
    const difference = f64x2.add(f64x2.abs(step), 'more');
    return set('sum', f64x2.add('sum', f64x2.trunc(f64x2.mul(difference, hundredth))));
  };
  const down = f64x2.sub(v128.load('plane'), v128.load(add('plane', 'below')));
  const across = f64x2.sub(v128.load('plane'), v128.load('plane', 8));
  return {
    parameters: ['plane', 'band'],
    body: [
      set('more', v128.load64Splat('band')),
      set('last', add('plane', 8 * 64 * 64)),
      upTo('plane', 'last', 16, [
        set('end', add('plane', 8 * 62)),
        // The last row has none below it, the last column none after it: a difference of 0.
        set('below', select(ltS(add('plane', 512), 'last'), 512, 0)),
        upTo('plane', 'end', 16, [more(down), more(across)]),
        more(down),
        more(f64x2.shuffle(across, v128.zero(), 0, 2)),
        // In most photos the first few rows hold enough gradients.
        set('both', i32x4.truncSatF64(f64x2.add('sum', f64x2.upper('sum')))),
        set('all', i32x4.extractLane('both', 0)),
        when(ltS(8999, 'all'), giveBack('all')),
      ]),
    ],
    result: 'all',
  };
}

/**
 * Keys of 256 values, four a turn: their floats, in the order of whole numbers, with the number of
 * the value in the lowest byte.
 * @param numbers address of the centre, of which distances are taken
 */
function keysOf(isDistance: boolean): WasmFunction {
  const value = (offset: number) => {
    const values = v128.load('values', offset);
    return isDistance ? f64x2.abs(f64x2.sub(values, 'centre')) : values;
  };
  return {
    parameters: ['values', 'numbers', 'keys'],
    body: [
      set('centre', v128.load64Splat('numbers')),
      set('places', v128.constant([0, 1, 2, 3].flatMap((place) => [place, 0, 0, 0]))),
      set('end', add('keys', 1024)),
      upTo('keys', 'end', 16, [
        set('floats', f32x4.demoteBoth(value(0), value(16))),
        // Negative floats sort the other way round.
        set('sign', v128.and(i32x4.shrS('floats', 31), i32x4.splat(0x7fffffff))),
        set('floats', v128.and(v128.xor('floats', 'sign'), i32x4.splat(-256))),
        v128.store('keys', v128.or('floats', 'places')),
        set('places', i32x4.add('places', i32x4.splat(4))),
        move(32, 'values'),
      ]),
    ],
  };
}

/**
 * Sorts 256 keys: position 64 i + j is at 4 j + i.
 * @param network address of `sortNetwork()`
 */
function sortKeys(): WasmFunction {
  const loadBoth = [set('a', v128.load('p')), set('b', v128.load('q'))];
  const compare = (offset: number) => [
    set('pair', load('at', offset)),
    set('p', add('keys', and('pair', 0xffff))),
    set('q', add('keys', shrU('pair', 16))),
    loadBoth,
    v128.store('p', i32x4.minS('a', 'b')),
    v128.store('q', i32x4.maxS('a', 'b')),
  ];
  const run = (from: number, count: number) => [
    set('at', add('network', 4 * from)),
    set('end', add('at', 4 * count)),
    upTo('at', 'end', 16, [0, 4, 8, 12].map(compare)),
  ];
  const eachPair = (body: Code) => [
    set('p', 'keys'),
    set('q', add('keys', 16 * 63)),
    upTo('p', 'q', 16, [loadBoth, body, move(-16, 'q')]),
  ];
  /** Lanes compared with those of another order; `low` and `high` choose of minima and maxima. */
  const exchange = (order: number[], low: number[], high: number[]) => [
    set('b', i32x4.shuffle('b', 'b', ...order)),
    set('low', i32x4.minS('a', 'b')),
    set('high', i32x4.maxS('a', 'b')),
    v128.store('p', i32x4.shuffle('low', 'high', ...low)),
    v128.store('q', i32x4.shuffle('low', 'high', ...high)),
  ];
  const neighbours = (at: string) => [
    set('a', v128.load(at)),
    set('b', i32x4.shuffle('a', 'a', 1, 0, 3, 2)),
    v128.store(at, i32x4.shuffle(i32x4.minS('a', 'b'), i32x4.maxS('a', 'b'), 0, 5, 2, 7)),
  ];
  return {
    parameters: ['keys', 'network'],
    body: [
      run(0, SORTS),
      // Columns 1 and 3 upside down against 0 and 2, then both halves.
      eachPair(exchange([1, 0, 3, 2], [0, 5, 2, 7], [1, 4, 3, 6])),
      run(SORTS, MERGES),
      eachPair([
        exchange([3, 2, 1, 0], [0, 1, 6, 7], [3, 2, 5, 4]),
        neighbours('p'),
        neighbours('q'),
      ]),
      run(SORTS, MERGES),
    ],
  };
}

/**
 * The bits of the values above a centre, the last one first.
 * @param numbers address of the centre, and of a band
 * @returns the number of values within the band from the centre
 */
function bitsAbove(): WasmFunction {
  const pairs = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => [
    set(`v${at}`, f64x2.sub(v128.load('values', 16 * at), 'centre')),
    set('near', i32x4.sub('near', f64x2.le(f64x2.abs(`v${at}`), 'band'))),
    set(`v${at}`, f64x2.gt(`v${at}`, v128.zero())),
  ]);
  const four = (at: number) => i32x4.shuffle(`v${at}`, `v${at + 1}`, 0, 2, 4, 6);
  const eight = (at: number) => i16x8.narrow(four(at), four(at + 2));
  return {
    parameters: ['values', 'numbers', 'out'],
    body: [
      set('centre', v128.load64Splat('numbers')),
      set('band', v128.load64Splat('numbers', 8)),
      set('to', add('out', 32)),
      during(ltS('out', 'to'), [
        pairs,
        set('bits', i8x16.bitmask(i8x16.narrow(eight(0), eight(4)))),
        move(-2, 'to'),
        store8('to', shrU('bits', 8)),
        store8('to', 'bits', 1),
        move(128, 'values'),
      ]),
    ],
    // A lane of 64 bits was counted in both its halves.
    result: add(i32x4.extractLane('near', 0), i32x4.extractLane('near', 2)),
  };
}

/** Writes the position of the key of value i to `out[255 - i]`. */
const rankKeys = (): WasmFunction => ({
  parameters: ['keys', 'out'],
  body: [
    set('last', add('out', 255)),
    upTo('row', 64, 1, [
      [0, 1, 2, 3].map((lane) =>
        store8(sub('last', load8U('keys', 4 * lane)), add('row', 64 * lane)),
      ),
      move(16, 'keys'),
    ]),
  ],
});

/** Kernels of quality, bits and ranks. */
export const RANK_KERNELS = /* @__PURE__ */ kernelSet({
  hundredths,
  valueKeys: () => keysOf(false),
  distanceKeys: () => keysOf(true),
  sortKeys,
  bitsAbove,
  rankKeys,
});
