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

import type { Code, Value, WasmFunction } from '../simd/assembler.js';
import { during, giveBack, move, select, set, upTo, when } from '../simd/wasm/control.js';
import * as i8x16 from '../simd/wasm/i8x16.js';
import * as i16x8 from '../simd/wasm/i16x8.js';
import {
  add,
  and,
  ctz,
  load,
  load8U,
  load16U,
  ltS,
  ltU,
  shl,
  shrU,
  store,
  sub,
  xor,
} from '../simd/wasm/i32.js';
import * as i32x4 from '../simd/wasm/i32x4.js';
import * as v128 from '../simd/wasm/v128.js';

/** The number of bits in which each byte at an address differs from that of a vector. */
const differing = (address: string, offset: number, vector: string) =>
  i8x16.popcnt(v128.xor(v128.load(address, offset), vector));

/** The sums of neighbouring 16-bit lanes of two vectors, all under 256. */
const halve = (a: Value, b: Value) => i16x8.extaddPairwise(i8x16.narrow(a, b));

/** The sum of the bytes of each half of four vectors, in eight lanes. */
const sumHalves = ([a, b, c, d]: readonly Value[]) =>
  halve(
    halve(i16x8.extaddPairwise(a!), i16x8.extaddPairwise(b!)),
    halve(i16x8.extaddPairwise(c!), i16x8.extaddPairwise(d!)),
  );

/** Runs `body` for each item from `first` to `end`, `stride` bytes apart. */
const each = (first: string, end: string, stride: number, body: Code): Code => [
  set('item', first),
  upTo('item', end, stride, body),
];

const touch = (address: Value, offset = 0) => set('read', add('read', load8U(address, offset)));

/** See `SimdKernels`. */
export function gather(): WasmFunction {
  const start = add('offsets', shl('cell', 2));
  return {
    parameters: ['rings', 'end', 'masks', 'spans', 'offsets', 'last'],
    body: [
      set('next', 'spans'),
      each('rings', 'end', 20, [
        set('stop', add('masks', shl(load('item'), 1))),
        upTo('masks', 'stop', 2, [
          set('cell', add(load('item', 4), xor(load('item', 8), load16U('masks')))),
          touch(start),
          store('next', 'cell'),
          store('next', load('item', 12), 8),
          store('next', load('item', 16), 12),
          move(16, 'next'),
        ]),
      ]),
      // Unless their result is stored, an engine may drop the loads.
      store('rings', 'read'),
      set('filled', 'next'),
      set('next', 'spans'),
      each('spans', 'filled', 16, [
        set('cell', load('item')),
        // Each span is written, but kept only if it is not empty. That takes no branch.
        store('next', load(start)),
        set('stop', load(start, 4)),
        store('next', 'stop', 4),
        store('next', load('item', 8), 8),
        store('next', load('item', 12), 12),
        set('kept', and(ltU(load('next'), 'stop'), ltU('stop', add('last', 1)))),
        move(and(sub(0, 'kept'), sub('stop', load('next'))), 'places'),
        move(shl('kept', 4), 'next'),
      ]),
      store('rings', 'places'),
    ],
    result: shrU(sub('next', 'spans'), 2),
  };
}

/** See `SimdKernels`. */
export function positions(): WasmFunction {
  const isOdd = and('bytes', 1);
  // Times 3 or 4.
  const place = add(add('positions', shl('at', shrU('bytes', 1))), and('at', sub(0, isOdd)));
  // The first hash stands in for one that does not exist.
  const hash = and(load('item'), sub(0, ltU(load('item'), 'count')));
  return {
    parameters: ['places', 'end', 'positions', 'bytes', 'count', 'words'],
    body: [
      each('places', 'end', 4, [
        set('at', load('item')),
        // A position is the lowest three of the four bytes there, or all.
        store('item', and(load(place), shrU(-1, shl(isOdd, 3)))),
      ]),
      each('places', 'end', 4, touch(add('words', shl(hash, 5)))),
    ],
    result: 'read',
  };
}

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
    body: [
      // First all lines are touched: both ends of the first block, then the end of the second, then
      // the rest. Blocks reach beyond their span: touched to its end only, comparing took twice as
      // long.
      each('spans', 'end', 16, [
        set('at', addressOf(load('item'))),
        touch('at'),
        touch('at', block - 1),
        set('last', addressOf(load('item', 4))),
        touch(add('at', shl(ltU(block, sub('last', 'at')), log2 + 4)), block - 1),
        when(ltU(2 * block, sub('last', 'at')), [
          move(2 * block - 1, 'at'),
          move(block - 1, 'last'),
          set('last', select(ltU(sub('last', 'at'), TOUCHED), 'last', add('at', TOUCHED))),
          during(ltU('at', 'last'), [move(64, 'at'), touch('at')]),
        ]),
      ]),
      // Unless their result is stored, an engine may drop the loads.
      store('places', 'read'),

      set('next', 'places'),
      set('full', add('places', shl(sub('room', BLOCK), 2))),
      set('span', 'spans'),
      set('place', start),
      during(ltU('span', 'end'), [
        set('at', addressOf('place')),
        set('sketch', splat),
        set('limit', v128.load16Splat('span', 12)),
        set('left', sub(stop, 'place')),
        set('bits', within),
        when('bits', [
          when(ltS('left', BLOCK), set('bits', and('bits', sub(shl(1, 'left'), 1)))),
          during('bits', [
            store('next', add('place', ctz('bits'))),
            move(4, 'next'),
            set('bits', and('bits', sub('bits', 1))),
          ]),
          when(ltU('full', 'next'), [
            store('span', select(ltS(BLOCK, 'left'), add('place', BLOCK), stop)),
            during(ltU('spans', 'span'), [move(-16, 'span'), store('span', stop)]),
            giveBack(count),
          ]),
        ]),
        // On to the next span without a branch, which would often be mispredicted.
        set('left', ltS('left', BLOCK + 1)),
        move(shl('left', 4), 'span'),
        set('place', select('left', start, add('place', BLOCK))),
      ]),
    ],
    result: count,
  };
}

export const collect32 = () => {
  const counts = [0, 16, 32, 48].map((at) => i16x8.extaddPairwise(differing('at', at, 'sketch')));
  const low = i16x8.leS(halve(counts[0]!, counts[1]!), 'limit');
  const high = i16x8.leS(halve(counts[2]!, counts[3]!), 'limit');
  return collect(2, v128.load32Splat('span', 8), i8x16.bitmask(i8x16.narrow(low, high)));
};

export const collect16 = () => {
  const [low, high] = [0, 16].map((at) =>
    i16x8.leS(i16x8.extaddPairwise(differing('at', at, 'sketch')), 'limit'),
  );
  return collect(1, v128.load16Splat('span', 8), i8x16.bitmask(i8x16.narrow(low!, high!)));
};

/**
 * A loop over hashes of `bytes` bytes, `lanes` at a time. The last ones may be beyond `count`.
 * @param distance returns that of one lane
 * @param within sets bit n of `bits` if the hash of lane n is within `max`
 */
const scan = (lanes: number, bytes: number, distance: (lane: number) => Code, within: Code) =>
  upTo('id', 'count', lanes, [
    within,
    when(
      'bits',
      // Each pair is written, but kept only if its bit is set. That takes no unforeseeable branch.
      Array.from({ length: lanes }, (_, lane) =>
        when(ltU(add('id', lane), 'count'), [
          store('next', add('id', lane)),
          store('next', distance(lane), 4),
          move(shl(and(shrU('bits', lane), 1), 3), 'next'),
        ]),
      ),
    ),
    move(lanes * bytes, 'words'),
  ]);

/**
 * Up to this `max`, the first 128 bits of a hash are counted alone at first. Those of an unrelated
 * hash differ in 64 ± 6 places, so the rest is rarely needed. At 31 that takes 1.0 ns a hash, and
 * the full count 1.7. From 54 on the full count is faster (V8 11.3, x64).
 */
export const NARROW_SIMD_DISTANCE = 50;

export function scan256(): WasmFunction {
  const hashes = [0, 32, 64, 96];
  const front = hashes.map((at) => differing('words', at, 'front'));
  const back = hashes.map((at) => differing('words', at + 16, 'back'));
  const whole = hashes.map((_, i) => i8x16.add(front[i]!, back[i]!));
  const sumOf = (bits: readonly Code[]) => i32x4.extaddPairwise(sumHalves(bits));
  const distance = (lane: number) => i32x4.extractLane('distances', lane);
  const within = set('bits', i32x4.bitmask(i32x4.leS('distances', 'limit')));
  return {
    parameters: ['words', 'count', 'query', 'max', 'out'],
    body: [
      set('front', v128.load('query')),
      set('back', v128.load('query', 16)),
      set('limit', i32x4.splat('max')),
      set('next', 'out'),
      when(
        ltS('max', NARROW_SIMD_DISTANCE + 1),
        scan(4, 32, distance, [
          set('distances', sumOf(front)),
          within,
          when('bits', [set('distances', i32x4.add('distances', sumOf(back))), within]),
        ]),
      ),
      // If the loop above ran, no hash is left for this one.
      scan(4, 32, distance, [set('distances', sumOf(whole)), within]),
    ],
    result: shrU(sub('next', 'out'), 3),
  };
}

export function scan64(): WasmFunction {
  const bits = [0, 16, 32, 48].map((at) => differing('words', at, 'pair'));
  return {
    parameters: ['words', 'count', 'query', 'max', 'out'],
    body: [
      set('pair', v128.load64Splat('query')),
      set('limit', i16x8.splat('max')),
      set('next', 'out'),
      scan(8, 8, (lane) => i16x8.extractLaneU('distances', lane), [
        set('distances', sumHalves(bits)),
        set('bits', i16x8.bitmask(i16x8.leS('distances', 'limit'))),
      ]),
    ],
    result: shrU(sub('next', 'out'), 3),
  };
}
