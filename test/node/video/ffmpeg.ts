import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ffmpegMissing } from '../../project/ffmpeg.js';
import { ROOT } from '../../project/package.js';

const missing = await ffmpegMissing();
if (missing !== undefined) {
  if (process.env.CI) test('FFmpeg can be had', () => expect.fail(missing));
  else test.skip(`videos: ${missing}`, () => {});
}

export const isMissing = missing !== undefined;

/** A test that needs FFmpeg. */
export const videoTest = test.skipIf(isMissing);

export const MADE = join(ROOT, 'fixtures/vpdq');
export const clipPath = (name: string) => join(MADE, 'clips', name);

/** Runs FFmpeg. @returns its standard output */
export const ffmpeg = (...args: string[]): Buffer =>
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { maxBuffer: 2 ** 30 });

/** The video in a new file, of a test picture that moves. @returns the path */
export function filmed(path: string, size: string, ...args: string[]): string {
  const source = `testsrc2=size=${size}:rate=10:duration=2`;
  // The encoder takes a minute at its best.
  const fast = path.endsWith('.avif') ? ['-cpu-used', '8'] : [];
  ffmpeg('-f', 'lavfi', '-i', source, ...fast, ...args, path);
  return path;
}

/** Numbers of the children of this process that are FFmpeg; none where there is no `/proc`. */
export function ffmpegs(parent = process.pid): number[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isFfmpegOf(pid, parent));
}

function isFfmpegOf(pid: number, parent: number): boolean {
  try {
    const [, name, after] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))!;
    return /^ff(mpeg|probe)$/.test(name!) && Number(after!.split(' ')[1]) === parent;
  } catch {
    return false;
  }
}
