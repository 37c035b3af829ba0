import { postgresqlPrograms } from '../../bench/postgresql-server.js';
import { canInstall, install } from '../debian.js';

export { PostgresqlServer } from '../../bench/postgresql-server.js';

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
