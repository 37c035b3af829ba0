import type { FileHandle } from 'node:fs/promises';
import { Blocklist, type BlocklistOptions } from '../../blocklist/blocklist.js';
import type { ListState } from '../../blocklist/list-state.js';
import {
  type BodyPlace,
  headerOf,
  type Moment,
  momentSteps,
  PayloadReader,
  RECORD_BYTES,
} from '../../blocklist/records/change-record.js';
import {
  type Commit,
  type Committed,
  committedIn,
  SLOTS_BYTES,
} from '../../blocklist/records/commit-slots.js';
import { type Effect, JoinedEffects, replaySteps } from '../../blocklist/records/effect.js';
import { finish, inTurns, nextTurn, TURN } from '../../in-turns.js';
import { checksumSteps, type Read } from '../../indexing/snapshot.js';
import {
  bytesAt,
  cutOff,
  generationAtStart,
  HEADER_BYTES,
  hasChanged,
  readingList,
  SECTOR,
  type Snapshot,
  snapshotIn,
  snapshotState,
} from './blocklist-file.js';
import {
  checkGeneration,
  checkOpenOptions,
  checkPath,
  type OpenOptions,
  readOf,
} from './index-file.js';
import { wordsOf } from './save-index.js';

/** How a saved blocklist is opened. */
export interface OpenBlocklistOptions extends OpenOptions, Pick<BlocklistOptions, 'onKeptOut'> {}

/** Where a file is, and where it ends. */
export interface Place extends Committed {
  readonly snapshot: Snapshot;
  /** whether the slots tell of the commit; a change that was not acknowledged may follow it */
  readonly isCommitted: boolean;
}

/** Where the slots of a file are. */
export const slotsAt = ({ end }: Pick<Snapshot, 'end'>): number => SECTOR * Math.ceil(end / SECTOR);
/** Where its changes begin. */
export const changesAt = (snapshot: Pick<Snapshot, 'end'>): number =>
  slotsAt(snapshot) + SLOTS_BYTES;

/** The commit of a snapshot that no change follows. */
export const firstCommit = (
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
 * What is in force of a file.
 * @param known a snapshot that the file had before
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export async function placeIn(file: FileHandle, known?: Snapshot): Promise<Place> {
  const read = readOf(file);
  const slotBytes = ({ end }: Snapshot) => bytesAt(read, end, slotsAt({ end }) + SLOTS_BYTES - end);
  // Each call is a turn of a thread, and most often the snapshot is known.
  const [header, ahead] = await Promise.all([
    bytesAt(read, 0, HEADER_BYTES),
    known && slotBytes(known).catch(() => undefined),
  ]);
  const isKnown = known && sameBytes(header, known.header);
  const snapshot = isKnown ? known : await snapshotIn(file);
  const { end, sum } = snapshot;
  const from = slotsAt(snapshot);
  const bytes = (isKnown && ahead) || (await slotBytes(snapshot));
  // Only now: what is counted was there before the slot was written.
  const { size } = await file.stat();
  if (bytes.subarray(0, from - end).some((byte) => byte !== 0)) throw hasChanged();
  const committed = committedIn(bytes.subarray(from - end), sum);
  const { length, base } = committed.commit;
  if (length > size) throw cutOff();
  if (length < from + SLOTS_BYTES || committed.commit.sequence < base.sequence) throw hasChanged();
  return { snapshot, ...committed, isCommitted: true };
}

/** Where the reading of changes is. */
export interface At extends Moment {
  readonly length: number;
}

/** Changes of a file, and where it ends with them. */
export interface Changes {
  readonly effects: Effect[];
  /** where the first entries are that these refer to; infinite: nowhere */
  readonly bodiesFrom: number;
  readonly place: Place;
}

/**
 * Reads the changes of a file that follow a moment of its history.
 * @param from with its length, if that is of a place in this very file
 * @param options `isAlone`: nobody writes now, so what is whole counts, acknowledged or not
 * @returns undefined if what was read before is not part of this file's history
 * @throws {FormatError} `bad-length`, `bad-checksum` or `bad-line`
 */
export async function changesFrom(
  file: FileHandle,
  place: Place,
  from: Moment | At,
  { isAlone }: { isAlone: boolean },
): Promise<Changes | undefined> {
  const { commit, snapshot } = place;
  const { size } = await file.stat();
  const read = readOf(file);
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
  // What follows the commit of a slot may be acknowledged by one that is damaged.
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
 * The place of a list in the file that it was read from, if that is still this one, and no older
 * copy of it.
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

/** Bytes that are read ahead: a change has some hundred. */
const AHEAD = 1 << 20;
/** Bytes of a change that is read at once: about 0.3 ms. */
const SMALL = 1 << 14;

/** Gives bytes of a file, until the next call; a promise if they are not read yet. */
type View = (from: number, length: number) => Uint8Array | Promise<Uint8Array>;

/** Reads many small pieces, one after the other, by few calls, and without copies. */
function ahead(read: Read): View {
  const bytes = new Uint8Array(AHEAD);
  let [start, end] = [0, 0];
  const more = async (from: number, length: number) => {
    [start, end] = [from, from];
    while (end < from + length) {
      const count = await read(bytes.subarray(end - start), end);
      if (count === 0) throw cutOff();
      end += count;
    }
    return bytes.subarray(0, length);
  };
  return (from, length) => {
    if (length > AHEAD) return bytesAt(read, from, length);
    if (from < start || from + length > end) return more(from, length);
    return bytes.subarray(from - start, from - start + length);
  };
}

/** The record at a place; undefined unless it is whole. */
async function recordAt(view: View, at: At, end: number) {
  const from = at.length + RECORD_BYTES;
  if (from > end) return undefined;
  const start = view(at.length, RECORD_BYTES);
  const told = headerOf(wordsOf(start instanceof Promise ? await start : start), 0, at);
  if (!told || from + told.byteLength > end) return undefined;
  const { generation, isRoom } = told;
  const length = from + told.byteLength;
  const viewed = view(at.length, isRoom ? RECORD_BYTES : length - at.length);
  const bytes = viewed instanceof Promise ? await viewed : viewed;
  const steps = momentSteps(wordsOf(bytes), at);
  const moment = bytes.length < SMALL ? finish(steps) : await inTurns(steps, undefined);
  const payload = isRoom ? undefined : bytes.subarray(RECORD_BYTES);
  return moment && { ...moment, payload, generation, length };
}

/** The entries of a large change; undefined unless they are whole. */
async function bodyAt(
  read: Read,
  from: number,
  { back, byteLength, sum }: BodyPlace,
): Promise<Uint8Array | undefined> {
  if (byteLength > back || byteLength % 4 > 0) return undefined;
  const bytes = await bytesAt(read, from, byteLength);
  const own = await inTurns(checksumSteps([wordsOf(bytes)]), undefined);
  return own === sum ? bytes : undefined;
}

/**
 * Reads the list in a file, with the changes since the snapshot.
 * @throws {FormatError} as `openBlocklist`
 */
export async function listIn(
  file: FileHandle,
  options: OpenOptions & { isAlone?: boolean; known?: Snapshot },
): Promise<{ state: ListState; place: Place }> {
  const { minGeneration = 0, isAlone = false, known } = options;
  const place = await placeIn(file, known);
  const least = place.isSure && !isAlone ? minGeneration : 0;
  checkGeneration(place.commit.generation, least);
  const changes = (await changesFrom(file, place, place.commit.base, { isAlone }))!;
  checkGeneration(changes.place.commit.generation, minGeneration);
  const before = await snapshotState(file, place.snapshot, options);
  const steps = replaySteps(before, changes.effects, { isAlone: true });
  return { state: await inTurns(steps, undefined), place: changes.place };
}

/**
 * A copy in memory of the list in a file, as it is now.
 * @throws {FormatError} as `openBlocklist`
 */
export async function loadBlocklist(
  path: string,
  options: OpenBlocklistOptions = {},
): Promise<Blocklist> {
  const list = listBy(path, options);
  list.become((await readingList(path, (file) => listIn(file, options))).state);
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
  return readingList(path, generationAtStart).then(
    () => true,
    () => false,
  );
}

const sameBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
