import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { expect, test, vi } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { type Decision, unhashable } from '../../../src/matching/decision.js';
import { type RequestScanOptions, scan } from '../../../src/server/uploads/scan.js';
import { examAdapter } from './upload-exam.js';
import {
  blocklist,
  breakOff,
  busy,
  formOf,
  LISTED,
  NO_PICTURE,
  OTHER,
  pool,
  serving,
} from './uploads.js';

type Options = Partial<RequestScanOptions>;

/** Posts bodies to a handler on loopback; each one's answer. */
async function answers(options: Options, ...bodies: readonly (Uint8Array | RequestInit)[]) {
  const decisions: Decision[] = [];
  const handler = scan({
    blocklist,
    pool,
    onError: 'refuse',
    onDecision: (decision) => void decisions.push(decision),
    ...options,
  });
  const server = createAdaptorServer({ fetch: handler }) as Server;
  return await serving(server, async (url) => {
    const all = [];
    for (const body of bodies) {
      const init = body instanceof Uint8Array ? { body: body as Uint8Array<ArrayBuffer> } : body;
      const response = await fetch(url, { method: 'POST', ...init });
      const text = await response.text();
      const { status, headers } = response;
      all.push({ status, verdict: headers.get('onlyhashes-verdict'), text, headers });
    }
    return { all, decisions };
  });
}

test('200 accepts, 451 rejects, and the body has the verdict alone', async () => {
  const { all, decisions } = await answers({}, OTHER, LISTED);
  expect(all).toMatchObject([
    { status: 200, verdict: 'none', text: '{"verdict":"none"}' },
    { status: 451, verdict: 'match', text: '{"verdict":"match"}' },
  ]);
  expect(all[1]!.headers.get('cache-control')).toBe('no-store');
  const { verdict, matches } = decisions[1]!;
  expect([verdict, matches[0]!.entry.id]).toEqual(['match', 'an id']);
});

examAdapter(async (bytes, options) => {
  const { status, headers } = (await answers(options, bytes)).all[0]!;
  return { status, retryAfter: headers.get('retry-after'), stored: status === 200 ? [bytes] : [] };
});

test('a client waits for whole seconds', async () => {
  const { all } = await answers({ check: busy, retryAfterSeconds: 7.2 }, OTHER);
  expect(all[0]!.headers.get('retry-after')).toBe('8');
});

test.each<[string, number, Options, Uint8Array | RequestInit]>([
  ['nothing', 400, {}, {}],
  ['another method', 405, {}, { method: 'PATCH', body: 'a' }],
  ['a form', 415, {}, { body: formOf(OTHER) }],
  ['a text', 415, {}, { body: 'text' }],
])('%s is refused whatever onError returns', async (_, status, options, body) => {
  for (const onError of ['accept', 'refuse'] as const) {
    expect((await answers({ ...options, onError }, body)).all).toMatchObject([{ status }]);
  }
});

test.each([
  ['video/mp4', {}, 200],
  ['audio/ogg; codecs=opus', {}, 200],
  ['application/pdf', {}, 200],
  ['application/json', {}, 415],
  ['application/ld+json', {}, 415],
  ['application/x-www-form-urlencoded', {}, 415],
  ['multipart/mixed; boundary=x', {}, 415],
  ['image/jpeg, text/plain', {}, 415],
  ['image/jpeg', { 'content-encoding': 'gzip' }, 415],
  ['image/jpeg', { 'content-encoding': 'identity' }, 200],
])('a file that is no picture, sent as %s %j: %i', async (type, headers, status) => {
  const sent = { body: NO_PICTURE, headers: { 'content-type': type, ...headers } };
  for (const onError of ['accept', 'refuse'] as const) {
    expect((await answers({ onError }, sent)).all).toMatchObject([{ status }]);
  }
});

test.each([
  ['timeout', 503],
  ['crashed', 422],
  ['decoder-missing', 500],
  ['too-slow', 408],
] as const)('the status of %s', async (code, status) => {
  const check = async () => unhashable(new DecodeError(code, 'x'));
  const text = '{"verdict":"unhashable"}';
  expect((await answers({ check }, OTHER)).all).toMatchObject([
    { status, verdict: 'unhashable', text },
  ]);
});

test('a body whose declared length is too long is not read', async () => {
  const check = vi.fn(busy);
  const handler = scan({ check, onError: 'accept', maxBytes: 1000 });
  const body = new ReadableStream<Uint8Array>(
    { pull: () => expect.fail('it was read') },
    {
      highWaterMark: 0,
    },
  );
  const headers = { 'content-length': '1001' };
  const request = new Request('http://a.test', {
    method: 'POST',
    body,
    headers,
    duplex: 'half',
  } as never);
  expect((await handler(request)).status).toBe(413);
  expect(check).not.toHaveBeenCalled();
});

test('a body of unknown length ends at maxBytes', async () => {
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(LISTED.subarray(0, 1000)),
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(sent++)),
  });
  const { all } = await answers({ maxBytes: 100_000 }, {
    body,
    duplex: 'half',
  } as RequestInit).catch(
    // The server answered amid the upload; whether fetch sees the answer is up to it.
    () => ({ all: [{ status: 413 }] }),
  );
  expect(all).toMatchObject([{ status: 413 }]);
  expect(sent).toBeLessThan(100_000);
});

test('an upload that breaks off is not checked as a whole', async () => {
  const told = new Promise<Decision>((resolve) => {
    const handler = scan({ blocklist, pool, onError: 'accept', onDecision: resolve });
    const server = createAdaptorServer({ fetch: handler }) as Server;
    void serving(server, async (url) => {
      await breakOff(url, `Content-Length: ${LISTED.length}`, LISTED);
      await told;
    });
  });
  expect(await told).toMatchObject({ verdict: 'unhashable' });
  expect(['unreadable', 'aborted']).toContain((await told).reason);
});

test('an error of a callback is thrown, and nothing is kept', async () => {
  const request = () =>
    new Request('http://a.test', { method: 'POST', body: OTHER as Uint8Array<ArrayBuffer> });
  const fail = async () => {
    throw new Error('no log');
  };
  const told = scan({ blocklist, pool, onError: 'accept', onDecision: fail });
  await expect(told(request())).rejects.toThrow('no log');
  const checked = scan({ check: fail, onError: 'accept' });
  await expect(checked(request())).rejects.toThrow('no log');
});

test('a pool is called with the list, the limit and the signal', async () => {
  const check = vi.fn(busy);
  const handler = scan({ blocklist, pool: { check }, onError: 'accept', maxBytes: 9 });
  const request = new Request('http://a.test', {
    method: 'POST',
    body: 'a',
    headers: { 'content-type': 'image/png' },
  });
  expect((await handler(request)).status).toBe(200);
  expect(check).toHaveBeenCalledWith(request, blocklist, { maxBytes: 9, signal: request.signal });
});
