import { createHash } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { followedStore, pictureForm, wholeService } from '../hma/hma-served.js';
import { TOKENS } from '../served.js';
import { HALF, LISTED, NO_PICTURE, OTHER } from '../uploads/uploads.js';

/* What the document says of replies is what comes: statuses, types and bodies. */

const followed = await followedStore();
const { store, follower } = followed;
afterAll(() => store.close());
const errors: unknown[] = [];
const { handler } = wholeService(followed, { onError: (error) => errors.push(error) });
const document = (await (await handler(new Request('http://localhost/openapi.json'))).json()) as {
  paths: Record<string, Record<string, Operation>>;
};

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** With its members by name, so that their order is no difference. */
const inOrder = (_: string, value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

const digestOf = (value: unknown) =>
  createHash('sha256').update(JSON.stringify(value, inOrder)).digest('hex').slice(0, 16);

/*
 * Clients are made from the document: it changes with the service, never by itself. Where a change
 * is meant, `npx vitest run test/server/http/openapi.test.ts -u` records it, and its commit says why.
 */
test('each operation of the document is the one on record', async () => {
  const { paths, ...rest } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
  );
  const digests = [...operations, ['document', rest] as const]
    .map(([name, part]) => `${digestOf(part)} ${name}`)
    .sort((a, b) => (a.slice(17) < b.slice(17) ? -1 : 1));
  await expect(`${digests.join('\n')}\n`).toMatchFileSnapshot('../../../fixtures/openapi.txt');
});

test('a validator of OpenAPI accepts it, and rejects it without its title', async () => {
  const { errors = [], valid } = await new Validator().validate({ ...document });
  expect([errors, valid]).toEqual([[], true]);
  expect((await new Validator().validate({ ...document, info: {} })).valid).toBe(false);
});

const ajv = new Ajv2020({ strict: false });
/** Replies that the document has, and that did not come. */
const seen = new Set<string>();

/** Asks, and holds the reply against the document. @returns its JSON */
async function ask(route: string, query = '', body?: unknown, path = route) {
  const [method, template] = route.split(' ') as [string, string];
  const isForm = body instanceof FormData;
  const isBytes = body instanceof Uint8Array;
  const text = body === undefined || isForm || isBytes ? body : JSON.stringify(body);
  const request = new Request(`http://localhost${path.replace(/^\w+ /, '')}${query}`, {
    method,
    ...(text !== undefined && { body: text as never }),
    headers: {
      authorization: `Bearer ${TOKENS.admin}`,
      ...(isBytes && { 'content-type': 'image/jpeg' }),
      ...(typeof text === 'string' && { 'content-type': 'application/json' }),
    },
  });
  const response = await handler(request);
  const { status } = response;
  const told = document.paths[template]![method.toLowerCase()]!.responses[status];
  expect(told, `${route} answers ${status}`).toBeDefined();
  seen.add(`${route} ${status}`);
  const type = response.headers.get('content-type')?.split(';')[0];
  if (!told!.content) {
    expect(type, route).not.toBe('application/json');
    return undefined;
  }
  expect(type, route).toBe('application/json');
  const json: unknown = await response.json();
  const isRight = ajv.compile(told!.content['application/json']!.schema);
  expect(isRight(json), `${route} ${status}: ${JSON.stringify([isRight.errors, json])}`).toBe(true);
  return json as Record<string, never>;
}

test('each reply of a day fits the document', async () => {
  const { hash } = await hashFile(LISTED);
  const hex = hashToHex(hash);
  const bank = (method: string, rest = '') => [
    `${method} /c/bank/{name}${rest}`,
    `${method} /c/bank/MINE${rest}`,
  ];
  const at = async (method: string, rest: string, query = '', body?: unknown, id?: unknown) => {
    const [route, path] = bank(method, rest) as [string, string];
    return await ask(route, query, body, path.replace('{id}', String(id)));
  };
  for (const path of [
    ...['/health/live', '/health/ready', '/metrics', '/openapi.json', '/v1/status', '/status'],
    ...['/status/live', '/openapi/openapi.json', '/site-map', '/m/index/status', '/c/signal_type'],
    ...['/c/content_type', '/c/signal_type/index', '/c/banks', '/c/exchanges'],
    '/c/exchanges/apis',
  ]) {
    await ask(`GET ${path}`);
  }
  for (const body of [
    { name: 'MINE', enabled_ratio: '1' },
    { name: 'MINE' },
    { name: 'mine' },
    [],
  ]) {
    await ask('POST /c/banks', '', body);
  }
  await at('GET', '');
  await at('PUT', '', '', { enabled_ratio: 1 });
  await at('PUT', '', '', { enabled_ratio: 0.5 });
  await at('PUT', '', '', { name: 'mine' });
  await ask('GET /c/bank/{name}');
  await ask('PUT /c/bank/{name}', '', {});
  const added = await at('POST', '/signal', '', { pdq: hex, note: 'why' });
  for (const body of [{}, { pdq: 'x' }, { pdq: '0'.repeat(64) }, { md5: 'x' }]) {
    await at('POST', '/signal', '', body);
  }
  await ask('POST /c/bank/{name}/signal', '', { pdq: hex });
  const { id } = added as never;
  await at('GET', '/content/{id}', '?include_signals=true', undefined, id);
  for (const until of [0, 1, 2_000_000_000, -1]) {
    await at('PUT', '/content/{id}', '', { disable_until_ts: until }, id);
  }
  await at('PUT', '/content/{id}', '', { disable_until_ts: 1 }, id);
  for (const method of ['GET', 'DELETE']) await at(method, '/content/{id}', '', undefined, 'x');
  await at('PUT', '/content/{id}', '', {}, 'x');
  await follower.reached(await store.revision());

  for (const query of [
    `?signal_type=pdq&signal=${hex}`,
    '',
    '?signal_type=md5&signal=x',
    '?url=x',
  ]) {
    await ask('GET /m/lookup', query);
  }
  const signal = `?signal_type=pdq&signal=${hex}`;
  for (const query of [
    signal,
    `${signal}&include_distance=true`,
    '?signal_type=pdq',
    `${signal}0`,
  ]) {
    await ask('GET /m/raw_lookup', query);
  }
  for (const body of [
    { pdq: [hex, hex] },
    { pdq: [hex] },
    { pdq: ['x', 'y'] },
    { md5: ['', ''] },
  ]) {
    await ask('POST /m/compare', '', body);
  }
  await ask('GET /m/index/status', '?signal_type=md5');
  await ask('GET /h/hash');
  await ask('GET /h/hash', '?url=http://a.test');
  for (const bytes of [LISTED, OTHER, HALF, NO_PICTURE, new Uint8Array()]) {
    const form = pictureForm('photo', bytes);
    for (const route of ['POST /h/hash', 'POST /m/lookup']) await ask(route, '', form);
    await at('POST', '/content', '', form);
    await ask('POST /v1/match', '', bytes);
    await ask('POST /v1/match', '', form);
    await ask('POST /v1/scan', '', bytes);
  }
  for (const route of ['POST /h/hash', 'POST /m/lookup', 'POST /v1/match', 'POST /v1/scan']) {
    await ask(route, '?types=md5&item=x', pictureForm('video', LISTED));
    await ask(route, '', {});
  }
  await at('POST', '/content', '?url=http://a.test');
  await at('POST', '/content', '', {});
  await ask('POST /v1/lists/{name}/confirm');
  await ask('POST /v1/match', '', { algorithm: 'pdq', hash: hex });
  await ask('POST /v1/match', '?limit=x', { algorithm: 'pdq', hash: hex });

  const exchange = { bank: 'THEIRS', api: 'stop_ncii' };
  const credential = { fetch_function_key: 'a', subscription_key: 'b' };
  for (const body of [exchange, exchange, { ...exchange, api: 'x' }, {}]) {
    await ask('POST /c/exchanges', '', body);
  }
  const theirs = (method: string, rest: string, body?: unknown) =>
    ask(`${method} /c/exchange/{name}${rest}`, '', body, `${method} /c/exchange/THEIRS${rest}`);
  await theirs('GET', '');
  await theirs('GET', '/status');
  await theirs('PUT', '', { enabled: false });
  await theirs('PUT', '', { enabled: 1 });
  await theirs('POST', '/credentials', { credential_json: credential });
  await theirs('POST', '/credentials', {});
  const api = (method: string, name: string, rest: string, body?: unknown) =>
    ask(
      `${method} /c/exchanges/api/{api}${rest}`,
      '',
      body,
      `${method} /c/exchanges/api/${name}${rest}`,
    );
  for (const name of ['stop_ncii', 'ncmec', 'x']) {
    await api('GET', name, '');
    await api('GET', name, '/schema');
    await api('POST', name, '', { credential_json: null });
  }
  await api('POST', 'ncmec', '', { credential_json: { user: 'a', password: 'b' } });
  await theirs('DELETE', '');
  for (const rest of ['', '/status']) await theirs('GET', rest);
  await theirs('PUT', '', {});
  await theirs('POST', '/credentials', { credential_json: credential });
  await theirs('DELETE', '');
  await at('DELETE', '/content/{id}', '', undefined, id);
  await at('DELETE', '');
  expect(errors).toEqual([]);
  expect(seen.size).toBeGreaterThan(80);
});
