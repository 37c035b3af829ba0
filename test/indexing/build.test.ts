import { expect, test } from 'vitest';
import { finish, segmentSteps, stepCount } from '../../src/indexing/build.js';
import { EntryStore } from '../../src/indexing/entry-store.js';
import { liveEntries } from '../../src/indexing/merge.js';

const KIND = { algorithm: 'pdq', bits: 256 } as const;

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
    const store = new EntryStore(KIND);
    const hash = new Int32Array(8);
    for (let i = 0; i < entries; i++) {
      hash.fill(Math.imul(i, 0x9e3779b1));
      store.push(hash, 0, i);
    }
    const copied = counted(liveEntries(KIND, [store], undefined));
    const plan = { bands, kind: undefined, maxDistance: 31, nextId: entries };
    const built = counted(segmentSteps({ ...KIND, ...copied.result }, plan));
    expect(built.result.count).toBe(entries);
    expect(copied.count + built.count).toBeLessThanOrEqual(stepCount(entries, bands));
    expect(copied.count + built.count).toBeGreaterThanOrEqual(
      stepCount(entries, bands) - 3 * bands - 20,
    );
  },
);
