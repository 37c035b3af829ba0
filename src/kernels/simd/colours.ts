/*
 * Kernels of detectors that look for parts on a ground, and those of their margins. Addresses are
 * byte offsets into an arena's memory. Sums of 64 bits are in the order of the JavaScript.
 */

import {
  above8,
  add,
  add8,
  add32,
  addF64,
  and,
  andV,
  bitmask8,
  demote,
  divF64,
  during,
  equal32,
  gt16,
  gt32,
  integersF64,
  lane32,
  lanes,
  lessBy8,
  load,
  loadByte,
  loadFirst64,
  loadLane64,
  loadSplat64,
  loadV,
  ltS,
  mul,
  mulF64,
  narrow16,
  or,
  orV,
  pairs8,
  promote,
  select,
  set,
  shl,
  shrU,
  shrU32,
  shuffle,
  splat8,
  splat16,
  splat32,
  store,
  store8,
  storeLane32,
  storeLane64,
  storeV,
  sub,
  subF64,
  upper,
  type Value,
  type WasmFunction,
  when,
} from './assembler.js';
import { kernelSet } from './kernel-set.js';

/**
 * Marks with 1 the pixels of which a channel differs from a colour by more than `away`.
 * @param red address of the region's first pixel; `green` and `blue` likewise
 * @param colour its bytes: red, green, blue from the lowest
 */
function markContent(): WasmFunction {
  const channels = ['red', 'green', 'blue'];
  const colours = ['r', 'g', 'b'];
  const apart = (channel: string, colour: string) =>
    above8(orV(lessBy8(loadV(channel), colour), lessBy8(colour, loadV(channel))), 'most');
  const [red, green, blue] = channels.map((channel, i) => apart(channel, colours[i]!));
  return {
    parameters: [...channels, 'stride', 'width', 'height', 'colour', 'away', 'out'],
    integers: ['x', 'back'],
    vectors: [...colours, 'most'],
    body: [
      ...colours.map((colour, i) => set(colour, splat8(shrU('colour', 8 * i)))),
      set('most', splat8('away')),
      during(
        ltS(0, 'height'),
        set('x', 'width'),
        during(
          ltS(0, 'x'),
          storeV('out', andV(orV(orV(red!, green!), blue!), splat8(1))),
          ...[...channels, 'out'].map((array) => set(array, add(array, 16))),
          set('x', sub('x', 16)),
        ),
        // `x` is 0 or below: so many bytes too far.
        set('out', add('out', 'x')),
        set('back', sub(add('stride', 'x'), 'width')),
        ...channels.map((channel) => set(channel, add(channel, 'back'))),
        set('height', sub('height', 1)),
      ),
      add(0, 0),
    ],
  };
}

/**
 * Marks with 1 the squares of two pixels a side in which `least` or more are marked.
 * @param width pixels a row of `content`
 * @param columns squares a row; `out` has one number more
 */
const markBlocks = (): WasmFunction => ({
  parameters: ['content', 'width', 'columns', 'rows', 'least', 'out'],
  integers: ['at', 'under', 'x'],
  vectors: ['marks', 'fewer'],
  body: [
    set('fewer', splat16(sub('least', 1))),
    during(
      ltS(0, 'rows'),
      set('at', 'content'),
      set('under', add('content', 'width')),
      set('x', 'columns'),
      during(
        ltS(0, 'x'),
        set('marks', gt16(pairs8(add8(loadV('at'), loadV('under'))), 'fewer')),
        storeLane64('out', andV(narrow16('marks', 'marks'), splat8(1)), 0),
        set('at', add('at', 16)),
        set('under', add('under', 16)),
        set('out', add('out', 8)),
        set('x', sub('x', 8)),
      ),
      set('out', add('out', 'x')),
      store8('out', 0),
      set('out', add('out', 1)),
      set('content', add('content', shl('width', 1))),
      set('rows', sub('rows', 1)),
    ),
    add(0, 0),
  ],
});

/**
 * Counts the colours of every fifth pixel of a part, in 32 x 32 x 32 bins.
 * @param red address of the first pixel; `green` and `blue` likewise
 * @param bins address of 32,768 counts, all zero
 * @param colours address of the colour of each sampled pixel: a word, red lowest
 * @returns the number of pixels
 */
function countColours(): WasmFunction {
  const at = (channel: string) => add(channel, 'x');
  const five = (byte: Value) => and(byte, 0xf8);
  return {
    parameters: ['red', 'green', 'blue', 'stride', 'width', 'height', 'bins', 'colours'],
    integers: ['x', 'r', 'g', 'b', 'bin', 'to'],
    vectors: [],
    body: [
      set('to', 'colours'),
      during(
        ltS(0, 'height'),
        during(
          ltS('x', 'width'),
          set('r', loadByte(at('red'))),
          set('g', loadByte(at('green'))),
          set('b', loadByte(at('blue'))),
          store('to', or('r', or(shl('g', 8), shl('b', 16)))),
          set('to', add('to', 4)),
          set('bin', or(shl(five('r'), 7), or(shl(five('g'), 2), shrU('b', 3)))),
          set('bin', add('bins', shl('bin', 2))),
          store('bin', add(load('bin'), 1)),
          set('x', add('x', 5)),
        ),
        set('x', sub('x', 'width')),
        ...['red', 'green', 'blue'].map((channel) => set(channel, add(channel, 'stride'))),
        set('height', sub('height', 1)),
      ),
      shrU(sub('to', 'colours'), 2),
    ],
  };
}

/** The first of the fullest bins. */
const fullest = (): WasmFunction => ({
  parameters: ['bins'],
  integers: ['at', 'best', 'most', 'end', 'bits', 'count'],
  vectors: ['highest'],
  body: [
    set('at', 'bins'),
    set('best', 'bins'),
    set('most', load('bins')),
    set('end', add('bins', 4 * 32768)),
    during(
      ltS('at', 'end'),
      set('bits', bitmask8(gt32(loadV('at'), splat32('most')))),
      when(
        'bits',
        ...[0, 4, 8, 12].flatMap((offset) => [
          set('count', load('at', offset)),
          when(ltS('most', 'count'), set('most', 'count'), set('best', add('at', offset))),
        ]),
      ),
      set('at', add('at', 16)),
    ),
    shrU(sub('best', 'bins'), 2),
  ],
});

/**
 * Sums the colours of a bin.
 * @param count of the colours, and up to three zeros behind them
 * @param bits of a colour of the bin, in the upper five of each byte
 * @param sums address of red, green and blue
 */
const sumColours = (): WasmFunction => ({
  parameters: ['colours', 'count', 'bits', 'sums'],
  integers: ['end'],
  vectors: ['mask', 'same', 'red', 'green', 'blue'],
  body: [
    set('end', add('colours', shl('count', 2))),
    during(
      ltS('colours', 'end'),
      set('same', andV(loadV('colours'), splat32(0x00f8f8f8))),
      set('same', andV(loadV('colours'), equal32('same', splat32('bits')))),
      set('red', add32('red', andV('same', splat32(0xff)))),
      set('green', add32('green', andV(shrU32('same', 8), splat32(0xff)))),
      set('blue', add32('blue', shrU32('same', 16))),
      set('colours', add('colours', 16)),
    ),
    ...['red', 'green', 'blue'].map((sum, i) =>
      store(
        'sums',
        add(add(lane32(sum, 0), lane32(sum, 1)), add(lane32(sum, 2), lane32(sum, 3))),
        4 * i,
      ),
    ),
    add(0, 0),
  ],
});

/** The sum of a part of a plane, less which it is copied. @param mean where its mean is put */
const copyLessMean = (): WasmFunction => ({
  parameters: ['luma', 'stride', 'width', 'height', 'mean', 'out', 'outStride'],
  integers: ['row', 'rows', 'at', 'end', 'to'],
  vectors: ['v', 'sum', 'none'],
  body: [
    set('row', 'luma'),
    set('rows', 'height'),
    during(
      ltS(0, 'rows'),
      set('at', 'row'),
      set('end', add('row', shl('width', 2))),
      during(
        ltS('at', 'end'),
        set('v', promote(loadFirst64('at'))),
        set('sum', addF64('sum', 'v')),
        when(ltS(add('at', 4), 'end'), set('sum', addF64('sum', upper('v')))),
        set('at', add('at', 8)),
      ),
      set('row', add('row', shl('stride', 2))),
      set('rows', sub('rows', 1)),
    ),
    set('sum', divF64('sum', integersF64(splat32(mul('width', 'height'))))),
    set('sum', shuffle('sum', 'sum', lanes(8, 0, 0))),
    storeLane64('mean', 'sum', 0),
    during(
      ltS(0, 'height'),
      set('at', 'luma'),
      set('end', add('luma', shl('width', 2))),
      set('to', 'out'),
      during(
        ltS('at', 'end'),
        storeLane64('to', demote(subF64(promote(loadFirst64('at')), 'sum')), 0),
        set('at', add('at', 8)),
        set('to', add('to', 8)),
      ),
      set('luma', add('luma', shl('stride', 2))),
      set('out', add('out', shl('outStride', 2))),
      set('height', sub('height', 1)),
    ),
    add(0, 0),
  ],
});

/**
 * A line beyond a plane's border: `extendLine` at one distance.
 * @param sums address of the running sums of the border
 * @param step bytes from a pixel of the line to the next
 * @param left address of the share that is left
 */
function extendLine(): WasmFunction {
  const pixels = [0, 1];
  const bounds = (i: number) => [
    set(`from${i}`, sub(add('x', i), 'away')),
    set(`from${i}`, select(ltS(`from${i}`, 0), 0, `from${i}`)),
    set(`end${i}`, add(add('x', i + 1), 'away')),
    set(`end${i}`, select(ltS('count', `end${i}`), 'count', `end${i}`)),
  ];
  const sumAt = (bound: string) => add('sums', shl(bound, 3));
  const both = (bound: string) =>
    loadLane64(sumAt(`${bound}1`), loadFirst64(sumAt(`${bound}0`)), 1);
  return {
    parameters: ['sums', 'count', 'away', 'left', 'to', 'step'],
    integers: ['x', 'from0', 'from1', 'end0', 'end1'],
    vectors: ['share', 'v', 'number'],
    body: [
      set('share', loadSplat64('left')),
      during(
        ltS('x', 'count'),
        ...pixels.flatMap(bounds),
        set('v', mulF64('share', subF64(both('end'), both('from')))),
        set(
          'number',
          shuffle(
            splat32(sub('end0', 'from0')),
            splat32(sub('end1', 'from1')),
            lanes(4, 0, 4, 0, 4),
          ),
        ),
        set('v', demote(divF64('v', integersF64('number')))),
        storeLane32('to', 'v', 0),
        when(ltS(add('x', 1), 'count'), storeLane32(add('to', 'step'), 'v', 1)),
        set('to', add('to', shl('step', 1))),
        set('x', add('x', 2)),
      ),
      add(0, 0),
    ],
  };
}

/** Kernels that look for parts on a ground. */
export const COLOUR_KERNELS = /* @__PURE__ */ kernelSet(() => ({
  markContent: markContent(),
  markBlocks: markBlocks(),
  countColours: countColours(),
  fullest: fullest(),
  sumColours: sumColours(),
  copyLessMean: copyLessMean(),
  extendLine: extendLine(),
}));
