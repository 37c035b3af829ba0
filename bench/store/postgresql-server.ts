import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a store needs. */
const OLDEST = 14;

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
  readonly folder: string;
  protected running: ReturnType<typeof spawn> | undefined;
  readonly #programs: string;
  readonly #settings: readonly string[];
  /** Ends the server and removes its folder when its input ends; each line tells it the pid. */
  readonly #watchdog: ReturnType<typeof spawn>;

  /**
   * @param isDurable what was committed survives a kill
   * @param settings of the server, as `name=value`
   * @throws {Error} if PostgreSQL is missing
   */
  constructor({ isDurable = false, settings = [] as readonly string[] } = {}) {
    const programs = postgresqlPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed');
    this.#programs = programs;
    this.folder = mkdtempSync(join(tmpdir(), 'onlyhashes-postgresql-'));
    const owner = user();
    if (owner) chownSync(this.folder, owner.uid, owner.gid);
    this.#settings = [...(isDurable ? [] : CARELESS), ...settings];
    this.#watchdog = spawn('/bin/sh', ['-c', WATCHDOG, this.folder], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#watchdog.stdin!.on('error', () => {});
    this.#watchdog.unref();
  }

  /** Makes the files of a new server, in `data` of its folder. */
  create(): void {
    const words = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(join(this.#programs, 'initdb'), ['-D', join(this.folder, 'data'), ...words], {
      ...user(),
      cwd: this.folder,
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }

  /** The address of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres:///${database}?host=${this.folder}&user=postgres`;
  }

  /** Starts it, at the same address if it ran before. */
  async start(): Promise<void> {
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${this.folder}`,
      'shared_buffers=64MB',
      'max_wal_size=2GB',
      ...this.#settings,
    ].flatMap((setting) => ['-c', setting]);
    const running = spawn(
      join(this.#programs, 'postgres'),
      ['-D', join(this.folder, 'data'), ...settings],
      {
        ...user(),
        cwd: this.folder,
        env: ENVIRONMENT,
        // Ctrl-C is for the process that started it: the watchdog ends the server.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#watchdog.stdin!.write(`${running.pid}\n`);
    this.running = running;
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

  /** To be called by who ended it, before it is started again. */
  protected forget(): void {
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
