import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { hashToHex } from '../../src/hash.js';
import { decoders } from '../../src/node/decode/decoders.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { type HashFilesOptions, type HashFilesResult, hashAll } from '../../src/node/hash-files.js';
import { setWorkerScripts } from '../../src/node/pool/start-thread.js';
import { testFolder } from '../folder.js';
import { heicPath, imagePath, photoFixtures, photoPath } from './fixtures.js';
import { ownScripts } from './pool/hash-process.js';

const scripts = ownScripts('heic-worker');
const folder = testFolder();

const photos = photoFixtures.map(({ file }) => photoPath(file));
const small = ['rgb.png', 'grey.png', 'still.gif', 'baseline.jpg', 'lossless.webp'].map(imagePath);
const repeated = (count: number) =>
  Array.from({ length: count }, (_, i) => small[i % small.length]!);

type HashProgress = Parameters<NonNullable<HashFilesOptions['onProgress']>>[0];

async function collect(results: AsyncIterable<HashFilesResult>): Promise<HashFilesResult[]> {
  const all: HashFilesResult[] = [];
  for await (const result of results) all.push(result);
  return all;
}

test('hashes a folder in order, as hash does', async () => {
  const results = await collect(hashAll(photos));
  expect(results.map(({ file }) => file)).toEqual(photos);
  expect(results.map(({ image }) => hashToHex(image!.hash))).toEqual(
    photoFixtures.map(({ pdq }) => pdq),
  );
});

test('decodes as many files at a time as there are threads', async () => {
  const { threads } = await decoders();
  let most = 0;
  const note = () => {
    most = Math.max(most, sharp.counters().process + sharp.counters().queue);
  };
  sharp.queue.on('change', note);
  await collect(hashAll([...photos, ...photos]));
  sharp.queue.off('change', note);
  expect(most).toBe(threads);
});

test.each([1, 2, 7])(
  'gives the same with concurrency %i, and with options',
  async (concurrency) => {
    const options = { algorithm: 'dhash', bits: 256 } as const;
    const results = await collect(hashAll(repeated(40), { ...options, concurrency }));
    const alone = await Promise.all(repeated(40).map((file) => hashFile(file, options)));
    expect(results).toEqual(repeated(40).map((file, i) => ({ file, image: alone[i] })));
  },
);

test('a bad file gives an error in its place, and the others go on', async () => {
  const paths = [small[0]!, imagePath('half.jpg'), small[1]!, imagePath('absent'), small[2]!];
  const results = await collect(hashAll(paths));
  expect(results.map(({ file }) => file)).toEqual(paths);
  expect(results.map(({ error }) => error?.code)).toEqual([
    undefined,
    'corrupt',
    undefined,
    'unreadable',
    undefined,
  ]);
  expect(results[1]!.error).toBeInstanceOf(DecodeError);
});

test('an item that cannot be a path gives an error in its place without its name, and the others go on', async () => {
  const strange = [
    'x\0.jpg',
    7,
    null,
    undefined,
    {},
    'ab',
    ['a'],
    Symbol('a'),
    Readable.from(['text']),
  ];
  const items = strange.flatMap((item) => [item, small[0]!]) as string[];
  const results = await collect(hashAll(items));
  expect(results).toHaveLength(items.length);
  for (const [at, { file, image, error }] of results.entries()) {
    expect(file).toBe(items[at]);
    if (file === small[0]) expect(image).toBeDefined();
    else {
      expect(error).toBeInstanceOf(DecodeError);
      expect(error).toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(/^(expected a path|the file cannot)/),
      });
    }
  }
  const nul = results[0]!.error!;
  expect(`${nul.message} ${nul.cause}`).not.toContain('.jpg');
});

test('a slow file delays only the results of those behind it', async () => {
  // The decoder of the first file waits until the tenth of the others ends.
  const ten = join(folder, 'ten');
  const waiting = scripts.played(
    'heic-worker',
    'waiting',
    `import { existsSync } from 'node:fs';
     import { setTimeout } from 'node:timers/promises';
     while (!existsSync(${JSON.stringify(ten)})) await setTimeout(5);
     await import('../heic-worker.js');`,
  );
  setWorkerScripts(waiting);
  onTestFinished(() => setWorkerScripts(scripts.folder));
  const paths = [heicPath('mosaic.heic'), ...repeated(20)];
  const ended: string[] = [];
  const onProgress = ({ file }: HashProgress) => {
    if (ended.push(file) === 10) writeFileSync(ten, '');
  };
  const results = await collect(hashAll(paths, { concurrency: 2, onProgress, timeoutSeconds: 60 }));
  expect(results.map(({ file }) => file)).toEqual(paths);
  expect(results.filter(({ error }) => error)).toEqual([]);
  expect(ended).toHaveLength(21);
  expect(ended.slice(0, 10)).not.toContain(paths[0]);
});

test('progress counts every file once, including failures', async () => {
  const told: HashProgress[] = [];
  const paths = [...repeated(10), imagePath('text.jpg'), ...repeated(10)];
  await collect(hashAll(paths, { onProgress: (progress) => told.push(progress) }));
  expect(told.map(({ done }) => done)).toEqual(paths.map((_, i) => i + 1));
  expect(told.map(({ file }) => file).sort()).toEqual([...paths].sort());
  expect(told.at(-1)).toMatchObject({ done: 21, failed: 1, total: 21 });
  const failed = told.filter(({ error }) => error !== undefined);
  expect(failed.map(({ file, error }) => [file, error?.code])).toEqual([
    [imagePath('text.jpg'), 'not-a-picture'],
  ]);
  expect(told.filter(({ image }) => image !== undefined).length).toBe(20);
});

test('paths may arrive one by one, and are read only a little ahead', async () => {
  let taken = 0;
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield small[taken++ % small.length]!;
    } finally {
      closed = true;
    }
  }
  let got = 0;
  let done = 0;
  for await (const { image } of hashAll(endless(), {
    concurrency: 2,
    onProgress: () => done++,
  })) {
    expect(image).toBeDefined();
    if (++got === 50) break;
  }
  // No work continues after the reader has stopped.
  const doneThen = done;
  await setTimeout(50);
  expect(done).toBe(doneThen);
  expect(taken).toBeGreaterThanOrEqual(50);
  // A look-ahead of 16 for each of two, and the one being taken.
  expect(taken).toBeLessThanOrEqual(50 + 2 * 16 + 1);
  expect(closed).toBe(true);
});

test('a result does not wait for the next path', async () => {
  let release = () => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* slow() {
    yield small[0]!;
    await blocked;
    yield small[1]!;
  }
  const results = hashAll(slow());
  expect((await results.next()).value).toMatchObject({ file: small[0] });
  release();
  expect((await results.next()).value).toMatchObject({ file: small[1] });
  expect(await results.next()).toEqual({ done: true, value: undefined });
});

describe('ending early', () => {
  test('an abort in the middle throws its reason and stops the work', async () => {
    const controller = new AbortController();
    let done = 0;
    const results = hashAll(repeated(500), {
      signal: controller.signal,
      onProgress: () => done++,
    });
    let got = 0;
    const reading = (async () => {
      for await (const _ of results) if (++got === 10) controller.abort('enough');
    })();
    await expect(reading).rejects.toBe('enough');
    const doneThen = done;
    await setTimeout(50);
    expect(got).toBe(10);
    expect(done).toBe(doneThen);
    expect(done).toBeLessThan(500);
  });

  test('an abort ends it even if the next path never arrives', async () => {
    const controller = new AbortController();
    async function* stuck() {
      yield small[0]!;
      await new Promise(() => {});
    }
    const results = hashAll(stuck(), { signal: controller.signal });
    await results.next();
    const waiting = results.next();
    controller.abort('enough');
    await expect(waiting).rejects.toBe('enough');
  });

  test('reads nothing if aborted before it begins', async () => {
    const results = hashAll(photos, { signal: AbortSignal.abort('enough') });
    await expect(results.next()).rejects.toBe('enough');
  });
});

test('many files may listen to the signal without a warning of a leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error) => warnings.push(name);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const hash = (_: string, { signal }: { signal: AbortSignal }) =>
    setTimeout(10, 'done', { signal });
  const values: (string | undefined)[] = [];
  for await (const { image } of hashAll(repeated(30), { hash, concurrency: 20 })) {
    values.push(image);
  }
  expect(values).toEqual(Array(30).fill('done'));
  expect(warnings).toEqual([]);
});

test('no files, no results', async () => {
  expect(await collect(hashAll([]))).toEqual([]);
});

test('throws errors of the walk, of onProgress and of the caller', async () => {
  async function* walk() {
    yield small[0]!;
    throw new Error('the walk failed');
  }
  await expect(collect(hashAll(walk()))).rejects.toThrow('the walk failed');
  const onProgress = () => {
    throw new Error('the listener failed');
  };
  await expect(collect(hashAll(small, { onProgress }))).rejects.toThrow('the listener failed');
  for (const paths of [small[0], readFileSync(small[0]!), undefined, 7]) {
    await expect(collect(hashAll(paths as never))).rejects.toThrow('an iterable of paths');
  }
  await expect(collect(hashAll(small, { concurrency: 0 }))).rejects.toThrow(RangeError);
  await expect(collect(hashAll(small, { orientation: 'up' as never }))).rejects.toThrow(RangeError);
});
