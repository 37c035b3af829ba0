import type { FileHandle } from 'node:fs/promises';
import { BLOCKLIST_OPTIONS, Blocklist, type BlocklistOptions } from '../../blocklist/blocklist.js';
import { isListFile, listIn, type Source } from '../../blocklist/records/list-bytes.js';
import { checkedOptions, type OptionTable, tableOf } from '../../door.js';
import {
  checkPath,
  type FileKind,
  headerOf,
  OPEN_OPTIONS,
  type OpenOptions,
  reading,
  readOf,
} from './index-file.js';

/** Options for opening a saved blocklist. */
export interface OpenBlocklistOptions extends OpenOptions, Pick<BlocklistOptions, 'onRejected'> {}

export const OPEN_BLOCKLIST_OPTIONS = tableOf(OPEN_OPTIONS, {
  onRejected: BLOCKLIST_OPTIONS.onRejected,
}) satisfies OptionTable<OpenBlocklistOptions>;

const FILE: FileKind = {
  kind: 'blocklist',
  makers: 'openBlocklist with `create` and `npx onlyhashes convert list.csv list.ohb`',
};

/** Opens a blocklist file for reading. @throws {FormatError} `unreadable` */
export const readingList = <T>(path: string, read: (file: FileHandle) => Promise<T>) =>
  reading(path, read, FILE);

export const sourceOf = (file: FileHandle): Source => ({
  read: readOf(file),
  size: async () => (await file.stat()).size,
});

/**
 * A copy in memory of the list in a file, in its present state.
 * @throws {FormatError} as `openBlocklist`
 */
export async function loadBlocklist(
  path: string,
  options: OpenBlocklistOptions = {},
): Promise<Blocklist> {
  checkPath(path);
  const { onRejected, ...reading } = checkedOptions(options, OPEN_BLOCKLIST_OPTIONS);
  const list = new Blocklist({ onRejected });
  list.become((await readingList(path, (file) => listIn(sourceOf(file), reading))).state);
  return list;
}

/** True if a file starts like a blocklist file, of whatever version; false if it cannot be read. */
export async function isBlocklistFile(path: string): Promise<boolean> {
  checkPath(path);
  return readingList(path, (file) => headerOf(file)).then(isListFile, () => false);
}
