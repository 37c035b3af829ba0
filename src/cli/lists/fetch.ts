import { FormatError } from '../../index.js';
import type { FetchProgress } from '../../node/index.js';
import { StoreError } from '../../server/index.js';
import type { Call, Command } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import { feedKey, type ListFeed } from '../list-feed.js';
import { counted, csvLine, exitCode, type Output } from '../output.js';
import { storeFailure } from '../store/opened-store.js';
import { givenStore, STORE_OPTIONS, storePlaceOf } from '../store/store-place.js';
import { connected, listPlaceOf, readListConfig } from './list-config.js';
import { type KeptLists, withLists } from './list-place.js';
import { LIST_SERVICES } from './list-services.js';
import { notReadWords, pendingRemovalsJson, pendingRemovalsText } from './pending-removals.js';

/** Malformed records of a list that are printed. The rest are counted. */
const PROBLEMS_SHOWN = 20;

/** `onlyhashes fetch`: lists from their services. */
export const fetchCommand: Command = {
  name: 'fetch',
  usage: 'CONFIG [NAME…] | --store URL|FOLDER',
  about: `Fetch lists from their services, resuming where the last fetch ended.
Prints a line NAME,RECORDS,ADDED,REMOVED for each list; RECORDS is the number of records that the \
service sent. CONFIG is a JSON file: { "list": "lists.ohb", "lists": [{ "name": "ours", \
"service": "stopncii", "trust": "shared", "credentials": { "subscriptionKey": \
"NAME_OF_A_VARIABLE", "fetchHashesKey": "NAME_OF_ANOTHER" } }] }. Services: \
${Object.keys(LIST_SERVICES).join(', ')}; none has been tested against the real service. \
Credentials come only from the environment: CONFIG names the variables. A list takes trust, tier, \
enabled, policy, baseUrl, plainHttp, timeoutSeconds and tries; one of hma also takes bank and \
maxMissing. An interrupted fetch loses nothing. If a fetch from the start would remove more than \
a fifth of a list, and at least 20 entries, the removals stay pending and the exit \
code is 2: the entries stay until --confirm, and until a fetch after it finds no more to remove.
The lists are kept in a blocklist file, which is created if it is missing. A fetched list that \
CONFIG no longer names is removed from it. "store" in place of "list", or --store, keeps the \
lists in a store, which others may share: there, no list is removed, settings that CONFIG does \
not have stay unchanged, and a list that another program is fetching is skipped. Without CONFIG, \
the lists that have a feed in the store are fetched; ONLYHASHES_KEY is the key of their \
credentials, 64 hex digits.`,
  options: {
    ...STORE_OPTIONS,
    'from-start': { about: 'fetch each list again in full, and remove what is no longer in it' },
    confirm: {
      about: 'make the pending removals of this list, if this fetch finds no more; fetch no other',
      value: 'NAME',
    },
    json: { about: 'print one JSON object per list' },
  },
  examples: [
    ['onlyhashes fetch lists.json', 'all lists'],
    ['onlyhashes match upload.jpg -b lists.json', 'match against the fetched lists'],
    ['onlyhashes fetch lists.json --store hashes', 'into a store'],
  ],
  minWords: 0,
  async run(call, out) {
    const [path, ...given] = call.words;
    const confirmed = call.text('confirm');
    const names = confirmed === undefined ? given : [confirmed];
    if (confirmed !== undefined && given.length > 0) {
      throw new UsageError('--confirm: expected no other list names');
    }
    out.begin('fetching', ' records');
    const config = path === undefined ? undefined : await readListConfig(path);
    if (names.some((name) => config && !config.lists.some((list) => list.name === name))) {
      throw new UsageError(`${path}: expected names of its lists`);
    }
    const place = config
      ? listPlaceOf(path!, config, givenStore(call))
      : { store: storePlaceOf(call) };
    // Before the first fetch: a missing credential is reported at once.
    if (!config) feedKey();
    const isWanted = ({ name }: ListFeed) => names.length === 0 || names.includes(name);
    const configured = config?.lists.filter(isWanted).map(connected);
    const work = async (lists: KeptLists) => {
      for (const removed of config ? await lists.configure(config) : []) {
        const entries = counted(removed, 'entry', 'entries');
        out.say(path!, `a list that it no longer names was removed, with ${entries}`);
      }
      const feeds = configured ?? (await lists.feeds()).filter(isWanted);
      if (confirmed !== undefined && feeds.length === 0) {
        throw new UsageError('--confirm: expected the name of a list with a feed');
      }
      let inUse = 0;
      for (const feed of feeds) {
        if (feed.isRegular) inUse += await fetchOne(feed, lists, call, out);
      }
      return exitCode(out, out.lines + inUse);
    };
    return await withLists(place, work, { waiting: out, mayMake: config !== undefined });
  },
};

/**
 * Fetches a list and prints the changes. A failure is reported, and the other lists go on.
 * @returns 1 if another program is fetching it, else 0
 */
async function fetchOne(
  feed: ListFeed,
  lists: KeptLists,
  call: Call,
  out: Output,
): Promise<number> {
  const { name } = feed;
  const { signal } = out;
  out.stage(`fetching ${name}`);
  let problems = 0;
  const onProblem = ({ message, record, line }: FormatError) => {
    const at = record ?? line;
    if (problems++ >= PROBLEMS_SHOWN) out.count();
    else out.error(name, at === undefined ? message : `record ${at}: ${message}`);
  };
  const onProgress = ({ reported }: FetchProgress) => out.update(reported);
  try {
    const confirm = call.text('confirm') !== undefined;
    if (
      confirm &&
      !(await lists.all()).lists.find((each) => each.name === name)?.fetched?.pendingRemovals
    ) {
      out.error(name, 'no removals are pending');
      return 0;
    }
    const fromStart = call.on('from-start');
    const done = await lists.fetch(feed, { confirm, fromStart, signal, onProgress, onProblem });
    out.clear();
    await out.line(lineOf(name, done, call));
    const { pendingRemovals, notRead, isDrained } = done;
    if (pendingRemovals)
      out.error(
        name,
        `${pendingRemovalsText(pendingRemovals)}; to remove them, ${commandOf(name, call)}`,
      );
    if (notRead !== undefined) out.error(name, notReadWords(notRead, isDrained));
  } catch (error) {
    if (signal.aborted) throw error;
    if (isInUse(error)) {
      out.say(name, 'another program is fetching it');
      return 1;
    }
    out.error(name, messageOf(error));
  } finally {
    if (problems > PROBLEMS_SHOWN) out.say(name, `${problems} records with problems in total`);
  }
  return 0;
}

/** Errors that make a file unfit for any list. */
const UNFIT: readonly FormatError['code'][] = ['unwritable', 'unreadable', 'in-use'];

const isInUse = (error: unknown) => error instanceof StoreError && error.code === 'in-use';

/** The report of a failed list. @throws errors that would affect all other lists, too */
function messageOf(error: unknown): string {
  if (error instanceof StoreError) {
    if (error.code === 'wrong-key') return error.message;
    if (error.code !== 'taken-over') throw error;
    return 'another program changed it in the meantime; the next fetch resumes from there';
  }
  // An error of the file or of the database.
  if (error instanceof FormatError && UNFIT.includes(error.code)) throw error;
  const failure = storeFailure(error);
  if (failure instanceof Failure && failure !== error) throw failure;
  // Errors of clients quote neither credentials nor replies.
  return (error as Error).message;
}

/** The command that confirms, quoted for a shell. */
function commandOf(name: string, { words: [path], text }: Call): string {
  const quoted = (word: string) =>
    /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  // Not the given value: the address of a database may hold a password.
  const store = text('store') === undefined ? '' : ' --store URL|FOLDER';
  const config = path === undefined ? '' : ` ${quoted(path)}`;
  return `run: onlyhashes fetch${config}${store} --confirm ${quoted(name)}`;
}

function lineOf(name: string, { pendingRemovals, ...done }: FetchProgress, call: Call): string {
  const { reported, added, removed } = done;
  if (call.on('json')) {
    return JSON.stringify({
      name,
      ...done,
      ...(pendingRemovals && { pendingRemovals: pendingRemovalsJson(pendingRemovals) }),
    });
  }
  return csvLine([name, reported, added, removed]);
}
