import { basename, dirname, join } from 'node:path';
import {
  postgresqlPrograms,
  PostgresqlServer as Server,
} from '../../../bench/store/postgresql-server.js';
import { canInstall, install } from '../../project/debian.js';
import { ROOT } from '../../project/package.js';

export type PostgresqlServer = Server;

/** As the one that benches start, but its files are copied: to make them takes half a second. */
export const PostgresqlServer = {
  async start(options: { isDurable?: boolean } = {}): Promise<Server> {
    const programs = postgresqlPrograms();
    const version = programs === undefined ? '' : basename(dirname(programs));
    const name = `postgresql-${version}-${process.getuid?.()}`;
    const empty = join(ROOT, 'node_modules/.cache/onlyhashes-tests', name);
    return await Server.start({ ...options, empty });
  },
};

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
