import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { checkedOptions, checkIterable, number, type OptionTable } from '../../door.js';

/** How servers are ended. */
export interface EndServersOptions {
  /**
   * after these, whoever is not done is cut off: Kubernetes kills a program after 30
   * @defaultValue 25
   */
  seconds?: number;
}

export const END_SERVERS_OPTIONS = {
  seconds: { is: number, most: 3600, default: 25 },
} as const satisfies OptionTable<EndServersOptions>;

/**
 * Ends servers of `node:http`, all at the same time: they take no new connection, answer the
 * requests that have begun, and end each open connection after its next answer. `server.close`
 * alone waits for ever for whoever opens a connection and sends nothing: Node's time-outs end with
 * the server.
 * @returns once every connection has ended; at once if no server listens
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
  // One that does not listen has nothing to close, which its callback calls an error.
  await Promise.all(all.map((server) => new Promise((resolve) => server.close(resolve))));
  clearTimeout(late);
}

/** Whoever goes on asking on an open connection would be cut off in the middle of it. */
function endAfterwards(_: IncomingMessage, response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
