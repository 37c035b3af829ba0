import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { BUSY } from '../../bench/calibration.js';
import { areSame, verdictOf } from '../../bench/versus.js';
import { benches } from '../cli/program.js';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';

const folder = testFolder();

/** Another build: its only entry, its only export. */
function build(blockhash: string): string {
  const other = mkdtempSync(join(folder, 'dist-'));
  const index = pathToFileURL(join(ROOT, 'dist/index.js')).href;
  const text = `import * as ours from '${index}';\nexport const blockhash = ${blockhash};`;
  writeFileSync(join(other, 'index.js'), text);
  writeFileSync(join(other, 'package.json'), '{ "type": "module" }');
  return other;
}

/** What `bench versus` with `--json` printed. */
async function versus(words: string[]) {
  const { out, err, code } = await benches(['versus', ...words, '--json']);
  return { err, code, bench: out === '' ? undefined : JSON.parse(out).benches[0] };
}

test.each([
  [1.06, [1.01, 1.2], true],
  [1.05, [1.01, 1.2], false],
  [1.2, [1, 1.4], false],
  [1.2, [0.9, 1.4], false],
  [0.8, [0.7, 0.9], false],
] as const)('a median of %d within %j: slower is %s', (ratio, interval, isSlower) => {
  const verdict = verdictOf({ ratio, interval });
  expect(verdict.isSlower).toBe(isSlower);
  expect(verdict.text.endsWith(': SLOWER')).toBe(isSlower);
  expect(verdict.text).toContain(`${ratio.toFixed(3)}, 95 % interval ${interval[0].toFixed(3)} to`);
});

test('answers are equal whatever classes two builds have, but not if a member differs', () => {
  const answer = (at: number) => {
    class Answer {
      readonly bytes = Uint8Array.of(1, at);
    }
    return [new Answer()];
  };
  expect(areSame(answer(2), answer(2))).toBe(true);
  expect(areSame(answer(2), answer(3))).toBe(false);
});

test('a build that does the work again is slower than one that keeps it', async () => {
  const other = build('(pixels) => (globalThis.kept ??= ours.blockhash(pixels))');
  const { bench, code, err } = await versus([other, 'blockhash 512', 'scan at distance 31']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(bench.races).toHaveLength(1);
  const [{ title, timings, notes }] = bench.races;
  expect(title).toBe('blockhash 512 x 512');
  expect(timings.map(({ name }: { name: string }) => name)).toEqual(['other', 'this']);
  expect(timings[1].ratio).toBeGreaterThan(timings[1].interval[0]);
  expect(notes[0]).toMatch(/^this \/ other \d+\.\d{3}, 95 % interval .*: SLOWER$/);
  expect(bench.figures).toEqual({
    cases: 1,
    'slower: median above 1.05, interval excludes 1': [title],
  });
  const leftOut = 'left out: scan at distance 31: the other build has no createIndex';
  expect(bench.notes).toContain(leftOut);
  // The machine may have other work, as when all tests run.
  expect(bench.notes.filter((note: string) => note !== BUSY)).toHaveLength(1);
});

test.each([
  ['(pixels) => ours.blockhash(pixels, { bits: 64 })', ['blockhash 512'], 'the answers differ'],
  ['ours.blockhash', ['index of'], 'no case to compare with'],
])('%s: %j is an error: %s', async (blockhash, cases, message) => {
  const { err, code } = await versus([build(blockhash), ...cases]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test('decisions are compared with those of a build whose lists decide themselves', async () => {
  const other = build('ours.blockhash');
  const ours = pathToFileURL(join(ROOT, 'dist/index.js')).href;
  // A build from before the seven entries has more of them.
  for (const name of ['variants', 'matching']) {
    const older = `import * as ours from '${ours}';
export * from '${ours}';
const hidden = undefined;
export { hidden as match };
export const createBlocklist = (entries) => {
  const list = ours.createBlocklist(entries);
  return { decide: (image) => ours.match(image, list) };
};`;
    writeFileSync(
      join(other, `${name}.js`),
      name === 'matching' ? older : `export * from '${ours}';`,
    );
  }
  const { bench, code, err } = await versus([other, 'decide on all variants']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(bench.races.map(({ title }: { title: string }) => title)).toEqual([
    'matching: decide on all variants of a photo',
  ]);
});

test('the folder of the other build is required', async () => {
  expect((await versus([])).err).toContain('expected versus DIR [CASE…]');
});
