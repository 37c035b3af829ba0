/*
 * From a picture's variants and a list to a decision: search each variant, judge each hit by the
 * policy of its list, the allow list and the flood guard, and stop at the first match. Nothing here
 * changes a list.
 */

import { ListState } from '../blocklist/list-state.js';
import {
  boolean,
  checkAsyncIterable,
  checkedOptions,
  checkIterable,
  checkObject,
  checkOptions,
  integer,
  type OptionCheck,
  type OptionTable,
  SIGNAL,
  wrongKind,
} from '../door.js';
import { DecodeError } from '../errors.js';
import { isDigest } from '../hash.js';
import { nextTurn, TURN } from '../in-turns.js';
import { copyOfPolicy, POLICY, type PolicyOptions } from '../policy.js';
import type { HashedImage, HashedVariant, Near } from '../variant.js';
import { AllowList } from './allow-list.js';
import { Deciding, decide, isRefined, type Rules } from './decide.js';
import { type Decision, decisionOf, unhashable } from './decision.js';
import { countingOnce, FloodGuard } from './flood-guard.js';
import { type RemoteList, remoteLists } from './remote-list.js';
import { RemoteQuery } from './remote-query.js';
import { digestsOn, type Found, foundBy, type SearchableList } from './search.js';

export { digestsOn, type RemoteList, type SearchableList };

/** Rules of a decision, besides a list. The two with state may serve several lists. */
export interface MatchRules {
  /**
   * changes to the default policy; for PDQ it matches up to 31 bits, reviews up to 60 and requires
   * quality 50
   */
  policy?: PolicyOptions | undefined;
  /** exceptions, by `createAllowList` */
  allowList?: AllowList | undefined;
  /** detects entries that suddenly match many uploads, by `createFloodGuard` */
  floodGuard?: FloodGuard | undefined;
}

/** Options of matching a picture. */
export interface MatchOptions extends MatchRules {
  /** search every variant, even after a match; default false */
  all?: boolean | undefined;
  /** in bits: the farthest hit, even if a policy has a larger distance; default no limit */
  distance?: number | undefined;
  /** aborts the call, also while it waits for a variant or an answer */
  signal?: AbortSignal | undefined;
  /**
   * remote lists, by `createRemoteList`, that are queried for the main hash unless a local entry
   * matches it at once. They are awaited, unless a variant matches here and `all` is not set. While
   * one does not answer, the verdict is not `none`
   */
  remote?: readonly RemoteList[] | undefined;
}

const allowList: OptionCheck = (name, value) => {
  if (!(value instanceof AllowList)) wrongKind(`${name} to be made by createAllowList`);
};

const floodGuard: OptionCheck = (name, value) => {
  if (!(value instanceof FloodGuard)) wrongKind(`${name} to be made by createFloodGuard`);
};

export const ALLOW_LIST = { is: allowList } as const;
export const FLOOD_GUARD = { is: floodGuard } as const;
export const REMOTE = { is: remoteLists } as const;
export const MATCH_OPTIONS = {
  policy: POLICY,
  allowList: ALLOW_LIST,
  floodGuard: FLOOD_GUARD,
  all: { is: boolean, default: false },
  distance: { is: integer, most: 256 },
  signal: SIGNAL,
  remote: REMOTE,
} as const satisfies OptionTable<MatchOptions>;

/** Options that make the call asynchronous. */
type Waited = { readonly signal: AbortSignal } | { readonly remote: readonly RemoteList[] };

const QUERY = 'a hashed image, an iterable of its variants, or a DecodeError';

/**
 * Decides about one picture. Returns a promise if variants come from an async iterable, or if
 * `signal` or `remote` is given.
 *
 * Variants, the main hash first, are searched until one matches: exactly up to `matchDistance`. If
 * none does, entries that a near search found up to `reviewDistance` are for review. That search is
 * not exact beyond 31 bits (see `HammingIndex.searchNear`). A match with a low quality is for
 * review. Digests of the whole file may come first, as variants with the name `file`: they match an
 * equal entry and nothing else.
 *
 * A generator that makes variants one at a time, as `variantsOf` does, is notified of near entries,
 * and refines the places near them. A hashed image, as `hash` returns it, has no pixels for this:
 * some edited copies that would match are then only for review. `refined` of the decision states
 * which it was. Decide about uploads with `check`.
 *
 * With a promise, the event loop turns about every 5 ms, and the decision is by the list at its
 * end: entries withdrawn meanwhile are not in it.
 *
 * Do not reveal distances, or which variant matched, to the uploader, who could change a picture
 * step by step until it is no longer found.
 * @param query variants, which are pulled only as needed; a hashed image; or the error that came
 *   instead, which makes the picture `unhashable`, as does an iterable without variants
 * @param list the `Blocklist` to search
 * @returns a promise rejects with `signal.reason` on abort, and with the error of an iterable that
 *   throws
 * @throws {TypeError | RangeError} if an argument or a variant is invalid; a promise rejects
 * @example
 * const { verdict, reason, matches } = match(await hash(path), blocklist);
 */
export function match(
  query: Iterable<HashedVariant> | HashedImage | DecodeError,
  list: SearchableList,
  options?: MatchOptions & { signal?: undefined; remote?: undefined },
): Decision;
export function match(
  query: AsyncIterable<HashedVariant>,
  list: SearchableList,
  options?: MatchOptions,
): Promise<Decision>;
export function match(
  query: SomeVariants | HashedImage | DecodeError,
  list: SearchableList,
  options: MatchOptions & Waited,
): Promise<Decision>;
export function match(
  query: SomeVariants | HashedImage | DecodeError,
  list: SearchableList,
  options: MatchOptions = {},
): Decision | Promise<Decision> {
  checkOptions(options);
  checkObject(query, QUERY);
  const { signal, remote } = options;
  const isLate = signal !== undefined || remote !== undefined || Symbol.asyncIterator in query;
  if (isLate) return matchLater(query, list, options);
  const rules = rulesOf(list, options);
  if (query instanceof DecodeError) return unhashable(query, rules.policy);
  checkIterable('hash' in query ? query.variants : query, QUERY);
  const variants = 'hash' in query ? variantsOf(query) : (query as Iterable<HashedVariant>);
  return reportAllowed(decide(variants, list.state, rules), rules.allowList);
}

async function matchLater(
  query: SomeVariants | HashedImage | DecodeError,
  list: SearchableList,
  options: MatchOptions,
): Promise<Decision> {
  const { signal, remote = [], allowList, floodGuard } = options;
  const rules = rulesOf(list, options);
  if (query instanceof DecodeError) return unhashable(query, rules.policy);
  if ('hash' in query) checkIterable(query.variants, QUERY);
  else checkAsyncIterable(query, QUERY);
  const variants = 'hash' in query ? variantsOf(query) : query;
  const changes = () => (allowList?.generation ?? 0) + (floodGuard?.generation ?? 0);
  const remoteQuery = remote.length > 0 ? new RemoteQuery(remote) : undefined;
  const decision = await decideLater(variants, list, rules, { signal, changes, remoteQuery });
  return reportAllowed(decision, allowList);
}

/** @throws {TypeError | RangeError} if the list or an option is invalid */
export function rulesOf(list: SearchableList, options: MatchOptions): Rules {
  checkList(list);
  const checked = checkedOptions(options, MATCH_OPTIONS);
  const { policy = {}, all, distance, allowList, floodGuard } = checked;
  // The picture counts once, however often it is searched.
  const isFlooded = floodGuard && countingOnce(floodGuard);
  return { policy: copyOfPolicy(policy), all, distance, allowList, isFlooded };
}

/** @throws {TypeError} unless it is a list that can be searched */
export function checkList(list: SearchableList): void {
  if (!(list?.state instanceof ListState)) wrongKind('a blocklist');
}

/** The decision, after its allowed hits were reported. */
function reportAllowed(decision: Decision, allowList: AllowList | undefined): Decision {
  const { allowed = [], remoteMatches = [] } = decision;
  const hits = [...allowed, ...remoteMatches.filter((match) => match.allowed !== undefined)];
  for (const match of hits) allowList?.onAllowed?.(match);
  return decision;
}

function* variantsOf(image: HashedImage): Generator<HashedVariant> {
  const { hash, quality, resample, ranks, parts, decoding } = image;
  yield {
    name: 'original',
    hash,
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(ranks !== undefined && { ranks }),
    ...(parts !== undefined && { parts }),
    ...(decoding !== undefined && { decoding }),
  };
  yield* image.variants;
}

/** Further inputs of an asynchronous decision. */
interface Waiting {
  readonly signal: AbortSignal | undefined;
  /** goes up with each change of the inputs besides the list */
  changes(): number;
  /** queried for the main hash */
  readonly remoteQuery: RemoteQuery | undefined;
}

/** Variants that are pulled, synchronously or not. */
type SomeVariants = Iterable<HashedVariant> | AsyncIterable<HashedVariant>;

type Puller = {
  next(near: Near | undefined): Pulled | Promise<Pulled>;
  return?(): unknown;
};
type Pulled = { done?: boolean | undefined; value: HashedVariant };

/**
 * Decides as `decide` does, about variants that may take long to arrive. The event loop turns about
 * every 5 ms.
 *
 * The list may change meanwhile, and an entry among the matches may be withdrawn. So the decision
 * is that of the list at its end: if that has changed, all variants are searched once more (about
 * 0.05 ms each in a million entries), and if it changes again meanwhile, in one go. If nothing
 * matches any more, further variants are pulled.
 *
 * Remote lists are queried once the main hash has not matched here. They are awaited at the end,
 * unless there is a match by then that suffices.
 * @param waiting `signal` also ends the wait for a variant or an answer
 * @returns rejects with `signal.reason` on abort
 * @throws {TypeError | RangeError} if a variant is invalid
 */
async function decideLater(
  variants: SomeVariants,
  list: SearchableList,
  rules: Rules,
  { signal, changes: furtherChanges, remoteQuery }: Waiting,
): Promise<Decision> {
  signal?.throwIfAborted();
  const changesNow = () => list.state.generation + furtherChanges();
  let changes = changesNow();
  let picture = new Deciding(list.state, rules);
  const taken: HashedVariant[] = [];
  const { ended, forget } = ending(signal);
  const puller = pullerOf(variants);
  let near: Near | undefined;
  let state: 'open' | 'pulling' | 'done' = 'open';
  let turn = performance.now() + TURN;
  const nextTurnAfter = async () => {
    await nextTurn();
    signal?.throwIfAborted();
    turn = performance.now() + TURN;
  };
  /** Any number of entries may be near a variant. */
  const take = async (variant: HashedVariant, found?: () => Found) => {
    let generation = list.state.generation;
    let steps = picture.takeSteps(variant, found);
    for (let again = 0; ; ) {
      const { done, value } = steps.next();
      if (done) return value;
      if (again > 1 || performance.now() < turn) continue;
      await nextTurnAfter();
      if (list.state.generation === generation) continue;
      // The entries found may be gone. At the end, all variants are searched once more, but their
      // generator is notified of what is near now, or it would not refine those places.
      generation = list.state.generation;
      steps = new Deciding(list.state, rules).takeSteps(variant);
      again++;
    }
  };
  /** The answers that are still needed. */
  const answers = () => {
    const main = taken.find(({ hash }) => !isDigest(hash.algorithm));
    if (!remoteQuery || !main || picture.isDecided) return undefined;
    const answered = remoteQuery.ask(main);
    return remoteQuery.isOver ? undefined : answered;
  };
  try {
    for (;;) {
      if (state === 'done' || picture.isDecided) {
        const answered = answers();
        if (answered) await Promise.race([answered, ended]);
        for (let again = 0; changesNow() !== changes; again++) {
          changes = changesNow();
          picture = new Deciding(list.state, rules);
          for (const variant of taken) {
            near = again === 0 ? await take(variant) : picture.take(variant);
            if (picture.isDecided) break;
          }
        }
        // Nothing is awaited between the last search and this.
        if (state === 'done' || picture.isDecided) {
          const decided = picture.decision(isRefined(variants));
          const here = decisionOf({ ...decided, generation: list.state.generation });
          if (!remoteQuery || picture.isDecided) return here;
          return remoteQuery.joinedTo(here, rules, list.state.withdrawn);
        }
      }
      state = 'pulling';
      const pulled = puller.next(near);
      const { done, value } =
        pulled instanceof Promise ? await Promise.race([pulled, ended]) : pulled;
      state = done ? 'done' : 'open';
      if (done) continue;
      if (performance.now() >= turn) await nextTurnAfter();
      taken.push(value);
      const { state: listed, threads } = list;
      const asked = threads && foundBy(threads, listed, value, picture.widestFor(value));
      if (asked) {
        const before = changesNow();
        const found = await Promise.race([asked, ended]);
        // Entries found before a change may be gone.
        near = await take(value, changesNow() === before ? found : undefined);
      } else near = await take(value);
      answers();
    }
  } finally {
    forget();
    remoteQuery?.end();
    // An iterator that threw or ended is not closed; one that is still awaited is.
    if (state === 'open' || (state === 'pulling' && signal?.aborted)) close(puller);
  }
}

function pullerOf(variants: SomeVariants): Puller {
  const iterator =
    Symbol.asyncIterator in variants
      ? variants[Symbol.asyncIterator]()
      : variants[Symbol.iterator]();
  return iterator as Puller;
}

async function close(puller: Puller): Promise<void> {
  try {
    await puller.return?.();
  } catch {
    // The decision stands, or another error is being thrown.
  }
}

/** A promise that rejects when `signal` aborts. */
function ending(signal: AbortSignal | undefined): { ended: Promise<never>; forget(): void } {
  let end = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(signal?.reason);
  });
  ended.catch(() => {});
  signal?.addEventListener('abort', end, { once: true });
  return { ended, forget: () => signal?.removeEventListener('abort', end) };
}
