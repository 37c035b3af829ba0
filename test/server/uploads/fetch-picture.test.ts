import type { LookupAddress } from 'node:dns';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createSocketServer,
  isIP,
  type LookupFunction,
} from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { DecodeError } from '../../../src/errors.js';
import { Refusal } from '../../../src/server/http/route.js';
import {
  type FetchPictureOptions,
  pictureFetcher,
} from '../../../src/server/uploads/fetch-picture.js';
import { PublicAddresses } from '../../../src/server/uploads/public-addresses.js';
import { blocklist, LISTED, pool } from './uploads.js';

/** Where pictures are: an address of loopback that is allowed; 127.0.0.1 stays forbidden. */
const MEDIA = '127.0.0.7';
const SECRET = '127.0.0.1';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Listens on an address. @returns its port, and how often it was connected to */
async function listen(
  address: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer(answer).on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const sending =
  (body: Uint8Array, headers: Record<string, string> = {}, status = 200) =>
  (_: unknown, response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'image/jpeg', ...headers });
    response.end(body);
  };

/** A name server that says something else each time, and at last the same. */
function lookupOf(...answers: string[][]): LookupFunction & { asked: () => number } {
  let asked = 0;
  const lookup: LookupFunction = (_, __, done) => {
    const all = answers[Math.min(asked++, answers.length - 1)]!;
    done(
      null,
      all.map((address): LookupAddress => ({ address, family: isIP(address) })),
    );
  };
  return Object.assign(lookup, { asked: () => asked });
}

const fetcher = (port: number, options: Partial<FetchPictureOptions> = {}) =>
  fetching({
    hosts: [`http://media.test:${port}`],
    privateNetworks: [MEDIA],
    lookup: lookupOf([MEDIA]),
    ...options,
  });

function fetching(options: FetchPictureOptions) {
  const fetchPicture = pictureFetcher(options);
  return (url: string, signal = new AbortController().signal) => fetchPicture(url, { signal });
}

/** The reason of a refusal, or the code of what reading threw. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => new Error('was fetched'),
    (given: Refusal | DecodeError) => given,
  );
  expect([Refusal, DecodeError]).toContain(error.constructor);
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toMatch(
    /media\.test|127\.0/,
  );
  if (error instanceof DecodeError) return error.code;
  return /^the picture was not fetched: ([a-z-]+)$/.exec(error.message)![1]!;
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a picture is fetched from a host that is allowed, and can be checked', async () => {
  const headers: unknown[] = [];
  const { port } = await listen(MEDIA, (request, response) => {
    headers.push(request.headers);
    sending(LISTED)(request, response);
  });
  const fetchPicture = fetcher(port);
  const bytes = await fetchPicture(`http://media.test:${port}/a.jpg?b#c`);
  expect((await whole(bytes)).equals(LISTED)).toBe(true);
  expect(headers).toEqual([
    {
      ...{ accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'onlyhashes' },
      ...{ host: `media.test:${port}`, connection: 'close' },
    },
  ]);
  const again = await fetchPicture(`http://media.test:${port}/a.jpg`);
  expect((await pool.check(again, blocklist)).verdict).toBe('match');
});

test.each([
  'http://media.test/',
  'https://media.test/',
  'http://other.test:PORT/',
  'http://media.test.other.test:PORT/',
  'http://127.0.0.7:PORT/',
  'http://media.test@127.0.0.1:PORT/',
  'http://user:secret@media.test:PORT/',
  'file:///etc/passwd',
  'ftp://media.test/',
  'data:image/png;base64,AAAA',
  '//media.test:PORT/',
  'no address',
  '',
])('another address is not requested: %s', async (address) => {
  const { port, connections } = await listen(MEDIA, sending(LISTED));
  const code = await codeOf(fetcher(port)(address.replace('PORT', String(port))));
  expect(['bad-url', 'host-not-allowed']).toContain(code);
  expect(connections()).toBe(0);
});

test('a star allows all hosts below one, at the usual port of https alone', async () => {
  const fetchPicture = fetching({
    hosts: ['*.media.test', 'one.test'],
    lookup: lookupOf([SECRET]),
  });
  for (const [address, code] of [
    ['https://a.media.test/', 'private-address'],
    ['https://a.b.media.test/', 'private-address'],
    ['https://ONE.test/', 'private-address'],
    ['https://media.test/', 'host-not-allowed'],
    ['https://amedia.test/', 'host-not-allowed'],
    ['http://a.media.test/', 'host-not-allowed'],
    ['https://a.media.test:8443/', 'host-not-allowed'],
    ['https://a.one.test/', 'host-not-allowed'],
  ] as const) {
    expect([address, await codeOf(fetchPicture(address))]).toEqual([address, code]);
  }
  for (const host of [
    '*.test',
    '*',
    'a b',
    'https://a.test/path',
    'ftp://a.test',
    'a@b.test',
    '',
  ]) {
    expect(() => pictureFetcher({ hosts: [host] })).toThrow(RangeError);
  }
});

test('a name with a private address is not requested, even beside a public one', async () => {
  const { port, connections } = await listen(SECRET, sending(LISTED));
  for (const answer of [[SECRET], [MEDIA, SECRET], ['::1'], ['::ffff:127.0.0.1'], ['10.0.0.1']]) {
    const fetchPicture = fetcher(port, { lookup: lookupOf(answer) });
    expect(await codeOf(fetchPicture(`http://media.test:${port}/`))).toBe('private-address');
  }
  const nothing = fetcher(port, { lookup: lookupOf([]) });
  expect(await codeOf(nothing(`http://media.test:${port}/`))).toBe('unreachable');
  expect(connections()).toBe(0);
});

test('a literal address is checked too, however it is written', async () => {
  const { port, connections } = await listen(SECRET, sending(LISTED));
  const written = ['127.0.0.1', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '[::1]', '0'];
  const hosts = written.map((host) => `http://${host}:${port}`);
  const fetchPicture = fetcher(port, { hosts: [...hosts, `http://[::ffff:7f00:1]:${port}`] });
  for (const host of hosts) {
    expect(await codeOf(fetchPicture(`${host}/`))).toBe('private-address');
  }
  expect(await codeOf(fetchPicture(`http://[::ffff:127.0.0.1]:${port}/`))).toBe('private-address');
  expect(connections()).toBe(0);
});

test('a name server that changes its answer has no effect: the checked address is used', async () => {
  const { port } = await listen(MEDIA, sending(LISTED));
  const secret = await listen(SECRET, sending(Buffer.from('secret')), port);
  const lookup = lookupOf([MEDIA], [SECRET]);
  const fetchPicture = fetcher(port, { lookup });
  const bytes = await fetchPicture(`http://media.test:${port}/`);
  expect((await whole(bytes)).equals(LISTED)).toBe(true);
  expect(lookup.asked()).toBe(1);
  expect(await codeOf(fetchPicture(`http://media.test:${port}/`))).toBe('private-address');
  expect(secret.connections()).toBe(0);
});

test.each([301, 302, 303, 307, 308])(
  'a redirect is checked as the first address: %i',
  async (status) => {
    const secret = await listen(SECRET, sending(LISTED));
    let location = '/picture';
    const { port } = await listen(MEDIA, (request, response) => {
      if (request.url === '/picture') sending(LISTED)(request, response);
      else response.writeHead(status, { location }).end('x'.repeat(100_000));
    });
    const fetchPicture = fetcher(port, {
      hosts: [`http://media.test:${port}`, `http://${SECRET}:${secret.port}`],
    });
    const start = `http://media.test:${port}/`;
    expect((await whole(await fetchPicture(start))).equals(LISTED)).toBe(true);
    for (const [target, code] of [
      [`http://${SECRET}:${secret.port}/`, 'private-address'],
      ['http://169.254.169.254/latest/', 'host-not-allowed'],
      ['http://other.test/', 'host-not-allowed'],
      ['file:///etc/passwd', 'bad-url'],
      ['http://', 'bad-url'],
      [`http://a:b@media.test:${port}/picture`, 'bad-url'],
      ['/', 'too-many-redirects'],
    ] as const) {
      location = target;
      expect([target, await codeOf(fetchPicture(start))]).toEqual([target, code]);
    }
    expect(secret.connections()).toBe(0);
  },
);

test('a redirect is resolved again: a name may by now lead to this machine', async () => {
  const { port } = await listen(MEDIA, (_, response) =>
    response.writeHead(302, { location: '/again' }).end(),
  );
  const secret = await listen(SECRET, sending(LISTED), port);
  const fetchPicture = fetcher(port, { lookup: lookupOf([MEDIA], [SECRET]) });
  expect(await codeOf(fetchPicture(`http://media.test:${port}/`))).toBe('private-address');
  expect(secret.connections()).toBe(0);
});

test('three redirects are followed, and no fourth', async () => {
  const { port } = await listen(MEDIA, (request, response) => {
    const left = Number(request.url!.slice(1));
    if (left === 0) sending(LISTED)(request, response);
    else response.writeHead(302, { location: `/${left - 1}` }).end();
  });
  const fetchPicture = fetcher(port);
  expect((await whole(await fetchPicture(`http://media.test:${port}/3`))).equals(LISTED)).toBe(
    true,
  );
  expect(await codeOf(fetchPicture(`http://media.test:${port}/4`))).toBe('too-many-redirects');
});

test('a response that is no picture, is compressed, or has another status is not read', async () => {
  let answer = sending(LISTED);
  const { port } = await listen(MEDIA, (request, response) => answer(request, response));
  const fetchPicture = fetcher(port, { maxBytes: LISTED.length });
  const url = `http://media.test:${port}/`;
  for (const [given, code] of [
    [sending(LISTED, { 'content-type': 'text/html' }), 'wrong-type'],
    [sending(LISTED, { 'content-type': '' }), 'wrong-type'],
    [sending(LISTED, { 'content-encoding': 'gzip' }), 'wrong-type'],
    [sending(LISTED, {}, 404), 'rejected'],
    [sending(LISTED, {}, 206), 'rejected'],
    [sending(LISTED, {}, 302), 'rejected'],
    [sending(LISTED, { 'content-length': String(LISTED.length + 1) }), 'too-many-bytes'],
    [(_: unknown, response: ServerResponse) => response.destroy(), 'unreachable'],
  ] as const) {
    answer = given as typeof answer;
    expect(await codeOf(fetchPicture(url))).toBe(code);
  }
  answer = sending(LISTED, { 'content-type': 'Application/Octet-Stream; charset=x' });
  expect((await whole(await fetchPicture(url))).length).toBe(LISTED.length);
});

test('a body that is too long, breaks off, or never ends is an error to its reader', async () => {
  let answer: (response: ServerResponse) => void = () => {};
  const { port } = await listen(MEDIA, (_, response) => {
    response.writeHead(200, { 'content-type': 'image/png' });
    response.write('x'.repeat(1000));
    answer(response);
  });
  const url = `http://media.test:${port}/`;
  const read = async (options: Partial<FetchPictureOptions>, signal?: AbortSignal) =>
    whole(await fetcher(port, options)(url, signal));
  answer = (response) => response.write('x'.repeat(1001));
  expect(await codeOf(read({ maxBytes: 2000 }))).toBe('too-many-bytes');
  answer = (response) => response.write('x', () => setTimeout(() => response.destroy(), 50));
  expect(await codeOf(read({}))).toBe('unreadable');
  answer = () => {};
  expect(await codeOf(read({ timeoutSeconds: 0.3 }))).toBe('timeout');
  const end = new AbortController();
  answer = () => end.abort(new Error('no more'));
  await expect(read({}, end.signal)).rejects.toThrow('no more');
});

test('a host that does not answer is abandoned', async () => {
  const { port } = await listen(MEDIA, () => {});
  const url = `http://media.test:${port}/`;
  expect(await codeOf(fetcher(port, { timeoutSeconds: 0.2 })(url))).toBe('timeout');
  const signal = AbortSignal.abort(new Error('no more'));
  await expect(fetcher(port)(url, signal)).rejects.toThrow('no more');
  for (const close of closing.splice(0)) close();
  expect(await codeOf(fetcher(port)(url))).toBe('unreachable');
});

test('a host that wants another protocol, or sends nothing of HTTP, has not answered', async () => {
  for (const reply of [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'SSH-2.0-x\r\n',
    '',
  ]) {
    const server = createSocketServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(reply));
    });
    await new Promise<void>((resolve) => server.listen(0, MEDIA, resolve));
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(fetcher(port)(`http://media.test:${port}/`)), reply).toBe('unreachable');
  }
});

test('private, special and malformed addresses are not public', () => {
  const addresses = new PublicAddresses([]);
  for (const address of [
    ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1'],
    ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.168.1.1'],
    ...['198.18.0.1', '198.19.255.255', '224.0.0.1', '239.255.255.255', '240.0.0.1'],
    ...['255.255.255.255', '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:8.8.8.8'],
    ...['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1'],
    ...['2002:7f00:1::', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%lo', 'fec0::1', 'ff02::1'],
    ...['3fff::1', 'localhost', '', '1.2.3', '1.2.3.4.5', 'example.org'],
    // The ends of what IANA's registries have.
    ...['0.255.255.255', '10.255.255.255', '127.255.255.255', '169.254.0.0', '192.0.0.255'],
    ...['192.0.2.0', '192.0.2.255', '192.31.196.0', '192.31.196.255', '192.52.193.0'],
    ...['192.52.193.255', '192.88.99.0', '192.88.99.255', '192.168.255.255', '192.175.48.0'],
    ...['192.175.48.255', '198.51.100.0', '198.51.100.255', '203.0.113.0', '203.0.113.255'],
    ...['2001:1::1', '2001:20::1', '2001:1ff:ffff::', '2001:db8:ffff::', '2002:ffff::1'],
    ...['2620:4f:8000::1', '2620:4f:8000:ffff::', '3fff:fff:ffff::', '1fff:ffff::', '4000::'],
    ...['5f00::1', '::ffff:0:8.8.8.8'],
  ]) {
    expect([address, addresses.has(address)]).toEqual([address, false]);
  }
  for (const address of [
    ...['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.255.255', '172.32.0.0'],
    ...['9.255.255.255', '11.0.0.0', '169.253.255.255', '198.17.255.255', '223.255.255.255'],
    ...['2001:4860:4860::8888', '2606:4700::1111', '2a00:1450::1'],
    ...['1.0.0.0', '126.255.255.255', '128.0.0.0', '169.255.0.0', '192.0.1.0', '192.0.3.0'],
    ...['192.31.195.255', '192.31.197.0', '192.52.192.255', '192.52.194.0', '192.88.98.255'],
    ...['192.88.100.0', '192.167.255.255', '192.169.0.0', '192.175.47.255', '192.175.49.0'],
    ...['198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0'],
    ...['2000::1', '2001:200::1', '2001:db7:ffff::', '2001:db9::', '2003::1', '2620:4f:7fff::1'],
    ...['2620:4f:8001::1', '3ffe:ffff::', '3fff:1000::'],
  ]) {
    expect([address, addresses.has(address)]).toEqual([address, true]);
  }
  const own = new PublicAddresses(['10.1.0.0/16', 'fd00:1::/32']);
  expect(['10.1.2.3', '10.2.2.3', 'fd00:1::9', 'fd00:2::9'].map((one) => own.has(one))).toEqual([
    ...[true, false, true, false],
  ]);
});
