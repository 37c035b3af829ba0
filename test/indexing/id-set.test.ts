import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdSet } from '../../src/indexing/id-set.js';

test('holds what a Set holds', () => {
  const id = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 4090, max: 4100 }),
    fc.integer({ min: 90_000, max: 90_010 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 200 }), (changes) => {
      const set = new IdSet();
      const model = new Set<number>();
      for (const [adds, value] of changes) {
        if (adds) {
          set.add(value);
          model.add(value);
        } else expect(set.delete(value)).toBe(model.delete(value));
        for (const [, other] of changes) expect(set.has(other)).toBe(model.has(other));
        expect(set.has(0xffffffff)).toBe(false);
      }
    }),
  );
});
