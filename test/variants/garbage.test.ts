import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import type { CheckedPixels } from '../../src/pixels.js';
import { testFolder } from '../folder.js';
import { drawn, inPerspective, laidOn, part, patches, photo } from './pictures.js';

/*
 * The garbage of a picture. In a child process whose young generation is so large that nothing is
 * collected between two readings, the memory that all variants of a picture take is counted.
 */

const folder = testFolder();

/** The most bytes of JavaScript objects and of array buffers together. */
const MOST = 2 ** 20;

/**
 * Prints the bytes that a run allocates, for each picture, and the number of variants: the median
 * of five means of ten runs.
 * Code that is not compiled yet allocates more: it runs before.
 */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import { variantsOf } from './hash-pixels.js';
const pictures = JSON.parse(process.argv[2]).map(({ file, ...sides }) => ({
  ...sides,
  data: new Uint8Array(readFileSync(file)),
}));
let count = 0;
const run = (pixels, times) => {
  for (let i = 0; i < times; i++) {
    for (const _ of variantsOf(pixels, { variants: 'thorough' })) count++;
  }
};
for (let i = 0; i < 30; i++) for (const pixels of pictures) run(pixels, 1);
const bytes = pictures.map((pixels) => {
  const means = [];
  while (means.length < 5) {
    gc();
    const before = process.memoryUsage();
    run(pixels, 10);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    means.push((heapUsed - before.heapUsed + arrayBuffers - before.arrayBuffers) / 10);
  }
  return means.sort((a, b) => a - b)[2];
});
console.log(JSON.stringify({ bytes, count }));
`;

/** The bytes that a run with each picture allocates. */
function bytesOf(pictures: Readonly<Record<string, CheckedPixels>>): Record<string, number> {
  const files = Object.entries(pictures).map(([name, { data, width, height, channels }]) => {
    const file = join(folder, name);
    writeFileSync(file, data);
    return { file, width, height, channels };
  });
  const program = join(folder, 'program.mjs');
  buildSync({
    stdin: { contents: PROGRAM, resolveDir: join(import.meta.dirname, '../../src/variants') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: program,
  });
  const young = ['--min-semi-space-size=256', '--max-semi-space-size=256'];
  const args = ['--expose-gc', ...young, program, JSON.stringify(files)];
  const { bytes, count } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  // Each of 80 runs gives about 80 variants.
  expect(count).toBeGreaterThan(files.length * 80 * 60);
  return Object.fromEntries(Object.keys(pictures).map((name, i) => [name, bytes[i]]));
}

test('all variants of a picture take at most a megabyte', async () => {
  const whole = await photo('dust-bowl-home.jpg');
  const print = part(whole, 20, 20, 400, 320);
  const table = drawn(760, 600, (x, y, channel) => 90 + ((3 * x + 5 * y + 7 * channel) % 11));
  const corners = [
    [150, 110],
    [610, 150],
    [590, 500],
    [130, 470],
  ] as const;
  const taken = bytesOf({
    photo: whole,
    screenshot: laidOn(whole, 720, 1280, 40, 300, [250, 250, 250]),
    tilted: inPerspective(print, table, corners),
    tiles: patches(767, 767, 8, 40),
  });
  for (const [name, bytes] of Object.entries(taken)) {
    expect.soft(bytes, name).toBeLessThanOrEqual(MOST);
    // It counts: the variants themselves are more.
    expect.soft(bytes, name).toBeGreaterThan(2 ** 16);
  }
});
