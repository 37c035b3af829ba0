import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect as connect2, createServer as createServer2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createNodeListener, type Handler } from '../../../src/server/http/node-listener.js';
import { scan } from '../../../src/server/uploads/scan.js';
import { RawClient } from '../../cli/serve/serving-program.js';
import { blocklist, breakOff, busy, LISTED, OTHER, pool, serving } from '../uploads/uploads.js';
import { withResolvers } from '../with-resolvers.js';

const listening = <T>(
  handler: Handler,
  work: (url: string) => Promise<T>,
  onError?: (error: unknown) => void,
) => serving(createServer(createNodeListener(handler, onError)), work);

test('requests and answers are passed on unchanged', async () => {
  const handler: Handler = async (given) => {
    const { method, url, headers } = given;
    const body = Buffer.from(await given.arrayBuffer()).toString('hex');
    const answer = new Response(`${method} ${url} ${headers.get('x-two')} ${body}`, {
      status: 201,
      headers: { 'x-own': 'yes' },
    });
    answer.headers.append('set-cookie', 'a=1');
    answer.headers.append('set-cookie', 'b=2');
    return answer;
  };
  await listening(handler, async (url) => {
    const init = { method: 'POST', headers: { 'x-two': 'a, b' }, body: new Uint8Array([1, 2]) };
    const response = await fetch(`${url}/a//b?c=d`, init);
    expect(await response.text()).toBe('POST http://localhost/a//b?c=d a, b 0102');
    expect([response.status, response.headers.get('x-own')]).toEqual([201, 'yes']);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const got = await fetch(`${url}//evil.test/x`);
    expect(await got.text()).toBe('GET http://localhost/evil.test/x null ');
    expect(await (await fetch(url, { method: 'HEAD' })).text()).toBe('');
  });
});

test('whatever target a client requests, the host is ours, and the service reports no error', async () => {
  const errors: unknown[] = [];
  await listening(
    (given) => new Response(given.url),
    async (url) => {
      const { hostname, port } = new URL(url);
      const answerTo = (path: string, method = 'GET') =>
        new Promise<readonly [number, string]>((resolve, reject) => {
          const sent = request({ hostname, port, path, method });
          sent.once('error', reject);
          sent.once('response', async (response) => {
            let text = '';
            for await (const chunk of response) text += chunk;
            resolve([response.statusCode!, text]);
          });
          sent.end();
        });
      for (const [path, told] of [
        ['/\\evil.test/x', '/evil.test/x'],
        ['/\\/\\evil.test', '/evil.test'],
        ['/\\', '/'],
        ['/\\[', '/['],
        ['//', '/'],
        ['/a/\\b', '/a//b'],
        ['http://evil.test/x', '/*'],
      ] as const) {
        expect(await answerTo(path)).toEqual([200, `http://localhost${told}`]);
      }
      expect(await answerTo('/x', 'TRACE')).toEqual([501, '']);
      expect((await answerTo('/x', 'PROPFIND'))[0]).toBe(200);
    },
    (error) => errors.push(error),
  );
  expect(errors).toEqual([]);
});

test('over HTTP/2, the host is that of the request, too', async () => {
  const listener = createNodeListener(({ headers }) => new Response(headers.get('host')));
  // Its requests and responses lack a few members of those of HTTP/1, of which none is used.
  const server = createServer2(listener as never);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const session = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    for (const host of ['evil.test:8080', 'localhost']) {
      const asked = session.request({ ':path': '/', ':authority': host });
      let text = '';
      for await (const chunk of asked) text += chunk;
      expect(text).toBe(host);
    }
  } finally {
    session.destroy();
    server.close();
  }
});

test('uploads are checked by the scan handler', async () => {
  const uploads = scan({ blocklist, pool, onError: 'refuse' });
  await listening(uploads, async (url) => {
    for (const [body, status] of [
      [OTHER, 200],
      [LISTED, 451],
    ] as const) {
      const response = await fetch(url, { method: 'POST', body: body as Uint8Array<ArrayBuffer> });
      expect([response.status, await response.json()]).toMatchObject([status, {}]);
    }
  });
});

test('a large body is not read ahead of its reader', async () => {
  let read = 0;
  const begun = withResolvers<void>();
  const goOn = withResolvers<void>();
  const handler: Handler = async (given) => {
    const reader = given.body!.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      read += chunk.value.length;
      begun.resolve();
      await goOn.promise;
    }
    return new Response(String(read));
  };
  await listening(handler, async (url) => {
    const large = Buffer.alloc(2 ** 25, 1);
    const upload = request(url, { method: 'POST' });
    const answered = once(upload, 'response');
    let isSent = false;
    upload.end(large, () => {
      isSent = true;
    });
    await begun.promise;
    await setTimeout(100);
    expect([read <= 2 ** 16, isSent]).toEqual([true, false]);
    goOn.resolve();
    const [response] = await answered;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    expect(Number(Buffer.concat(chunks).toString())).toBe(large.length);
  });
});

test('a body that breaks off is an error to its reader, and the request aborts', async () => {
  const told = withResolvers<unknown[]>();
  const handler: Handler = async (given) => {
    const aborted = once(given.signal, 'abort');
    const error = await given.arrayBuffer().catch((reason: Error) => reason);
    await aborted;
    told.resolve([error instanceof Error, given.signal.aborted]);
    return new Response();
  };
  await listening(handler, async (url) => {
    await breakOff(url, `Content-Length: ${OTHER.length}`, OTHER);
    expect(await told.promise).toEqual([true, true]);
  });
});

test('an error of a handler is answered by 500, and goes to onError alone', async () => {
  const errors: unknown[] = [];
  const error = new Error('a secret');
  await listening(
    () => Promise.reject(error),
    async (url) => {
      const response = await fetch(url, { method: 'POST', body: 'x' });
      expect([response.status, await response.text()]).toEqual([500, '']);
    },
    (given) => errors.push(given),
  );
  expect(errors).toEqual([error]);
});

test('a clone of a request is complete', async () => {
  const handler: Handler = async (given) => {
    const { url, method, headers, signal } = new Request(given.clone());
    const body = await given.clone().text();
    return Response.json([url, method, headers.get('x-a'), signal.aborted, body]);
  };
  await listening(handler, async (url) => {
    for (const [method, body] of [['POST', 'b'] as const, ['GET', undefined] as const]) {
      const told = await fetch(`${url}/x?y`, {
        method,
        headers: { 'x-a': '1' },
        body: body ?? null,
      });
      expect(await told.json()).toEqual(['http://localhost/x?y', method, '1', false, body ?? '']);
    }
  });
});

test('an answer whose body fails ends the connection, and its error goes to onError alone', async () => {
  const errors: unknown[] = [];
  const error = new Error('a secret');
  const failing = (chunks: number) =>
    new ReadableStream({
      pull(controller) {
        if (chunks-- === 0) controller.error(error);
        else controller.enqueue(Buffer.from('begun'));
      },
    });
  await listening(
    ({ url }) => new Response(failing(url.endsWith('/at-once') ? 0 : 1)),
    async (url) => {
      for (const path of ['at-once', 'halfway']) {
        const client = new RawClient(url);
        client.socket.write(`GET /${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
        expect(await client.closed).not.toMatch(/secret|\r\n0\r\n/);
      }
    },
    (given) => errors.push(given),
  );
  expect(errors).toEqual([error, error]);
});

test('a client that keeps sending slowly after the answer is cut off; a quick one is not', async () => {
  const uploads = scan({ check: busy, onError: 'refuse' });
  await listening(uploads, async (url) => {
    const large = Buffer.alloc(2 ** 25, 1);
    const response = await fetch(url, { method: 'POST', body: large });
    expect([response.status, await response.text()]).toEqual([503, '{"verdict":"unhashable"}']);
    const client = new RawClient(url);
    client.socket.write('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 30000000\r\n\r\nx');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 503 /);
  });
});

test('a handler that reads on after the answer gets the whole body', async () => {
  const read = withResolvers<number>();
  const handler: Handler = (given) => {
    const whole = given.arrayBuffer();
    setTimeout(50).then(async () => read.resolve((await whole).byteLength));
    return new Response('soon');
  };
  await listening(handler, async (url) => {
    const upload = request(url, { method: 'POST', headers: { 'content-length': 2 ** 23 } });
    upload.write(Buffer.alloc(2 ** 22));
    const [response] = await once(upload, 'response');
    response.resume();
    upload.end(Buffer.alloc(2 ** 22));
    expect(await read.promise).toBe(2 ** 23);
  });
});

test('an unwanted body is released, also when it ends after that', async () => {
  const handler: Handler = async (given) => {
    await given.body!.cancel();
    return new Response('no');
  };
  await listening(handler, async (url) => {
    for (let time = 0; time < 3; time++) {
      const response = await fetch(url, { method: 'POST', body: Buffer.alloc(2 ** 20) });
      expect(await response.text()).toBe('no');
    }
  });
});
