import { ALGORITHMS, type Algorithm, hashFromHex } from '../index.js';
import type { WithdrawnKey } from '../matching/index.js';
import { isBlocklistFile, openBlocklist } from '../node/index.js';
import type { Store, StorePlace } from '../store/index.js';
import type { Call, Command } from './command.js';
import { failureOf, UsageError } from './failure.js';
import { listPlaceOf, readListConfig } from './list-config.js';
import { openedFolder } from './opened-folder.js';
import { givenStore, STORE_OPTIONS, withStore } from './opened-store.js';
import { exitCode, type Output, output, progress } from './output.js';
import { configIn } from './saved-blocklist.js';

/** `onlyhashes withdraw`: entries that must not match again. */
export const withdrawCommand: Command = {
  name: 'withdraw',
  usage: 'CONFIG|LIST HASH|ID… | --store URL|FOLDER HASH|ID…',
  about: `Withdraw entries from a blocklist file or fetched lists, or lift withdrawals.
An entry with this hash or this id stops matching and stays out, whatever its service says, \
until --reinstate; by a hash, the whole picture does, with its windows. In a blocklist file (.ohb) \
it takes effect at once, and serve answers by it within a second. Prints a line withdrawn,ENTRIES,WORD for each word, where ENTRIES were \
removed, or reinstated,WORD. Once a withdrawal is lifted, the next fetch begins from the \
start, so that the entries come back. While serve runs on a folder of lists, this waits for its \
end. Other programs go on with the lists that they have read.
In a store, all words are one change, which is made when the lines are printed. Programs that \
follow the store, as serve does, match by it at most some seconds later.`,
  options: {
    ...STORE_OPTIONS,
    reason: { about: 'why, for those who look after the lists; it is saved', value: 'TEXT' },
    reinstate: { about: 'lift the withdrawals of these words, given as they were made' },
    list: { about: 'only on this list', value: 'NAME' },
    source: { about: 'only entries of this source; for ids', value: 'NAME' },
    algorithm: {
      about: 'of the hashes',
      choices: ALGORITHMS,
      default: 'pdq',
    },
  },
  examples: [
    ['onlyhashes withdraw lists.json case-7 --reason "listed by mistake"', 'by id'],
    ['onlyhashes withdraw lists.json case-7 --reinstate', 'lift it'],
    ['onlyhashes withdraw list.ohb case-7', 'from a blocklist file'],
    ['onlyhashes withdraw case-7 --store hashes', 'from a store'],
  ],
  minWords: 1,
  async run(call, signal) {
    const isLifted = call.on('reinstate');
    if (isLifted && call.text('reason') !== undefined) {
      throw new UsageError('--reason: only without --reinstate');
    }
    const given = givenStore(call);
    const [path, ...others] = call.words as [string, ...string[]];
    if (given && (await configIn(path))) {
      throw new UsageError('--store: expected hashes and ids alone; the first word is a CONFIG');
    }
    const words = given ? call.words : others;
    if (words.length === 0) throw new UsageError(`expected ${withdrawCommand.usage}`);
    const keys = words.map((word) => keyOf(word, call));
    const isFile = !given && (await isBlocklistFile(path));
    const place = given
      ? { store: given }
      : isFile
        ? { file: path }
        : listPlaceOf(path, await readListConfig(path));
    const bar = progress('withdrawing');
    const out = output(bar);
    const change = { keys, isLifted, reason: call.text('reason') };
    const done =
      'store' in place
        ? await changedStore(place.store, change, { out, signal })
        : 'file' in place
          ? await changedFile(place.file, change)
          : await changedFolder(place.folder, change, { out, signal });
    // Printed once it is durable.
    for (const [at, of] of done.entries()) {
      if (of !== undefined) await out.line(`${of},${words[at]}`);
      else if (given) out.note(`word ${at + 1} names no withdrawal`);
      else out.say(path, `word ${at + 1} after it names no withdrawal`);
    }
    return exitCode(out.errors, out.lines);
  },
};

interface Change {
  readonly keys: readonly WithdrawnKey[];
  readonly isLifted: boolean;
  readonly reason: string | undefined;
}

interface Telling {
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** As `changedFolder`, in a blocklist file, which is there for good when this ends. */
async function changedFile(
  path: string,
  { keys, isLifted, reason }: Change,
): Promise<(string | undefined)[]> {
  try {
    const list = await openBlocklist(path);
    // At the same time, so that they are written at once.
    const changed = keys.map(async (key) => {
      if (isLifted) {
        const { reinstated } = await list.apply({ reinstate: [key] });
        return reinstated > 0 ? 'reinstated' : undefined;
      }
      const withdraw = [{ ...key, ...(reason !== undefined && { reason }) }];
      return `withdrawn,${(await list.apply({ withdraw })).removed}`;
    });
    return await Promise.all(changed);
  } catch (error) {
    throw failureOf(path, error);
  }
}

/** @returns of each key what was done; undefined if there was no withdrawal to be lifted */
async function changedFolder(
  place: string,
  { keys, isLifted, reason }: Change,
  telling: Telling,
): Promise<(string | undefined)[]> {
  const folder = await openedFolder(place, telling);
  try {
    const { blocklist } = folder;
    const changed = keys.map(async (key) => {
      if (isLifted) {
        const { reinstated } = await blocklist.apply({ reinstate: [key] });
        return reinstated > 0 ? 'reinstated' : undefined;
      }
      const withdraw = [{ ...key, ...(reason !== undefined && { reason }) }];
      return `withdrawn,${(await blocklist.apply({ withdraw })).removed}`;
    });
    const done = await Promise.all(changed);
    // First: a kill in between must not leave the entries out for good.
    if (done.includes('reinstated')) await folder.refetchNext();
    return done;
  } catch (error) {
    throw failureOf(place, error);
  } finally {
    await folder.close();
  }
}

async function changedStore(
  place: StorePlace,
  { keys, isLifted, reason }: Change,
  waiting: Telling,
): Promise<(string | undefined)[]> {
  const changed = async (store: Store) => {
    if (isLifted) {
      const { reinstated } = await store.together({ reinstate: keys });
      return reinstated.map((isDone) => (isDone ? 'reinstated' : undefined));
    }
    const withdraw = keys.map((key) => ({ ...key, ...(reason !== undefined && { reason }) }));
    const { removed } = await store.together({ withdraw });
    return removed.map((count) => `withdrawn,${count}`);
  };
  return await withStore(place, changed, { waiting });
}

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
