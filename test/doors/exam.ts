import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../project/package.js';
import { type Argument, problemsOf } from './argument.js';

/** The arguments of a call. */
export type Door = readonly Argument[];

/** An object that is returned, and its methods. */
export interface Methods {
  readonly of: () => object | Promise<object>;
  readonly doors: Readonly<Record<string, Door>>;
}

/** The rows of an entry. An export without a row fails. */
export type Doors = Readonly<Record<string, Door | 'constant' | 'class of errors'>>;

/** Of our index and not of its interface: other rooms call them. */
const INTERNAL = ['frozenSteps', 'cut', 'noteAt', 'noteNumberAt'];

export async function entryOf(name: string): Promise<Record<string, unknown>> {
  return (await import(pathToFileURL(join(ROOT, `dist/${name}.js`)).href)) as never;
}

const exported = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as object;
export const ENTRIES = Object.keys(exported)
  .filter((name) => name !== './package.json' && name !== './browser/worker')
  .map((name) => (name === '.' ? 'index' : name.slice(2)));

/**
 * Tries every export of an entry.
 * @param missing exports that cannot work here, whatever they get
 */
export async function examEntry(
  name: string,
  doors: Doors,
  missing: readonly string[] = [],
): Promise<void> {
  const entry = await entryOf(name);
  describe(name, () => {
    test('every export has a row', () => {
      expect(Object.keys(doors).sort()).toEqual(Object.keys(entry).sort());
      for (const [key, door] of Object.entries(doors)) {
        if (door === 'constant') expect(typeof entry[key], key).not.toBe('function');
        if (door === 'class of errors') {
          expect((entry[key] as { prototype: unknown }).prototype, key).toBeInstanceOf(Error);
        }
      }
    });

    const rows = Object.entries(doors).flatMap(([key, door]) =>
      typeof door === 'string' ? [] : [{ key, door }],
    );
    test.each(rows)(
      '$key states what it expected, and nothing about what it got',
      async ({ key, door }) => {
        const value = entry[key] as (...args: readonly unknown[]) => unknown;
        const isClass = String(value).startsWith('class');
        const call = isClass ? (...args: unknown[]) => Reflect.construct(value, args) : value;
        // What is right needs a browser there, unless it takes nothing.
        const neverRight = (name === 'browser' && door.length > 0) || missing.includes(key);
        expect(await problemsOf(call, door, neverRight)).toEqual([]);
      },
    );
  });
}

/** Tries every method of the objects that calls return. A method without a row fails. */
export function examMethods(methods: Readonly<Record<string, Methods>>): void {
  describe.each(Object.entries(methods))('%s', (_, { of, doors }) => {
    test('every method has a row', async () => {
      const object = await of();
      const prototype = Object.getPrototypeOf(object) as object;
      const holder = prototype === Object.prototype ? object : prototype;
      const names = Object.entries(Object.getOwnPropertyDescriptors(holder))
        .filter(([key, { value }]) => key !== 'constructor' && typeof value === 'function')
        .map(([key]) => key)
        .filter((key) => !INTERNAL.includes(key));
      expect(Object.keys(doors).sort()).toEqual(names.sort());
      if ('close' in object) await (object.close as () => Promise<void>)();
    });

    test.each(Object.entries(doors))(
      '%s states what it expected, and nothing about what it got',
      async (key, args) => {
        const first = await of();
        const shared = key === 'close' || !('close' in first) ? undefined : first;
        const call = async (...given: readonly unknown[]) => {
          const object = (shared ?? (await of())) as Record<string, (...all: unknown[]) => unknown>;
          return await object[key]!(...given);
        };
        expect(await problemsOf(call, args)).toEqual([]);
        await (first as { close?(): Promise<void> }).close?.();
      },
    );
  });
}
