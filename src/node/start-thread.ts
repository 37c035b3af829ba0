import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';

/** The address of a thread's script: a URL as text or a path, too. */
export function scriptUrl(workerUrl: string | URL): URL {
  if (typeof workerUrl !== 'string') return workerUrl;
  // A letter and a colon begin a path of Windows.
  return /^[a-z][a-z]+:/i.test(workerUrl) ? new URL(workerUrl) : pathToFileURL(workerUrl);
}

/**
 * The address of a script: the one that is given, else its own, beside the code that starts it. A
 * bundle may have no address of its own, as those in CommonJS and modules in workerd: undefined.
 */
export function scriptOf(workerUrl: string | URL | undefined, own: () => URL): URL | undefined {
  if (workerUrl !== undefined) return scriptUrl(workerUrl);
  try {
    return own();
  } catch {
    return undefined;
  }
}

/**
 * A thread that runs a script of this package. It takes over the flags of the process, except the
 * one that says what kind of text the process runs (`node --input-type=module -e …`): Node refuses
 * it for a thread that runs a file.
 */
export function startThread(
  url: URL,
  workerData?: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  const ofText = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return new Worker(url, { workerData, resourceLimits, ...(ofText && { execArgv: [] }) });
}

/**
 * Files decoded at a time: as many as there are cores, or threads in Node's pool
 * (`UV_THREADPOOL_SIZE`, default 4) if these are fewer.
 */
export function decodeThreads(): number {
  const poolSize = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  return Math.max(1, Math.min(availableParallelism(), poolSize));
}
