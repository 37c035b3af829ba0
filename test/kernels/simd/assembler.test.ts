import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import type { Code, Value } from '../../../src/kernels/simd/assembler.js';
import * as wasm from '../../../src/kernels/simd/assembler.js';

const { add, assemble, during, giveBack, ltS, ltU, select, set, store, sub, when } = wasm;

type Main = (a: number, b: number) => number;

/** A function with the locals `a`, `b` (parameters), `i`, `sum` and `v` (a vector). */
function compiled(body: Code[], memory = new WebAssembly.Memory({ initial: 1 })): Main {
  const parts = { parameters: ['a', 'b'], integers: ['i', 'sum'], vectors: ['v'], body };
  const module = new WebAssembly.Module(assemble({ main: parts }, false));
  const { exports } = new WebAssembly.Instance(module, { js: { memory } });
  return (exports as { main: Main }).main;
}

const run = (body: Code[], a = 0, b = 0, memory?: WebAssembly.Memory) =>
  compiled(body, memory)(a, b);

const give = (value: Value) => run([giveBack(value), add(0, 0)]);

test('code reads as expressions: the sum of the numbers below a', () => {
  const body = [
    during(ltS('i', 'a'), set('sum', add('sum', 'i')), set('i', add('i', 1))),
    add('sum', 0),
  ];
  expect(run(body, 10)).toBe(45);
  expect(run(body, 0)).toBe(0);
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
    ['add', wasm.add, (a, b) => (a + b) | 0],
    ['sub', wasm.sub, (a, b) => (a - b) | 0],
    ['mul', wasm.mul, (a, b) => Number(BigInt.asIntN(32, BigInt(a) * BigInt(b)))],
    // Unsigned.
    ['remainder', wasm.remainder, (a, b) => ((a >>> 0) % (b >>> 0)) | 0],
    ['and', wasm.and, (a, b) => a & b],
    ['shl', wasm.shl, (a, b) => a << b],
    ['shrU', wasm.shrU, (a, b) => (a >>> b) | 0],
    ['ltS', wasm.ltS, (a, b) => +(a < b)],
    ['ltU', wasm.ltU, (a, b) => +(a >>> 0 < b >>> 0)],
  ];

  test.each(TABLE)('%s', (_, instruction, expected) => {
    const main = compiled([instruction('a', 'b')]);
    for (const a of WORDS) {
      for (const b of WORDS) {
        if (b === 0 && instruction === wasm.remainder) continue;
        expect([a, b, main(a, b)]).toEqual([a, b, expected(a, b)]);
      }
    }
  });

  test('ctz', () => {
    const main = compiled([wasm.ctz('a')]);
    for (let bit = 0; bit < 32; bit++) expect(main(0xabcdef01 << bit, 0)).toBe(bit);
    expect(main(0, 0)).toBe(32);
  });
});

describe('bytes and halves of memory', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);

  test('are read unsigned', () => {
    view.setUint32(100, 0xfedcba98, true);
    expect(run([wasm.loadByte('a', 3)], 100, 0, memory)).toBe(0xfe);
    expect(run([wasm.load16('a', 2)], 100, 0, memory)).toBe(0xfedc);
    expect(run([wasm.load16('a', 1)], 100, 0, memory)).toBe(0xdcba);
    expect(run([wasm.load('a')], 100, 0, memory)).toBe(0xfedcba98 | 0);
  });

  test('are written alone', () => {
    for (const [instruction, size] of [
      [wasm.store8, 1],
      [wasm.store16, 2],
      [wasm.store, 4],
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
  const body = [wasm.storeV(OUT, make(wasm.loadV(A), wasm.loadV(B))), add(0, 0)];
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
  each('andV', wasm.andV, 'Int32Array', (a, b) => a & b),
  each('orV', wasm.orV, 'Int32Array', (a, b) => a | b),
  each('xorV', wasm.xorV, 'Int32Array', (a, b) => a ^ b),
  each('add8', wasm.add8, 'Int8Array', (a, b) => a + b),
  each('lessBy8', wasm.lessBy8, 'Uint8Array', (a, b) => Math.max(0, a - b)),
  each('add16', wasm.add16, 'Int16Array', (a, b) => a + b),
  each('sub16', wasm.sub16, 'Int16Array', (a, b) => a - b),
  each('add32', wasm.add32, 'Int32Array', (a, b) => a + b),
  each('sub32', wasm.sub32, 'Int32Array', (a, b) => a - b),
  each('le16', wasm.le16, 'Int16Array', (a, b) => ones(a <= b)),
  each('le32', wasm.le32, 'Int32Array', (a, b) => ones(a <= b)),
  each('gt16', wasm.gt16, 'Int16Array', (a, b) => ones(a > b)),
  each('gt32', wasm.gt32, 'Int32Array', (a, b) => ones(a > b)),
  each('above8', wasm.above8, 'Uint8Array', (a, b) => ones(a > b)),
  each('addF32', wasm.addF32, 'Float32Array', (a, b) => a + b),
  each('subF32', wasm.subF32, 'Float32Array', (a, b) => a - b),
  each('mulF32', wasm.mulF32, 'Float32Array', (a, b) => a * b),
  each('addF64', wasm.addF64, 'Float64Array', (a, b) => a + b),
  each('subF64', wasm.subF64, 'Float64Array', (a, b) => a - b),
  each('mulF64', wasm.mulF64, 'Float64Array', (a, b) => a * b),
  each('minF64', wasm.minF64, 'Float64Array', Math.min),
  each('maxF64', wasm.maxF64, 'Float64Array', Math.max),
  one('abs32', wasm.abs32, 'Int32Array', 'Uint32Array', (a) => a.map(Math.abs)),
  one('popcnt8', wasm.popcnt8, 'Uint8Array', 'Uint8Array', (a) =>
    a.map((byte) => byte.toString(2).replaceAll('0', '').length),
  ),
  one('pairs8', wasm.pairs8, 'Uint8Array', 'Uint16Array', pairs),
  one('pairs16', wasm.pairs16, 'Uint16Array', 'Uint32Array', pairs),
  one('promote', wasm.promote, 'Float32Array', 'Float64Array', (a) => a.slice(0, 2)),
  one('demote', wasm.demote, 'Float64Array', 'Float32Array', (a) => [...a, 0, 0]),
  one('integersF64', wasm.integersF64, 'Int32Array', 'Float64Array', (a) => a.slice(0, 2)),
  one('integersF32', wasm.integersF32, 'Int32Array', 'Float32Array', (a) => a),
  one('truncF32', wasm.truncF32, 'Float32Array', 'Int32Array', (a) => a.map(saturated)),
  one('truncF64', wasm.truncF64, 'Float64Array', 'Int32Array', (a) => [...a.map(saturated), 0, 0]),
  [
    'dot16',
    wasm.dot16,
    'Int16Array',
    'Int32Array',
    (a, b) => pairs(a.map((lane, i) => lane * b[i]!)),
  ],
  [
    'narrow16',
    wasm.narrow16,
    'Int16Array',
    'Int8Array',
    (a, b) => [...a, ...b].map((lane) => clamp(lane, -128, 127)),
  ],
  [
    'narrow32',
    wasm.narrow32,
    'Int32Array',
    'Int16Array',
    (a, b) => [...a, ...b].map((lane) => clamp(lane, -32_768, 32_767)),
  ],
  ...[0, 1, 5, 8, 15].flatMap((bits): Row[] => [
    [
      `shl16 by ${bits}`,
      (a) => wasm.shl16(a, bits),
      'Int16Array',
      'Int16Array',
      (a) => a.map((lane) => lane << bits),
    ],
  ]),
  ...[0, 1, 8, 16, 31].flatMap((bits): Row[] => [
    [
      `shrU32 by ${bits}`,
      (a) => wasm.shrU32(a, bits),
      'Uint32Array',
      'Uint32Array',
      (a) => a.map((lane) => lane >>> bits),
    ],
  ]),
  [
    'shuffle',
    (a, b) => wasm.shuffle(a, b, [31, 0, 16, 15, 1, 1, 30, 2, 17, 3, 4, 5, 29, 6, 18, 7]),
    'Uint8Array',
    'Uint8Array',
    (a, b) => [31, 0, 16, 15, 1, 1, 30, 2, 17, 3, 4, 5, 29, 6, 18, 7].map((i) => [...a, ...b][i]!),
  ],
  [
    'shuffle of lanes',
    (a, b) => wasm.shuffle(a, b, wasm.lanes(4, 7, 0, 4, 3)),
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
    const body = [wasm.set('v', wasm.loadV(0)), wasm.storeV(32, wasm.upper('v')), add(0, 0)];
    run(body, 0, 0, memory);
    expect([...halves.subarray(4, 6)]).toEqual([-6n, -6n]);
  });

  test('numbers in all lanes', () => {
    for (const value of [0, 1, -1, 77, 1000, -70_000]) {
      const made = [wasm.splat8, wasm.splat16, wasm.splat32].map((splat) => vectorOf(splat(value)));
      expect(lanesOf('Int8Array', made[0]!)).toEqual(Array(16).fill((value << 24) >> 24));
      expect(lanesOf('Int16Array', made[1]!)).toEqual(Array(8).fill((value << 16) >> 16));
      expect(lanesOf('Int32Array', made[2]!)).toEqual(Array(4).fill(value));
    }
    for (const value of [0, 1, -1, 0.1, 0.00025, 65_536, 1e300, -1e-300]) {
      expect(lanesOf('Float64Array', vectorOf(wasm.splatF64(value)))).toEqual([value, value]);
      const single = Math.fround(value);
      expect(lanesOf('Float32Array', vectorOf(wasm.splatF32(value)))).toEqual(
        Array(4).fill(single),
      );
    }
  });

  test('lanes and top bits as numbers', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const numberOf = (make: (v: Value) => Code) => compiled([make(wasm.loadV(A))], memory);
    const halfAt = [0, 3, 7].map((lane) => ({ lane, main: numberOf((v) => wasm.lane16(v, lane)) }));
    const wordAt = [0, 1, 3].map((lane) => ({ lane, main: numberOf((v) => wasm.lane32(v, lane)) }));
    const masks = [wasm.bitmask8, wasm.bitmask16, wasm.bitmask32].map(numberOf);
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
    ['loadV', wasm.loadV, [...source]],
    ['loadBytes16', wasm.loadBytes16, [...source.subarray(0, 8)].flatMap((byte) => [byte, 0])],
    [
      'loadSplat16',
      wasm.loadSplat16,
      Array(8)
        .fill([...source.subarray(0, 2)])
        .flat(),
    ],
    [
      'loadSplat32',
      wasm.loadSplat32,
      Array(4)
        .fill([...source.subarray(0, 4)])
        .flat(),
    ],
    [
      'loadSplat64',
      wasm.loadSplat64,
      Array(2)
        .fill([...source.subarray(0, 8)])
        .flat(),
    ],
    ['loadFirst32', wasm.loadFirst32, [...source.subarray(0, 4), ...Array(12).fill(0)]],
    ['loadFirst64', wasm.loadFirst64, [...source.subarray(0, 8), ...Array(8).fill(0)]],
  ];

  test.each(LOADS)('%s, at any offset', (_, load, expected) => {
    for (const offset of [0, 1, 63, 64, 130]) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A + offset);
      run([wasm.storeV(OUT, load('a', offset)), add(0, 0)], A, 0, memory);
      expect([...bytes.subarray(OUT, OUT + 16)]).toEqual(expected);
    }
  });

  test.each([
    ['loadLane32', wasm.loadLane32, 4],
    ['loadLane64', wasm.loadLane64, 8],
  ] as const)('%s leaves other lanes', (_, load, width) => {
    for (let lane = 0; lane < 16 / width; lane++) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A + 3);
      bytes.set(old, B);
      run([wasm.storeV(OUT, load('a', wasm.loadV(B), lane, 3)), add(0, 0)], A, 0, memory);
      const expected = [...old];
      expected.splice(lane * width, width, ...source.subarray(0, width));
      expect([...bytes.subarray(OUT, OUT + 16)]).toEqual(expected);
    }
  });

  test.each([
    ['storeLane8', wasm.storeLane8, 1],
    ['storeLane32', wasm.storeLane32, 4],
    ['storeLane64', wasm.storeLane64, 8],
  ] as const)('%s writes no more than its lane', (_, storeLane, width) => {
    for (let lane = 0; lane < 16 / width; lane++) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(source, A);
      run([storeLane('a', wasm.loadV(A), lane, 5), add(0, 0)], OUT, 0, memory);
      const expected = Array(20).fill(0);
      expected.splice(5, width, ...source.subarray(lane * width, (lane + 1) * width));
      expect([...bytes.subarray(OUT, OUT + 20)]).toEqual(expected);
    }
  });
});
