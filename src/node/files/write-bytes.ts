import type { FileHandle } from 'node:fs/promises';
import { FormatError } from '../../errors.js';

/** Bytes written at a time. */
const CHUNK = 4 * 2 ** 20;

/** Writes pieces end to end. @returns where they end */
export async function writeAll(
  file: FileHandle,
  pieces: readonly Uint8Array[],
  from: number,
): Promise<number> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // Each write of a few bytes costs a turn of a thread.
  const few = pieces.length > 1 && length <= CHUNK ? [Buffer.concat(pieces, length)] : pieces;
  let to = from;
  for (const piece of few) {
    for (let at = 0; at < piece.length; ) {
      const { bytesWritten } = await file.write(piece.subarray(at, at + CHUNK), 0, null, to);
      at += bytesWritten;
      to += bytesWritten;
    }
  }
  return to;
}

/** Copies the bytes from `start` to `end` to another file, `shift` bytes further on. */
export async function copyAll(
  from: FileHandle,
  into: FileHandle,
  { start, end, shift }: { start: number; end: number; shift: number },
): Promise<void> {
  const bytes = new Uint8Array(Math.min(CHUNK, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await from.read(bytes, 0, Math.min(CHUNK, end - at), at);
    if (bytesRead === 0) {
      throw new FormatError('bad-length', 'the blocklist file has an unexpected length');
    }
    await writeAll(into, [bytes.subarray(0, bytesRead)], at + shift);
    at += bytesRead;
  }
}

/** The error for the caller. The system's errors name the file, so they become causes. */
export function publicErrorOf(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof FormatError || code === undefined || syscall === undefined) return error;
  const message =
    code === 'ENOENT'
      ? 'the blocklist file no longer exists (ENOENT)'
      : `the blocklist file cannot be written (${code})`;
  return new FormatError('unwritable', message, { cause: error });
}
