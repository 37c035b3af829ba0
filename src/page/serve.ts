import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { headersOf } from './policy.js';

/** The path of a built file. A literal name here would be one that bundlers look for. */
const built = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The path of the built page; `heic`: of the larger one, which reads HEIC in every browser. */
export const pageFile = (heic: boolean): string => built(heic ? 'page-heic.html' : 'page.html');

/**
 * The page that sends, for `/` of a service that answers at `/v1/cases`, with the headers of its
 * answer. Its requests have the origin `null` and no credentials, so those answers need
 * `access-control-allow-origin: *` and `access-control-expose-headers: retry-after`.
 */
export function joinedPage(): { text: string; headers: Record<string, string> } {
  return headed(readFileSync(built('page-joined.html'), 'utf8'));
}

/** A page with its headers, which repeat the policy in it. */
function headed(text: string): { text: string; headers: Record<string, string> } {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(text)![1]!;
  return { text, headers: { ...headersOf(policy), 'content-type': 'text/html; charset=utf-8' } };
}

/** A server of the page at `/`, with its policy and permissions as headers, and of nothing else. */
export function pageServer(heic: boolean): Server {
  const { text, headers } = headed(readFileSync(pageFile(heic), 'utf8'));
  return createServer((request, response) => {
    if (request.url === '/') response.writeHead(200, headers).end(text);
    else response.writeHead(404, headers).end();
  });
}
