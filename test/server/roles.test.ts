import { afterAll, expect, test } from 'vitest';
import { mayDo } from '../../src/server/http/access.js';
import { ROLES } from '../../src/server/http/route.js';
import { followedStore, wholeService } from './hma/hma-served.js';
import { TOKENS, type TokenRole } from './served.js';

/* Who may call which route: the whole table, by the words of the document and by asking. */

const followed = await followedStore();
afterAll(() => followed.store.close());

/** `session`: a token in a header is not enough. */
const WHO: Readonly<Record<string, readonly string[]>> = {
  public: [
    ...[
      'GET /health/live',
      'GET /health/ready',
      'GET /',
      'GET /openapi.json',
      'GET /openapi/openapi.json',
    ],
    ...['GET /site-map', 'GET /status', 'GET /status/live'],
    ...['GET /review/sign-in', 'POST /review/sign-in', 'POST /v1/decisions'],
    ...['POST /v1/cases', 'GET /v1/cases/{number}', 'POST /v1/cases/{number}/withdraw'],
    ...['OPTIONS /v1/cases', 'OPTIONS /v1/cases/{number}', 'OPTIONS /v1/cases/{number}/withdraw'],
  ],
  match: [
    ...['GET /metrics', 'GET /v1/status', 'POST /v1/match', 'POST /v1/scan'],
    ...['GET /h/hash', 'POST /h/hash', 'GET /m/lookup', 'POST /m/lookup', 'GET /m/raw_lookup'],
    ...['POST /m/compare', 'GET /m/index/status', 'PUT /v1/match', 'PUT /v1/scan'],
    ...['PUT /h/hash', 'PUT /m/lookup'],
  ],
  curate: [
    ...['GET /c/banks', 'POST /c/banks', 'GET /c/bank/{name}', 'PUT /c/bank/{name}'],
    ...['DELETE /c/bank/{name}', 'POST /c/bank/{name}/signal', 'POST /c/bank/{name}/content'],
    ...['GET /c/bank/{name}/content/{id}', 'PUT /c/bank/{name}/content/{id}'],
    ...['DELETE /c/bank/{name}/content/{id}', 'GET /c/exchanges', 'POST /c/exchanges'],
    ...['GET /c/exchanges/apis', 'GET /c/exchanges/api/{api}', 'POST /c/exchanges/api/{api}'],
    ...['GET /c/exchanges/api/{api}/schema', 'GET /c/exchange/{name}', 'PUT /c/exchange/{name}'],
    ...['DELETE /c/exchange/{name}', 'GET /c/exchange/{name}/status'],
    ...['POST /c/exchange/{name}/credentials', 'GET /c/signal_type', 'GET /c/content_type'],
    ...['GET /c/signal_type/index', 'POST /v1/lists/{name}/confirm'],
    ...['POST /v1/changes', 'GET /v1/lists', 'POST /v1/lists/{name}/fetch'],
  ],
  admin: ['GET /v1/entries', 'POST /v1/reviews', 'POST /v1/reviews/erase'],
  feed: ['GET /stopncii/v1/FetchHashes', 'POST /stopncii/v1/SubmitFeedback'],
  session: [
    ...['GET /review', 'GET /review/item', 'POST /review/item', 'GET /review/lists'],
    ...['GET /desk', 'GET /desk/case', 'POST /desk/case', 'GET /desk/receipt'],
    'POST /review/sign-out',
  ],
};

const { handler } = wholeService(followed);
const ask = (route: string, role?: TokenRole, headers: Record<string, string> = {}) => {
  const [method, path] = route.replaceAll(/\{\w+\}/g, '1').split(' ') as [string, string];
  const authorization: Record<string, string> = role
    ? { authorization: `Bearer ${TOKENS[role]}`, 'ocp-apim-subscription-key': TOKENS[role] }
    : {};
  return handler(
    new Request(`http://localhost${path}`, { method, headers: { ...authorization, ...headers } }),
    { address: '127.0.0.1' },
  );
};
const all = Object.values(WHO).flat();

test('the document has these routes and no others, each with its input', async () => {
  const document = (await (await ask('GET /openapi.json')).json()) as {
    paths: Record<string, Record<string, { security: object[]; description: string }>>;
  };
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  expect(told.map(({ route }) => route).sort()).toEqual([...all].sort());
  for (const { route, operation } of told) {
    const who = Object.keys(WHO).find((one) => WHO[one]!.includes(route))!;
    const scheme = who === 'session' ? 'session' : who === 'feed' ? 'key' : 'token';
    const security = who === 'public' ? [] : [{ [scheme]: [] }];
    expect([route, operation.security]).toEqual([route, security]);
  }
});

test.each(all)('%s is answered only for its roles', async (route) => {
  const who = Object.keys(WHO).find((one) => WHO[one]!.includes(route))!;
  for (const role of [undefined, ...ROLES]) {
    const response = await ask(route, role);
    const { status } = response;
    if (who === 'session') {
      expect([status, response.headers.get('location')]).toEqual([303, '/review/sign-in']);
    } else if (who === 'public') {
      // What is no route of ours asks for a proof of its own.
      const isOwn = route !== 'POST /v1/decisions';
      if (route.includes('/v1/cases')) expect([204, 400, 422]).toContain(status);
      else if (isOwn && route !== 'POST /review/sign-in') expect(status).toBe(200);
      else expect(status).not.toBe(200);
    } else if (role === undefined) {
      expect(status).toBe(401);
      if (who !== 'feed') expect(response.headers.get('www-authenticate')).toBe('Bearer');
    } else if (!mayDo(role, who as TokenRole)) {
      expect(status).toBe(403);
    } else {
      expect([401, 403, 405, 429, 500]).not.toContain(status);
    }
    await response.body?.cancel();
  }
  // As GET is, so is HEAD.
  if (route.startsWith('GET') && who !== 'public' && who !== 'session') {
    expect((await ask(route.replace('GET', 'HEAD'))).status).toBe(401);
  }
  for (const method of ['OPTIONS', 'PATCH']) {
    if (method === 'OPTIONS' && route.includes('/v1/cases')) continue;
    expect((await ask(route.replace(/^\w+/, method), 'admin')).status).toBe(405);
  }
});

test('a route does not reveal its parameters before the caller is known', async () => {
  for (const route of [...WHO.match!, ...WHO.curate!, ...WHO.admin!]) {
    const [method, path] = route.replaceAll(/\{\w+\}/g, '1').split(' ') as [string, string];
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{"' };
    const headers = { 'content-type': 'application/json' };
    const request = new Request(`http://localhost${path}?limit=x`, { method, headers, ...body });
    expect([route, (await handler(request)).status]).toEqual([route, 401]);
  }
});
