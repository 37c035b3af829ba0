import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { headersOf } from './policy.js';

const built = join(dirname(fileURLToPath(import.meta.url)), 'demo/onlyhashes.html');
const page = readFileSync(argv[3] ?? built, 'utf8');
const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)![1]!;

const server = createServer((request, response) => {
  if (request.url !== '/') {
    response.writeHead(404, headersOf(policy)).end();
    return;
  }
  response
    .writeHead(200, { ...headersOf(policy), 'content-type': 'text/html; charset=utf-8' })
    .end(page);
});
server.listen(Number(argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
