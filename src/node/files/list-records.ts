import type { FileHandle } from 'node:fs/promises';
import { Blocklist, type BlocklistOptions } from '../../blocklist/blocklist.js';
import { isListFile, listIn, type Source } from '../../blocklist/records/list-bytes.js';
import {
  checkOpenOptions,
  checkPath,
  type FileKind,
  headerOf,
  type OpenOptions,
  reading,
  readOf,
} from './index-file.js';

/** How a saved blocklist is opened. */
export interface OpenBlocklistOptions extends OpenOptions, Pick<BlocklistOptions, 'onKeptOut'> {}

const FILE: FileKind = {
  kind: 'blocklist',
  makers: 'openBlocklist with `create` and `npx onlyhashes convert list.csv list.ohb`',
};

/** Opens a blocklist file to read from it. @throws {FormatError} `unreadable` */
export const readingList = <T>(path: string, read: (file: FileHandle) => Promise<T>) =>
  reading(path, read, FILE);

export const sourceOf = (file: FileHandle): Source => ({
  read: readOf(file),
  size: async () => (await file.stat()).size,
});

/**
 * A copy in memory of the list in a file, as it is now.
 * @throws {FormatError} as `openBlocklist`
 */
export async function loadBlocklist(
  path: string,
  options: OpenBlocklistOptions = {},
): Promise<Blocklist> {
  const list = listBy(path, options);
  list.become((await readingList(path, (file) => listIn(sourceOf(file), options))).state);
  return list;
}

/** An empty list. @throws {TypeError | RangeError} if `path` or an option is invalid */
export function listBy(path: string, options: OpenBlocklistOptions): Blocklist {
  checkPath(path);
  checkOpenOptions(options);
  return new Blocklist(options);
}

/** Whether a file starts like a blocklist file, of whatever version; false if it cannot be read. */
export async function isBlocklistFile(path: string): Promise<boolean> {
  checkPath(path);
  return readingList(path, (file) => headerOf(file)).then(isListFile, () => false);
}
