import { createRequire } from 'node:module';
import process, { stderr, stdout } from 'node:process';
import { benchCommand } from './bench.js';
import { bundleCommand } from './bundle.js';
import { type Command, helpOf, readCall, twoColumns } from './command.js';
import { compareCommand } from './compare.js';
import { doctorCommand } from './doctor.js';
import { textOf, UsageError } from './failure.js';
import { commandLine, encoded } from './file-name.js';
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

/**
 * Signals after which half-written files are removed, with the code that a shell reports: 128 +
 * their number.
 */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * The signal to a program whose output nobody reads any more. Node ignores it and reports EPIPE
 * instead.
 */
const NOBODY_READS = { SIGPIPE: 141 } as const;

/** How long a command may take to stop. */
const ORDER_MILLISECONDS = 1000;

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
    'Exit code: 2 if anything was in error or unhashable, else 0 if a line was printed, else 1;',
    '130 or 143 if it was interrupted, 141 if the reader of its output went away.',
  ].join('\n');
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [word] = rest;
    console.log(word === undefined ? help() : helpOf(commandOf(word)));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
    console.log(manifest.version);
    return 0;
  }
  const command = commandOf(name);
  const end = rest.indexOf('--');
  const before = end < 0 ? rest : rest.slice(0, end);
  if (before.includes('--help') || before.includes('-h')) {
    console.log(helpOf(command));
    return 0;
  }
  try {
    const call = readCall(command, rest);
    if (command.endsAtOnce) return await command.run(call, new AbortController().signal);
    return await inOrder((signal) => command.run(call, signal));
  } catch (error) {
    if (error instanceof UsageError) {
      throw new UsageError(`${error.message}\nonlyhashes ${name} --help tells how it is called`);
    }
    throw error;
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError('expected a command; onlyhashes --help lists them');
  return command;
}

/** Runs a command, and aborts it at the first of `SIGNALS`. The second ends the program at once. */
async function inOrder(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupt = new AbortController();
  let ended: keyof typeof SIGNALS | undefined;
  const onSignal = (signal: keyof typeof SIGNALS) => {
    for (const each of Object.keys(SIGNALS)) process.off(each, onSignal);
    ended = signal;
    interrupt.abort();
    // It may be waiting for a pipe or a disk.
    setTimeout(() => interrupted(signal), ORDER_MILLISECONDS).unref();
  };
  for (const each of Object.keys(SIGNALS)) process.on(each, onSignal);
  try {
    return await run(interrupt.signal);
  } catch (error) {
    if (ended === undefined) throw error;
    return interrupted(ended);
  }
}

function interrupted(signal: keyof typeof SIGNALS): never {
  stderr.write(`${stderr.isTTY ? '\r\x1b[2K' : ''}onlyhashes: interrupted\n`);
  endBy(signal);
}

/**
 * Ends the program as the signal's default action does. That is at once, where `process.exit` waits
 * for the pictures that are being decoded; and a loop in a shell ends too.
 */
function endBy(signal: keyof (typeof SIGNALS & typeof NOBODY_READS)): never {
  const code = { ...SIGNALS, ...NOBODY_READS }[signal];
  process.once('exit', () => {
    if (process.platform === 'win32') return;
    // Removing the last listener restores the default action.
    process.removeAllListeners(signal).on(signal, endBy).off(signal, endBy);
    process.kill(process.pid, signal);
  });
  process.exit(code);
}

// A reader that has seen enough (`| head`) closes the pipe. That is no error.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') endBy('SIGPIPE');
  stderr.write(`onlyhashes: standard output: ${code}\n`);
  process.exit(2);
});
// If nobody reads the errors, the exit code still reports them.
stderr.on('error', () => {});
try {
  // Not process.exit: what is written to a pipe would be cut off.
  process.exitCode = await main(commandLine());
} catch (error) {
  stderr.write(encoded(`onlyhashes: ${textOf(error)}\n`));
  process.exitCode = 2;
}
