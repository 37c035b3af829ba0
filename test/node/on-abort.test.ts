import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { onAbort } from '../../src/node/on-abort.js';

test('is told once, and not when taken off', () => {
  const controller = new AbortController();
  const told: string[] = [];
  onAbort(controller.signal, () => told.push('kept'));
  const forget = onAbort(controller.signal, () => told.push('taken off'));
  forget();
  controller.abort();
  expect(told).toEqual(['kept']);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('no signal, no listener', () => {
  expect(onAbort(undefined, () => {})()).toBeUndefined();
});

test('one signal for hundreds of files is no leak to warn of', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on('warning', note);
  const { signal } = new AbortController();
  const all = Array.from({ length: 300 }, () => onAbort(signal, () => {}));
  await setTimeout(1);
  process.off('warning', note);
  expect(warnings).toEqual([]);
  for (const forget of all) forget();
});
