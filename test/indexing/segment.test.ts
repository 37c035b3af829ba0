import { expect, test } from 'vitest';
import {
  Entries,
  finish,
  inSteps,
  roomFor,
  segmentSteps,
  stepCount,
} from '../../src/indexing/segment.js';

/** What the steps give, and how many they are. */
function counted<T>(steps: Generator<void, T>): { result: T; count: number } {
  let count = 0;
  const result = finish(
    (function* () {
      for (;;) {
        count++;
        const { done, value } = steps.next();
        if (done) return value;
        yield;
      }
    })(),
  );
  return { result, count };
}

test.each([
  [0, 0],
  [1, 16],
  [4096, 32],
  [4097, 16],
  [70_000, 0],
  [70_000, 17],
])(
  'copying %d entries and building %d bands takes no more steps than told, nor many less',
  (entries, bands) => {
    const store = new Entries(256);
    const hash = new Int32Array(8);
    for (let i = 0; i < entries; i++) {
      hash.fill(Math.imul(i, 0x9e3779b1));
      store.push(hash, 0, i);
    }
    const copy = new Entries(256, Math.max(1, entries));
    const copied = counted(inSteps(entries, (i) => copy.push(store.words, i, i)));
    const like = { algorithm: 'pdq', bits: 256, kind: undefined, maxDistance: 31 } as const;
    const none = { generation: 0, notesLength: 0, degenerate: undefined };
    const target = { ...like, ...none, bands, sketchBits: 32, nextId: entries } as const;
    const built = counted(segmentSteps(copy, target, (shape) => roomFor(shape, 'auto')));
    expect(built.result.count).toBe(entries);
    expect(copied.count + built.count).toBeLessThanOrEqual(stepCount(entries, bands));
    expect(copied.count + built.count).toBeGreaterThanOrEqual(
      stepCount(entries, bands) - 3 * bands - 20 - entries / 2048,
    );
  },
);
