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
    const onAbort = () => settle(() => reject(signal?.reason));
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => settle(() => reject(late?.())), seconds * 1000);
    // A signal may outlive many files: nothing of one is left on it.
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}
