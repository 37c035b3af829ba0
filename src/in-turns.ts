/** Milliseconds of work in a turn of the event loop. */
export const TURN = 5;

/**
 * Runs short steps to their end. The event loop turns about every 5 ms, so the program goes on
 * serving meanwhile.
 * @param rest waits between two of them
 * @throws the signal's reason if it has aborted by the next turn
 */
export async function inTurns<T>(
  steps: Generator<void, T>,
  signal: AbortSignal | undefined,
  rest: () => Promise<unknown> = nextTurn,
): Promise<T> {
  let end = performance.now() + TURN;
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() < end) continue;
    await rest();
    signal?.throwIfAborted();
    end = performance.now() + TURN;
  }
}

/**
 * Settles when the event loop has turned. Node's `setImmediate` does not wait for the next
 * millisecond, as timers do.
 */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (listener: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
