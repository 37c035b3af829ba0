import { createServer, type RequestListener } from 'node:http';
import express from 'express';
import fc from 'fast-check';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { createNodeListener } from '../../src/server/http/node-listener.js';
import type { Route } from '../../src/server/http/route.js';
import type { LogRecord } from '../../src/server/http/router.js';
import { serviceWith } from '../../src/server/service.js';
import { RawClient } from '../cli/serve/serving-program.js';
import { runs } from '../seed.js';
import { blocklist, pool, serving } from './uploads/uploads.js';

/** The status for a path as it is: clients would make it plain. */
async function statusOf(url: string, path: string): Promise<number> {
  const client = new RawClient(url);
  client.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(await client.closed)?.[1]);
}

const asked: string[] = [];
const routes: readonly Route[] = ['/metrics/own', '/own/{name}', '/own/{name}/more'].map(
  (path) => ({
    ...{ method: 'GET', path, role: 'admin', about: 'Tells its path.', replies: {} },
    answer: ({ params }) => {
      asked.push(params.name ?? path);
      return new Response(params.name);
    },
  }),
);

function service() {
  const logs: LogRecord[] = [];
  const onLog = (record: LogRecord) => void logs.push(record);
  const { handler } = serviceWith(routes, { blocklist, pool, onLog });
  return { handler, logs };
}

const NOT_PLAIN = [
  ...['//metrics', '///metrics', '/\\metrics', '\\metrics', '/v1\\..\\metrics', '/%2fmetrics'],
  ...['/v1/../metrics', '/./metrics', '/metrics/.', '/metrics/own/../', '/..'],
  ...['/v1/%2e%2e/metrics', '/v1/.%2E/metrics', '/%2e/metrics', '/v1/..%2fmetrics'],
  ...['/v1%2f..%2fmetrics', '/own/..%2f..%2fmetrics', '/own/a%5c..%5cmetrics', '/own/..'],
  ...['/metrics#', '/metrics#/../a', '/metrics;a=b', '/v1;/metrics', '/own/a;b'],
  '/v1/../metrics?a=/b',
  // A name is text, and not empty.
  ...['/own/%00', '/own/%0a', '/own/%7f', '/own/%ff', '/own/%', '/own/', '/own//more'],
];

test.each(NOT_PLAIN)('%s is refused by 400, before it is routed', async (path) => {
  const { handler, logs } = service();
  // Also where the handler is called by another, which gets a `Request` that is made plain.
  const wrapped = (request: Request, client: { readonly address: string }) =>
    handler(request, client);
  for (const each of [handler, wrapped]) {
    await serving(createServer(createNodeListener(each)), async (url) => {
      // What begins with another character Node refuses, or it is no path.
      expect([400, ...(path.startsWith('/') ? [] : [404])]).toContain(await statusOf(url, path));
    });
  }
  expect(logs.filter(({ route }) => route !== undefined)).toEqual([]);
  expect(asked).toEqual([]);
});

test('plain paths are passed on, also with encoded characters', async () => {
  const { handler } = service();
  await serving(createServer(createNodeListener(handler)), async (url) => {
    for (const path of ['/metrics', '/metrics?a=//b/../c;d#', '/metrics/own', '/own/a%2Fb%5Cc']) {
      expect(await statusOf(url, path), path).toBe(200);
    }
    expect(await statusOf(url, 'http://other.test/metrics')).toBe(404);
    const names = ['..a', 'a..', '.a', '...', 'a%3Bb', '%252e%252e', 'a%20b'];
    for (const name of names) expect(await statusOf(url, `/own/${name}`), name).toBe(200);
    const told = ['/metrics/own', 'a/b\\c', '..a', 'a..', '.a', '...', 'a;b', '%2e%2e', 'a b'];
    expect(asked.splice(0)).toEqual(told);
  });
});

test('every path is routed by its own characters', async () => {
  const { handler } = service();
  const part = fc.constantFrom(...'/./..;\\%2e%2f%5c#?'.split(''), '%2e', '%2F', '%5c', 'metrics');
  const paths = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
  await serving(createServer(createNodeListener(handler)), async (url) => {
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const status = await statusOf(url, path);
        if (['/', '/metrics'].includes(path.split('?')[0]!)) expect(status).toBe(200);
        else expect([400, 404]).toContain(status);
      }),
      { numRuns: runs(200) },
    );
  });
});

/** Lets nobody ask for `/metrics`, by the path as a framework sees it. */
const isDenied = (path: string) => path === '/metrics' || path.startsWith('/metrics/');

test.each<[string, (listener: RequestListener) => Promise<RequestListener>]>([
  [
    'Express',
    async (listener) => {
      const app = express();
      app.use('/mounted', (request, response, next) => {
        if (isDenied(request.path)) response.status(403).end();
        else next();
      });
      app.use('/mounted', listener);
      return app;
    },
  ],
  [
    'Fastify',
    async (listener) => {
      const app = fastify({ rewriteUrl: ({ url }) => url!.replace(/^\/mounted/, '') || '/' });
      app.all('/metrics', (_, reply) => reply.code(403).send());
      app.all('/*', (request, reply) => {
        reply.hijack();
        listener(request.raw, reply.raw);
      });
      await app.ready();
      return (request, response) => app.routing(request, response);
    },
  ],
])('mounted in %s, no route is reached past its rules', async (_, mount) => {
  const { handler } = service();
  const listener = await mount(createNodeListener(handler));
  await serving(createServer(listener), async (url) => {
    expect(await statusOf(url, '/mounted/metrics')).toBe(403);
    expect(await statusOf(url, '/mounted/own/a%2Fb?c=d')).toBe(200);
    expect(await statusOf(url, '/mounted/health/live')).toBe(200);
    for (const path of NOT_PLAIN.filter((one) => one.startsWith('/'))) {
      expect([400, 403, 404], path).toContain(await statusOf(url, `/mounted${path}`));
    }
    expect(asked.splice(0)).toEqual(['a/b']);
  });
});
