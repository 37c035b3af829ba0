import { expect, test } from 'vitest';
import { Turns } from '../../src/node/turns.js';

/** Work that ends when told. */
function work() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('as many at a time as there are turns, in order of arrival', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const works = [work(), work(), work(), work()];
  const all = works.map(({ run }, i) =>
    turns.run(() => {
      begun.push(i);
      return run();
    }),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  works[1]!.end();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of works) end();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test('work that fails passes its turn on', async () => {
  const turns = new Turns(1);
  const failing = turns.run(() => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await expect(turns.run(async () => 7)).resolves.toBe(7);
});

test('an aborted wait never runs, and takes no turn', async () => {
  const turns = new Turns(1);
  const first = work();
  const running = turns.run(first.run);
  const controller = new AbortController();
  let ran = false;
  const waiting = turns.run(async () => {
    ran = true;
  }, controller.signal);
  const behind = turns.run(async () => 7);
  controller.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  await expect(turns.run(async () => 8, controller.signal)).rejects.toBe('enough');
  first.end();
  await running;
  await expect(behind).resolves.toBe(7);
  expect(ran).toBe(false);
});
