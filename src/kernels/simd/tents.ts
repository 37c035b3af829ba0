/*
 * Kernels of PDQ's tents: those of `pixels/tent-plane.ts`. Addresses are byte offsets into an
 * arena's memory.
 */

import {
  add,
  add16,
  add32,
  addF64,
  divF64,
  dot16,
  during,
  integersF64,
  lanes,
  load,
  loadBytes16,
  loadFirst64,
  loadSplat16,
  loadSplat32,
  loadSplat64,
  loadV,
  ltS,
  mul16,
  mulF64,
  set,
  shuffle,
  storeLane64,
  storeV,
  upper,
  type Value,
  type WasmFunction,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

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
    TAPS.map((tap) => mul16(loadBytes16(add(`r${tap}`, 'x'), half), `w${tap}`)).reduce(
      (sum, term) => add16(sum, term),
    );
  return {
    parameters: ['rows', 'pitch', 'length', 'weights', 'out'],
    integers: ['x', ...TAPS.map((tap) => `r${tap}`)],
    vectors: TAPS.map((tap) => `w${tap}`),
    body: [
      ...TAPS.flatMap((tap) => [
        set(`w${tap}`, loadSplat16('weights', 2 * tap)),
        set(`r${tap}`, tap === 0 ? add('rows', 0) : add(`r${tap - 1}`, 'pitch')),
      ]),
      during(
        ltS('x', 'length'),
        storeV('out', mixed(0)),
        storeV('out', mixed(8), 16),
        set('out', add('out', 32)),
        set('x', add('x', 16)),
      ),
      add(0, 0),
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
  const at = (tap: number): Value => loadFirst64(add('sums', load('column', 4 * tap)));
  // Two pixels and their weights, by channel: sums stay under 255 · 48 · 48.
  const pair = (tap: number) =>
    dot16(
      shuffle(at(tap), at(tap + 1), lanes(2, 0, 8, 1, 9, 2, 10, 3, 11)),
      loadSplat32('tents', 8 + 2 * tap),
    );
  return {
    parameters: ['sums', 'columns', 'tents', 'luma', 'out'],
    integers: ['column', 'end'],
    vectors: ['sum', 'rg', 'b', 'unit', 'light'],
    body: [
      set('rg', loadV('luma')),
      set('b', loadV('luma', 16)),
      set('unit', loadSplat64('luma', 32)),
      set('end', add('out', 512)),
      during(
        ltS('out', 'end'),
        set('column', add('columns', load('tents'))),
        set('sum', add32(add32(pair(0), pair(2)), add32(pair(4), pair(6)))),
        // Exact: weights of luma are of 24 bits.
        set(
          'light',
          addF64(mulF64(integersF64('sum'), 'rg'), mulF64(integersF64(upper('sum')), 'b')),
        ),
        set(
          'light',
          divF64(addF64('light', upper('light')), mulF64(loadSplat64('tents', 24), 'unit')),
        ),
        storeLane64('out', 'light', 0),
        set('tents', add('tents', 32)),
        set('out', add('out', 8)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels of PDQ's short cut from pixels to its plane. */
export const TENT_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  mixRows: mixRows(),
  tentRow: tentRow(),
}));
