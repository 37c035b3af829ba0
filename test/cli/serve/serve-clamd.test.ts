import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import NodeClam from 'clamscan';
import { beforeAll, expect, test } from 'vitest';
import { hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { testFolder } from '../../folder.js';
import { PHOTOS } from '../program.js';
import { eventually, ServingProgram, serving } from './serving-program.js';

const LISTED = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const NO_PICTURE = Buffer.from('no picture at all');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
const WARNING = 'onlyhashes: --clamd: callers take FOUND for malware';

const folder = testFolder();
const list = join(folder, 'list.csv');
beforeAll(async () => {
  writeFileSync(list, `${hashToHex((await hashFile(LISTED)).hash)}\n`);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const scanner = (where: object) =>
  new NodeClam().init({
    clamdscan: { ...where, timeout: 60_000, localFallback: false },
    preference: 'clamdscan',
  });

const infected = async (clam: NodeClam, bytes: Uint8Array) =>
  (await clam.scanStream(Readable.from([bytes]))).isInfected;

test.each([
  ['a port', async () => ({ host: '127.0.0.1', port: await freePort() })],
  ['a path', async () => ({ socket: join(folder, 'clamd.sock') })],
])("clamd's clients are answered at %s, beside HTTP", async (_, place) => {
  const where: { host?: string; port?: number; socket?: string } = await place();
  const at = where.socket ?? `${where.host}:${where.port}`;
  const { err, code } = await serving(['-b', list, '--clamd', at], async (url) => {
    const clam = await scanner(where);
    expect(await infected(clam, readFileSync(LISTED))).toBe(true);
    expect(await infected(clam, NO_PICTURE)).toBe(false);
    await expect(infected(clam, SVG)).rejects.toThrow('stream: unsupported');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });
  expect(err).toContain(WARNING);
  expect(err).not.toContain('knows no token');
  expect(code).toBe(0);
});

test('pictures of unsupported kinds pass if an option allows it', async () => {
  const socket = join(folder, 'accepting.sock');
  await serving(['-b', list, '--clamd', socket, '--clamd-unread', 'accept'], async () => {
    const clam = await scanner({ socket });
    expect(await infected(clam, SVG)).toBe(false);
    expect(await infected(clam, readFileSync(LISTED))).toBe(true);
  });
});

test('a stream that has begun is answered after a signal', async () => {
  const port = await freePort();
  const program = new ServingProgram(['-b', list, '--clamd', `127.0.0.1:${port}`]);
  try {
    const url = await program.ready();
    const clam = await scanner({ host: '127.0.0.1', port });
    const bytes = readFileSync(LISTED);
    // The rest comes when the program has been told to end.
    async function* halves() {
      yield bytes.subarray(0, 2000);
      await eventually(async () => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        expect(metrics).toMatch(/_pool_pictures\{stage="(reading|at_work)"\} 1/);
      });
      program.child.kill('SIGTERM');
      yield bytes.subarray(2000);
    }
    const { isInfected } = await clam.scanStream(Readable.from(halves()));
    expect(isInfected).toBe(true);
    expect((await program.ended).code).toBe(0);
  } finally {
    program.child.kill('SIGKILL');
  }
});
