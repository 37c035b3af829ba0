import type { Said } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { finish, inTurns, nextTurn, TURN } from '../../in-turns.js';
import type { Segment, SnapshotInfo } from '../../indexing/snapshot.js';
import type { Blocklist } from '../blocklist.js';
import type { ListedPart, ListState } from '../list-state.js';
import type { Columns } from '../segments/columns.js';
import { askedSteps, columnsSteps, listedSteps, segmentFile } from '../segments/index-bytes.js';
import {
  type Header,
  type Moment,
  PayloadReader,
  payloadSteps,
  RECORD_BYTES,
  recordSteps,
  roomHeader,
} from './change-record.js';
import {
  type Commit,
  type Committed,
  committedIn,
  SLOT_BYTES,
  SLOTS_BYTES,
  slotOf,
} from './commit-slots.js';
import { type Effect, JoinedEffects, replaySteps } from './effect.js';
import { type Keeper, KeptChanges } from './keeper.js';
import {
  type At,
  ahead,
  bodyAt,
  bytesAt,
  cutOff,
  hasChanged,
  recordAt,
  SMALL,
  type Source,
} from './read-records.js';
import { type Body, wordsOf } from './record-lines.js';
import {
  generationIn,
  HEADER_BYTES,
  type Snapshot,
  snapshotIn,
  snapshotOf,
  snapshotState,
} from './snapshot-bytes.js';

export type { Body, Columns, Effect, Keeper, Snapshot, Source };

/*
 * The file of a list: a snapshot (`snapshot-bytes.ts`); zeros up to a multiple of 512 bytes; two
 * slots, which state what is in force (`commit-slots.ts`); and the changes since, one record each
 * (`change-record.ts`). This module interprets the bytes of a file and decides which to write next.
 * A `Keeper` reads, writes and flushes them.
 */

/** A sector of a disk. */
const SECTOR = 512;

/** True if these bytes begin a list file, of any version. */
export function isListFile(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES) return false;
  try {
    generationIn(wordsOf(head.slice(0, HEADER_BYTES)));
    return true;
  } catch {
    return false;
  }
}

/** The part of a file that is in force: its snapshot, and the changes up to a commit. */
export interface Place extends Committed {
  readonly snapshot: Snapshot;
  /** whether a slot holds the commit. A change that was never acknowledged may follow it */
  readonly isCommitted: boolean;
}

/** The offset of the slots, in bytes. */
const slotsAt = ({ end }: Pick<Snapshot, 'end'>): number => SECTOR * Math.ceil(end / SECTOR);
/** The offset of the first change, in bytes. */
export const changesAt = (snapshot: Pick<Snapshot, 'end'>): number =>
  slotsAt(snapshot) + SLOTS_BYTES;

/** The commit of a snapshot that no change follows. */
const firstCommit = (
  snapshot: Pick<Snapshot, 'sum' | 'generation' | 'end'>,
  base: Moment = { sequence: 0, sum: snapshot.sum },
): Commit => ({
  snapshot: snapshot.sum,
  base,
  ...base,
  length: changesAt(snapshot),
  generation: snapshot.generation,
});

/**
 * Reads which part of a file is in force.
 * @param known a snapshot that the file had before
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export async function placeIn(source: Source, known?: Snapshot): Promise<Place> {
  const { read } = source;
  const slotBytes = ({ end }: Snapshot) => bytesAt(read, end, slotsAt({ end }) + SLOTS_BYTES - end);
  // Each call takes a turn of a thread, and usually the snapshot is known.
  const [header, ahead] = await Promise.all([
    bytesAt(read, 0, HEADER_BYTES),
    known && slotBytes(known).catch(() => undefined),
  ]);
  const isKnown = known && sameBytes(header, known.header);
  const snapshot = isKnown ? known : await snapshotIn(source);
  const { end, sum } = snapshot;
  const from = slotsAt(snapshot);
  const bytes = (isKnown && ahead) || (await slotBytes(snapshot));
  // Only now: everything counted was there before the slot was written.
  const size = await source.size();
  if (bytes.subarray(0, from - end).some((byte) => byte !== 0)) throw hasChanged();
  const committed = committedIn(bytes.subarray(from - end), sum);
  const { length, base } = committed.commit;
  if (length > size) throw cutOff();
  if (length < from + SLOTS_BYTES || committed.commit.sequence < base.sequence) throw hasChanged();
  return { snapshot, ...committed, isCommitted: true };
}

/** Changes of a file, and where it ends with them. */
export interface Changes {
  readonly effects: Effect[];
  /** where the first entries are that these refer to; infinite if there are none */
  readonly bodiesFrom: number;
  readonly place: Place;
}

/**
 * Reads the changes of a file that follow a moment of its history.
 * @param from includes its length, if it is a place in this very file
 * @param options `isAlone`: no one is writing, so whole records count, acknowledged or not
 * @returns undefined if `from` is not part of this file's history
 * @throws {FormatError} `bad-length`, `bad-checksum` or `bad-line`
 */
export async function changesFrom(
  source: Source,
  place: Place,
  from: Moment | At,
  { isAlone }: { isAlone: boolean },
): Promise<Changes | undefined> {
  const { commit, snapshot } = place;
  const size = await source.size();
  const { read } = source;
  const view = ahead(read);
  let bodiesFrom = Number.POSITIVE_INFINITY;
  const effects = new JoinedEffects();
  const start = changesAt(snapshot);
  let at: At = 'length' in from ? from : { ...commit.base, length: start };
  let { generation } = 'length' in from ? commit : snapshot;
  const check = () => {
    const { sequence, sum, length } = at;
    if (length !== commit.length || (sequence === commit.sequence && sum === commit.sum)) return;
    throw hasChanged();
  };
  check();
  const isMet = () => at.sequence === from.sequence && at.sum === from.sum;
  let isKnown = isMet();
  // Changes after the commit of one slot may be acknowledged by the other, which is damaged.
  const most = isAlone || !place.isSure ? size : commit.length;
  let end = performance.now() + TURN;
  while (at.length < most) {
    if (performance.now() > end) {
      await nextTurn();
      end = performance.now() + TURN;
    }
    const isCommitted = at.length < commit.length;
    const next = await recordAt(view, at, isCommitted ? commit.length : most);
    if (!next) {
      if (isCommitted) throw hasChanged();
      break;
    }
    const { sequence, sum, length, payload } = next;
    if (isKnown && payload) {
      const reader = new PayloadReader(payload);
      const { body } = reader.head;
      const from = body ? at.length - body.back : Number.POSITIVE_INFINITY;
      const bytes = body && from >= start ? await bodyAt(read, from, body) : undefined;
      if (body && !bytes) {
        if (isCommitted) throw hasChanged();
        break;
      }
      bodiesFrom = Math.min(bodiesFrom, from);
      const steps = reader.steps(next.generation, bytes);
      const isSmall = !bytes && payload.length < SMALL;
      effects.push(isSmall ? finish(steps) : await inTurns(steps, undefined));
    }
    at = { sequence, sum, length };
    generation = next.generation;
    isKnown ||= isMet();
    check();
  }
  if (!isKnown) return undefined;
  return {
    effects: effects.made(),
    bodiesFrom,
    place: {
      ...place,
      commit: { ...commit, ...at, generation },
      isCommitted: at.length === commit.length,
    },
  };
}

/**
 * The position of a list in the file that it was read from, if that is still this file, and no
 * older copy of it.
 */
export function knownIn({ commit, snapshot }: Place, known: Place): Moment | At {
  const { sequence, sum, length, base } = known.commit;
  const isSame =
    snapshot === known.snapshot &&
    commit.base.sequence === base.sequence &&
    commit.base.sum === base.sum &&
    length <= commit.length;
  return isSame ? { sequence, sum, length } : { sequence, sum };
}

/** @throws {FormatError} `old-generation` */
export function checkGeneration(generation: number, least: number): void {
  if (generation >= least) return;
  throw new FormatError(
    'old-generation',
    `expected generation ${least} or more, got ${generation}`,
  );
}

/** Options for reading the list in a file. */
export interface ReadOptions {
  /** whether to check the checksum and the content of the snapshot; default true */
  readonly verify?: boolean;
  /** the last generation seen */
  readonly minGeneration?: number;
  /** whether no one is writing */
  readonly isAlone?: boolean;
  /** a snapshot that the file had before */
  readonly known?: Snapshot;
}

/**
 * Reads the list in a file, with the changes since the snapshot.
 * @throws {FormatError} as `openBlocklist`
 */
export async function listIn(
  source: Source,
  options: ReadOptions = {},
): Promise<{ state: ListState; place: Place }> {
  const { minGeneration = 0, isAlone = false, known } = options;
  const place = await placeIn(source, known);
  const least = place.isSure && !isAlone ? minGeneration : 0;
  checkGeneration(place.commit.generation, least);
  const changes = (await changesFrom(source, place, place.commit.base, { isAlone }))!;
  checkGeneration(changes.place.commit.generation, minGeneration);
  const before = await snapshotState(source, place.snapshot, options);
  const steps = replaySteps(before, changes.effects, { isAlone: true });
  return { state: await inTurns(steps, undefined), place: changes.place };
}

/**
 * The file of a list, in pieces. Do not modify them.
 * @param base the change that it is written after; absent: its history begins here
 */
export async function listFile(
  state: ListState,
  base?: Moment,
): Promise<{ readonly pieces: Uint8Array[]; readonly snapshot: Snapshot }> {
  const { pieces, snapshot } = await snapshotOf(state);
  const slot = slotOf(firstCommit(snapshot, base));
  const zeros = new Uint8Array(slotsAt(snapshot) - snapshot.end);
  return { pieces: [...pieces, zeros, slot, slot], snapshot };
}

/** Bytes and where they go. */
export interface Written {
  readonly pieces: readonly Uint8Array[];
  readonly at: number;
}

/** The slot that counts all changes up to a commit, and the place of the file after it. */
export function slotAfter(place: Place, commit: Commit): Written & { readonly place: Place } {
  const slot = place.slot === 0 ? 1 : 0;
  return {
    pieces: [slotOf(commit)],
    at: slotsAt(place.snapshot) + slot * SLOT_BYTES,
    place: { ...place, commit, slot, isSure: true, isCommitted: true },
  };
}

/** Bytes to append to a file: what is left up to the commit's length is reserved. */
export interface Appended {
  readonly pieces: readonly Uint8Array[];
  readonly commit: Commit;
}

/** Room for the entries of a large change, which begin at `from`. */
export function roomIn({ commit }: Place, { byteLength }: Body): Appended & { from: number } {
  const { header, moment } = roomHeader(byteLength, commit.generation, commit);
  const from = commit.length + header.length;
  return { pieces: [header], commit: { ...commit, ...moment, length: from + byteLength }, from };
}

/**
 * The records of effects.
 * @param roomOf position of a large change's entries in this file, if it has them
 */
export async function recordsOf(
  place: Place,
  effects: readonly Effect[],
  roomOf: (body: Body) => number | undefined,
): Promise<Appended> {
  let { commit } = place;
  const pieces: Uint8Array[] = [];
  const follows = ({ header, moment }: Header, payload: readonly Uint8Array[]) => {
    pieces.push(header, ...payload);
    const length = [header, ...payload].reduce((sum, piece) => sum + piece.length, commit.length);
    commit = { ...commit, ...moment, length };
  };
  for (const effect of effects) {
    const { body, generation } = effect;
    let from = body && roomOf(body);
    if (body && from === undefined) {
      from = commit.length + RECORD_BYTES;
      follows(roomHeader(body.byteLength, commit.generation, commit), body.pieces);
    }
    const payload = await inTurns(payloadSteps(effect, commit.length - (from ?? 0)), undefined);
    follows(await inTurns(recordSteps(payload, commit), undefined), payload.pieces);
    commit = { ...commit, generation };
  }
  return { pieces, commit };
}

/**
 * The place of a file that replaces another, with the changes since it was begun.
 * @param base the other's position then
 * @param commit the other's current commit
 * @returns its slots; and by how much the changes after `base` are moved
 */
export function placeAfter(
  snapshot: Snapshot,
  base: Commit,
  commit: Commit,
): Written & { readonly place: Place; readonly shift: number } {
  const shift = changesAt(snapshot) - base.length;
  const next: Commit = {
    ...commit,
    snapshot: snapshot.sum,
    base: { sequence: base.sequence, sum: base.sum },
    length: commit.length + shift,
  };
  const slot = slotOf(next);
  return {
    pieces: [slot, slot],
    at: slotsAt(snapshot),
    place: { snapshot, commit: next, slot: 0, isSure: true, isCommitted: true },
    shift,
  };
}

/** The notes of an index file's entries, by column; and the file as a part of a list. */
export async function notesOf(
  segment: Segment,
): Promise<{ readonly columns: Columns; readonly listed: ListedPart }> {
  const columns = await inTurns(columnsSteps(segment), undefined);
  return { columns, listed: await inTurns(listedSteps(columns), undefined) };
}

/**
 * An index file in pieces. Do not modify them.
 * @param entries returns the notes, by ids in the segment; absent: there are none
 * @throws {TypeError | RangeError} if a note is malformed
 */
export async function indexFile(
  segment: Segment,
  entries: { entryAt(id: number): Said } | undefined,
  counters: { nextId: number; generation: number; degenerate: number },
  signal: AbortSignal | undefined,
): Promise<{ readonly pieces: Uint8Array[]; readonly info: SnapshotInfo }> {
  const columns = entries && (await inTurns(askedSteps(segment, entries), signal));
  return segmentFile(segment, columns, counters, signal);
}

/** From now on, the keeper makes the list's changes durable. */
export function keepBy(list: Blocklist, keeper: Keeper): void {
  list.keptBy((kept) => new KeptChanges(keeper, kept));
}

/** Applies effects of others to a list. */
export async function followEffects(list: Blocklist, effects: readonly Effect[]): Promise<void> {
  list.follow(await inTurns(replaySteps(list.state, effects), undefined), effects);
}

const sameBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
