import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readBundle, readWithdrawal } from '../../../src/index.js';
import { headersOf } from '../../../src/page/policy.js';
import { ROOT } from '../../project/package.js';
import { policyIn } from '../demo-scripts.js';

/** An answer of the service, as JSON. */
export interface Answer {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}

/** A request that came, all of it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A small service that takes files, and the page that it serves. */
export interface Service {
  /** ends with a slash */
  readonly url: string;
  /** its name on the page */
  readonly host: string;
  /** all requests but those for the page, in order */
  readonly got: Got[];
  /**
   * answers of the next requests instead of the usual ones; `drop` ends the connection, and `begin`
   * only begins to answer
   */
  readonly next: (Answer | 'drop' | 'hold' | 'begin')[];
  /** an answer of all requests instead of the usual ones */
  always?: Answer;
  /** the states of cases, beside `case`, by their numbers */
  readonly states: Map<string, object>;
  close(): Promise<void>;
}

export const DAY = '2026-11-29';

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'case-proof, case-work',
  'access-control-expose-headers': 'retry-after',
};

/** The built page that sends. */
export const JOINED: string = readFileSync(join(ROOT, 'dist/page-joined.html'), 'utf8');

/** A page as a service serves it. */
export const servedPage = (text = JOINED) => ({
  text,
  headers: { ...headersOf(policyIn(text)), 'content-type': 'text/html; charset=utf-8' },
});

/** @param html the page that it serves */
export async function openService(html = JOINED): Promise<Service> {
  const { headers: page } = servedPage(html);
  const got: Got[] = [];
  const next: Service['next'] = [];
  const states = new Map<string, { [member: string]: unknown; proofDigest?: string }>();

  const usual = async ({ method, url, headers, body }: Got): Promise<Answer> => {
    const [, id, withdraw] = /^\/v1\/cases(?:\/(\w+)(\/withdraw)?)?$/.exec(url) ?? [];
    if (method === 'POST' && url === '/v1/cases') {
      const bundle = readBundle(body, { padded: true });
      const { case: number, day, hashes, digests = [], state } = bundle;
      const counts = { case: number, day: DAY, hashes: hashes.length, digests: digests.length };
      states.set(number, { ...counts, state: 'received', reports: [], proofDigest: state });
      return { status: 201, body: { ...counts, day } };
    }
    const { proofDigest, ...state } = states.get(id ?? '') ?? {};
    const missing = { status: 404, body: { code: 'not-found', message: 'nothing' } };
    if (method === 'POST' && withdraw) {
      const { case: number } = await readWithdrawal(body);
      if (number !== id || proofDigest === undefined) return missing;
      states.set(number, { ...state, state: 'withdrawn', proofDigest });
      return { status: 200, body: { case: number, state: 'withdrawn' } };
    }
    const proof = createHash('sha256').update(Buffer.from(`${headers['case-proof']}`, 'hex'));
    return proof.digest('hex') === proofDigest ? { status: 200, body: state } : missing;
  };

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    if (url === '/') return response.writeHead(200, page).end(html);
    if (url === '/favicon.ico') return response.writeHead(404).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    got.push(one);
    if (method === 'OPTIONS') return response.writeHead(204, CORS).end();
    const told = next.shift();
    if (told === 'drop') return request.socket.destroy();
    if (told === 'hold') return undefined;
    if (told === 'begin') return response.writeHead(200, CORS).write('{"state":');
    const failed: Answer = { status: 400, body: { code: 'bad-bundle', message: 'not a file' } };
    const answer = told ?? service.always ?? (await usual(one).catch(() => failed));
    return response
      .writeHead(answer.status, { ...CORS, 'content-type': 'application/json', ...answer.headers })
      .end(JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service: Service = {
    url: `http://${host}/`,
    host,
    got,
    next,
    states: states as Map<string, object>,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}
