import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';

const folder = testFolder();

test('the tour fails and names the step if mirrored copies are not found', () => {
  const preload = join(folder, 'corner.mjs');
  // The "mirrored" copy becomes a corner of the photo, which is not a copy.
  const sharp = JSON.stringify(import.meta.resolve('sharp'));
  writeFileSync(
    preload,
    `import sharp from ${sharp};
sharp.prototype.flop = function () { 
  return this.extract({ left: 0, top: 0, width: 120, height: 100 });
};`,
  );
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--import', preload, join(ROOT, 'dist/tour.js')],
    { encoding: 'utf8' },
  );
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(8);
  for (const line of lines) {
    expect(line).toMatch(/^failed: [a-z-]+, mirrored: (none|review of [a-z-]+), expected match$/);
  }
  expect(stdout).toContain(
    'Found 40 of 48 copies of listed photos, and 0 of 6 copies of the other photo',
  );
  expect(status).toBe(1);

  // The recording in the docs has the same lines, but for times and for what was broken here.
  const recorded = readFileSync(join(ROOT, 'docs/pictures/tour-light.svg'), 'utf8');
  const texts = [...recorded.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
  const steady = (lines: string[]) =>
    lines
      .map((line) => line.replace(/ +\d+ us$/, ''))
      .filter((line) => !/ mirrored |^Found|^$/.test(line));
  expect(steady(texts.slice(1)), 'npm run pictures -- tour').toEqual(steady(stdout.split('\n')));
});
