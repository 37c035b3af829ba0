import type { RequestListener } from 'node:http';
import { hashFromHex } from '../../src/hash.js';
import { type Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { createHashPool } from '../../src/node/create-hash-pool.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { createNodeListener } from '../../src/service/node-listener.js';
import { createScanHandler } from '../../src/service/scan-handler.js';
import { PROFILES, type ScanSetup } from './protocol.js';
import { hashesOf, uniformHashes } from '../workloads.js';

/** Checks what is sent to `/none`, `/quick` and `/thorough` by that profile, in one pool. */
export async function scanningListener(setup: ScanSetup): Promise<RequestListener> {
  const { program: _, entries, listed, ...options } = setup;
  const blocklist = await listOf(entries, listed);
  const pool = createHashPool(options);
  const handlers = new Map(
    PROFILES.map((variants) => [
      `/${variants}`,
      createScanHandler({
        check: (source, limits) => pool.check(source, blocklist, { ...limits, variants }),
        onError: 'refuse',
      }),
    ]),
  );
  return createNodeListener(async (request) => {
    const handler = handlers.get(new URL(request.url).pathname);
    return handler ? await handler(request) : new Response(null, { status: 404 });
  });
}

async function listOf(count: number, listed: readonly string[]): Promise<Blocklist> {
  const table = new PackedEntries('pdq', 256, { capacity: count + listed.length });
  const made = hashesOf(uniformHashes(count, 5).bytes);
  for (const hash of [...made, ...listed.map((hex) => hashFromHex('pdq', hex))]) {
    table.push({ hash, labels: ['listed'] });
  }
  const blocklist = createBlocklist([table]);
  await blocklist.settled();
  return blocklist;
}
