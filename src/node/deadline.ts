import { onAbort } from './on-abort.js';

/**
 * What `work` gives, unless `seconds` pass or `signal` aborts first. The work itself is not stopped: its late result
 * or error is dropped.
 * @param late makes the error to reject with when the time is up
 * @returns rejects with `signal.reason` on abort
 */
export function settleWithin<T>(
  work: Promise<T>,
  {
    seconds,
    late,
    signal,
  }: { seconds?: number; late?: () => Error; signal?: AbortSignal | undefined },
): Promise<T> {
  if (signal?.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const settle = (how: () => void) => {
      clearTimeout(timer);
      forget();
      how();
    };
    const forget = onAbort(signal, () => settle(() => reject(signal?.reason)));
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => settle(() => reject(late?.())), seconds * 1000);
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}
