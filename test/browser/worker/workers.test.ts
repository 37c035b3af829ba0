import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkPixelReadback } from '../../../src/browser/decode/check-pixel-readback.js';
import { hash, variantsOfImageFile } from '../../../src/browser/hash-image-file.js';
import { hashAll } from '../../../src/browser/hash-image-files.js';
import type { Reply, Request, Stage } from '../../../src/browser/worker/message.js';
import { endWorkers } from '../../../src/browser/worker/workers.js';
import { DecodeError } from '../../../src/errors.js';
import type { HashedVariant } from '../../../src/variant.js';

const file = new Blob([Uint8Array.of(1, 2, 3)]);

describe('without Workers', () => {
  // Node has none.
  test('the error names the entry for Node', async () => {
    for (const work of [hash(file), checkPixelReadback()]) {
      const error = await work.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DecodeError);
      expect(error).toMatchObject({
        code: 'decoder-missing',
        message: expect.stringContaining('onlyhashes/node'),
      });
    }
  });

  test('a batch gives that error for each file, and continues', async () => {
    const codes: (string | undefined)[] = [];
    for await (const { error } of hashAll([file, file])) codes.push(error?.code);
    expect(codes).toEqual(['decoder-missing', 'decoder-missing']);
  });

  test('a list that is emptied meanwhile still gives all of its files', async () => {
    // As browsers empty `input.files` where the page sets `input.value` to ''.
    const files = [file, file, file];
    const results = hashAll(files);
    const first = results.next();
    files.length = 0;
    const codes = [(await first).value?.error?.code];
    for await (const { error } of results) codes.push(error?.code);
    expect(codes).toEqual(Array(3).fill('decoder-missing'));
  });

  test('anything but a file gives an error in its place', async () => {
    const codes: (string | undefined)[] = [];
    for await (const { error } of hashAll(['a.jpg' as never, file])) codes.push(error?.code);
    expect(codes).toEqual(['unreadable', 'decoder-missing']);
  });
});

test('refuses an invalid concurrency', async () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    await expect(hash(file, { concurrency })).rejects.toThrow(RangeError);
  }
  await expect(hash(file, { concurrency: '2' as never })).rejects.toThrow(TypeError);
});

/** A Worker played by the test. */
class FakeWorker {
  static started: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  readonly received: Request[] = [];
  ended = false;

  constructor() {
    FakeWorker.started.push(this);
  }

  postMessage(request: Request, transfer: Transferable[]): void {
    this.received.push(structuredClone(request, { transfer: transfer as never }));
  }

  terminate(): void {
    this.ended = true;
  }

  /** Posts a reply, and lets everything go on that can. */
  async say(reply: Reply | object | string): Promise<void> {
    this.onmessage?.({ data: reply });
    await settled();
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 1));

const variant = (name: string): HashedVariant =>
  ({
    name,
    hash: { algorithm: 'pdq', bytes: new Uint8Array(32).fill(name.length) },
    quality: 80,
    resample: 512,
  }) as HashedVariant;

describe('with a Worker', () => {
  beforeEach(() => {
    FakeWorker.started = [];
    vi.stubGlobal('Worker', FakeWorker);
  });
  afterEach(() => {
    endWorkers();
    vi.unstubAllGlobals();
  });

  /** Starts a file that the Worker has been asked to open. */
  async function begun(options: Parameters<typeof variantsOfImageFile>[1] = {}) {
    const opening = variantsOfImageFile(file, options).catch((error: Error) => error);
    const worker = FakeWorker.started.at(-1)!;
    await worker.say({ ready: true });
    return { worker, opening };
  }

  /** Starts a file that is open. */
  async function open(options: Parameters<typeof variantsOfImageFile>[1] = {}) {
    const { worker, opening } = await begun(options);
    await worker.say({ width: 4, height: 3 });
    const opened = await opening;
    if (opened instanceof Error) throw opened;
    return { worker, ...opened, iterator: opened.variants[Symbol.asyncIterator]() };
  }

  /** Whether the Worker takes another file, and so is free. */
  async function isFree(worker: FakeWorker): Promise<boolean> {
    const before = worker.received.length;
    const next = hash(file).catch(() => {});
    await settled();
    const free = worker.received.length > before && !worker.ended;
    endWorkers();
    await next;
    return free;
  }

  test('hashes each variant only when it is requested', async () => {
    const { worker, width, height, iterator } = await open({ variants: 'dihedral' });
    expect([width, height]).toEqual([4, 3]);
    await settled();
    expect(worker.received).toHaveLength(1);
    const first = iterator.next();
    await settled();
    expect(worker.received.at(-1)).toEqual({ next: true });
    await worker.say({ variant: variant('original') });
    expect(await first).toEqual({ done: false, value: variant('original') });
    await settled();
    expect(worker.received).toHaveLength(2);
    const second = iterator.next();
    await settled();
    await worker.say({ variant: undefined });
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await isFree(worker)).toBe(true);
  });

  test('stopping early releases the picture and frees the Worker', async () => {
    const { worker, iterator } = await open();
    const first = iterator.next();
    await settled();
    await worker.say({ variant: variant('original') });
    await first;
    const end = iterator.return!();
    await settled();
    expect(worker.received.at(-1)).toEqual({ next: false });
    await worker.say({ variant: undefined });
    expect(await end).toMatchObject({ done: true });
    expect(await isFree(worker)).toBe(true);
  });

  test('stopping before the first variant frees the Worker, too', async () => {
    const { worker, iterator } = await open();
    const end = iterator.return!();
    await settled();
    expect(worker.received.at(-1)).toEqual({ next: false });
    await worker.say({ variant: undefined });
    expect(await end).toMatchObject({ done: true });
    expect(await isFree(worker)).toBe(true);
  });

  test.each(['before the first', 'while one is hashed'])(
    'an abort %s ends the Worker, and the iteration with its reason',
    async (when) => {
      const controller = new AbortController();
      const { worker, iterator } = await open({ signal: controller.signal });
      const first = when === 'before the first' ? undefined : iterator.next().catch((e) => e);
      await settled();
      controller.abort('enough');
      expect(worker.ended).toBe(true);
      if (first) expect(await first).toBe('enough');
      else await expect(iterator.next()).rejects.toBe('enough');
    },
  );

  test('a reader that is too slow loses the Worker', async () => {
    const { worker, iterator } = await open({ timeoutSeconds: 0.05 });
    await expect.poll(() => worker.ended).toBe(true);
    await expect(iterator.next()).rejects.toMatchObject({ code: 'timeout' });
  });

  test('the timeout does not run on after the end', async () => {
    const { worker, iterator } = await open({ timeoutSeconds: 2 });
    const first = iterator.next();
    await settled();
    await worker.say({ variant: variant('original') });
    await first;
    const end = iterator.next();
    await settled();
    await worker.say({ variant: undefined });
    await end;
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(worker.ended).toBe(false);
  });

  test('reports the stages of a whole file', async () => {
    const stages: Stage[] = [];
    const hashing = hash(file, { onProgress: (stage) => stages.push(stage) });
    const [worker] = FakeWorker.started as [FakeWorker];
    await worker.say({ ready: true });
    expect(stages).toEqual(['reading', 'decoding']);
    await worker.say({ width: 4, height: 3 });
    expect(stages).toEqual(['reading', 'decoding', 'hashing']);
    await worker.say({ variant: variant('original') });
    await worker.say({ variant: variant('onWhite') });
    await worker.say({ variant: undefined });
    const { name: _, ...hashed } = variant('original');
    expect(await hashing).toEqual({
      ...hashed,
      variants: [variant('onWhite')],
      width: 4,
      height: 3,
    });
  });

  test('passes on the error of a listener, and frees the Worker', async () => {
    const hashing = hash(file, {
      onProgress: (stage) => {
        if (stage === 'hashing') throw new RangeError('of the caller');
      },
    }).catch((error: Error) => error.message);
    const [worker] = FakeWorker.started as [FakeWorker];
    await worker.say({ ready: true });
    await worker.say({ width: 4, height: 3 });
    expect(await hashing).toBe('of the caller');
    expect(await isFree(worker)).toBe(true);
  });

  test.each<[string, object | string]>([
    ['text', 'text'],
    ['impossible sides', { width: 0, height: 3 }],
    ['a member beside the sides', { width: 4, height: 3, note: 'a picture' }],
    ['an error of another kind', { error: { name: 'Error', message: 'm', stack: 'a picture' } }],
    ['invalid bytes', { bitmapOf: 'a picture' }],
  ])('an implausible answer ends the Worker: %s', async (_, reply) => {
    const { worker, opening } = await begun();
    await worker.say(reply);
    expect(await opening).toMatchObject({ code: 'decoder-missing' });
    expect(worker.ended).toBe(true);
  });

  test('passes on an error of the Worker as a DecodeError, and keeps the Worker', async () => {
    const { worker, opening } = await begun();
    await worker.say({ error: { name: 'DecodeError', message: 'm', code: 'corrupt' } });
    expect(await opening).toMatchObject({ name: 'DecodeError', code: 'corrupt' });
    expect(await isFree(worker)).toBe(true);
  });

  test('the page decodes what the Worker cannot, and reports if it cannot either', async () => {
    vi.stubGlobal('createImageBitmap', async () => {
      throw new Error('no picture');
    });
    const { worker, opening } = await begun();
    await worker.say({ bitmapOf: Uint8Array.of(7) });
    expect(worker.received.at(-1)).toEqual({ bitmap: undefined });
    await worker.say({ width: 4, height: 3 });
    expect(await opening).toMatchObject({ width: 4, height: 3 });
  });

  test('the page decodes twice where colours and alpha are two pictures', async () => {
    vi.stubGlobal('createImageBitmap', async () => undefined);
    const { worker, opening } = await begun();
    await worker.say({ bitmapOf: Uint8Array.of(7) });
    await worker.say({ bitmapOf: Uint8Array.of(8) });
    expect(worker.received).toHaveLength(3);
    await worker.say({ width: 4, height: 3 });
    expect(await opening).toMatchObject({ width: 4, height: 3 });
  });

  test('a batch without its own concurrency keeps the one set before', async () => {
    await begun({ concurrency: 3 });
    const results = hashAll(Array(50).fill(file));
    const first = results.next().catch(() => {});
    await settled();
    expect(FakeWorker.started).toHaveLength(3);
    endWorkers();
    await first;
  });

  test('ending all Workers ends a batch', async () => {
    const results = hashAll(Array(50).fill(file), { concurrency: 2 });
    const first = results.next().catch((error: Error) => error.name);
    await settled();
    expect(FakeWorker.started).toHaveLength(2);
    endWorkers();
    expect(await first).toBe('AbortError');
    await settled();
    expect(FakeWorker.started.filter(({ ended }) => !ended)).toEqual([]);
  });

  test('a late bitmap is closed', async () => {
    let closed = false;
    let give: (bitmap: { close(): void }) => void = () => {};
    vi.stubGlobal('createImageBitmap', () => new Promise((resolve) => (give = resolve)));
    const controller = new AbortController();
    const { worker, opening } = await begun({ signal: controller.signal });
    await worker.say({ bitmapOf: Uint8Array.of(7) });
    controller.abort(new Error('enough'));
    give({
      close: () => {
        closed = true;
      },
    });
    expect(await opening).toMatchObject({ message: 'enough' });
    await settled();
    expect(closed).toBe(true);
    expect(worker.received).toHaveLength(1);
  });
});
