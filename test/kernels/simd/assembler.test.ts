import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { assemble, type Code, type Value } from '../../../src/kernels/simd/assembler.js';
import {
  countDown,
  during,
  giveBack,
  move,
  select,
  set,
  upTo,
  when,
} from '../../../src/kernels/simd/wasm/control.js';
import * as f32x4 from '../../../src/kernels/simd/wasm/f32x4.js';
import * as f64x2 from '../../../src/kernels/simd/wasm/f64x2.js';
import * as i8x16 from '../../../src/kernels/simd/wasm/i8x16.js';
import * as i16x8 from '../../../src/kernels/simd/wasm/i16x8.js';
import * as i32 from '../../../src/kernels/simd/wasm/i32.js';
import * as i32x4 from '../../../src/kernels/simd/wasm/i32x4.js';
import * as v128 from '../../../src/kernels/simd/wasm/v128.js';

const { add, ltS, ltU, mul, shl, store, sub } = i32;

type Main = (a: number, b: number) => number;

/** A function of `a` and `b` that gives back what the last of some code leaves. */
function compiled(code: Code[], memory = new WebAssembly.Memory({ initial: 1 })): Main {
  const [body, result] = [code.slice(0, -1), code.at(-1)!];
  const module = new WebAssembly.Module(
    assemble({ main: () => ({ parameters: ['a', 'b'], body, result }) }, false),
  );
  const { exports } = new WebAssembly.Instance(module, { js: { memory } });
  return (exports as { main: Main }).main;
}

const run = (body: Code[], a = 0, b = 0, memory?: WebAssembly.Memory) =>
  compiled(body, memory)(a, b);

const give = (value: Value) => run([giveBack(value), add(0, 0)]);

test('code reads as expressions: the sum of the numbers below a', () => {
  const body = [
    during(ltS('i', 'a'), [set('sum', add('sum', 'i')), set('i', add('i', 1))]),
    add('sum', 0),
  ];
  expect(run(body, 10)).toBe(45);
  expect(run(body, 0)).toBe(0);
});

test('loops over addresses and counts, of which none is run without need', () => {
  const sum = set('sum', add('sum', 'i'));
  const upwards = [set('i', 'a'), upTo('i', 'b', 3, sum), shl('sum', 0)];
  expect(run(upwards, 5, 12)).toBe(5 + 8 + 11);
  expect(run(upwards, 12, 12)).toBe(0);
  const downwards = [set('i', 'a'), countDown('i', 4, sum), sub('sum', 'i')];
  expect(run(downwards, 9)).toBe(9 + 5 + 1 + 3);
  expect(run(downwards, -2)).toBe(2);
});

test('moves several locals, parameters too', () => {
  expect(run([set('i', 7), move('b', 'a', 'i'), mul('a', 'i')], 2, 3)).toBe(5 * 10);
});

test('a local has the type of what is set, and is zero before', () => {
  expect(run([set('sum', add('sum', 5)), add('sum', 0)])).toBe(5);
  const sums = set('v', i32x4.add('v', i32x4.splat('a')));
  expect(run([sums, sums, i32x4.extractLane('v', 3)], 21)).toBe(42);
  expect(() => run([sums, set('i', 'v'), add('i', 0)])).toThrow(WebAssembly.CompileError);
});

test('a function gives back 0 unless it has a result', () => {
  const bytes = assemble({ none: () => ({ parameters: ['a'], body: [set('a', 5)] }) }, false);
  const js = { memory: new WebAssembly.Memory({ initial: 1 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { js });
  expect((exports as { none: (a: number) => number }).none(7)).toBe(0);
});

test('numbers of every length, of both signs', () => {
  for (let bit = 0; bit < 32; bit++) {
    for (const near of [-1, 0, 1]) {
      const value = ((1 << bit) + near) | 0;
      expect(give(value)).toBe(value);
      expect(give(-value | 0)).toBe(-value | 0);
    }
  }
});

test('operands keep their order; comparisons are signed', () => {
  expect(give(sub(7, 2))).toBe(5);
  expect(give(ltS(-1, 1))).toBe(1);
  expect(give(ltU(-1, 1))).toBe(0);
  expect(give(select(1, 20, 30))).toBe(20);
  expect(give(select(0, 20, 30))).toBe(30);
  expect(run([when('a', giveBack(5)), sub('b', 1)], 1, 9)).toBe(5);
  expect(run([when('a', giveBack(5)), sub('b', 1)], 0, 9)).toBe(8);
});

test('an address has a constant part of any length', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  for (const offset of [0, 60, 64, 200, 20_000]) {
    run([store('a', 'b', offset), add(0, 0)], 4, 77 + offset, memory);
    expect(new Int32Array(memory.buffer)[1 + offset / 4]).toBe(77 + offset);
  }
});

test('an unknown local makes the module invalid', () => {
  expect(() => run([add('a', 'c')])).toThrow(WebAssembly.CompileError);
  expect(run([add('a', 'b')], 1, 2)).toBe(3);
});

const MOST = 2 ** 31 - 1;
const LEAST = -(2 ** 31);

/** Numbers of both signs, at the limits and between. */
const WORDS = [
  0,
  1,
  -1,
  2,
  7,
  -8,
  255,
  256,
  -300,
  65_535,
  65_536,
  -65_537,
  MOST,
  LEAST,
  0x12345678,
];

describe('i32', () => {
  const TABLE: readonly (readonly [
    name: string,
    instruction: (a: Value, b: Value) => Code,
    expected: (a: number, b: number) => number,
  ])[] = [
    ['add', i32.add, (a, b) => (a + b) | 0],
    ['sub', i32.sub, (a, b) => (a - b) | 0],
    ['mul', i32.mul, (a, b) => Number(BigInt.asIntN(32, BigInt(a) * BigInt(b)))],
    // Unsigned.
    ['remU', i32.remU, (a, b) => ((a >>> 0) % (b >>> 0)) | 0],
    ['and', i32.and, (a, b) => a & b],
    ['shl', i32.shl, (a, b) => a << b],
    ['shrU', i32.shrU, (a, b) => (a >>> b) | 0],
    ['ltS', i32.ltS, (a, b) => +(a < b)],
    ['ltU', i32.ltU, (a, b) => +(a >>> 0 < b >>> 0)],
  ];

  test.each(TABLE)('%s', (_, instruction, expected) => {
    const main = compiled([instruction('a', 'b')]);
    for (const a of WORDS) {
      for (const b of WORDS) {
        if (b === 0 && instruction === i32.remU) continue;
        expect([a, b, main(a, b)]).toEqual([a, b, expected(a, b)]);
      }
    }
  });

  test('ctz', () => {
    const main = compiled([i32.ctz('a')]);
    for (let bit = 0; bit < 32; bit++) expect(main(0xabcdef01 << bit, 0)).toBe(bit);
    expect(main(0, 0)).toBe(32);
  });
});

describe('bytes and halves of memory', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);

  test('are read unsigned', () => {
    view.setUint32(100, 0xfedcba98, true);
    expect(run([i32.load8U('a', 3)], 100, 0, memory)).toBe(0xfe);
    expect(run([i32.load16U('a', 2)], 100, 0, memory)).toBe(0xfedc);
    expect(run([i32.load16U('a', 1)], 100, 0, memory)).toBe(0xdcba);
    expect(run([i32.load('a')], 100, 0, memory)).toBe(0xfedcba98 | 0);
  });

  test('are written alone', () => {
    for (const [instruction, size] of [
      [i32.store8, 1],
      [i32.store16, 2],
      [i32.store, 4],
    ] as const) {
      new Uint8Array(memory.buffer).fill(0xaa, 196, 216);
      run([instruction('a', 'b', 4), add(0, 0)], 200, 0x12345678, memory);
      const bytes = [...new Uint8Array(memory.buffer, 203, 6)];
      expect(bytes).toEqual([
        0xaa,
        ...[0x78, 0x56, 0x34, 0x12].slice(0, size),
        ...Array(5 - size).fill(0xaa),
      ]);
    }
  });
});

const LANES = {
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
};
type Lanes = keyof typeof LANES;

const A = 160;
const B = 320;
const OUT = 480;

/**
 * An instruction of two vectors, from `A` and `B` of a memory to `OUT`. Nothing beside it may be
 * written.
 */
function vectorFunction(make: (a: Value, b: Value) => Code) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer);
  const body = [v128.store(OUT, make(v128.load(A), v128.load(B))), add(0, 0)];
  const main = compiled(body, memory);
  return (a: Uint8Array, b: Uint8Array): Uint8Array => {
    bytes.set(a, A);
    bytes.set(b, B);
    main(0, 0);
    for (const at of [OUT - 1, OUT + 16]) expect(bytes[at]).toBe(0);
    return bytes.slice(OUT, OUT + 16);
  };
}

/** A vector that an instruction makes of none. */
const vectorOf = (value: Code) =>
  vectorFunction(() => value)(new Uint8Array(16), new Uint8Array(16));

const lanesOf = (kind: Lanes, { buffer, byteOffset }: Uint8Array): number[] =>
  Array.from(
    new LANES[kind](buffer as ArrayBuffer, byteOffset, 16 / LANES[kind].BYTES_PER_ELEMENT),
  );

const bytesOf = (kind: Lanes, numbers: readonly number[]): Uint8Array =>
  new Uint8Array(LANES[kind].from(numbers).buffer as ArrayBuffer);

/** Seeded vectors, some lanes at the limits of their width. */
function operands(kind: Lanes): Uint8Array[] {
  const next = random(7);
  const { BYTES_PER_ELEMENT } = LANES[kind];
  const length = 16 / BYTES_PER_ELEMENT;
  const isFloat = kind.startsWith('Float');
  const limits = [
    0,
    1,
    -1,
    2 ** (8 * BYTES_PER_ELEMENT - 1) - 1,
    -(2 ** (8 * BYTES_PER_ELEMENT - 1)),
  ];
  const floats = [0, 1, -1, 0.1, 2.5, -3.75, 1e-30, 1e6, -123456.78, 16_777_217];
  const value = () => {
    if (isFloat) return next() % 2 ? floats[next() % floats.length]! : (next() - 2 ** 31) / 65_537;
    return next() % 3 === 0 ? limits[next() % limits.length]! : next() | 0;
  };
  return Array.from({ length: 60 }, () => bytesOf(kind, Array.from({ length }, value)));
}

type Row = readonly [
  name: string,
  make: (a: Value, b: Value) => Code,
  from: Lanes,
  to: Lanes,
  expected: (a: readonly number[], b: readonly number[]) => readonly number[],
];

/** An instruction of two vectors, lane by lane. */
const each = (
  name: string,
  instruction: (a: Value, b: Value) => Code,
  kind: Lanes,
  of: (a: number, b: number) => number,
  to: Lanes = kind,
): Row => [name, instruction, kind, to, (a, b) => a.map((lane, i) => of(lane, b[i]!))];

/** An instruction of one vector. */
const one = (
  name: string,
  instruction: (a: Value) => Code,
  from: Lanes,
  to: Lanes,
  of: (a: readonly number[]) => readonly number[],
): Row => [name, instruction, from, to, of];

const ones = (is: boolean) => (is ? -1 : 0);
const clamp = (value: number, least: number, most: number) =>
  Math.max(least, Math.min(value, most));
const pairs = (a: readonly number[]) =>
  Array.from({ length: a.length / 2 }, (_, i) => a[2 * i]! + a[2 * i + 1]!);
const saturated = (value: number) => clamp(Math.trunc(value), LEAST, MOST);

const VECTORS: readonly Row[] = [
  each('v128.and', v128.and, 'Int32Array', (a, b) => a & b),
  each('v128.or', v128.or, 'Int32Array', (a, b) => a | b),
  each('v128.xor', v128.xor, 'Int32Array', (a, b) => a ^ b),
  each('i8x16.add', i8x16.add, 'Int8Array', (a, b) => a + b),
  each('i8x16.subSatU', i8x16.subSatU, 'Uint8Array', (a, b) => Math.max(0, a - b)),
  each('i16x8.add', i16x8.add, 'Int16Array', (a, b) => a + b),
  each('i16x8.sub', i16x8.sub, 'Int16Array', (a, b) => a - b),
  each('i32x4.add', i32x4.add, 'Int32Array', (a, b) => a + b),
  each('i32x4.sub', i32x4.sub, 'Int32Array', (a, b) => a - b),
  each('i16x8.leS', i16x8.leS, 'Int16Array', (a, b) => ones(a <= b)),
  each('i32x4.leS', i32x4.leS, 'Int32Array', (a, b) => ones(a <= b)),
  each('i16x8.gtS', i16x8.gtS, 'Int16Array', (a, b) => ones(a > b)),
  each('i32x4.gtS', i32x4.gtS, 'Int32Array', (a, b) => ones(a > b)),
  each('i8x16.gtU', i8x16.gtU, 'Uint8Array', (a, b) => ones(a > b)),
  each('f32x4.add', f32x4.add, 'Float32Array', (a, b) => a + b),
  each('f32x4.sub', f32x4.sub, 'Float32Array', (a, b) => a - b),
  each('f32x4.mul', f32x4.mul, 'Float32Array', (a, b) => a * b),
  each('f64x2.add', f64x2.add, 'Float64Array', (a, b) => a + b),
  each('f64x2.sub', f64x2.sub, 'Float64Array', (a, b) => a - b),
  each('f64x2.mul', f64x2.mul, 'Float64Array', (a, b) => a * b),
  each('f64x2.min', f64x2.min, 'Float64Array', Math.min),
  each('f64x2.max', f64x2.max, 'Float64Array', Math.max),
  one('i32x4.abs', i32x4.abs, 'Int32Array', 'Uint32Array', (a) => a.map(Math.abs)),
  one('i8x16.popcnt', i8x16.popcnt, 'Uint8Array', 'Uint8Array', (a) =>
    a.map((byte) => byte.toString(2).replaceAll('0', '').length),
  ),
  one('i16x8.extaddPairwise', i16x8.extaddPairwise, 'Uint8Array', 'Uint16Array', pairs),
  one('i32x4.extaddPairwise', i32x4.extaddPairwise, 'Uint16Array', 'Uint32Array', pairs),
  one('f64x2.promote', f64x2.promote, 'Float32Array', 'Float64Array', (a) => a.slice(0, 2)),
  one('f32x4.demote', f32x4.demote, 'Float64Array', 'Float32Array', (a) => [...a, 0, 0]),
  one('f64x2.convert', f64x2.convert, 'Int32Array', 'Float64Array', (a) => a.slice(0, 2)),
  one('f32x4.convert', f32x4.convert, 'Int32Array', 'Float32Array', (a) => a),
  one('i32x4.truncSatF32', i32x4.truncSatF32, 'Float32Array', 'Int32Array', (a) =>
    a.map(saturated),
  ),
  one('i32x4.truncSatF64', i32x4.truncSatF64, 'Float64Array', 'Int32Array', (a) => [
    ...a.map(saturated),
    0,
    0,
  ]),
  [
    'i32x4.dot',
    i32x4.dot,
    'Int16Array',
    'Int32Array',
    (a, b) => pairs(a.map((lane, i) => lane * b[i]!)),
  ],
  [
    'i8x16.narrow',
    i8x16.narrow,
    'Int16Array',
    'Int8Array',
    (a, b) => [...a, ...b].map((lane) => clamp(lane, -128, 127)),
  ],
  [
    'i16x8.narrow',
    i16x8.narrow,
    'Int32Array',
    'Int16Array',
    (a, b) => [...a, ...b].map((lane) => clamp(lane, -32_768, 32_767)),
  ],
  ...[0, 1, 5, 8, 15].flatMap((bits): Row[] => [
    [
      `i16x8.shl by ${bits}`,
      (a) => i16x8.shl(a, bits),
      'Int16Array',
      'Int16Array',
      (a) => a.map((lane) => lane << bits),
    ],
  ]),
  ...[0, 1, 8, 16, 31].flatMap((bits): Row[] => [
    [
      `i32x4.shrU by ${bits}`,
      (a) => i32x4.shrU(a, bits),
      'Uint32Array',
      'Uint32Array',
      (a) => a.map((lane) => lane >>> bits),
    ],
  ]),
  [
    'i8x16.shuffle',
    (a, b) => i8x16.shuffle(a, b, 31, 0, 16, 15, 1, 1, 30, 2, 17, 3, 4, 5, 29, 6, 18, 7),
    'Uint8Array',
    'Uint8Array',
    (a, b) => [31, 0, 16, 15, 1, 1, 30, 2, 17, 3, 4, 5, 29, 6, 18, 7].map((i) => [...a, ...b][i]!),
  ],
  [
    'i32x4.shuffle',
    (a, b) => i32x4.shuffle(a, b, 7, 0, 4, 3),
    'Int32Array',
    'Int32Array',
    (a, b) => [b[3]!, a[0]!, b[0]!, a[3]!],
  ],
];

describe('vectors', () => {
  test.each(VECTORS)('%s', (_, make, from, to, expected) => {
    const all = operands(from);
    const instruction = vectorFunction(make);
    const bytes = all.map((a, i) => instruction(a, all[(i + 1) % all.length]!));
    const wanted = all.map((a, i) =>
      bytesOf(to, expected(lanesOf(from, a), lanesOf(from, all[(i + 1) % all.length]!))),
    );
    expect(bytes.map((each) => lanesOf(to, each))).toEqual(wanted.map((each) => lanesOf(to, each)));
  });

  test('upper moves the upper half of a local down', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const halves = new BigInt64Array(memory.buffer);
    halves.set([5n, -6n]);
    const body = [set('v', v128.load(0)), v128.store(32, f64x2.upper('v')), add(0, 0)];
    run(body, 0, 0, memory);
    expect([...halves.subarray(4, 6)]).toEqual([-6n, -6n]);
  });

  test('numbers in all lanes', () => {
    for (const value of [0, 1, -1, 77, 1000, -70_000]) {
      const made = [i8x16.splat, i16x8.splat, i32x4.splat].map((splat) => vectorOf(splat(value)));
      expect(lanesOf('Int8Array', made[0]!)).toEqual(Array(16).fill((value << 24) >> 24));
      expect(lanesOf('Int16Array', made[1]!)).toEqual(Array(8).fill((value << 16) >> 16));
      expect(lanesOf('Int32Array', made[2]!)).toEqual(Array(4).fill(value));
    }
    for (const value of [0, 1, -1, 0.1, 0.00025, 65_536, 1e300, -1e-300]) {
      expect(lanesOf('Float64Array', vectorOf(f64x2.splat(value)))).toEqual([value, value]);
      const single = Math.fround(value);
      expect(lanesOf('Float32Array', vectorOf(f32x4.splat(value)))).toEqual(Array(4).fill(single));
    }
  });

  test('lanes and top bits as numbers', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const numberOf = (make: (v: Value) => Code) => compiled([make(v128.load(A))], memory);
    const halfAt = [0, 3, 7].map((lane) => ({
      lane,
      main: numberOf((v) => i16x8.extractLaneU(v, lane)),
    }));
    const wordAt = [0, 1, 3].map((lane) => ({
      lane,
      main: numberOf((v) => i32x4.extractLane(v, lane)),
    }));
    const masks = [i8x16.bitmask, i16x8.bitmask, i32x4.bitmask].map(numberOf);
    for (const bytes of operands('Int32Array')) {
      new Uint8Array(memory.buffer).set(bytes, A);
      const topBits = (kind: Lanes) =>
        lanesOf(kind, bytes).reduce((sum, lane, i) => sum + (lane < 0 ? 2 ** i : 0), 0);
      const [halves, words] = [lanesOf('Uint16Array', bytes), lanesOf('Int32Array', bytes)];
      for (const { lane, main } of halfAt) expect(main(0, 0)).toBe(halves[lane]);
      for (const { lane, main } of wordAt) expect(main(0, 0)).toBe(words[lane]);
      const kinds = ['Int8Array', 'Int16Array', 'Int32Array'] as const;
      expect(masks.map((main) => main(0, 0))).toEqual(kinds.map(topBits));
    }
  });
});

describe('vectors from memory and to it', () => {
  const source = Uint8Array.from({ length: 16 }, (_, i) => 0xf1 - 7 * i);
  const old = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  const LOADS: readonly (readonly [
    string,
    (at: Value, offset: number) => Code,
    readonly number[],
  ])[] = [
    ['v128.load', v128.load, [...source]],
    ['v128.load8x8U', v128.load8x8U, [...source.subarray(0, 8)].flatMap((byte) => [byte, 0])],
    [
      'v128.load16Splat',
      v128.load16Splat,
      Array(8)
        .fill([...source.subarray(0, 2)])
        .flat(),
    ],
    [
      'v128.load32Splat',
      v128.load32Splat,
      Array(4)
        .fill([...source.subarray(0, 4)])
        .flat(),
    ],
    [
      'v128.load64Splat',
      v128.load64Splat,
      Array(2)
        .fill([...source.subarray(0, 8)])
        .flat(),
    ],
    ['v128.load32Zero', v128.load32Zero, [...source.subarray(0, 4), ...Array(12).fill(0)]],
    ['v128.load64Zero', v128.load64Zero, [...source.subarray(0, 8), ...Array(8).fill(0)]],
  ];

  test.each(LOADS)('%s, at any offset', (_, load, expected) => {
    for (const offset of [0, 1, 63, 64, 130]) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A + offset);
      run([v128.store(OUT, load('a', offset)), add(0, 0)], A, 0, memory);
      expect([...bytes.subarray(OUT, OUT + 16)]).toEqual(expected);
    }
  });

  test.each([
    ['v128.load32Lane', v128.load32Lane, 4],
    ['v128.load64Lane', v128.load64Lane, 8],
  ] as const)('%s leaves other lanes', (_, load, width) => {
    for (let lane = 0; lane < 16 / width; lane++) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A + 3);
      bytes.set(old, B);
      run([v128.store(OUT, load('a', v128.load(B), lane, 3)), add(0, 0)], A, 0, memory);
      const expected = [...old];
      expected.splice(lane * width, width, ...source.subarray(0, width));
      expect([...bytes.subarray(OUT, OUT + 16)]).toEqual(expected);
    }
  });

  test.each([
    ['v128.store8Lane', v128.store8Lane, 1],
    ['v128.store32Lane', v128.store32Lane, 4],
    ['v128.store64Lane', v128.store64Lane, 8],
  ] as const)('%s writes no more than its lane', (_, storeLane, width) => {
    for (let lane = 0; lane < 16 / width; lane++) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A);
      run([storeLane('a', v128.load(A), lane, 5), add(0, 0)], OUT, 0, memory);
      const expected = Array(20).fill(0);
      expected.splice(5, width, ...source.subarray(lane * width, (lane + 1) * width));
      expect([...bytes.subarray(OUT, OUT + 20)]).toEqual(expected);
    }
  });
});
