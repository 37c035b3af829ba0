import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { wholeSteps } from '../blocklist/compaction.js';
import type { ListState } from '../blocklist/list-state.js';
import { replaceFile } from '../disk/replace-file.js';
import { lockFile } from '../disk/writer-lock.js';
import { checkOptions, checkSignal, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { hashToJSON } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { HEADER_BYTES, inSteps } from '../indexing/segment.js';
import { CHECKSUM_WORD, checksumSteps, headerSum } from '../indexing/snapshot.js';
import { Blocklist } from '../matching/blocklist.js';
import {
  fileInPlace,
  LINE_STEP,
  MAGIC,
  openBlocklist,
  type State,
  TABLE_WORDS,
  VERSION,
} from './blocklist-file.js';
import { checkPath } from './index-file.js';
import { afterEarlier, nextGeneration, segmentFile, wordsOf } from './save-index.js';

/** While another process saves: the pause before the next try, and how many tries there are. */
const LOCK_MILLISECONDS = 20;
const LOCK_TRIES = 3000;
/** Another user's program, which may save too, must see whether this one has ended. */
const LOCK_MODE = 0o644;

/** How a blocklist is saved. */
export interface SaveBlocklistOptions {
  /** overwrite a file of a higher generation; default false */
  force?: boolean;
  /** aborts the saving until the file is in place; the old file stays, and no other is left */
  signal?: AbortSignal;
}

/** What was saved. */
export interface SavedBlocklist {
  /** of the list when it was saved; it may have changed since */
  readonly generation: number;
  /** entries in the file */
  readonly size: number;
  readonly byteLength: number;
}

/**
 * Writes a blocklist to a file, entirely or not at all, as `saveIndex` does: its entries,
 * withdrawals with their reasons, the settings of its lists, counts of what was kept out, and its
 * generation. The policy is not saved.
 *
 * The file holds the list as it is at the call. It may change while it is being saved.
 *
 * Withdrawals by hash are hashes in the file, and reasons are text: protect it like the list.
 * @throws {FormatError} `old-generation` if the file in place has a higher generation: a list that
 *   was made anew should take the old one's place by `replaceWith`, which goes on counting; also if
 *   another program, or another list, has written the file since this one was read from it or
 *   saved to it: what that has withdrawn would match again. `unreadable` if neither can be told.
 *   `in-use` if another process of this machine has been saving to it for a minute
 * @throws {TypeError} if an argument is invalid; no file has been touched then
 */
export async function saveBlocklist(
  path: string,
  blocklist: Blocklist,
  options: SaveBlocklistOptions = {},
): Promise<SavedBlocklist> {
  checkPath(path);
  if (!(blocklist instanceof Blocklist)) throw new TypeError('expected a blocklist');
  checkOptions(options);
  const { force = false, signal } = options;
  checkTypeOf('force', force, 'boolean');
  checkSignal(signal);
  signal?.throwIfAborted();
  const alone: Alone = (save) => whileAlone(path, signal, save);
  return savedList(path, blocklist, { force, signal, alone });
}

/**
 * Changes the blocklist in a file, entirely or not at all: opens the file, calls `change` with the
 * list, and saves it if `change` has changed it. Calls for one path take turns, also those of other
 * processes that see each other's ids, so none undoes what another has changed. The file is read
 * and written as a whole, which takes seconds for a million entries.
 *
 * The list in use takes over entries and withdrawals by `replaceWith`. It keeps its policy, its own
 * withdrawals and its settings of lists: reinstate and set there, too, what was reinstated or set.
 * @param change may be asynchronous. If it throws, the file stays. It must not save to the same
 *   path: that would wait for its own end
 * @param options `signal` aborts until the file is in place; the old file stays then
 * @returns the list as it is in the file now, warm
 * @throws {TypeError} if an argument is invalid
 * @throws {FormatError} as `openBlocklist` and `saveBlocklist`; `old-generation` only if a program
 *   that takes no turns, or another machine, writes the file. What `change` throws is passed on
 * @example
 * const list = await changeBlocklist('list.ohb', (list) => list.withdraw({ id: '42' }));
 * blocklist.replaceWith(list);
 */
export async function changeBlocklist(
  path: string,
  change: (blocklist: Blocklist) => unknown,
  options: { signal?: AbortSignal } = {},
): Promise<Blocklist> {
  checkPath(path);
  if (typeof change !== 'function') throw new TypeError('expected change to be a function');
  checkOptions(options);
  const { signal } = options;
  checkSignal(signal);
  signal?.throwIfAborted();
  return whileAlone(path, signal, async () => {
    const list = await openBlocklist(path);
    const { generation } = list;
    await change(list);
    const alone: Alone = (save) => save();
    if (list.generation > generation) await savedList(path, list, { force: false, signal, alone });
    return list;
  });
}

/** Runs what writes the file while nobody else does. */
type Alone = (save: () => Promise<SavedBlocklist>) => Promise<SavedBlocklist>;

async function savedList(
  path: string,
  blocklist: Blocklist,
  { force, signal, alone }: { force: boolean; signal: AbortSignal | undefined; alone: Alone },
): Promise<SavedBlocklist> {
  const { state } = blocklist;
  return alone(async () => {
    const check = async (): Promise<number> => {
      const before = await fileInPlace(path);
      const sums = blocklist.origins.get(resolve(path));
      if (before && sums && !sums.includes(before.sum) && !force) throw writtenByAnother();
      const most = Number.MAX_SAFE_INTEGER;
      return nextGeneration(before?.generation, state.generation, { force, most });
    };
    const generation = await check();
    const { pieces, size } = await blocklistFile(state, signal);
    const sums = [wordsOf(pieces[0]!)[CHECKSUM_WORD]!];
    // Again, as late as it can be told: a large list is written for seconds.
    await replaceFile(path, pieces, signal, check);
    blocklist.origins = new Map(blocklist.origins).set(resolve(path), sums);
    return { generation, size, byteLength: lengthOf(pieces) };
  });
}

/** Saves while no other process saves to this path, if it is on the same machine. */
async function whileAlone<T>(
  path: string,
  signal: AbortSignal | undefined,
  save: () => Promise<T>,
): Promise<T> {
  return afterEarlier(path, async () => {
    const unlock = await lockOf(path, signal);
    try {
      return await save();
    } finally {
      // What is saved is saved. A lock that cannot be removed is taken over once this program ends.
      await unlock?.().catch(() => {});
    }
  });
}

/**
 * Where there can be no lock: on a disk without links, or in a folder that cannot be written. The
 * writing will tell the latter.
 */
const LOCKLESS = [
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EROFS',
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
];

/**
 * @returns a function that ends the lock; undefined where there can be none
 * @throws {FormatError} `in-use` if another process has it for too long
 */
async function lockOf(
  path: string,
  signal: AbortSignal | undefined,
): Promise<(() => Promise<void>) | undefined> {
  const lock = await lockPathOf(path);
  for (let tries = 1; ; tries++) {
    try {
      return await lockFile(lock, LOCK_MODE);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (LOCKLESS.includes(code)) return undefined;
      if (!(error instanceof FormatError)) throw error;
      if (tries > LOCK_TRIES) throw inUse();
    }
    await wait(LOCK_MILLISECONDS);
    signal?.throwIfAborted();
  }
}

/** The lock of a file lies beside it, not beside a link to it. */
export const lockPathOf = async (path: string): Promise<string> =>
  `${await realpath(path).catch(() => resolve(path))}.lock`;

const inUse = () =>
  new FormatError(
    'in-use',
    'expected a file that no other process saves: one has been saving it for a minute, and the ' +
      'file beside it, whose name ends in .lock, tells which',
  );

const writtenByAnother = () =>
  new FormatError(
    'old-generation',
    'expected the file as this list last read or wrote it, and something else has written it ' +
      'since: make the change by changeBlocklist, or use force to overwrite it',
  );

async function blocklistFile(
  { generation, keptOut, withdrawn, lists, kinds }: ListState,
  signal: AbortSignal | undefined,
): Promise<{ pieces: Uint8Array[]; size: number }> {
  const parts: Uint8Array[] = [];
  const numbers: number[] = [];
  let size = 0;
  for (const kind of kinds.values()) {
    if (kind.size === 0) continue;
    const { table } = await inTurns(wholeSteps(kind), signal);
    const { searched } = table;
    const told = { nextId: searched.shape.nextId, generation: 0, degenerate: 0 };
    const file = await segmentFile(searched, table, told, signal);
    const { byteLength } = file.info;
    const sum = wordsOf(file.pieces[0]!)[CHECKSUM_WORD]!;
    numbers.push(byteLength % 2 ** 32, Math.floor(byteLength / 2 ** 32), sum, 0);
    parts.push(...file.pieces);
    size += file.info.size;
  }
  const table = Uint32Array.from(numbers);
  const told = { keptOut, withdrawals: withdrawn.values(), lists: lists.entries() };
  const state = await inTurns(stateSteps(told), signal);
  const header = Int32Array.from({ length: HEADER_BYTES / 4 }, () => 0);
  const [high, low] = [Math.floor(generation / 2 ** 32), generation % 2 ** 32];
  header.set([...MAGIC, VERSION, numbers.length / TABLE_WORDS, low, high, state.length]);
  const checked = [new Int32Array(table.buffer), wordsOf(state)];
  header[CHECKSUM_WORD] = await inTurns(checksumSteps(checked, headerSum(header)), signal);
  const pieces = [new Uint8Array(header.buffer), new Uint8Array(table.buffer), state, ...parts];
  return { pieces, size };
}

/**
 * The state in UTF-8: counts and the settings of lists in the first line, then each withdrawal;
 * spaces fill it up.
 */
function* stateSteps({ keptOut, withdrawals, lists }: State): Generator<void, Uint8Array> {
  const lines = [JSON.stringify({ keptOut, withdrawals: withdrawals.length, lists })];
  const write = (at: number) => {
    const { reason, list, groups, ...key } = withdrawals[at]!;
    lines.push(JSON.stringify({ ...('id' in key ? key : hashToJSON(key)), list, reason, groups }));
  };
  yield* inSteps(withdrawals.length, write, LINE_STEP);
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const bytes = new Uint8Array(4 * Math.ceil(text.length / 4)).fill(0x20);
  bytes.set(text);
  return bytes;
}

const lengthOf = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((sum, { length }) => sum + length, 0);
