import { open, stat } from 'node:fs/promises';
import { ALGORITHMS, type Algorithm, type Bits, type Hash } from '../index.js';
import { type AllowList, type Blocklist, match } from '../matching/index.js';
import {
  isBlocklistFile,
  type OpenBlocklistOptions,
  openBlocklist,
  readListFolder,
} from '../node/index.js';
import type { StorePlace } from '../store/index.js';
import { Failure, failureOf } from './failure.js';
import { encoded } from './file-name.js';
import {
  applySettings,
  configFrom,
  type ListConfig,
  listPlaceOf,
  MAX_CONFIG_BYTES,
} from './list-config.js';
import { choiceOf, type Kind, type Wanted } from './lists.js';
import { withStore } from './opened-store.js';

/** A blocklist with its withdrawals and lists, and the wanted kinds of its hashes. */
export interface SavedBlocklist {
  readonly blocklist: Blocklist;
  /** what a store allows */
  readonly allowList?: AllowList;
  readonly kinds: Kind[];
}

type Listed = Omit<SavedBlocklist, 'kinds'>;

/** Every kind that a blocklist may have. */
const KINDS: readonly Kind[] = ALGORITHMS.flatMap((algorithm) =>
  ([256, 64] as const)
    .filter((bits) => algorithm !== 'pdq' || bits === 256)
    .map((bits) => ({ algorithm, bits })),
);

/**
 * The blocklist in a file that `openBlocklist` opens, or in the folder or store of a CONFIG of
 * `fetch`; undefined if the path leads to neither.
 * @throws {Failure} if it cannot be read, or has no wanted hash
 */
export async function savedBlocklist(
  path: string,
  wanted: Wanted,
  follow?: OpenBlocklistOptions['follow'],
): Promise<SavedBlocklist | undefined> {
  const blocklist = await blocklistIn(path, follow);
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
 * @param follow what others change in the file
 * @throws {Failure} if it cannot be read
 */
export async function blocklistIn(
  path: string,
  follow?: OpenBlocklistOptions['follow'],
): Promise<Blocklist | undefined> {
  if ((await regular(path)) === undefined) return undefined;
  try {
    return (await isBlocklistFile(path))
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

/** About a regular file. A pipe is read once, as a list; so is a file whose name is not UTF-8. */
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

/** What was fetched, by the settings that CONFIG has now. */
async function fetched(path: string, config: ListConfig): Promise<Listed> {
  const place = listPlaceOf(path, config);
  if ('store' in place) return await stored(place.store, config);
  const { blocklist } = await readListFolder(place.folder);
  if (!blocklist) throw new Failure(`${path}: nothing was fetched yet; onlyhashes fetch does so`);
  await applySettings(blocklist, config);
  const names = config.lists.map(({ name }) => name);
  for (const { name } of blocklist.lists()) {
    // Nobody would tell what is withdrawn from it.
    if (name !== '' && !names.includes(name)) {
      await blocklist.apply({ settings: { [name]: { enabled: false } } });
    }
  }
  return { blocklist };
}

/** What a store has, its lists of other programs too. */
async function stored(place: StorePlace, { lists }: ListConfig): Promise<Listed> {
  return await withStore(place, async (store) => {
    const { blocklist, allowList } = await store.follow();
    await blocklist.apply({
      settings: Object.fromEntries(lists.map(({ name, ownSettings }) => [name, ownSettings])),
    });
    return { blocklist, allowList };
  });
}

function wantedOf(path: string, listed: Listed, wanted: Wanted): SavedBlocklist {
  const held = KINDS.filter((kind) => hasKind(listed.blocklist, kind));
  const choice = choiceOf(wanted);
  const kinds = held.filter(choice.takes);
  if (held.length === 0 && !wanted.allowEmpty) throw new Failure(`${path}: no hash in it`);
  if (held.length > 0 && kinds.length === 0) throw choice.failure(path, held);
  return { ...listed, kinds };
}

/** Whether a picture's hash of this kind is compared with anything. */
function hasKind(blocklist: Blocklist, { algorithm, bits }: Kind): boolean {
  const { reason } = match([{ name: 'original', hash: anyHash(algorithm, bits) }], blocklist);
  return reason !== 'nothing-comparable';
}

function anyHash(algorithm: Algorithm, bits: Bits): Hash {
  return {
    algorithm,
    bytes: Uint8Array.from({ length: bits / 8 }, (_, at) => (at * 89 + 0x35) & 255),
  };
}
