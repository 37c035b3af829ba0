import { once } from 'node:events';
import process, { stderr, stdin } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from './command.js';

/**
 * What a person types at the terminal after `prompt`, of which nothing is shown.
 * @throws {Failure} if they end the input instead
 */
export async function hiddenAnswer(prompt: string, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  // While each key is read by itself, the terminal makes no signal of Ctrl-C.
  line.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = once(line, 'close').then(() => {
    throw new Failure('expected an answer, the input ended');
  });
  stderr.write(prompt);
  try {
    return await Promise.race([line.question('', { signal }), closed]);
  } finally {
    line.close();
    stderr.write('\n');
  }
}
