import { expect, test } from 'vitest';
import { longestBlock, threadTime } from '../../bench/event-loop.js';
import { nextTurn } from '../../src/in-turns.js';

/** Works for some milliseconds of CPU. */
function work(milliseconds: number): void {
  for (const start = threadTime(); threadTime() - start < milliseconds; );
}

test('the longest block is that of one turn, and waiting does not count', async () => {
  const { block } = await longestBlock(async () => {
    for (let turn = 0; turn < 10; turn++) {
      work(turn === 5 ? 40 : 4);
      await nextTurn();
    }
    await new Promise((resolve) => setTimeout(resolve, 80));
  });
  // Not 40 and 44: reading the clock makes garbage, and other work of the loop may share the turn.
  expect(block).toBeGreaterThan(20);
  expect(block).toBeLessThan(76);
});

test('the last turn counts, even if the work fails', async () => {
  const act = async () => {
    await nextTurn();
    work(10);
  };
  expect((await longestBlock(act)).block).toBeGreaterThan(5);
  const fail = longestBlock(async () => {
    throw new Error('failed');
  });
  await expect(fail).rejects.toThrow('failed');
});
