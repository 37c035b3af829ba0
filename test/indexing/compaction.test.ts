import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Marks } from '../../src/indexing/compaction.js';

test('holds what a Set holds', () => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 4090, max: 4100 }),
    fc.integer({ min: 90_000, max: 90_010 }),
    fc.integer({ min: 2 ** 32 - 40, max: 2 ** 32 - 1 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 200 }), (changes) => {
      const set = new Marks();
      const model = new Set<number>();
      for (const [adds, value] of changes) {
        if (adds) {
          set.add(value);
          model.add(value);
        } else expect(set.delete(value)).toBe(model.delete(value));
        for (const [, other] of changes) expect(set.has(other)).toBe(model.has(other));
      }
    }),
  );
});

test('allocates one page for an id, however high it is', () => {
  const before = process.memoryUsage().arrayBuffers;
  const set = new Marks();
  for (let i = 1; i <= 100; i++) set.add(2 ** 32 - i * 10_000_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  for (let i = 1; i <= 100; i++) expect(set.has(2 ** 32 - i * 10_000_000)).toBe(true);
});
