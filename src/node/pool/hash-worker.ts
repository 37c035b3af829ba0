import { fork } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { DecodeError } from '../../errors.js';
import type { Thread, ThreadEvents } from '../../picture/pool.js';
import { pooled, scriptOf, startThread } from './start-thread.js';

/** The separation between decoding and the program that uses a pool. */
export type Isolation = 'process' | 'thread';

/** A worker of a pool, in the form that the pool's threads take. */
export interface HashWorker extends Thread {
  /** undefined for a thread */
  readonly pid: number | undefined;
  /** resolves when it has ended */
  readonly ended: Promise<void>;
}

/** Isolation and limits of workers: bytes, and the CPU of one picture. */
export interface WorkerLimits {
  readonly isolation: Isolation;
  readonly maxMemory: number;
  readonly cpuSeconds: number;
}

const MIB = 2 ** 20;

/**
 * Makes glibc return the memory of pixels when they are freed. Over pictures of 10 megapixels a
 * worker had 226 MB at most without this, and 162 with it.
 */
const MEMORY = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: String(4 * MIB) };

/**
 * Environment variables that a process inherits. An attacker who breaks a decoder reads everything
 * in its process, and a server's variables include its passwords. It needs the paths of its
 * libraries and of another allocator, the settings of libvips and the allocator, the loader of
 * Yarn's Plug'n'Play (`NODE_OPTIONS`), the caches in which Deno and Bun find packages, and those
 * without which Windows starts no process.
 */
const NEEDED = new RegExp(
  `^(${[
    ...['PATH', 'LD_PRELOAD', '(DYLD|LD)(_FALLBACK)?_LIBRARY_PATH', 'GLIBC_TUNABLES'],
    ...['VIPS_\\w+', 'MALLOC_\\w+', 'NODE_(OPTIONS|PATH|PRESERVE_SYMLINKS(_MAIN)?)'],
    ...['HOME', 'XDG_CACHE_HOME', 'DENO_DIR', 'BUN_INSTALL(_CACHE_DIR)?', 'TMPDIR', 'TEMP', 'TMP'],
    ...['SYSTEMROOT', 'WINDIR', 'USERPROFILE', 'LOCALAPPDATA'],
  ].join('|')})$`,
  'i',
);

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => NEEDED.test(name)));

/**
 * Starts a worker.
 * @throws {DecodeError} `decoder-missing` if none can be started
 */
export function startWorker(limits: WorkerLimits, events: ThreadEvents): HashWorker {
  const url = scriptOf('hash-process');
  if (url === undefined) throw deathOf(false, undefined);
  try {
    return (limits.isolation === 'process' ? startProcess : startHashThread)(url, limits, events);
  } catch (cause) {
    throw deathOf(false, new NotBegun(cause));
  }
}

/**
 * A process that runs `hash-process.js`. Small messages use Node's channel, and the bytes of a
 * picture standard input: as a message 30 MB blocked this thread for 47 ms and took 24 ms of CPU,
 * this way 5 and 6.
 */
function startProcess(
  url: URL,
  { maxMemory, cpuSeconds }: WorkerLimits,
  events: ThreadEvents,
): HashWorker {
  const child = fork(url, [String(maxMemory), String(cpuSeconds), folderOf(url)], {
    serialization: 'advanced',
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    // One thread of Node's pool decodes, and one does everything else. The parent's flags are
    // dropped: two programs cannot be debugged at one port.
    execArgv: [`--max-old-space-size=${Math.ceil(maxMemory / MIB)}`],
    env: { ...MEMORY, ...environment(), UV_THREADPOOL_SIZE: '2' },
  });
  yieldToOthers(child.pid);
  child.on('message', (message) => events.said(message));
  child.on('error', (cause) => events.died(child.pid === undefined ? new NotBegun(cause) : cause));
  // Undefined if no file could be opened. Errors are reported by the events above.
  const input = child.stdin as Socket | null | undefined;
  input?.on('error', () => {});
  const hold = (holds: boolean) => {
    // Deno's throws if the process never began.
    if (child.pid === undefined) return;
    for (const held of [child, child.channel, input]) {
      // Bun's channel and pipes have neither.
      if (holds) held?.ref?.();
      else held?.unref?.();
    }
  };
  child.on('exit', (code, signal) => {
    // In Deno the handles of a dead process keep this one alive.
    hold(false);
    events.died(signal ? new Killed(`ended by ${signal}`) : new Error(`exited with ${code}`));
  });
  return {
    pid: child.pid,
    // Without a pid it never began.
    ended: child.pid === undefined ? Promise.resolve() : exitOf(child),
    post(message: unknown) {
      const { bytes, ...question } = message as { bytes?: Uint8Array };
      child.send(question, () => {});
      if (bytes) input?.write(bytes);
    },
    terminate: () => void child.kill('SIGKILL'),
    hold,
  };
}

/**
 * Lowers the priority: the serving program feeds the workers. Of 1,000 uploads, 200 at once, hashed
 * by `quick`, 0.61 of bare decoding's pace was reached this way, and 0.59 with workers at its own
 * priority (two runs each).
 */
function yieldToOthers(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, LOWER_PRIORITY);
  } catch {
    // It has just died, or this program lacks the right. Both are harmless.
  }
}

const LOWER_PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;

/** The folder has the HEIC script, too. */
const folderOf = (script: URL): string => new URL('.', script).href;

/** A thread that runs `hash-process.js`. */
function startHashThread(url: URL, { maxMemory }: WorkerLimits, events: ThreadEvents): HashWorker {
  const limits = { maxOldGenerationSizeMb: Math.ceil(maxMemory / MIB) };
  const worker = startThread(url, folderOf(url), limits);
  return {
    ...pooled(worker, events),
    pid: undefined,
    ended: exitOf(worker),
    post(message: unknown) {
      const { bytes, ...question } = message as { bytes?: Uint8Array };
      if (bytes === undefined) return worker.postMessage(question);
      // The bytes are the caller's.
      const copy = new Uint8Array(bytes);
      worker.postMessage({ ...question, bytes: copy }, [copy.buffer]);
    },
  };
}

const exitOf = (worker: EventEmitter): Promise<void> =>
  new Promise((resolve) => worker.once('exit', () => resolve()));

/** A process that was killed. */
class Killed extends Error {}

/** The runtime started none: it has no processes, or they are not allowed. */
class NotBegun extends Error {
  constructor(cause: unknown) {
    super('no worker started', { cause });
  }
}

/** The error of a picture whose worker died. */
export function deathOf(listened: boolean, cause: unknown): DecodeError {
  if (cause instanceof NotBegun) {
    return new DecodeError(
      'decoder-missing',
      'no worker could be started here: allow processes, or threads with isolation: thread',
      { cause: cause.cause },
    );
  }
  return listened || cause instanceof Killed
    ? new DecodeError('crashed', 'the picture crashed the worker that decoded it', { cause })
    : new DecodeError(
        'decoder-missing',
        'the worker of the pool did not start: set the folder of hash-process.js with setWorkerScripts',
        { cause },
      );
}
