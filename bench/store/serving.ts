import type { RequestListener } from 'node:http';
import { type Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { createSearchThreads } from '../../src/node/search-threads.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { createNodeListener } from '../../src/service/node-listener.js';
import { createService } from '../../src/service/service.js';
import { ENTRY_SEED, type ServeSetup } from './service-protocol.js';
import { hashesOf, uniformHashes } from '../workloads.js';

/** More than any load sends: the limit of a caller is not what is measured. */
const NO_LIMIT = 1e6;

/** A service in both dialects, for callers on this machine. */
export async function servingListener({ entries, workers }: ServeSetup): Promise<RequestListener> {
  const blocklist = await madeUpList(entries);
  if (workers > 0) await createSearchThreads(blocklist, { workers }).ready();
  const { handler } = createService({
    blocklist,
    trustNetworks: [{ cidr: '127.0.0.0/8', role: 'match', requestsPerSecond: NO_LIMIT }],
  });
  return createNodeListener(handler);
}

/** The list that the service holds, and the one that its answers are checked against. */
export async function madeUpList(count: number): Promise<Blocklist> {
  const table = new PackedEntries('pdq', 256, { capacity: count });
  for (const hash of hashesOf(uniformHashes(count, ENTRY_SEED).bytes)) {
    table.push({ hash, labels: ['listed'] });
  }
  const blocklist = createBlocklist([table]);
  await blocklist.settled();
  return blocklist;
}
