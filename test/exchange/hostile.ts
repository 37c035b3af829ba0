import fc from 'fast-check';
import { expect } from 'vitest';
import { FormatError } from '../../src/errors.js';

/** Names that trap a careless reader, and numbers at the ends of their ranges. */
const awkwardName = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '');
const awkwardValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', '0', -1, 0.5, 1e300, 2 ** 53, [], {}, [[]], [null]),
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(fc.oneof(awkwardName, fc.string()), fc.jsonValue({ maxDepth: 1 })),
);

/** Every place in a JSON value, as the names that lead to it. */
function placesIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([name, each]) => placesIn(each, [...path, name]));
  return [path, ...below];
}

/** `value` with another one at `path`. */
function changed(value: unknown, path: readonly string[], other: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return other;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as never;
  Object.defineProperty(copy, name, {
    value: changed((value as Record<string, unknown>)[name], rest, other),
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return copy;
}

/**
 * Texts that are hardly ever a good reply: `good` with values of other kinds in it, cut, with
 * characters changed, nested deeply, or no JSON at all.
 */
export function hostileJson(good: unknown): fc.Arbitrary<string> {
  const text = JSON.stringify(good);
  const places = placesIn(good);
  const wrongValues = fc
    .array(fc.tuple(fc.constantFrom(...places), awkwardValue), { minLength: 1, maxLength: 3 })
    .map((changes) => {
      try {
        return JSON.stringify(changes.reduce((all, [at, value]) => changed(all, at, value), good));
      } catch {
        return text; // an earlier change took the place away
      }
    });
  const wrongText = fc
    .tuple(fc.nat(text.length), fc.nat(8), fc.string({ unit: 'binary', maxLength: 8 }))
    .map(([at, gone, more]) => text.slice(0, at) + more + text.slice(at + gone));
  const wrongName = fc
    .tuple(fc.constantFrom(...(text.match(/"\w+":/g) ?? ['"a":'])), awkwardName)
    .map(([name, other]) => text.replace(name, `"${other}":`));
  return fc.oneof(
    { weight: 6, arbitrary: wrongValues },
    { weight: 3, arbitrary: wrongText },
    { weight: 1, arbitrary: wrongName },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
    { weight: 1, arbitrary: fc.nat(2000).map((depth) => '['.repeat(depth)) },
    { weight: 1, arbitrary: fc.nat(2000).map((depth) => '{"a":'.repeat(depth)) },
  );
}

/**
 * Reads 10,000 hostile texts: each is read, or ends in a FormatError that quotes nothing. The
 * problems told are at most `mostProblems`, and no prototype changes.
 */
export async function readsHostile(
  texts: fc.Arbitrary<string>,
  read: (text: string, onProblem: (error: FormatError) => void) => unknown,
  mostProblems = 100,
): Promise<void> {
  const inherited = Object.getOwnPropertyNames(Object.prototype).join();
  let read1 = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const problems: unknown[] = [];
      try {
        await read(text, (error) => problems.push(error));
        read1++;
      } catch (error) {
        problems.push(error);
        refused++;
      }
      expect(problems.length).toBeLessThanOrEqual(mostProblems);
      for (const problem of problems) {
        expect(problem).toBeInstanceOf(FormatError);
        // Words of ours only: nothing of the text.
        expect((problem as FormatError).message).toMatch(/^[\w ,:;'.>=-]{1,120}$/);
        expect((problem as FormatError).message).not.toMatch(/[0-9a-f]{16}/);
      }
    }),
    { numRuns: 10_000, seed: 1 },
  );
  // Both ways were taken.
  expect(Math.min(read1, refused)).toBeGreaterThan(300);
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(inherited);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
}
