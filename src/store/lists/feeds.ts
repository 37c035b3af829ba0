import { checkedJson, checkOptions, checkTypeOf } from '../../door.js';
import type { FetchState } from '../../policy.js';
import { Sealer } from '../sealer.js';
import type { Database } from '../sql/database.js';
import { checkStorable } from '../stored-entry.js';
import { checkListName } from './lists.js';

/** Settings of a service's client: JSON without secrets. */
export type FeedSettings = Readonly<Record<string, unknown>>;

/** Source of a list: a service, and how to fetch from it. */
export interface NewFeed {
  /** the service: `stopncii`, `ncmec` … */
  readonly api: string;
  /** settings of the service's client, without its credentials; default none */
  readonly settings?: FeedSettings;
  /** whether the list is to be fetched; default true */
  readonly enabled?: boolean;
  /** tokens and passwords, by name. Absent: the stored ones stay */
  readonly credentials?: Readonly<Record<string, string>>;
}

/** Source of a list, and how far it was fetched. */
export interface Feed extends Required<Omit<NewFeed, 'credentials'>> {
  /** the list's name */
  readonly name: string;
  /** whether credentials are stored; `credentials` gives them */
  readonly hasCredentials: boolean;
  /** absent: never fetched */
  readonly fetched?: FetchState;
}

type FeedRow = Omit<Feed, 'fetched'> & { readonly fetched: FetchState | null };

/** The table uses HMA's word for a feed. */
const SELECT = `select feed.name, api, feed.settings, enabled,
  credentials is not null as "hasCredentials", list.fetched
from feed left join list on list.name = feed.name and list.listed`;

/**
 * The services that a store's lists are fetched from, by list name. Made by `Store.feeds`.
 * Credentials are encrypted with AES-256-GCM, each bound to its store and list, before they go to
 * the database, which never has the key.
 */
export class Feeds {
  readonly #database: Database;
  readonly #sealer: Sealer;

  /** Use `Store.feeds`. */
  constructor(database: Database, store: string, key: Uint8Array | undefined) {
    this.#database = database;
    this.#sealer = new Sealer(store, key);
  }

  /**
   * Sets the feed of a list, in place of an earlier one. Fetched entries stay; the next fetch from
   * another `provenance` begins from the start.
   * @throws {TypeError | RangeError} if an argument is invalid, or there are credentials and no key
   */
  async set(name: string, feed: NewFeed): Promise<void> {
    checkListName(name);
    checkOptions(feed, 'a feed: { api }');
    const { api, settings = {}, enabled = true, credentials } = feed;
    if (typeof api !== 'string' || api === '') throw new TypeError('expected api to be a name');
    checkStorable(api);
    checkTypeOf('enabled', enabled, 'boolean');
    checkOptions(settings, 'settings to be an object');
    const stored = checkedJson('settings', settings);
    const sealed = credentials === undefined ? null : this.#sealed(name, credentials);
    await this.#database.query(
      `insert into feed (name, api, settings, enabled, credentials)
      values ($1, $2, $3::text::json, $4, $5)
      on conflict (name) do update set api = $2, settings = $3::text::json, enabled = $4,
        credentials = coalesce($5, feed.credentials)`,
      [name, api, stored, enabled, sealed],
    );
  }

  /** The feed of this list; undefined if there is none. */
  async get(name: string): Promise<Feed | undefined> {
    checkListName(name);
    const [row] = await this.#database.query<FeedRow>(`${SELECT} where feed.name = $1`, [name]);
    return row && feedOf(row);
  }

  /** All feeds, by name. */
  async items(): Promise<Feed[]> {
    const rows = await this.#database.query<FeedRow>(`${SELECT} order by feed.name`);
    return rows.map(feedOf);
  }

  /**
   * The credentials of a feed; undefined if there are none.
   * @throws {StoreError} `wrong-key` if they were encrypted with another key, or are incomplete
   * @throws {TypeError} if there is no key
   */
  async credentials(name: string): Promise<Record<string, string> | undefined> {
    checkListName(name);
    const [row] = await this.#database.query<{ credentials: Uint8Array | null }>(
      'select credentials from feed where name = $1',
      [name],
    );
    const sealed = row?.credentials;
    return sealed
      ? (JSON.parse(this.#sealer.open(name, sealed)) as Record<string, string>)
      : undefined;
  }

  /**
   * Removes a feed and its credentials. The list and its entries stay.
   * @returns whether there was one
   */
  async remove(name: string): Promise<boolean> {
    checkListName(name);
    const gone = await this.#database.query('delete from feed where name = $1 returning 1', [name]);
    return gone.length === 1;
  }

  #sealed(name: string, credentials: Readonly<Record<string, string>>): Uint8Array {
    checkOptions(credentials, 'credentials to be an object');
    const text = checkedJson('credentials', credentials);
    if (!Object.values(credentials).every((value) => typeof value === 'string')) {
      throw new TypeError('expected credentials to be strings by name');
    }
    return this.#sealer.seal(name, text);
  }
}

const feedOf = ({ fetched, ...row }: FeedRow): Feed => ({
  ...row,
  ...(fetched && { fetched }),
});
