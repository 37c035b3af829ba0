/*
 * Kernels of PDQ's tents: those of `pixels/tent-plane.ts`. Addresses are byte offsets into an
 * arena's memory.
 */

import type { Value, WasmFunction } from './assembler.js';
import { kernelSet } from './kernel-set.js';
import { move, set, upTo } from './wasm/control.js';
import * as f64x2 from './wasm/f64x2.js';
import * as i16x8 from './wasm/i16x8.js';
import { add, load } from './wasm/i32.js';
import * as i32x4 from './wasm/i32x4.js';
import * as v128 from './wasm/v128.js';

const TAPS = [0, 1, 2, 3, 4, 5, 6];

/**
 * The weighted sums of seven rows of bytes, in 16 bits.
 * @param pitch bytes from a row to the next
 * @param length bytes a row
 * @param weights address of seven of 16 bits, whose sum is 128 at most
 * Sixteen bytes a turn.
 */
function mixRows(): WasmFunction {
  const mixed = (half: number) =>
    TAPS.map((tap) => i16x8.mul(v128.load8x8U(add(`r${tap}`, 'x'), half), `w${tap}`)).reduce(
      (sum, term) => i16x8.add(sum, term),
    );
  return {
    parameters: ['rows', 'pitch', 'length', 'weights', 'out'],
    body: [
      TAPS.map((tap) => [
        set(`w${tap}`, v128.load16Splat('weights', 2 * tap)),
        set(`r${tap}`, tap === 0 ? 'rows' : add(`r${tap - 1}`, 'pitch')),
      ]),
      upTo('x', 'length', 16, [
        v128.store('out', mixed(0)),
        v128.store('out', mixed(8), 16),
        move(32, 'out'),
      ]),
    ],
  };
}

/**
 * A row of 64 tents across such sums.
 * @param columns address of the offset of each column's sums of red, green and blue, in bytes
 * @param tents address of 64 records of 32 bytes: the offset of the first column in `columns`,
 *   four bytes, eight weights of 16 bits, and their unit, a number of 64 bits
 * @param luma address of its weights in red, green and blue, a zero, and the unit of the rows'
 *   weights, numbers of 64 bits
 */
function tentRow(): WasmFunction {
  const at = (tap: number): Value => v128.load64Zero(add('sums', load('column', 4 * tap)));
  // Two pixels and their weights, by channel: sums stay under 255 · 48 · 48.
  const pair = (tap: number) =>
    i32x4.dot(
      i16x8.shuffle(at(tap), at(tap + 1), 0, 8, 1, 9, 2, 10, 3, 11),
      v128.load32Splat('tents', 8 + 2 * tap),
    );
  return {
    parameters: ['sums', 'columns', 'tents', 'luma', 'out'],
    body: [
      set('rg', v128.load('luma')),
      set('b', v128.load('luma', 16)),
      set('unit', v128.load64Splat('luma', 32)),
      set('end', add('out', 512)),
      upTo('out', 'end', 8, [
        set('column', add('columns', load('tents'))),
        set('sum', i32x4.add(i32x4.add(pair(0), pair(2)), i32x4.add(pair(4), pair(6)))),
        // Exact: weights of luma are of 24 bits.
        set('light', f64x2.mul(f64x2.convert('sum'), 'rg')),
        set('light', f64x2.add('light', f64x2.mul(f64x2.convert(f64x2.upper('sum')), 'b'))),
        set('light', f64x2.add('light', f64x2.upper('light'))),
        set('light', f64x2.div('light', f64x2.mul(v128.load64Splat('tents', 24), 'unit'))),
        v128.store64Lane('out', 'light', 0),
        move(32, 'tents'),
      ]),
    ],
  };
}

/** Kernels of PDQ's short cut from pixels to its plane. */
export const TENT_KERNELS = /* @__PURE__ */ kernelSet({ mixRows, tentRow });
