import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import pg from 'pg';
import {
  postgresqlPrograms,
  PostgresqlServer as Server,
} from '../../../bench/store/postgresql-server.js';
import { canInstall, install } from '../../project/debian.js';
import { ROOT } from '../../project/package.js';

const STARTS = 3;

let databases = 0;

/** The databases of a server, by the address of each. */
export class Databases {
  readonly url: (database?: string) => string;

  constructor(url: (database?: string) => string) {
    this.url = url;
  }

  /** The address of a new, empty database. Wakes and locks of databases do not meet. */
  async newDatabase(): Promise<string> {
    const name = `test_${process.pid}_${++databases}`;
    const client = new pg.Client(this.url());
    await client.connect();
    try {
      await client.query(`create database ${name}`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }
}

/** As the one that benches start. It can be stopped, killed and started again. */
export class PostgresqlServer extends Server {
  readonly #databases = new Databases((database) => this.url(database));

  /** A started one. Its files are copied: to make them takes half a second. */
  static async open(options: { isDurable?: boolean } = {}): Promise<PostgresqlServer> {
    const server = new PostgresqlServer(options);
    try {
      const version = basename(dirname(postgresqlPrograms()!));
      const name = `postgresql-${version}-${process.getuid?.()}`;
      const empty = join(ROOT, 'node_modules/.cache/onlyhashes-tests', name);
      const data = join(server.folder, 'data');
      if (existsSync(empty)) copy(empty, data);
      else {
        server.create();
        keep(data, empty);
      }
      await server.start();
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  override async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await super.start();
      } catch (error) {
        // The memory of a server that was killed may still be in use.
        if (attempt === STARTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
      }
    }
  }

  /** The address of a new, empty database. */
  newDatabase(): Promise<string> {
    return this.#databases.newDatabase();
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
    const { running } = this;
    if (running?.pid === undefined || running.exitCode !== null || running.signalCode !== null) {
      return;
    }
    const ended = once(running, 'exit');
    running.ref();
    end(running.pid);
    await ended;
    this.forget();
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

function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [];
}

const PACKAGE = 'postgresql';

/**
 * One line on why no server can be started, and how to get one; undefined if one can. With `CI` set
 * it is installed.
 */
export async function postgresqlMissing(): Promise<string | undefined> {
  if (postgresqlPrograms()) return undefined;
  let failure = canInstall() ? 'CI=true npm test installs it' : 'not a Debian machine with root';
  if (process.env.CI && canInstall()) {
    failure = (await install([PACKAGE], () => postgresqlPrograms() !== undefined)) ?? failure;
    if (postgresqlPrograms()) return undefined;
  }
  return `PostgreSQL is not installed (${failure}): apt-get install ${PACKAGE}`;
}
