import { expect, test } from 'vitest';
import { HashWorker, type Job } from '../../src/browser/hash-worker.js';
import type { Reply, Request } from '../../src/browser/message.js';
import { asWorker, FakeWorker } from './fake-worker.js';

const job = (more: Partial<Job<string>> = {}): Job<string> => ({
  timeoutSeconds: 60,
  request: async () => ({ bytes: Uint8Array.of(7), options: {} }),
  result: () => 'done',
  ...more,
});

const DONE = { image: {} } as Reply;

/** A Worker that has the job, and what comes of it. */
async function begun(given: Job<string>) {
  const fake = new FakeWorker();
  const worker = new HashWorker(asWorker(fake));
  const outcome = worker.perform(given).then(
    (result) => result,
    (error: Error) => error.message,
  );
  fake.say({ ready: true });
  await settled();
  return { fake, worker, outcome };
}

/** Lets every promise that can go on do so. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('what it is given is its own: the bytes are moved, not copied', async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { fake, worker, outcome } = await begun(
    job({ request: async () => ({ bytes, options: {} }) }),
  );
  expect(fake.received).toEqual([{ bytes: Uint8Array.of(1, 2, 3), options: {} }]);
  expect(bytes.length).toBe(0);
  fake.say(DONE);
  expect(await outcome).toBe('done');
  expect(worker.alive).toBe(true);
});

test('the page decodes where it cannot, and says so where the page cannot either', async () => {
  const asked: number[] = [];
  const { fake, outcome } = await begun(
    job({
      bitmapOf: async (bytes) => {
        asked.push(...bytes);
        return undefined;
      },
    }),
  );
  fake.say({ bitmapOf: Uint8Array.of(7) });
  await settled();
  expect(asked).toEqual([7]);
  expect(fake.received.at(-1)).toEqual({ bitmap: undefined });
  fake.say(DONE);
  expect(await outcome).toBe('done');
});

test('a bitmap that comes too late is let go', async () => {
  let closed = false;
  let give: (bitmap: ImageBitmap) => void = () => {};
  const { fake, worker, outcome } = await begun(
    job({
      bitmapOf: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    }),
  );
  fake.say({ bitmapOf: Uint8Array.of(7) });
  worker.end(new Error('ended'));
  give({
    close: () => {
      closed = true;
    },
  } as ImageBitmap);
  await settled();
  expect(await outcome).toBe('ended');
  expect(closed).toBe(true);
  expect(fake.misused).toBe(false);
});

test.each<[string, Partial<Job<string>>, Reply]>([
  [
    'a caller told of a stage',
    {
      onStage: () => {
        throw new Error('of the caller');
      },
    },
    { stage: 'hashing' },
  ],
  [
    'the page asked for a bitmap',
    {
      bitmapOf: async () => {
        throw new Error('of the caller');
      },
    },
    { bitmapOf: Uint8Array.of(7) },
  ],
  [
    'an answer that is not believed',
    {
      result: () => {
        throw new Error('of the caller');
      },
    },
    DONE,
  ],
])('%s throws: the job rejects with it, and the Worker is ended', async (_, more, reply) => {
  const { fake, worker, outcome } = await begun(job(more));
  fake.say(reply);
  expect(await outcome).toBe('of the caller');
  expect(worker.alive).toBe(false);
  expect(fake.ended).toBe(true);
});

test('a request that cannot be sent rejects, and the Worker goes on', async () => {
  const { fake, worker, outcome } = await begun(
    job({ request: async () => ({ check: () => {} }) as unknown as Request }),
  );
  expect(await outcome).toMatch(/could not be cloned/);
  expect(worker.alive).toBe(true);
  const next = worker.perform(job());
  await settled();
  fake.say(DONE);
  expect(await next).toBe('done');
});

test.each<[string, { name: string; code?: 'corrupt' }, string]>([
  ['TypeError', { name: 'TypeError' }, 'TypeError'],
  ['RangeError', { name: 'RangeError' }, 'RangeError'],
  ['DecodeError', { name: 'DecodeError', code: 'corrupt' }, 'DecodeError'],
  ['any other', { name: 'NoSuchError' }, 'Error'],
])('an error of the Worker comes as the caller knows it: %s', async (_, error, name) => {
  const fake = new FakeWorker();
  const outcome = new HashWorker(asWorker(fake)).perform(job()).catch((told: Error) => told.name);
  fake.say({ ready: true });
  await settled();
  fake.say({ error: { message: 'as it was', ...error } });
  expect(await outcome).toBe(name);
});
