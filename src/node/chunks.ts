/*
 * A stream, a `Blob` or a body as chunks, within limits of length and pace.
 */

import { Readable } from 'node:stream';
import { types } from 'node:util';
import { DecodeError } from '../errors.js';
import { unlessAborted } from '../picture/waiting.js';
import type { FileDigests } from './file-digests.js';
import { Pace, type PaceLimits } from './pace.js';

/**
 * Source of an image: a path to a regular file; its bytes; a `Blob` or `File`; a stream of bytes (a
 * Node `Readable`, a web `ReadableStream` or any async iterable); or a `Request` or `Response`,
 * whose body is the picture.
 */
export type ImageSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | Request
  | Response;

/**
 * Number of bytes in `source`, if known before it is read: bytes in memory, a `Blob`, or a body
 * with a `Content-Length` that is not compressed. Unknown for a path.
 */
export function lengthOf(source: Exclude<ImageSource, string | URL>): number | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  if (source instanceof Uint8Array || types.isArrayBuffer(source)) return source.byteLength;
  if (isBlob(source)) return source.size;
  if (!isBody(source)) return undefined;
  const { headers } = source;
  if (typeof headers?.get !== 'function' || headers.get('content-encoding')) return undefined;
  const length = headers.get('content-length');
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/**
 * Notifies the sender of a body or of a web stream that it will not be read. A Node stream is left
 * alone.
 */
export function discard(source: unknown): void {
  const sent = Object(source);
  if (nodeBodyOf(sent)) return;
  const stream = isBody(sent) ? sent.body : sent;
  if (typeof stream?.getReader === 'function' && !stream.locked) stream.cancel().catch(() => {});
}

/** By members: classes of a polyfill, or of another realm, are not our own. */
const isBlob = (source: object): source is Blob => 'stream' in source && 'size' in source;
const isBody = (source: object): source is Request | Response => 'bodyUsed' in source;

/**
 * The key under which a server's request has its body as a Node stream, too, which costs a third of
 * its standard stream. The server discards it if it is not read.
 */
export const NODE_BODY = /* @__PURE__ */ Symbol('body');

/** Undefined, too, if the request's standard stream has been used. */
function nodeBodyOf(source: object): Readable | undefined {
  const stream = (source as { [NODE_BODY]?: unknown })[NODE_BODY];
  return stream instanceof Readable && stream.listenerCount('data') === 0 ? stream : undefined;
}

/** A source of chunks, and how to close it. */
interface Chunks {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  close(): Promise<unknown>;
}

/** @throws {TypeError} if `source` is no stream and has none, or is being read or was read */
function chunksOf(source: unknown): Chunks {
  if (typeof source === 'object' && source !== null) {
    if (isBody(source)) {
      if (source.bodyUsed) throw new TypeError(READ_ALREADY);
      const stream = nodeBodyOf(source);
      if (stream) return chunksOf(stream);
      return source.body === null ? NO_CHUNKS : chunksOf(source.body);
    }
    if (isBlob(source)) return chunksOf(source.stream());
    // Uses a reader, as only its `cancel` ends a pending read; the stream's async iterator cannot.
    if ('getReader' in source) return chunksOfReader(source as ReadableStream<Uint8Array>);
    if (Symbol.asyncIterator in source) {
      // A Node stream ends at once when it is read again.
      if ('readableEnded' in source && source.readableEnded) throw new TypeError(READ_ALREADY);
      const stream = source as AsyncIterable<unknown> & { destroy?: () => void };
      const iterator = stream[Symbol.asyncIterator]();
      const destroy = stream.destroy?.bind(stream);
      const close = async () => (destroy ? destroy() : await iterator.return?.());
      return { next: () => iterator.next(), close };
    }
  }
  throw new TypeError('expected a path, bytes, a Blob, a stream of bytes, a Request or a Response');
}

const READ_ALREADY = 'expected a stream or a body that is unread and unlocked';

const NO_CHUNKS: Chunks = {
  next: async () => ({ done: true }),
  close: async () => {},
};

function chunksOfReader(stream: ReadableStream<Uint8Array>): Chunks {
  if (stream.locked || Readable.isDisturbed(stream as never)) throw new TypeError(READ_ALREADY);
  const reader = stream.getReader();
  return { next: () => reader.read(), close: () => reader.cancel() };
}

/** Limits on chunks. */
interface ChunkLimits extends PaceLimits {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** called before each, with the bytes so far; that time does not count against the stream */
  readonly ready?: (bytes: number) => Promise<void> | undefined;
}

/**
 * The chunks of a stream, a `Blob` or a body, which is closed if it is left before its end. A
 * source that states more than `maxBytes` is not read.
 * @throws as `readBytes`
 */
export async function* chunksWithin(
  source: object,
  { maxBytes, signal, ready, ...limits }: ChunkLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const expected = lengthOf(source as Blob);
  if (expected !== undefined && expected > maxBytes) {
    discard(source);
    throw tooMany(maxBytes);
  }
  const chunks = chunksOf(source);
  const pace = new Pace(limits);
  let length = 0;
  let isOpen = true;
  let paused = performance.now();
  try {
    for (;;) {
      await ready?.(length);
      pace.leaveOut(performance.now() - paused);
      const next = pace.keeping(chunks.next().catch(unreadable), length);
      const { done, value } = await unlessAborted(next, signal);
      isOpen = !done;
      if (done) break;
      if (!(value instanceof Uint8Array)) throw new TypeError('expected a stream of Uint8Arrays');
      length += value.length;
      if (length > maxBytes) throw tooMany(maxBytes);
      paused = performance.now();
      yield value;
    }
    // Some HTTP implementations do not report a broken connection.
    if (isBody(source) && expected !== undefined && length < expected) {
      throw new DecodeError('unreadable', 'the body ended before its Content-Length');
    }
  } finally {
    // Not awaited: a source that hangs would hang its closing too.
    if (isOpen) chunks.close().catch(() => {});
  }
}

export function tooMany(maxBytes: number, digests?: FileDigests): DecodeError {
  const error = new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  return digests ? digests.tooLong(error) : error;
}

function unreadable(cause: unknown): never {
  // Our own streams end with the right error.
  if (cause instanceof DecodeError) throw cause;
  const code = codeOf(cause);
  const why = code === undefined ? '' : ` (${code})`;
  throw new DecodeError('unreadable', `the stream failed before its end${why}`, { cause });
}

/** A code of the system or of Node; anything else may be part of a name. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code) ? code : undefined;
}
