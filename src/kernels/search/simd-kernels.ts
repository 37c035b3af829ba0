/*
 * The loops of the kernels. What a search in buckets reads is scattered, so each of its kernels
 * first touches all of it, in a loop of few instructions: its loads depend on nothing, and the
 * shorter the loop, the more of them the processor has under way. A line of 64 MB took 9 ns here,
 * and 16 to 30 in JavaScript. A decision about the variants of a picture against a million entries
 * takes 0.60 to 0.64 of the time that it took with bucket starts and positions read in JavaScript
 * and sketches touched only up to the end of their span (V8 11.3, x64, a busy machine).
 *
 * Rejected: the variants of a picture in one pass, band by band, in rows of 8 to 105. They share
 * 14 % of their buckets, and the search takes 0.98 to 1.1 times as long. Blocks that begin at cache
 * lines: fewer lines, but more blocks; a decision takes 1.02 to 1.07 times as long.
 */

import {
  add,
  add8,
  add32,
  and,
  bitmask8,
  bitmask16,
  bitmask32,
  type Code,
  ctz,
  during,
  giveBack,
  lane16,
  lane32,
  le16,
  le32,
  load,
  load16,
  loadByte,
  loadSplat16,
  loadSplat32,
  loadSplat64,
  loadV,
  ltS,
  ltU,
  narrow16,
  pairs8,
  pairs16,
  popcnt8,
  select,
  set,
  shl,
  shrU,
  splat16,
  splat32,
  store,
  sub,
  type Value,
  type WasmFunction,
  when,
  xor,
  xorV,
} from '../simd/assembler.js';

/** The number of bits in which each byte at an address differs from that of a vector. */
const differing = (address: string, offset: number, vector: string) =>
  popcnt8(xorV(loadV(address, offset), vector));

/** The sums of neighbouring 16-bit lanes of two vectors, all under 256. */
const halve = (a: Value, b: Value) => pairs8(narrow16(a, b));

/** The sum of the bytes of each half of four vectors, in eight lanes. */
const sumHalves = ([a, b, c, d]: readonly Value[]) =>
  halve(halve(pairs8(a!), pairs8(b!)), halve(pairs8(c!), pairs8(d!)));

/** Runs `body` for each item from `first` to `end`, `stride` bytes apart. */
const each = (first: string, end: string, stride: number, ...body: Code[]): Code => [
  set('item', first),
  during(ltU('item', end), ...body, set('item', add('item', stride))),
];

const touch = (address: Value, offset = 0) => set('read', add('read', loadByte(address, offset)));

/** See `SimdKernels`. */
export const gather = (): WasmFunction => {
  const start = add('offsets', shl('cell', 2));
  return {
    parameters: ['rings', 'end', 'masks', 'spans', 'offsets', 'last'],
    integers: ['item', 'read', 'cell', 'stop', 'kept', 'next', 'filled', 'places'],
    vectors: [],
    body: [
      set('next', 'spans'),
      each(
        'rings',
        'end',
        20,
        set('stop', add('masks', shl(load('item'), 1))),
        during(
          ltU('masks', 'stop'),
          set('cell', add(load('item', 4), xor(load('item', 8), load16('masks')))),
          touch(start),
          store('next', 'cell'),
          store('next', load('item', 12), 8),
          store('next', load('item', 16), 12),
          set('masks', add('masks', 2)),
          set('next', add('next', 16)),
        ),
      ),
      // Unless their result is stored, an engine may drop the loads.
      store('rings', 'read'),
      set('filled', 'next'),
      set('next', 'spans'),
      each(
        'spans',
        'filled',
        16,
        set('cell', load('item')),
        // Each span is written, but kept only if it is not empty. That takes no branch.
        store('next', load(start)),
        set('stop', load(start, 4)),
        store('next', 'stop', 4),
        store('next', load('item', 8), 8),
        store('next', load('item', 12), 12),
        set('kept', and(ltU(load('next'), 'stop'), ltU('stop', add('last', 1)))),
        set('places', add('places', and(sub(0, 'kept'), sub('stop', load('next'))))),
        set('next', add('next', shl('kept', 4))),
      ),
      store('rings', 'places'),
      shrU(sub('next', 'spans'), 2),
    ],
  };
};

/** See `SimdKernels`. */
export const positions = (): WasmFunction => {
  const isOdd = and('bytes', 1);
  // Times 3 or 4.
  const place = add(add('positions', shl('at', shrU('bytes', 1))), and('at', sub(0, isOdd)));
  // The first hash stands in for one that does not exist.
  const hash = and(load('item'), sub(0, ltU(load('item'), 'count')));
  return {
    parameters: ['places', 'end', 'positions', 'bytes', 'count', 'words'],
    integers: ['item', 'read', 'at'],
    vectors: [],
    body: [
      each(
        'places',
        'end',
        4,
        set('at', load('item')),
        // A position is the lowest three of the four bytes there, or all.
        store('item', and(load(place), shrU(-1, shl(isOdd, 3)))),
      ),
      each('places', 'end', 4, touch(add('words', shl(hash, 5)))),
      add('read', 0),
    ],
  };
};

/** Places that are tested at a time. */
const BLOCK = 16;

/** Bytes of a span that are touched. Further on, the processor prefetches by itself. */
const TOUCHED = 2048;

/**
 * The search of spans for sketches of one width.
 * @param log2 of the bytes of a sketch
 * @param splat gives the span's sketch in every lane
 * @param within gives the block at `at` as bits: bit n is set if its nth sketch is within the limit
 */
function collect(log2: number, splat: Code, within: Code): WasmFunction {
  const addressOf = (place: Value) => add('sketches', shl(place, log2));
  const block = BLOCK << log2;
  const start = load('span');
  const stop = load('span', 4);
  const count = shrU(sub('next', 'places'), 2);
  return {
    parameters: ['spans', 'end', 'sketches', 'places', 'room'],
    integers: ['item', 'span', 'at', 'last', 'read', 'place', 'left', 'bits', 'next', 'full'],
    vectors: ['sketch', 'limit'],
    body: [
      // First all lines are touched: both ends of the first block, then the end of the second, then
      // the rest. Blocks reach beyond their span: touched to its end only, comparing took twice as
      // long.
      each(
        'spans',
        'end',
        16,
        set('at', addressOf(load('item'))),
        touch('at'),
        touch('at', block - 1),
        set('last', addressOf(load('item', 4))),
        touch(add('at', shl(ltU(block, sub('last', 'at')), log2 + 4)), block - 1),
        when(
          ltU(2 * block, sub('last', 'at')),
          set('at', add('at', 2 * block - 1)),
          set('last', add('last', block - 1)),
          set('last', select(ltU(sub('last', 'at'), TOUCHED), 'last', add('at', TOUCHED))),
          during(ltU('at', 'last'), set('at', add('at', 64)), touch('at')),
        ),
      ),
      // Unless their result is stored, an engine may drop the loads.
      store('places', 'read'),

      set('next', 'places'),
      set('full', add('places', shl(sub('room', BLOCK), 2))),
      set('span', 'spans'),
      set('place', start),
      during(
        ltU('span', 'end'),
        set('at', addressOf('place')),
        set('sketch', splat),
        set('limit', loadSplat16('span', 12)),
        set('left', sub(stop, 'place')),
        set('bits', within),
        when(
          'bits',
          when(ltS('left', BLOCK), set('bits', and('bits', sub(shl(1, 'left'), 1)))),
          during(
            'bits',
            store('next', add('place', ctz('bits'))),
            set('next', add('next', 4)),
            set('bits', and('bits', sub('bits', 1))),
          ),
          when(
            ltU('full', 'next'),
            store('span', select(ltS(BLOCK, 'left'), add('place', BLOCK), stop)),
            during(ltU('spans', 'span'), set('span', sub('span', 16)), store('span', stop)),
            giveBack(count),
          ),
        ),
        // On to the next span without a branch, which would often be mispredicted.
        set('left', ltS('left', BLOCK + 1)),
        set('span', add('span', shl('left', 4))),
        set('place', select('left', start, add('place', BLOCK))),
      ),
      count,
    ],
  };
}

export const collect32 = () => {
  const counts = [0, 16, 32, 48].map((at) => pairs8(differing('at', at, 'sketch')));
  const low = le16(halve(counts[0]!, counts[1]!), 'limit');
  const high = le16(halve(counts[2]!, counts[3]!), 'limit');
  return collect(2, loadSplat32('span', 8), bitmask8(narrow16(low, high)));
};

export const collect16 = () => {
  const [low, high] = [0, 16].map((at) => le16(pairs8(differing('at', at, 'sketch')), 'limit'));
  return collect(1, loadSplat16('span', 8), bitmask8(narrow16(low!, high!)));
};

/**
 * A loop over hashes of `bytes` bytes, `lanes` at a time. The last ones may be beyond `count`.
 * @param distance returns that of one lane
 * @param within sets bit n of `bits` if the hash of lane n is within `max`
 */
const scan = (lanes: number, bytes: number, distance: (lane: number) => Code, ...within: Code[]) =>
  during(
    ltU('id', 'count'),
    ...within,
    when(
      'bits',
      // Each pair is written, but kept only if its bit is set. That takes no unforeseeable branch.
      ...Array.from({ length: lanes }, (_, lane) =>
        when(
          ltU(add('id', lane), 'count'),
          store('next', add('id', lane)),
          store('next', distance(lane), 4),
          set('next', add('next', shl(and(shrU('bits', lane), 1), 3))),
        ),
      ),
    ),
    set('words', add('words', lanes * bytes)),
    set('id', add('id', lanes)),
  );

/**
 * Up to this `max`, the first 128 bits of a hash are counted alone at first. Those of an unrelated
 * hash differ in 64 ± 6 places, so the rest is rarely needed. At 31 that takes 1.0 ns a hash, and
 * the full count 1.7. From 54 on the full count is faster (V8 11.3, x64).
 */
export const NARROW_SIMD_DISTANCE = 50;

export const scan256 = (): WasmFunction => {
  const hashes = [0, 32, 64, 96];
  const front = hashes.map((at) => differing('words', at, 'front'));
  const back = hashes.map((at) => differing('words', at + 16, 'back'));
  const whole = hashes.map((_, i) => add8(front[i]!, back[i]!));
  const distance = (lane: number) => lane32('distances', lane);
  const within = set('bits', bitmask32(le32('distances', 'limit')));
  return {
    parameters: ['words', 'count', 'query', 'max', 'out'],
    integers: ['id', 'bits', 'next'],
    vectors: ['front', 'back', 'limit', 'distances'],
    body: [
      set('front', loadV('query')),
      set('back', loadV('query', 16)),
      set('limit', splat32('max')),
      set('next', 'out'),
      when(
        ltS('max', NARROW_SIMD_DISTANCE + 1),
        scan(
          4,
          32,
          distance,
          set('distances', pairs16(sumHalves(front))),
          within,
          when('bits', set('distances', add32('distances', pairs16(sumHalves(back)))), within),
        ),
      ),
      // If the loop above ran, no hash is left for this one.
      scan(4, 32, distance, set('distances', pairs16(sumHalves(whole))), within),
      shrU(sub('next', 'out'), 3),
    ],
  };
};

export const scan64 = (): WasmFunction => ({
  parameters: ['words', 'count', 'query', 'max', 'out'],
  integers: ['id', 'bits', 'next'],
  vectors: ['pair', 'limit', 'distances'],
  body: [
    set('pair', loadSplat64('query')),
    set('limit', splat16('max')),
    set('next', 'out'),
    scan(
      8,
      8,
      (lane) => lane16('distances', lane),
      set('distances', sumHalves([0, 16, 32, 48].map((at) => differing('words', at, 'pair')))),
      set('bits', bitmask16(le16('distances', 'limit'))),
    ),
    shrU(sub('next', 'out'), 3),
  ],
});
