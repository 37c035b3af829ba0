import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newHash } from '../../src/hash.js';
import { createBundle, createStateProof, createWithdrawal } from '../../src/index.js';
import { tokenHash } from '../../src/server/routes/webhook-sender.js';
import type { PostgresqlServer } from '../store/postgresql-server.js';

const TOKENS = { desk: randomBytes(32).toString('hex'), feed: randomBytes(32).toString('hex') };
const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), 'cli.cjs');

/** A person with a case of one picture. */
export async function newPerson() {
  const hash = newHash('pdq', new Uint8Array(randomBytes(32)));
  const { bundle, withdrawToken: code } = await createBundle([{ hash, quality: 90, variants: [] }]);
  const { case: id, proof } = await createStateProof(code);
  const withdrawal = JSON.stringify(await createWithdrawal(code));
  return { id, proof, withdrawal, body: bundle.text, hex: bundle.hashes[0]!.hash };
}

export type Person = Awaited<ReturnType<typeof newPerson>>;

/** The program as a helpline runs it, on a PostgreSQL server, until it is killed. */
export class Helpline {
  readonly #words: string[];
  #running: ChildProcess | undefined;
  #url = '';
  #cookie = '';

  constructor(database: PostgresqlServer) {
    const tokens = join(database.folder, 'tokens.json');
    const routes = join(database.folder, 'routes.json');
    const rules = Object.entries(TOKENS).map(([role, token]) => ({
      ...{ name: role, hash: tokenHash(token), role },
    }));
    writeFileSync(tokens, JSON.stringify(rules));
    const proxy = { cidr: '127.0.0.0/8', header: 'x-real-ip' };
    writeFileSync(routes, JSON.stringify({ intake: { proxy, casesPerMinute: 1_000_000 } }));
    this.#words = ['serve', '--intake', '--case-days', '30', '--port', '0', '--log-json'];
    this.#words.push('--store', database.url(), '--tokens', tokens, '--routes', routes);
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM, ...this.#words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#running = child;
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(() => {
      throw new Error('the helpline did not start');
    });
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
    ended.catch(() => {});
    // What it prints later is read, or it would wait.
    lines.on('line', () => {});
    this.#url = line.split(' ')[0]!;
  }

  async kill(): Promise<void> {
    const ended = once(this.#running!, 'exit');
    this.#running!.kill('SIGKILL');
    await ended;
  }

  /** @param address of the caller, as a proxy reports it */
  async send({ body }: Person, address = '198.51.100.1'): Promise<number> {
    const headers = { 'content-type': 'text/plain', 'x-real-ip': address };
    return (await this.#fetch('/v1/cases', { method: 'POST', body, headers })).status;
  }

  /** The state of a case; undefined if it is not known. */
  async state({ id, proof }: Person, address = '198.51.100.1'): Promise<string | undefined> {
    const headers = { 'case-proof': proof, 'x-real-ip': address };
    const reply = await this.#fetch(`/v1/cases/${id}`, { headers });
    const body = (await reply.json()) as { state?: string };
    return reply.status === 200 ? body.state : undefined;
  }

  async takeBack({ id, withdrawal: body }: Person): Promise<number> {
    return (await this.#fetch(`/v1/cases/${id}/withdraw`, { method: 'POST', body })).status;
  }

  /** Confirms a case by the forms of the desk, as a browser does. */
  async confirm({ id }: Person): Promise<void> {
    if (this.#cookie === '') await this.#page('/review/sign-in', { token: TOKENS.desk });
    const [path] = /\/desk\/case\?number=\d+/.exec(await this.#page(`/desk?find=${id}`)) ?? [];
    const [, form] = /<form[^>]* aria-label="Confirm">(.*?)<\/form>/s.exec(
      await this.#page(path!),
    )!;
    const fieldOf = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form!)![1]!;
    const [word, times] = [fieldOf('word'), fieldOf('times')];
    await this.#page(path!, { word, times, outcome: 'confirm', by: 'call' });
  }

  async report(hashValue: string): Promise<number> {
    const hashFeedbacks = [{ hashValue, feedbackValue: 'Blocked', tags: [] }];
    const body = JSON.stringify({ count: 1, hashFeedbacks });
    const headers = { ...FEED, 'content-type': 'application/json' };
    const path = '/stopncii/v1/SubmitFeedback';
    return (await this.#fetch(path, { method: 'POST', body, headers })).status;
  }

  /** The hashes that the whole list has as active. */
  async active(): Promise<Set<string>> {
    const active = new Set<string>();
    for (let token = ''; ; ) {
      const more = token === '' ? '' : `&nextPageToken=${encodeURIComponent(token)}`;
      const path = `/stopncii/v1/FetchHashes?startTimestamp=10&pageSize=500${more}`;
      const page = (await (await this.#fetch(path, { headers: FEED })).json()) as {
        hashRecords: { hashValue: string; hashStatus: string }[];
        hasMoreRecords: boolean;
        nextPageToken: string;
      };
      for (const { hashValue, hashStatus } of page.hashRecords) {
        if (hashStatus === 'Active') active.add(hashValue);
      }
      if (!page.hasMoreRecords) return active;
      token = page.nextPageToken;
    }
  }

  /** A page of the desk, or the answer to a form of it. */
  async #page(path: string, fields?: Record<string, string>): Promise<string> {
    const reply = await this.#fetch(path, {
      method: fields ? 'POST' : 'GET',
      headers: { cookie: this.#cookie, origin: this.#url },
      ...(fields && { body: new URLSearchParams(fields) }),
      redirect: 'manual',
    });
    if (!reply.ok && reply.status !== 303) throw new Error(`a page of the desk: ${reply.status}`);
    this.#cookie = reply.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
    return await reply.text();
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const reply = await fetch(this.#url + path, init);
    // Whole, or not at all.
    const text = await reply.text();
    const { status, headers } = reply;
    return new Response(text === '' ? null : text, { status, headers });
  }
}

const FEED = { 'ocp-apim-subscription-key': TOKENS.feed, 'x-functions-key': 'any' };
