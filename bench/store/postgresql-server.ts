import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

/** What a store needs. */
const OLDEST = 14;
const STARTS = 3;

/** The folder of the newest server's programs; undefined if none is installed. */
export function postgresqlPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const installed = versions
    .filter((version) => version >= OLDEST)
    .sort((a, b) => b - a)
    .map((version) => join(root, String(version), 'bin'));
  return [process.env.POSTGRESQL_BIN, ...installed].find(
    (folder) => folder !== undefined && existsSync(join(folder, 'postgres')),
  );
}

/** Who runs the server, which refuses to be run by root; undefined: who runs this process. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  const account = ['postgres', 'nobody']
    .map((name) => accounts.find((line) => line.startsWith(`${name}:`)))
    .find((line) => line !== undefined);
  const [, , uid, gid] = account!.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** What makes a server fast that need not keep anything. */
const CARELESS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/**
 * A server for tests and benches, at a socket in its own folder: no other user of this machine
 * reaches it. It ends with the process that started it, whatever ends that, and its folder is
 * removed.
 */
export class PostgresqlServer {
  readonly #programs: string;
  readonly #folder: string;
  readonly #settings: string[];
  /** Ends the server and removes its folder when its input ends; each line tells it the pid. */
  readonly #watchdog: ReturnType<typeof spawn>;
  #running: ReturnType<typeof spawn> | undefined;
  #databases = 0;

  private constructor(programs: string, folder: string, settings: readonly string[]) {
    this.#programs = programs;
    this.#folder = folder;
    this.#settings = [...settings];
    this.#watchdog = spawn('/bin/sh', ['-c', WATCHDOG, folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#watchdog.stdin!.on('error', () => {});
    this.#watchdog.unref();
  }

  /**
   * @param options `isDurable`: what was committed survives a kill; `settings`: of the server, as
   *   `name=value`; `empty`: a folder where the files of a new server are kept, to be copied for
   *   the next one
   * @throws {Error} if PostgreSQL is missing
   */
  static async start({
    isDurable = false,
    settings = [] as readonly string[],
    empty = undefined as string | undefined,
  } = {}): Promise<PostgresqlServer> {
    const programs = postgresqlPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-postgresql-'));
    const owner = user();
    if (owner) chownSync(folder, owner.uid, owner.gid);
    const server = new PostgresqlServer(programs, folder, [
      ...(isDurable ? [] : CARELESS),
      ...settings,
    ]);
    try {
      if (empty !== undefined && existsSync(empty)) copy(empty, join(folder, 'data'));
      else {
        execFileSync(
          join(server.#programs, 'initdb'),
          ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
          { ...owner, cwd: folder, env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'pipe'] },
        );
        if (empty !== undefined) keep(join(folder, 'data'), empty);
      }
      await server.start();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** The address of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres:///${database}?host=${this.#folder}&user=postgres`;
  }

  /** The address of a new, empty database. Wakes and locks of databases do not meet. */
  async newDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    const client = new pg.Client(this.url());
    await client.connect();
    try {
      await client.query(`create database ${name}`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }

  /** Starts it, again after `stop` or `kill`, at the same address. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#start();
      } catch (error) {
        // The memory of a server that was killed may still be in use.
        if (attempt === STARTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
      }
    }
  }

  async #start(): Promise<void> {
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${this.#folder}`,
      'shared_buffers=64MB',
      'max_wal_size=2GB',
      ...this.#settings,
    ].flatMap((setting) => ['-c', setting]);
    const running = spawn(
      join(this.#programs, 'postgres'),
      ['-D', join(this.#folder, 'data'), ...settings],
      {
        ...user(),
        cwd: this.#folder,
        env: ENVIRONMENT,
        // Ctrl-C is for the process that started it: the watchdog ends the server.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#watchdog.stdin!.write(`${running.pid}\n`);
    this.#running = running;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      running.on('error', reject);
      running.once('exit', () => reject(new Error(`the server did not start: ${said}`)));
      running.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4096);
        if (said.includes('ready to accept connections')) resolve();
      });
    });
    running.unref();
  }

  /** Ends it in order: connections are cut, and what was committed is kept. */
  async stop(): Promise<void> {
    await this.#end((pid) => process.kill(pid, 'SIGINT'));
  }

  /** Ends all its processes at once (kill -9), as a power cut does. */
  async kill(): Promise<void> {
    await this.#end((pid) => {
      // Stopped, it makes no further process meanwhile.
      process.kill(pid, 'SIGSTOP');
      for (const each of [pid, ...childrenOf(pid)]) process.kill(each, 'SIGKILL');
    });
  }

  async #end(end: (pid: number) => void): Promise<void> {
    const running = this.#running;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) {
      return;
    }
    const ended = once(running, 'exit');
    running.ref();
    end(running.pid);
    await ended;
    this.#watchdog.stdin!.write('\n');
  }

  /** Ends it, and removes its folder. */
  async close(): Promise<void> {
    const ended = once(this.#watchdog, 'exit');
    this.#watchdog.ref();
    this.#watchdog.stdin!.end();
    await ended;
  }
}

/** Copies a folder with the owners of its files. */
const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to]);

/** Keeps the files of a new server, also if other processes do so at this moment. */
function keep(data: string, empty: string): void {
  mkdirSync(dirname(empty), { recursive: true });
  const own = `${empty}.${process.pid}`;
  copy(data, own);
  try {
    renameSync(own, empty);
  } catch {
    rmSync(own, { recursive: true });
  }
}

/** None of the settings of who runs this process. */
const ENVIRONMENT = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };

/**
 * SIGQUIT is the fastest that takes the server's own processes along. They are in sessions of their
 * own, and the server kills them after 5 seconds.
 */
const WATCHDOG = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -QUIT "$pid" 2>/dev/null
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null
fi
rm -rf "$0"
`;

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [];
}
