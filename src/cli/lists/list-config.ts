import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { createBlocklist, type ListSettings, type PolicyOptions } from '../../index.js';
import type { StorePlace } from '../../server/index.js';
import type { ListClient } from '../../services/index.js';
import { Failure, jsonIn } from '../failure.js';
import { wholeFile } from '../file-name.js';
import type { ListFeed } from '../list-feed.js';
import { namedStore, placeOfStore } from '../store/store-place.js';
import {
  LIST_SERVICES,
  provenanceOf,
  type ServiceSettings,
  serviceNamed,
} from './list-services.js';

/** The place of lists: a blocklist file or a store. */
export type ListPlace = { readonly file: string } | { readonly store: StorePlace };

/** The content of a CONFIG: the place of fetched lists, and the feed of each. */
export interface ListConfig {
  /** undefined if it states none */
  readonly place: ListPlace | undefined;
  readonly lists: readonly ConfiguredList[];
}

/** One list of a CONFIG. */
export interface ConfiguredList extends ListFeed {
  readonly settings: ListSettings & { readonly policy: PolicyOptions };
  /** settings that the CONFIG itself has */
  readonly ownSettings: ListSettings;
  client(): ListClient<unknown>;
}

/** The list with a client that is made at once. @throws {Failure} as `client` */
export function connected(list: ConfiguredList): ListFeed {
  const client = list.client();
  return { ...list, client: () => client };
}

/** Largest size of a CONFIG in bytes. */
export const MAX_CONFIG_BYTES = 1 << 20;

const SETTINGS = ['trust', 'tier', 'enabled', 'policy'] as const;
const CONNECTION = ['baseUrl', 'plainHttp', 'timeoutSeconds', 'tries'] as const;

/**
 * Reads a CONFIG. No message quotes a member's value: it may be a misplaced credential.
 * @throws {Failure} if it cannot be read; with the path of the member that is wrong
 */
export async function readListConfig(path: string): Promise<ListConfig> {
  const bytes = await wholeFile(path);
  const config = bytes.length > MAX_CONFIG_BYTES ? undefined : configFrom(`${bytes}`, path);
  if (!config) {
    throw new Failure(`${path}: expected a JSON object: { "list" or "store", "lists" }`);
  }
  return config;
}

/**
 * The CONFIG in a text; undefined if it is something else, such as a list in JSONL.
 * @throws {Failure} if a member is wrong
 */
export function configFrom(text: string, path: string): ListConfig | undefined {
  const json = jsonIn(text);
  if (!isObject(json) || !('lists' in json)) return undefined;
  const file = new Member(json, path, '');
  if (file.has('folder')) {
    throw file.wrong('folder', 'expected "list": "lists.ohb" in place of "folder"');
  }
  file.hasOnly(['list', 'store', 'lists']);
  const place = placeIn(file, dirname(path));
  const { lists } = json;
  if (!Array.isArray(lists)) throw file.wrong('lists', 'expected a list of lists');
  const names = new Set<string>();
  const read = lists.map((each, at) => {
    const list = new Member(each, path, `lists[${at}]`);
    const configured = readList(list);
    const { name } = configured;
    if (names.has(name)) throw list.wrong('name', 'expected a name that no other list has');
    names.add(name);
    return configured;
  });
  return { place, lists: read };
}

/**
 * The place of a CONFIG's lists: the command line overrides the file, and the file overrides the
 * environment.
 * @param store value on the command line
 * @throws {Failure} if none of them states it
 */
export function listPlaceOf(
  path: string,
  { place }: ListConfig,
  store: StorePlace | undefined = undefined,
): ListPlace {
  if (store) return { store };
  if (place) return place;
  const named = namedStore();
  if (named) return { store: named };
  throw new Failure(`${path}: expected "list", "store" or ONLYHASHES_STORE`);
}

function placeIn(file: Member, base: string): ListPlace | undefined {
  if (!file.has('store')) {
    return file.has('list') ? { file: resolve(base, file.text('list')) } : undefined;
  }
  if (file.has('list')) throw file.wrong('store', 'expected store or list, not both');
  const text = file.text('store');
  if (text === '') throw file.wrong('store', 'expected URL|FOLDER');
  const store = placeOfStore(text, base);
  if ('url' in store && hasPassword(store.url)) {
    throw file.wrong('store', 'expected no password; set PGPASSWORD or use ~/.pgpass');
  }
  return { store };
}

function hasPassword(url: string): boolean {
  // An address without a host, such as that of a socket, is not a URL to the engine.
  const [, before = '', query = ''] = /^[^/]*\/\/([^/?#]*)[^?]*(.*)$/.exec(url) ?? [];
  return /:.*@/.test(before) || new URLSearchParams(query).has('password');
}

/**
 * Settings for lists in a store. Settings that a CONFIG does not have stay unchanged there: a
 * moderator may have set them.
 */
export const storedSettingsOf = (lists: readonly ConfiguredList[]) =>
  Object.fromEntries(lists.map(({ name, ownSettings }) => [name, ownSettings]));

function readList(list: Member): ConfiguredList {
  const name = list.text('name');
  if (name === '') throw list.wrong('name', 'expected a name');
  const service = list.text('service');
  const known = serviceNamed(service);
  if (!known) throw list.wrong('service', `expected ${Object.keys(LIST_SERVICES).join(', ')}`);
  const { settings: own, options = [], credentials, connect } = known;
  list.hasOnly(['name', 'service', 'credentials', ...own, ...options, ...SETTINGS, ...CONNECTION]);
  const given = (names: readonly string[]): ServiceSettings =>
    Object.fromEntries(names.filter((each) => list.has(each)).map((each) => [each, list.of(each)]));
  const { trust = 'shared', tier = 'match', enabled = true, policy = {} } = given(SETTINGS);
  for (const [member, value] of Object.entries({ trust, tier, enabled, policy })) {
    try {
      createBlocklist([], { lists: { [name]: { [member]: value } } });
    } catch (error) {
      throw list.wrong(member, (error as Error).message);
    }
  }
  const variables = list.has('credentials')
    ? new Member(list.of('credentials'), list.file, `${list.path}.credentials`)
    : undefined;
  variables?.hasOnly(Object.keys(credentials));
  for (const [each, isNeeded] of Object.entries(credentials)) {
    if (variables?.has(each)) variables.text(each);
    else if (isNeeded) {
      throw list.wrong(`credentials.${each}`, 'expected the name of an environment variable');
    }
  }
  const client = (secretOf: (name: string) => string) => {
    const secrets = Object.keys(credentials)
      .filter((each) => variables?.has(each))
      .map((each) => [each, secretOf(each)] as const);
    try {
      return connect(Object.fromEntries(secrets), given([...own, ...options, ...CONNECTION]));
    } catch (error) {
      throw new Failure(`${list.file}: ${list.path}: ${(error as Error).message}`);
    }
  };
  const idleClient = () => client(() => 'unused');
  // Reports errors in other members before anything is fetched.
  idleClient();
  return {
    name,
    service,
    isRegular: true,
    provenance: provenanceOf(service, given([...own, 'baseUrl'])),
    settings: { trust, tier, enabled, policy } as ConfiguredList['settings'],
    ownSettings: given(SETTINGS),
    client: () =>
      client((each) => {
        const value = process.env[variables!.text(each)];
        if (value) return value;
        throw variables!.wrong(each, 'expected the name of an environment variable that is set');
      }),
    idleClient,
  };
}

/** An object of the file, and its path in it for errors. */
class Member {
  readonly file: string;
  readonly path: string;
  readonly #json: Readonly<Record<string, unknown>>;

  constructor(json: unknown, file: string, path: string) {
    if (!isObject(json)) throw new Failure(`${file}: ${path}: expected an object`);
    this.#json = json;
    this.file = file;
    this.path = path;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#json, name);
  }

  of(name: string): unknown {
    return this.has(name) ? this.#json[name] : undefined;
  }

  text(name: string): string {
    const value = this.of(name);
    if (typeof value === 'string') return value;
    throw this.wrong(name, 'expected text');
  }

  /** A misspelt member would do nothing. Its name is not quoted: it may be a credential. */
  hasOnly(names: readonly string[]): void {
    const others = Object.keys(this.#json).filter((name) => !names.includes(name));
    if (others.length === 0) return;
    const known = names.length > 0 ? names.join(', ') : 'none';
    const where = this.path === '' ? '' : ` ${this.path}:`;
    throw new Failure(`${this.file}:${where} unknown member; expected ${known}`);
  }

  wrong(name: string, what: string): Failure {
    return new Failure(
      `${this.file}: ${this.path === '' ? name : `${this.path}.${name}`}: ${what}`,
    );
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
