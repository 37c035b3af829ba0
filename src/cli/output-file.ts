import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { access, constants, link, lstat, open, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { fileKindOf } from '../node/index.js';
import { Failure, failureOf } from './failure.js';
import { encoded } from './file-name.js';

/** Files that may be replaced, and the readers of the new one. */
export interface OutputOptions {
  /** any file */
  readonly overwrite: boolean;
  /** readable by its owner alone, even in place of a file that others may read */
  readonly secret?: boolean;
  /** readable by whom the system lets read new files, such as a web server */
  readonly isPublic?: boolean;
  /** files of this kind */
  readonly replaces?: 'index';
}

/**
 * The path to write for a file named on the command line: that path, or the target of a link.
 * @throws {Failure} if a file there may not be replaced, or nothing can be written there
 */
export async function outputPath(
  path: string,
  { overwrite, replaces }: OutputOptions,
): Promise<string> {
  if (encoded(path) !== path) throw new Failure(`${path}: expected a name in UTF-8`);
  const about = await stat(path).catch(() => undefined);
  if (about === undefined) {
    const entry = await lstat(path).catch(() => undefined);
    if (entry?.isSymbolicLink()) throw new Failure(`${path}: a link to a file that does not exist`);
    // It appeared meanwhile.
    if (entry !== undefined) return outputPath(path, { overwrite, ...(replaces && { replaces }) });
    try {
      await access(dirname(path), constants.W_OK);
    } catch {
      throw new Failure(`${path}: its folder does not exist or cannot be written to`);
    }
    return path;
  }
  // A device, a pipe or a folder is never replaced.
  if (!about.isFile()) throw new Failure(`${path}: expected a regular file`);
  const real = await realpath(path);
  if (overwrite || (replaces && (await isOfKind(real, replaces)))) return real;
  const other = replaces ? 'a file of another kind exists' : 'the file exists';
  throw new Failure(`${path}: ${other}; --overwrite replaces it`);
}

/** True if a file begins as one of this kind; false if it cannot be read. */
export const isOfKind = (path: string, kind: 'index' | 'blocklist'): Promise<boolean> =>
  fileKindOf(path).then(
    (own) => own === kind,
    () => false,
  );

/**
 * Writes a file as a whole or not at all: under another name beside it until it is complete. Only
 * its owner can read it unless it `isPublic`, or the readers of the file that it replaces unless it
 * is `secret`.
 * @throws {Failure} as `outputPath`, also if a file appears there meanwhile
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<string> | Iterable<string | Uint8Array>,
  options: OutputOptions & { signal: AbortSignal },
): Promise<void> {
  const target = await outputPath(path, options);
  // Hidden: a walk through this folder at the same time ignores it.
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  const remove = () => rmSync(temporary, { force: true });
  process.once('exit', remove);
  try {
    const replaced = options.secret ? undefined : await stat(target).catch(() => undefined);
    const mode = replaced?.mode ?? (options.isPublic ? 0o666 : 0o600);
    const file = await open(temporary, 'wx', mode);
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    options.signal.throwIfAborted();
    await outputPath(path, options);
    await (options.overwrite ? rename : renameToNew)(temporary, target);
  } catch (error) {
    throw options.signal.aborted ? error : failureOf(path, error);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** As `rename`, but never over a new file, if the file system has hard links. */
async function renameToNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new Failure(`${to}: another program created it in the meantime`);
    }
    await rename(from, to);
  }
}
