import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs, SEED } from './seed.js';

test('a property without its own seed uses the common one', () => {
  const tried: number[] = [];
  const property = fc.property(fc.nat(), (value) => {
    tried.push(value);
  });
  expect(fc.check(property).seed).toBe(SEED);
  const first = tried.splice(0);
  expect(new Set(first).size).toBeGreaterThan(runs(100) / 2);
  fc.assert(property);
  expect(tried).toEqual(first);
});

/** Deadlines after which a wait gives up. No assertion depends on how long anything took. */
const DEADLINES = ['browser/engines/engine.ts', 'browser/exfiltration.test.ts'];

test('no test uses the clock or unseeded randomness', () => {
  const found = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.ts') && path !== 'seed.test.ts')
    .flatMap((path) => {
      const source = readFileSync(join(import.meta.dirname, path), 'utf8');
      const calls =
        /Math\.random|\bnew Date\(\)|\bDate\.now\(|performance\.now\(|getRandomValues|randomUUID|randomBytes|randomInt/g;
      return [...source.matchAll(calls)]
        .filter(([call]) => !(call === 'Date.now(' && DEADLINES.includes(path)))
        .map(([call]) => `${path}: ${call}`);
    });
  expect(found).toEqual([]);
});
