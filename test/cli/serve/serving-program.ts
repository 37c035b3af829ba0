import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { vi } from 'vitest';
import { codeOf, PROGRAM } from '../program.js';

/** How `serve` ended. */
export interface ServeEnded {
  readonly out: string;
  readonly err: string;
  /** as a shell reports it */
  readonly code: number;
}

export interface ServingOptions {
  env?: NodeJS.ProcessEnv;
  /** arguments for Node itself, before the program */
  node?: readonly string[];
}

/** What a test waits for, at most. */
const PATIENCE = { timeout: 100_000, interval: 20 };

/** `onlyhashes serve` as a process, on a free port unless `args` name one. */
export class ServingProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<ServeEnded>;
  out = '';
  err = '';
  #isOver = false;

  constructor(args: readonly string[], { env, node = [] }: ServingOptions = {}) {
    const port = args.includes('--port') ? [] : ['--port', '0'];
    this.child = spawn(process.execPath, [...node, PROGRAM, 'serve', ...port, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, by) => {
        this.#isOver = true;
        resolve({ out: this.out, err: this.err, code: codeOf(code, by) });
      });
    });
  }

  /** Its address, once it has printed its first line. */
  async ready(): Promise<string> {
    return await this.#until(() => /^(http:\/\/\S+) lists: .*\n/.exec(this.out)?.[1]);
  }

  /** Waits until it has said something on standard error. */
  async said(text: string): Promise<void> {
    await this.#until(() => this.err.includes(text) || undefined);
  }

  /** Sends a signal. @returns how it ended */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<ServeEnded> {
    this.child.kill(signal);
    return await this.ended;
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const found = await vi.waitFor(() => {
      const now = look();
      if (now === undefined && !this.#isOver) throw new Error(`not yet: ${this.out}${this.err}`);
      return now;
    }, PATIENCE);
    if (found === undefined) throw new Error(`it ended: ${this.err}`);
    return found;
  }
}

/**
 * Runs `serve` while `work` runs, and ends it by SIGTERM.
 * @returns how it ended, which must be within `endSeconds`
 */
export async function serving(
  args: readonly string[],
  work: (url: string, program: ServingProgram) => Promise<void>,
  { endSeconds = 60, ...options }: ServingOptions & { endSeconds?: number } = {},
): Promise<ServeEnded> {
  const program = new ServingProgram(args, options);
  try {
    await work(await program.ready(), program);
    return await inTime(endSeconds, program.end());
  } finally {
    program.child.kill('SIGKILL');
    await program.ended;
  }
}

/** What `work` gives, unless it takes longer. */
export async function inTime<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took over ${seconds} seconds`)), 1000 * seconds);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Waits until `look` does not throw. @returns what it gave */
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { ...PATIENCE, interval: 50 });

/** A lookup of a PDQ hash. @returns the verdict */
export async function verdictOf(url: string, hex: string): Promise<string> {
  const response = await fetch(`${url}/v1/match`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ algorithm: 'pdq', hash: hex }),
  });
  const text = await response.text();
  const { decision } = JSON.parse(text) as { decision?: { verdict: string } };
  return decision?.verdict ?? text;
}

/** A connection on which bytes are sent as they are told. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  /** all that was received, once the connection has ended */
  readonly closed: Promise<string>;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname).setEncoding('latin1');
    this.socket.on('error', () => {});
    this.socket.on('data', (text) => {
      this.received += text;
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => resolve(this.received));
    });
  }
}

/** The code with which a new connection is refused. */
export const refusal = (url: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });
