import { expect, test } from 'vitest';
import { finish } from '../../src/in-turns.js';
import { Entries, mergedSteps, stepCount } from '../../src/indexing/compaction.js';
import { roomFor, type Shape } from '../../src/indexing/segment.js';

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
  'merging %d entries in %d bands takes no more steps than announced, nor many fewer',
  (entries, bands) => {
    const store = new Entries(256);
    const hash = new Int32Array(8);
    for (let i = 0; i < entries; i++) {
      hash.fill(Math.imul(i, 0x9e3779b1));
      store.push(hash, 0, i);
    }
    const like = { algorithm: 'pdq', bits: 256, kind: undefined, maxDistance: 31 } as const;
    const none = { generation: 0, notesLength: 0, degenerate: undefined };
    const target = { ...like, ...none, bands, sketchBits: 32, nextId: entries } as const;
    const sources = [{ part: store, entries, has: () => true }];
    const allocate = (shape: Shape) => roomFor(shape, 'auto');
    const { result, count } = counted(
      mergedSteps(sources, { most: entries, target: () => target, allocate }),
    );
    expect(result.segment.count).toBe(entries);
    expect(count).toBeLessThanOrEqual(stepCount(entries, bands));
    expect(count).toBeGreaterThanOrEqual(
      stepCount(entries, bands) - 3 * bands - 20 - entries / 2048,
    );
  },
);
