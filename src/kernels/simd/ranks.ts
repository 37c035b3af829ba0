/*
 * Kernels of the last steps of PDQ: quality, median, bits and ranks. Addresses are byte offsets
 * into an arena's memory; values, 256 coefficients, are numbers of 64 bits.
 */

import {
  absF64,
  add,
  add32,
  addF64,
  and,
  andV,
  bitmask8,
  demote,
  during,
  giveBack,
  gtF64,
  lane32,
  lanes,
  leF64,
  load,
  loadByte,
  loadSplat64,
  loadV,
  ltS,
  max32,
  min32,
  mulF64,
  narrow16,
  narrow32,
  orV,
  select,
  set,
  shrS32,
  shrU,
  shuffle,
  splat32,
  splatF64,
  store8,
  storeV,
  sub,
  sub32,
  subF64,
  truncF64,
  upper,
  type Value,
  type WasmFunction,
  when,
  wholeF64,
  xorV,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

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
  const more = (step: Value) =>
    set('sum', addF64('sum', wholeF64(mulF64(addF64(absF64(step), 'more'), splatF64(100 / 255)))));
  const across = () => subF64(loadV('plane'), loadV('plane', 8));
  return {
    parameters: ['plane', 'band'],
    integers: ['end', 'last', 'below'],
    vectors: ['more', 'sum'],
    body: [
      set('more', loadSplat64('band')),
      set('last', add('plane', 8 * 64 * 64)),
      during(
        ltS('plane', 'last'),
        set('end', add('plane', 8 * 62)),
        // The last row has none below it, the last column none after it: a difference of 0.
        set('below', select(ltS(add('plane', 512), 'last'), 512, 0)),
        during(
          ltS('plane', 'end'),
          more(subF64(loadV('plane'), loadV(add('plane', 'below')))),
          more(across()),
          set('plane', add('plane', 16)),
        ),
        more(subF64(loadV('plane'), loadV(add('plane', 'below')))),
        more(shuffle(across(), splatF64(0), lanes(8, 0, 2))),
        set('plane', add('plane', 16)),
        // In most photos the first few rows hold enough gradients.
        set('end', lane32(truncF64(addF64('sum', upper('sum'))), 0)),
        when(ltS(8999, 'end'), giveBack('end')),
      ),
      add('end', 0),
    ],
  };
}

/** Four keys a turn, of floats that `floatsOf` gets two at a time. */
function keysOf(byDistance: boolean): WasmFunction {
  const value = (offset: number) =>
    byDistance ? absF64(subF64(loadV('values', offset), 'middle')) : loadV('values', offset);
  return {
    parameters: ['values', ...(byDistance ? ['centre'] : []), 'keys'],
    integers: ['end', 'index'],
    vectors: ['middle', 'floats', 'places'],
    body: [
      ...(byDistance ? [set('middle', loadSplat64('centre'))] : []),
      set('places', [0xfd, 0x0c, [0, 1, 2, 3].flatMap((i) => [i, 0, 0, 0])]),
      set('end', add('keys', 1024)),
      during(
        ltS('keys', 'end'),
        set('floats', shuffle(demote(value(0)), demote(value(16)), lanes(8, 0, 2))),
        // Negative floats sort the other way round.
        ...(byDistance
          ? []
          : [set('floats', xorV('floats', andV(shrS32('floats', 31), splat32(0x7fffffff))))]),
        storeV('keys', orV(andV('floats', splat32(-256)), 'places')),
        set('places', add32('places', splat32(4))),
        set('values', add('values', 32)),
        set('keys', add('keys', 16)),
      ),
      add(0, 0),
    ],
  };
}

/**
 * Sorts 256 keys: position 64 i + j is at 4 j + i.
 * @param network address of `sortNetwork()`
 */
function sortKeys(): WasmFunction {
  const compare = (offset: number) => [
    set('pair', load('at', offset)),
    set('p', add('keys', and('pair', 0xffff))),
    set('q', add('keys', shrU('pair', 16))),
    set('a', loadV('p')),
    set('b', loadV('q')),
    storeV('p', min32('a', 'b')),
    storeV('q', max32('a', 'b')),
  ];
  const run = (from: number, count: number) => [
    set('at', add('network', 4 * from)),
    set('end', add('at', 4 * count)),
    during(ltS('at', 'end'), ...[0, 4, 8, 12].flatMap(compare), set('at', add('at', 16))),
  ];
  const eachPair = (...body: ReturnType<typeof set>[]) => [
    set('p', 'keys'),
    set('q', add('keys', 16 * 63)),
    during(
      ltS('p', 'q'),
      set('a', loadV('p')),
      set('b', loadV('q')),
      ...body,
      set('p', add('p', 16)),
      set('q', sub('q', 16)),
    ),
  ];
  /** Lanes compared with those of another order; `low` and `high` choose of minima and maxima. */
  const exchange = (order: number[], low: number[], high: number[]) => [
    set('b', shuffle('b', 'b', lanes(4, ...order))),
    set('low', min32('a', 'b')),
    set('high', max32('a', 'b')),
    storeV('p', shuffle('low', 'high', lanes(4, ...low))),
    storeV('q', shuffle('low', 'high', lanes(4, ...high))),
  ];
  const neighbours = (at: string) => [
    set('a', loadV(at)),
    set('b', shuffle('a', 'a', lanes(4, 1, 0, 3, 2))),
    storeV(at, shuffle(min32('a', 'b'), max32('a', 'b'), lanes(4, 0, 5, 2, 7))),
  ];
  return {
    parameters: ['keys', 'network'],
    integers: ['at', 'end', 'pair', 'p', 'q'],
    vectors: ['a', 'b', 'low', 'high'],
    body: [
      ...run(0, SORTS),
      // Columns 1 and 3 upside down against 0 and 2, then both halves.
      ...eachPair(...exchange([1, 0, 3, 2], [0, 5, 2, 7], [1, 4, 3, 6])),
      ...run(SORTS, MERGES),
      ...eachPair(
        ...exchange([3, 2, 1, 0], [0, 1, 6, 7], [3, 2, 5, 4]),
        ...neighbours('p'),
        ...neighbours('q'),
      ),
      ...run(SORTS, MERGES),
      add(0, 0),
    ],
  };
}

/**
 * The bits of the values above a centre, the last one first.
 * @param numbers address of the centre, and of a band
 * @returns the number of values within the band from the centre
 */
function bitsAbove(): WasmFunction {
  const pair = (at: number) => [
    set(`v${at}`, subF64(loadV('values', 16 * at), 'centre')),
    set('near', sub32('near', leF64(absF64(`v${at}`), 'band'))),
    set(`v${at}`, gtF64(`v${at}`, splatF64(0))),
  ];
  const four = (at: number) => shuffle(`v${at}`, `v${at + 1}`, lanes(4, 0, 2, 4, 6));
  const eight = (at: number) => narrow32(four(at), four(at + 2));
  const all = [0, 1, 2, 3, 4, 5, 6, 7];
  return {
    parameters: ['values', 'numbers', 'out'],
    integers: ['to', 'bits'],
    vectors: ['centre', 'band', 'near', ...all.map((at) => `v${at}`)],
    body: [
      set('centre', loadSplat64('numbers')),
      set('band', loadSplat64('numbers', 8)),
      set('to', add('out', 30)),
      during(
        ltS(sub('out', 1), 'to'),
        ...all.flatMap(pair),
        set('bits', bitmask8(narrow16(eight(0), eight(4)))),
        store8('to', shrU('bits', 8)),
        store8('to', 'bits', 1),
        set('values', add('values', 128)),
        set('to', sub('to', 2)),
      ),
      // A lane of 64 bits was counted in both its halves.
      add(lane32('near', 0), lane32('near', 2)),
    ],
  };
}

/** Writes the position of the key of value i to `out[255 - i]`. */
const rankKeys = (): WasmFunction => ({
  parameters: ['keys', 'out'],
  integers: ['row', 'last'],
  vectors: [],
  body: [
    set('last', add('out', 255)),
    during(
      ltS('row', 64),
      ...[0, 1, 2, 3].map((lane) =>
        store8(sub('last', loadByte('keys', 4 * lane)), add('row', 64 * lane)),
      ),
      set('keys', add('keys', 16)),
      set('row', add('row', 1)),
    ),
    add(0, 0),
  ],
});

/** Kernels of quality, bits and ranks. */
export const RANK_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  hundredths: hundredths(),
  valueKeys: keysOf(false),
  distanceKeys: keysOf(true),
  sortKeys: sortKeys(),
  bitsAbove: bitsAbove(),
  rankKeys: rankKeys(),
}));
