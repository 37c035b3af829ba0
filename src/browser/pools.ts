import { WorkerPool } from './worker-pool.js';

/** Where the Worker's script is, and how many of them run. */
export interface WorkerOptions {
  /**
   * address of `browser-worker.js`, or of a bundle of it; the file beside this script unless told. A `blob:` has to be of
   * a bundle in one classic script, since Chromium runs no other in a page from a file. The Workers of one address are
   * shared and kept for a while: give the same one each time.
   */
  workerUrl?: string | URL;
  /** pictures decoded at a time; 2 unless told (1 where there is but one core): each may need 150 MB at 12 megapixels */
  workers?: number;
}

let pools: Map<string, WorkerPool> | undefined;

/**
 * The Workers of one script.
 * @throws {RangeError} for a number of Workers that is none
 */
export function poolOf({ workerUrl, workers = mostWorkers() }: WorkerOptions): WorkerPool {
  if (!(Number.isInteger(workers) && workers >= 1)) {
    throw new RangeError(`expected workers to be an integer >= 1, got ${workers}`);
  }
  pools ??= new Map();
  const key = String(workerUrl ?? '');
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new WorkerPool(
      () =>
        // In these words, so that bundlers see what belongs together.
        workerUrl === undefined
          ? new Worker(new URL('./browser-worker.js', import.meta.url), { type: 'module' })
          : // A blob: address holds one whole script, and Chromium runs none of them as a module on a file: page.
            new Worker(workerUrl, { type: key.startsWith('blob:') ? 'classic' : 'module' }),
      workers,
    );
    pools.set(key, pool);
  }
  pool.size = workers;
  return pool;
}

const mostWorkers = () => Math.max(1, Math.min(2, (navigator.hardwareConcurrency ?? 2) - 1));

/**
 * Ends all hashing Workers at once, and with them every picture in memory. What was being hashed rejects with an
 * `AbortError`; a later call starts new ones.
 */
export function endWorkers(): void {
  const ended = new DOMException('hashing was ended', 'AbortError');
  for (const pool of pools?.values() ?? []) pool.end(ended);
  pools = undefined;
}
