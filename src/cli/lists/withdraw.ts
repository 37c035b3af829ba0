import type { WithdrawnKey } from '../../index.js';
import type { Command } from '../command.js';
import { UsageError } from '../failure.js';
import { PICTURE_OPTIONS } from '../pictures/picture-options.js';
import { hashOrId } from '../pictures/pictures.js';
import { givenStore, STORE_OPTIONS } from '../store/store-place.js';
import { listPlaceOf } from './list-config.js';
import { type KeptLists, withLists } from './list-place.js';
import { configIn } from './saved-blocklist.js';

/** `onlyhashes withdraw`: entries that must not match again. */
export const withdrawCommand: Command = {
  name: 'withdraw',
  usage: 'CONFIG|LIST HASH|ID… | --store URL|FOLDER HASH|ID…',
  about: `Withdraw entries from a blocklist file, fetched lists or a store, or lift withdrawals.
An entry with this hash or this id stops matching and stays out, whatever its service sends, \
until --reinstate; a hash withdraws the whole picture, with its crops. Programs that follow the \
list, as serve does, apply the change within seconds. Prints a line withdrawn,ENTRIES,WORD for \
each word, where ENTRIES is the number of removed entries, or reinstated,WORD. A label is no id. Once a withdrawal \
is lifted, the next fetch begins from the start, so that the entries come back. CSV and index \
files are read-only: convert makes a blocklist file (.ohb) from one.
The change is durable once the lines are printed; in a store, all words are one change.`,
  options: {
    ...STORE_OPTIONS,
    reason: { about: 'reason, saved for the maintainers of the lists', value: 'TEXT' },
    reinstate: { about: 'lift the withdrawals made with the same words' },
    list: { about: 'only on this list', value: 'NAME' },
    source: { about: 'only entries of this source; for ids', value: 'NAME' },
    algorithm: { ...PICTURE_OPTIONS.algorithm, about: 'algorithm of the hashes' },
  },
  examples: [
    ['onlyhashes withdraw lists.json case-7 --reason "listed by mistake"', 'by id'],
    ['onlyhashes withdraw lists.json case-7 --reinstate', 'lift it'],
    ['onlyhashes withdraw list.ohb case-7', 'from a blocklist file'],
    ['onlyhashes withdraw case-7 --store hashes', 'from a store'],
  ],
  minWords: 1,
  async run(call, out) {
    const isLifted = call.on('reinstate');
    if (isLifted && call.text('reason') !== undefined) {
      throw new UsageError('--reason: only without --reinstate');
    }
    const given = givenStore(call);
    const [path, ...others] = call.words as [string, ...string[]];
    if (given && (await configIn(path))) {
      throw new UsageError('--store: expected only hashes and ids, got a CONFIG');
    }
    const words = given ? call.words : others;
    if (words.length === 0) throw new UsageError(`expected ${withdrawCommand.usage}`);
    const [list, source] = [call.text('list'), call.text('source')];
    const keys = words.map((word): WithdrawnKey => {
      const key = hashOrId(word, call);
      const isOfSource = 'id' in key && source !== undefined;
      return { ...key, ...(isOfSource && { source }), ...(list !== undefined && { list }) };
    });
    const reason = call.text('reason');
    const change = async (lists: KeptLists) => {
      if (isLifted) {
        return (await lists.reinstate(keys)).map((isDone) => (isDone ? 'reinstated' : undefined));
      }
      const withdrawals = keys.map((key) => ({ ...key, ...(reason !== undefined && { reason }) }));
      return (await lists.withdraw(withdrawals)).map((count) => `withdrawn,${count}`);
    };
    const config = given ? undefined : await configIn(path);
    const place = given ? { store: given } : config ? listPlaceOf(path, config) : { file: path };
    const mayMake = 'file' in place && config !== undefined;
    const done = await withLists(place, change, { waiting: out, mayMake });
    // Printed once it is durable.
    for (const [at, of] of done.entries()) {
      if (of !== undefined) await out.line(`${of},${words[at]}`);
      else if (given) out.note(`word ${at + 1} names no withdrawal`);
      else out.say(path, `word ${at + 1} after it names no withdrawal`);
    }
    const absent = words.flatMap((_, at) => (done[at] === 'withdrawn,0' ? [at + 1] : []));
    if (absent.length > 0) {
      const what = `word ${absent.join(', ')}${given ? '' : ' after it'}`;
      const note = `no entry has ${what} as its hash or id now; a label is no id`;
      if (given) out.note(note);
      else out.say(path, note);
    }
    return undefined;
  },
};
