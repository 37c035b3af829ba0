import { Worker } from 'node:worker_threads';

/** @throws {TypeError} unless the address of a thread's script is a URL or absent */
export function checkWorkerUrl(workerUrl: unknown): void {
  if (workerUrl !== undefined && !(workerUrl instanceof URL)) {
    throw new TypeError('expected workerUrl to be a URL');
  }
}

/**
 * A thread that runs a script of this package. It takes over the flags of the process, but where those say of what kind
 * the text is that the process runs (`node --input-type=module -e …`): of a thread with a file, Node refuses that.
 */
export function startThread(url: URL, workerData?: unknown): Worker {
  const ofText = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return new Worker(url, ofText ? { workerData, execArgv: [] } : { workerData });
}
