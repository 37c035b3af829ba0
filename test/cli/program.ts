import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../package.js';

export const PROGRAM = join(ROOT, 'dist/cli.js');
export const PHOTOS = join(ROOT, 'fixtures/photos');

/** What the program printed and how it ended. */
export interface Ended {
  out: string;
  lines: string[];
  err: string;
  code: number | null;
}

/** Runs `onlyhashes` with `args`, `input` on its standard input. */
export function onlyhashes(
  args: readonly string[],
  { input, signalAfterLines }: { input?: string | Uint8Array; signalAfterLines?: number } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'pipe' });
  let out = '';
  let err = '';
  let signalled = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (signalAfterLines !== undefined && !signalled && out.split('\n').length > signalAfterLines) {
      signalled = true;
      child.kill('SIGINT');
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ out, lines: out.split('\n').filter((line) => line !== ''), err, code }),
    );
  });
}
