import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { attachKernels, simdRoom } from '../../../src/kernels/search/simd.js';

const MEBI = 2 ** 20;

/** A megabyte for each test to lay out, filled with noise. */
const { memory, kernels } = simdRoom(MEBI)!;
const bytes = new Uint8Array(memory.buffer);
const ints = new Int32Array(memory.buffer);
const next = random(1);

const popcount = (word: number): number => {
  let bits = 0;
  for (let rest = word >>> 0; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
};

/** Reads words at any address. */
const wordsAt = (address: number, count: number, of = memory) => {
  const view = new DataView(of.buffer);
  return Array.from({ length: count }, (_, i) => view.getUint32(address + 4 * i, true));
};

interface Span {
  start: number;
  stop: number;
  sketch: number;
  limit: number;
}

/** The two kernels that collect, each with how its sketches lie. */
const COLLECTORS = [
  { name: 'collect', size: 4, mask: 0xffffffff },
  { name: 'collect16', size: 2, mask: 0xffff },
] as const;
type Collector = (typeof COLLECTORS)[number];

const SPANS = 64;
const PLACES = 0x10000;
const SKETCHES = 0x40000;

const sketchAt = ({ size }: Collector, base: number, place: number) => {
  const view = new DataView(memory.buffer);
  const at = base + size * place;
  return size === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
};

/** The naive twin: one place after another. */
const placesOf = (collector: Collector, spans: readonly Span[], base: number) =>
  spans.flatMap(({ start, stop, sketch, limit }) =>
    Array.from({ length: stop - start }, (_, i) => start + i).filter(
      (place) => popcount((sketchAt(collector, base, place) ^ sketch) & collector.mask) <= limit,
    ),
  );

function writeSpans(spans: readonly Span[], at = SPANS): number {
  spans.forEach(({ start, stop, sketch, limit }, i) => {
    ints.set([start, stop, sketch, limit], at / 4 + 4 * i);
  });
  return at + 16 * spans.length;
}

/** Calls again until all is done. */
function collectAll({ name }: Collector, spans: readonly Span[], base: number, room: number) {
  const end = writeSpans(spans);
  const found: number[] = [];
  for (let calls = 0; calls < 20_000; calls++) {
    const after = PLACES + 4 * room;
    const guard = wordsAt(after, 4);
    const count = kernels[name](SPANS, end, base, PLACES, room);
    expect(count).toBeLessThanOrEqual(room);
    expect(wordsAt(after, 4)).toEqual(guard);
    found.push(...wordsAt(PLACES, count));
    if (count <= room - 16) return found;
  }
  throw new Error('never ends');
}

/** Sketches near `sketch` and far from it: each with some of its bits flipped. */
function fillSketches(collector: Collector, base: number, count: number, sketch: number): void {
  const view = new DataView(memory.buffer);
  const bits = 8 * collector.size;
  for (let place = 0; place < count; place++) {
    let value = sketch;
    for (let flips = next() % (bits + 1); flips > 0; flips--) value ^= 1 << (next() % bits);
    if (collector.size === 4) view.setUint32(base + 4 * place, value, true);
    else view.setUint16(base + 2 * place, value, true);
  }
}

describe.each(COLLECTORS)('$name', (collector) => {
  const bits = 8 * collector.size;

  test('gives the places within the limit of their span, span by span', () => {
    const view = new DataView(memory.buffer);
    const sketches = [0b0000, 0b0001, 0b0011, 0b0111, 0b1111];
    sketches.forEach((sketch, place) => {
      if (collector.size === 4) view.setUint32(SKETCHES + 4 * place, sketch, true);
      else view.setUint16(SKETCHES + 2 * place, sketch, true);
    });
    const spans = [
      { start: 3, stop: 5, sketch: 0b0111, limit: 0 },
      { start: 0, stop: 4, sketch: 0b0000, limit: 1 },
    ];
    expect(collectAll(collector, spans, SKETCHES, 64)).toEqual([3, 0, 1]);
  });

  test('every limit, every start and every length up to three blocks', () => {
    for (let limit = -1; limit <= bits + 1; limit++) {
      const sketch = next() | 0;
      fillSketches(collector, SKETCHES, 100, sketch);
      const spans = Array.from({ length: 50 }, (_, length) => {
        const start = next() % 40;
        return { start, stop: start + length, sketch, limit };
      });
      expect(collectAll(collector, spans, SKETCHES, 4096)).toEqual(
        placesOf(collector, spans, SKETCHES),
      );
    }
  });

  test.each([-32_768, 255, 32_767])('a limit of %i', (limit) => {
    const spans = [{ start: 5, stop: 42, sketch: 7, limit }];
    const found = collectAll(collector, spans, SKETCHES, 64);
    expect(found.length).toBe(limit < 0 ? 0 : 37);
  });

  test('sketches at every address', () => {
    const spans = [
      { start: 0, stop: 1, sketch: 99, limit: bits / 2 },
      { start: 1, stop: 38, sketch: 99, limit: bits / 2 },
    ];
    for (let base = SKETCHES; base < SKETCHES + 64; base++) {
      fillSketches(collector, base, 40, 99);
      const found = collectAll(collector, spans, base, 64);
      expect(found).toEqual(placesOf(collector, spans, base));
      expect(found.length).toBeGreaterThan(5);
    }
  });

  test('no spans, an empty span, empty spans between others', () => {
    fillSketches(collector, SKETCHES, 100, 0);
    const empty = { start: 7, stop: 7, sketch: 0, limit: bits };
    const one = { ...empty, stop: 8 };
    expect(collectAll(collector, [], SKETCHES, 16)).toEqual([]);
    expect(collectAll(collector, [empty], SKETCHES, 16)).toEqual([]);
    expect(collectAll(collector, [{ ...empty, start: 0, stop: 0 }], 0, 16)).toEqual([]);
    const mixed = [empty, one, empty, empty, { ...one, start: 50, stop: 53 }, empty];
    expect(collectAll(collector, mixed, SKETCHES, 64)).toEqual([7, 50, 51, 52]);
  });

  test('the query is the sketch alone: positions after a span are not reported', () => {
    for (let stop = 1; stop <= 33; stop++) {
      const span = { start: 0, stop, sketch: 0, limit: bits };
      expect(collectAll(collector, [span], SKETCHES, 64)).toEqual(
        Array.from({ length: stop }, (_, place) => place),
      );
    }
  });

  test('spans of 10,000 places, some found and all found', () => {
    fillSketches(collector, SKETCHES, 10_100, 1234);
    for (const limit of [2, bits / 2, bits]) {
      const spans = [
        { start: 3, stop: 10_003, sketch: 1234, limit },
        { start: 17, stop: 10_050, sketch: -1, limit: 1 },
      ];
      const wanted = placesOf(collector, spans, SKETCHES);
      expect(collectAll(collector, spans, SKETCHES, 12_000)).toEqual(wanted);
      expect(collectAll(collector, spans, SKETCHES, 777)).toEqual(wanted);
    }
  });

  test('stops when its room is full and resumes there, for every room', () => {
    fillSketches(collector, SKETCHES, 400, 5);
    const spans = [0, 1, 15, 16, 17, 31, 32, 33, 70, 0, 100].map((length, i) => {
      const start = 13 * i;
      return { start, stop: start + length, sketch: 5, limit: i & 1 ? bits : bits / 3 };
    });
    const wanted = placesOf(collector, spans, SKETCHES);
    expect(wanted.length).toBeGreaterThan(150);
    for (let room = 16; room <= wanted.length + 17; room++) {
      expect(collectAll(collector, spans, SKETCHES, room)).toEqual(wanted);
    }
  });

  test('leaves finished spans empty when it stops', () => {
    const spans = [10, 20, 30].map((start) => ({ start, stop: start + 9, sketch: 0, limit: bits }));
    const end = writeSpans(spans);
    // 9 places, then 18: more than 32 - 16.
    expect(kernels[collector.name](SPANS, end, SKETCHES, PLACES, 32)).toBe(18);
    const starts = [0, 1, 2].map((i) => ints[SPANS / 4 + 4 * i]);
    expect(starts).toEqual([19, 29, 30]);
  });

  test('any spans, sketches and room', () => {
    const span = fc
      .record({
        start: fc.nat(3000),
        length: fc.oneof(fc.nat(20), fc.nat(600)),
        sketch: fc.oneof(fc.integer(), fc.constant(42)),
        limit: fc.integer({ min: -2, max: bits + 2 }),
      })
      .map(({ start, length, ...rest }) => ({ start, stop: start + length, ...rest }));
    fillSketches(collector, SKETCHES, 4000, 42);
    fc.assert(
      fc.property(fc.array(span), fc.integer({ min: 16, max: 300 }), (spans, room) => {
        expect(collectAll(collector, spans, SKETCHES, room)).toEqual(
          placesOf(collector, spans, SKETCHES),
        );
      }),
    );
  });
});

/** The two kernels that scan. */
const SCANNERS = [
  { name: 'scan256', perHash: 8 },
  { name: 'scan64', perHash: 2 },
] as const;
type Scanner = (typeof SCANNERS)[number];

const QUERY = 64;
const OUT = 0x10000;
const HASHES = 0x40000;

/** Number and distance of each, one hash after another. */
function pairsOf({ perHash }: Scanner, words: number, count: number, query: number, max: number) {
  const wanted = wordsAt(query, perHash);
  return Array.from({ length: count }, (_, id) => {
    const hash = wordsAt(words + 4 * perHash * id, perHash);
    return [id, hash.reduce((sum, word, i) => sum + popcount(word ^ wanted[i]!), 0)] as const;
  }).filter(([, distance]) => distance <= max);
}

function scanned({ name }: Scanner, words: number, count: number, query: number, max: number) {
  const after = OUT + 8 * count;
  const guard = wordsAt(after, 4);
  const n = kernels[name](words, count, query, max, OUT);
  expect(wordsAt(after, 4)).toEqual(guard);
  const found = wordsAt(OUT, 2 * n);
  return Array.from({ length: n }, (_, i) => [found[2 * i]!, found[2 * i + 1]!] as const);
}

/** Hash i is the query with i bits flipped, cyclically, so every distance comes up. */
function plantDistances({ perHash }: Scanner, words: number, count: number, query: number): void {
  const size = 4 * perHash;
  const bits = 8 * size;
  for (let id = 0; id < count; id++) {
    const order = Array.from({ length: bits }, (_, bit) => bit);
    const at = words + size * id;
    bytes.copyWithin(at, query, query + size);
    for (let flips = id % (bits + 1); flips > 0; flips--) {
      const [bit] = order.splice(next() % order.length, 1);
      bytes[at + (bit! >> 3)]! ^= 1 << (bit! & 7);
    }
  }
}

describe.each(SCANNERS)('$name', (scanner) => {
  const bits = 32 * scanner.perHash;

  test('gives number and distance of the hashes within max, inclusive', () => {
    ints.fill(0, QUERY / 4, QUERY / 4 + 8);
    plantDistances(scanner, HASHES, 4, QUERY);
    expect(scanned(scanner, HASHES, 4, QUERY, 2)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  test('every max, every distance', () => {
    for (let i = 0; i < 8; i++) ints[QUERY / 4 + i] = next();
    plantDistances(scanner, HASHES, 2 * bits + 5, QUERY);
    const all = pairsOf(scanner, HASHES, 2 * bits + 5, QUERY, bits);
    expect(new Set(all.map(([, distance]) => distance)).size).toBe(bits + 1);
    for (let max = -1; max <= bits; max++) {
      expect(scanned(scanner, HASHES, 2 * bits + 5, QUERY, max)).toEqual(
        all.filter(([, distance]) => distance <= max),
      );
    }
  });

  test.each([...Array(18).keys(), 4095, 4096, 4097])('%i hashes', (count) => {
    plantDistances(scanner, HASHES, count + 8, QUERY);
    for (const max of [10, bits / 4, bits]) {
      expect(scanned(scanner, HASHES, count, QUERY, max)).toEqual(
        pairsOf(scanner, HASHES, count, QUERY, max),
      );
    }
  });

  test('equal hashes after the last are not reported', () => {
    for (let count = 0; count < 18; count++) {
      for (let id = 0; id < count + 16; id++) {
        bytes.copyWithin(HASHES + (bits / 8) * id, QUERY, QUERY + bits / 8);
      }
      expect(scanned(scanner, HASHES, count, QUERY, 31).length).toBe(count);
    }
  });

  test('hashes and query at every address', () => {
    for (let shift = 0; shift < 32; shift++) {
      for (let i = 0; i < 8; i++) ints[QUERY / 4 + i] = next();
      plantDistances(scanner, HASHES + shift, 30, QUERY + shift);
      expect(scanned(scanner, HASHES + shift, 30, QUERY + shift, 20)).toEqual(
        pairsOf(scanner, HASHES + shift, 30, QUERY + shift, 20),
      );
    }
  });

  test('any hashes', () => {
    const word = fc.oneof(fc.integer(), fc.constantFrom(0, -1));
    const hash = fc.array(word, { minLength: scanner.perHash, maxLength: scanner.perHash });
    fc.assert(
      fc.property(hash, fc.array(hash), fc.nat(bits), (query, hashes, max) => {
        ints.set(query, QUERY / 4);
        ints.set(hashes.flat(), HASHES / 4);
        expect(scanned(scanner, HASHES, hashes.length, QUERY, max)).toEqual(
          pairsOf(scanner, HASHES, hashes.length, QUERY, max),
        );
      }),
    );
  });
});

/** Both sorts of kernel on a few planted sketches and hashes, all of it from `base` on. */
function examine(room: NonNullable<ReturnType<typeof simdRoom>>, base: number): void {
  const view = new DataView(room.memory.buffer, base, 8192);
  const put = (at: number, words: readonly number[]) => {
    words.forEach((word, i) => {
      view.setInt32(at + 4 * i, word, true);
    });
  };
  const get = (at: number, count: number) =>
    Array.from({ length: count }, (_, i) => view.getInt32(at + 4 * i, true));
  const sketches = Array.from({ length: 40 }, (_, i) => ((i % 3 ? -1 : 1) << (i % 30)) | 0);
  put(0, [2, 21, 1, 3, 0, 20, 1, 2]);
  put(1024, sketches);
  const within = (start: number, stop: number, limit: number) =>
    sketches.flatMap((sketch, i) =>
      i >= start && i < stop && popcount(sketch ^ 1) <= limit ? [i] : [],
    );
  const wanted = [...within(2, 21, 3), ...within(0, 20, 2)];
  const { collect, scan256, scan64 } = room.kernels;
  // A room of 24 stops once 9 are found, which is in the second span.
  const found: number[] = [];
  const counts = [1, 2].map(() => {
    const count = collect(base, base + 32, base + 1024, base + 2048, 24);
    found.push(...get(2048, count));
    return count;
  });
  expect(counts[0]).toBeGreaterThan(8);
  expect(get(0, 2)).toEqual([21, 21]);
  expect(found).toEqual(wanted);

  const hashes = Array.from({ length: 7 }, (_, i) => [7, 7, 7, 7, 7, 7, 7, i === 5 ? 6 : ~i]);
  put(4096, hashes.flat());
  put(3072, hashes[5]!);
  expect(scan256(base + 4096, 7, base + 3072, 1, base + 2048)).toBe(1);
  expect(get(2048, 2)).toEqual([5, 0]);
  // Only the end of hash 5 has a last word near this one.
  put(3072, [7, 4]);
  expect(scan64(base + 4096, 28, base + 3072, 1, base + 2048)).toBe(1);
  expect(get(2048, 2)).toEqual([23, 1]);
}

describe('memory', () => {
  test('is zero, at least as long as requested, and never grows', () => {
    const room = simdRoom(100_000)!;
    expect(room.memory.buffer).toBeInstanceOf(ArrayBuffer);
    expect(room.memory.buffer.byteLength).toBe(131_072);
    expect(new Uint8Array(room.memory.buffer).every((byte) => byte === 0)).toBe(true);
    expect(() => (room.memory as WebAssembly.Memory).grow(1)).toThrow(RangeError);
    examine(room, 0);
  });

  test('is shared on request; a thread that receives it attaches the kernels', () => {
    const room = simdRoom(MEBI, { shared: true })!;
    expect(room.memory.buffer).toBeInstanceOf(SharedArrayBuffer);
    examine(room, 0);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(room.memory);
    const memory = receiveMessageOnPort(port2)!.message as WebAssembly.Memory;
    expect(memory).not.toBe(room.memory);
    examine({ memory, kernels: attachKernels(memory)! }, 65_536);
    expect(new Uint8Array(room.memory.buffer)[65_536 + 4096]).toBe(7);
  });

  /** Of zeros that nobody touches, such a memory costs nothing but addresses. */
  const most = simdRoom(2 ** 32);

  test.skipIf(!most).each([
    // The spans, the sketches, the places and the hashes lie on both sides of 2 GB.
    ...[16, 1104, 2048 + 16, 2048 + 40, 4096 + 64].map((before) => 2 ** 31 - before),
    3 * 2 ** 30,
    2 ** 32 - 8192,
  ])('addresses from %i on', (base) => {
    examine(most!, base);
  });

  test('of more than 65,536 pages is unavailable', () => {
    expect(simdRoom(2 ** 32 + 1)).toBeUndefined();
  });
});

describe('without the platform', () => {
  const { Module, Instance, Memory } = WebAssembly;

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  /** The file anew, since it keeps what it compiled. */
  const fresh = async () => {
    vi.resetModules();
    return import('../../../src/kernels/search/simd.js');
  };

  test('compiles each kind once, at most 4 KB', async () => {
    const compiled: Uint8Array<ArrayBuffer>[] = [];
    class Counted extends Module {
      constructor(bytes: Uint8Array<ArrayBuffer>) {
        super(bytes);
        compiled.push(bytes);
      }
    }
    vi.stubGlobal('WebAssembly', { Module: Counted, Instance, Memory });
    const { simdRoom } = await fresh();
    expect(compiled.length).toBe(0);
    for (const shared of [false, true, false, true]) examine(simdRoom(8192, { shared })!, 0);
    expect(compiled.length).toBe(2);
    for (const { length } of compiled) expect(length).toBeLessThanOrEqual(4096);
  });

  test('no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    const { simdRoom, attachKernels } = await fresh();
    expect(simdRoom(8192)).toBeUndefined();
    expect(attachKernels(memory)).toBeUndefined();
  });

  test('a policy against it, or no SIMD: tried once, and no memory is made', async () => {
    const refuse = vi.fn(function (this: unknown) {
      throw new WebAssembly.CompileError('refused');
    });
    const allocate = vi.fn(Memory);
    const { CompileError } = WebAssembly;
    vi.stubGlobal('WebAssembly', { Module: refuse, Instance, Memory: allocate, CompileError });
    const { simdRoom, attachKernels } = await fresh();
    expect(simdRoom(8192)).toBeUndefined();
    expect(simdRoom(8192)).toBeUndefined();
    expect(attachKernels(memory)).toBeUndefined();
    expect(refuse).toHaveBeenCalledTimes(1);
    expect(allocate).not.toHaveBeenCalled();
  });

  test('no memory, until there is some', async () => {
    const allocate = vi.fn(function (this: unknown, limits: WebAssembly.MemoryDescriptor) {
      if (allocate.mock.calls.length === 1) throw new RangeError('could not allocate memory');
      return new Memory(limits);
    });
    vi.stubGlobal('WebAssembly', { Module, Instance, Memory: allocate });
    const { simdRoom } = await fresh();
    expect(simdRoom(8192)).toBeUndefined();
    examine(simdRoom(8192)!, 0);
  });

  test('no memory for kernels', async () => {
    const attach = vi.fn(function (this: unknown) {
      throw new RangeError('could not allocate memory');
    });
    vi.stubGlobal('WebAssembly', { Module, Instance: attach, Memory });
    const { simdRoom, attachKernels } = await fresh();
    expect(simdRoom(8192)).toBeUndefined();
    expect(attachKernels(memory)).toBeUndefined();
    expect(attach).toHaveBeenCalledTimes(2);
  });

  test('the other byte order', async () => {
    const { simdRoom, attachKernels } = await fresh();
    vi.stubGlobal('Uint16Array', { of: (word: number) => Uint8Array.of(word >> 8, word) });
    expect(simdRoom(8192)).toBeUndefined();
    expect(attachKernels(memory)).toBeUndefined();
  });
});
