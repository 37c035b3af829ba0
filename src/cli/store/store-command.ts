import { createAllowList, type ListFormat, writeHashList } from '../../index.js';
import type { Feed, Store, StoreStatus } from '../../server/index.js';
import type { Call, Command } from '../command.js';
import { shownName, UsageError } from '../failure.js';
import { LeftOut } from '../lists/left-out.js';
import type { Output } from '../output.js';
import { outputPath, writeWhole } from '../output-file.js';
import { printTable } from '../table.js';
import { checkStoreThere, openedStore, storeFailure } from './opened-store.js';
import { importInto } from './store-import.js';
import { STORE_OPTIONS, storePlaceOf } from './store-place.js';

const USAGE = 'init | status | import LIST… | export | verify';

/** `onlyhashes store`: lists in a database, which many servers share. */
export const storeCommand: Command = {
  name: 'store',
  usage: USAGE,
  about: `Keep lists in a database that many servers share.
init creates the store, or migrates it to this version; status prints a line NAME,VALUE for each \
fact, and list,ENTRIES,PAUSED,LIST, reviews,DISTANCE,MIXED,KIND,LIST (see lists), fetched,TIME,LIST \
and feed,API,ENABLED,LIST; import adds whatever match takes as a LIST, and prints a line \
ADDED,DEGENERATE,WITHDRAWN,LIST; export prints the entries; verify prints a line CODE,COUNT for \
each problem and exits with 2; bad-record is followed by the number of the first altered record \
of the review log. An embedded store is for up to 100,000 entries and one program at a time.
A text list or an index file is stored as it is read, 10,000 entries per change: if import is \
interrupted, run it again; stored entries stay. A blocklist file or a CONFIG is stored in one \
change, with its lists and withdrawals. An allow list in JSON brings its exceptions; each \
follower sets the radius.`,
  options: {
    ...STORE_OPTIONS,
    json: { about: 'print one JSON object', actions: ['status'] },
    list: {
      about: 'add entries of text lists and index files to this list',
      value: 'NAME',
      actions: ['import'],
    },
    format: {
      about: 'format of the export',
      choices: ['csv', 'jsonl'],
      default: 'csv',
      actions: ['export'],
    },
    exceptions: {
      about: 'export the exceptions instead, as an allow list in JSON',
      actions: ['export'],
    },
    output: { about: 'write to this file', value: 'FILE', short: 'o', actions: ['export'] },
    overwrite: { about: 'let -o replace a file', needs: { output: [] }, actions: ['export'] },
  },
  examples: [
    ['onlyhashes store init --store lists.db', 'an embedded store'],
    ['onlyhashes store import lists.csv --store lists.db', 'add a list'],
    ['onlyhashes store export -o all.csv --store lists.db', 'all entries as CSV'],
  ],
  minWords: 1,
  async run(call, out) {
    const [action, ...paths] = call.words as [string, ...string[]];
    const run = ACTIONS[action]!;
    if (paths.length > 0 !== (action === 'import')) {
      throw new UsageError(`expected ${USAGE}, got ${call.words.join(' ')}`);
    }
    const place = storePlaceOf(call);
    if (action !== 'init' && action !== 'import') await checkStoreThere(place);
    const file = call.text('output');
    if (file !== undefined) await outputPath(file, { overwrite: call.on('overwrite') });
    const store = await openedStore(place);
    try {
      return await run({ store, paths, call, out });
    } catch (error) {
      throw out.signal.aborted ? error : storeFailure(error);
    } finally {
      await store.close();
    }
  },
};

interface Action {
  readonly store: Store;
  readonly paths: readonly string[];
  readonly call: Call;
  readonly out: Output;
}

const ACTIONS: Readonly<Record<string, (action: Action) => Promise<number | undefined>>> = {
  async init({ store, out }) {
    const { id, form } = await store.status();
    await out.line(`${id},${form}`);
    return 0;
  },

  async status({ store, call, out }) {
    const status = await store.status();
    const feeds = await store.feeds().items();
    for (const warning of status.warnings) out.note(warning);
    if (call.on('json')) {
      const listed = feeds.map(({ name, api, enabled }) => ({ name, api, enabled }));
      await out.line(JSON.stringify({ ...status, feeds: listed }));
    } else if (out.isTerminal) await printStatus(status, feeds, out);
    else for (const line of linesOf(status, feeds)) await out.line(line);
    return 0;
  },

  async import({ store, paths, call, out }) {
    for (const path of paths) {
      const imported = await importInto(store, path, call.text('list'), out);
      const { added, degenerate, withdrawn } = imported;
      await out.line([added, degenerate, withdrawn, shownName(path)].join(','));
    }
    return undefined;
  },

  async export({ store, call, out }) {
    const path = call.text('output');
    const format = call.text('format') as ListFormat;
    const left = new LeftOut(format);
    const pieces = call.on('exceptions')
      ? exceptionsOf(store)
      : piecesOf(store, { format, left, signal: out.signal });
    if (path !== undefined) {
      await writeWhole(path, pieces, { overwrite: call.on('overwrite'), signal: out.signal });
    } else for await (const piece of pieces) await out.line(piece.replace(/\n$/, ''));
    const note = left.note();
    if (note !== undefined) out.note(note);
    return 0;
  },

  async verify({ store, out }) {
    const problems = await store.verify();
    for (const { code, count, first } of problems) {
      await out.line(first === undefined ? `${code},${count}` : `${code},${count},${first}`);
    }
    return problems.length > 0 ? 2 : 0;
  },
};

function* linesOf(
  { lists, warnings: _, ...facts }: StoreStatus,
  feeds: readonly Feed[],
): Generator<string> {
  for (const [name, value] of Object.entries(facts)) yield `${name},${value}`;
  for (const { name, size, paused } of lists) yield `list,${size},${paused},${name}`;
  for (const { name, reviewDistance, expectedReviews } of lists) {
    const { mixed, oneKind } = expectedReviews;
    yield `reviews,${reviewDistance},${mixed},${oneKind},${name}`;
  }
  for (const { name, fetched } of lists) {
    const { fetchedSeconds } = fetched ?? {};
    if (fetchedSeconds === undefined) continue;
    yield `fetched,${new Date(1000 * fetchedSeconds).toISOString()},${name}`;
  }
  for (const { name, api, enabled } of feeds) yield `feed,${api},${enabled},${name}`;
}

/** The same for a person at a terminal: tables of facts, lists and feeds. */
async function printStatus(
  { lists, warnings: _, ...facts }: StoreStatus,
  feeds: readonly Feed[],
  out: Output,
): Promise<void> {
  await printTable(['NAME', 'VALUE'], Object.entries(facts), out);
  const rows = lists.map(({ name, size, paused, reviewDistance, expectedReviews, fetched }) => {
    const { fetchedSeconds: seconds } = fetched ?? {};
    const time = seconds === undefined ? undefined : new Date(1000 * seconds).toISOString();
    return [
      name,
      size,
      paused,
      reviewDistance,
      expectedReviews.mixed,
      expectedReviews.oneKind,
      time,
    ];
  });
  const columns = ['LIST', 'ENTRIES', 'PAUSED', 'DISTANCE', 'MIXED', 'KIND', 'FETCHED'];
  await printTable(columns, rows, out);
  const listed = feeds.map(({ name, api, enabled }) => [name, api, enabled]);
  await printTable(['FEED', 'API', 'ENABLED'], listed, out);
}

async function* exceptionsOf(store: Store) {
  yield `${JSON.stringify(createAllowList({ exceptions: await store.exceptions() }))}\n`;
}

/** The entries as text, one at a time: a store may be larger than memory. */
async function* piecesOf(
  store: Store,
  { format, left, signal }: { format: ListFormat; left: LeftOut; signal: AbortSignal },
) {
  const [header] = writeHashList([], { format });
  if (header !== undefined) yield header;
  for await (const entry of store.entries()) {
    signal.throwIfAborted();
    yield [...writeHashList(left.counting([entry]), { format })].at(-1)!;
  }
}
