import { resolve } from 'node:path';
import type { Moment } from '../blocklist/change-record.js';
import { slotOf } from '../blocklist/commit-slots.js';
import { wholeSteps } from '../blocklist/compaction.js';
import type { ListState } from '../blocklist/list-state.js';
import { withdrawnToJSON } from '../blocklist/withdrawals.js';
import { replaceFile } from '../disk/replace-file.js';
import { checkOptions, checkSignal, checkTypeOf } from '../door.js';
import { FormatError } from '../errors.js';
import { inTurns } from '../in-turns.js';
import { checksumSteps, HEADER_BYTES, inSteps } from '../indexing/segment.js';
import { CHECKSUM_WORD, headerSum } from '../indexing/snapshot.js';
import { Blocklist } from '../matching/blocklist.js';
import {
  LINE_STEP,
  MAGIC,
  type Snapshot,
  type State,
  TABLE_WORDS,
  VERSION,
} from './blocklist-file.js';
import { checkPath } from './index-file.js';
import { whileAlone } from './list-lock.js';
import { fileInPlace, firstCommit, loadBlocklist, slotsAt } from './list-records.js';
import { nextGeneration, segmentFile, wordsOf } from './save-index.js';

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
  const alone: Alone = (save) => whileAlone(path, save, { signal, mayBeLockless: true });
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
  const changing = async () => {
    const list = await loadBlocklist(path);
    const { generation } = list;
    await change(list);
    const alone: Alone = (save) => save();
    if (list.generation > generation) await savedList(path, list, { force: false, signal, alone });
    return list;
  };
  return whileAlone(path, changing, { signal, mayBeLockless: true });
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
      if (before?.sum !== undefined && sums && !sums.includes(before.sum) && !force)
        throw writtenByAnother();
      const most = Number.MAX_SAFE_INTEGER;
      return nextGeneration(before?.generation, state.generation, { force, most });
    };
    const generation = await check();
    const { pieces, size, snapshot } = await blocklistFile(state, signal);
    const sums = [snapshot.sum];
    // Again, as late as it can be told: a large list is written for seconds.
    await replaceFile(path, pieces, signal, check);
    blocklist.origins = new Map(blocklist.origins).set(resolve(path), sums);
    return { generation, size, byteLength: lengthOf(pieces) };
  });
}

const writtenByAnother = () =>
  new FormatError(
    'old-generation',
    'expected the file as this list last read or wrote it, and something else has written it ' +
      'since: make the change by changeBlocklist, or use force to overwrite it',
  );

/**
 * The content of a file with a snapshot of a list, in pieces that are not to be changed.
 * @param base the change that it is made after; absent: its history begins here
 */
export async function blocklistFile(
  { generation, keptOut, withdrawn, lists, kinds }: ListState,
  signal: AbortSignal | undefined,
  base?: Moment,
): Promise<{ pieces: Uint8Array[]; size: number; snapshot: Snapshot }> {
  const parts: Uint8Array[] = [];
  const places: Snapshot['parts'][number][] = [];
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
    places.push({ at: 0, byteLength, sum: sum >>> 0 });
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
  const start = new Uint8Array(header.buffer);
  const pieces = [start, new Uint8Array(table.buffer), state, ...parts];
  const end = lengthOf(pieces);
  let at = end - lengthOf(parts);
  for (const [number, place] of places.entries()) {
    places[number] = { ...place, at };
    at += place.byteLength;
  }
  const snapshot = {
    header: start,
    version: VERSION,
    generation,
    sum: header[CHECKSUM_WORD]! >>> 0,
    end,
    parts: places,
    stateLength: state.length,
  };
  const slot = slotOf(firstCommit(snapshot, base));
  return {
    pieces: [...pieces, new Uint8Array(slotsAt(snapshot) - end), slot, slot],
    size,
    snapshot,
  };
}

/**
 * The state in UTF-8: counts and the settings of lists in the first line, then each withdrawal;
 * spaces fill it up.
 */
function* stateSteps({ keptOut, withdrawals, lists }: State): Generator<void, Uint8Array> {
  const lines = [JSON.stringify({ keptOut, withdrawals: withdrawals.length, lists })];
  const write = (at: number) => {
    lines.push(JSON.stringify(withdrawnToJSON(withdrawals[at]!)));
  };
  yield* inSteps(withdrawals.length, write, LINE_STEP);
  const text = Buffer.from(`${lines.join('\n')}\n`);
  const bytes = new Uint8Array(4 * Math.ceil(text.length / 4)).fill(0x20);
  bytes.set(text);
  return bytes;
}

const lengthOf = (pieces: readonly Uint8Array[]) =>
  pieces.reduce((sum, { length }) => sum + length, 0);
