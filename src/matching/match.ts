import { ListState } from '../blocklist/list-state.js';
import {
  checkAsyncIterable,
  checkInteger,
  checkIterable,
  checkKnown,
  checkObject,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import { DecodeError } from '../errors.js';
import { checkPolicy, copyOfPolicy, type PolicyOptions } from '../policy.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { AllowList } from './allow-list.js';
import { decide, type Rules } from './decide.js';
import { decideLater, type SomeVariants } from './decide-later.js';
import { type Decision, unhashable } from './decision.js';
import { Elsewhere } from './elsewhere.js';
import { countingOnce, FloodGuard } from './flood-guard.js';
import { checkRemoteLists, type RemoteList } from './remote-list.js';
import type { SearchableList } from './search.js';

/** What a picture is decided by, besides a list. Both that have state may serve several lists. */
export interface MatchRules {
  /**
   * changes to the default policy; for PDQ it matches up to 31 bits, reviews up to 60 and asks for
   * quality 50
   */
  policy?: PolicyOptions | undefined;
  /** what matched wrongly, by `createAllowList` */
  allowList?: AllowList | undefined;
  /** looks for entries that suddenly match many uploads, by `createFloodGuard` */
  floodGuard?: FloodGuard | undefined;
}

/** How a picture is matched. */
export interface MatchOptions extends MatchRules {
  /** search every variant, even after a match; default false */
  all?: boolean | undefined;
  /** in bits, beyond which nothing is found, as if no policy had a larger one; default no limit */
  distance?: number | undefined;
  /** ends it, also while it waits for a variant or an answer */
  signal?: AbortSignal | undefined;
  /**
   * lists elsewhere that are asked about the main hash, by `createRemoteList`, unless an entry here
   * matches it at once. They are waited for, unless a variant matches here and `all` is not set.
   * While one does not answer, the verdict is not `none`
   */
  remote?: readonly RemoteList[] | undefined;
}

/** Options of what is waited for. */
type Waited = { readonly signal: AbortSignal } | { readonly remote: readonly RemoteList[] };

const QUERY = 'a hashed image, an iterable of its variants, or a DecodeError';
const OPTIONS = ['policy', 'allowList', 'floodGuard', 'all', 'distance', 'signal', 'remote'];

/**
 * Decides about one picture. It gives a promise if variants come one at a time, by an async
 * iterable, or if `signal` or `remote` is given.
 *
 * Variants, the main hash first, are searched until one matches: exactly up to `matchDistance`.
 * If none does, those that a near search found up to `reviewDistance` are for review. That search
 * is not exact beyond 31 bits (see `HammingIndex.searchNear`). A match with a low quality is for
 * review.
 *
 * Variants that are made one at a time, by `variantsOf` or `variantsOfFile`, are told what they
 * came near to, and places near an entry are moved closer. A hashed image, as `hashFile` gives
 * it, has no pixels to do so: some edited copies that would match are then for review only. The
 * decision says by `refined` which it was. Decide about uploads by `checkUpload`.
 *
 * With a promise, the event loop turns about every 5 ms, and the decision is about the list at its
 * end: what was withdrawn meanwhile is not in it.
 *
 * Keep distances from the uploader, and which variant matched: who knows them can change a
 * picture step by step until it is no longer found.
 * @param query variants, which are pulled only as needed; a hashed image; or the error that came
 *   instead, which makes the picture `unhashable`, as does an iterable without variants
 * @returns a promise rejects with `signal.reason` on abort, and with the error of an iterable that
 *   throws
 * @throws {TypeError | RangeError} if an argument or a variant is invalid; a promise rejects
 * @example
 * const { verdict, reason, matches } = match(await hashFile(path), blocklist);
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
  return told(decide(variants, list.state, rules), rules.allowList);
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
  const elsewhere = remote.length > 0 ? new Elsewhere(remote) : undefined;
  const decision = await decideLater(variants, list, rules, { signal, changes, elsewhere });
  return told(decision, allowList);
}

/** @throws {TypeError | RangeError} if the list or an option is invalid */
function rulesOf(list: SearchableList, options: MatchOptions): Rules {
  checkList(list);
  checkMatchOptions(options);
  const { policy = {}, all = false, distance, allowList, floodGuard } = options;
  // The picture counts once, however often it is searched.
  const isFlooded = floodGuard && countingOnce(floodGuard);
  return { policy: copyOfPolicy(policy), all, distance, allowList, isFlooded };
}

/** @throws {TypeError} unless it is a list that can be searched */
export function checkList(list: SearchableList): void {
  if (!(list?.state instanceof ListState)) throw new TypeError('expected a blocklist');
}

/** @throws {TypeError | RangeError} if an option is invalid, or of another name */
export function checkMatchOptions(options: MatchOptions): void {
  checkKnown(options, OPTIONS);
  checkRules(options);
  const { all, distance, signal, remote } = options;
  checkTypeOf('all', all, 'boolean');
  if (distance !== undefined) checkInteger('distance', distance, 0, 256);
  checkSignal(signal);
  if (remote !== undefined) checkRemoteLists(remote);
}

/** @throws {TypeError | RangeError} if one of the rules is invalid */
export function checkRules({ policy, allowList, floodGuard }: MatchRules): void {
  if (policy !== undefined) checkPolicy(policy);
  if (allowList !== undefined && !(allowList instanceof AllowList)) {
    throw new TypeError('expected allowList to be made by createAllowList');
  }
  if (floodGuard !== undefined && !(floodGuard instanceof FloodGuard)) {
    throw new TypeError('expected floodGuard to be made by createFloodGuard');
  }
}

/** A decision, once its allowed hits are told. */
function told(decision: Decision, allowList: AllowList | undefined): Decision {
  const { allowed = [], elsewhere = [] } = decision;
  const hits = [...allowed, ...elsewhere.filter((match) => match.allowed !== undefined)];
  for (const match of hits) allowList?.onAllowed?.(match);
  return decision;
}

function* variantsOf(image: HashedImage): Generator<HashedVariant> {
  const { hash, quality, resample, ranks, decoding } = image;
  yield {
    name: 'original',
    hash,
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(ranks !== undefined && { ranks }),
    ...(decoding !== undefined && { decoding }),
  };
  yield* image.variants;
}
