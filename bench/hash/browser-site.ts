import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A page on loopback with `onlyhashes/browser`, and the files it hashes. */
export interface BrowserSite {
  readonly url: string;
  /** serves `body` as `/name` from now on */
  add(name: string, body: Uint8Array | string): void;
  close(): void;
}

/** The globals of the page once it is ready. */
export interface BrowserScope {
  onlyhashes: typeof import('../../src/browser/index.js');
  photo: Blob;
}

const PAGE = `<!doctype html><title>bench</title><script type="module">
  import * as onlyhashes from './browser.js';
  window.onlyhashes = onlyhashes;
</script>`;

/** Serves the page, the scripts of dist and the added files. */
export async function browserSite(): Promise<BrowserSite> {
  const dist = dirname(fileURLToPath(import.meta.url));
  const added = new Map<string, Uint8Array | string>();
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://site').pathname);
    const type = path === '/' ? 'text/html' : path.endsWith('.js') ? 'text/javascript' : 'image/x';
    try {
      const body = path === '/' ? PAGE : (added.get(path) ?? readFileSync(join(dist, path)));
      response.setHeader('content-type', type).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    add: (name, body) => void added.set(`/${name}`, body),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
