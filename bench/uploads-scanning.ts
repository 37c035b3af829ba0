import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { PackedEntries } from '../src/exchange/packed-entries.js';
import { hashFromHex } from '../src/hash.js';
import { type Blocklist, createBlocklist } from '../src/matching/blocklist.js';
import { createHashPool } from '../src/node/create-hash-pool.js';
import { createScanHandler } from '../src/service/scan-handler.js';
import { hashesOf } from './index-data.js';
import { PROFILES, type ScanSetup } from './uploads-protocol.js';
import { uniformHashes } from './workloads.js';

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
  return async (incoming, outgoing) => {
    const handler = handlers.get(incoming.url ?? '');
    if (handler === undefined) outgoing.writeHead(404).end();
    else await answer(outgoing, await handler(requestOf(incoming, outgoing)));
  };
}

async function listOf(count: number, listed: readonly string[]): Promise<Blocklist> {
  const table = new PackedEntries('pdq', 256, { capacity: count + listed.length });
  const made = hashesOf(uniformHashes(count, 5).bytes);
  for (const hash of [...made, ...listed.map((hex) => hashFromHex('pdq', hex))]) {
    table.push({ hash, labels: ['listed'] });
  }
  const blocklist = createBlocklist([table]);
  await blocklist.warm();
  return blocklist;
}

/** Node's request as a standard one, which aborts when its client is gone. */
function requestOf(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  const init = {
    method: incoming.method ?? 'POST',
    headers,
    body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>,
    signal: gone.signal,
    // A body that is a stream needs it; the types of browsers do not know it.
    duplex: 'half',
  };
  return new Request(`http://localhost${incoming.url}`, init);
}

async function answer(outgoing: ServerResponse, response: Response): Promise<void> {
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}
