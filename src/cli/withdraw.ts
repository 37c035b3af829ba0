import { type Algorithm, hashFromHex } from '../index.js';
import type { WithdrawnKey } from '../matching/index.js';
import type { Call, Command } from './command.js';
import { failureOf, UsageError } from './failure.js';
import { readListConfig } from './list-config.js';
import { openedFolder } from './opened-folder.js';
import { exitCode, output, progress } from './output.js';

/** `onlyhashes withdraw`: entries that must not match again. */
export const withdrawCommand: Command = {
  name: 'withdraw',
  usage: 'CONFIG HASH|ID…',
  about: `Withdraw entries from fetched lists, or lift withdrawals.
An entry with this hash or this id stops matching and stays out, whatever its service says, \
until --reinstate. Prints a line withdrawn,ENTRIES,WORD for each word, where ENTRIES were \
removed, or reinstated,WORD. Once a withdrawal is lifted, the next fetch begins from the \
start, so that the entries come back. Programs that serve see it when they read the lists \
again.`,
  options: {
    reason: { about: 'why, for those who look after the lists; it is saved', value: 'TEXT' },
    reinstate: { about: 'lift the withdrawals of these words, given as they were made' },
    list: { about: 'only on this list', value: 'NAME' },
    source: { about: 'only entries of this source; for ids', value: 'NAME' },
    algorithm: {
      about: 'of the hashes',
      choices: ['pdq', 'blockhash', 'phash', 'dhash', 'ahash'],
      default: 'pdq',
    },
  },
  examples: [
    ['onlyhashes withdraw lists.json case-7 --reason "listed by mistake"', 'by id'],
    ['onlyhashes withdraw lists.json case-7 --reinstate', 'lift it'],
  ],
  minWords: 2,
  async run(call, signal) {
    const [path, ...words] = call.words as [string, ...string[]];
    const isLifted = call.on('reinstate');
    const reason = call.text('reason');
    if (isLifted && reason !== undefined) {
      throw new UsageError('--reason: only without --reinstate');
    }
    const keys = words.map((word) => keyOf(word, call));
    const config = await readListConfig(path);
    const bar = progress('withdrawing');
    const out = output(bar);
    const folder = await openedFolder(config.folder, { out, signal });
    const lines: string[] = [];
    try {
      for (const [at, key] of keys.entries()) {
        if (!isLifted) {
          const removed = folder.blocklist.withdraw(key, reason === undefined ? {} : { reason });
          lines.push(`withdrawn,${removed},${words[at]}`);
        } else if (folder.blocklist.reinstate(key)) lines.push(`reinstated,${words[at]}`);
        else out.say(path, `word ${at + 1} after it names no withdrawal`);
      }
      // First: a kill in between must not leave the entries out for good.
      if (isLifted && lines.length > 0) await folder.refetchNext();
    } catch (error) {
      throw failureOf(config.folder, error);
    } finally {
      await folder.close();
    }
    // Printed once it is on disk.
    for (const line of lines) await out.line(line);
    return exitCode(out.errors, out.lines);
  },
};

/** A word of hex digits that is no hash of the algorithm is an id. */
function keyOf(word: string, call: Call): WithdrawnKey {
  const [list, source] = [call.text('list'), call.text('source')];
  const on = list === undefined ? {} : { list };
  try {
    return { ...hashFromHex(call.text('algorithm') as Algorithm, word), ...on };
  } catch {
    return { id: word, ...(source !== undefined && { source }), ...on };
  }
}
