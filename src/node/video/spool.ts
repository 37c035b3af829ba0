import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isMarkHeld, ownMark } from '../../disk/writer-lock.js';
import { DecodeError } from '../../errors.js';
import { atExit } from './at-exit.js';

/** The mark of the process that wrote a file, in its name. */
const NAME = /^(\d+-\d*)\.[\da-f-]{36}\.video$/;

/** The default folder, of this user alone. */
const ownFolder = () => join(tmpdir(), `onlyhashes-spool-${process.getuid?.() ?? 'user'}`);

/** A file that is there until it is removed, or the program exits. */
export interface SpoolFile {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes a video to a file, since most of them cannot be read from a pipe: phones write the index
 * of an MP4 at its end. The file is for this user alone. First removes the files of processes that
 * were killed.
 * @param folder made if it is missing
 * @returns rejects with an error of `chunks`; nothing is left then
 * @throws {DecodeError} `unreadable` if the file cannot be written
 */
export async function spool(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  folder: string | undefined,
): Promise<SpoolFile> {
  const path = await newPath(folder).catch(unwritable);
  const file = await open(path, 'wx', 0o600).catch(unwritable);
  const forget = atExit(() => rmSync(path, { force: true }));
  const remove = async () => {
    await rm(path, { force: true });
    forget();
  };
  try {
    for await (const chunk of chunks) await file.appendFile(chunk).catch(unwritable);
    await file.close();
    return { path, remove };
  } catch (error) {
    await file.close().catch(() => {});
    await remove();
    throw error;
  }
}

async function newPath(given: string | undefined): Promise<string> {
  const folder = given ?? ownFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Another user may have made the default folder first.
  if (given === undefined && process.getuid) {
    const { uid, mode } = await lstat(folder);
    if (uid !== process.getuid() || (mode & 0o170077) !== 0o040000) {
      throw new DecodeError('unreadable', 'expected a spool folder of this user alone');
    }
  }
  for (const name of await readdir(folder)) {
    const [, mark] = NAME.exec(name) ?? [];
    if (mark && !(await isMarkHeld(mark))) await rm(join(folder, name), { force: true });
  }
  return join(folder, `${await ownMark()}.${randomUUID()}.video`);
}

/** The system's error names the file. */
function unwritable(error: unknown): never {
  if (error instanceof DecodeError) throw error;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  throw new DecodeError('unreadable', `the spool file cannot be written (${code})`);
}
