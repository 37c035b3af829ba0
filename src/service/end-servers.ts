import type { Server } from 'node:http';
import { checkIterable, checkNumber, checkOptions } from '../door.js';

/** How servers are ended. */
export interface EndServersOptions {
  /**
   * seconds after which whoever is not done is cut off, 0 to 3600; default 25, since Kubernetes
   * kills a program after 30
   */
  seconds?: number;
}

/**
 * Ends servers of `node:http`, all at the same time: they take no new connection, and answer the
 * requests that have begun. `server.close` alone waits for ever for whoever opens a connection and
 * sends nothing: Node's time-outs end with the server.
 * @returns a promise that resolves once every connection has ended; one that resolves at once if no
 *   server listens
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * process.once('SIGTERM', () => endServers([server]).then(() => pool.close()));
 */
export async function endServers(
  servers: Iterable<Server>,
  options: EndServersOptions = {},
): Promise<void> {
  checkOptions(options);
  const { seconds = 25 } = options;
  checkNumber('seconds', seconds, 0, 3600);
  checkIterable(servers, 'servers of node:http');
  const all = [...servers];
  for (const server of all) {
    if (typeof server?.closeAllConnections !== 'function') {
      throw new TypeError('expected servers of node:http');
    }
  }
  const late = setTimeout(() => {
    for (const server of all) server.closeAllConnections();
  }, 1000 * seconds);
  // One that does not listen has nothing to close, which its callback calls an error.
  await Promise.all(all.map((server) => new Promise((resolve) => server.close(resolve))));
  clearTimeout(late);
}
