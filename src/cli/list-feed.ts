import process from 'node:process';
import type { Feed, Store } from '../server/index.js';
import type { ListClient } from '../services/index.js';
import { Failure, UsageError } from './failure.js';
import { LIST_SERVICES, provenanceOf, serviceNamed } from './lists/list-services.js';

/** The feed of a list, as a CONFIG or a store defines it. */
export interface ListFeed {
  /** name of the list */
  readonly name: string;
  readonly service: string;
  /** the service and the settings that choose one of its lists, as text */
  readonly provenance: string;
  /** false: fetched only on request */
  readonly isRegular: boolean;
  /**
   * A client with the credentials of the environment, or of the store.
   * @throws {Failure} if one is missing, or a member is invalid; a promise rejects
   */
  client(): ListClient<unknown> | Promise<ListClient<unknown>>;
  /** A client that knows whether a fetch must begin from the start, but fetches nothing. */
  idleClient(): ListClient<unknown>;
}

/**
 * The key of the credentials of a store's feeds, from the environment alone.
 * @throws {UsageError} unless it has 64 hex digits
 */
export function feedKey(): Uint8Array | undefined {
  const { ONLYHASHES_KEY: hex } = process.env;
  if (!hex) return undefined;
  if (/^[0-9a-f]{64}$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw new UsageError('ONLYHASHES_KEY: expected 64 hex digits');
}

/** The lists of a store that have a feed. */
export const storedFeeds = async (store: Store): Promise<ListFeed[]> =>
  (await store.feeds().items()).map((feed) => feedOf(feed, store));

function feedOf({ name, api, settings, enabled, hasCredentials }: Feed, store: Store): ListFeed {
  const idleClient = () => {
    const { connect, credentials } = serviceOf(api);
    const unused = Object.keys(credentials).map((each) => [each, 'unused']);
    return connect(Object.fromEntries(unused), { ...settings });
  };
  return {
    ...{
      name,
      service: api,
      provenance: provenanceOf(api, settings),
      isRegular: enabled,
      idleClient,
    },
    async client() {
      const key = feedKey();
      const feeds = store.feeds(key);
      // A `serve` that has the store does the fetching, and has the credentials.
      if (!('credentials' in feeds)) return idleClient();
      const { connect } = serviceOf(api);
      if (hasCredentials && key === undefined) {
        throw new Failure('expected ONLYHASHES_KEY, the key of its stored credentials');
      }
      const credentials = hasCredentials ? await feeds.credentials(name) : undefined;
      return connect({ ...credentials }, { ...settings });
    },
  };
}

function serviceOf(api: string) {
  const service = serviceNamed(api);
  if (service) return service;
  throw new Failure(`expected a feed of ${Object.keys(LIST_SERVICES).join(', ')}`);
}
