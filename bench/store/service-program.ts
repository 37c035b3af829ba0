import type { RequestListener } from 'node:http';
import { createSearchThreads } from '../../src/node/files/search-threads.js';
import { createNodeListener } from '../../src/server/http/node-listener.js';
import { createService } from '../../src/server/service.js';
import { madeList } from '../lists/made-list.js';

/** A service on node:http with made-up entries. */
export interface ServeSetup {
  readonly program: 'serve';
  readonly entries: number;
  /** threads that search beside the one that answers */
  readonly workers: number;
}

/** More than any load sends: the limit of a caller is not what is measured. */
const NO_LIMIT = 1e6;

/** A service in both dialects, for callers on this machine. */
export async function servingListener({ entries, workers }: ServeSetup): Promise<RequestListener> {
  const blocklist = await madeList(entries);
  if (workers > 0) await createSearchThreads(blocklist, { workers }).ready();
  const { handler } = createService({
    blocklist,
    trustNetworks: [{ cidr: '127.0.0.0/8', role: 'match', requestsPerSecond: NO_LIMIT }],
    hma: {},
  });
  return createNodeListener(handler);
}
