import { expect, test } from 'vitest';
import { type Edited, whole } from '../../../bench/robustness/edit.js';
import { type Entry, listOf, measure } from '../../../bench/robustness/measure.js';
import type { Raster } from '../../../bench/robustness/raster.js';
import { runOf } from '../../../bench/robustness/runs.js';
import { variantsOf } from '../../../src/variants/hash-pixels.js';
import { photo } from '../../variants/pictures.js';

const run = runOf('pdq', 256, 'thorough');
const pixels = (await photo('dust-bowl-home.jpg')) as Raster;
const variants = [...variantsOf(pixels, { variants: 'thorough' })];

function flipped(bytes: Uint8Array, bits: number): Uint8Array {
  const out = bytes.slice();
  for (let bit = 0; bit < bits; bit++) out[bit % 32]! ^= 1 << (bit >> 5);
  return out;
}

/** An entry this many bits from one variant of the picture. */
function entry(name: string, source: string, variant: string, bits: number): Entry {
  const { hash } = variants.find((other) => other.name === variant)!;
  const bytes = flipped(hash.bytes, bits);
  return { name, source, whole: true, queried: true, pdq: bytes, hashes: [bytes] };
}

async function asked(entries: readonly Entry[]) {
  const edited: Edited = { pixels, truth: { ...whole(pixels), dihedral: 'flipY' } };
  const transform = { name: 'as it is', family: 'tone', apply: async () => edited } as const;
  const { name, source } = entries[0]!;
  const [result] = await measure(
    { seed: 1, suite: 'edits', runs: [run] },
    entries,
    [listOf(run, entries, 0)],
    0,
    { name, source, whole: true, raster: pixels },
    [transform],
    0,
    [],
  );
  return result!;
}

test.each([
  ['flipY', 31, 'match'],
  ['flipY', 32, 'none'],
  ['flipY', 60, 'none'],
  ['original', 31, 'match'],
  ['original', 32, 'review'],
  ['original', 60, 'review'],
  ['original', 61, 'none'],
] as const)('an entry whose %s is %i bits off: %s', async (variant, bits, verdict) => {
  const result = await asked([entry('a', 'a.jpg', variant, bits)]);
  expect(result.distance).toBe(bits);
  expect(result.verdict).toBe(verdict);
  expect(result.falseVerdict).toBe('none');
});

test("a match gives the photo's place if its variant has one", async () => {
  expect((await asked([entry('a', 'a.jpg', 'flipY', 8)])).placement).toEqual({
    variant: 'flipY',
    right: true,
    near: true,
  });
  expect((await asked([entry('a', 'a.jpg', 'flipX', 8)])).placement).toMatchObject({
    right: false,
    near: false,
  });
  expect((await asked([entry('a', 'a.jpg', 'original', 8)])).placement).toBeUndefined();
});

test('matches of other photos do not count for the photo, and their files are counted', async () => {
  const result = await asked([
    entry('a', 'a.jpg', 'original', 100),
    entry('b', 'b.jpg', 'rotate180', 12),
    entry('c', 'c.jpg', 'original', 50),
  ]);
  expect(result).toMatchObject({ verdict: 'none', falseVerdict: 'match', file: 0 });
  const [own, ...others] = result.nearestByFile;
  expect(own).toBe(256);
  expect(others).toEqual([12, 50]);
});
