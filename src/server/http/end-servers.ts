import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { checkedOptions, checkIterable, number, type OptionTable } from '../../door.js';

/** Options of `endServers`. */
export interface EndServersOptions {
  /**
   * time after which open requests are cut off; Kubernetes kills a program after 30
   * @defaultValue 25
   */
  seconds?: number;
}

export const END_SERVERS_OPTIONS = {
  seconds: { is: number, most: 3600, default: 25 },
} as const satisfies OptionTable<EndServersOptions>;

/**
 * Ends servers of `node:http`, all at once: they accept no new connections, finish the requests in
 * progress, and close each open connection after its next answer. `server.close` alone waits
 * forever for a client that connects and sends nothing: Node's time-outs stop with the server.
 * @param servers those of `node:http`, listening or not
 * @returns once every connection is closed; immediately if no server listens
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * process.once('SIGTERM', () => endServers([server]).then(() => pool.close()));
 */
export async function endServers(
  servers: Iterable<Server>,
  options: EndServersOptions = {},
): Promise<void> {
  const { seconds } = checkedOptions(options, END_SERVERS_OPTIONS);
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
  for (const server of all) server.prependListener('request', endAfterwards);
  // A server that does not listen has nothing to close; its callback reports that as an error.
  await Promise.all(all.map((server) => new Promise((resolve) => server.close(resolve))));
  clearTimeout(late);
}

/** A client that keeps using an open connection would otherwise be cut off in mid-request. */
function endAfterwards(_: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
