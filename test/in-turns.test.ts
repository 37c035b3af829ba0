import { afterEach, expect, test, vi } from 'vitest';
import { inTurns } from '../src/in-turns.js';
import { loopTurns, stepClock } from './node/event-loop.js';

afterEach(() => vi.restoreAllMocks());

/** Steps that note the turn each runs in; the result is the number of steps. */
function* steps(count: number, note: () => void): Generator<void, number> {
  for (let i = 0; i < count; i++) {
    note();
    yield;
  }
  return count;
}

test('gives the result, and lets the event loop turn every 5 ms', async () => {
  stepClock(1);
  const turns = loopTurns();
  const inTurn: number[] = [];
  const note = () => {
    inTurn[turns.count] = (inTurn[turns.count] ?? 0) + 1;
  };
  try {
    expect(await inTurns(steps(103, note), undefined)).toBe(103);
  } finally {
    turns.stop();
  }
  // The clock shows 5 ms more at the fifth reading.
  expect(inTurn.filter(Boolean)).toEqual([...Array(20).fill(5), 3]);
});

test('an abort ends it at the next turn', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  stepClock(2);
  let done = 0;
  const note = () => {
    if (++done === 7) abort.abort(reason);
  };
  await expect(inTurns(steps(100, note), abort.signal)).rejects.toBe(reason);
  expect(done).toBe(9);
});

test('an error in one step is the error of the whole task', async () => {
  const error = new Error('no');
  const note = () => {
    throw error;
  };
  await expect(inTurns(steps(3, note), undefined)).rejects.toBe(error);
});
