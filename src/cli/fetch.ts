import { type ListClient, writeCell } from '../exchange/index.js';
import type { FormatError } from '../index.js';
import type { FetchOptions, FetchProgress } from '../node/index.js';
import { type Store, StoreError, type StorePlace } from '../store/index.js';
import type { Call, Command } from './command.js';
import { Failure, failureOf, UsageError } from './failure.js';
import { heldBackJson, heldBackWords, notReadWords } from './held-back.js';
import {
  applySettings,
  type ConfiguredList,
  type ListConfig,
  listPlaceOf,
  readListConfig,
  storedSettingsOf,
} from './list-config.js';
import { originOf } from './list-services.js';
import { openedFolder } from './opened-folder.js';
import {
  givenStore,
  STORE_OPTIONS,
  storeFailure,
  storePlaceOf,
  withStore,
} from './opened-store.js';
import { counted, exitCode, type Output, output, type Progress, progress } from './output.js';
import { clientOf, exchangeKey } from './stored-exchanges.js';

/** How many malformed records of a list are printed. The rest are counted. */
const PROBLEMS_SHOWN = 20;

/** `onlyhashes fetch`: lists from their services. */
export const fetchCommand: Command = {
  name: 'fetch',
  usage: 'CONFIG [NAME…] | --store URL|FOLDER',
  about: `Fetch lists from their services, going on from the last time.
Prints a line NAME,RECORDS,ADDED,REMOVED for each list, where RECORDS were told by the \
service. CONFIG is a JSON file: { "folder": "state", "lists": [{ "name": "ours", "service": \
"stopncii", "trust": "shared", "credentials": { "subscriptionKey": \
"NAME_OF_A_VARIABLE", "fetchHashesKey": "NAME_OF_ANOTHER" } }] }. \
Services: stopncii, ncmec, threatexchange, techagainstterrorism, hma; none has been tried \
against the real one. Credentials come from the environment alone: CONFIG names its \
variables. A list has trust, tier, enabled, policy, baseUrl, plainHttp, timeoutSeconds and \
tries; one of hma has bank and maxMissing, too. An interrupted fetch loses nothing. \
A fetch from the start that would remove more than a fifth of a list, and 20 entries at least, \
is held back and exits with 2: the entries stay until --confirm, and until a fetch after it \
finds no more to remove.
In the folder, a list that CONFIG names no longer is removed. "store" in place of "folder", or \
--store, keeps the lists in a store, which others may share: there, nothing is removed, what \
CONFIG does not say of a list stays as it is, and a list that another program is fetching is \
left to it. Without CONFIG, the lists that have an exchange in the store are fetched; \
ONLYHASHES_KEY has the key of their credentials, 64 hex digits.`,
  options: {
    ...STORE_OPTIONS,
    'from-start': { about: 'fetch all of each list again, and remove what is no longer in it' },
    confirm: {
      about: 'remove what was held back of a list, if this fetch finds no more; fetch no other',
      value: 'NAME',
    },
    json: { about: 'print one JSON object per list' },
  },
  examples: [
    ['onlyhashes fetch lists.json', 'all lists'],
    ['onlyhashes match upload.jpg -b lists.json', 'match against what was fetched'],
    ['onlyhashes fetch lists.json --store hashes', 'into a store'],
  ],
  minWords: 0,
  async run(call, signal) {
    const [path, ...given] = call.words;
    const confirmed = call.text('confirm');
    const names = confirmed === undefined ? given : [confirmed];
    if (confirmed !== undefined && given.length > 0) {
      throw new UsageError('--confirm: expected no other names of lists');
    }
    const bar = progress('fetching', ' records');
    const out = output(bar);
    const fetching = { call, out, bar, signal };
    if (path === undefined) return await fetchExchanges(storePlaceOf(call), fetching);
    const config = await readListConfig(path);
    const unknown = names.some((name) => !config.lists.some((list) => list.name === name));
    if (unknown) throw new UsageError(`${path}: expected the names of lists in it`);
    const place = listPlaceOf(path, config, givenStore(call));
    const wanted = config.lists.filter(({ name }) => names.length === 0 || names.includes(name));
    // Before anything is fetched: a missing credential is told at once.
    const clients = wanted.map((list) => [list, list.client()] as const);
    return 'store' in place
      ? await fetchIntoStore(place.store, config, clients, fetching)
      : await fetchIntoFolder(place.folder, { path, config }, clients, fetching);
  },
};

interface Fetching {
  readonly call: Call;
  readonly out: Output;
  readonly bar: Progress;
  readonly signal: AbortSignal;
}

type Clients = readonly (readonly [ConfiguredList, ListClient<unknown>])[];

async function fetchIntoFolder(
  place: string,
  { path, config }: { path: string; config: ListConfig },
  clients: Clients,
  fetching: Fetching,
): Promise<number> {
  const { out, bar, signal } = fetching;
  const folder = await openedFolder(place, { out, signal });
  try {
    for (const name of folder.names()) {
      if (config.lists.some((list) => list.name === name)) continue;
      const removed = await folder.remove(name);
      out.say(
        path,
        `a list that it names no longer was removed, with ${counted(removed, 'entry', 'entries')}`,
      );
    }
    await applySettings(folder.blocklist, config);
    for (const [{ name, origin }, client] of clients) {
      await fetchList(name, fetching, folder, (options) =>
        folder.fetch(name, client, { ...options, origin }),
      );
    }
  } catch (error) {
    throw signal.aborted ? error : failureOf(place, error);
  } finally {
    bar.clear();
    await folder.close();
  }
  return exitCode(out.errors, out.lines);
}

async function fetchIntoStore(
  place: StorePlace,
  { lists }: ListConfig,
  clients: Clients,
  fetching: Fetching,
): Promise<number> {
  return await fetchStored(place, fetching, { mayMake: true }, async (store) => {
    await store.together({ setLists: storedSettingsOf(lists) });
    let elsewhere = 0;
    for (const [{ name, origin }, client] of clients) {
      elsewhere += await fetchList(name, fetching, confirming(store), (options) =>
        store.fetch(name, client, { ...options, origin }),
      );
    }
    return elsewhere;
  });
}

/** Fetches the lists for which the store itself says where they come from, as `serve` does. */
async function fetchExchanges(place: StorePlace, fetching: Fetching): Promise<number> {
  const key = exchangeKey();
  return await fetchStored(place, fetching, { mayMake: false }, async (store) => {
    const exchanges = store.exchanges(key);
    const only = fetching.call.text('confirm');
    const all = (await exchanges.list()).filter(({ name }) => only === undefined || name === only);
    if (only !== undefined && all.length === 0) {
      throw new UsageError('--confirm: expected the name of a list that has an exchange');
    }
    let elsewhere = 0;
    for (const exchange of all) {
      const { name, api, settings, enabled } = exchange;
      if (!enabled) continue;
      elsewhere += await fetchList(name, fetching, confirming(store), async (options) => {
        const client = await clientOf(exchange, exchanges);
        return await store.fetch(name, client, { ...options, origin: originOf(api, settings) });
      });
    }
    return elsewhere;
  });
}

/** @param fetch gives the number of lists that others are fetching, which is no failure */
async function fetchStored(
  place: StorePlace,
  { out, bar, signal }: Fetching,
  { mayMake }: { mayMake: boolean },
  fetch: (store: Store) => Promise<number>,
): Promise<number> {
  try {
    const elsewhere = await withStore(place, fetch, { waiting: { out, signal }, mayMake });
    return exitCode(out.errors, out.lines + elsewhere);
  } finally {
    bar.clear();
  }
}

/** The folder or the store, which takes a confirmation. */
interface Confirming {
  confirm(name: string): Promise<boolean>;
}

const confirming = (store: Store): Confirming => ({
  confirm: async (name) => (await store.confirm(name)).confirmed,
});

/**
 * Fetches a list and prints what it did. If it fails, that is told, and the other lists go on.
 * @returns 1 if another program is fetching it, else 0
 */
async function fetchList(
  name: string,
  { call, out, bar, signal }: Fetching,
  at: Confirming,
  fetch: (options: FetchOptions) => Promise<FetchProgress>,
): Promise<number> {
  bar.stage(`fetching ${name}`);
  let problems = 0;
  const onProblem = ({ message, record, line }: FormatError) => {
    const at = record ?? line;
    if (problems++ >= PROBLEMS_SHOWN) out.count();
    else out.error(name, at === undefined ? message : `record ${at}: ${message}`);
  };
  const onProgress = ({ told }: FetchProgress) => bar.update(told);
  try {
    if (call.text('confirm') !== undefined && !(await at.confirm(name))) {
      out.error(name, 'nothing of it is held back');
      return 0;
    }
    const done = await fetch({ fromStart: call.on('from-start'), signal, onProgress, onProblem });
    bar.clear();
    await out.line(lineOf(name, done, call));
    const { heldBack, notRead, isDrained } = done;
    if (heldBack)
      out.error(name, `${heldBackWords(heldBack)}; if they shall, ${commandOf(name, call)}`);
    if (notRead !== undefined) out.error(name, notReadWords(notRead, isDrained));
  } catch (error) {
    if (signal.aborted) throw error;
    if (isElsewhere(error)) {
      out.say(name, 'another program is fetching it');
      return 1;
    }
    out.error(name, messageOf(error));
  } finally {
    if (problems > PROBLEMS_SHOWN) out.say(name, `${problems} records with problems in total`);
  }
  return 0;
}

const isElsewhere = (error: unknown) => error instanceof StoreError && error.code === 'in-use';

/** What is told of a list that failed. @throws what no other list would be spared */
function messageOf(error: unknown): string {
  if (error instanceof StoreError) {
    if (error.code === 'wrong-key') return error.message;
    if (error.code !== 'taken-over') throw error;
    return 'another program changed it meanwhile; the next fetch goes on from there';
  }
  // Of the file system or of the database.
  if ((error as NodeJS.ErrnoException).errno !== undefined) throw error;
  const failure = storeFailure(error);
  if (failure instanceof Failure && failure !== error) throw failure;
  // Errors of clients quote neither credentials nor replies.
  return (error as Error).message;
}

/** The command that confirms, as a shell takes it. */
function commandOf(name: string, { words: [path], text }: Call): string {
  const quoted = (word: string) =>
    /^[\w./@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  // Not as it was given: an address of a database may hold a password.
  const store = text('store') === undefined ? '' : ' --store URL|FOLDER';
  const config = path === undefined ? '' : ` ${quoted(path)}`;
  return `run: onlyhashes fetch${config}${store} --confirm ${quoted(name)}`;
}

function lineOf(name: string, { heldBack, ...done }: FetchProgress, call: Call): string {
  const { told, added, removed } = done;
  if (call.on('json')) {
    return JSON.stringify({ name, ...done, ...(heldBack && { heldBack: heldBackJson(heldBack) }) });
  }
  return [writeCell(name), told, added, removed].join(',');
}
