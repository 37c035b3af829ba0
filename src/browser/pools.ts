import { checkInteger } from '../door.js';
import { DecodeError } from '../errors.js';
import { didNotRun } from './hash-worker.js';
import { WorkerPool } from './worker-pool.js';

/** Where the Worker's script is, and how many of them run. */
export interface WorkerOptions {
  /**
   * address of `browser-worker.js`, or of a bundle of it; the file beside this script unless told. A `blob:` has to be of
   * a bundle in one classic script, since Chromium runs no other in a page from a file. The Workers of one address are
   * shared and kept for a while: give the same one each time.
   */
  workerUrl?: string | URL | undefined;
  /**
   * pictures decoded at a time: each may need 150 MB at 12 megapixels. Holds for the script's Workers until another number
   * is given.
   * @defaultValue 2, or 1 where there is but one core
   */
  workers?: number;
}

let pools: Map<string, WorkerPool> | undefined;

/** @throws {TypeError | RangeError} if one is invalid */
export function checkWorkers({ workerUrl, workers }: WorkerOptions): void {
  if (workers !== undefined) checkInteger('workers', workers, 1);
  if (workerUrl !== undefined && typeof workerUrl !== 'string' && !(workerUrl instanceof URL)) {
    throw new TypeError('expected workerUrl to be a string or a URL');
  }
}

/** The Workers of one script; `options` are checked by the caller. */
export function poolOf({ workerUrl, workers }: WorkerOptions): WorkerPool {
  pools ??= new Map();
  const key = String(workerUrl ?? '');
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new WorkerPool(() => startWorker(workerUrl), mostWorkers());
    pools.set(key, pool);
  }
  if (workers !== undefined) pool.size = workers;
  return pool;
}

/** @throws {DecodeError} `decoder-missing`, also where this is no browser */
function startWorker(workerUrl: string | URL | undefined): Worker {
  if (typeof Worker === 'undefined') {
    throw new DecodeError(
      'decoder-missing',
      'expected a browser, which has Workers: in Node, use hashFile of onlyhashes/node',
    );
  }
  try {
    // In these words, so that bundlers see what belongs together.
    if (workerUrl === undefined) {
      return new Worker(new URL('./browser-worker.js', import.meta.url), { type: 'module' });
    }
    // A blob: address holds one whole script, and Chromium runs none of them as a module on a file: page.
    const type = String(workerUrl).startsWith('blob:') ? 'classic' : 'module';
    return new Worker(workerUrl, { type });
  } catch (cause) {
    // Of another origin, or forbidden by a policy.
    throw didNotRun(cause);
  }
}

const mostWorkers = () =>
  Math.max(1, Math.min(2, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1));

/**
 * Ends all hashing Workers at once, and with them every picture in memory. What was being hashed rejects with an
 * `AbortError`; a later call starts new ones.
 */
export function endWorkers(): void {
  const ended = new DOMException('hashing was ended', 'AbortError');
  for (const pool of pools?.values() ?? []) pool.end(ended);
  pools = undefined;
}
