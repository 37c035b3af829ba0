import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { endServers } from '../../../src/server/http/end-servers.js';
import { eventually, RawClient, refusal } from '../../cli/serve/serving-program.js';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers) server.closeAllConnections();
});

async function listening(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const ASKED = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('requests in progress are answered, and clients that send nothing or half of one are cut off', async () => {
  const answers: (() => void)[] = [];
  const one = await listening((_, response) => answers.push(() => response.end('done')));
  const two = await listening((_, response) => response.end());
  const asking = new RawClient(one.url);
  asking.socket.write(ASKED);
  const idle = [one, two].map(({ url }) => new RawClient(url));
  await Promise.all(idle.map(({ socket }) => once(socket, 'connect')));
  idle[1]!.socket.write('GET / HTTP/1.1\r\n');
  await eventually(() => expect(answers).toHaveLength(1));

  const closed = endServers([one.server, two.server], { seconds: 1 });
  // Both are closed to new connections from here on.
  expect([await refusal(one.url), await refusal(two.url)]).toEqual([
    'ECONNREFUSED',
    'ECONNREFUSED',
  ]);
  answers[0]!();
  await closed;
  expect(await asking.closed).toMatch(/^HTTP\/1\.1 200 .+done/s);
  for (const client of idle) expect(await client.closed).not.toContain(' 200 ');
});

test('a further request on an open connection is answered, and the connection ended', async () => {
  const answers: (() => void)[] = [];
  const { server, url } = await listening((_, response) =>
    answers.push(() => response.end('done')),
  );
  const asking = new RawClient(url);
  asking.socket.write(ASKED);
  await eventually(() => expect(answers).toHaveLength(1));
  const closed = endServers([server], { seconds: 3600 });
  answers[0]!();
  await eventually(() => expect(asking.received).toContain('done'));
  asking.socket.write(ASKED);
  await eventually(() => expect(answers).toHaveLength(2));
  answers[1]!();
  await closed;
  expect(await asking.closed).toMatch(/keep-alive.+done.+connection: close.+done/is);
});

test('ending takes no time without clients, and a server that does not listen is closed', async () => {
  const { server } = await listening((_, response) => response.end());
  // It would take an hour.
  await endServers([server, server, createServer()], { seconds: 3600 });
  await endServers([]);
  expect(server.listening).toBe(false);
});
