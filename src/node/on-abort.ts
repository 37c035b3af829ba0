import { setMaxListeners } from 'node:events';

/**
 * Calls `listener` once when `signal` aborts.
 * @returns takes the listener off again: a signal may outlive many files, and nothing of one is to stay on it
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  // Node warns of a leak from the eleventh listener on; one signal for hundreds of files is none (its fetch does so too).
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
