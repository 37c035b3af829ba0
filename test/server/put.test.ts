import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Route } from '../../src/server/http/route.js';
import { RawClient } from '../cli/serve/serving-program.js';
import { testFolder } from '../folder.js';
import { as, served, TOKENS } from './served.js';
import { formOf, LISTED, NO_PICTURE, OTHER } from './uploads/uploads.js';

const folder = testFolder();
const BEARER = `authorization: Bearer ${TOKENS.match}`;
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** In place of the pages, which need a store. */
const REVIEW: Route = {
  ...{ path: '/review', role: 'public', about: 'A page.', replies: {} },
  method: 'GET',
  answer: () => new Response(),
};

/** The status and the body of a file that curl uploads. */
async function curled(url: string, bytes: Uint8Array, ...options: string[]) {
  const file = join(folder, 'upload.jpg');
  writeFileSync(file, bytes);
  const words = ['-sS', '-T', file, '-H', BEARER, '-w', '\n%{http_code}', ...options, url];
  const { stdout } = await promisify(execFile)('curl', words);
  const [text, status] = stdout.split(/\n(?=\d+$)/) as [string, string];
  return { status: Number(status), reply: JSON.parse(text) };
}

const ROUTES = ['/v1/match', '/v1/scan', '/h/hash', '/m/lookup'];
const SERVING = { scan: { onError: 'refuse' }, hma: {} } as const;

test.skipIf(!hasCurl)(
  'curl -T uploads a picture to every route that takes one (needs curl)',
  async () => {
    await served(async ({ url, errors }) => {
      for (const options of [
        [],
        ['-H', 'Expect: 100-continue'],
        ['-H', 'Content-Type: image/jpeg'],
      ]) {
        const match = await curled(`${url}/v1/match`, LISTED, ...options);
        expect(match).toMatchObject({ status: 200, reply: { decision: { verdict: 'match' } } });
        const scan = await curled(`${url}/v1/scan`, LISTED, ...options);
        expect(scan).toEqual({ status: 451, reply: { verdict: 'match' } });
      }
      const none = await curled(`${url}/v1/match`, OTHER);
      expect(none.reply.decision.verdict).toBe('none');
      expect((await curled(`${url}/v1/scan`, OTHER)).status).toBe(200);
      expect((await curled(`${url}/v1/match`, NO_PICTURE)).reply.decision.reason).toBe(
        'not-a-picture',
      );
      // Over 1 MB, curl itself asks first. What follows the picture is ignored.
      const large = Buffer.concat([LISTED, Buffer.alloc(3 * 2 ** 20)]);
      expect((await curled(`${url}/v1/match`, large)).reply.decision.verdict).toBe('match');
      const form = await fetch(
        `${url}/h/hash`,
        as('match', { method: 'POST', body: formOf(LISTED) }),
      );
      expect(await curled(`${url}/h/hash`, LISTED)).toEqual({
        status: 200,
        reply: await form.json(),
      });
      const banks = await curled(`${url}/m/lookup`, LISTED);
      expect(banks).toMatchObject({ status: 200, reply: { pdq: expect.anything() } });
      expect(errors).toEqual([]);
    }, SERVING);
  },
);

test('PUT takes what POST takes, and only without a type a body is a file', async () => {
  await served(async ({ url, errors }) => {
    const statusOf = async (path: string, init: RequestInit) =>
      (await fetch(`${url}${path}`, as('match', { method: 'PUT', ...init }))).status;
    const json = { headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ hash: 'ab'.repeat(32), algorithm: 'pdq' });
    expect(await statusOf('/v1/match', { ...json, body })).toBe(200);
    expect(await statusOf('/v1/match', { ...json, body: '{' })).toBe(400);
    expect(await statusOf('/v1/match', { body: new TextEncoder().encode(body) })).toBe(415);
    expect(await statusOf('/v1/match', { body: formOf(LISTED) })).toBe(200);
    expect(await statusOf('/h/hash', { body: formOf(LISTED) })).toBe(200);
    expect(await statusOf('/h/hash', { body: new Uint8Array(NO_PICTURE) })).toBe(415);
    expect(await statusOf('/h/hash', {})).toBe(400);
    expect(errors).toEqual([]);
  }, SERVING);
});

test('a client that waits for 100 Continue gets it, and the answer to its PUT', async () => {
  await served(async ({ url }) => {
    const client = new RawClient(url);
    client.socket.write(
      `PUT /v1/match HTTP/1.1\r\nHost: localhost\r\n${BEARER}\r\nConnection: close\r\n` +
        `Content-Length: ${LISTED.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await expect.poll(() => client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write(LISTED);
    expect(await client.closed).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n.*"verdict":"match"/s);
  }, SERVING);
});

test('the other methods, Allow and the document know of PUT on these routes', async () => {
  await served(async ({ url }) => {
    for (const path of ['/v1/match', '/v1/scan']) {
      const { status, headers } = await fetch(`${url}${path}`, as('match'));
      expect([status, headers.get('allow')]).toEqual([405, 'POST, PUT']);
    }
    const wrong = await fetch(`${url}/h/hash`, as('match', { method: 'DELETE' }));
    expect(wrong.headers.get('allow')).toBe('GET, POST, PUT, HEAD');
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { requestBody?: { content: object } }>>;
    };
    for (const path of ROUTES) {
      const types = Object.keys(paths[path]!.put!.requestBody!.content);
      expect(types, path).toEqual(expect.arrayContaining(['image/*', 'application/octet-stream']));
    }
    expect(paths['/m/compare']!.put).toBeUndefined();
  }, SERVING);
});

test('/ points to the document and the pages there are, for GET and HEAD alone', async () => {
  await served(
    async ({ url, logs }) => {
      const start = await fetch(`${url}/`);
      expect(start.status).toBe(200);
      expect(start.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const html = await start.text();
      const links = [...html.matchAll(/href="(.*?)"/g)].map(([, link]) => link!);
      expect(links).toEqual(['review', 'openapi.json']);
      const linked = await fetch(new URL(links.at(-1)!, `${url}/`));
      const { paths } = (await linked.json()) as { paths: Record<string, object> };
      expect(paths['/']).toHaveProperty('get');
      const head = await fetch(`${url}/`, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      const post = await fetch(`${url}/`, { method: 'POST', body: 'a' });
      expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
      expect(logs.map(({ route }) => route)).toContain('/');
    },
    { routes: [REVIEW] },
  );
  await served(async ({ url }) => {
    expect(await (await fetch(`${url}/`)).text()).not.toContain('review');
    // A proxy's whole address is another path, and is not answered as this one.
    const client = new RawClient(url);
    client.socket.write('GET http://a.test/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.closed).toMatch(/^HTTP\/1\.1 404 /);
  });
});
