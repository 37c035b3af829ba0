import { createServer } from 'node:http';
import { createNodeListener, NODE_LIMITS } from '../../../src/server/http/node-listener.js';
import type { LogRecord } from '../../../src/server/http/router.js';
import {
  type CreateServiceOptions,
  createService,
  type Service,
} from '../../../src/server/service.js';
import type { FetchPictureOptions } from '../../../src/server/uploads/fetch-picture.js';
import type { Follower } from '../../../src/store/lists/follower.js';
import type { Store } from '../../../src/store/store.js';
import { openStore } from '../../store/opened.js';
import { tokens } from '../served.js';
import { blocklist, pool, serving } from '../uploads/uploads.js';

/** A service in HMA's dialect on loopback, whose callers need no token unless `options` say so. */
export interface ServedHma {
  readonly url: string;
  readonly logs: LogRecord[];
  /** sends JSON, and gives the status and the JSON of the reply */
  json(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>;
}

export async function servedHma<T>(
  work: (served: ServedHma) => Promise<T>,
  options: Partial<CreateServiceOptions> = {},
): Promise<T> {
  const logs: LogRecord[] = [];
  const service = createService({
    ...(options.follower ? {} : { blocklist }),
    pool,
    hma: {},
    onLog: (record) => logs.push(record),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  const server = createServer(NODE_LIMITS, createNodeListener(service.handler));
  return await serving(server, async (url) => {
    const json: ServedHma['json'] = async (method, path, body) => {
      const headers = { 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body), headers };
      const response = await fetch(`${url}${path}`, { method, ...sent });
      return { status: response.status, body: (await response.json()) as never };
    };
    return await work({ url, logs, json });
  });
}

/** A store in memory, with a follower, for the tests of a file. */
export async function followedStore(): Promise<{ store: Store; follower: Follower }> {
  const store = await openStore({ dataDir: undefined });
  return { store, follower: await store.follow() };
}

/** A service with all that it may serve, which callers reach by its handler. */
export const wholeService = (
  { store, follower }: { store: Store; follower: Follower },
  options: Partial<CreateServiceOptions> = {},
): Service =>
  createService({
    ...{ follower, store, pool, tokens },
    scan: { onError: 'refuse' },
    review: { retentionDays: 30 },
    webhook: {
      log: store.reviewLog({ retentionDays: 30 }),
      outcomes: {},
      factsOf: () => undefined,
      tokenHashes: [tokens[0]!.hash],
    },
    hma: { feeds: store.feeds(new Uint8Array(32)) },
    curation: {},
    intake: { list: 'cases', caseDays: 30 },
    ...options,
  });

/** A form with a picture, and other fields. */
export function pictureForm(
  name: string,
  bytes: Uint8Array,
  fields: Readonly<Record<string, string>> = {},
): FormData {
  const form = new FormData();
  form.append(name, new File([bytes as Uint8Array<ArrayBuffer>], 'x'));
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  return form;
}

/**
 * Runs `work` while a server on loopback has a picture under every path.
 * @returns what `work` gives
 */
export async function pictureServer<T>(
  bytes: Uint8Array,
  work: (origin: string, fetchPictures: FetchPictureOptions, asked: string[]) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.setHeader('content-type', 'image/jpeg').end(bytes);
  });
  return await serving(server, async (origin) => {
    return await work(origin, { hosts: [origin], privateNetworks: ['127.0.0.0/8'] }, asked);
  });
}
