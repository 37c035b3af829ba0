import { request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { Refusal, type Route } from '../../../src/server/http/route.js';
import { serviceWith } from '../../../src/server/service.js';
import { as, posted, type Served, served, TOKENS } from '../served.js';
import { blocklist, pool } from '../uploads/uploads.js';

const echo: Route = {
  method: 'POST',
  path: '/x/{name}/y',
  role: 'curate',
  about: 'Says what came.',
  query: {
    count: { type: 'integer', minimum: 1, maximum: 9 },
    flag: { type: 'boolean' },
    word: { type: 'string', required: true },
  },
  body: {
    type: 'object',
    required: ['a'],
    additionalProperties: false,
    properties: { a: { type: 'array', maxItems: 2, items: { enum: ['b', 'c'] } } },
  },
  replies: { 200: { type: 'object' } },
  answer: ({ params, query, caller, note }, body) => {
    note({ verdict: 'none' });
    return Response.json({ params, query, body, caller });
  },
};
const routes: Route[] = [
  echo,
  {
    method: 'GET',
    path: '/x/fixed/y',
    role: 'public',
    about: 'A path without names.',
    replies: { 200: undefined },
    answer: () => new Response('fixed'),
  },
  {
    method: 'GET',
    path: '/throws/{what}',
    role: 'public',
    about: 'Throws.',
    replies: {},
    error: (status, message) => ({ message: `${status} ${message}` }),
    answer: ({ params }) => {
      if (params.what === 'refusal') throw new Refusal('conflict', 'expected another');
      throw new Error('a secret');
    },
  },
];

const routed = (work: (served: Served) => Promise<void>) => served(work, { routes });

test('a route gets its parameters, its query and its body as its schemas state', async () => {
  await routed(async ({ url, logs }) => {
    const path = '/x/caf%C3%A9%2F..%3F/y?count=3&flag=true&word=17&other=1';
    const response = await fetch(`${url}${path}`, posted({ a: ['b'] }));
    expect(await response.json()).toEqual({
      params: { name: 'café/..?' },
      query: { count: 3, flag: true, word: '17' },
      body: { a: ['b'] },
      caller: { name: 'the curate', role: 'curate' },
    });
    expect(logs).toEqual([
      {
        id: response.headers.get('x-request-id'),
        time: '2026-01-01T00:00:00.000Z',
        ...{ caller: 'the curate', method: 'POST', route: '/x/{name}/y', status: 200 },
        milliseconds: expect.any(Number),
        facts: { verdict: 'none' },
      },
    ]);
    expect(await (await fetch(`${url}/x/fixed/y`)).text()).toBe('fixed');
  });
});

test.each([
  ['?word=a&count=0', '{"a":[]}', 400, 'expected query.count to be at least 1'],
  ['?word=a&count=1e1', '{"a":[]}', 400, 'expected query.count to be an integer'],
  ['?word=a&count=1.5', '{"a":[]}', 400, 'expected query.count to be an integer'],
  ['?word=a&flag=1', '{"a":[]}', 400, 'expected query.flag to be a boolean'],
  ['?word=a&word=b', '{"a":[]}', 400, 'expected query.word once'],
  ['?count=1', '{"a":[]}', 400, 'expected query.word'],
  ['?word=a', '{"a":["b","c","b"]}', 400, 'expected body.a to have at most 2 items'],
  ['?word=a', '{"a":["b","secret"]}', 400, 'expected body.a[1] to be b or c'],
  ['?word=a', '{"a":[],"__proto__":{}}', 400, 'expected body to have no other members'],
  ['?word=a', '[]', 400, 'expected body to be an object'],
  ['?word=a', '{}', 400, 'expected body.a'],
  ['?word=a', '{"a":', 400, 'expected a body of JSON'],
  ['?word=a', '', 400, 'expected a body of JSON'],
  ['?word=a', '['.repeat(500_000), 400, 'expected a body of JSON'],
  ['?word=a', `"${'x'.repeat(2 ** 20)}"`, 413, 'expected a body of at most 1048576 bytes'],
])(
  'a wrong query or body is reported without its value: %s %.20s',
  async (query, body, status, message) => {
    await routed(async ({ url, errors }) => {
      const response = await fetch(`${url}/x/a/y${query}`, posted(body));
      const { code, message: told } = (await response.json()) as { code: string; message: string };
      expect([response.status, told]).toEqual([status, message]);
      expect(code).toBe(status === 400 ? 'bad-request' : 'too-many-bytes');
      expect(errors).toEqual([]);
    });
  },
);

test('a body in pieces without a length has the same limit', async () => {
  await routed(async ({ url }) => {
    const upload = httpRequest(`${url}/x/a/y?word=a`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKENS.curate}`, 'content-type': 'application/json' },
    });
    const status = new Promise((resolve, reject) => {
      upload.once('response', ({ statusCode }) => resolve(statusCode));
      upload.once('error', reject);
    });
    for (let i = 0; i < 40; i++) upload.write(Buffer.alloc(2 ** 15, 32));
    expect(await status).toBe(413);
    upload.destroy();
  });
});

test('a body that is not UTF-8, or of another type, is refused', async () => {
  await routed(async ({ url }) => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const wrong = await fetch(`${url}/x/a/y?word=a`, { ...posted(''), body });
    expect(wrong.status).toBe(400);
    const init = as('curate', { method: 'POST', body: '{}' });
    const plain = await fetch(`${url}/x/a/y?word=a`, init);
    expect(plain.status).toBe(415);
  });
});

test('wrong methods and paths are reported, and HEAD has no body', async () => {
  await routed(async ({ url, logs }) => {
    const wrong = await fetch(`${url}/x/a/y`, as('curate', { method: 'DELETE' }));
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    const fixed = await fetch(`${url}/x/fixed/y`, { method: 'PUT', body: 'x' });
    expect([fixed.status, fixed.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${url}/x/fixed/y`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    for (const path of ['/x', '/x/a', '/x/a/y/', '/x//y/z', '/X/fixed/y', '/x/a/y/b']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
    expect(logs.at(-1)).toMatchObject({ status: 404, refusal: 'not-found', method: 'GET' });
    expect(logs.at(-1)).not.toHaveProperty('route');
  });
});

test('errors of a route are written in its dialect, and defects are not disclosed', async () => {
  await routed(async ({ url, errors, logs }) => {
    const refusal = await fetch(`${url}/throws/refusal`);
    expect(refusal.status).toBe(409);
    expect(await refusal.json()).toEqual({ message: '409 expected another' });
    expect(errors).toEqual([]);
    const defect = await fetch(`${url}/throws/error`);
    expect(defect.status).toBe(500);
    expect(await defect.json()).toEqual({ message: '500 the service failed' });
    expect(errors).toEqual([new Error('a secret')]);
    expect(JSON.stringify(logs)).not.toContain('secret');
    const wrong = await fetch(`${url}/throws/error`, { method: 'POST' });
    expect(await wrong.json()).toEqual({ message: '405 expected GET or HEAD' });
  });
});

test('two routes that are the same are refused at the start', () => {
  expect(() => serviceWith([echo, echo], { blocklist, pool })).toThrow(TypeError);
  const other = { ...echo, path: '/x/{other}/y', method: 'PUT' } as const;
  expect(() => serviceWith([echo, other], { blocklist, pool })).toThrow(TypeError);
  const unknown = { ...echo, body: { type: 'object', uniqueItems: true } };
  expect(() => serviceWith([unknown], { blocklist, pool })).toThrow(TypeError);
});
