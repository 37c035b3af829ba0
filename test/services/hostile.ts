import fc from 'fast-check';
import { expect } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { runs } from '../seed.js';

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

/** Texts that are hardly ever as `good` is: with pieces of it and of `more` put anywhere, and cut. */
export function hostileText(good: string, more: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(...good.split(/(?=[<,\n])/), ...more),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const changed = fc
    .record({ at: fc.nat(good.length), length: fc.nat(40), insert: piece })
    .map(({ at, length, insert }) => good.slice(0, at) + insert + good.slice(at + length));
  return fc.oneof(
    { weight: 3, arbitrary: changed },
    { weight: 2, arbitrary: fc.array(piece, { maxLength: 20 }).map((all) => all.join('')) },
    { weight: 1, arbitrary: fc.constantFrom('', '\n', good) },
  );
}

/** Hostile inputs of each reader; `HOSTILE_INPUTS` is a million before a release. */
const HOSTILE_INPUTS = Number(process.env.HOSTILE_INPUTS ?? runs(10_000));
/** Of CPU time for one of them, in milliseconds. Judged only where `HOSTILE_INPUTS` is set. */
const LONGEST = 100;
const isTimed = process.env.HOSTILE_INPUTS !== undefined;
/** That may be held after them all, in bytes. */
const MOST_HELD = 64 << 20;

export interface HostileOptions {
  /** told of one text */
  mostProblems?: number;
  /** what it may throw besides a FormatError, in words of ours */
  alsoThrows?: readonly ErrorConstructor[];
}

/**
 * Reads hostile texts: each is read, or ends in a FormatError that quotes nothing. The
 * problems told are few, no prototype changes, and what was read is let go.
 */
export async function readsHostile(
  texts: fc.Arbitrary<string>,
  read: (text: string, onProblem: (error: FormatError) => void) => unknown,
  { mostProblems = 100, alsoThrows = [] }: HostileOptions = {},
): Promise<void> {
  const inherited = prototypes();
  const held = process.memoryUsage.rss();
  let accepted = 0;
  let refused = 0;
  const once = async (text: string) => {
    const problems: unknown[] = [];
    let isRead = false;
    const start = process.cpuUsage();
    try {
      await read(text, (error) => problems.push(error));
      isRead = true;
    } catch (error) {
      problems.push(error);
    }
    const { user, system } = process.cpuUsage(start);
    return { problems, isRead, time: (user + system) / 1000 };
  };
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const { problems, isRead, time } = await once(text);
      if (isRead) accepted++;
      else refused++;
      expect(problems.length).toBeLessThanOrEqual(mostProblems);
      for (const problem of problems) {
        const kinds = [FormatError, ...alsoThrows];
        expect(kinds.some((kind) => problem instanceof kind)).toBe(true);
        // Words of ours only: nothing of the text, and not the engine's.
        const { message } = problem as Error;
        expect(message).toMatch(/^[\w ,:;?'".<>={}[\]…/-]{1,160}$/);
        expect(message).not.toMatch(/[0-9a-f]{16}/);
        if (!(problem instanceof FormatError))
          expect(message).toMatch(/^(expected|unknown option)/);
      }
      if (isTimed && time > LONGEST) {
        // Again: it may have been the collector of garbage.
        const others = [await once(text), await once(text)].map((again) => again.time);
        expect(Math.min(time, ...others)).toBeLessThanOrEqual(LONGEST);
      }
    }),
    { numRuns: HOSTILE_INPUTS },
  );
  // Both ways were taken.
  expect(Math.min(accepted, refused)).toBeGreaterThan(0.03 * HOSTILE_INPUTS);
  expect(prototypes()).toBe(inherited);
  if (isTimed) expect(process.memoryUsage.rss() - held).toBeLessThan(MOST_HELD);
}

/** What all objects, lists, texts and functions inherit. */
const prototypes = () =>
  [Object, Array, String, Map, Function]
    .flatMap(({ prototype }) => Reflect.ownKeys(prototype))
    .map(String)
    .join();
