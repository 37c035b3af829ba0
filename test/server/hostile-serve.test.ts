import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { PHOTOS } from '../cli/program.js';
import { RawClient } from '../cli/serve/serving-program.js';
import { testFolder } from '../folder.js';
import { AUTHORIZED, ServeProgram, tokensFile } from './serve-program.js';
import { formOf } from './uploads/uploads.js';

/* What strangers may try, against the program as it is built: `service` has the same, in parts. */

const HEX = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';
const CONNECTIONS = 1000;

const folder = testFolder();
let list: string;
let tokens: ReturnType<typeof tokensFile>;
beforeAll(() => {
  list = join(folder, 'list.csv');
  writeFileSync(list, `${HEX},a label\n`);
  tokens = tokensFile();
});
afterAll(() => {
  tokens.remove();
});

async function serving(args: readonly string[], node: readonly string[] = []) {
  const usual = ['-b', list, '--port', '0', '--tokens', tokens.path];
  const program = new ServeProgram([...usual, ...args], node);
  onTestFinished(() => program.kill());
  return { program, url: await program.ready };
}

/** Connects and sends text. */
async function sending(url: string, text: string): Promise<RawClient> {
  const client = new RawClient(url);
  onTestFinished(() => void client.socket.destroy());
  await once(client.socket, 'connect');
  client.socket.write(text);
  return client;
}

const head = (...headers: string[]) =>
  [
    'POST /v1/match HTTP/1.1',
    'Host: a.test',
    `Authorization: ${AUTHORIZED.authorization}`,
    ...headers,
    '',
    '',
  ].join('\r\n');

/** Each stalls elsewhere. */
const STALLING = [
  '',
  'POST /v1/mat',
  'POST /v1/match HTTP/1.1\r\nHost: a.test\r\nX-Slow: ',
  `${head('Content-Type: application/json', 'Content-Length: 1000')}{"`,
  head('Content-Type: image/jpeg', 'Content-Length: 60000000'),
  `${head('Content-Type: multipart/form-data; boundary=x', 'Content-Length: 60000000')}--x\r\n`,
  `${head('Content-Type: image/png', 'Transfer-Encoding: chunked')}5\r\na`,
];

const asked = async (url: string, init: RequestInit = {}) =>
  await fetch(url, { ...init, headers: { ...AUTHORIZED, ...init.headers } });

test('1,000 stalled connections do not keep others from being served', async () => {
  const { program, url } = await serving(['--timeout', '300']);
  for (let at = 0; at < CONNECTIONS; at += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => sending(url, STALLING[(at + i) % STALLING.length]!)),
    );
  }
  for (let i = 0; i < 20; i++) {
    const lookup = await asked(`${url}/m/lookup?signal_type=pdq&signal=${HEX}`);
    expect(lookup.status).toBe(200);
    expect(JSON.stringify(await lookup.json())).toContain('"distance":"0"');
    const match = await asked(`${url}/v1/match`, {
      method: 'POST',
      body: JSON.stringify({ algorithm: 'pdq', hash: HEX }),
      headers: { 'content-type': 'application/json' },
    });
    expect(await match.json()).toMatchObject({ decision: { verdict: 'match' } });
  }
  const picture = readFileSync(join(PHOTOS, 'nagasaki-boats-q40.jpg'));
  const jpeg = { body: picture, headers: { 'content-type': 'image/jpeg' } };
  for (const body of [jpeg, { body: formOf(picture) }]) {
    const upload = await asked(`${url}/v1/match`, { method: 'POST', ...body });
    expect(await upload.json()).toMatchObject({ decision: { verdict: 'none' } });
  }
  expect(program.isRunning).toBe(true);
});

test('a client that sends headers or a body too slowly is cut off', async () => {
  const { url } = await serving(['--timeout', '1']);
  await Promise.all(
    STALLING.slice(2).map(async (text) => {
      const { closed } = await sending(url, text);
      expect(await closed).toMatch(/^HTTP\/1\.1 (408|503) /);
    }),
  );
  expect((await asked(`${url}/v1/status`)).status).toBe(200);
});

/**
 * Plays the internet to the program: the name media.test has a public address, which leads to a
 * server of the test; inside.test has the address of this machine.
 */
const INTERNET = `
const dns = require('node:dns');
const net = require('node:net');
const PUBLIC = '93.184.215.14';
const { lookup } = dns;
dns.lookup = (name, ...args) => {
  if (!name.endsWith('.test')) return lookup(name, ...args);
  const address = name === 'media.test' ? PUBLIC : '127.0.0.1';
  const done = args.at(-1);
  process.nextTick(() => done(null, [{ address, family: 4 }]));
};
require('node:module').syncBuiltinESMExports();
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  if (options?.host !== 'media.test') return connect.apply(this, args);
  // It asks for the address, as it would outside, and is led here.
  options.lookup(options.host, { all: false }, (error, address) => {
    if (error) return this.destroy(error);
    Object.defineProperty(this, 'remoteAddress', { value: address });
    connect.call(this, { port: options.port, host: '127.0.0.1' });
  });
  return this;
};
`;

test('a redirect to this machine is not followed', async () => {
  const preload = join(folder, 'internet.cjs');
  writeFileSync(preload, INTERNET);
  let secrets = 0;
  const secret = createServer((_, response) => {
    secrets++;
    response.end();
  });
  secret.on('connection', () => secrets++).listen(0, '127.0.0.1');
  await once(secret, 'listening');
  const { port: inside } = secret.address() as AddressInfo;
  let outsides = 0;
  const media = createServer((request, response) => {
    outsides++;
    const host = request.url === '/name' ? 'inside.test' : '127.0.0.1';
    response.writeHead(302, { location: `http://${host}:${inside}/` }).end();
  }).listen(0, '127.0.0.1');
  await once(media, 'listening');
  const { port } = media.address() as AddressInfo;
  onTestFinished(() => {
    for (const server of [secret, media]) server.close();
  });
  const hosts = ['media.test', 'inside.test', '127.0.0.1'].map(
    (host, at) => `http://${host}:${at === 0 ? port : inside}`,
  );
  const { url } = await serving(['--allow-url-host', hosts.join(',')], ['--require', preload]);
  const statuses: number[] = [];
  for (const address of [
    `http://media.test:${port}/name`,
    `http://media.test:${port}/address`,
    `http://inside.test:${inside}/`,
    `http://127.0.0.1:${inside}/`,
  ]) {
    const reply = await asked(`${url}/m/lookup?url=${encodeURIComponent(address)}`);
    statuses.push(reply.status);
    expect(await reply.text()).not.toContain('127.0');
  }
  expect(statuses).toEqual([403, 403, 403, 403]);
  expect([outsides, secrets]).toEqual([2, 0]);
});
