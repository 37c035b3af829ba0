import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEED } from './seed.js';

test('a property without a seed of its own runs with the common one', () => {
  const tried: number[] = [];
  const property = fc.property(fc.nat(), (value) => {
    tried.push(value);
  });
  expect(fc.check(property).seed).toBe(SEED);
  const first = tried.splice(0);
  expect(new Set(first).size).toBeGreaterThan(20);
  fc.assert(property);
  expect(tried).toEqual(first);
});
