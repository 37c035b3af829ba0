import { checkedOptions, choice, type OptionTable, object } from '../../door.js';
import { policyUnder } from '../../policy.js';
import type { Store } from '../../store/store.js';
import { Refusal, type Route } from '../http/route.js';
import type { ServiceParts } from '../routes/parts.js';
import { hmaDocumentRoutes, hmaIndexRoutes } from './bank-index.js';
import { hmaBankRoutes } from './banks.js';
import { hmaContentRoutes } from './content.js';
import { type HmaFeeds, hmaExchangeRoutes, NO_FEEDS } from './exchanges.js';
import { hmaHashRoutes } from './hash.js';
import { hmaMatchRoutes } from './match.js';
import { HmaHasher } from './picture.js';
import { hmaRoute } from './reply.js';

/** How HMA's dialect is served. */
export interface HmaRouteOptions {
  /**
   * where lists are fetched from, as `store.feeds(key)` gives them; absent: there are none, and
   * none is made
   */
  feeds?: HmaFeeds | undefined;
  /**
   * what lookups tell: matches alone, or what is for review within the match distance of its list,
   * too. HMA has no word for a review
   * @defaultValue 'match'
   */
  tier?: 'match' | 'review' | undefined;
}

export const HMA_ROUTE_OPTIONS = {
  feeds: { is: object, methods: ['set', 'get', 'items', 'remove'], default: NO_FEEDS },
  tier: { is: choice, of: ['match', 'review'], default: 'match' },
} as const satisfies OptionTable<HmaRouteOptions>;

/**
 * The routes of HMA's dialect.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function hmaRoutes(parts: ServiceParts, options: HmaRouteOptions): Route[] {
  const { feeds, tier } = checkedOptions(options, HMA_ROUTE_OPTIONS);
  const hasher = new HmaHasher(parts);
  const minQuality = () => policyUnder(parts.rules().policy ?? {}, 'pdq', 256).minQuality;
  const routes = [
    ...hmaHashRoutes(hasher, minQuality),
    ...hmaMatchRoutes(parts, hasher, tier === 'review'),
    ...hmaIndexRoutes(parts),
    ...ofStore(parts.store, (store) => [
      ...hmaBankRoutes(store),
      ...hmaContentRoutes(store, hasher, { minQuality, now: parts.now }),
      ...hmaExchangeRoutes(store, feeds),
    ]),
  ];
  return hmaDocumentRoutes(routes).map(hmaRoute);
}

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
