/*
 * Kernels of PDQ's short cut. Addresses are byte offsets into an arena's memory.
 */

import {
  add,
  addF64,
  during,
  loadSplat64,
  loadV,
  ltS,
  mulF64,
  set,
  shl,
  storeLane64,
  storeV,
  sub,
  subF64,
  type WasmFunction,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

/** The pairs of frequencies that are summed together, less 1, and the folds that they sum. */
const PAIRS = [
  ...[0, 4, 8, 12].map((p) => ({ p, q: p + 2, from: 0, count: 32 })),
  ...[1, 9].map((p) => ({ p, q: p + 4, from: 32, count: 16 })),
  ...[3, 11].map((p) => ({ p, q: p + 4, from: 48, count: 16 })),
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
  const both = (a: string, b: string) => addF64(loadV(a), loadV(b));
  const fold = [
    set('a', 'columns'),
    set('d', add('columns', sub(shl('width', 9), 'line'))),
    set('b', add('columns', sub(shl('width', 8), 'line'))),
    set('c', add('columns', shl('width', 8))),
    set('i', 'folds'),
    set('j', add('folds', sub(shl('width', 8), 'line'))),
    set('stop', add('folds', shl('width', 7))),
    during(
      ltS('i', 'stop'),
      set('end', add('i', 'line')),
      during(
        ltS('i', 'end'),
        storeV('i', subF64(loadV('a'), loadV('d'))),
        storeV('j', subF64(loadV('b'), loadV('c'))),
        storeV(add('i', 'half'), subF64(both('a', 'd'), both('b', 'c'))),
        storeV(add('i', 'most'), addF64(both('a', 'd'), both('b', 'c'))),
        ...['a', 'b', 'c', 'd', 'i', 'j'].map((at) => set(at, add(at, 16))),
      ),
      // These two go backwards.
      ...['b', 'd', 'j'].map((at) => set(at, sub(at, shl('line', 1)))),
    ),
  ];
  const sums = PAIRS.flatMap(({ p, q, from, count }) => [
    set('i', from === 0 ? add('folds', 0) : add('folds', from === 32 ? 'half' : 'most')),
    set('end', add('i', 'line')),
    set('to', 'out'),
    during(
      ltS('i', 'end'),
      set('a', 'i'),
      set('b', add('matrix', 512 * p)),
      set('stop', add('b', 8 * count)),
      ...COLUMNS.flatMap((x) => [set(`p${x}`, 'zero'), set(`q${x}`, 'zero')]),
      during(
        ltS('b', 'stop'),
        set('u', loadSplat64('b')),
        set('v', loadSplat64('b', 512 * (q - p))),
        ...COLUMNS.flatMap((x) => [
          set('f', loadV('a', 16 * x)),
          set(`p${x}`, addF64(`p${x}`, mulF64('u', 'f'))),
          set(`q${x}`, addF64(`q${x}`, mulF64('v', 'f'))),
        ]),
        set('a', add('a', 'line')),
        set('b', add('b', 8)),
      ),
      // Turned: 16 frequencies of a column are together.
      ...COLUMNS.flatMap((x) =>
        [0, 1].flatMap((lane) => [
          storeLane64('to', `p${x}`, lane, 128 * (2 * x + lane) + 8 * p),
          storeLane64('to', `q${x}`, lane, 128 * (2 * x + lane) + 8 * q),
        ]),
      ),
      set('to', add('to', 1024)),
      set('i', add('i', 64)),
    ),
  ]);
  return {
    parameters: ['columns', 'width', 'folds', 'matrix', 'out'],
    integers: [...['line', 'half', 'most', 'a', 'b', 'c', 'd', 'i', 'j', 'end', 'stop', 'to']],
    vectors: ['u', 'v', 'f', 'zero', ...COLUMNS.flatMap((x) => [`p${x}`, `q${x}`])],
    body: [
      set('line', shl('width', 3)),
      set('half', shl('width', 8)),
      set('most', add('half', shl('width', 7))),
      ...fold,
      ...sums,
      add(0, 0),
    ],
  };
}

/** Kernels that hash. */
export const DCT_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  dctColumns: dctColumns(),
}));
