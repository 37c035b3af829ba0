import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { FedService } from '../node/files/fed-services.js';
import { ROOT } from '../project/package.js';

export const PROGRAM = join(ROOT, 'dist/cli.cjs');
export const PHOTOS = join(ROOT, 'fixtures/photos');

/** What `npm run bench` builds and runs: all benchmarks. */
export const benches = (args: readonly string[]): Promise<Ended> =>
  onlyhashes(args, { program: join(ROOT, 'dist/bench-all.js') });

/**
 * Arguments for Node where the program opens an embedded store. To optimize its engine's code takes
 * half of the time of a run.
 */
export const EMBEDDED: readonly string[] = ['--liftoff-only'];

/** Runs the program as if its output were a terminal's. */
export const ON_TERMINAL = {
  node: ['--import', 'data:text/javascript,process.stdout.isTTY=process.stderr.isTTY=true'],
};

/** What the program printed and how it ended. */
export interface Ended {
  out: string;
  /** `out` unchanged, which may not be UTF-8 */
  bytes: Buffer;
  lines: string[];
  err: string;
  /** as a shell reports it */
  code: number;
}

/** The code that a shell reports: the exit code, or 128 plus the number of the signal. */
export function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal!];
}

export interface RunOptions {
  input?: string | Uint8Array;
  /** the signal sent after this many lines, SIGINT by default */
  signalAfterLines?: number;
  signal?: NodeJS.Signals;
  /** arguments for Node itself, before the program */
  node?: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** a command that runs it, with its arguments */
  by?: readonly string[];
  /** the script, if it is another program */
  program?: string;
}

/** A list of a CONFIG that comes from a fake service. */
export const listOf = (name: string, { config, fake }: FedService, more: object = {}) => ({
  name,
  ...config,
  baseUrl: fake.url,
  tries: 1,
  timeoutSeconds: 20,
  ...more,
});

/** Runs `onlyhashes` with `args`, `input` on its standard input. */
export function onlyhashes(
  args: readonly string[],
  {
    input,
    signalAfterLines,
    signal = 'SIGINT',
    node = [],
    env,
    cwd,
    by = [],
    program = PROGRAM,
  }: RunOptions = {},
): Promise<Ended> {
  const [command, ...words] = [...by, process.execPath, ...node, program, ...args];
  const child = spawn(command!, words, {
    stdio: 'pipe',
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let out = '';
  let err = '';
  let signalled = false;
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    out += text;
    if (signalAfterLines !== undefined && !signalled && out.split('\n').length > signalAfterLines) {
      signalled = true;
      child.kill(signal);
    }
  });
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => {
      const bytes = Buffer.from(out, 'latin1');
      out = bytes.toString();
      const lines = out.split('\n').filter((line) => line !== '');
      resolve({
        out,
        bytes,
        lines,
        err: Buffer.from(err, 'latin1').toString(),
        code: codeOf(code, by),
      });
    });
  });
}
