import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFolder } from '../folder.js';
import { ROOT } from '../project/package.js';

const folder = testFolder();
const REPORT = join(ROOT, 'dist/report.html');

/** Runs the tour, after a module that may break something. */
function tour(...options: string[]) {
  const run = [...options, join(ROOT, 'dist/tour.js')];
  const { stdout, stderr, status } = spawnSync(process.execPath, run, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { lines: stdout.trimEnd().split('\n'), errors: stderr.trim().split('\n'), status };
}

test('the tour prints what its recording shows, and writes the report that it names', () => {
  rmSync(REPORT, { force: true });
  const { lines, errors, status } = tour();
  expect([errors, status]).toEqual([[''], 0]);
  expect(lines.length).toBeLessThanOrEqual(25);
  const rows = lines.filter((line) => / (match|review|none)( |$)/.test(line));
  expect(rows).toHaveLength(10);
  expect(rows.filter((row) => row.includes('not listed'))).toEqual([
    expect.stringMatching(/ none$/),
  ]);
  expect(lines.at(-1)).toContain('Open dist/report.html in a browser');
  const report = readFileSync(REPORT, 'utf8');
  expect(report.match(/<article>/g)).toHaveLength(10);
  expect(report.match(/<figcaption>as listed</g)!.length).toBeGreaterThanOrEqual(9);
  expect(report).toMatch(/<h2>screenshot of a chat: acanthus-mollis<\/h2>/);

  const recorded = readFileSync(join(ROOT, 'docs/pictures/tour-light.svg'), 'utf8');
  const texts = [...recorded.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
  const steady = (all: string[]) =>
    all.filter((line) => line !== '').map((line) => line.trimEnd().replace(/\d+\.\d ms/g, 'TIME'));
  expect(steady(texts.slice(1)), 'npm run pictures -- tour').toEqual(steady(lines));
});

test('the tour fails and names the copies if mirrored ones are not found', () => {
  const preload = join(folder, 'corner.mjs');
  // A mirrored photo becomes a corner of the photo, which is not a copy.
  const sharp = JSON.stringify(import.meta.resolve('sharp'));
  writeFileSync(
    preload,
    `import sharp from ${sharp};
sharp.prototype.flop = function () {
  return this.extract({ left: 0, top: 0, width: 120, height: 100 });
};`,
  );
  const { errors, status } = tour('--import', preload);
  expect(errors).toEqual([
    'failed: mirrored, made a meme, airplane-from-above: none',
    'failed: mirrored, upside down, march-pastoral: none',
  ]);
  expect(status).toBe(1);
});
