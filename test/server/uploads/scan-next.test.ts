import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { Decision } from '../../../src/matching/decision.js';
import {
  type RequestScanOptions,
  type RequestUpload,
  scan,
} from '../../../src/server/uploads/scan.js';
import { withResolvers } from '../with-resolvers.js';
import { examAdapter } from './upload-exam.js';
import {
  blocklist,
  breakOffForm,
  busy,
  formOf,
  LISTED,
  NO_PICTURE,
  OTHER,
  pool,
  serving,
} from './uploads.js';

afterEach(() => void vi.useRealTimers());

/** What the application behind the middleware stored. */
interface Stored {
  readonly type: string | null;
  readonly files: readonly Buffer[];
  readonly title?: unknown;
  readonly verdicts: readonly string[];
}

/** A Hono application whose uploads are checked, and what it stores. */
function application(options: Partial<RequestScanOptions> = {}) {
  const checkUploads = scan({ blocklist, pool, onError: 'refuse', ...options });
  const stored: Stored[] = [];
  const app = new Hono<{ Variables: { decisions: readonly Decision[] } }>();
  app.use('/upload', (c, next) =>
    checkUploads(c.req.raw, async (request, decisions) => {
      c.req.raw = request;
      c.set('decisions', decisions);
      await next();
      return c.res;
    }),
  );
  app.post('/upload', async (c) => {
    const type = c.req.header('content-type')?.split(';')[0] ?? null;
    const verdicts = c.get('decisions').map(({ verdict }) => verdict);
    if (type === 'multipart/form-data') {
      const form = await c.req.formData();
      const files = form.getAll('photo') as File[];
      const bytes = await Promise.all(files.map((file) => file.arrayBuffer()));
      const title = form.get('title');
      stored.push({ type, title, verdicts, files: bytes.map((one) => Buffer.from(one)) });
    } else {
      stored.push({ type, verdicts, files: [Buffer.from(await c.req.arrayBuffer())] });
    }
    return c.text('stored', 201);
  });
  app.get('/upload', (c) => c.text('a page'));
  const server = () => createAdaptorServer({ fetch: app.fetch }) as Server;
  return { stored, server };
}

/** Posts one body to an application; its answer, and what was stored. */
async function answer(body: BodyInit, type?: string, options?: Partial<RequestScanOptions>) {
  const { stored, server } = application(options);
  return await serving(server(), async (url) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const response = await fetch(`${url}/upload`, { method: 'POST', body, headers });
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, retryAfter, text: await response.text(), stored };
  });
}

const bytesOf = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;

test.each([undefined, 'image/jpeg', 'application/octet-stream'])(
  'a body of type %s is checked, and there for the application',
  async (type) => {
    const kept = await answer(bytesOf(OTHER), type);
    expect(kept).toMatchObject({ status: 201, stored: [{ verdicts: ['none'], files: [OTHER] }] });
    const refused = await answer(bytesOf(LISTED), type);
    expect(refused).toMatchObject({ status: 451, text: '{"verdict":"match"}', stored: [] });
  },
);

/** A listed picture that hides behind a type, and forms of it that no browser would send. */
test.each([
  ...['text/plain', 'video/mp4', 'application/json', 'application/x-www-form-urlencoded', 'x'],
  ...['application/pdf', 'text/plain; charset="image/png"', 'application/octet-stream, text/plain'],
])('a listed picture sent as %s is checked', async (type) => {
  expect(await answer(bytesOf(LISTED), type)).toMatchObject({ status: 451, stored: [] });
  const kept = await answer(bytesOf(OTHER), type);
  expect(kept).toMatchObject({ status: 201, stored: [{ verdicts: ['none'], files: [OTHER] }] });
});

test('a listed picture that arrives byte by byte is checked', async () => {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const end = at < 40 ? at + 1 : LISTED.length;
      controller.enqueue(LISTED.subarray(at, end));
      at = end;
      if (at === LISTED.length) controller.close();
    },
  });
  const headers = { 'content-type': 'text/plain' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const checkUploads = scan({ blocklist, pool, onError: 'refuse' });
  const response = await checkUploads(new Request('http://a.test', init), () =>
    expect.fail('kept'),
  );
  expect(response.status).toBe(451);
});

test.each([
  ['SVG', '<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['BMP', `BM${'\0'.repeat(12)}\x28\0\0\0${'\0'.repeat(99)}`],
  ['JPEG XL', '\xff\x0a\0\0'],
])('%s is a picture that is not read here: 415 or accepted, by onError', async (_, text) => {
  const body = bytesOf(Buffer.from(text, 'latin1'));
  for (const type of ['text/plain', 'application/json', 'application/octet-stream']) {
    expect(await answer(body, type)).toMatchObject({ status: 415, stored: [] });
  }
  const kept = await answer(body, 'text/plain', { onError: 'accept' });
  expect(kept).toMatchObject({ status: 201, stored: [{ verdicts: ['unhashable'] }] });
});

test.each([
  ['multipart/mixed; boundary=boundary', {}],
  ['multipart/related; boundary=boundary', {}],
  [' Multipart/Form-Data-2; boundary=boundary', {}],
  ['text/plain, multipart/mixed; boundary=boundary', {}],
  ['application/json', { 'content-encoding': 'gzip' }],
  ['image/jpeg', { 'content-encoding': 'identity, br' }],
])('%s %j hides its beginning: 415 whatever onError returns', async (type, headers) => {
  const part = `--boundary\r\ncontent-disposition: form-data; name="photo"; filename="a"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(part), LISTED, Buffer.from('\r\n--boundary--\r\n')]);
  for (const onError of ['accept', 'refuse'] as const) {
    const onDecision = vi.fn();
    const checkUploads = scan({ blocklist, pool, onError, onDecision });
    const init = { method: 'POST', body, headers: { 'content-type': type, ...headers } };
    const request = new Request('http://a.test', init as RequestInit);
    const response = await checkUploads(request, () => expect.fail('it was passed on'));
    expect(response.status).toBe(415);
    expect(onDecision.mock.calls).toMatchObject([[{ reason: 'unsupported' }, { request }]]);
  }
});

test('a body that does not begin as a picture passes through whole and unbuffered', async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        controller.enqueue(new Uint8Array(1024).fill(sent++));
        if (sent === 1000) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const check = vi.fn(busy);
  const checkUploads = scan({ check, onError: 'refuse', maxBytes: 9 });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  await checkUploads(new Request('http://a.test', init), async (request, decisions) => {
    expect(decisions).toEqual([]);
    let read = 0;
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      expect([chunk.length, chunk[0], chunk.at(-1)]).toEqual([1024, read & 255, read++ & 255]);
      expect(sent - read).toBeLessThan(9);
    }
    expect(read).toBe(1000);
    return new Response();
  });
  expect(check).not.toHaveBeenCalled();
});

test('a body whose beginning does not arrive is refused', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const checkUploads = scan({ blocklist, pool, onError: 'accept' });
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('{')),
  });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  const slow = checkUploads(new Request('http://a.test', init), () => expect.fail('passed on'));
  for (let turn = 0; turn < 9; turn++) await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(30_000);
  expect((await slow).status).toBe(408);
});

test('a file of a form is checked whatever its declared type; a field is text', async () => {
  const form = new FormData();
  form.append('photo', new File([bytesOf(LISTED)], 'a.txt', { type: 'text/plain' }));
  expect(await answer(form)).toMatchObject({ status: 451, stored: [] });
  const part = `--boundary\r\ncontent-disposition: form-data; name="title"\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(part), LISTED, Buffer.from('\r\n--boundary--\r\n')]);
  const { stored } = await answer(bytesOf(body), 'multipart/form-data; boundary=boundary');
  const { title, files } = stored[0]!;
  expect(files).toEqual([]);
  // No byte of it above 127 is left.
  expect(Buffer.from(String(title), 'latin1').includes(LISTED.subarray(0, 4))).toBe(false);
});

test('a form of more files than maxFiles is refused before any is checked', async () => {
  const check = vi.fn(async (): Promise<Decision> => ({ verdict: 'none' }) as Decision);
  const many = (count: number) => formOf(...new Array<Uint8Array>(count).fill(NO_PICTURE));
  for (const onError of ['accept', 'refuse'] as const) {
    expect(await answer(many(21), undefined, { check, onError })).toMatchObject({ status: 413 });
    expect(await answer(many(3), undefined, { check, onError, maxFiles: 2 })).toMatchObject({
      status: 413,
    });
  }
  expect(check).not.toHaveBeenCalled();
  expect(await answer(many(20), undefined, { check })).toMatchObject({ status: 201 });
  expect(check).toHaveBeenCalledTimes(20);
});

test('the checks of a form share one time limit, then 503 or onError', async () => {
  for (const [onError, status] of [
    ['refuse', 503],
    ['accept', 200],
  ] as const) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const signals: (AbortSignal | undefined)[] = [];
    // The first is checked, the second never, and no other begins.
    const check = vi.fn(async (_: unknown, { signal }: { signal?: AbortSignal }) => {
      signals.push(signal);
      if (signals.length === 2) await new Promise(() => {});
      return { verdict: 'none' } as Decision;
    });
    const reasons: string[] = [];
    const onDecision = ({ reason }: Decision) => void reasons.push(reason);
    const options = { check, onError, onDecision, timeoutSeconds: 7 };
    const body = formOf(OTHER, OTHER, OTHER);
    const request = new Request('http://a.test', { method: 'POST', body });
    const answered = scan(options)(request, () => new Response());
    while (signals.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(7000);
    expect((await answered).status).toBe(status);
    expect(check).toHaveBeenCalledTimes(2);
    expect(signals[1]!.aborted).toBe(true);
    const late = onError === 'refuse' ? ['timeout'] : ['timeout', 'timeout'];
    expect(reasons).toEqual([undefined, ...late]);
  }
});

test('every file of a form is checked, and the form is available to the application', async () => {
  const kept = await answer(formOf(OTHER, OTHER));
  const verdicts = ['none', 'none'];
  const files = [OTHER, OTHER];
  expect(kept).toMatchObject({ status: 201, stored: [{ verdicts, files, title: 'a title' }] });
  const refused = await answer(formOf(OTHER, LISTED));
  expect(refused).toMatchObject({ status: 451, text: '{"verdict":"match"}', stored: [] });
});

test('a form without a file, and a field for a file that was not chosen, are kept', async () => {
  expect(await answer(formOf())).toMatchObject({ status: 201, stored: [{ verdicts: [] }] });
  const form = formOf(OTHER);
  form.append('other', new File([], ''));
  expect(await answer(form)).toMatchObject({ status: 201, stored: [{ verdicts: ['none'] }] });
});

test('other requests are passed on', async () => {
  const json = await answer('{"a":1}', 'application/json');
  expect(json).toMatchObject({ status: 201, stored: [{ verdicts: [], type: 'application/json' }] });
  await serving(application().server(), async (url) => {
    expect(await (await fetch(`${url}/upload`)).text()).toBe('a page');
  });
});

describe.each([
  ['a body', bytesOf, 'image/jpeg'],
  ['a form', formOf, undefined],
])('%s', (_, bodyOf, type) => {
  examAdapter(async (bytes, options) => {
    const { stored, ...told } = await answer(bodyOf(bytes), type, options);
    return { ...told, stored: stored.flatMap(({ files }) => files) };
  });
});

test('a form that is malformed is refused', async () => {
  const type = 'multipart/form-data; boundary=a';
  for (const onError of ['accept', 'refuse'] as const) {
    expect(await answer('nonsense', type, { onError })).toMatchObject({ status: 400, stored: [] });
  }
});

test('a form that breaks off is not checked, and not passed on', async () => {
  const check = vi.fn(busy);
  const told = new Promise<[Decision, RequestUpload]>((resolve) => {
    const onDecision = (...args: [Decision, RequestUpload]) => resolve(args);
    const { server, stored } = application({ check, onError: 'accept', onDecision });
    void serving(server(), async (url) => {
      await breakOffForm(`${url}/upload`);
      await told;
      expect(stored).toEqual([]);
    });
  });
  const [{ verdict }] = await told;
  expect(verdict).toBe('unhashable');
  expect(check).not.toHaveBeenCalled();
});

test('a form that arrives too slowly is refused, and its memory is free again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const limits = { maxBytes: OTHER.length + 1000, maxBytesHeld: OTHER.length + 1000 };
  const middleware = scan({ blocklist, pool, onError: 'accept', ...limits });
  const headers = { 'content-type': 'multipart/form-data; boundary=a' };
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(OTHER.slice(0, 9)),
  });
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
  const slow = middleware(new Request('http://a.test', init), () => expect.fail('passed on'));
  for (let turn = 0; turn < 9; turn++) await new Promise((resolve) => setImmediate(resolve));
  await vi.advanceTimersByTimeAsync(30_000);
  expect((await slow).status).toBe(408);
  vi.useRealTimers();
  const other = new Request('http://a.test', { method: 'POST', body: formOf(OTHER) });
  expect((await middleware(other, () => new Response('kept'))).status).toBe(200);
});

test('forms are held up to a limit; another one is busy, and is not read', async () => {
  const first = withResolvers<Response>();
  const middleware = scan({
    blocklist,
    pool,
    onError: 'refuse',
    maxBytes: OTHER.length + 1000,
    maxBytesHeld: OTHER.length + 1000,
  });
  const request = () => new Request('http://a.test', { method: 'POST', body: formOf(OTHER) });
  const begun = middleware(request(), () => first.promise);
  const second = await middleware(request(), () => expect.fail('it was passed on'));
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
  first.resolve(new Response('done'));
  expect(await (await begun).text()).toBe('done');
  const third = await middleware(request(), async () => new Response('again'));
  expect(await third.text()).toBe('again');
});

test('other bodies are checked while a list holds digests, or if they are refused', async () => {
  const bytes = new Uint8Array(createHash('md5').update(NO_PICTURE).digest());
  const listed = { hash: { algorithm: 'md5' as const, bytes }, labels: [] };
  const digests = createBlocklist([listed]);
  const other = Buffer.from('%PDF-1.7');
  for (const type of ['video/mp4', 'application/pdf', 'x', undefined]) {
    const refused = await answer(bytesOf(NO_PICTURE), type, { blocklist: digests });
    expect(refused).toMatchObject({ status: 451, stored: [] });
    const kept = await answer(bytesOf(other), type, { blocklist: digests });
    expect(kept).toMatchObject({ status: 201, stored: [{ verdicts: ['unhashable'] }] });
    expect((await answer(bytesOf(other), type, { notPictures: 'refuse' })).status).toBe(415);
  }
  for (const options of [{ blocklist: digests }, { notPictures: 'refuse' }, {}] as const) {
    for (const type of ['text/plain', 'application/json', 'application/ld+json']) {
      const unread = await answer(bytesOf(NO_PICTURE), type, options);
      expect(unread).toMatchObject({ status: 201, stored: [{ verdicts: [] }] });
    }
    // As a request has it that sends nothing.
    const empty = await answer(bytesOf(Buffer.alloc(0)), undefined, options);
    expect(empty).toMatchObject({ status: 201, stored: [{ verdicts: [] }] });
  }
});

test('mistakes of the caller are reported', async () => {
  expect(() => scan({ blocklist } as never)).toThrow('onError');
  const limits = { maxBytes: 100, maxBytesHeld: 99 };
  expect(() => scan({ blocklist, onError: 'accept', ...limits })).toThrow('maxBytesHeld');
  const middleware = scan({ blocklist, onError: 'accept' });
  await expect(middleware(undefined as never, async () => new Response())).rejects.toThrow(
    TypeError,
  );
  // What is no function is what servers give to a handler: the request is answered alone.
  expect((await middleware(new Request('http://a.test'), 7)).status).toBe(405);
  const used = new Request('http://a.test', { method: 'POST', body: 'a' });
  await used.text();
  await expect(middleware(used, async () => new Response())).rejects.toThrow('body is unread');
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'image/jpeg', 'x', ''])(
  'a form under several types, %s first, is checked as the form that it would be read as',
  async (first) => {
    const checkUploads = scan({ blocklist, pool, onError: 'accept' });
    const store = async (request: Request) => {
      const form = await request.formData();
      return new Response(String(form.get('title')));
    };
    for (const [picture, status] of [
      [LISTED, 451],
      [OTHER, 200],
    ] as const) {
      const sent = new Request('http://a.test', { method: 'POST', body: formOf(picture) });
      const headers = { 'content-type': `${first}, ${sent.headers.get('content-type')}` };
      const body = await sent.arrayBuffer();
      const request = new Request('http://a.test', { method: 'POST', body, headers });
      expect((await checkUploads(request, store)).status).toBe(status);
    }
  },
);

test('a picture without a stated length is read no further than a picture may be', async () => {
  const bytes = new Uint8Array(createHash('md5').update(NO_PICTURE).digest());
  const listed = { hash: { algorithm: 'md5' as const, bytes }, labels: [] };
  const maxBytes = 2 ** 20;
  const check = scan({ blocklist: createBlocklist([listed]), pool, onError: 'accept', maxBytes });
  let pieces = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (++pieces < 100) controller.enqueue(new Uint8Array(2 ** 18));
      else controller.close();
    },
  });
  const headers = { 'content-type': 'image/png' };
  const init = { method: 'POST', body, headers, duplex: 'half' };
  const request = new Request('http://a.test', init as RequestInit);
  const { status } = await check(request, () => new Response('kept'));
  // What stands behind the middleware may read on, by itself.
  expect([status, pieces < 10]).toEqual([413, true]);
});
