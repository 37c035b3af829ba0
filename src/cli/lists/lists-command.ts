import type { FetchState } from '../../node/index.js';
import type { Command } from '../command.js';
import type { ListFeed } from '../list-feed.js';
import { csvLine } from '../output.js';
import { STORE_OPTIONS } from '../store/store-place.js';
import { type Cell, printTable } from '../table.js';
import { type KeptLists, withLists } from './list-place.js';
import { serviceOfProvenance } from './list-services.js';
import { pendingRemovalsJson } from './pending-removals.js';
import { namedLists } from './saved-blocklist.js';

const COLUMNS =
  'NAME,SERVICE,ENTRIES,GENERATION,FETCHED,NEXT,UNKNOWN,PENDING,DISTANCE,MIXED,KIND'.split(',');

/** `onlyhashes lists`: the fetched lists, and when they were fetched. */
export const listsCommand: Command = {
  name: 'lists',
  usage: 'CONFIG|LIST | --store URL|FOLDER',
  about: `Show the lists, and when each was last fetched.
Prints a line ${COLUMNS} for each list. GENERATION goes up with each change of any list. FETCHED is when the last complete fetch began. NEXT is \
update, or restart if the next fetch begins from the start. UNKNOWN is the number of words of the \
service that this version does not know. PENDING is empty, or the pending removals, as \
REMOVALS of ENTRIES since TIME; fetch --confirm NAME makes them. DISTANCE is its review distance \
in bits, which is smaller for a list of over 100,000 entries. MIXED and KIND are the wrong reviews \
to expect in 1,000 uploads: if it has photographs of all kinds, and if they are of one kind. CONFIG \
is as for fetch; no credential is needed. LIST is a blocklist file. The lists of CONFIG come first. For a store, \
GENERATION is its revision. NEXT is empty for a list that neither CONFIG nor a feed of the store \
names: it may no longer be fetched.`,
  options: {
    ...STORE_OPTIONS,
    json: { about: 'print one JSON object per list, with the unknown words' },
  },
  examples: [
    ['onlyhashes lists lists.json', 'one line per list'],
    ['onlyhashes lists list.ohb', 'all lists of a blocklist file'],
    ['onlyhashes lists --store hashes', 'all lists of a store'],
  ],
  minWords: 0,
  maxWords: 1,
  async run(call, out) {
    out.stage('reading the lists');
    const { place, config } = await namedLists(call, call.words[0]);
    const rows = await withLists(place, (lists) => rowsOf(lists, config?.lists ?? []), {
      isRead: config !== undefined,
    });
    out.clear();
    if (out.isTerminal && !call.on('json')) await printTable(COLUMNS, rows.map(cellsOf), out);
    else {
      for (const row of rows) {
        await out.line(call.on('json') ? JSON.stringify(row) : csvLine(cellsOf(row)));
      }
    }
    return undefined;
  },
};

function cellsOf(list: Awaited<ReturnType<typeof rowsOf>>[number]): Cell[] {
  const { name, service, entries, generation, fetched, mustRestart, unknown } = list;
  const { mixed, oneKind } = list.expectedReviews ?? {};
  const next = mustRestart === undefined ? undefined : mustRestart ? 'restart' : 'update';
  const { removals, of, since } = list.pendingRemovals ?? {};
  const held = list.pendingRemovals && `${removals} of ${of} since ${since}`;
  const fetches = [generation, fetched, next, unknown.length, held];
  return [name, service, entries, ...fetches, list.reviewDistance, mixed, oneKind];
}

/** The report on each list. Unknown values are undefined. */
async function rowsOf(kept: KeptLists, configured: readonly ListFeed[]) {
  const { generation, lists } = await kept.all();
  const held = new Map(lists.map((list) => [list.name, list]));
  const feeds = [...configured, ...(await kept.feeds())];
  const names = new Set([
    ...configured.map(({ name }) => name),
    ...[...held.keys(), ...feeds.map(({ name }) => name)].sort(),
  ]);
  return [...names].map((name) => {
    const list = held.get(name);
    const { size: entries = 0, fetched: state } = list ?? {};
    const { fetchedSeconds: seconds, provenance, unknown = [], pendingRemovals } = state ?? {};
    const feed = feeds.find((each) => each.name === name);
    return {
      name,
      service: feed?.service ?? serviceOfProvenance(provenance),
      entries,
      generation,
      fetched: seconds === undefined ? undefined : new Date(seconds * 1000).toISOString(),
      mustRestart: feed && mustRestartNext(feed, state),
      unknown,
      pendingRemovals: pendingRemovals && pendingRemovalsJson(pendingRemovals),
      reviewDistance: list?.reviewDistance,
      expectedReviews: list?.expectedReviews,
    };
  });
}

function mustRestartNext(feed: ListFeed, state: FetchState | undefined): boolean {
  const { checkpoint, mustRefetch, provenance } = state ?? {};
  if (checkpoint === undefined || mustRefetch || provenance !== feed.provenance) return true;
  try {
    return feed.idleClient().mustRestart(checkpoint, Date.now() / 1000);
  } catch {
    // A checkpoint that the client cannot read.
    return true;
  }
}
