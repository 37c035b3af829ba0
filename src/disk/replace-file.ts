import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';

/** Bytes written at a time. */
const CHUNK = 4 * 2 ** 20;

/**
 * Writes a file, entirely or not at all. It writes a temporary file beside it, flushes it to disk,
 * gives it the permissions and the name of the old file (a new one is its owner's alone, mode 600),
 * and flushes the folder. A process that has the old file open still sees the old content. If
 * `path` is a symbolic link to a file, the link stays, and that file is replaced.
 * @param pieces the content, end to end
 * @param signal aborts until the file is in place; the old file stays, and no other is left
 * @param check runs once everything is written, before the file replaces the old one; if it throws,
 * the old file stays
 */
export async function replaceFile(
  path: string,
  pieces: Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
  check?: () => Promise<unknown>,
): Promise<void> {
  const file = await realpath(path).catch(() => path);
  const mode = (await stat(file).catch(() => undefined))?.mode;
  const temporary = `${file}.${randomUUID()}.tmp`;
  const remove = () => rmSync(temporary, { force: true });
  // Also removes the temporary file if a signal ends the program.
  process.once('exit', remove);
  try {
    const handle = await open(temporary, 'w', mode ?? 0o600);
    try {
      if (mode !== undefined) await handle.chmod(mode);
      for (const piece of pieces) await write(handle, piece, signal);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await check?.();
    signal?.throwIfAborted();
    await rename(temporary, file);
  } catch (error) {
    remove();
    throw error;
  } finally {
    process.off('exit', remove);
  }
  await syncFolder(dirname(file));
}

async function write(
  file: FileHandle,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    const { bytesWritten } = await file.write(bytes.subarray(at, at + CHUNK));
    at += bytesWritten;
  }
}

/**
 * Flushes a folder: a rename is on disk once its folder is. If a folder cannot be opened (Windows),
 * this is left to the system.
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    return;
  }
}
