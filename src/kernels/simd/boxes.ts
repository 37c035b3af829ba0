/*
 * Kernels of PDQ's reference path: those of `pdq/exact.ts`. Each lane rounds to float32 after each
 * operation, as the reference does, and order matters: rows, or columns, are side by side. Eight
 * rows are two vectors, so that neither chain of sums waits for the other. Addresses are byte
 * offsets into an arena's memory.
 */

import {
  add,
  addF32,
  andV,
  type Code,
  divF32,
  during,
  integersF32,
  lanes,
  load,
  loadFirst32,
  loadLane32,
  loadSplat32,
  loadV,
  ltS,
  mulF32,
  promote,
  select,
  set,
  shl,
  shrU32,
  shuffle,
  splat32,
  storeLane32,
  storeV,
  subF32,
  upper,
  type Value,
  type WasmFunction,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
const FOUR = [0, 1, 2, 3];

/**
 * Luma of four of eight rows.
 * @param columns address of the offset of each column, in bytes
 * @param weights address of those of red, green and blue, floats
 */
function lumaLines(): WasmFunction {
  const channel = (byte: number, weight: string) =>
    mulF32(weight, integersF32(andV(byte ? shrU32('four', 8 * byte) : 'four', splat32(255))));
  const offset = load('columns');
  let four: Code = loadFirst32(add('r0', offset));
  for (const row of [1, 2, 3]) four = loadLane32(add(`r${row}`, offset), four, row);
  return {
    parameters: ['pixels', 'pitch', 'columns', 'length', 'weights', 'out'],
    integers: ['end', ...FOUR.map((row) => `r${row}`)],
    vectors: ['four', 'r', 'g', 'b'],
    body: [
      ...['r', 'g', 'b'].map((weight, i) => set(weight, loadSplat32('weights', 4 * i))),
      ...FOUR.map((row) => set(`r${row}`, row ? add(`r${row - 1}`, 'pitch') : add('pixels', 0))),
      set('end', add('columns', shl('length', 2))),
      during(
        ltS('columns', 'end'),
        set('four', four),
        storeV('out', addF32(addF32(channel(0, 'r'), channel(1, 'g')), channel(2, 'b'))),
        set('columns', add('columns', 4)),
        set('out', add('out', 32)),
      ),
      add(0, 0),
    ],
  };
}

/** Rows of four vectors as columns, stored where `to` says. */
function storeTurned(names: readonly string[], to: (row: number) => [Value, number]): Code[] {
  const [a, b, c, d] = names as [string, string, string, string];
  const pairs = (x: string, y: string, from: number) =>
    shuffle(x, y, lanes(4, from, from + 4, from + 1, from + 5));
  return [0, 2].flatMap((from) => [
    set('ab', pairs(a, b, from)),
    set('cd', pairs(c, d, from)),
    ...[0, 1].map((half) => {
      const [address, offset] = to(from + half);
      const both = shuffle('ab', 'cd', lanes(8, half, half + 2));
      return storeV(address, both, offset);
    }),
  ]);
}

const HALVES = ['s', 't'];

/** The sums before the first box: `sum` moves on to its newest sample. */
const firstSums = [
  during(
    ltS('sum', 'newest'),
    ...HALVES.map((half, i) => set(half, addF32(half, loadV('sum', 16 * i)))),
    set('sum', add('sum', 32)),
  ),
];

/** The newest sample in, then the oldest out. */
const step = (half: string, offset: number) =>
  set(half, subF32(addF32(half, loadV('newest', offset)), loadV('oldest', offset)));

/**
 * Boxes along eight rows.
 * @param lines address of the oldest sample of the first box
 * @param newest address of its newest sample
 * @param sum address of the first sample, which the sum begins with
 * @param counts address of the samples a box, floats
 * @param stride bytes from a row of means to the next; four means are written at once
 */
function boxRows(): WasmFunction {
  const names = (half: string) => FOUR.map((x) => `${half}${x}`);
  return {
    parameters: ['oldest', 'newest', 'sum', 'length', 'counts', 'stride', 'out'],
    integers: ['end', ...EIGHT.slice(1).map((row) => `o${row}`)],
    vectors: [...HALVES, ...HALVES.flatMap(names), 'ab', 'cd', 'count'],
    body: [
      ...firstSums,
      ...EIGHT.slice(1).map((row) => set(`o${row}`, add(row > 1 ? `o${row - 1}` : 0, 'stride'))),
      set('end', add('counts', shl('length', 2))),
      during(
        ltS('counts', 'end'),
        ...FOUR.flatMap((x) => [
          set('count', loadSplat32('counts', 4 * x)),
          ...HALVES.flatMap((half, i) => [
            step(half, 32 * x + 16 * i),
            set(`${half}${x}`, divF32(half, 'count')),
          ]),
        ]),
        ...HALVES.flatMap((half, i) =>
          storeTurned(names(half), (row) => [
            row + 4 * i === 0 ? 'out' : add('out', `o${row + 4 * i}`),
            0,
          ]),
        ),
        set('counts', add('counts', 16)),
        set('out', add('out', 16)),
        ...['newest', 'oldest'].map((at) => set(at, add(at, 128))),
      ),
      add(0, 0),
    ],
  };
}

/** The same at 64 of them: `centres` is the address of their offsets in bytes, `counts` theirs. */
function boxRowsAt(): WasmFunction {
  return {
    parameters: ['oldest', 'newest', 'sum', 'centres', 'counts', 'out'],
    integers: ['start', 'end', 'stop'],
    vectors: [...HALVES, 'mean', 'count'],
    body: [
      ...firstSums,
      set('start', add('oldest', 0)),
      set('end', add('out', 256)),
      during(
        ltS('out', 'end'),
        set('stop', add('start', load('centres'))),
        during(
          ltS('oldest', add('stop', 1)),
          ...HALVES.map((half, i) => step(half, 16 * i)),
          ...['newest', 'oldest'].map((at) => set(at, add(at, 32))),
        ),
        set('count', loadSplat32('counts')),
        ...HALVES.flatMap((half, i) => [
          set('mean', divF32(half, 'count')),
          ...FOUR.map((row) => storeLane32('out', 'mean', row, 256 * (row + 4 * i))),
        ]),
        ...['centres', 'counts', 'out'].map((at) => set(at, add(at, 4))),
      ),
      add(0, 0),
    ],
  };
}

/**
 * Boxes down columns, for eight rows of a ring.
 * @param newest address of the first row to add
 * @param oldest of the first one to subtract
 * @param ring of the ring's first row; `end` is where it ends
 * @param stride bytes a row
 * @param counts of the samples a box, eight floats
 * @param out lines; overwritten
 */
function boxColumns(): WasmFunction {
  return {
    parameters: ['newest', 'oldest', 'ring', 'end', 'stride', 'counts', 'sums', 'out'],
    integers: ['x', ...EIGHT.flatMap((row) => [`n${row}`, `o${row}`])],
    vectors: ['sum', ...EIGHT.map((row) => `m${row}`), 'ab', 'cd'],
    body: [
      ...EIGHT.flatMap((row) => [
        set(`n${row}`, row ? add(`n${row - 1}`, 'stride') : add('newest', 0)),
        set(`o${row}`, row ? add(`o${row - 1}`, 'stride') : add('oldest', 0)),
        set(`o${row}`, select(ltS(`o${row}`, 'end'), `o${row}`, 'ring')),
      ]),
      during(
        ltS('x', 'stride'),
        set('sum', loadV(add('sums', 'x'))),
        ...EIGHT.flatMap((row) => [
          set('sum', subF32(addF32('sum', loadV(add(`n${row}`, 'x'))), loadV(add(`o${row}`, 'x')))),
          set(`m${row}`, divF32('sum', loadSplat32('counts', 4 * row))),
        ]),
        storeV(add('sums', 'x'), 'sum'),
        ...[0, 4].flatMap((first) =>
          storeTurned(
            FOUR.map((row) => `m${first + row}`),
            (column) => ['out', 32 * column + 4 * first],
          ),
        ),
        set('x', add('x', 16)),
        set('out', add('out', 128)),
      ),
      add(0, 0),
    ],
  };
}

/**
 * `dctInOrder`, of floats.
 * @param matrix 16 x 64; `turned` is 64 x 16
 * @param middle scratch, 16 x 64 floats
 */
function dctInOrder(): WasmFunction {
  /** Sums of four vectors: each weight times the next row of them, from row 0 on. */
  const sums = (weights: string, rows: Value, stride: number) => [
    ...FOUR.map((i) => set(`s${i}`, 'zero')),
    set('w', add(weights, 0)),
    set('stop', add(weights, 256)),
    set('at', add(rows, 0)),
    during(
      ltS('w', 'stop'),
      set('weight', loadSplat32('w')),
      ...FOUR.map((i) => set(`s${i}`, addF32(`s${i}`, mulF32('weight', loadV('at', 16 * i))))),
      set('w', add('w', 4)),
      set('at', add('at', stride)),
    ),
  ];
  return {
    parameters: ['plane', 'matrix', 'turned', 'middle', 'out'],
    integers: ['w', 'at', 'stop', 'end', 'column', 'to'],
    vectors: ['zero', 'weight', ...FOUR.map((i) => `s${i}`)],
    body: [
      set('to', 'middle'),
      set('end', add('middle', 4 * 16 * 64)),
      during(
        ltS('to', 'end'),
        set('column', 0),
        during(
          ltS('column', 256),
          ...sums('matrix', add('plane', 'column'), 256),
          ...FOUR.map((i) => storeV('to', `s${i}`, 16 * i)),
          set('to', add('to', 64)),
          set('column', add('column', 64)),
        ),
        set('matrix', add('matrix', 256)),
      ),
      during(
        ltS('middle', 'end'),
        ...sums('middle', 'turned', 64),
        ...FOUR.flatMap((i) => [
          storeV('out', promote(`s${i}`), 32 * i),
          storeV('out', promote(upper(`s${i}`)), 32 * i + 16),
        ]),
        set('middle', add('middle', 256)),
        set('out', add('out', 128)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels of the reference's own operations. */
export const BOX_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  lumaLines: lumaLines(),
  boxRows: boxRows(),
  boxRowsAt: boxRowsAt(),
  boxColumns: boxColumns(),
  dctInOrder: dctInOrder(),
}));
