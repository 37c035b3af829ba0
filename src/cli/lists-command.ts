import type { ListClient } from '../exchange/index.js';
import type { FetchState } from '../node/index.js';
import type { Exchange } from '../store/index.js';
import type { Command } from './command.js';
import { heldBackJson } from './held-back.js';
import { type ConfiguredList, listPlaceOf } from './list-config.js';
import { type KeptLists, withLists } from './list-place.js';
import { LIST_SERVICES, originOf, serviceOfOrigin } from './list-services.js';
import { givenStore, STORE_OPTIONS, storePlaceOf } from './opened-store.js';
import { csvLine, exitCode, output, progress } from './output.js';
import { configIn } from './saved-blocklist.js';
import { idleClientOf } from './stored-exchanges.js';

/** `onlyhashes lists`: what was fetched, and when. */
export const listsCommand: Command = {
  name: 'lists',
  usage: 'CONFIG|LIST | --store URL|FOLDER',
  about: `Tell which lists there are, and how far each was fetched.
Prints a line NAME,SERVICE,ENTRIES,GENERATION,FETCHED,NEXT,UNKNOWN,HELD for each list. GENERATION \
goes up with each change of any list, FETCHED is when the last whole fetch began, NEXT is \
update, or restart if the next fetch begins from the start, and UNKNOWN how many words of \
the service this version does not know. HELD is empty, or what a fetch did not remove, as \
REMOVALS of ENTRIES since TIME: fetch --confirm NAME does. CONFIG is as for fetch; no credential is needed. \
LIST is a blocklist file. The lists of CONFIG come first. Of a store, GENERATION is its revision. \
NEXT is empty for a list that neither CONFIG nor an exchange of the store names: whoever fetched \
it may do so no longer.`,
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
  async run(call) {
    const [path] = call.words;
    const config = path === undefined ? undefined : await configIn(path);
    const place = config
      ? listPlaceOf(path!, config, givenStore(call))
      : path === undefined
        ? { store: storePlaceOf(call) }
        : { file: path };
    const bar = progress('reading');
    const out = output(bar);
    bar.stage('reading the lists');
    const isRead = config !== undefined;
    const work = async (lists: KeptLists) => await toldLists(lists, config?.lists ?? []);
    const told = await withLists(place, work, { isRead });
    bar.clear();
    for (const each of told) {
      const { name, service, entries, generation, fetched, mustRestart, unknown, heldBack } = each;
      const next = mustRestart === undefined ? undefined : mustRestart ? 'restart' : 'update';
      const { removals, of, since } = heldBack ?? {};
      const held = heldBack && `${removals} of ${of} since ${since}`;
      const cells = [name, service, entries, generation, fetched, next, unknown.length, held];
      await out.line(call.on('json') ? JSON.stringify(each) : csvLine(cells));
    }
    return exitCode(out.errors, out.lines);
  },
};

/** What is told of a list. What is not known is undefined. */
interface ToldList {
  readonly name: string;
  readonly service: string | undefined;
  readonly entries: number;
  readonly generation: number;
  readonly fetched: string | undefined;
  readonly mustRestart: boolean | undefined;
  readonly unknown: FetchState['unknown'];
  readonly heldBack: ReturnType<typeof heldBackJson> | undefined;
}

async function toldLists(kept: KeptLists, lists: readonly ConfiguredList[]): Promise<ToldList[]> {
  const { generation, lists: all } = await kept.all();
  const held = new Map(all.map((list) => [list.name, list]));
  const sources = new Map((await kept.exchanges?.().list())?.map((each) => [each.name, each]));
  const names = new Set([
    ...lists.map(({ name }) => name),
    ...[...held.keys(), ...sources.keys()].sort(),
  ]);
  return [...names].map((name) => {
    const { size: entries = 0, fetched: state } = held.get(name) ?? {};
    const configured = lists.find((list) => list.name === name);
    const exchange = sources.get(name);
    const source = configured ? sourceOf(configured) : exchange && sourceOfExchange(exchange);
    return toldOf({ name, entries, generation }, source, state);
  });
}

/** Where a list is fetched from, by whoever asks. */
interface ListSource {
  readonly service: string;
  readonly origin: string | undefined;
  idleClient(): ListClient<unknown>;
}

const sourceOf = ({ service, origin, idleClient }: ConfiguredList): ListSource => ({
  service,
  origin,
  idleClient,
});

const sourceOfExchange = (exchange: Exchange): ListSource => {
  const { api: service, settings } = exchange;
  const isKnown = Object.hasOwn(LIST_SERVICES, service);
  const origin = isKnown ? originOf(service, settings) : undefined;
  return { service, origin, idleClient: () => idleClientOf(exchange) };
};

function toldOf(
  known: Pick<ToldList, 'name' | 'entries' | 'generation'>,
  source: ListSource | undefined,
  state: FetchState | undefined,
): ToldList {
  const { fetchedSeconds, origin, unknown = [], heldBack: held } = state ?? {};
  const { name, entries, generation } = known;
  const service = source?.service ?? (origin === undefined ? undefined : serviceOfOrigin(origin));
  const fetched =
    fetchedSeconds === undefined ? undefined : new Date(fetchedSeconds * 1000).toISOString();
  const mustRestart = source && mustRestartNext(source, state);
  const heldBack = held && heldBackJson(held);
  return { name, service, entries, generation, fetched, mustRestart, unknown, heldBack };
}

function mustRestartNext(source: ListSource, state: FetchState | undefined): boolean {
  const { checkpoint, mustRefetch, origin } = state ?? {};
  if (checkpoint === undefined || mustRefetch || origin !== source.origin) return true;
  try {
    return source.idleClient().mustRestart(checkpoint, Date.now() / 1000);
  } catch {
    // A checkpoint that the client cannot read.
    return true;
  }
}
