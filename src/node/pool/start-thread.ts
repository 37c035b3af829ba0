import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { type ResourceLimits, type TransferListItem, Worker } from 'node:worker_threads';
import type { Thread, ThreadEvents } from '../../picture/pool.js';

/** Literal expressions, so that tools that copy files see what belongs together. */
const OWN = {
  'hash-process': () => new URL('./hash-process.js', import.meta.url),
  'heic-worker': () => new URL('./heic-worker.js', import.meta.url),
  'index-worker': () => new URL('./index-worker.js', import.meta.url),
};

/** The URL of the scripts' folder, if it is not this file's. */
let folderHref: string | undefined;

/**
 * Sets the folder of `hash-process.js`, `heic-worker.js` and `index-worker.js`, for a bundler that
 * moved them away from the code that starts them. Call it first: running workers keep their script.
 * @param folder a path, or a URL with `file:`; undefined: that of the code
 * @throws {TypeError} if it is neither
 * @example
 * setWorkerScripts(new URL('./workers/', import.meta.url));
 */
export function setWorkerScripts(folder: URL | string | undefined): void {
  folderHref = folder === undefined ? undefined : hrefOf(folder).replace(/\/?$/, '/');
}

function hrefOf(folder: URL | string): string {
  if (typeof folder === 'string') {
    if (/^file:/i.test(folder)) return folder;
    // A Windows path starts with a letter and a colon.
    if (!/^[a-z][a-z]+:/i.test(folder)) return pathToFileURL(folder).href;
  } else if (folder instanceof URL && folder.protocol === 'file:') return folder.href;
  throw new TypeError('expected the folder of the scripts to be a path or a file: URL');
}

/**
 * The present URL of a script. Undefined in a bundle without a URL, such as CommonJS or a module in
 * workerd.
 */
export function scriptOf(name: keyof typeof OWN): URL | undefined {
  if (folderHref !== undefined) return new URL(`${name}.js`, folderHref);
  try {
    return OWN[name]();
  } catch {
    return undefined;
  }
}

/**
 * A thread that runs a script of this package. It inherits the flags of the process, except the one
 * that sets the type of the program's text (`node --input-type=module -e …`): Node rejects it for a
 * thread that runs a file.
 */
export function startThread(
  url: URL,
  workerData?: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  const ofText = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return new Worker(url, { workerData, resourceLimits, ...(ofText && { execArgv: [] }) });
}

/** A thread in the form that a pool takes. */
export function pooled(worker: Worker, events: ThreadEvents): Thread {
  worker.on('message', (message) => events.said(message));
  worker.on('error', (cause) => events.died(cause));
  worker.on('exit', () => events.died());
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as TransferListItem[]),
    terminate: () => void worker.terminate(),
    hold: (holds) => (holds ? worker.ref() : worker.unref()),
  };
}

/**
 * Files decoded at a time: the number of cores, or of threads in Node's pool (`UV_THREADPOOL_SIZE`,
 * default 4) if that is less.
 */
export function decodeThreads(): number {
  const poolSize = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  return Math.max(1, Math.min(availableParallelism(), poolSize));
}
