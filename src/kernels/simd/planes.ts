/*
 * Kernels that make planes of a picture. Addresses are byte offsets into an arena's memory.
 */

import {
  add,
  add32,
  add64,
  addF64,
  andV,
  type Code,
  demote,
  dot16,
  during,
  highWords,
  integersF32,
  integersF64,
  lanes,
  load,
  loadFirst32,
  loadFirst64,
  loadLane32,
  loadSplat64,
  loadV,
  lowWords,
  ltS,
  mul,
  mulF64,
  promote,
  remainder,
  select,
  set,
  shl,
  shrU,
  shrU32,
  shuffle,
  splat32,
  splatF64,
  store,
  storeLane8,
  storeLane32,
  storeLane64,
  storeV,
  sub,
  subF32,
  upper,
  type Value,
  type WasmFunction,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

/** Pixels at an address and at three more, `step` apart. */
const fourPixels = (address: Value): Code => {
  let four: Code = loadFirst32(address);
  for (const lane of [1, 2, 3]) four = loadLane32(add(address, `step${lane}`), four, lane);
  return four;
};

/** The pixels' bytes of red and blue in 16-bit lanes, and those of green with what is above. */
const redBlue = (pixels: Value) => andV(pixels, splat32(0x00ff00ff));
const greenOnly = (pixels: Value) => andV(shrU32(pixels, 8), splat32(0xff));

const addTo = (sum: string, value: Value) => set(sum, add32(sum, value));

/** Sets `rb` and `g` to the sums of the pixels of four squares, and `at` to their first ones. */
const squares = (pixels: 1 | 4): Code => [
  set('at', fourPixels('first')),
  set('rb', redBlue('at')),
  set('g', greenOnly('at')),
  (pixels === 1 ? [] : ['right', 'down', 'diagonal']).map((to) => [
    set('other', fourPixels(add('first', to))),
    addTo('rb', redBlue('other')),
    addTo('g', greenOnly('other')),
  ]),
];

/** Four floats: two of 64 bits in each, as 32. */
const fourOf = (low: Code, high: Code) => shuffle(demote(low), demote(high), lanes(8, 0, 2));

/**
 * Luma and colours of squares along lines of pixels of three or four samples, four squares at a
 * time: luma is a thousandth of 299 R + 587 G + 114 B of the mean of four pixels of each.
 * @param first address of the first pixel of the first square
 * @param step bytes from a square to the next
 * @param right bytes from that pixel to the second of the four
 * @param down bytes to the third; the fourth is at both
 * @param count squares of a line, a multiple of four
 * @param lines number of lines
 * @param line bytes from a line of squares to the next
 * @param luma address of the luma of the first square; `red`, `green` and `blue` likewise
 * @param columns values of a row of the planes
 * @param sums address of four words: two numbers of 64 bits, together 4,000 times the sum of luma
 * @param isDown whether the values of a line are below each other
 */
function reduceLines(pixels: 1 | 4, isDown: boolean): WasmFunction {
  const unit = splatF64(pixels === 1 ? 0.001 : 0.00025);
  const colours = ['red', 'green', 'blue'];
  const arrays = ['luma', ...colours];
  const stores = isDown
    ? [0, 1, 2, 3].flatMap((lane) => {
        const offset = mul('columns', lane);
        return [
          storeLane32(add('toLuma', shl(offset, 2)), 'light', lane),
          ...colours.map((colour, byte) =>
            storeLane8(add(`to${colour}`, offset), 'at', 4 * lane + byte),
          ),
        ];
      })
    : [
        storeV('toLuma', 'light'),
        set('at', shuffle('at', 'at', [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 0, 0, 0, 0])),
        ...colours.map((colour, lane) => storeLane32(`to${colour}`, 'at', lane)),
      ];
  return {
    parameters: [
      ...['pixels', 'step', 'right', 'down', 'count', 'lines', 'line'],
      ...[...arrays, 'columns', 'sums'],
    ],
    integers: [
      ...['first', 'step1', 'step2', 'step3', 'diagonal', 'left', 'far', 'toLuma'],
      ...colours.map((colour) => `to${colour}`),
    ],
    vectors: ['at', 'other', 'rb', 'g', 'value', 'sum', 'all', 'light', 'none'],
    body: [
      set('step1', 'step'),
      set('step2', shl('step', 1)),
      set('step3', add('step1', 'step2')),
      set('diagonal', add('right', 'down')),
      set('far', isDown ? shl('columns', 2) : add(4, 0)),
      during(
        ltS(0, 'lines'),
        set('first', 'pixels'),
        set('left', 'count'),
        set('toLuma', 'luma'),
        ...colours.map((colour) => set(`to${colour}`, colour)),
        set('sum', 'none'),
        during(
          ltS(0, 'left'),
          squares(pixels),
          // Red is the lower half of a lane, blue the upper.
          set('value', add32(dot16('rb', splat32((114 << 16) | 299)), dot16('g', splat32(587)))),
          addTo('sum', 'value'),
          set(
            'light',
            fourOf(mulF64(integersF64('value'), unit), mulF64(integersF64(upper('value')), unit)),
          ),
          ...stores,
          set('toLuma', add('toLuma', shl('far', 2))),
          ...colours.map((colour) => set(`to${colour}`, add(`to${colour}`, 'far'))),
          set('first', add('first', shl('step', 2))),
          set('left', sub('left', 4)),
        ),
        // The sums of a line are below 2^32.
        set('all', add64('all', add64(lowWords('sum'), highWords('sum')))),
        set('pixels', add('pixels', 'line')),
        ...arrays.map((array) => {
          const next = isDown ? add(1, 0) : add('columns', 0);
          return set(array, add(array, array === 'luma' ? shl(next, 2) : next));
        }),
        set('lines', sub('lines', 1)),
      ),
      storeV('sums', 'all'),
      add(0, 0),
    ],
  };
}

/** The luma of squares along lines, as `reducedLuma` has it; see `reduceLines`. */
function lumaLines(): WasmFunction {
  const weighted = (half: (a: string) => Value) =>
    addF64(
      addF64(
        mulF64(integersF64(half('r')), splatF64(0.299 / 4)),
        mulF64(integersF64(half('g')), splatF64(0.587 / 4)),
      ),
      mulF64(integersF64(half('rb')), splatF64(0.114 / 4)),
    );
  return {
    parameters: [
      ...['pixels', 'step', 'right', 'down', 'count'],
      ...['lines', 'line', 'luma', 'columns'],
    ],
    integers: ['first', 'step1', 'step2', 'step3', 'diagonal', 'left', 'to'],
    vectors: ['at', 'other', 'rb', 'g', 'r'],
    body: [
      set('step1', 'step'),
      set('step2', shl('step', 1)),
      set('step3', add('step1', 'step2')),
      set('diagonal', add('right', 'down')),
      during(
        ltS(0, 'lines'),
        set('first', 'pixels'),
        set('left', 'count'),
        set('to', 'luma'),
        during(
          ltS(0, 'left'),
          squares(4),
          set('r', andV('rb', splat32(0xffff))),
          set('rb', shrU32('rb', 16)),
          storeV(
            'to',
            fourOf(
              weighted((a) => a),
              weighted(upper),
            ),
          ),
          set('to', add('to', 16)),
          set('first', add('first', shl('step', 2))),
          set('left', sub('left', 4)),
        ),
        set('pixels', add('pixels', 'line')),
        set('luma', add('luma', shl('columns', 2))),
        set('lines', sub('lines', 1)),
      ),
      add(0, 0),
    ],
  };
}

/** Subtracts a whole number from `count` floats, and from up to three more. */
const lower = (): WasmFunction => ({
  parameters: ['floats', 'count', 'by'],
  integers: ['end'],
  vectors: ['less'],
  body: [
    set('less', integersF32(splat32('by'))),
    set('end', add('floats', shl('count', 2))),
    during(
      ltS('floats', 'end'),
      storeV('floats', subF32(loadV('floats'), 'less')),
      set('floats', add('floats', 16)),
    ),
    add(0, 0),
  ],
});

/** Two floats as numbers of 64 bits. */
const floats = (address: Value, offset = 0) => promote(loadFirst64(address, offset));

/** w0 · here + w1 (before + after) + w2 (before2 + after2). */
const mixed = (here: Value, near: [Value, Value], far: [Value, Value]) =>
  addF64(addF64(mulF64('w0', here), mulF64('w1', addF64(...near))), mulF64('w2', addF64(...far)));

const weightsAt = (address: string) =>
  [0, 1, 2].map((i) => set(`w${i}`, loadSplat64(address, 8 * i)));

/**
 * `soften`.
 * @param across address of three weights; `down` likewise
 * @param rows scratch: six rows of `width + 8` floats
 */
export function soften(): WasmFunction {
  const names = ['above2', 'above', 'here', 'below', 'below2'];
  const least = (a: Value, b: Value) => select(ltS(a, b), a, b);
  // Rows by their numbers, in a ring of five behind the padded row.
  const placeOf = (row: Value) => add('rows', mul('line', add(remainder(row, 5), 1)));
  return {
    parameters: ['luma', 'width', 'height', 'across', 'down', 'rows', 'out'],
    integers: ['line', 'bytes', 'y', 'mixed', 'last', 'at', 'to', 'end', 'row', ...names],
    vectors: ['w0', 'w1', 'w2', 'v'],
    body: [
      set('bytes', shl('width', 2)),
      set('line', add('bytes', 32)),
      set('last', sub('height', 1)),
      during(
        ltS('y', 'height'),
        ...weightsAt('across'),
        during(
          ltS('mixed', add(least(add('y', 2), 'last'), 1)),
          // The row with two pixels more at either end.
          set('at', 'luma'),
          set('to', add('rows', 8)),
          set('end', add('to', 'bytes')),
          during(
            ltS('to', 'end'),
            storeV('to', loadV('at')),
            set('at', add('at', 16)),
            set('to', add('to', 16)),
          ),
          store('rows', load('luma')),
          store('rows', load('luma'), 4),
          set('luma', add('luma', 'bytes')),
          store('end', load(sub('luma', 4))),
          store('end', load(sub('luma', 4)), 4),
          set('to', placeOf('mixed')),
          set('at', 'rows'),
          set('end', add('at', 'bytes')),
          during(
            ltS('at', 'end'),
            set(
              'v',
              mixed(
                floats('at', 8),
                [floats('at', 4), floats('at', 12)],
                [floats('at'), floats('at', 16)],
              ),
            ),
            storeLane64('to', demote('v'), 0),
            set('at', add('at', 8)),
            set('to', add('to', 8)),
          ),
          set('mixed', add('mixed', 1)),
        ),
        ...weightsAt('down'),
        ...names.flatMap((name, i) => {
          const row = add('y', i - 2);
          return [
            set('row', i < 2 ? select(ltS(row, 0), 0, row) : least(row, 'last')),
            set(name, placeOf('row')),
          ];
        }),
        set('end', add('out', 'bytes')),
        during(
          ltS('out', 'end'),
          set(
            'v',
            mixed(
              floats('here'),
              [floats('above'), floats('below')],
              [floats('above2'), floats('below2')],
            ),
          ),
          storeLane64('out', demote('v'), 0),
          ...[...names, 'out'].map((name) => set(name, add(name, 8))),
        ),
        set('out', 'end'),
        set('y', add('y', 1)),
      ),
      add(0, 0),
    ],
  };
}

/** `halve`, except for a last column without a neighbour. */
function halve(): WasmFunction {
  const pairs = (address: string, which: number) =>
    promote(shuffle(loadV(address), loadV(address), lanes(4, which, which + 2, 0, 0)));
  return {
    parameters: ['plane', 'width', 'height', 'out'],
    integers: ['at', 'under', 'to', 'end', 'bytes'],
    vectors: ['sum'],
    body: [
      set('bytes', shl('width', 2)),
      during(
        ltS(0, 'height'),
        set('at', 'plane'),
        // Below the last row, that row counts again.
        set('under', select(ltS(1, 'height'), add('plane', 'bytes'), 'plane')),
        set('to', 'out'),
        set('end', add('out', shl(shrU('width', 1), 2))),
        during(
          ltS('to', 'end'),
          set('sum', addF64(pairs('at', 0), pairs('at', 1))),
          set('sum', addF64(addF64('sum', pairs('under', 0)), pairs('under', 1))),
          storeLane64('to', demote(mulF64('sum', splatF64(0.25))), 0),
          set('at', add('at', 16)),
          set('under', add('under', 16)),
          set('to', add('to', 8)),
        ),
        set('plane', add('plane', shl('bytes', 1))),
        set('out', add('out', shl(shrU(add('width', 1), 1), 2))),
        set('height', sub('height', 2)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels that make planes of a picture. */
export const PLANE_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  reduceLines: reduceLines(4, false),
  takeLines: reduceLines(1, false),
  reduceDown: reduceLines(4, true),
  lumaLines: lumaLines(),
  lower: lower(),
  halve: halve(),
}));
