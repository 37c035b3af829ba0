import { vi } from 'vitest';

/** Counts the turns of the event loop until it is stopped. */
export function loopTurns(): { count: number; stop(): void } {
  let handle: NodeJS.Immediate;
  const turns = { count: 0, stop: () => clearImmediate(handle) };
  const turn = () => {
    turns.count++;
    handle = setImmediate(turn);
  };
  handle = setImmediate(turn);
  return turns;
}

/**
 * Replaces the clock by one that goes on by `milliseconds` each time it is read. Code that runs in
 * turns reads it between its steps. `vi.restoreAllMocks` undoes this.
 * @param read called with the number of each reading, from 0
 */
export function stepClock(milliseconds: number, read: (at: number) => unknown = () => {}) {
  const clock = { time: 0, readings: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => {
    read(clock.readings++);
    clock.time += milliseconds;
    return clock.time;
  });
  return clock;
}
