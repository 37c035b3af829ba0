import { expect, test } from 'vitest';
import {
  add,
  assemble,
  type Code,
  during,
  giveBack,
  ltS,
  ltU,
  select,
  set,
  store,
  sub,
  type Value,
  when,
} from '../../../src/kernels/search/wasm.js';

/** Runs a body with the locals `a`, `b` (parameters), `i` and `sum`. */
function run(body: Code[], a = 0, b = 0, memory = new WebAssembly.Memory({ initial: 1 })): number {
  const bytes = assemble(
    { main: { parameters: ['a', 'b'], integers: ['i', 'sum'], vectors: [], body } },
    false,
  );
  const { main } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { js: { memory } })
    .exports as { main: (a: number, b: number) => number };
  return main(a, b);
}

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
