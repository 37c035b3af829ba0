import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import type { HashedFile } from '../../src/picture/hash-picture.js';
import { type BatchProgress, errorsInPlace, inOrder } from '../../src/picture/waiting.js';
import { runs } from '../seed.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Jobs that end when they are told, by their number. */
function jobs() {
  const ends = new Map<number, (error?: Error) => void>();
  const begun: number[] = [];
  const job = (file: number) =>
    new Promise<number>((resolve, reject) => {
      begun.push(file);
      ends.set(file, (error) => (error ? reject(error) : resolve(10 * file)));
    });
  return { job, begun, ends };
}

async function collected<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const bad = new DecodeError('corrupt', 'no picture');

test('results come in the order of the files, whatever order jobs end in, errors in place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      async (fails, concurrency, slowly, choices) => {
        const { job, begun, ends } = jobs();
        const files = fails.map((_, i) => i);
        async function* oneByOne() {
          yield* files;
        }
        const told: BatchProgress<number, number>[] = [];
        const results = inOrder(slowly ? oneByOne() : files, job, {
          concurrency,
          onProgress: (progress) => told.push(progress),
        });
        const all = collected(results);
        while (ends.size < files.length || [...ends.values()].length > 0) {
          await settled();
          const open = [...ends.keys()];
          if (open.length === 0) break;
          expect(open.length).toBeLessThanOrEqual(concurrency);
          const file = open[choices.next().value! % open.length]!;
          const end = ends.get(file)!;
          ends.delete(file);
          end(fails[file] ? bad : undefined);
        }
        expect(await all).toEqual(
          files.map((file) => (fails[file] ? { file, error: bad } : { file, image: 10 * file })),
        );
        expect(begun).toEqual(files);
        expect(told.map(({ done }) => done)).toEqual(files.map((file) => file + 1));
        // Each with its result, in the order in which they ended.
        const sorted = [...told].sort((a, b) => a.file - b.file);
        expect(sorted.map(({ file, image, error }) => [file, image, error])).toEqual(
          files.map((file) =>
            fails[file] ? [file, undefined, bad] : [file, 10 * file, undefined],
          ),
        );
        expect(told.at(-1)?.failed).toBe(
          files.length === 0 ? undefined : fails.filter(Boolean).length,
        );
        expect(new Set(told.map(({ total }) => total))).toEqual(
          new Set(files.length === 0 ? [] : [slowly ? undefined : files.length]),
        );
      },
    ),
    { numRuns: runs(60) },
  );
});

test('files are read ahead up to a limit, and no further once the reader stops', async () => {
  let taken = 0;
  let closed = false;
  function* endless() {
    try {
      for (;;) yield taken++;
    } finally {
      closed = true;
    }
  }
  const { job, begun } = jobs();
  const signals: AbortSignal[] = [];
  const results = inOrder(
    endless(),
    (file, signal) => {
      signals.push(signal);
      return job(file);
    },
    { concurrency: 3 },
  );
  const first = results.next().catch(() => 'ended');
  await settled();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  expect(taken).toBe(3 * 16);
  expect(signals.every(({ aborted }) => aborted)).toBe(false);
  void results.return();
  void first;
  expect(closed).toBe(false);
});

test('an abort notifies the jobs, and ends the batch with its reason', async () => {
  const controller = new AbortController();
  const signals: AbortSignal[] = [];
  const results = inOrder(
    [1, 2, 3],
    (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
    { concurrency: 2, signal: controller.signal },
  );
  const first = results.next();
  await settled();
  controller.abort('enough');
  await expect(first).rejects.toBe('enough');
  expect(signals.map(({ reason }) => reason)).toEqual(['enough', 'enough']);
});

test('an error other than a DecodeError ends the batch when its turn comes', async () => {
  const results = inOrder(
    [1, 2],
    async (file) => {
      if (file === 2) throw new Error('of the caller');
      return file;
    },
    { concurrency: 2 },
  );
  expect(await results.next()).toMatchObject({ value: { file: 1, image: 1 } });
  await expect(results.next()).rejects.toThrow('of the caller');
});

test('in a batch of hashes, any error takes the place of its file, except an abort of all work', async () => {
  const image = {} as HashedFile;
  const outcomes: Record<string, () => Promise<HashedFile>> = {
    image: async () => image,
    decode: () => Promise.reject(bad),
    type: () => Promise.reject(new TypeError('text')),
    memory: () => Promise.reject(new RangeError('no memory')),
  };
  const hash = (name: string) => outcomes[name]!();
  const options = { concurrency: 1 };
  const job = errorsInPlace(hash, 'a path');
  const results = await collected(inOrder(Object.keys(outcomes), job, options));
  expect(results).toMatchObject([
    { file: 'image', image },
    { file: 'decode', error: bad },
    { file: 'type', error: { code: 'unreadable', message: 'expected a path' } },
    { file: 'memory', error: { code: 'unreadable', message: 'the picture could not be hashed' } },
  ]);
  const abort = errorsInPlace(() => Promise.reject(new DOMException('', 'AbortError')), '');
  const ended = inOrder(['a'], abort, options);
  await expect(ended.next()).rejects.toMatchObject({ name: 'AbortError' });
});

test('files that cannot be iterated leave no listener on the signal', async () => {
  const { signal } = new AbortController();
  const files = {
    [Symbol.iterator](): Iterator<string> {
      throw new Error('no iterator');
    },
  };
  const results = inOrder(files, async () => 1, { concurrency: 1, signal });
  await expect(results.next()).rejects.toThrow('no iterator');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
