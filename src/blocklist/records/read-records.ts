import { FormatError } from '../../errors.js';
import { finish, inTurns } from '../../in-turns.js';
import { checksumSteps, type Read } from '../../indexing/snapshot.js';
import {
  type BodyPlace,
  headerOf,
  type Moment,
  momentSteps,
  RECORD_BYTES,
} from './change-record.js';
import { wordsOf } from './record-lines.js';

/** The bytes of a file that may grow meanwhile. */
export interface Source {
  size(): Promise<number>;
  readonly read: Read;
}

/** Bytes read at a time. */
const CHUNK = 4 * 2 ** 20;

/** @throws {FormatError} `bad-length` if the file ends before */
export async function bytesAt(read: Read, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = await read(bytes.subarray(at, at + CHUNK), from + at);
    if (count === 0) throw cutOff();
    at += count;
  }
  return bytes;
}

export const cutOff = () =>
  new FormatError('bad-length', 'the blocklist file has an unexpected length');
export const hasChanged = () =>
  new FormatError('bad-checksum', 'the blocklist file has changed since it was written');

/** The reader's position among the changes. */
export interface At extends Moment {
  readonly length: number;
}

/** Bytes that are read ahead: a change has a few hundred. */
const AHEAD = 1 << 20;
/** Bytes of a change that is read at once: about 0.3 ms. */
export const SMALL = 1 << 14;

/** Returns bytes of a file, valid until the next call; a promise if they are not read yet. */
type View = (from: number, length: number) => Uint8Array | Promise<Uint8Array>;

/** Reads many small pieces in sequence, with few calls and no copies. */
export function ahead(read: Read): View {
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

/** The record at a position; undefined unless it is whole. */
export async function recordAt(
  view: View,
  at: At,
  end: number,
): Promise<(At & { generation: number; payload: Uint8Array | undefined }) | undefined> {
  const from = at.length + RECORD_BYTES;
  if (from > end) return undefined;
  const start = view(at.length, RECORD_BYTES);
  const header = headerOf(wordsOf(start instanceof Promise ? await start : start), 0, at);
  if (!header || from + header.byteLength > end) return undefined;
  const { generation, isRoom } = header;
  const length = from + header.byteLength;
  const viewed = view(at.length, isRoom ? RECORD_BYTES : length - at.length);
  const bytes = viewed instanceof Promise ? await viewed : viewed;
  const steps = momentSteps(wordsOf(bytes), at);
  const moment = bytes.length < SMALL ? finish(steps) : await inTurns(steps, undefined);
  const payload = isRoom ? undefined : bytes.subarray(RECORD_BYTES);
  return moment && { ...moment, payload, generation, length };
}

/** The entries of a large change; undefined unless they are whole. */
export async function bodyAt(
  read: Read,
  from: number,
  { back, byteLength, sum }: BodyPlace,
): Promise<Uint8Array | undefined> {
  if (byteLength > back || byteLength % 4 > 0) return undefined;
  const bytes = await bytesAt(read, from, byteLength);
  const own = await inTurns(checksumSteps([wordsOf(bytes)]), undefined);
  return own === sum ? bytes : undefined;
}
