/*
 * Kernels of detectors that look for edges. Addresses are byte offsets into an arena's memory.
 * Sums of 64 bits are in the order of the JavaScript.
 */

import type { Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { countDown, during, move, select, set, upTo, when } from './wasm/control.js';
import * as f32x4 from './wasm/f32x4.js';
import * as f64x2 from './wasm/f64x2.js';
import * as i8x16 from './wasm/i8x16.js';
import * as i16x8 from './wasm/i16x8.js';
import { add, and, ctz, load, ltS, or, shl, shrU, store, store16, sub } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

/** The numbers of 16 bits of a vector, moved up by some lanes; zeros come in. */
const movedUp = (vector: string, by: number) =>
  i16x8.shuffle(v128.zero(), vector, ...[0, 1, 2, 3, 4, 5, 6, 7].map((lane) => lane + 8 - by));

/**
 * Running counts of edges, as `countEdges` has them; borders are left to it.
 * @param rows address of both tables, of `width + 1` numbers a row
 * @param step of luma that is an edge, in 65,536ths
 * Eight pixels a turn: the steps from the pixels above and before, then their running counts.
 */
function countEdges(): WasmFunction {
  const fine = (address: Value, offset: number) =>
    i32x4.truncSatF32(f32x4.mul(v128.load(address, offset), f32x4.splat(65536)));
  const isEdge = (from: Value, offset: number) =>
    i32x4.gtS(i32x4.abs(i32x4.sub(fine('at', offset), fine(from, offset))), 'least');
  const before = sub('at', 4);
  return {
    parameters: ['luma', 'width', 'height', 'rows', 'columns', 'step'],
    body: [
      set('least', i32x4.splat('step')),
      set('line', shl(add('width', 1), 1)),
      set('pixels', shl('width', 2)),
      set('at', 'luma'),
      set('above', 'luma'),
      countDown('height', 1, [
        set('end', add('luma', 'pixels')),
        set('count', v128.zero()),
        // The first pixel of a row has none before it.
        set('mask', i32x4.shuffle(v128.zero(), i32x4.splat(-1), 0, 4, 4, 4)),
        store16('rows', 0),
        move(2, 'rows'),
        upTo('at', 'end', 32, [
          set('edges', i16x8.narrow(isEdge('above', 0), isEdge('above', 16))),
          [1, 2, 4].map((by) => set('edges', i16x8.add('edges', movedUp('edges', by)))),
          set('edges', i16x8.sub('count', 'edges')),
          v128.store('rows', 'edges'),
          set('count', i16x8.shuffle('edges', 'edges', 7, 7, 7, 7, 7, 7, 7, 7)),
          set('edges', i16x8.narrow(v128.and(isEdge(before, 0), 'mask'), isEdge(before, 16))),
          set('mask', i32x4.splat(-1)),
          v128.store(add('columns', 'line'), i16x8.sub(v128.load('columns'), 'edges')),
          move(16, 'rows', 'columns'),
          move(32, 'above'),
        ]),
        // The last turn reached into the next row of everything.
        set('rows', sub('rows', shrU(sub('at', 'end'), 1))),
        set('columns', add(sub('columns', shrU(sub('at', 'end'), 1)), 2)),
        store16(sub(add('columns', 'line'), 2), 0),
        set('above', 'luma'),
        set('at', 'end'),
        set('luma', 'end'),
      ]),
    ],
  };
}

/**
 * `findChanges`.
 * @param found address of two lists and of the address behind each
 */
function findChanges(): WasmFunction {
  const above = (offset: number) => v128.load(sub('luma', 'bytes'), offset);
  const below = (offset: number) => v128.load(add('luma', 'bytes'), offset);
  const sum = (column: number) =>
    i16x8.add(i16x8.add(above(column), below(column)), i16x8.shl(v128.load('luma', column), 1));
  const fall = (column: number) => i16x8.sub(below(column), above(column));
  const falls = i16x8.add(i16x8.add(fall(0), i16x8.shl(fall(2), 1)), fall(4));
  // 1024 times the one, less the steepest times the other, is not above 0.
  const isNear = (one: string, other: string) => {
    const half = (...of: number[]) => {
      const both = i16x8.shuffle(one, other, ...of.flatMap((lane) => [lane, 8 + lane]));
      return i32x4.gtS(i32x4.splat(1), i32x4.dot(both, 'slope'));
    };
    return i16x8.narrow(half(0, 1, 2, 3), half(4, 5, 6, 7));
  };
  const list = (at: number, change: string, other: string) => [
    set('edges', v128.and(i16x8.gtS(change, 'fewer'), isNear(other, change))),
    set('bits', and(i8x16.bitmask(i8x16.narrow('edges', 'edges')), 0xff)),
    set('to', load('found', 4 * at)),
    during('bits', [
      store('to', add('index', ctz('bits'))),
      move(4, 'to'),
      set('bits', and('bits', sub('bits', 1))),
    ]),
    store('found', 'to', 4 * at),
  ];
  const pixels = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((pixel) => [pixel, 0]);
  return {
    parameters: ['luma', 'width', 'height', 'dx', 'dy', 'least', 'steep', 'found'],
    body: [
      set('bytes', shl('width', 1)),
      set('index', add('width', 1)),
      set('fewer', i16x8.splat(sub('least', 1))),
      set('slope', i32x4.splat(or(shl(sub(0, 'steep'), 16), 1024))),
      // From the first pixel of the second row on.
      move('bytes', 'luma', 'dx', 'dy'),
      move(-2, 'height'),
      countDown('height', 1, [
        set('left', sub('width', 2)),
        countDown('left', 8, [
          // Those behind the row are none, and stay 0.
          set('mask', i16x8.gtS(i16x8.splat('left'), v128.constant(pixels))),
          set('across', v128.and('mask', i16x8.sub(sum(4), sum(0)))),
          set('down', v128.and('mask', falls)),
          v128.store('dx', 'across', 2),
          v128.store('dy', 'down', 2),
          set('across', i16x8.abs('across')),
          set('down', i16x8.abs('down')),
          list(0, 'across', 'down'),
          list(1, 'down', 'across'),
          move(16, 'luma', 'dx', 'dy'),
          move(8, 'index'),
        ]),
        // `left` is 0 or below: so many pixels too far. Two more are the border.
        move(2, 'left'),
        move('left', 'index'),
        move(shl('left', 1), 'luma', 'dx', 'dy'),
      ]),
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
  const bend = (before: Value, after: Value) =>
    f64x2.abs(f64x2.add(f64x2.sub(before, 'twice'), after));
  const bends = f64x2.add(
    bend('left', f64x2.loadEveryOther(add('at', 4))),
    bend('above', f64x2.loadEveryOther(add('at', 'bytes'))),
  );
  const addTo = (at: Value, value: string) => v128.store(at, f64x2.add(v128.load(at), value));
  return {
    parameters: ['luma', 'width', 'height', 'clip', 'columns', 'half', 'rows'],
    body: [
      set('most', f64x2.convert(i32x4.splat('clip'))),
      set('bytes', shl('width', 2)),
      set('half', shl('half', 3)),
      set('y', 1),
      upTo('y', sub('height', 1), 1, [
        move('bytes', 'luma'),
        move(16, 'rows'),
        set('at', add('luma', add(4, shl(and('y', 1), 2)))),
        set('end', add('luma', sub('bytes', 4))),
        // Column x is number x >> 1 of those of its parity.
        set('column', add('columns', select(and('y', 1), 8, 'half'))),
        set('sum', v128.zero()),
        upTo('at', 'end', 16, [
          set('middle', f64x2.loadEveryOther('at')),
          set('left', f64x2.loadEveryOther(sub('at', 4))),
          set('above', f64x2.loadEveryOther(sub('at', 'bytes'))),
          set('twice', f64x2.add('middle', 'middle')),
          set('bends', f64x2.min('most', f64x2.mul(f64x2.splat(0.5), bends))),
          set('steps', f64x2.abs(f64x2.sub('middle', 'left'))),
          set('down', f64x2.abs(f64x2.sub('middle', 'above'))),
          // A second pixel behind the row is none.
          when(
            ltS('end', add('at', 9)),
            ['bends', 'steps', 'down'].map((of) => set(of, f64x2.shuffle(of, v128.zero(), 0, 2))),
          ),
          set('sum', f64x2.add('sum', f64x2.shuffle('bends', 'down', 0, 2))),
          set('sum', f64x2.add('sum', f64x2.shuffle('bends', 'down', 1, 3))),
          addTo('column', 'bends'),
          addTo(add('column', shl('half', 1)), 'steps'),
          move(16, 'column'),
        ]),
        v128.store('rows', 'sum'),
      ]),
    ],
  };
}

/** Kernels that look for edges. */
export const EDGE_KERNELS = /* @__PURE__ */ kernelSet({ countEdges, findChanges, texture });
