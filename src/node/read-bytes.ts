import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { DecodeError } from '../errors.js';
import { checkLimits, type Limits, MAX_BYTES } from '../picture/options.js';
import { unlessAborted } from '../picture/waiting.js';

/**
 * Where to read an image from: a path to a regular file, its bytes, or a stream of them (a Node
 * `Readable`, a web `ReadableStream` or any async iterable).
 */
export type ImageSource =
  | string
  | URL
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>;

/**
 * Reads all bytes of `source`; a Uint8Array is not copied. A stream that is too long or aborted is
 * closed. Never more than `maxBytes` and one chunk are held.
 * @throws {DecodeError} `unreadable` or `too-many-bytes`
 * @throws {TypeError | RangeError} if the source or an option is invalid
 */
export async function readBytes(
  source: ImageSource,
  options: Pick<Limits, 'maxBytes' | 'signal'> = {},
): Promise<Uint8Array> {
  checkLimits(options);
  const { maxBytes = MAX_BYTES, signal } = options;
  signal?.throwIfAborted();
  if (source instanceof Uint8Array) {
    if (source.length > maxBytes) throw tooMany(maxBytes);
    return source;
  }
  if (typeof source === 'string' || source instanceof URL) {
    return await unlessAborted(readRegularFile(source, maxBytes), signal);
  }
  if (typeof source === 'object' && source !== null) {
    // A reader rather than the stream's async iterator, because only its `cancel` ends a pending
    // read.
    if ('getReader' in source) return await readChunks(chunksOf(source), maxBytes, signal);
    if (Symbol.asyncIterator in source) {
      const iterator = source[Symbol.asyncIterator]();
      const destroy = (source as { destroy?: () => void }).destroy?.bind(source);
      const close = async () => (destroy ? destroy() : await iterator.return?.());
      return await readChunks({ next: () => iterator.next(), close }, maxBytes, signal);
    }
  }
  throw new TypeError('expected a path, a Uint8Array or a stream of bytes');
}

/** A source of chunks, and how to close it. */
interface Chunks {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  close(): Promise<unknown>;
}

function chunksOf(stream: ReadableStream<Uint8Array>): Chunks {
  const reader = stream.getReader();
  return { next: () => reader.read(), close: () => reader.cancel() };
}

async function readChunks(
  chunks: Chunks,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(chunks.next().catch(unreadable), signal);
      if (done) return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
      if (!(value instanceof Uint8Array)) throw new TypeError('expected a stream of Uint8Arrays');
      length += value.length;
      if (length > maxBytes) throw tooMany(maxBytes);
      parts.push(value);
    }
  } catch (error) {
    // Not awaited: a source that hangs would hang its closing too.
    chunks.close().catch(() => {});
    throw error;
  }
}

/**
 * Reads a regular file only. Reading a pipe or a device may never end, and it holds a thread of
 * Node's pool that no signal frees.
 */
async function readRegularFile(path: string | URL, maxBytes: number): Promise<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // Without O_NONBLOCK (Windows has none), opening a pipe waits until someone writes to it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw withoutPath(error);
  }
  try {
    const about = await file.stat();
    if (!about.isFile()) {
      throw new DecodeError(
        'unreadable',
        'expected a regular file; give a pipe or a device as a stream',
      );
    }
    if (about.size > maxBytes) throw tooMany(maxBytes);
    const bytes = Buffer.allocUnsafeSlow(about.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (error) {
    throw error instanceof DecodeError ? error : withoutPath(error);
  } finally {
    await file.close();
  }
}

const tooMany = (maxBytes: number) =>
  new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);

/**
 * Keeps only the code of Node's error: its message names the file, and file names stay out of
 * messages.
 */
function withoutPath(error: unknown): DecodeError {
  const code = codeOf(error);
  if (code === 'ERR_INVALID_ARG_VALUE') {
    return new DecodeError('unreadable', 'expected a path without NUL characters');
  }
  return new DecodeError('unreadable', `the file cannot be read (${code ?? 'unknown error'})`);
}

function unreadable(cause: unknown): never {
  const code = codeOf(cause);
  const why = code === undefined ? '' : ` (${code})`;
  throw new DecodeError('unreadable', `the stream failed before its end${why}`, { cause });
}

/** A code of the system or of Node; anything else may be part of a name. */
function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z0-9_]+$/.test(code) ? code : undefined;
}
