/*
 * Kernels of PDQ's short cut. Addresses are byte offsets into an arena's memory.
 */

import type { WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { during, move, set, upTo } from './wasm/control.js';
import * as f64x2 from './wasm/f64x2.js';
import { add, ltS, mul, shl, sub } from './wasm/i32.js';
import * as v128 from './wasm/v128.js';

/**
 * Pairs of frequencies that are summed together: `p`, each `step` after it, and those `apart` from
 * them. They sum `count` folds.
 */
const PAIRS = [
  { p: 0, step: 4, apart: 2, from: 0, count: 32 },
  { p: 1, step: 8, apart: 4, from: 32, count: 16 },
  { p: 3, step: 8, apart: 4, from: 48, count: 16 },
];

/** Columns that are summed together, two a vector. */
const COLUMNS = [0, 1, 2, 3];

/**
 * `dctColumns`.
 * @param width a multiple of 8
 * @param folds scratch: 64 rows of `width`
 * @param matrix PDQ's, 16 x 64
 */
function dctColumns(): WasmFunction {
  const both = (a: string, b: string) => f64x2.add(v128.load(a), v128.load(b));
  const fold = [
    set('a', 'columns'),
    set('d', add('columns', sub(shl('width', 9), 'line'))),
    set('b', add('columns', sub(shl('width', 8), 'line'))),
    set('c', add('columns', shl('width', 8))),
    set('i', 'folds'),
    set('j', add('folds', sub(shl('width', 8), 'line'))),
    set('stop', add('folds', shl('width', 7))),
    during(ltS('i', 'stop'), [
      set('end', add('i', 'line')),
      upTo('i', 'end', 16, [
        v128.store('i', f64x2.sub(v128.load('a'), v128.load('d'))),
        v128.store('j', f64x2.sub(v128.load('b'), v128.load('c'))),
        v128.store(add('i', 'half'), f64x2.sub(both('a', 'd'), both('b', 'c'))),
        v128.store(add('i', 'most'), f64x2.add(both('a', 'd'), both('b', 'c'))),
        move(16, 'a', 'b', 'c', 'd', 'j'),
      ]),
      // These go backwards.
      ['b', 'd', 'j'].map((at) => set(at, sub(at, shl('line', 1)))),
    ]),
  ];
  const sums = PAIRS.map(({ p, step, apart, from, count }) => [
    set('row', add('matrix', 512 * p)),
    set('first', add('out', 8 * p)),
    upTo('row', add('matrix', 512 * 16), 512 * step, [
      set('i', add('folds', mul('line', from))),
      set('end', add('i', 'line')),
      set('to', 'first'),
      upTo('i', 'end', 64, [
        set('a', 'i'),
        set('b', 'row'),
        set('stop', add('b', 8 * count)),
        COLUMNS.map((x) => [`p${x}`, `q${x}`].map((sum) => set(sum, v128.zero()))),
        upTo('b', 'stop', 8, [
          set('u', v128.load64Splat('b')),
          set('v', v128.load64Splat('b', 512 * apart)),
          COLUMNS.map((x) => [
            set('f', v128.load('a', 16 * x)),
            set(`p${x}`, f64x2.add(`p${x}`, f64x2.mul('u', 'f'))),
            set(`q${x}`, f64x2.add(`q${x}`, f64x2.mul('v', 'f'))),
          ]),
          move('line', 'a'),
        ]),
        // Turned: 16 frequencies of a column are together.
        COLUMNS.map((x) =>
          [0, 1].map((lane) => [
            v128.store64Lane('to', `p${x}`, lane, 128 * (2 * x + lane)),
            v128.store64Lane('to', `q${x}`, lane, 128 * (2 * x + lane) + 8 * apart),
          ]),
        ),
        move(1024, 'to'),
      ]),
      move(8 * step, 'first'),
    ]),
  ]);
  return {
    parameters: ['columns', 'width', 'folds', 'matrix', 'out'],
    body: [
      set('line', shl('width', 3)),
      set('half', shl('width', 8)),
      set('most', add('half', shl('width', 7))),
      fold,
      sums,
    ],
  };
}

/** Kernels that hash. */
export const DCT_KERNELS = /* @__PURE__ */ kernelSet({ dctColumns });
