import { createRequire } from 'node:module';
import process, { stderr, stdout } from 'node:process';
import { type Command, helpOf, readCall, twoColumns } from './command.js';
import { didYouMean } from './did-you-mean.js';
import { textOf, UsageError } from './failure.js';
import { commandLine } from './file-name.js';
import { endBy, interruptible } from './interrupt.js';
import { CLEAR, exitCode, output, print, toStderr } from './output.js';

/** Each is loaded when it is called: to load all of them takes longer than most commands run. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  hash: async () => (await import('./pictures/hash.js')).hashCommand,
  match: async () => (await import('./pictures/match.js')).matchCommand,
  check: async () => (await import('./pictures/check.js')).checkCommand,
  compare: async () => (await import('./pictures/compare.js')).compareCommand,
  index: async () => (await import('./lists/index-command.js')).indexCommand,
  bundle: async () => (await import('./lists/bundle.js')).bundleCommand,
  fetch: async () => (await import('./lists/fetch.js')).fetchCommand,
  lists: async () => (await import('./lists/lists-command.js')).listsCommand,
  withdraw: async () => (await import('./lists/withdraw.js')).withdrawCommand,
  serve: async () => (await import('./serve/serve.js')).serveCommand,
  convert: async () => (await import('./lists/convert.js')).convertCommand,
  log: async () => (await import('./store/log.js')).logCommand,
  store: async () => (await import('./store/store-command.js')).storeCommand,
  bench: async () => (await import('./bench.js')).benchCommand,
  page: async () => (await import('./page.js')).pageCommand,
  doctor: async () => (await import('./doctor.js')).doctorCommand,
};

async function help(): Promise<string> {
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  return [
    'onlyhashes: perceptual hashes of pictures, and exact matching against blocklists',
    '',
    'Commands',
    ...commands.map(({ name, about }) => twoColumns(`  ${name}`, about.split('\n')[0]!, 12)),
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
    print(word === undefined ? await help() : helpOf(await commandOf(word)));
    return name === undefined ? 2 : 0;
  }
  if (name === '--version' || name === '-v') {
    const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
    print(manifest.version);
    return 0;
  }
  const command = await commandOf(name);
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

async function commandOf(name: string): Promise<Command> {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!();
  const nearest = didYouMean(name, [...Object.keys(COMMANDS), 'help', '--help', '--version']);
  throw new UsageError(`expected a command, got ${name}${nearest}\nonlyhashes --help lists them`);
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
