import { type Blocklist, createBlocklist } from '../../index.js';
import { type OpenBlocklistOptions, openBlocklist } from '../../node/index.js';
import {
  type CurationOptions,
  type Follower,
  type Store,
  StoreError,
  type StorePlace,
} from '../../server/index.js';
import type { Call } from '../command.js';
import { Failure, failureOf, UsageError } from '../failure.js';
import { endingAtOnce } from '../interrupt.js';
import { feedKey, type ListFeed } from '../list-feed.js';
import { connected, type ListConfig, type ListPlace, listPlaceOf } from '../lists/list-config.js';
import { inFile, inStore, type KeptLists } from '../lists/list-place.js';
import { readParts } from '../lists/lists.js';
import { notReadWords, pendingRemovalsText } from '../lists/pending-removals.js';
import { blocklistIn, configIn, wantedOf } from '../lists/saved-blocklist.js';
import { counted, type Output } from '../output.js';
import { openedStore } from '../store/opened-store.js';
import { storePlaceOf } from '../store/store-place.js';

/** The source of a service's answers. */
export interface Source {
  readonly store?: Store;
  /** the folder of an embedded store, where other commands find it */
  readonly dataDir?: string | undefined;
  readonly feeds?: ReturnType<Store['feeds']>;
  /** resolves once it is at the revision that the store had */
  readonly follower?: Promise<Follower>;
  readonly blocklist?: Blocklist;
  /** the lists that have a service */
  readonly listFeeds?: () => Promise<ListFeed[]>;
  /** fetches all lists that have a service, each from its checkpoint */
  readonly fetch?: (signal: AbortSignal) => Promise<void>;
  /** fetches one of them; gives undefined if it has none */
  readonly fetchList?: CurationOptions['fetch'];
  close(): Promise<void>;
}

/** The place of a source. */
export type SourcePlace = { readonly store: StorePlace } | { readonly blocklist: string };

interface Opening {
  readonly out: Output;
  /** true if lists are to be fetched; otherwise no credentials are needed */
  readonly fetches: boolean;
}

/** Seconds in which the same problem of a store is not reported again. */
const TELL_AGAIN_SECONDS = 60;

const EVERYTHING = { algorithm: undefined, bits: undefined, allowEmpty: false };

/**
 * The place of the list: `--store`, `--blocklist` or the environment.
 * @throws {UsageError} unless there is one, or if the key in the environment is malformed
 */
export function placeOfSource(call: Call): SourcePlace {
  const blocklist = call.text('blocklist');
  if (blocklist !== undefined && call.text('store') !== undefined) {
    throw new UsageError('expected --store or --blocklist, not both');
  }
  feedKey();
  return blocklist === undefined ? { store: storePlaceOf(call) } : { blocklist };
}

/** @throws {Failure | StoreError} if it cannot be opened */
export async function openedSource(place: SourcePlace, opening: Opening): Promise<Source> {
  if ('store' in place) return await sourceOfLists(place, undefined, opening);
  const { blocklist: path } = place;
  const config = await configIn(path);
  return config
    ? await sourceOfLists(listPlaceOf(path, config), config, opening)
    : await sourceOfList(path, opening);
}

/** @param config has lists that are fetched besides those with a feed in the store */
async function sourceOfLists(
  place: ListPlace,
  config: ListConfig | undefined,
  opening: Opening,
): Promise<Source> {
  const { out, fetches } = opening;
  const configured = fetches ? (config?.lists ?? []).map(connected) : [];
  const source =
    'store' in place
      ? await storeSource(place.store, opening)
      : await fileSource(place.file, opening);
  const lists = source.store ? inStore(source.store) : inFile(source.blocklist!);
  for (const _ of config ? await lists.configure(config) : []) {
    out.note('a list that the CONFIG no longer names was removed');
  }
  const feeds = async (): Promise<ListFeed[]> => [...configured, ...(await lists.feeds())];
  return {
    ...source,
    listFeeds: feeds,
    async fetch(signal) {
      for (const feed of await feeds()) {
        if (feed.isRegular && !signal.aborted) await fetchAndReport(feed, lists, signal, out);
      }
    },
    async fetchList(name, options) {
      const feed = (await feeds()).find((each) => each.name === name);
      if (!feed) return undefined;
      try {
        return await lists.fetch(feed, options);
      } catch (error) {
        throw error instanceof StoreError ? error : new Failure(wordsOf(error));
      }
    },
  };
}

async function storeSource(place: StorePlace, { out }: Opening): Promise<Source> {
  const store = await openedStore(place);
  let last = { words: '', at: 0 };
  // A follower polls every two seconds.
  const onProblem = (error: unknown) => {
    const [words, at] = [wordsOf(error), performance.now()];
    if (words === last.words && at - last.at < 1000 * TELL_AGAIN_SECONDS) return;
    last = { words, at };
    out.note(`the store: ${words}`);
  };
  return {
    store,
    dataDir: 'dataDir' in place ? place.dataDir : undefined,
    feeds: store.feeds(feedKey()),
    follower: store.follow({ signal: out.signal, onProblem }),
    close: () => store.close(),
  };
}

/** A blocklist file, which is created if it is missing. */
async function fileSource(path: string, opening: Opening): Promise<Source> {
  try {
    const blocklist = await openBlocklist(path, { create: true, follow: following(opening) });
    return { blocklist, close: async () => {} };
  } catch (error) {
    throw failureOf(path, error);
  }
}

const following = ({ out }: Opening): NonNullable<OpenBlocklistOptions['follow']> => ({
  signal: out.signal,
  onProblem: (problem) =>
    out.note(`the list: ${problem ? wordsOf(problem) : 'following it again'}`),
});

async function sourceOfList(path: string, opening: Opening): Promise<Source> {
  const { out } = opening;
  const saved = await blocklistIn(path, following(opening));
  const close = async () => {};
  if (saved)
    return { blocklist: wantedOf(path, { blocklist: saved }, EVERYTHING).blocklist, close };
  const parts = await readParts(path, EVERYTHING, out);
  return { blocklist: endingAtOnce(() => createBlocklist(parts)), close };
}

/** A list that cannot be fetched now is reported and retried; the others go on. */
async function fetchAndReport(
  feed: ListFeed,
  lists: KeptLists,
  signal: AbortSignal,
  out: Output,
): Promise<void> {
  const { name } = feed;
  let problems = 0;
  const onProblem = () => problems++;
  try {
    const { pendingRemovals, notRead, isDrained } = await lists.fetch(feed, { signal, onProblem });
    if (pendingRemovals)
      out.say(name, `${pendingRemovalsText(pendingRemovals)} until POST /v1/lists/NAME/confirm`);
    if (notRead !== undefined) out.say(name, notReadWords(notRead, isDrained));
  } catch (error) {
    // Another server of the same store fetches it.
    if (signal.aborted || (error instanceof StoreError && error.code === 'in-use')) return;
    out.say(name, wordsOf(error));
  }
  if (problems > 0) out.say(name, `${counted(problems, 'record')} with problems`);
}

/** The part of an error that may be logged: messages of drivers may quote values. */
export function wordsOf(error: unknown): string {
  const { name, code, message } = error as Error & { code?: unknown };
  const isOwn = error instanceof StoreError || error instanceof Failure || /Service/.test(name);
  if (isOwn) return message;
  return typeof code === 'string' ? `${name} ${code}` : String(name);
}
