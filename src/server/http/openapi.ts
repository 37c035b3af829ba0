import { SESSION_COOKIE } from '../review/session.js';
import type { Schema } from './json-schema.js';
import { TextReply } from './reply.js';
import type { Route } from './route.js';

/** The document's metadata of the service. */
export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

type Json = { readonly [name: string]: unknown };

/** Statuses that every route with a caller may answer. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: 'no token, or an unknown one',
  403: "the caller's role may not do this",
  429: 'too many requests per second, or answers per day; `Retry-After` says when to retry',
};

/**
 * The OpenAPI 3.1 document of routes, built from the schemas that check requests.
 * @returns a plain object for JSON, whose schemas are those of the routes
 */
export function openApiOf(routes: readonly Route[], info: OpenApiInfo): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info,
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        basic: { type: 'http', scheme: 'basic' },
        key: { type: 'apiKey', in: 'header', name: 'Ocp-Apim-Subscription-Key' },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const { method, path, role, about, query = {}, body, media = [], replies } = route;
  const { tokenHashOf, scheme = tokenHashOf ? 'session' : 'token' } = route;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      ...{ name, in: 'path', required: true, schema: { type: 'string' } },
    })),
    ...Object.entries(query).map(([name, { required = false, description, ...schema }]) => ({
      ...{ name, in: 'query', required, schema },
      ...(description !== undefined && { description }),
    })),
  ];
  const content = Object.fromEntries<Json>([
    ...(body ? [['application/json', { schema: body }] as const] : []),
    ...media.map((type) => [type, {}] as const),
  ]);
  return {
    operationId: operationIdOf(method, path),
    summary: about,
    description: needsOf(role),
    security: role === 'public' ? [] : [{ [scheme]: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(Object.keys(content).length > 0 && { requestBody: { required: true, content } }),
    responses: responsesOf(role, replies),
  };
}

function needsOf(role: Route['role']): string {
  if (role === 'public') return 'Needs no token.';
  return role === 'session' ? 'Requires a session.' : `Requires the role ${role}.`;
}

/** `get /c/bank/{name}` is `getCBankByName`. */
const operationIdOf = (method: string, path: string) =>
  method.toLowerCase() +
  path
    .replaceAll(/\{(\w+)\}/g, 'by-$1')
    .split(/\W+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');

function responsesOf(role: Route['role'], replies: Route['replies']): Json {
  const all: Record<string, Json> = {};
  for (const [status, schema] of Object.entries(replies)) all[status] = responseOf(status, schema);
  if (role === 'public') return all;
  for (const [status, description] of Object.entries(REFUSALS)) all[status] ??= { description };
  return all;
}

function responseOf(status: string, schema: Schema | undefined): Json {
  const description =
    DESCRIPTIONS[status] ?? (schema?.title as string | undefined) ?? 'see the summary';
  return { description, ...(schema && { content: { 'application/json': { schema } } }) };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  200: 'done',
  201: 'created',
  204: 'done',
  303: 'see `Location`',
  400: 'a request that does not match the schema',
  404: 'not found',
  408: 'the body arrived too slowly',
  409: 'conflict with the current state',
  413: 'too many bytes',
  415: 'unsupported content type',
  422: 'content that cannot be used',
  428: 'a proof of work is asked for: `work` says which',
  451: 'reject the upload',
  501: 'not available in this service',
  503: 'temporarily unavailable; `Retry-After`, if present, says when to retry',
};

/** Version of the API document. */
const INFO = { title: 'onlyhashes', version: '1' };

/** `/openapi.json`, of these routes. */
export function openApiRoute(routes: Route[]): Route {
  let text: string | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    role: 'public',
    about: 'This document.',
    replies: { 200: { title: 'an OpenAPI 3.1 document', type: 'object' } },
    answer: () => {
      text ??= JSON.stringify(openApiOf(routes, INFO));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
  };
}

/** Paths for people, in the order of `/`. */
const FOR_PEOPLE: Readonly<Record<string, string>> = {
  '/review': 'pages for moderators',
  '/desk': 'pages for the desk',
  '/openapi.json': 'all routes',
};

/** `/`, which points to the pages among these routes, and to their document. */
export const startRoute = (routes: readonly Route[]): Route => ({
  method: 'GET',
  path: '/',
  role: 'public',
  about: 'A page that points to this document, and to the other pages.',
  replies: { 200: undefined },
  answer() {
    const links = Object.entries(FOR_PEOPLE)
      .filter(([path]) => routes.some((route) => route.path === path))
      .map(([path, about]) => `<li><a href="${path.slice(1)}">${path}</a>: ${about}\n`);
    return new TextReply(
      `<!doctype html>\n<html lang="en">\n<title>onlyhashes</title>\n<ul>\n${links.join('')}</ul>\n`,
      200,
      {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      },
    );
  },
});
