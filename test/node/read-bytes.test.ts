import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { openAsBlob, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test, vi } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { type ImageSource, readBytes } from '../../src/node/read-bytes.js';
import { testFolder } from '../folder.js';

const folder = testFolder();
const file = join(folder, 'a file');
const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 255));

beforeAll(() => {
  writeFileSync(file, content);
});

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
    new Uint8Array(content).buffer,
    new Blob([content]),
    new File([content], 'a name'),
    await openAsBlob(file),
    new Request('http://a.test', { method: 'POST', body: content }),
    new Request('http://a.test', { method: 'POST', body: web(64), duplex: 'half' } as RequestInit),
    new Response(content),
    new Response(web(64)),
  ];
  for (const source of sources) {
    expect(Buffer.compare(await readBytes(source), content)).toBe(0);
  }
});

test('does not copy bytes that are in memory already', async () => {
  expect(await readBytes(content)).toBe(content);
  const { buffer } = new Uint8Array(content);
  expect((await readBytes(buffer)).buffer).toBe(buffer);
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
  const many: ImageSource[] = [file, content, new Uint8Array(content).buffer, stream, generator()];
  many.push(web(100), new Blob([content]), new Response(content), new Response(web(100)));
  for (const source of many) {
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
  for (const source of [undefined, null, 7, {}, [1, 2], new DataView(new ArrayBuffer(8))]) {
    await expect(readBytes(source as never)).rejects.toThrow(TypeError);
  }
  await expect(readBytes(Readable.from(['text']) as never)).rejects.toThrow(TypeError);
});

test('a body whose declared length is too long is not read, but cancelled', async () => {
  let pulled = 0;
  let cancelled = 0;
  const body = () =>
    new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++;
          controller.enqueue(content);
        },
        cancel: () => {
          cancelled++;
        },
      },
      { highWaterMark: 0 },
    );
  const headers = { 'content-length': '1001' };
  const source = new Response(body(), { headers });
  expect(await codeOf(readBytes(source, { maxBytes: 1000 }))).toBe('too-many-bytes');
  expect([pulled, cancelled]).toEqual([0, 1]);
  // The length of a compressed body is not that of its bytes.
  const compressed = new Response(content, { headers: { ...headers, 'content-encoding': 'gzip' } });
  expect((await readBytes(compressed, { maxBytes: 1000 })).length).toBe(1000);
});

test('a body without bytes is empty, and one that ends too early is unreadable', async () => {
  expect(await readBytes(new Response(null))).toHaveLength(0);
  const headers = { 'content-length': '1001' };
  expect(await codeOf(readBytes(new Response(content, { headers })))).toBe('unreadable');
  const odd = new Response(content, { headers: { 'content-length': 'many' } });
  expect(await readBytes(odd)).toHaveLength(1000);
});

test('a stream that is locked or already read is the mistake of the caller', async () => {
  const used = new Response(content);
  await used.arrayBuffer();
  const locked = web(64);
  locked.getReader();
  const begun = web(64);
  const reader = begun.getReader();
  await reader.read();
  reader.releaseLock();
  const ended = Readable.from(chunked(100));
  await readBytes(ended);
  const lockedBody = new Request('http://a.test', { method: 'POST', body: content });
  lockedBody.body?.getReader();
  for (const source of [used, locked, begun, ended, lockedBody]) {
    await expect(readBytes(source)).rejects.toThrow(TypeError);
    await expect(readBytes(source)).rejects.toThrow(/^expected a stream or a body that is unread/);
  }
  const text = new ReadableStream({ start: (controller) => controller.enqueue('text') });
  await expect(readBytes(new Response(text))).rejects.toThrow(TypeError);
});

test('an upload that breaks off is unreadable, from either end of the wire', async () => {
  let received: Promise<string> | undefined;
  const server = createServer((message: IncomingMessage, answer) => {
    if (message.method === 'POST') {
      received = codeOf(readBytes(message));
      return;
    }
    answer.writeHead(200, { 'content-length': 1000 });
    answer.write(content.subarray(0, 500), () => answer.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const upload = request(url, { method: 'POST', headers: { 'content-length': 1000 } });
  upload.on('error', () => {});
  upload.write(content.subarray(0, 500));
  await once(server, 'request');
  upload.destroy();
  expect(await received).toBe('unreadable');
  expect(await codeOf(fetch(url).then((response) => readBytes(response)))).toBe('unreadable');
  server.close();
});

test('a stream that pauses is too slow, and is closed', async () => {
  const stream = new PassThrough();
  stream.write(content);
  expect(await codeOf(readBytes(stream, { idleSeconds: 0.01 }))).toBe('too-slow');
  expect(stream.destroyed).toBe(true);
  expect(await readBytes(chunked(100), { idleSeconds: 1e9 })).toHaveLength(1000);
  for (const limits of [{ idleSeconds: 0 }, { minBytesPerSecond: -1 }]) {
    await expect(readBytes(content, limits)).rejects.toThrow(RangeError);
  }
});

test('a stream below the least rate is too slow, after its first seconds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    /** The seconds after which 100 bytes a second end, of at most 60. */
    const endOf = async (minBytesPerSecond: number) => {
      const stream = new PassThrough();
      let ended = false;
      const code = codeOf(readBytes(stream, { minBytesPerSecond, idleSeconds: 2 })).finally(() => {
        ended = true;
      });
      let second = 0;
      for (; second < 60 && !ended; second++) {
        stream.write(content.subarray(0, 100));
        for (let turn = 0; turn < 5; turn++) await setImmediate();
        await vi.advanceTimersByTimeAsync(1000);
        for (let turn = 0; turn < 5; turn++) await setImmediate();
      }
      stream.destroy();
      return [await code, second];
    };
    expect(await endOf(1000)).toEqual(['too-slow', 5]);
    expect(await endOf(95)).toEqual(['unreadable', 60]);
  } finally {
    vi.useRealTimers();
  }
});

test('a body may have its declared length, more, or less, in chunks of any size', async () => {
  for (const size of [1, 64, 130, 333, 999, 1000]) {
    for (const said of [1, 500, 999, 1000]) {
      const headers = { 'content-length': String(said) };
      expect(Buffer.compare(await readBytes(new Response(web(size), { headers })), content)).toBe(
        0,
      );
    }
    const headers = { 'content-length': '1001' };
    expect(await codeOf(readBytes(new Response(web(size), { headers })))).toBe('unreadable');
  }
});

test('a body of known length is not held twice', async () => {
  const { allocUnsafeSlow, concat } = Buffer;
  const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation(allocUnsafeSlow);
  const joined = vi.spyOn(Buffer, 'concat').mockImplementation(concat);
  const headers = { 'content-length': '1000' };
  await readBytes(new Response(web(10), { headers }));
  expect(allocated.mock.calls).toEqual([[1000]]);
  expect(joined.mock.calls.map(([, length]) => length)).toEqual([130]);
  vi.restoreAllMocks();
});

test('a stream is read once there is room, and the wait is not part of its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const asked: number[] = [];
    const room = async (bytes: number) => {
      asked.push(bytes - 64 * 1024);
      if (asked.length === 3) await new Promise((resolve) => setTimeout(resolve, 60_000));
      return bytes;
    };
    const limits = { minBytesPerSecond: 100, idleSeconds: 2, room };
    const read = readBytes(chunked(300), limits);
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(asked).toEqual([0, 300, 600]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await read).toHaveLength(1000);
    const full = new Error('no room');
    const source = Readable.from(chunked(300));
    await expect(readBytes(source, { room: () => Promise.reject(full) })).rejects.toBe(full);
    expect(source.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
