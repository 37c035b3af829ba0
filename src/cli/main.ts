import { createRequire } from 'node:module';
import process, { stderr, stdout } from 'node:process';
import { benchCommand } from './bench.js';
import { type Command, helpOf, readCall, twoColumns } from './command.js';
import { doctorCommand } from './doctor.js';
import { textOf, UsageError } from './failure.js';
import { commandLine } from './file-name.js';
import { endBy, interruptible } from './interrupt.js';
import { bundleCommand } from './lists/bundle.js';
import { convertCommand } from './lists/convert.js';
import { fetchCommand } from './lists/fetch.js';
import { indexCommand } from './lists/index-command.js';
import { listsCommand } from './lists/lists-command.js';
import { withdrawCommand } from './lists/withdraw.js';
import { CLEAR, exitCode, output, print, toStderr } from './output.js';
import { checkCommand } from './pictures/check.js';
import { compareCommand } from './pictures/compare.js';
import { hashCommand } from './pictures/hash.js';
import { matchCommand } from './pictures/match.js';
import { serveCommand } from './serve/serve.js';
import { logCommand } from './store/log.js';
import { storeCommand } from './store/store-command.js';

const COMMANDS: readonly Command[] = [
  hashCommand,
  matchCommand,
  checkCommand,
  compareCommand,
  indexCommand,
  bundleCommand,
  fetchCommand,
  listsCommand,
  withdrawCommand,
  serveCommand,
  convertCommand,
  logCommand,
  storeCommand,
  benchCommand,
  doctorCommand,
];

function help(): string {
  return [
    'onlyhashes: perceptual hashes of pictures, and exact matching against blocklists',
    '',
    'Commands',
    ...COMMANDS.map(({ name, about }) => twoColumns(`  ${name}`, about.split('\n')[0]!, 12)),
    '',
    'onlyhashes COMMAND --help shows its options, with examples.',
    'onlyhashes --version shows the version.',
    '',
    'Exit code: 2 after an error or an unhashable picture, else 0 if a line was',
    'printed, else 1 (check has its own); 130 or 143 if interrupted;',
    '141 if standard output was closed early.',
  ].join('\n');
}

/** Runs the command that `argv` names. Returns the exit code. */
async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [word] = rest;
    print(word === undefined ? help() : helpOf(commandOf(word)));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
    print(manifest.version);
    return 0;
  }
  const command = commandOf(name);
  const end = rest.indexOf('--');
  const before = end < 0 ? rest : rest.slice(0, end);
  if (before.includes('--help') || before.includes('-h')) {
    print(helpOf(command));
    return 0;
  }
  try {
    const call = readCall(command, rest);
    const run = async (signal: AbortSignal) => {
      const out = output(signal);
      try {
        return (await command.run(call, out)) ?? exitCode(out);
      } finally {
        out.clear();
      }
    };
    if (command.endsAtOnce) return await run(new AbortController().signal);
    return await interruptible(run, command.graceSeconds);
  } catch (error) {
    if (error instanceof UsageError) {
      throw new UsageError(`${error.message}\nsee onlyhashes ${name} --help`);
    }
    throw error;
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (!command) throw new UsageError('expected a command; onlyhashes --help lists them');
  return command;
}

// A reader that has seen enough (`| head`) closes the pipe. That is not an error.
stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') endBy('SIGPIPE');
  toStderr(`onlyhashes: standard output: ${code}\n`);
  process.exit(2);
});
// If the errors have no reader, the exit code still reports them.
stderr.on('error', () => {});
try {
  // Not process.exit, which would cut off what is being written to a pipe.
  process.exitCode = await main(commandLine());
} catch (error) {
  toStderr(`onlyhashes: ${textOf(error)}\n`, stderr.isTTY ? CLEAR : '');
  process.exitCode = 2;
}
