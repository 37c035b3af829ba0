import { once } from 'node:events';
import { createServer } from 'node:http';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { hashToJSON } from '../../src/hash.js';
import { createNodeListener, NODE_LIMITS } from '../../src/server/http/node-listener.js';
import { createService } from '../../src/server/service.js';
import { flipBits } from '../arbitraries.js';
import { RawClient } from '../cli/serve/serving-program.js';
import { BASE, ORDER } from '../matching/bases.js';
import { runs } from '../seed.js';
import { as, posted, served, TOKENS, tokens } from './served.js';
import { blocklist, formOf, OTHER, pool, serving } from './uploads/uploads.js';

/** Connects and sends text. */
function sending(url: string, text: string) {
  const client = new RawClient(url);
  onTestFinished(() => void client.socket.destroy());
  client.socket.write(text, 'latin1');
  return Object.assign(client, {
    status: async () => {
      const { socket, closed } = client;
      while (!client.received.includes('\r\n')) {
        await Promise.race([once(socket, 'data'), closed]);
      }
      return Number(/^HTTP\/1\.1 (\d+)/.exec(client.received)?.[1]);
    },
  });
}

const head = (line: string, ...headers: string[]) =>
  [line, 'Host: a.test', `Authorization: Bearer ${TOKENS.match}`, ...headers, '', ''].join('\r\n');
const hash = posted(hashToJSON(flipBits(BASE, ORDER, 1)), 'curate');

/** Each stalls elsewhere. */
const STALLING = [
  '',
  'POST /v1/mat',
  'POST /v1/match HTTP/1.1\r\nHost: a.test\r\nX-Slow: ',
  `${head('POST /v1/match HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 1000')}{"`,
  head('POST /v1/match HTTP/1.1', 'Content-Type: image/jpeg', 'Content-Length: 60000000'),
  `${head(
    'POST /v1/match HTTP/1.1',
    'Content-Type: multipart/form-data; boundary=x',
    'Content-Length: 60000000',
  )}--x\r\n`,
  `${head('POST /v1/match HTTP/1.1', 'Content-Type: image/png', 'Transfer-Encoding: chunked')}5\r\na`,
];
const CONNECTIONS = 1000;

test('1,000 stalled connections do not keep others from being served', async () => {
  // Those that stall are not stopped by their rate.
  const rushing = tokens.map((token) => ({ ...token, requestsPerSecond: 1e6 }));
  await served(
    async ({ url }) => {
      let connected = 0;
      for (let at = 0; at < CONNECTIONS; at += 100) {
        await Promise.all(
          Array.from({ length: 100 }, async (_, i) => {
            const { socket } = sending(url, STALLING[(at + i) % STALLING.length]!);
            await once(socket, 'connect');
            connected++;
          }),
        );
      }
      expect(connected).toBe(CONNECTIONS);
      for (let i = 0; i < 20; i++) {
        const response = await fetch(`${url}/v1/match`, hash);
        expect([response.status, await response.json()]).toMatchObject([200, { answered: true }]);
      }
      const picture = as('curate', {
        method: 'POST',
        body: OTHER as Uint8Array<ArrayBuffer>,
        headers: { 'content-type': 'image/jpeg' },
      });
      expect(await (await fetch(`${url}/v1/match`, picture)).json()).toMatchObject({
        decision: { verdict: 'none' },
      });
      const form = await fetch(
        `${url}/v1/match`,
        as('curate', { method: 'POST', body: formOf(OTHER) }),
      );
      expect(await form.json()).toMatchObject({ decision: { verdict: 'none' } });
    },
    { tokens: rushing },
  );
});

test('a client that sends headers or a body too slowly is cut off', async () => {
  const service = createService({ blocklist, pool, tokens, timeoutSeconds: 0.4 });
  const limits = {
    ...NODE_LIMITS,
    ...{ headersTimeout: 300, requestTimeout: 1000, connectionsCheckingInterval: 50 },
  };
  await serving(createServer(limits, createNodeListener(service.handler)), async (url) => {
    const headers = sending(url, STALLING[2]!);
    expect(await headers.status()).toBe(408);
    await headers.closed;
    for (const text of STALLING.slice(3)) {
      const body = sending(url, text);
      expect([408, 503]).toContain(await body.status());
      await body.closed;
    }
  });
});

test('a flood of headers is refused, and so are requests that could be read as two', async () => {
  await served(async ({ url, logs }) => {
    for (const [text, status] of [
      [head('GET /health/live HTTP/1.1', `X-A: ${'a'.repeat(20_000)}`), 431],
      [
        head('GET /health/live HTTP/1.1', ...Array.from({ length: 3000 }, (_, i) => `a${i}: b`)),
        431,
      ],
      [head(`GET /${'a'.repeat(20_000)} HTTP/1.1`), 431],
      [head('POST /v1/match HTTP/1.1', 'Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
      [head('POST /v1/match HTTP/1.1', 'Content-Length: 5', 'Content-Length: 6'), 400],
      [head('POST /v1/match HTTP/1.1', 'Content-Length: -1'), 400],
      ['GET /health/live HTTP/1.1\r\n\r\n', 400],
      ['\x16\x03\x01\x02\x00\x01\x00\x01', 400],
      ['GET /health/live HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ] as const) {
      const asked = sending(url, text);
      expect([text.slice(0, 30), await asked.status()]).toEqual([text.slice(0, 30), status]);
    }
    // None of them came as far as a route.
    expect(logs).toEqual([]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });
});

/** The first bytes of a JPEG; latin1. */
const JPEG = '\xff\xd8\xff\xe0';

test('a body that is longer than it may be is refused by its first bytes', async () => {
  await served(
    async ({ url }) => {
      // The first 4 KiB tell a picture from a video.
      for (const [type, length, text = ''] of [
        ['application/json', 1001],
        ['image/jpeg', 2001, JPEG.padEnd(2001)],
        ['multipart/form-data; boundary=x', 2001],
        ['image/jpeg', 999_999_999_999, JPEG.padEnd(4096)],
      ] as const) {
        const asked = sending(
          url,
          head('POST /v1/match HTTP/1.1', `Content-Type: ${type}`, `Content-Length: ${length}`) +
            text,
        );
        expect([type, await asked.status()]).toEqual([type, 413]);
      }
    },
    { maxBytes: 2000, maxJsonBytes: 1000 },
  );
});

test('an expectation is answered, and two requests at once are answered in order', async () => {
  await served(async ({ url }) => {
    const body = JSON.stringify(hashToJSON(flipBits(BASE, ORDER, 1)));
    const one = `${head(
      'POST /v1/match HTTP/1.1',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    )}${body}`;
    const asked = sending(url, one + head('GET /nowhere HTTP/1.1', 'Connection: close'));
    await asked.closed;
    expect(asked.received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  });
});

test('any bytes as a body get a documented status, and are not quoted', async () => {
  const types = fc.constantFrom(
    ...['application/json', 'image/png', 'application/octet-stream', 'text/plain', ''],
    ...['multipart/form-data; boundary=x', 'multipart/form-data; boundary=', 'image/;;'],
  );
  const mark = 'm4rk-of-the-caller';
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .array(
        fc.constantFrom('--x', '--x--', '\r\n', 'content-disposition: form-data; name="a"', mark),
      )
      .map((parts) => Buffer.from(parts.join(''))),
  );
  await served(async ({ url, errors, logs }) => {
    await fc.assert(
      fc.asyncProperty(types, bytes, async (type, body) => {
        const response = await fetch(
          `${url}/v1/match`,
          as('match', {
            method: 'POST',
            body: new Uint8Array([...Buffer.from(mark), ...body]),
            headers: { 'content-type': type },
          }),
        );
        expect([400, 413, 415, 422]).toContain(response.status);
        expect(await response.text()).not.toContain(mark);
      }),
      { numRuns: runs(150) },
    );
    expect(errors).toEqual([]);
    expect(JSON.stringify(logs)).not.toContain(mark);
  });
});
