import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenHash } from '../../src/server/routes/webhook-sender.js';
import { PROGRAM } from '../cli/program.js';

const TOKEN = 'a-token-of-many-characters-for-one-test';

/** What every request to the program has to have. */
export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

/** A file of tokens with the one of `AUTHORIZED`, which may do everything without a limit. */
export function tokensFile(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-tokens-'));
  const path = join(folder, 'tokens.json');
  const rule = { name: 'test', hash: tokenHash(TOKEN), role: 'admin', requestsPerSecond: 1e6 };
  writeFileSync(path, JSON.stringify([rule]));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A port of loopback that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The program `onlyhashes serve`, as it is built. */
export class ServeProgram {
  readonly #child: ChildProcess;
  /** its exit code; null if a signal ended it */
  readonly ended: Promise<number | null>;
  /** its address, once it has told that it is ready; rejects if it ends before */
  readonly ready: Promise<string>;
  /** the end of what it said on standard error */
  said = '';

  /** @param node arguments for Node itself */
  constructor(args: readonly string[], node: readonly string[] = []) {
    const child = spawn(process.execPath, [...node, PROGRAM, 'serve', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.ended = new Promise((resolve) => child.once('close', resolve));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-4096);
    });
    this.ready = new Promise((resolve, reject) => {
      let out = '';
      let isTold = false;
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (isTold) return;
        out += text;
        const [, url] = /^(http:\/\/\S+) /m.exec(out) ?? [];
        if (!url) return;
        isTold = true;
        resolve(url);
      });
      void this.ended.then(() => reject(new Error(`it ended: ${this.said}`)));
    });
    // Whoever only kills it does not wait for this.
    this.ready.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it in order. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return await this.ended;
  }

  /** Ends it at once, as kill -9 does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
