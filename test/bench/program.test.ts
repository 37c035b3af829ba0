import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BENCHES } from '../../bench/benches.js';
import { BENCHES as SHIPPED } from '../../bench/shipped.js';
import { benches } from '../cli/program.js';
import { testFolder } from '../folder.js';

const folder = testFolder();

test('a checkout has all benchmarks, those of the package among them', async () => {
  const { lines, code } = await benches(['--list']);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(BENCHES.map(({ name }) => name));
  expect(BENCHES).toEqual(expect.arrayContaining([...SHIPPED]));
  expect(code).toBe(0);
});

test('--out writes a record of a benchmark', async () => {
  const bench = await benches(['blocklist', '--largest', '100', '--out', folder]);
  expect(bench).toMatchObject({ code: 0, err: '' });
  const { machine, figures } = JSON.parse(readFileSync(join(folder, 'blocklist.json'), 'utf8'));
  expect(machine).toMatchObject({ node: process.versions.node });
  expect(figures['open: milliseconds']).toBeGreaterThan(0);
});

test.each([
  [['scan', '--smallest', 'x'], '--smallest: expected a whole number'],
  [['scan', '--part', 'near'], '--part: expected index'],
  [['scan', '--distance', '8'], '--distance: expected index or cliffs'],
  [['versus', '.', '--rounds', '19'], '--rounds: expected a whole number from 20 to 1000'],
  [['scan', '--rounds', '20'], '--rounds: expected versus'],
  [['precision', '--set', 'tuned'], '--set: expected robustness'],
  [['no-such'], 'no-such'],
])('%j is refused, exit code 2', async (args, message) => {
  const { out, err, code } = await benches(args);
  expect(out).toBe('');
  expect(err).toContain(message);
  expect(code).toBe(2);
});
