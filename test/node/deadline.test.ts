import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { settleWithin } from '../../src/node/deadline.js';

const never = new Promise<never>(() => {});

test('gives what the work gives', async () => {
  await expect(settleWithin(Promise.resolve(7), { seconds: 60 })).resolves.toBe(7);
  await expect(settleWithin(Promise.reject(new Error('no')), { seconds: 60 })).rejects.toThrow(
    'no',
  );
});

test('rejects when the time is up', async () => {
  const late = () => new Error('late');
  await expect(settleWithin(never, { seconds: 0.001, late })).rejects.toThrow('late');
});

test('rejects with the reason of the signal, before and during the work', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = settleWithin(never, { signal });
  controller.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  await expect(settleWithin(Promise.resolve(7), { signal })).rejects.toBe('enough');
});

test('an error that comes too late is dropped', async () => {
  const controller = new AbortController();
  let fail = (_: Error) => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const waiting = settleWithin(work, { signal: controller.signal });
  controller.abort('enough');
  fail(new Error('nobody hears this'));
  await expect(waiting).rejects.toBe('enough');
  const aborted = settleWithin(Promise.reject(new Error('nor this')), {
    signal: controller.signal,
  });
  await expect(aborted).rejects.toBe('enough');
  await new Promise((resolve) => setImmediate(resolve));
});

test('leaves nothing on a signal that outlives it', async () => {
  const { signal } = new AbortController();
  for (let i = 0; i < 100; i++) await settleWithin(Promise.resolve(i), { signal, seconds: 60 });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
