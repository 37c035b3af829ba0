import { wholeSteps } from '../../blocklist/compaction.js';
import type { ListState } from '../../blocklist/list-state.js';
import type { Moment } from '../../blocklist/records/change-record.js';
import { slotOf } from '../../blocklist/records/commit-slots.js';
import { inSteps, inTurns } from '../../in-turns.js';
import { CHECKSUM_WORD, checksumSteps, headerSum } from '../../indexing/snapshot.js';
import { withdrawnToJSON } from '../../withdrawn.js';
import {
  HEADER_BYTES,
  LINE_STEP,
  MAGIC,
  type Snapshot,
  type State,
  TABLE_WORDS,
  VERSION,
} from './blocklist-file.js';
import { firstCommit, slotsAt } from './list-records.js';
import { segmentFile, wordsOf } from './save-index.js';

/**
 * The content of a file with a snapshot of a list, in pieces that are not to be changed.
 * @param base the change that it is made after; absent: its history begins here
 */
export async function blocklistFile(
  { generation, keptOut, withdrawn, lists, kinds }: ListState,
  base?: Moment,
): Promise<{ pieces: Uint8Array[]; snapshot: Snapshot }> {
  const parts: Uint8Array[] = [];
  const places: Snapshot['parts'][number][] = [];
  const numbers: number[] = [];
  for (const kind of kinds.values()) {
    if (kind.size === 0) continue;
    const { table } = await inTurns(wholeSteps(kind), undefined);
    const { searched } = table;
    const told = { nextId: searched.shape.nextId, generation: 0, degenerate: 0 };
    const file = await segmentFile(searched, table, told, undefined);
    const { byteLength } = file.info;
    const sum = wordsOf(file.pieces[0]!)[CHECKSUM_WORD]!;
    numbers.push(byteLength % 2 ** 32, Math.floor(byteLength / 2 ** 32), sum, 0);
    parts.push(...file.pieces);
    places.push({ at: 0, byteLength, sum: sum >>> 0 });
  }
  const table = Uint32Array.from(numbers);
  const told = { keptOut, withdrawals: withdrawn.values(), lists: lists.entries() };
  const state = await inTurns(stateSteps(told), undefined);
  const header = Int32Array.from({ length: HEADER_BYTES / 4 }, () => 0);
  const [high, low] = [Math.floor(generation / 2 ** 32), generation % 2 ** 32];
  header.set([...MAGIC, VERSION, numbers.length / TABLE_WORDS, low, high, state.length]);
  const checked = [new Int32Array(table.buffer), wordsOf(state)];
  header[CHECKSUM_WORD] = await inTurns(checksumSteps(checked, headerSum(header)), undefined);
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
    generation,
    sum: header[CHECKSUM_WORD]! >>> 0,
    end,
    parts: places,
    stateLength: state.length,
  };
  const slot = slotOf(firstCommit(snapshot, base));
  return {
    pieces: [...pieces, new Uint8Array(slotsAt(snapshot) - end), slot, slot],
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
