import { open, stat } from 'node:fs/promises';
import type { Blocklist } from '../../index.js';
import { type OpenBlocklistOptions, openBlocklist } from '../../node/index.js';
import type { Call } from '../command.js';
import { Failure, failureOf } from '../failure.js';
import { encoded } from '../file-name.js';
import { isOfKind } from '../output-file.js';
import { givenStore, storePlaceOf } from '../store/store-place.js';
import {
  configFrom,
  type ListConfig,
  type ListPlace,
  listPlaceOf,
  MAX_CONFIG_BYTES,
} from './list-config.js';
import { type Listed, withLists } from './list-place.js';
import { choiceOf, type Kind, type Wanted } from './lists.js';

/** A blocklist with its withdrawals and lists, and the wanted kinds of its hashes. */
export interface SavedBlocklist extends Listed {
  readonly kinds: Kind[];
}

/**
 * The blocklist in a blocklist file, or in the file or store of a CONFIG of `fetch`; undefined if
 * the path leads to neither.
 * @throws {Failure} if it cannot be read, or has no wanted hash
 */
export async function savedBlocklist(
  path: string,
  wanted: Wanted,
): Promise<SavedBlocklist | undefined> {
  const blocklist = await blocklistIn(path);
  if (blocklist) return wantedOf(path, { blocklist }, wanted);
  try {
    const config = await configIn(path);
    return config && wantedOf(path, await fetched(path, config), wanted);
  } catch (error) {
    throw failureOf(path, error);
  }
}

/**
 * The blocklist in a blocklist file; undefined if it is something else.
 * @param follow applies what others change in the file
 * @throws {Failure} if it cannot be read
 */
export async function blocklistIn(
  path: string,
  follow?: OpenBlocklistOptions['follow'],
): Promise<Blocklist | undefined> {
  if ((await regular(path)) === undefined) return undefined;
  try {
    return (await isOfKind(path, 'blocklist'))
      ? await openBlocklist(path, { ...(follow && { follow }) })
      : undefined;
  } catch (error) {
    throw failureOf(path, error);
  }
}

/**
 * The CONFIG of `fetch` in a file; undefined if it is something else.
 * @throws {Failure} if a member is wrong
 */
export async function configIn(path: string): Promise<ListConfig | undefined> {
  const about = await regular(path);
  return about && (await configAt(path, about.size));
}

/** The lists of a word of the command line or of `--store`, and the CONFIG if it is one. */
export async function namedLists(
  call: Call,
  path: string | undefined,
): Promise<{ place: ListPlace; config: ListConfig | undefined }> {
  const config = path === undefined ? undefined : await configIn(path);
  if (path === undefined) return { place: { store: storePlaceOf(call) }, config };
  return { place: config ? listPlaceOf(path, config, givenStore(call)) : { file: path }, config };
}

/** A regular file's status. Pipes, and files whose name is not UTF-8, are read once, as lists. */
const regular = async (path: string) => {
  if (path === '-' || encoded(path) !== path) return undefined;
  const about = await stat(path).catch(() => undefined);
  return about?.isFile() ? about : undefined;
};

async function configAt(path: string, size: number): Promise<ListConfig | undefined> {
  if (size > MAX_CONFIG_BYTES) return undefined;
  const file = await open(path);
  try {
    const text = await file.readFile('utf8');
    return text.trimStart().startsWith('{') ? configFrom(text, path) : undefined;
  } finally {
    await file.close();
  }
}

/** The fetched lists, with the present settings of the CONFIG. */
async function fetched(path: string, config: ListConfig): Promise<Listed> {
  const place = listPlaceOf(path, config);
  const listed = await withLists(place, (lists) => lists.copy(config), { isRead: true });
  const { size, withdrawals } = listed.blocklist;
  if ('store' in place || size + withdrawals.length > 0) return listed;
  throw new Failure(`${path}: nothing was fetched yet; run onlyhashes fetch`);
}

/** @throws {Failure} if a blocklist has no wanted hash */
export function wantedOf(path: string, listed: Listed, wanted: Wanted): SavedBlocklist {
  const held = listed.blocklist.kinds;
  const choice = choiceOf(wanted);
  const kinds = held.filter(choice.takes);
  if (held.length === 0 && !wanted.allowEmpty) throw new Failure(`${path}: it has no hashes`);
  if (held.length > 0 && kinds.length === 0) throw choice.failure(path, held);
  return { ...listed, kinds };
}
