import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { callback, checkedOptions, type OptionTable, wrongKind } from '../door.js';
import { DecodeError } from '../errors.js';
import { imageFormatOf } from '../formats/image-format.js';
import { VIDEO_HEAD_BYTES, videoFormatOf } from '../formats/video-format.js';
import { LIMITS, type Limits } from '../picture/options.js';
import { unlessAborted } from '../picture/waiting.js';
import { chunksWithin, codeOf, discard, type ImageSource, lengthOf, tooMany } from './chunks.js';
import { DIGEST_PIECE, type FileDigests } from './file-digests.js';
import { Gathered } from './gathered.js';
import { PACE, type PaceLimits } from './pace.js';

export {
  chunksWithin,
  discard,
  type ImageSource,
  lengthOf,
  NODE_BODY,
  tooMany,
} from './chunks.js';

/** Limits on reading. Those on the pace apply to streams and bodies. */
export interface ReadOptions extends Pick<Limits, 'maxBytes' | 'signal'>, PaceLimits {
  /**
   * called before each chunk of a stream, with the bytes that will be held if the chunk has at most
   * 64 KiB. Reading goes on when it settles, and that time does not count against the stream. It
   * resolves to the number of bytes for which there is room
   */
  room?: ((bytes: number) => Promise<number>) | undefined;
}

export const READ_OPTIONS = {
  maxBytes: LIMITS.maxBytes,
  signal: LIMITS.signal,
  ...PACE,
  room: { is: callback },
} as const satisfies OptionTable<ReadOptions>;

/** Usual chunk size of streams. */
const CHUNK = 64 * 1024;

/**
 * Reads all bytes of `source`; a Uint8Array or an ArrayBuffer is not copied. A stream that is too
 * long, too slow or aborted is closed. Never more than `maxBytes` and one chunk are held, and
 * nothing is read of a `Blob` or a body that states a greater length.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} `unreadable`, also if a body ends before its `Content-Length`;
 *   `too-many-bytes`; `too-slow`
 * @throws {TypeError | RangeError} if the source or an option is invalid, and if someone else reads
 *   the stream or has read it
 */
export async function readBytes(
  source: ImageSource,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  return await readDigested(source, options, undefined);
}

/**
 * As `readBytes`, with digests of the bytes. A source of more than `maxBytes` is read on for them,
 * up to their own limit, and nothing of it is held.
 * @param diverted gets the chunks of a source in memory or of a stream that begins as a video; its
 *   result is returned
 */
export async function readDigested(
  source: ImageSource,
  options: ReadOptions,
  digests: FileDigests | undefined,
  diverted?: (chunks: AsyncIterable<Uint8Array>) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const { maxBytes, signal } = checkedOptions(options, READ_OPTIONS);
  signal?.throwIfAborted();
  if (typeof source === 'string' || source instanceof URL) {
    return await unlessAborted(readRegularFile(source, maxBytes, { signal, digests }), signal);
  }
  const length = lengthOf(source);
  if (length !== undefined && length > maxBytes && !digests) {
    discard(source);
    throw tooMany(maxBytes);
  }
  const isHeld = source instanceof Uint8Array || types.isArrayBuffer(source);
  if (!isHeld) return await readChunks(source, length, { ...options, maxBytes, digests, diverted });
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
  const pieces = piecesOf(bytes, digests, signal);
  if (diverted && isVideo(bytes.subarray(0, VIDEO_HEAD_BYTES))) return await diverted(pieces);
  if (digests) for await (const _ of pieces);
  if (bytes.length > maxBytes) throw tooMany(Math.max(maxBytes, digests?.maxBytes ?? 0), digests);
  return bytes;
}

interface Reading extends ReadOptions {
  readonly digests: FileDigests | undefined;
  readonly diverted?: Parameters<typeof readDigested>[3];
}

/** Digests bytes that are there, with a turn of the event loop after each piece. */
async function* piecesOf(
  bytes: Uint8Array,
  digests: FileDigests | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += DIGEST_PIECE) {
    if (at > 0) await setImmediate();
    signal?.throwIfAborted();
    const piece = bytes.subarray(at, at + DIGEST_PIECE);
    digests?.update(piece);
    yield piece;
  }
  digests?.end();
}

/** The path of a file. @throws {TypeError} if it is no `file:` URL */
export function pathOf(source: string | URL): string {
  if (typeof source === 'string') return source;
  if (source.protocol !== 'file:') wrongKind('a path, a file: URL, or the bytes of a file');
  return fileURLToPath(source);
}

/** True if it arrives bit by bit; bytes in memory or in a file are there at once. */
export const isSent = (source: ImageSource): boolean =>
  !(
    typeof source === 'string' ||
    source instanceof URL ||
    source instanceof Uint8Array ||
    types.isArrayBuffer(source)
  );

async function readChunks(
  source: object,
  expected: number | undefined,
  { maxBytes, signal, room, digests, diverted, ...limits }: Reading & { maxBytes: number },
): Promise<Uint8Array> {
  const isHeld = expected === undefined || expected <= maxBytes;
  let gathered = isHeld || diverted ? new Gathered(expected) : undefined;
  const most = Math.max(maxBytes, digests?.maxBytes ?? 0);
  const ready = async (length: number) => {
    if (room && gathered) gathered.room = await unlessAborted(room(length + CHUNK), signal);
  };
  const chunks = chunksWithin(source, { ...limits, maxBytes: Infinity, signal, ready });
  let length = 0;
  let isKnown = !diverted;
  for await (const value of chunks) {
    length += value.length;
    digests?.update(value);
    if (!isKnown) {
      gathered!.add(value);
      isKnown = length >= VIDEO_HEAD_BYTES;
      const head = isKnown ? gathered!.whole() : undefined;
      if (head && isVideo(head)) {
        gathered = undefined;
        await room?.(0);
        return await diverted!(rest(head, chunks, digests));
      }
    } else if (length <= maxBytes && !digests?.needsNoBytes) gathered?.add(value);
    if (length > most) throw tooMany(most, digests);
    if (expected !== undefined && expected > most && digests?.knowsKind) {
      throw tooMany(maxBytes, digests);
    }
    if (gathered && isKnown && (!isHeld || length > maxBytes || digests?.needsNoBytes)) {
      gathered = undefined;
      await room?.(0);
    }
  }
  digests?.end();
  if (!gathered) throw tooMany(maxBytes, digests);
  return gathered.whole();
}

/** True if a file begins as a video. An animated picture is a picture. */
export const isVideo = (head: Uint8Array): boolean =>
  head.length >= VIDEO_HEAD_BYTES && !imageFormatOf(head) && videoFormatOf(head) !== undefined;

/** The chunks of a video whose first bytes were read, from its start. */
async function* rest(
  head: Uint8Array,
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  digests: FileDigests | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) break;
    digests?.update(value);
    yield value;
  }
  digests?.end();
}

/**
 * Opens a regular file only. Reading a pipe or a device may never end, and it holds a thread of
 * Node's pool that no signal frees.
 * @throws {DecodeError} `unreadable`
 */
export async function openRegularFile(path: string | URL): Promise<[FileHandle, size: number]> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK (Windows has none), opening a pipe waits until someone writes to it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const about = await file.stat();
    if (about.isFile()) return [file, about.size];
  } catch (error) {
    await file?.close();
    throw withoutPath(error);
  }
  await file.close();
  const message = 'expected a regular file; give a pipe or a device as a stream';
  throw new DecodeError('unreadable', message);
}

/**
 * The first bytes of a file, which show the format of a video, and its length.
 * @throws {DecodeError} `unreadable`
 */
export async function beginningOf(
  path: string | URL,
  length = VIDEO_HEAD_BYTES,
): Promise<{ head: Uint8Array; size: number }> {
  const [file, size] = await openRegularFile(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(length) });
    return { head: buffer.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

async function readRegularFile(
  path: string | URL,
  maxBytes: number,
  { signal, digests }: Pick<Reading, 'signal' | 'digests'>,
): Promise<Uint8Array> {
  const [file, size] = await openRegularFile(path);
  try {
    const isHeld = size <= maxBytes;
    const most = Math.max(maxBytes, digests?.maxBytes ?? 0);
    const isTooLong = size > most;
    if (isTooLong && !digests) throw tooMany(maxBytes);
    const piece = digests ? DIGEST_PIECE : size;
    const bytes = Buffer.allocUnsafeSlow(isHeld ? size : piece);
    let length = 0;
    while (length < size) {
      const at = isHeld ? length : 0;
      const { bytesRead } = await file.read(bytes, at, Math.min(piece, size - length), length);
      if (bytesRead === 0) break;
      signal?.throwIfAborted();
      digests?.update(bytes.subarray(at, at + bytesRead));
      if (isTooLong) throw tooMany(most, digests);
      length += bytesRead;
    }
    digests?.end();
    if (!isHeld) throw tooMany(maxBytes, digests);
    return bytes.subarray(0, length);
  } catch (error) {
    throw error instanceof DecodeError ? error : withoutPath(error);
  } finally {
    await file.close();
  }
}

/** Keeps only the code of Node's error: its message names the file, and messages here must not. */
function withoutPath(error: unknown): DecodeError {
  const code = codeOf(error);
  if (code === 'ERR_INVALID_ARG_VALUE') {
    return new DecodeError('unreadable', 'expected a path without NUL characters');
  }
  return new DecodeError('unreadable', `the file cannot be read (${code ?? 'unknown error'})`);
}
