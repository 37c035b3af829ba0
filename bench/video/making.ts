import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findFfmpeg } from '../../src/node/video/ffmpeg.js';

/** Of H.264, fast: most of the time goes to hashing. */
export const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];

/**
 * Runs FFmpeg until it ends.
 * @throws {Error} with its messages if it fails
 */
export async function ffmpeg(...words: readonly string[]): Promise<void> {
  const { ffmpeg: program } = await findFfmpeg();
  const child = spawn(program, ['-nostdin', '-v', 'error', '-y', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`ffmpeg ${words.join(' ')} failed: ${errors.trim()}`);
}

/** Numbers of a filter: at most three decimals. */
export const f = (value: number): string => String(Math.round(value * 1000) / 1000);

/** The nearest even number of pixels, as the encoder needs it. */
export const even = (value: number): number => 2 * Math.max(1, Math.round(value / 2));

/** A path in `fixtures/`, from the built file and from its source. */
export function fixture(path: string): string {
  const paths = ['../', '../../'].map((up) =>
    fileURLToPath(new URL(`${up}fixtures/${path}`, import.meta.url)),
  );
  return paths.find(existsSync) ?? paths[0]!;
}
