import { createServer } from 'node:http';
import { createNodeListener, NODE_LIMITS } from '../../src/server/http/node-listener.js';
import { ROLES, type Route } from '../../src/server/http/route.js';
import type { LogRecord } from '../../src/server/http/router.js';
import { tokenHash } from '../../src/server/routes/webhook-sender.js';
import { type CreateServiceOptions, type Service, serviceWith } from '../../src/server/service.js';
import { blocklist, pool, serving } from './uploads/uploads.js';

/** One token of each role. */
export const TOKENS = {
  match: 'match-token-of-many-characters',
  curate: 'curate-token-of-many-characters',
  admin: 'admin-token-of-many-characters',
  desk: 'desk-token-of-many-characters',
  feed: 'feed-token-of-many-characters',
} as const;
export type TokenRole = keyof typeof TOKENS;

export const tokens = ROLES.map((role) => ({
  name: `the ${role}`,
  hash: tokenHash(TOKENS[role]),
  role,
}));

/** A service while it is served. */
export interface Served {
  readonly url: string;
  readonly logs: LogRecord[];
  readonly errors: unknown[];
  readonly service: Service;
}

/** Serves on loopback, with tokens and the list of the uploads, while `work` runs. */
export async function served<T>(
  work: (served: Served) => Promise<T>,
  { routes = [], ...options }: Partial<CreateServiceOptions> & { routes?: readonly Route[] } = {},
): Promise<T> {
  const logs: LogRecord[] = [];
  const errors: unknown[] = [];
  const service = serviceWith(routes, {
    ...(options.follower === undefined && { blocklist }),
    ...{ pool, tokens },
    onLog: (record) => logs.push(record),
    onError: (error) => errors.push(error),
    now: () => 1_767_225_600_000,
    ...options,
  });
  return await serving(
    createServer(NODE_LIMITS, createNodeListener(service.handler)),
    async (url) => await work({ url, logs, errors, service }),
  );
}

/** A request with a token. */
export const as = (role: TokenRole, more: RequestInit = {}): RequestInit => ({
  ...more,
  headers: { authorization: `Bearer ${TOKENS[role]}`, ...(more.headers ?? {}) },
});

/** A POST of JSON with a token; a text is sent as it is. */
export const posted = (body: unknown, role: TokenRole = 'curate') =>
  as(role, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
