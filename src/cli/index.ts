#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import process, { argv, env, execArgv, execPath, stderr, stdout } from 'node:process';
import { DecodeError, FormatError } from '../index.js';
import { benchCommand } from './bench.js';
import { bundleCommand } from './bundle.js';
import { type Command, helpOf, readCall, twoColumns, UsageError } from './command.js';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { hashCommand } from './hash.js';
import { indexCommand } from './index-command.js';
import { matchCommand } from './match.js';

const COMMANDS: readonly Command[] = [
  hashCommand,
  matchCommand,
  compareCommand,
  indexCommand,
  bundleCommand,
  benchCommand,
  doctorCommand,
];

/** What a shell reports of a process that SIGINT ended: 128 + 2. */
const INTERRUPTED = 130;

/** Commands that decode many pictures. */
const DECODING: readonly string[] = ['hash', 'match', 'bundle'];

function help(): string {
  return [
    'onlyhashes: perceptual hashes of pictures, and exact matching against blocklists',
    '',
    'Commands',
    ...COMMANDS.map(({ name, usage, about }) =>
      twoColumns(`  ${name} ${usage}`, about.split(/[:.] /)[0]!.replace(/\.$/, '')),
    ),
    '',
    'onlyhashes COMMAND --help tells the options and examples of each; --version the version.',
    'Exit code: 2 if anything was in error or unhashable, else 0 if a line was printed, else 1.',
  ].join('\n');
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const about = COMMANDS.find((command) => command.name === rest[0]);
    console.log(about ? helpOf(about) : help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
    console.log(manifest.version);
    return 0;
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError('expected a command; onlyhashes --help lists them');
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(command));
    return 0;
  }
  const interrupt = new AbortController();
  // The first Ctrl-C ends the work in order; a second one, the default way.
  process.once('SIGINT', () => interrupt.abort());
  try {
    return await command.run(readCall(command, rest), interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) {
      stderr.write(stderr.isTTY ? '\r\x1b[2K' : '');
      stderr.write('onlyhashes: interrupted\n');
      return INTERRUPTED;
    }
    if (error instanceof UsageError) {
      throw new UsageError(`${error.message}\nonlyhashes ${name} --help tells how it is called`);
    }
    throw error;
  }
}

/**
 * Pictures are decoded in Node's thread pool, of four threads unless UV_THREADPOOL_SIZE says otherwise before Node starts.
 * On a machine with more cores the program therefore starts itself once more, and this gives the exit code of that.
 */
function onMoreThreads(): number | undefined {
  const cores = availableParallelism();
  if (!DECODING.includes(argv[2] ?? '') || cores <= 4 || env.UV_THREADPOOL_SIZE) return undefined;
  // Ctrl-C reaches both: the one that works ends in order, and this one with it.
  process.on('SIGINT', () => {});
  const { status } = spawnSync(execPath, [...execArgv, ...argv.slice(1)], {
    stdio: 'inherit',
    env: { ...env, UV_THREADPOOL_SIZE: String(cores) },
  });
  return status ?? INTERRUPTED;
}

// A reader that has seen enough (`| head`) closes the pipe: that is no error of ours.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 2);
});
try {
  // Not process.exit: what is written to a pipe would be cut off.
  process.exitCode = onMoreThreads() ?? (await main(argv.slice(2)));
} catch (error) {
  const expected =
    error instanceof UsageError ||
    error instanceof DecodeError ||
    error instanceof FormatError ||
    error instanceof RangeError ||
    (error as NodeJS.ErrnoException)?.code !== undefined;
  stderr.write(`onlyhashes: ${expected ? (error as Error).message : (error as Error)?.stack}\n`);
  process.exitCode = 2;
}
