import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { testFolder } from '../../folder.js';
import { PHOTOS } from '../program.js';
import {
  eventually,
  inTime,
  RawClient,
  refusal,
  ServingProgram,
  serving,
} from './serving-program.js';

const HEX = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22';
const PHOTO = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
/** Before the program cuts off what it was asked, and longer than a busy machine takes. */
const BOUND_SECONDS = 19;

const folder = testFolder();
const list = join(folder, 'list.csv');
beforeAll(async () => {
  // A picture that is found is answered soonest.
  writeFileSync(list, `${HEX}\n${hashToHex((await hashFile(PHOTO)).hash)}\n`);
});

/** The head of a POST and its body. */
function post(path: string, type: string, body: Uint8Array): [head: string, body: Buffer] {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
  ];
  return [`${head.join('\r\n')}\r\n\r\n`, Buffer.from(body)];
}

const LOOKUP = post(
  '/v1/match',
  'application/json',
  Buffer.from(JSON.stringify({ algorithm: 'pdq', hash: HEX })),
);
const UPLOAD = post('/v1/match', 'image/jpeg', readFileSync(PHOTO));
const METRICS = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** A request of which all but the last part has come. */
async function begun(url: string, [head, body]: [string, Buffer]): Promise<() => RawClient> {
  const client = new RawClient(url);
  client.socket.write(head);
  client.socket.write(body.subarray(0, -4));
  // It was sent before another request that is answered.
  await eventually(async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('onlyhashes_ready 1');
  });
  return () => {
    client.socket.write(body.subarray(-4));
    return client;
  };
}

describe.each(['SIGINT', 'SIGTERM'] as const)('at %s', (signal) => {
  test.each([
    ['a lookup', LOOKUP],
    ['an upload', UPLOAD],
  ])('%s in progress is answered, and nothing new is accepted', async (_, request) => {
    const program = new ServingProgram(['-b', list]);
    try {
      const url = await program.ready();
      const idle = new RawClient(url);
      idle.socket.write(METRICS);
      await eventually(() => expect(idle.received).toContain('onlyhashes_ready 1'));
      const finish = await begun(url, request);
      program.child.kill(signal);
      await eventually(async () => expect(await refusal(url)).toBe('ECONNREFUSED'));
      // A connection that waits for another request is ended.
      await idle.closed;
      const client = finish();
      const reply = await inTime(BOUND_SECONDS, client.closed);
      expect(reply).toMatch(/^HTTP\/1\.1 200 /);
      expect(reply).toContain('"verdict"');
      const ended = await inTime(BOUND_SECONDS, program.ended);
      expect(ended).toMatchObject({ err: '', code: 0 });
    } finally {
      program.child.kill('SIGKILL');
    }
  });

  test('a second signal ends it at once, whatever is being answered', async () => {
    const program = new ServingProgram(['-b', list]);
    const url = await program.ready();
    await begun(url, LOOKUP);
    program.child.kill(signal);
    await eventually(async () => expect(await refusal(url)).toBe('ECONNREFUSED'));
    const { code } = await inTime(BOUND_SECONDS, program.end(signal));
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
  });

  test('a signal before it is ready ends it as well', async () => {
    const program = new ServingProgram(['-b', list]);
    const { code } = await program.end(signal);
    // Before the program has heard of signals, the system ends it.
    expect([0, signal === 'SIGINT' ? 130 : 143]).toContain(code);
  });
});

test('a request on an open connection after the signal is sent to another server', async () => {
  const program = new ServingProgram(['-b', list]);
  try {
    const url = await program.ready();
    const finish = await begun(url, LOOKUP);
    program.child.kill('SIGTERM');
    await eventually(async () => expect(await refusal(url)).toBe('ECONNREFUSED'));
    const client = finish();
    client.socket.write(LOOKUP[0]);
    client.socket.write(LOOKUP[1]);
    const replies = (await client.closed).split(/(?=HTTP\/1\.1 )/);
    expect(replies[0]).toMatch(/^HTTP\/1\.1 200 /);
    // Or the connection was ended by then.
    if (replies.length > 1) expect(replies[1]).toMatch(/^HTTP\/1\.1 503 [\s\S]+"ending"/);
    expect((await program.ended).code).toBe(0);
  } finally {
    program.child.kill('SIGKILL');
  }
});

test('clients that send half a request, or do not read, do not keep it from ending', async () => {
  const clients: RawClient[] = [];
  const work = async (url: string) => {
    const half = new RawClient(url);
    half.socket.write(METRICS.slice(0, 20));
    const deaf = new RawClient(url);
    deaf.socket.pause();
    clients.push(half, deaf);
    // Far more than the buffers of both sides.
    const page = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n';
    for (let i = 0; i < 400; i++) deaf.socket.write(page);
    await begun(url, LOOKUP);
  };
  // The program's own bound of what is asked, and some for a busy machine.
  expect((await serving(['-b', list], work, { endSeconds: 25 })).code).toBe(0);
  for (const client of clients) client.socket.destroy();
});
