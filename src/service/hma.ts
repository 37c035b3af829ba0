import {
  checkInteger,
  checkMethods,
  checkObject,
  checkOneOf,
  checkOptions,
  checkTypeOf,
} from '../door.js';
import { checkPool } from '../node/hash-pool.js';
import { policyUnder } from '../policy.js';
import { Store } from '../store/store.js';
import type { FollowedList } from './health.js';
import { hmaBankRoutes } from './hma-banks.js';
import { hmaContentRoutes } from './hma-content.js';
import { type HmaExchanges, hmaExchangeRoutes, NO_EXCHANGES } from './hma-exchanges.js';
import { hmaHashRoutes } from './hma-hash.js';
import { type HmaFollowing, hmaDocumentRoutes, hmaIndexRoutes, IndexAge } from './hma-index.js';
import { hmaMatchRoutes } from './hma-match.js';
import { HmaHasher } from './hma-picture.js';
import { hmaRoute } from './hma-reply.js';
import { FormReader } from './read-form.js';
import { Refusal, type Route } from './route.js';
import type { ServiceParts } from './service.js';

/** What a service in HMA's dialect stands on, beside the parts of the service. */
export interface HmaOptions {
  /** where lists are changed; absent: banks are searched, and cannot be changed */
  store?: Store | undefined;
  /** the service's own follower: it tells whether the index keeps up */
  follower?: FollowedList | Promise<FollowedList> | undefined;
  /**
   * where lists are fetched from, as `store.exchanges(key)` gives them; absent: there are
   * none, and none is made
   */
  exchanges?: HmaExchanges | undefined;
  /**
   * what lookups tell: matches alone, or what is for review within the match distance of its list,
   * too. HMA has no word for a review
   * @defaultValue 'match'
   */
  tier?: 'match' | 'review' | undefined;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: (() => number) | undefined;
}

/**
 * The routes of HMA's dialect, version 1.1: `/h/…`, `/m/…`, `/c/…` and `/status`. A bank is a list,
 * and content is an entry, by its number in the store. The unnamed list is the bank `UNNAMED`.
 *
 * @param parts as `createService` gives them to `routes`
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const follower = store.follow();
 * const { handler } = createService({
 *   follower,
 *   store,
 *   tokens,
 *   routes: (parts) => hmaRoutes(parts, { store, follower }),
 * });
 */
export function hmaRoutes(parts: ServiceParts, options: HmaOptions = {}): Route[] {
  checkObject(parts, 'the parts of a service');
  const { list, rules, isReady, pool, forms, fetchPicture, maxBytes } = parts;
  for (const [name, value] of Object.entries({ list, rules, isReady })) {
    if (typeof value !== 'function') throw new TypeError(`expected ${name} to be a function`);
  }
  checkPool(pool);
  if (!(forms instanceof FormReader)) throw new TypeError('expected the parts of a service');
  checkInteger('maxBytes', maxBytes, 1);
  checkOptions(options);
  const { store, follower, tier = 'match', now = Date.now } = options;
  const { exchanges = NO_EXCHANGES } = options;
  if (store !== undefined && !(store instanceof Store)) {
    throw new TypeError('expected store to be a store');
  }
  if (follower !== undefined && !(follower instanceof Promise)) {
    checkObject(follower, 'follower to be a follower');
    checkInteger('follower.revision', follower.revision, 0);
  }
  checkTypeOf('fetchPicture', fetchPicture, 'function');
  checkMethods(exchanges, 'exchanges to be those of a store', ['set', 'get', 'list', 'remove']);
  checkOneOf('tier', tier, ['match', 'review']);
  checkTypeOf('now', now, 'function');

  const hasher = new HmaHasher({ pool, forms, maxBytes, fetchPicture });
  const minQuality = () => policyUnder(rules().policy ?? {}, 'pdq', 256).minQuality;
  const routes = [
    ...hmaHashRoutes(hasher, minQuality),
    ...hmaMatchRoutes({
      list,
      rules,
      hasher,
      tellsReviews: tier === 'review',
    }),
    ...hmaIndexRoutes({
      list,
      isReady,
      age: new IndexAge(followingOf(store, follower), now),
      stored: store && (async () => (await store.count(PDQ)).entries),
    }),
    ...ofStore(store, (of) => [
      ...hmaBankRoutes(of),
      ...hmaContentRoutes(of, hasher, { minQuality, now }),
      ...hmaExchangeRoutes(of, exchanges),
    ]),
  ];
  return hmaDocumentRoutes(routes).map(hmaRoute);
}

/** What an index has of a store. */
const PDQ = { algorithm: 'pdq', paused: false } as const;

/**
 * Routes that take a store. Without one they refuse by 501: by 404, Coop would take its banks for
 * deleted, and forget them.
 */
function ofStore(store: Store | undefined, routes: (store: Store) => Route[]): Route[] {
  if (store) return routes(store);
  const answer = () => {
    throw new Refusal(
      'not-available',
      'this service was started without what banks and exchanges take',
    );
  };
  // What they are made of is asked for in their answers alone.
  return routes(undefined as never).map((route) => ({ ...route, answer }));
}

/** How the list in memory and its store are compared; undefined if there are not both. */
function followingOf(
  store: Store | undefined,
  follower: HmaOptions['follower'],
): HmaFollowing | undefined {
  if (!store || !follower) return undefined;
  let there: FollowedList | undefined;
  const take = (one: FollowedList) => {
    there = one;
  };
  // A follower that does not come is told by whoever waits for it.
  if (follower instanceof Promise) follower.then(take, () => {});
  else take(follower);
  return { indexed: () => there?.revision, stored: () => store.revision() };
}
