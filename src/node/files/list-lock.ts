import { readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isMarkHeld, lockFile, removeLeft } from '../../disk/writer-lock.js';
import { FormatError } from '../../errors.js';
import { afterEarlier } from './save-index.js';

/** Pause between tries while another process writes, and the number of tries. */
const LOCK_MILLISECONDS = 5;
const LOCK_TRIES = 12_000;

/**
 * Writes a blocklist file while no other process of this machine does.
 * @throws {FormatError} `in-use` if another process has the lock for a minute
 */
export async function whileAlone<T>(path: string, write: () => Promise<T>): Promise<T> {
  return afterEarlier(path, async () => {
    const unlock = await lockOf(path);
    try {
      // First, as it would take the file being written for a leftover.
      await removeLeftovers(path).catch(() => {});
      return await write();
    } finally {
      // The write is done. A lock that cannot be removed is taken over once this program ends.
      await unlock().catch(() => {});
    }
  });
}

async function lockOf(path: string): Promise<() => Promise<void>> {
  const lock = await lockPathOf(path);
  for (let tries = 1; ; tries++) {
    try {
      return await lockFile(lock, 0o600);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (tries > LOCK_TRIES) throw inUse();
    }
    await wait(LOCK_MILLISECONDS);
  }
}

/** The lock is beside the file itself, not beside a link to it. */
export const lockPathOf = async (path: string): Promise<string> => `${await realPathOf(path)}.lock`;

export const realPathOf = (path: string): Promise<string> =>
  realpath(path).catch(() => resolve(path));

const UUID = '[\\da-f]{8}-(?:[\\da-f]{4}-){3}[\\da-f]{12}';
/** Suffixes of the temporary files of processes that lock, replace or rewrite the file. */
const LEFT = new RegExp(`^\\.(lock\\.)?(\\d+-\\d*)?\\.?${UUID}\\.tmp$`);

/** Removes what killed writers have left beside a file. No one else writes it now. */
async function removeLeftovers(path: string): Promise<void> {
  const file = await realPathOf(path);
  const [folder, base] = [dirname(file), basename(file)];
  for (const name of await readdir(folder)) {
    const left = name.startsWith(base) ? LEFT.exec(name.slice(base.length)) : undefined;
    if (!left) continue;
    const [, lock, mark] = left;
    const there = join(folder, name);
    if (lock && !mark) await removeLeft(there);
    else if (!mark || !(await isMarkHeld(mark))) await rm(there, { force: true });
  }
}

const inUse = () =>
  new FormatError(
    'in-use',
    'expected a file that no other process writes: one has been writing it for a minute; see the ' +
      'file beside it whose name ends in .lock',
  );
