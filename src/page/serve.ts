import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { headersOf } from './policy.js';

/** The path of the built page; `heic`: of the larger one, which reads HEIC in every browser. */
export const pageFile = (heic: boolean): string =>
  fileURLToPath(new URL(heic ? 'page-heic.html' : 'page.html', import.meta.url));

/** A server of the page at `/`, with its policy and permissions as headers, and of nothing else. */
export function pageServer(heic: boolean): Server {
  const page = readFileSync(pageFile(heic), 'utf8');
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;
  const headers = headersOf(policy);
  return createServer((request, response) => {
    if (request.url !== '/') response.writeHead(404, headers).end();
    else
      response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
}
