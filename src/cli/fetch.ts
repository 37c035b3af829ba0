import { writeCell } from '../exchange/index.js';
import type { FormatError } from '../index.js';
import type { FetchProgress, ListFolder } from '../node/index.js';
import type { Call, Command } from './command.js';
import { failureOf, UsageError } from './failure.js';
import { applySettings, type ConfiguredList, readListConfig } from './list-config.js';
import { openedFolder } from './opened-folder.js';
import { exitCode, type Output, output, progress } from './output.js';

/** How many malformed records of a list are printed. The rest are counted. */
const PROBLEMS_SHOWN = 20;

/** `onlyhashes fetch`: lists from their services. */
export const fetchCommand: Command = {
  name: 'fetch',
  usage: 'CONFIG [NAME…]',
  about: `Fetch lists from their services, going on from the last time.
Prints a line NAME,RECORDS,ADDED,REMOVED for each list, where RECORDS were told by the \
service. CONFIG is a JSON file: { "folder": "state", "lists": [{ "name": "ours", "service": \
"stopncii", "trust": "shared", "credentials": { "subscriptionKey": "NAME_OF_A_VARIABLE" } }] }. \
Services: stopncii, ncmec, threatexchange, techagainstterrorism, hma; none has been tried \
against the real one. Credentials come from the environment alone: CONFIG names its \
variables. A list has trust, tier, enabled, policy, baseUrl, plainHttp, timeoutSeconds and \
tries; one that CONFIG names no longer is removed. An interrupted fetch loses nothing.`,
  options: {
    'from-start': { about: 'fetch all of each list again, and remove what is no longer in it' },
    json: { about: 'print one JSON object per list' },
  },
  examples: [
    ['onlyhashes fetch lists.json', 'all lists'],
    ['onlyhashes match upload.jpg -b lists.json', 'match against what was fetched'],
  ],
  minWords: 1,
  async run(call, signal) {
    const [path, ...names] = call.words as [string, ...string[]];
    const config = await readListConfig(path);
    const unknown = names.some((name) => !config.lists.some((list) => list.name === name));
    if (unknown) throw new UsageError(`${path}: expected the names of lists in it`);
    const wanted = config.lists.filter(({ name }) => names.length === 0 || names.includes(name));
    // Before anything is fetched: a missing credential is told at once.
    const clients = wanted.map((list) => [list, list.client()] as const);
    const bar = progress('fetching', ' records');
    const out = output(bar);
    const folder = await openedFolder(config.folder, { out, signal });
    try {
      for (const name of folder.names()) {
        if (config.lists.some((list) => list.name === name)) continue;
        const removed = await folder.remove(name);
        out.say(path, `a list that it names no longer was removed, with ${removed} entries`);
      }
      applySettings(folder.blocklist, config);
      for (const [list, client] of clients) {
        bar.stage(`fetching ${list.name}`);
        const done = await fetched(folder, list, client, call.on('from-start'), {
          out,
          signal,
          onProgress: ({ told }) => bar.update(told),
        });
        bar.clear();
        if (done) await out.line(lineOf(list, done, call));
      }
    } catch (error) {
      throw signal.aborted ? error : failureOf(config.folder, error);
    } finally {
      bar.clear();
      await folder.close();
    }
    return exitCode(out.errors, out.lines);
  },
};

/** What a fetch did; undefined if it failed, which is told. The other lists go on. */
async function fetched(
  folder: ListFolder,
  { name, origin }: ConfiguredList,
  client: ReturnType<ConfiguredList['client']>,
  fromStart: boolean,
  { out, signal, onProgress }: FetchReport,
): Promise<FetchProgress | undefined> {
  let problems = 0;
  const onProblem = ({ message, record, line }: FormatError) => {
    const at = record ?? line;
    if (problems++ >= PROBLEMS_SHOWN) out.count();
    else out.error(name, at === undefined ? message : `record ${at}: ${message}`);
  };
  const options = { origin, fromStart, signal, onProgress, onProblem };
  try {
    return await folder.fetch(name, client, options);
  } catch (error) {
    if (signal.aborted) throw error;
    // Errors of clients quote neither credentials nor replies.
    if ((error as NodeJS.ErrnoException).errno !== undefined) throw error;
    out.error(name, (error as Error).message);
    return undefined;
  } finally {
    if (problems > PROBLEMS_SHOWN) out.say(name, `${problems} records with problems in total`);
  }
}

interface FetchReport {
  readonly out: Output;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FetchProgress) => void;
}

function lineOf({ name }: ConfiguredList, done: FetchProgress, call: Call): string {
  const { told, added, removed } = done;
  if (call.on('json')) return JSON.stringify({ name, ...done });
  return [writeCell(name), told, added, removed].join(',');
}
