import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { checkedJson, checkOptions, checkTypeOf } from '../../door.js';
import type { FetchState } from '../../policy.js';
import type { Database } from '../sql/database.js';
import { StoreError } from '../sql/store-error.js';
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

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The services that a store's lists are fetched from, by list name. Made by `Store.feeds`.
 * Credentials are encrypted with AES-256-GCM, each bound to its store and list, before they go to
 * the database, which never has the key.
 */
export class Feeds {
  readonly #database: Database;
  readonly #store: string;
  readonly #key: Uint8Array | undefined;

  /** Use `Store.feeds`. */
  constructor(database: Database, store: string, key: Uint8Array | undefined) {
    if (key !== undefined && !(key instanceof Uint8Array && key.length === KEY_BYTES)) {
      throw new TypeError(`expected key to be ${KEY_BYTES} bytes`);
    }
    this.#database = database;
    this.#store = store;
    this.#key = key?.slice();
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
    return sealed ? this.#opened(name, Buffer.from(sealed)) : undefined;
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
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#usedKey(), nonce);
    cipher.setAAD(this.#bound(name));
    const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), hidden]);
  }

  #opened(name: string, sealed: Buffer): Record<string, string> {
    const key = this.#usedKey();
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(this.#bound(name)).setAuthTag(tag);
      const hidden = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      const text = Buffer.concat([cipher.update(hidden), cipher.final()]).toString('utf8');
      return JSON.parse(text) as Record<string, string>;
    } catch {
      throw new StoreError('wrong-key', 'expected the key that the credentials were stored with');
    }
  }

  #usedKey(): Uint8Array {
    if (this.#key === undefined) throw new TypeError('expected feeds opened with a key');
    return this.#key;
  }

  /** Authenticated data: credentials of another list or store cannot be decrypted here. */
  #bound(name: string): Buffer {
    return Buffer.from(JSON.stringify([this.#store, name]));
  }
}

const feedOf = ({ fetched, ...row }: FeedRow): Feed => ({
  ...row,
  ...(fetched && { fetched }),
});
