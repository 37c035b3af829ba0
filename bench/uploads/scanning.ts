import type { RequestListener } from 'node:http';
import { hashFromHex } from '../../src/hash.js';
import { createHashPool } from '../../src/node/pool/create-hash-pool.js';
import { createNodeListener } from '../../src/server/http/node-listener.js';
import { scan } from '../../src/server/uploads/scan.js';
import { madeList } from '../lists/made-list.js';
import { PROFILES, type ScanSetup } from './run.js';

/** Checks what is sent to `/none`, `/quick` and `/thorough` by that profile, in one pool. */
export async function scanningListener(setup: ScanSetup): Promise<RequestListener> {
  const { program: _, entries, listed, ...options } = setup;
  const blocklist = await madeList(
    entries,
    listed.map((hex) => hashFromHex('pdq', hex)),
  );
  const pool = createHashPool(options);
  const handlers = new Map(
    PROFILES.map((variants) => [
      `/${variants}`,
      scan({
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
