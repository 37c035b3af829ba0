import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { ROOT } from '../../project/package.js';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The answer of a site: a body and headers. */
export interface Answer {
  body: string | Uint8Array;
  headers?: Record<string, string>;
}

/** A site on loopback. */
export interface Site {
  /** without a trailing slash */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `answer(path)` on its own port, or 404 if that gives nothing. Nothing is cached.
 * @param host the address to listen on
 */
export async function serve(
  answer: (path: string, request: IncomingMessage) => Answer | undefined,
  host = '127.0.0.1',
): Promise<Site> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname);
    const found = answer(path, request);
    const { body, headers } = found ?? { body: '', headers: {} };
    response.writeHead(found ? 200 : 404, {
      'content-type':
        TYPES[extname(path)] ?? (path === '/' ? TYPES['.html']! : 'application/octet-stream'),
      'cache-control': 'no-store',
      ...headers,
    });
    response.end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * The project file at `path` ('/dist/browser.js', '/fixtures/…'); undefined outside these two
 * folders.
 */
export function projectFile(path: string): Answer | undefined {
  const file = normalize(path);
  const folders = ['dist', 'fixtures', join('node_modules', '@noble')];
  if (!folders.some((folder) => file.startsWith(`${sep}${folder}${sep}`))) return undefined;
  try {
    return { body: readFileSync(join(ROOT, file)) };
  } catch {
    return undefined;
  }
}
