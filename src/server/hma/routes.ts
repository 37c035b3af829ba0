import { checkedOptions, choice, type OptionTable, object } from '../../door.js';
import type { Resample } from '../../hash.js';
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

/** Options of HMA's dialect. */
export interface HmaRouteOptions {
  /** feeds of lists, from `store.feeds(key)`; absent: there are none, and none can be created */
  feeds?: HmaFeeds | undefined;
  /**
   * hits that lookups return: only matches, or also those for review within the match distance of
   * their list. HMA has no word for a review
   * @defaultValue 'match'
   */
  tier?: 'match' | 'review' | undefined;
  /**
   * PDQ's size convention for pictures that are hashed or listed. HMA does not resample: its hashes
   * lie 5 to 6 bits nearer to those of another HMA, and as much farther from those of lists made
   * with the step, as StopNCII's are. At 12 megapixels it takes 40 times the CPU
   * @defaultValue 'none'
   */
  resample?: Resample | undefined;
  /**
   * reply of `/h/hash` about a file sent as a photo that is no picture: `accept` gives no hash,
   * `refuse` an error, by which policyserv blocks it
   * @defaultValue 'refuse'
   */
  notPictures?: 'accept' | 'refuse' | undefined;
}

export const HMA_ROUTE_OPTIONS = {
  feeds: { is: object, methods: ['set', 'get', 'items', 'remove'], default: NO_FEEDS },
  tier: { is: choice, of: ['match', 'review'], default: 'match' },
  resample: { is: choice, of: [512, 'none'], default: 'none' },
  notPictures: { is: choice, of: ['accept', 'refuse'], default: 'refuse' },
} as const satisfies OptionTable<HmaRouteOptions>;

/**
 * The routes of HMA's dialect.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function hmaRoutes(parts: ServiceParts, options: HmaRouteOptions): Route[] {
  const { feeds, tier, resample, notPictures } = checkedOptions(options, HMA_ROUTE_OPTIONS);
  const hasher = new HmaHasher(parts, resample);
  const minQuality = () => policyUnder(parts.rules().policy ?? {}, 'pdq', 256).minQuality;
  const routes = [
    ...hmaHashRoutes(hasher, { minQuality, notPictures }),
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
 * Routes that need a store. Without one they answer 501: after a 404, Coop would take its banks for
 * deleted, and forget them.
 */
function ofStore(store: Store | undefined, routes: (store: Store) => Route[]): Route[] {
  if (store) return routes(store);
  const answer = () => {
    throw new Refusal(
      'not-available',
      'this service was started without a store for banks and exchanges',
    );
  };
  // The routes use the store only in their answers.
  return routes(undefined as never).map((route) => ({ ...route, answer }));
}
