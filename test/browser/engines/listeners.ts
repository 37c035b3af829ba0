import { createSocket } from 'node:dgram';
import { createServer as createHttpServer, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';

/** The targets of hostile code, and what arrived there. */
export interface Listeners {
  /** ports on 127.0.0.1, by listener */
  readonly ports: Record<'site' | 'sink' | 'connect' | 'turn' | 'stun' | 'quic', number>;
  /** what arrived: the name of the channel if the listener can tell, else its own */
  readonly arrived: Set<string>;
  close(): Promise<void>;
}

const SCRIPT = 'self.arrived = true;';

/**
 * TCP and UDP listeners on their own ports. `site` serves `page` and receives what can go only to
 * the same origin. All others are on other origins, which no connection has a reason to reach.
 */
export async function openListeners(
  page: (ports: Listeners['ports']) => { body: string; headers: Record<string, string> },
): Promise<Listeners> {
  const arrived = new Set<string>();
  const servers: (Server | TcpServer)[] = [];
  const open = new Set<Socket>();
  const sockets: ReturnType<typeof createSocket>[] = [];
  const listening = async (server: Server | TcpServer) => {
    servers.push(server);
    server.on('error', () => {});
    server.on('connection', (socket: Socket) => {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const http = (isSite: boolean) => {
    const server = createHttpServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://site').pathname;
      if (isSite && path === '/') {
        const { body, headers } = page(ports);
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...headers });
        return response.end(body);
      }
      if (path !== '/favicon.ico') arrived.add(path.slice(1));
      const type = path.includes('event') ? 'text/event-stream' : 'text/javascript';
      response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' });
      response.end(SCRIPT);
    });
    server.on('upgrade', (request, socket) => {
      arrived.add((request.url ?? '/').slice(1));
      socket.destroy();
    });
    if (!isSite) server.on('connection', () => arrived.add('connection'));
    return server;
  };
  const tcp = (name: string) =>
    createTcpServer(() => {
      arrived.add(name);
    });
  const udp = async (name: string) => {
    const socket = createSocket('udp4', () => arrived.add(name));
    sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket.address().port;
  };
  const ports: Listeners['ports'] = {
    site: await listening(http(true)),
    sink: await listening(http(false)),
    connect: await listening(tcp('preconnect')),
    turn: await listening(tcp('turn')),
    stun: await udp('stun'),
    quic: await udp('webTransport'),
  };
  return {
    ports,
    arrived,
    async close() {
      for (const socket of sockets) socket.close();
      for (const socket of open) socket.destroy();
      const closed = servers.map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      );
      // Connections made in the meantime.
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}
