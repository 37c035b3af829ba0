/*
 * Kernels of PDQ's reference path: those of `pdq/exact.ts`. Each lane rounds to float32 after each
 * operation, as the reference does, and order matters: rows, or columns, are side by side. Eight
 * rows are two vectors, so that neither chain of sums waits for the other. Addresses are byte
 * offsets into an arena's memory.
 */

import type { Code, Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { during, move, select, set, upTo } from './wasm/control.js';
import * as f32x4 from './wasm/f32x4.js';
import * as f64x2 from './wasm/f64x2.js';
import { add, load, ltS, shl } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

const FOUR = [0, 1, 2, 3];
const EIGHT = [...FOUR, 4, 5, 6, 7];
const HALVES = ['s', 't'];

/** Rows `stride` bytes apart, named by their numbers. */
const rowsFrom = (first: Value, name: string, rows: readonly number[], stride: string) =>
  rows.map((row) => set(name + row, row ? add(name + (row - 1), stride) : first));

/**
 * Luma of four of eight rows.
 * @param columns address of the offset of each column, in bytes
 * @param weights address of those of red, green and blue, floats
 */
function lumaLines(): WasmFunction {
  const channel = (byte: number, weight: string) => {
    const samples = v128.and(byte ? i32x4.shrU('four', 8 * byte) : 'four', i32x4.splat(255));
    return f32x4.mul(weight, f32x4.convert(samples));
  };
  const pixel = (row: number) => add(`r${row}`, load('columns'));
  return {
    parameters: ['pixels', 'pitch', 'columns', 'length', 'weights', 'out'],
    body: [
      ['r', 'g', 'b'].map((weight, i) => set(weight, v128.load32Splat('weights', 4 * i))),
      rowsFrom('pixels', 'r', FOUR, 'pitch'),
      set('end', add('columns', shl('length', 2))),
      upTo('columns', 'end', 4, [
        set('four', v128.load32Zero(pixel(0))),
        [1, 2, 3].map((row) => set('four', v128.load32Lane(pixel(row), 'four', row))),
        v128.store('out', f32x4.add(f32x4.add(channel(0, 'r'), channel(1, 'g')), channel(2, 'b'))),
        move(32, 'out'),
      ]),
    ],
  };
}

/** Four vectors, named by numbers from `first` on, with rows and columns exchanged. */
function turned(name: string, first: number, store: (row: number, vector: Code) => Code): Code {
  const [a, b, c, d] = FOUR.map((row) => name + (first + row)) as [string, string, string, string];
  return [0, 2].map((from) => [
    set('ab', i32x4.shuffle(a, b, from, from + 4, from + 1, from + 5)),
    set('cd', i32x4.shuffle(c, d, from, from + 4, from + 1, from + 5)),
    [0, 1].map((half) => store(from + half, f64x2.shuffle('ab', 'cd', half, half + 2))),
  ]);
}

/** The sums before the first box: `sum` moves on to its newest sample. */
const firstSums = upTo('sum', 'newest', 32, [
  HALVES.map((half, i) => set(half, f32x4.add(half, v128.load('sum', 16 * i)))),
]);

/** The newest sample in, then the oldest out. */
const step = (half: string, offset: number) =>
  set(half, f32x4.sub(f32x4.add(half, v128.load('newest', offset)), v128.load('oldest', offset)));

/**
 * Boxes along eight rows.
 * @param oldest address of the oldest sample of the first box
 * @param newest address of its newest sample
 * @param sum address of the first sample, which the sum begins with
 * @param counts address of the samples a box, floats
 * @param stride bytes from a row of means to the next; four means are written at once
 */
const boxRows = (): WasmFunction => ({
  parameters: ['oldest', 'newest', 'sum', 'length', 'counts', 'stride', 'out'],
  body: [
    firstSums,
    rowsFrom(0, 'o', EIGHT, 'stride'),
    set('end', add('counts', shl('length', 2))),
    upTo('counts', 'end', 16, [
      FOUR.map((x) => [
        set('count', v128.load32Splat('counts', 4 * x)),
        HALVES.map((half, i) => [
          step(half, 32 * x + 16 * i),
          set(half + x, f32x4.div(half, 'count')),
        ]),
      ]),
      HALVES.map((half, i) =>
        turned(half, 0, (row, means) => v128.store(add('out', `o${row + 4 * i}`), means)),
      ),
      move(16, 'out'),
      move(128, 'newest', 'oldest'),
    ]),
  ],
});

/** The same at 64 of them: `centres` is the address of their offsets in bytes, `counts` theirs. */
const boxRowsAt = (): WasmFunction => ({
  parameters: ['oldest', 'newest', 'sum', 'centres', 'counts', 'out'],
  body: [
    firstSums,
    set('start', add('oldest', 1)),
    set('end', add('out', 256)),
    upTo('out', 'end', 4, [
      set('stop', add('start', load('centres'))),
      upTo('oldest', 'stop', 32, [HALVES.map((half, i) => step(half, 16 * i)), move(32, 'newest')]),
      set('count', v128.load32Splat('counts')),
      HALVES.map((half, i) => [
        set('mean', f32x4.div(half, 'count')),
        FOUR.map((row) => v128.store32Lane('out', 'mean', row, 256 * (row + 4 * i))),
      ]),
      move(4, 'centres', 'counts'),
    ]),
  ],
});

/**
 * Boxes down columns, for eight rows of a ring.
 * @param newest address of the first row to add
 * @param oldest of the first one to subtract
 * @param ring of the ring's first row; `end` is where it ends
 * @param stride bytes a row
 * @param counts of the samples a box, eight floats
 * @param out lines; overwritten
 */
const boxColumns = (): WasmFunction => ({
  parameters: ['newest', 'oldest', 'ring', 'end', 'stride', 'sums', 'counts', 'out'],
  body: [
    rowsFrom('newest', 'n', EIGHT, 'stride'),
    EIGHT.map((row) => [
      set(`o${row}`, row ? add(`o${row - 1}`, 'stride') : 'oldest'),
      set(`o${row}`, select(ltS(`o${row}`, 'end'), `o${row}`, 'ring')),
    ]),
    upTo('x', 'stride', 16, [
      set('sum', v128.load(add('sums', 'x'))),
      EIGHT.map((row) => [
        set('sum', f32x4.add('sum', v128.load(add(`n${row}`, 'x')))),
        set('sum', f32x4.sub('sum', v128.load(add(`o${row}`, 'x')))),
        set(`m${row}`, f32x4.div('sum', v128.load32Splat('counts', 4 * row))),
      ]),
      v128.store(add('sums', 'x'), 'sum'),
      [0, 4].map((first) =>
        turned('m', first, (column, means) => v128.store('out', means, 32 * column + 4 * first)),
      ),
      move(128, 'out'),
    ]),
  ],
});

/**
 * `dctInOrder`, of floats.
 * @param matrix 16 x 64; `turned` is 64 x 16
 * @param middle scratch, 16 x 64 floats
 */
function dctInOrder(): WasmFunction {
  /** Sums of four vectors: each weight times the next row of them, from row 0 on. */
  const sums = (weights: string, rows: Value, stride: number) => [
    FOUR.map((i) => set(`s${i}`, v128.zero())),
    set('w', weights),
    set('stop', add(weights, 256)),
    set('at', rows),
    upTo('w', 'stop', 4, [
      set('weight', v128.load32Splat('w')),
      FOUR.map((i) =>
        set(`s${i}`, f32x4.add(`s${i}`, f32x4.mul('weight', v128.load('at', 16 * i)))),
      ),
      move(stride, 'at'),
    ]),
  ];
  return {
    parameters: ['plane', 'matrix', 'turned', 'middle', 'out'],
    body: [
      set('to', 'middle'),
      set('end', add('middle', 4 * 16 * 64)),
      during(ltS('to', 'end'), [
        set('column', 0),
        upTo('column', 256, 64, [
          sums('matrix', add('plane', 'column'), 256),
          FOUR.map((i) => v128.store('to', `s${i}`, 16 * i)),
          move(64, 'to'),
        ]),
        move(256, 'matrix'),
      ]),
      upTo('middle', 'end', 256, [
        sums('middle', 'turned', 64),
        FOUR.map((i) => [
          v128.store('out', f64x2.promote(`s${i}`), 32 * i),
          v128.store('out', f64x2.promote(f64x2.upper(`s${i}`)), 32 * i + 16),
        ]),
        move(128, 'out'),
      ]),
    ],
  };
}

/** Kernels of the reference's own operations. */
export const BOX_KERNELS = /* @__PURE__ */ kernelSet({
  lumaLines,
  boxRows,
  boxRowsAt,
  boxColumns,
  dctInOrder,
});
