import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { FormatError } from '../errors.js';

/** Name of the lock file in the folder. */
export const LOCK_NAME = 'writer.lock';

/** Paths of the locks that this process holds, by their content; undefined until one is taken. */
const held = new Map<string, string | undefined>();
let isRemovedAtExit = false;

/**
 * Takes the right to write in a folder, for this process alone. The lock of a process that has
 * ended is taken over. It works for processes of one machine that see each other's ids.
 * @returns a function that gives it back
 * @throws {FormatError} `in-use` if a running process has it
 */
export function lockFolder(folder: string): Promise<() => Promise<void>> {
  return lockFile(join(folder, LOCK_NAME), 0o600);
}

/**
 * Takes the lock at `path`, a file that exists as long as the lock is held, as `lockFolder` does.
 * @param mode of that file: it has the id of this process and its start time
 * @returns a function that gives it back
 * @throws {FormatError} `in-use` if a running process has it
 */
export async function lockFile(path: string, mode: number): Promise<() => Promise<void>> {
  const { pid } = process;
  const content = `${JSON.stringify({ pid, began: await beganOf(pid), key: randomUUID() })}\n`;
  const temporary = `${path}.${await ownMark()}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', mode);
  // First, so that another call of this process does not take it for that of an earlier process.
  held.set(content, undefined);
  if (!isRemovedAtExit) process.once('exit', removeHeld);
  isRemovedAtExit = true;
  try {
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    // Linking fails if there is a lock. A lock never appears empty, before its content.
    for (let tries = 0; !(await linked(temporary, path)); tries++) {
      if (tries === 3 || !(await removeStale(path))) throw await inUse(path);
    }
    held.set(content, path);
  } catch (error) {
    held.delete(content);
    throw error;
  } finally {
    await unlinked(temporary);
  }
  return async () => {
    // In this order: a lock not held could be taken over, and the new holder's would be removed.
    try {
      await unlinked(path);
    } finally {
      held.delete(content);
    }
  };
}

/** Like `rm` with `force`, which takes three system calls. */
async function unlinked(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Mark of this process, unlike that of any other, for the name of a file that it writes. */
export async function ownMark(): Promise<string> {
  return `${process.pid}-${ticksOf(await beganOf(process.pid))}`;
}

/** True if the process of a mark still runs. */
export async function isMarkHeld(mark: string): Promise<boolean> {
  const at = mark.indexOf('-');
  const pid = Number(mark.slice(0, at));
  if (!isRunning(pid)) return false;
  const [ticks, now] = [mark.slice(at + 1), ticksOf(await beganOf(pid))];
  return ticks === '' || now === '' || ticks === now;
}

const ticksOf = (began: string) => began.split(' ')[1] ?? '';

/** Removes the file left by a process killed while taking a lock. @param temporary its path */
export async function removeLeft(temporary: string): Promise<void> {
  const content = await readFile(temporary, 'utf8').catch(() => undefined);
  // It may be just being written.
  if (!content || (await isHeld(content))) return;
  await rm(temporary, { force: true });
}

/** Removes the locks still held as the program exits. */
function removeHeld(): void {
  for (const [content, path] of held) {
    try {
      if (path && readFileSync(path, 'utf8') === content) rmSync(path);
    } catch {
      // It is gone, or will be taken over.
    }
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a lock whose process has ended. @returns whether the lock may be free now */
async function removeStale(path: string): Promise<boolean> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined) return true;
  if (await isHeld(content)) return false;
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    await rename(path, aside);
  } catch {
    return true;
  }
  // Another process may have taken it over in between.
  const taken = await readFile(aside, 'utf8');
  if (taken !== content) await linked(aside, path);
  await rm(aside, { force: true });
  return taken === content;
}

async function isHeld(content: string): Promise<boolean> {
  if (held.has(content)) return true;
  let lock: { pid?: unknown; began?: unknown };
  try {
    lock = Object(JSON.parse(content)) as typeof lock;
  } catch {
    return false;
  }
  const { pid, began } = lock;
  // The lock of another thread of this process; or of one with its id before, if times are unknown.
  if (pid === process.pid) return began !== '' && began === (await beganOf(process.pid));
  if (!Number.isSafeInteger(pid) || !isRunning(pid as number)) return false;
  const now = await beganOf(pid as number);
  // If start times are hidden, the running process counts as the holder.
  return began === '' || now === '' || began === now;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Start time of a process, in ticks since system start, to distinguish it from another with the
 * same id: in a restarted container, ids repeat. Empty if it is unknown.
 */
function beganOf(pid: number): Promise<string> {
  if (pid !== process.pid) return readBegan(pid);
  own ??= readBegan(pid);
  return own;
}

/** Start time of this process: reading it for each lock took a third of a change of a list. */
let own: Promise<string> | undefined;

async function readBegan(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile('/proc/sys/kernel/random/boot_id', 'latin1'),
    ]);
    // The name, in brackets, may hold spaces. The 22nd field is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, but no process has waited for it yet.
    return fields[0] === 'Z' ? 'ended' : `${boot.trim()} ${fields[19]}`;
  } catch {
    return '';
  }
}

/** The holder of the lock at `path`, in words. */
export async function holderOf(path: string): Promise<string> {
  const [, pid] = /"pid":(\d+)/.exec(await readFile(path, 'utf8').catch(() => '')) ?? [];
  return pid === undefined ? 'another process' : `process ${pid}`;
}

const inUse = async (path: string) =>
  new FormatError(
    'in-use',
    `expected a folder with no other writer: ${await holderOf(path)} writes to it`,
  );
