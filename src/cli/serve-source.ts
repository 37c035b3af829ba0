import { type Blocklist, createBlocklist } from '../matching/index.js';
import type { FetchProgress, ListFolder } from '../node/index.js';
import type { StoreRoutesOptions } from '../service/index.js';
import {
  type Exchanges,
  type Follower,
  type Store,
  StoreError,
  type StorePlace,
} from '../store/index.js';
import type { Call } from './command.js';
import { Failure, UsageError } from './failure.js';
import { heldBackWords, notReadWords } from './held-back.js';
import { endingAtOnce } from './interrupt.js';
import {
  applySettings,
  type ConfiguredList,
  listPlaceOf,
  storedSettingsOf,
} from './list-config.js';
import { originOf } from './list-services.js';
import { readParts } from './lists.js';
import { openedFolder } from './opened-folder.js';
import { openedStore, storePlaceOf } from './opened-store.js';
import { counted, type Output, progress } from './output.js';
import { configIn, savedBlocklist } from './saved-blocklist.js';
import { clientOf, exchangeKey } from './stored-exchanges.js';

/** What a service answers from. */
export interface Source {
  readonly store?: Store;
  /** of an embedded store: the folder where commands beside it find it */
  readonly dataDir?: string | undefined;
  readonly exchanges?: Exchanges;
  /** resolves once it is at the revision that the store had */
  readonly follower?: Promise<Follower>;
  readonly blocklist?: Blocklist;
  /** that the blocklist is from */
  readonly folder?: ListFolder;
  /** fetches all lists that have a service, each going on from the last time */
  readonly fetch?: (signal: AbortSignal) => Promise<void>;
  /** fetches one of them; gives undefined if it has none */
  readonly fetchList?: StoreRoutesOptions['fetch'];
  close(): Promise<void>;
}

/** Where a source is. */
export type SourcePlace = { readonly store: StorePlace } | { readonly blocklist: string };

interface Opening {
  readonly out: Output;
  readonly signal: AbortSignal;
  /** whether lists are to be fetched: without it, no credentials are needed */
  readonly fetches: boolean;
}

/** The same problem of a store is not told more often. */
const TELL_AGAIN_SECONDS = 60;

const EVERYTHING = { algorithm: undefined, bits: undefined, allowEmpty: false };

/**
 * Where the list is: `--store`, `--blocklist` or the environment.
 * @throws {UsageError} unless there is one, or if the key in the environment is none
 */
export function placeOfSource(call: Call): SourcePlace {
  const blocklist = call.text('blocklist');
  if (blocklist !== undefined && call.text('store') !== undefined) {
    throw new UsageError('expected --store or --blocklist, not both');
  }
  exchangeKey();
  return blocklist === undefined ? { store: storePlaceOf(call) } : { blocklist };
}

/** @throws {Failure | StoreError} if it cannot be opened */
export async function openedSource(place: SourcePlace, opening: Opening): Promise<Source> {
  return 'store' in place
    ? await sourceOfStore(place.store, opening)
    : await sourceOfList(place.blocklist, opening);
}

/** @param lists of a CONFIG, which are fetched besides those with an exchange */
async function sourceOfStore(
  place: StorePlace,
  { out, signal, fetches }: Opening,
  lists: readonly ConfiguredList[] = [],
): Promise<Source> {
  const fetched = fetches ? lists : [];
  const clients = fetched.map((list) => [list, list.client()] as const);
  const store = await openedStore(place);
  if (lists.length > 0) await store.together({ setLists: storedSettingsOf(lists) });
  const exchanges = store.exchanges(exchangeKey());
  let last = { words: '', at: 0 };
  // A follower asks every two seconds.
  const onProblem = (error: unknown) => {
    const [words, at] = [wordsOf(error), performance.now()];
    if (words === last.words && at - last.at < 1000 * TELL_AGAIN_SECONDS) return;
    last = { words, at };
    out.note(`the store: ${words}`);
  };
  return {
    store,
    dataDir: 'dataDir' in place ? place.dataDir : undefined,
    exchanges,
    follower: store.follow({ signal, onProblem }),
    async fetch(ended) {
      for (const [{ name, origin }, client] of clients) {
        if (ended.aborted) return;
        await told(name, { out, signal: ended }, async (onProblem) => {
          return await store.fetch(name, client, { signal: ended, origin, onProblem });
        });
      }
      for (const exchange of await exchanges.list()) {
        if (!exchange.enabled || ended.aborted) continue;
        await told(exchange.name, { out, signal: ended }, async (onProblem) => {
          const client = await clientOf(exchange, exchanges);
          const origin = originOf(exchange.api, exchange.settings);
          return await store.fetch(exchange.name, client, { signal: ended, origin, onProblem });
        });
      }
    },
    async fetchList(name, options) {
      const [list, made] = clients.find(([list]) => list.name === name) ?? [];
      const exchange = (await exchanges.list()).find((each) => each.name === name);
      if (!list && !exchange) return undefined;
      const origin = list ? list.origin : originOf(exchange!.api, exchange!.settings);
      try {
        const client = made ?? (await clientOf(exchange!, exchanges));
        return await store.fetch(name, client, { ...options, origin });
      } catch (error) {
        throw error instanceof StoreError ? error : new Failure(wordsOf(error));
      }
    },
    close: () => store.close(),
  };
}

async function sourceOfList(path: string, { out, signal, fetches }: Opening): Promise<Source> {
  const config = await configIn(path);
  if (config) {
    const fetched = fetches ? config.lists : [];
    const place = listPlaceOf(path, config);
    if ('store' in place) {
      return await sourceOfStore(place.store, { out, signal, fetches }, config.lists);
    }
    const clients = fetched.map((list) => [list, list.client()] as const);
    const folder = await openedFolder(place.folder, { out, signal });
    for (const name of folder.names()) {
      if (config.lists.some((list) => list.name === name)) continue;
      await folder.remove(name);
      out.note('a list that the CONFIG no longer names was removed');
    }
    await applySettings(folder.blocklist, config);
    return {
      blocklist: folder.blocklist,
      folder,
      async fetch(ended) {
        for (const [{ name, origin }, client] of clients) {
          if (ended.aborted) return;
          await told(name, { out, signal: ended }, async (onProblem) => {
            return await folder.fetch(name, client, { signal: ended, origin, onProblem });
          });
        }
      },
      close: () => folder.close(),
    };
  }
  const onProblem = (problem: Error | undefined) =>
    out.note(`the list: ${problem ? wordsOf(problem) : 'it is followed again'}`);
  const saved = await savedBlocklist(path, EVERYTHING, { signal, onProblem });
  const close = async () => {};
  if (saved) return { blocklist: saved.blocklist, close };
  const bar = progress('reading the list', ' MB');
  const parts = await readParts(path, EVERYTHING, { signal, out, bar });
  bar.clear();
  return { blocklist: endingAtOnce(() => createBlocklist(parts)), close };
}

/** A list that cannot be fetched now is told, and tried again; the others go on. */
async function told(
  name: string,
  { out, signal }: Omit<Opening, 'fetches'>,
  fetch: (onProblem: () => void) => Promise<FetchProgress>,
): Promise<void> {
  let problems = 0;
  try {
    const { heldBack, notRead, isDrained } = await fetch(() => problems++);
    if (heldBack) out.say(name, `${heldBackWords(heldBack)} until /v1/lists/NAME/confirm is asked`);
    if (notRead !== undefined) out.say(name, notReadWords(notRead, isDrained));
  } catch (error) {
    // Another server of the same store fetches it.
    if (signal.aborted || (error instanceof StoreError && error.code === 'in-use')) return;
    out.say(name, wordsOf(error));
  }
  if (problems > 0) out.say(name, `${counted(problems, 'record')} with problems`);
}

/** What a log may have of an error: those of drivers may quote values. */
export function wordsOf(error: unknown): string {
  const { name, code, message } = error as Error & { code?: unknown };
  const isOwn = error instanceof StoreError || error instanceof Failure || /Service/.test(name);
  if (isOwn) return message;
  return typeof code === 'string' ? `${name} ${code}` : String(name);
}
