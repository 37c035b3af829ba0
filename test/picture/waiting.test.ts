import { getEventListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { deadline, onAbort, Turns, unlessAborted, within } from '../../src/picture/waiting.js';

const never = new Promise<never>(() => {});

describe('onAbort', () => {
  test('notifies once, and not removed listeners', () => {
    const controller = new AbortController();
    const told: string[] = [];
    onAbort(controller.signal, () => told.push('kept'));
    const forget = onAbort(controller.signal, () => told.push('taken off'));
    forget();
    controller.abort();
    expect(told).toEqual(['kept']);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('does not notify a listener that another one removes meanwhile', () => {
    const controller = new AbortController();
    const told: string[] = [];
    onAbort(controller.signal, () => {
      told.push('first');
      forget();
    });
    const forget = onAbort(controller.signal, () => told.push('taken off'));
    controller.abort();
    expect(told).toEqual(['first']);
  });

  test('without a signal it does nothing', () => {
    expect(onAbort(undefined, () => {})()).toBeUndefined();
  });

  test('one signal for hundreds of files is no leak to warn of, and has one listener', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    const controller = new AbortController();
    const { signal } = controller;
    let told = 0;
    const all = Array.from({ length: 300 }, () => onAbort(signal, () => told++));
    await setTimeout(1);
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const forget of all.slice(1)) forget();
    controller.abort();
    expect(told).toBe(1);
  });
});

describe('unlessAborted', () => {
  test('gives the result of the work', async () => {
    const { signal } = new AbortController();
    await expect(unlessAborted(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    await expect(unlessAborted(Promise.resolve(7), undefined)).resolves.toBe(7);
  });

  test('rejects with the reason of the signal, before and during the work', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = unlessAborted(never, signal);
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    await expect(unlessAborted(Promise.resolve(7), signal)).rejects.toBe('enough');
  });

  test('a late error is dropped', async () => {
    const controller = new AbortController();
    let fail = (_: Error) => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const waiting = unlessAborted(work, controller.signal);
    controller.abort('enough');
    fail(new Error('nobody hears this'));
    await expect(waiting).rejects.toBe('enough');
    const aborted = unlessAborted(Promise.reject(new Error('nor this')), controller.signal);
    await expect(aborted).rejects.toBe('enough');
    await setTimeout(0);
  });

  test('leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 100; i++) await unlessAborted(Promise.resolve(i), signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a deadline', () => {
  test('ends the work when the time is up, and notifies it', async () => {
    let told: unknown;
    const late = within(0.001, undefined, (signal) => {
      onAbort(signal, () => {
        told = signal.reason;
      });
      return never;
    });
    const error = await late.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('0.001') });
    expect(told).toBe(error);
  });

  test("ends it as the caller's signal does, and never begins after it", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = within(60, signal, () => never);
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
    const begun = vi.fn(async () => 7);
    await expect(within(60, signal, begun)).rejects.toBe('enough');
    expect(begun).not.toHaveBeenCalled();
  });

  test('leaves neither timer nor listener when the work is done', async () => {
    vi.useFakeTimers();
    try {
      const { signal } = new AbortController();
      expect(await within(60, signal, async () => 7)).toBe(7);
      await expect(within(60, signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      const time = deadline(60, signal);
      time.over();
      expect(vi.getTimerCount()).toBe(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(time.signal.aborted).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

/** Work that ends when told. */
function work() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('as many run at a time as there are turns, in order of arrival', async () => {
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

test('a higher limit begins waiting work at once; a lower one ends nothing', async () => {
  const turns = new Turns(1);
  const begun: number[] = [];
  const works = [work(), work(), work(), work()];
  const all = works.map(({ run }, i) =>
    turns.run(() => {
      begun.push(i);
      return run();
    }),
  );
  turns.limit = 3;
  expect(begun).toEqual([0, 1, 2]);
  turns.limit = 1;
  works[0]!.end();
  works[1]!.end();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  works[2]!.end();
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  works[3]!.end();
  await Promise.all(all);
});

test('refused work never runs', async () => {
  const turns = new Turns(1);
  const first = work();
  const running = turns.run(first.run);
  const waiting = [turns.run(async () => 7), turns.run(async () => 8)];
  turns.refuse('gone');
  for (const refused of waiting) await expect(refused).rejects.toBe('gone');
  first.end();
  await running;
  await expect(turns.run(async () => 9)).resolves.toBe(9);
});
