import type { Blocklist } from '../../blocklist/blocklist.js';
import type { AllowList } from '../../matching/allow-list.js';
import type { MatchRules } from '../../matching/match.js';
import type { HashPool } from '../../node/pool/create-hash-pool.js';
import type { HeldBackList } from '../../services/held-back.js';
import type { Store } from '../../store/store.js';
import type { Metrics } from '../http/metrics.js';
import type { FormReader } from '../http/read-form.js';
import type { FetchPicture } from '../uploads/fetch-picture.js';

/** A list that follows a store: `store.follow` gives one. */
export interface FollowedList {
  readonly blocklist: Blocklist;
  /** what the store allows */
  readonly allowList?: AllowList;
  /** the store's change up to which the list is equal to it */
  readonly revision: number;
  /** how long ago the store last said that nothing is newer, in seconds; absent: not told */
  readonly staleSeconds?: number;
  /** what fetches into the store did not remove; absent: not told */
  readonly heldBack?: readonly HeldBackList[];
}

/** What the routes of a service share. */
export interface ServiceParts {
  /** undefined until it is there */
  followed(): FollowedList | Pick<FollowedList, 'blocklist'> | undefined;
  /** @throws {Refusal} 503 until the list is there */
  list(): Blocklist;
  /**
   * What decides besides the list.
   * @throws {Refusal} 503 until the list is there
   */
  rules(): MatchRules;
  /** the policy that the service was given */
  readonly policy: MatchRules['policy'];
  readonly store: Store | undefined;
  readonly pool: HashPool;
  readonly metrics: Metrics;
  /** fetches pictures by their address; undefined unless hosts are allowed */
  readonly fetchPicture: FetchPicture | undefined;
  /** reads forms: what they hold counts together */
  readonly forms: FormReader;
  /** most bytes of a picture */
  readonly maxBytes: number;
  /** milliseconds since 1970 */
  readonly now: () => number;
  isEnding(): boolean;
  /** what fetches did not remove */
  heldBack(): readonly HeldBackList[];
  /** Confirms it; gives whether there is something. */
  confirm(name: string): Promise<boolean>;
}
