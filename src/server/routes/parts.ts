import type { Blocklist } from '../../blocklist/blocklist.js';
import type { AllowList } from '../../matching/allow-list.js';
import type { MatchRules } from '../../matching/match.js';
import type { HashPool } from '../../node/pool/create-hash-pool.js';
import type { PendingRemovalsOfList } from '../../services/pending-removals.js';
import type { Store } from '../../store/store.js';
import type { Metrics } from '../http/metrics.js';
import type { FormReader } from '../http/read-form.js';
import type { FetchPicture } from '../uploads/fetch-picture.js';

/** A list that follows a store, from `store.follow`. */
export interface FollowedList {
  readonly blocklist: Blocklist;
  /** the store's allow list */
  readonly allowList?: AllowList;
  /** the revision of the store up to which the list is current */
  readonly revision: number;
  /** seconds since the store last confirmed that the list is current; absent: unknown */
  readonly staleSeconds?: number;
  /** removals that fetches into the store held back; absent: unknown */
  readonly pendingRemovals?: readonly PendingRemovalsOfList[];
}

/** Shared dependencies of a service's routes. */
export interface ServiceParts {
  /** undefined until the list is loaded */
  followed(): FollowedList | Pick<FollowedList, 'blocklist'> | undefined;
  /** @throws {Refusal} 503 until the list is there */
  list(): Blocklist;
  /**
   * Match rules besides the list.
   * @throws {Refusal} 503 until the list is there
   */
  rules(): MatchRules;
  /** the policy of the service's options */
  readonly policy: MatchRules['policy'];
  readonly store: Store | undefined;
  readonly pool: HashPool;
  readonly metrics: Metrics;
  /** fetches pictures by address; undefined unless hosts are allowed */
  readonly fetchPicture: FetchPicture | undefined;
  /** reads forms, within one common bound of memory */
  readonly forms: FormReader;
  /** size limit of a picture, in bytes */
  readonly maxBytes: number;
  /** the time, in milliseconds since 1970 */
  readonly now: () => number;
  isEnding(): boolean;
  /** removals that fetches held back */
  pendingRemovals(): readonly PendingRemovalsOfList[];
  /** Confirms the removals of a list; false if there are none. */
  confirm(name: string): Promise<boolean>;
}
