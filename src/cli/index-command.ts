import type { Algorithm } from '../index.js';
import { createIndex } from '../indexing/index.js';
import { openIndex, saveIndex } from '../node/index.js';
import { readList } from './blocklist.js';
import { type Command, UsageError } from './command.js';
import { HASH_OPTIONS } from './hash.js';
import { exitCode, output } from './output.js';
import { progress } from './progress.js';

/** `onlyhashes index`: a list as an index file, which opens at once. */
export const indexCommand: Command = {
  name: 'index',
  usage: 'build LIST -o FILE | info FILE | verify FILE',
  about:
    'Build an index file from a list, tell what one holds, or check every byte of one. It carries the labels of its entries.',
  options: {
    output: { about: 'the file to write', value: 'FILE', short: 'o' },
    algorithm: HASH_OPTIONS.algorithm,
    json: { about: 'one JSON object' },
  },
  examples: [
    ['onlyhashes index build list.csv -o list.ohx', 'a list as an index file'],
    ['onlyhashes index verify list.ohx', 'exit code 2 if a byte has changed'],
  ],
  minWords: 2,
  async run(call, signal) {
    const [action, path] = call.words as [string, string];
    if (call.words.length > 2) throw new UsageError('expected one file');
    if (action === 'build') {
      const target = call.text('output');
      if (target === undefined) throw new UsageError('expected -o FILE');
      const bar = progress('reading the list, MB');
      const out = output(bar);
      const algorithm = call.text('algorithm') as Algorithm;
      const tables = await readList(path, { algorithm, signal, out, bar });
      if (tables.length > 1) {
        throw new UsageError('expected a list of one algorithm and width: build an index for each');
      }
      const [entries] = tables;
      const index = entries
        ? createIndex(entries.hashes)
        : createIndex([], { algorithm, bits: algorithm === 'pdq' ? 256 : 64 });
      signal.throwIfAborted();
      await saveIndex(target, index, entries ? { entries } : {});
      return exitCode(out.errors, 1);
    }
    if (action !== 'info' && action !== 'verify') {
      throw new UsageError('expected build, info or verify');
    }
    const { info } = await openIndex(path, { verify: action === 'verify' });
    if (call.on('json')) console.log(JSON.stringify(info));
    else
      for (const [name, value] of Object.entries(info)) console.log(`${name.padEnd(13)}${value}`);
    return 0;
  },
};
