/** Milliseconds of work per turn of the event loop. */
export const TURN = 5;

/**
 * Runs short steps to their end. The event loop turns about every 5 ms, so the program keeps
 * serving meanwhile.
 * @param rest pauses between two of them
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
 * Settles after a turn of the event loop. Node's `setImmediate` does not wait for the next
 * millisecond, as timers do.
 */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (listener: () => void) => unknown };
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** Items between two checks of the clock. */
const LOOK = 64;

/**
 * Calls `take` with each item, one after the other. The event loop turns about every 5 ms.
 * @throws the error of `take`, or the signal's reason if it has aborted by the next item or turn
 */
export async function eachInTurns<T>(
  items: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal | undefined,
  take: (item: T) => unknown,
  rest: () => Promise<unknown> = nextTurn,
): Promise<void> {
  signal?.throwIfAborted();
  let count = 0;
  let end = performance.now() + TURN;
  for await (const item of items) {
    signal?.throwIfAborted();
    take(item);
    if (++count % LOOK > 0 || performance.now() < end) continue;
    await rest();
    end = performance.now() + TURN;
  }
  signal?.throwIfAborted();
}

/** Entries that a step copies one by one: about 0.3 ms. */
const COPY_STEP = 4096;

/** Calls `run` with each of 0…`count` - 1, `size` a step. */
export function* inSteps(
  count: number,
  run: (i: number) => void,
  size = COPY_STEP,
): Generator<void, void> {
  for (let i = 0; i < count; i++) {
    if (i % size === 0) yield;
    run(i);
  }
}

/** Numbers that a step clears: about 0.1 ms. */
const CLEAR_STEP = 1 << 15;

/**
 * Clears a new array. Its memory is allocated at first use, a page at a time: one step that touched
 * all of it at random took ten milliseconds.
 */
export function* clearSteps(values: Uint32Array): Generator<void, void> {
  for (let at = 0; at < values.length; at += CLEAR_STEP) {
    values.fill(0, at, at + CLEAR_STEP);
    yield;
  }
}

/** Runs steps to their end. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Numbers that a step checks: about 0.5 ms. */
const CHECK_STEP = 1 << 17;

/** True if each range of 0…`length` - 1 is sound, one a step. */
export function* allSteps(
  length: number,
  isSound: (from: number, to: number) => boolean,
): Generator<void, boolean> {
  for (let from = 0; from < length; from += CHECK_STEP) {
    if (!isSound(from, Math.min(from + CHECK_STEP, length))) return false;
    yield;
  }
  return true;
}

/** True if values go from 0 to `end` and never down. */
export function* ascendsSteps(values: Uint32Array, end: number): Generator<void, boolean> {
  const ascend = (from: number, to: number) => {
    for (let i = Math.max(1, from); i < to; i++) if (values[i - 1]! > values[i]!) return false;
    return true;
  };
  const isEnd = values[0] === 0 && values.at(-1) === end;
  return isEnd && (yield* allSteps(values.length, ascend));
}
