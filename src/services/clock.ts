/** Clock of a service's client: reads the time, and waits. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** resolves after this many seconds; rejects with the reason of `signal` once that is aborted */
  wait(seconds: number, options: { signal?: AbortSignal | undefined }): Promise<void>;
}

/** The system's time and timers. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  wait: (seconds, { signal }) =>
    new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, seconds * 1000);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};
