/*
 * Kernels of detectors that look for edges. Addresses are byte offsets into an arena's memory.
 * Sums of 64 bits are in the order of the JavaScript.
 */

import {
  abs16,
  abs32,
  absF64,
  add,
  add16,
  addF64,
  and,
  andV,
  bitmask8,
  constant,
  ctz,
  dot16,
  during,
  gt16,
  gt32,
  integersF64,
  lanes,
  load,
  loadFirst32,
  loadLane32,
  loadV,
  ltS,
  minF64,
  mul,
  mulF32,
  mulF64,
  narrow16,
  narrow32,
  or,
  promote,
  select,
  set,
  shl,
  shl16,
  shrU,
  shuffle,
  splat16,
  splat32,
  splatF32,
  splatF64,
  store,
  store16,
  storeLane16,
  storeLane64,
  storeV,
  sub,
  sub16,
  sub32,
  subF64,
  truncF32,
  truncF64,
  type Value,
  type WasmFunction,
  when,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

/** The numbers of 16 bits of a vector, moved up by some lanes; zeros come in. */
const movedUp = (vector: string, by: number) => {
  const zeros = Array.from({ length: by }, (_, lane) => lane);
  const moved = Array.from({ length: 8 - by }, (_, lane) => 8 + lane);
  return shuffle('zero', vector, lanes(2, ...zeros, ...moved));
};

/**
 * Running counts of edges, as `countEdges` has them; borders are left to it.
 * @param rows address of both tables, of `width + 1` numbers a row
 * @param step of luma that is an edge, in 65,536ths
 * Eight pixels a turn: the steps from the pixels above and before, then their running counts.
 */
function countEdges(): WasmFunction {
  const fine = (address: Value, offset: number) =>
    truncF32(mulF32(loadV(address, offset), splatF32(65536)));
  const isEdge = (from: Value, offset: number) =>
    gt32(abs32(sub32(fine('at', offset), fine(from, offset))), 'least');
  const steps = [1, 2, 4].map((by) => set('edges', add16('edges', movedUp('edges', by))));
  return {
    parameters: ['luma', 'width', 'height', 'rows', 'columns', 'step'],
    integers: ['at', 'above', 'end', 'pixels', 'line', 'y'],
    vectors: ['least', 'zero', 'edges', 'count', 'mask'],
    body: [
      set('least', splat32('step')),
      set('line', shl(add('width', 1), 1)),
      set('pixels', shl('width', 2)),
      set('at', 'luma'),
      set('above', 'luma'),
      during(
        ltS('y', 'height'),
        set('end', add('luma', mul('pixels', add('y', 1)))),
        set('count', 'zero'),
        // The first pixel of a row has none before it.
        set('mask', shuffle('zero', splat32(-1), lanes(4, 0, 4, 4, 4))),
        store16('rows', 0),
        set('rows', add('rows', 2)),
        during(
          ltS('at', 'end'),
          set('edges', narrow32(isEdge('above', 0), isEdge('above', 16))),
          ...steps,
          set('edges', sub16('count', 'edges')),
          storeV('rows', 'edges'),
          set('count', shuffle('edges', 'edges', lanes(2, 7, 7, 7, 7, 7, 7, 7, 7))),
          set('edges', narrow32(andV(isEdge(sub('at', 4), 0), 'mask'), isEdge(sub('at', 4), 16))),
          set('mask', splat32(-1)),
          storeV(add('columns', 'line'), sub16(loadV('columns'), 'edges')),
          ...['rows', 'columns'].map((counts) => set(counts, add(counts, 16))),
          ...['at', 'above'].map((pixel) => set(pixel, add(pixel, 32))),
        ),
        // The last turn reached into the next row of everything.
        set('rows', sub('rows', shrU(sub('at', 'end'), 1))),
        set('columns', add(sub('columns', shrU(sub('at', 'end'), 1)), 2)),
        store16(sub(add('columns', 'line'), 2), 0),
        set('above', sub('end', 'pixels')),
        set('at', 'end'),
        set('y', add('y', 1)),
      ),
      add(0, 0),
    ],
  };
}

/** Two floats, `apart` bytes from each other, as numbers of 64 bits. */
const twoFloats = (address: Value, apart: Value) =>
  promote(loadLane32(add(address, apart), loadFirst32(address), 1));

/**
 * `reduceLuma`.
 * @param count values of a row
 */
const reduceLuma = (): WasmFunction => ({
  parameters: ['luma', 'stride', 'factor', 'count', 'rows', 'out'],
  integers: ['near', 'far', 'upper', 'lower', 'left', 'to', 'step'],
  vectors: ['sum'],
  body: [
    set('near', shrU(sub('factor', 1), 2)),
    set('far', sub(sub('factor', 1), 'near')),
    set('near', shl('near', 2)),
    set('far', shl('far', 2)),
    set('step', shl('factor', 2)),
    during(
      ltS(0, 'rows'),
      set('upper', add('luma', mul('near', 'stride'))),
      set('lower', add('luma', mul('far', 'stride'))),
      set('left', 'count'),
      set('to', 'out'),
      during(
        ltS(0, 'left'),
        set(
          'sum',
          addF64(twoFloats(add('upper', 'near'), 'step'), twoFloats(add('upper', 'far'), 'step')),
        ),
        set('sum', addF64('sum', twoFloats(add('lower', 'near'), 'step'))),
        set('sum', addF64('sum', twoFloats(add('lower', 'far'), 'step'))),
        set('sum', truncF64(mulF64('sum', splatF64(4)))),
        storeLane16('to', 'sum', 0),
        storeLane16('to', 'sum', 2, 2),
        set('upper', add('upper', shl('step', 1))),
        set('lower', add('lower', shl('step', 1))),
        set('to', add('to', 4)),
        set('left', sub('left', 2)),
      ),
      set('luma', add('luma', mul('step', 'stride'))),
      set('out', add('out', shl('count', 1))),
      set('rows', sub('rows', 1)),
    ),
    add(0, 0),
  ],
});

/**
 * `findChanges`.
 * @param found address of two lists and of the address behind each
 */
function findChanges(): WasmFunction {
  const above = (offset: number) => loadV(sub('luma', 'bytes'), offset);
  const below = (offset: number) => loadV(add('luma', 'bytes'), offset);
  const sum = (column: number) =>
    add16(add16(above(column), below(column)), shl16(loadV('luma', column), 1));
  const fall = (column: number) => sub16(below(column), above(column));
  // 1024 times the one, less the steepest times the other, is not above 0.
  const isNear = (one: string, other: string) => {
    const half = (first: number) =>
      gt32(
        splat32(1),
        dot16(
          shuffle(one, other, lanes(2, ...[0, 1, 2, 3].flatMap((i) => [first + i, 8 + first + i]))),
          'slope',
        ),
      );
    return narrow32(half(0), half(4));
  };
  const list = (at: number, change: string, other: string) => [
    set('edges', andV(gt16(change, 'fewer'), isNear(other, change))),
    set('bits', and(bitmask8(narrow16('edges', 'edges')), 0xff)),
    set('to', load('found', 4 * at)),
    during(
      'bits',
      store('to', add('index', ctz('bits'))),
      set('to', add('to', 4)),
      set('bits', and('bits', sub('bits', 1))),
    ),
    store('found', 'to', 4 * at),
  ];
  const pixels = Array.from({ length: 16 }, (_, byte) => (byte & 1 ? 0 : byte >> 1));
  return {
    parameters: ['luma', 'width', 'height', 'dx', 'dy', 'least', 'steep', 'found'],
    integers: ['bytes', 'index', 'left', 'bits', 'to'],
    vectors: ['fewer', 'slope', 'mask', 'across', 'down', 'edges'],
    body: [
      set('bytes', shl('width', 1)),
      set('index', 'width'),
      set('fewer', splat16(sub('least', 1))),
      set('slope', splat32(or(shl(sub(0, 'steep'), 16), 1024))),
      // From the first pixel of the second row on.
      ...['luma', 'dx', 'dy'].map((at) => set(at, add(at, 'bytes'))),
      during(
        ltS(2, 'height'),
        set('left', sub('width', 2)),
        set('index', add('index', 1)),
        during(
          ltS(0, 'left'),
          // Those behind the row are none, and stay 0.
          set('mask', gt16(splat16('left'), constant(pixels))),
          set('across', andV('mask', sub16(sum(4), sum(0)))),
          set('down', andV('mask', add16(add16(fall(0), shl16(fall(2), 1)), fall(4)))),
          storeV('dx', 'across', 2),
          storeV('dy', 'down', 2),
          set('across', abs16('across')),
          set('down', abs16('down')),
          ...list(0, 'across', 'down'),
          ...list(1, 'down', 'across'),
          ...['luma', 'dx', 'dy'].map((at) => set(at, add(at, 16))),
          set('index', add('index', 8)),
          set('left', sub('left', 8)),
        ),
        // `left` is 0 or below: so many pixels too far.
        set('index', add(add('index', 'left'), 1)),
        ...['luma', 'dx', 'dy'].map((at) => set(at, add(add(at, shl('left', 1)), 4))),
        set('height', sub('height', 1)),
      ),
      add(0, 0),
    ],
  };
}

/**
 * Texture of every other pixel of a plane, but for its border, as `texture` of blurred bars.
 * @param clip the most of a bend
 * @param columns address of sums of the columns: bends of the even ones, bends of the odd ones,
 *   steps of the even ones, steps of the odd ones; `half` numbers each
 * @param rows address of two numbers a row: bends and steps
 */
function texture(): WasmFunction {
  const even = (address: Value) =>
    promote(shuffle(loadV(address), loadV(address), lanes(4, 0, 2, 0, 0)));
  const bend = (before: Value, after: Value) => absF64(addF64(subF64(before, 'twice'), after));
  const addTo = (at: string, offset: Value, value: string) =>
    storeV(add(at, offset), addF64(loadV(add(at, offset)), value));
  const sample = [
    set('middle', even('at')),
    set('left', even(sub('at', 4))),
    set('above', even(sub('at', 'bytes'))),
    set('twice', addF64('middle', 'middle')),
    set(
      'bends',
      minF64(
        'most',
        mulF64(
          splatF64(0.5),
          addF64(bend('left', even(add('at', 4))), bend('above', even(add('at', 'bytes')))),
        ),
      ),
    ),
    set('steps', absF64(subF64('middle', 'left'))),
    set('down', absF64(subF64('middle', 'above'))),
    set('sum', addF64('sum', shuffle('bends', 'down', lanes(8, 0, 2)))),
  ];
  return {
    parameters: ['luma', 'width', 'height', 'clip', 'columns', 'half', 'rows'],
    integers: ['bytes', 'row', 'y', 'at', 'end', 'column', 'twoHalves'],
    vectors: ['most', 'middle', 'left', 'above', 'twice', 'bends', 'steps', 'down', 'sum', 'none'],
    body: [
      set('most', integersF64(splat32('clip'))),
      set('bytes', shl('width', 2)),
      set('half', shl('half', 3)),
      set('twoHalves', shl('half', 1)),
      set('y', 1),
      set('row', add('luma', 'bytes')),
      during(
        ltS(add('y', 1), 'height'),
        set('at', add('row', add(4, shl(and('y', 1), 2)))),
        set('end', add('row', sub('bytes', 4))),
        // Column x is number x >> 1 of those of its parity.
        set('column', add('columns', select(and('y', 1), 8, 'half'))),
        set('sum', 'none'),
        during(
          ltS('at', 'end'),
          ...sample,
          when(
            ltS(add('at', 8), 'end'),
            set('sum', addF64('sum', shuffle('bends', 'down', lanes(8, 1, 3)))),
            addTo('column', 0, 'bends'),
            addTo('column', 'twoHalves', 'steps'),
          ),
          when(
            ltS('end', add('at', 9)),
            storeLane64('column', addF64(loadV('column'), 'bends'), 0),
            storeLane64(
              add('column', 'twoHalves'),
              addF64(loadV(add('column', 'twoHalves')), 'steps'),
              0,
            ),
          ),
          set('at', add('at', 16)),
          set('column', add('column', 16)),
        ),
        storeV(add('rows', shl('y', 4)), 'sum'),
        set('row', add('row', 'bytes')),
        set('y', add('y', 1)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels that look for edges. */
export const EDGE_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  countEdges: countEdges(),
  reduceLuma: reduceLuma(),
  findChanges: findChanges(),
  texture: texture(),
}));
