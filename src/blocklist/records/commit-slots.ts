/*
 * Two slots of 512 bytes each are between the snapshot of a list and its changes, so that no disk
 * sector holds both. They are written in turn, each after the changes that it counts are on disk:
 *
 *     magic, checksum of the snapshot's header, sequence (2) and checksum of the change that the
 *     snapshot was made after, sequence (2), length of the file (2), checksum of the last change,
 *     generation (2); zeros; the checksum over all of these
 *
 * Changes that the newer slot counts must be whole. Later ones were not acknowledged.
 */

import { FormatError } from '../../errors.js';
import { finish } from '../../in-turns.js';
import { checksumSteps } from '../../indexing/snapshot.js';
import { halves, type Moment, wholeOf } from './change-record.js';

/** `OHBC` as a little-endian word. */
const MAGIC = 0x4342484f;
export const SLOT_BYTES = 512;
export const SLOTS_BYTES = 2 * SLOT_BYTES;
const CHECKSUM_WORD = SLOT_BYTES / 4 - 1;

/** The part of a file that is in force. */
export interface Commit extends Moment {
  /** the checksum in the header of the snapshot */
  readonly snapshot: number;
  /** the change that the snapshot was made after */
  readonly base: Moment;
  /** length of the file, up to the end of the last change */
  readonly length: number;
  readonly generation: number;
}

/** The newer commit of a file. */
export interface Committed {
  readonly commit: Commit;
  /** the slot that has it */
  readonly slot: 0 | 1;
  /**
   * whether no newer one is lost. If false, a writer was killed or a slot is damaged, and whole
   * changes that follow may have been acknowledged
   */
  readonly isSure: boolean;
}

export function slotOf({ snapshot, base, sequence, length, sum, generation }: Commit): Uint8Array {
  const words = new Int32Array(SLOT_BYTES / 4);
  words.set([MAGIC, snapshot, ...halves(base.sequence), base.sum, ...halves(sequence)]);
  words.set([...halves(length), sum, ...halves(generation)], 7);
  words[CHECKSUM_WORD] = sumOf(words);
  return new Uint8Array(words.buffer);
}

/**
 * The newer of two slots.
 * @param snapshot the checksum in the header of the snapshot
 * @throws {FormatError} `bad-checksum` if neither is whole, or they contradict one another
 */
export function committedIn(slots: Uint8Array, snapshot: number): Committed {
  const [first, second] = [0, SLOT_BYTES].map((at) =>
    commitIn(slots.slice(at, at + SLOT_BYTES), snapshot),
  );
  if (!first && !second) throw damaged();
  if (!first || !second) {
    return { commit: (first ?? second)!, slot: first ? 0 : 1, isSure: false };
  }
  const { sequence, sum } = first.base;
  if (second.base.sequence !== sequence || second.base.sum !== sum) throw damaged();
  const slot = second.sequence > first.sequence ? 1 : 0;
  return { commit: slot === 1 ? second : first, slot, isSure: true };
}

function commitIn(slot: Uint8Array, snapshot: number): Commit | undefined {
  const words = new Int32Array(slot.buffer);
  if (words[CHECKSUM_WORD]! >>> 0 !== sumOf(words)) return undefined;
  if (words[0] !== MAGIC || words[1]! >>> 0 !== snapshot) return undefined;
  return {
    snapshot,
    base: { sequence: wholeOf(words, 2), sum: words[4]! >>> 0 },
    sequence: wholeOf(words, 5),
    length: wholeOf(words, 7),
    sum: words[9]! >>> 0,
    generation: wholeOf(words, 10),
  };
}

const sumOf = (words: Int32Array) => finish(checksumSteps([words.subarray(0, CHECKSUM_WORD)]));

const damaged = () =>
  new FormatError('bad-checksum', 'the blocklist file has changed since it was written');
