import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { type ImageSource, readBytes } from '../../src/node/read-bytes.js';

let folder = '';
let file = '';
const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 255));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onlyhashes-'));
  file = join(folder, 'a file');
  writeFileSync(file, content);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function* chunked(size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < content.length; i += size) yield content.subarray(i, i + size);
}
const web = (size: number) =>
  Readable.toWeb(Readable.from(chunked(size))) as ReadableStream<Uint8Array>;

/** The code of the DecodeError that `work` rejects with. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(DecodeError);
  return error.code;
}

test('a path, a URL, bytes, and streams of every kind give the same bytes', async () => {
  const sources: ImageSource[] = [
    file,
    pathToFileURL(file),
    content,
    new Uint8Array(content),
    Readable.from(chunked(7)),
    chunked(300),
    chunked(1000),
    web(64),
    new Blob([content]).stream(),
  ];
  for (const source of sources) {
    expect(Buffer.compare(await readBytes(source), content)).toBe(0);
  }
});

test('does not copy bytes that are in memory already', async () => {
  expect(await readBytes(content)).toBe(content);
});

test('refuses more than maxBytes from any source, and closes its stream', async () => {
  const stream = Readable.from(chunked(100));
  let closed = false;
  async function* generator() {
    try {
      yield* chunked(100);
    } finally {
      closed = true;
    }
  }
  for (const source of [file, content, stream, generator(), web(100)]) {
    expect(await codeOf(readBytes(source, { maxBytes: 999 }))).toBe('too-many-bytes');
  }
  expect(stream.destroyed).toBe(true);
  expect(closed).toBe(true);
  expect((await readBytes(file, { maxBytes: 1000 })).length).toBe(1000);
  expect((await readBytes(chunked(100), { maxBytes: 1000 })).length).toBe(1000);
});

test('a source that cannot be read is unreadable, and no message names it', async () => {
  const nul = `${file}\0.jpg`;
  const url = pathToFileURL(file);
  url.pathname += '%00';
  for (const path of [join(folder, 'absent'), folder, join(file, 'below'), nul, url]) {
    const error = await readBytes(path).catch((error) => error);
    expect(error).toMatchObject({ name: 'DecodeError', code: 'unreadable' });
    expect(`${error.message} ${error.cause}`).not.toContain(folder);
  }
});

test.skipIf(process.platform === 'win32')(
  'refuses a pipe without a writer and an endless device, without waiting',
  async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // More than Node's pool has threads: if each one waited, the last would hang.
    for (const source of [pipe, pipe, pipe, pipe, pipe, '/dev/zero']) {
      expect(await codeOf(readBytes(source))).toBe('unreadable');
    }
  },
);

test('a failing stream is unreadable, with its error as the cause', async () => {
  async function* failing() {
    yield content;
    throw new Error('connection lost');
  }
  const error = await readBytes(failing()).catch((error) => error);
  expect(error).toMatchObject({ code: 'unreadable', cause: { message: 'connection lost' } });
});

test('an abort stops reading an endless stream, and closes it', async () => {
  const controller = new AbortController();
  const stream = new PassThrough();
  let cancelled: unknown;
  const hanging = new ReadableStream<Uint8Array>({
    cancel(reason) {
      cancelled = { reason };
    },
  });
  const works = [stream, hanging].map((source) =>
    readBytes(source, { signal: controller.signal }).catch((reason) => reason),
  );
  stream.write(content);
  controller.abort('enough');
  expect(await Promise.all(works)).toEqual(['enough', 'enough']);
  expect(stream.destroyed).toBe(true);
  expect(cancelled).toBeDefined();
  await expect(readBytes(file, { signal: controller.signal })).rejects.toBe('enough');
});

test('anything else is the mistake of the caller', async () => {
  for (const source of [undefined, null, 7, {}, [1, 2], new ArrayBuffer(8)]) {
    await expect(readBytes(source as never)).rejects.toThrow(TypeError);
  }
  await expect(readBytes(Readable.from(['text']) as never)).rejects.toThrow(TypeError);
});
