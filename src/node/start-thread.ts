import { Worker } from 'node:worker_threads';

/**
 * A thread that runs a script of this package. It takes over the flags of the process, but where those say of what kind
 * the text is that the process runs (`node --input-type=module -e …`): of a thread with a file, Node refuses that.
 */
export function startThread(url: URL, workerData?: unknown): Worker {
  const ofText = process.execArgv.some((flag) => flag.startsWith('--input-type'));
  return new Worker(url, ofText ? { workerData, execArgv: [] } : { workerData });
}
