/*
 * An embedded store has one process. If that is a `serve`, other commands send it requests, by the
 * routes of its service, over a socket in the folder of the store. The mode of the socket is the
 * permission: only the owner of the store can connect, and needs no token.
 */

import { once } from 'node:events';
import { lstat, open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import process from 'node:process';
import { createNodeListener, type Service } from '../../server/index.js';
import { Failure, UsageError } from '../failure.js';

/** The next process that opens the store removes the socket of a killed one. */
const SOCKET = 'serve.sock';

/** Bound on the bytes of a socket's address: 108 on Linux, 104 on macOS, with a zero at the end. */
const LONGEST = 103;

/** Seconds that a command waits for a `serve`. */
export interface ServeLimits {
  /** until it acknowledges; one that hangs does not */
  readonly heardSeconds: number;
  /** until the next output */
  readonly idleSeconds: number;
}

const LIMITS: ServeLimits = { heardSeconds: 2, idleSeconds: 90 };

/**
 * Listens for the commands beside a service.
 * @returns undefined on Windows, whose pipes have no mode
 * @throws {NodeJS.ErrnoException} if it cannot listen there
 */
export async function listenForCommands(
  folder: string,
  service: Service,
  onError: (error: unknown) => void,
): Promise<Server | undefined> {
  if (process.platform === 'win32') return undefined;
  const handler = (asked: Request) => service.handler(asked, { address: '', role: 'admin' });
  const server = createServer(createNodeListener(handler, onError));
  const { path, close } = await addressOf(folder);
  try {
    // The call itself creates it, so it never has another mode.
    const mask = process.umask(0o177);
    server.listen(path);
    process.umask(mask);
    await once(server, 'listening');
  } catch (error) {
    await close();
    throw error;
  }
  // It is removed by its address.
  return server.on('error', onError).once('close', close);
}

/** Removes the socket of a killed `serve`, and nothing else that may be there. */
export async function removeLeftSocket(folder: string): Promise<void> {
  const path = join(folder, SOCKET);
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket()) await rm(path, { force: true });
}

/** The `serve` that holds an embedded store. */
export class HoldingServe {
  readonly #folder: string;
  readonly #holder: string;
  readonly #limits: ServeLimits;

  /** @param holder description of its process */
  constructor(folder: string, holder: string, limits = LIMITS) {
    this.#folder = folder;
    this.#holder = holder;
    this.#limits = limits;
  }

  /** True if a process listens there. */
  async listens(): Promise<boolean> {
    const { path, close } = await addressOf(this.#folder);
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
      await close();
    }
  }

  /**
   * Requests one value.
   * @throws {Failure} as `lines`
   */
  async ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    for await (const value of this.lines<T>(method, path, body)) return value;
    throw this.failure('its answer is empty');
  }

  /**
   * Requests values, one per line.
   * @throws {Failure} if it does not answer in time, rejects the request, or ends meanwhile
   */
  async *lines<T>(method: 'GET' | 'POST', path: string, body?: object): AsyncGenerator<T> {
    const { heardSeconds, idleSeconds } = this.#limits;
    const { path: socketPath, close } = await addressOf(this.#folder);
    // A live server answers 100 at once, however long its store takes.
    const headers = { 'content-type': 'application/json', expect: '100-continue' };
    const asked = request({ socketPath, method, path, headers, agent: false });
    let late: Failure | undefined;
    const within = (seconds: number) =>
      asked.removeAllListeners('timeout').setTimeout(1000 * seconds, () => {
        late = this.failure(`did not answer within ${seconds} s`);
        asked.destroy();
      });
    try {
      asked.on('error', () => {}).once('continue', () => within(idleSeconds));
      within(heardSeconds).end(body && JSON.stringify(body));
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      let text = '';
      for await (const piece of answer.setEncoding('utf8')) {
        const lines = `${text}${piece}`.split('\n');
        text = lines.pop()!;
        if (answer.statusCode === 200) yield* this.#valuesOf<T>(lines);
      }
      if (answer.statusCode !== 200) throw this.#refusal(answer.statusCode!, text);
      yield* this.#valuesOf<T>([text]);
    } catch (error) {
      throw error instanceof Failure ? error : (late ?? this.failure('its answer was cut short'));
    } finally {
      asked.destroy();
      await close();
    }
  }

  *#valuesOf<T>(lines: readonly string[]): Generator<T> {
    for (const line of lines) if (line !== '') yield JSON.parse(line) as T;
  }

  #refusal(status: number, text: string): Failure {
    const { message } = JSON.parse(text) as { message: unknown };
    if (status === 400) return new UsageError(`${message}`);
    return Object.assign(this.failure(`answered ${status}: ${message}`), { status });
  }

  /** A failure that names its process. */
  failure(why: string): Failure {
    return new Failure(`the store: ${this.#holder}, and ${why}`);
  }
}

/** The address of a folder's socket, and the cleanup once that address is not needed. */
async function addressOf(folder: string): Promise<{ path: string; close(): Promise<void> }> {
  const whole = join(folder, SOCKET);
  const near = relative('', whole);
  const path = near.length < whole.length ? near : whole;
  if (Buffer.byteLength(path) <= LONGEST || process.platform !== 'linux') {
    return { path, close: async () => {} };
  }
  // A path of any length, by a name that the system gives it.
  const opened = await open(folder);
  return { path: `/proc/self/fd/${opened.fd}/${SOCKET}`, close: () => opened.close() };
}
