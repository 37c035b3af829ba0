import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createWebServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { textOf } from '../../../src/cli/failure.js';
import { HoldingServe, type ServeLimits } from '../../../src/cli/serve/store-socket.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { flipBits } from '../../arbitraries.js';
import { testFolder } from '../../folder.js';
import { newRecord } from '../../matching/reviews.js';
import { hexOf, SERVICES } from '../../node/files/fed-services.js';
import { EMBEDDED, type Ended, listOf, onlyhashes, PHOTOS } from '../program.js';
import { eventually, ServingProgram, serving, verdictOf } from './serving-program.js';

/* Commands on an embedded store that a `serve` has open. */

/** Each run of the program opens the store; an embedded one takes seconds on a busy machine. */
const base = testFolder();
const run = (...words: string[]) => onlyhashes(words, { node: EMBEDDED });

/** The folder of a store with an entry on a list, and a record of a review. */
async function newStore(name = 'hashes'): Promise<string> {
  const dataDir = join(mkdtempSync(join(base, 'beside-')), name);
  const store = await openStore({ dataDir });
  await store.apply({
    add: [{ hash: hashFromHex('pdq', hexOf(1)), labels: [], id: 'one', list: 'ours' }],
  });
  await store.reviewLog({ retentionDays: 30 }).append(newRecord(1, { id: 'r1', list: 'ours' }));
  await store.close();
  return dataDir;
}

const served = (dataDir: string, work: (url: string, pid: number) => Promise<void>) =>
  serving(
    ['--store', dataDir, '--fetch-minutes', '0'],
    async (url, { child }) => await work(url, child.pid!),
    { node: EMBEDDED },
  );

test('commands on a store that serve has open answer as they do without serve', async () => {
  const dataDir = await newStore();
  const at = ['--store', dataDir];
  const reading = [
    ['lists', ...at, '--json'],
    ['log', ...at],
    ['log', ...at, '--json', '--entry', newRecord(1).entry!.hash],
    ['log', ...at, '--errors'],
    ['log', ...at, '--from', 'yesterday'],
  ];
  const alone: Ended[] = [];
  for (const words of reading) alone.push(await run(...words));
  const { code, err } = await served(dataDir, async (url) => {
    expect(statSync(join(dataDir, 'serve.sock')).mode & 0o777).toBe(0o600);
    for (const [i, words] of reading.entries()) expect(await run(...words)).toEqual(alone[i]);
    const words = [hexOf(1), 'no such'];
    expect(await run('withdraw', ...words, ...at, '--reason', 'a mistake')).toMatchObject({
      ...{ lines: [`withdrawn,1,${hexOf(1)}`, 'withdrawn,0,no such'], code: 0 },
      err: 'onlyhashes: no entry has word 2 as its hash or id now; a label is no id\n',
    });
    await eventually(async () => expect(await verdictOf(url, hexOf(1))).toBe('none'));
    expect(await run('withdraw', ...words, ...at, '--reinstate')).toMatchObject({
      lines: [`reinstated,${hexOf(1)}`, 'reinstated,no such'],
      err: '',
    });
    expect((await run('withdraw', 'none', ...at, '--reinstate')).err).toBe(
      'onlyhashes: word 1 names no withdrawal\n',
    );
    expect(await run('log', ...at, '--id', 'r1', '--erase')).toMatchObject({ out: '1\n', code: 0 });
    expect(await run('log', ...at)).toMatchObject({ out: '', code: 1 });
  });
  expect([code, err]).toEqual([0, '']);
  expect(readdirSync(dataDir)).toEqual(['data']);
});

test('pictures and hashes are matched beside a serve, byte for byte as without it', async () => {
  const dataDir = await newStore();
  const names = ['acanthus-mollis.jpg', 'acanthus-mollis-w700.png', 'allium-oreophilum.jpg'];
  const pictures = names.map((name) => join(PHOTOS, name));
  const [whole, , other] = pictures as [string, string, string];
  const { hash } = await hashFile(whole);
  const { hash: allowed } = await hashFile(other);
  const flipped = (count: number) =>
    flipBits(
      hash,
      Array.from({ length: count }, (_, at) => 5 * at),
      count,
    );
  const store = await openStore({ dataDir });
  const opinions = [{ from: 'a', says: 'Blocked', tags: ['x'] }];
  const add = [
    { hash: flipped(3), labels: ['one, two'], id: 'whole', list: 'ours', opinions, quality: 90 },
    { hash: flipped(40), labels: [], source: 'theirs', list: 'theirs', confirmed: false },
    { hash: flipped(3), labels: ['paused'], id: 'paused', list: 'ours' },
    { hash: allowed, labels: [], id: 'allowed', list: 'theirs', caseCount: 3 },
    { hash, labels: [], id: 'withdrawn', list: 'ours' },
  ];
  await store.apply({ add });
  const [paused] = await store.find({ id: 'paused' });
  await store.pause(paused!.number, 'for-good');
  const theirs = { trust: 'foreign', policy: { matchDistance: 45 } } as const;
  const allow = [{ hash: allowed, reason: 'a mistake' }];
  await store.apply({ withdraw: [{ id: 'withdrawn' }], allow, settings: { theirs } });
  await store.close();
  const at = ['-b', join(dataDir, '../lists.json')];
  writeFileSync(at[1]!, JSON.stringify({ store: dataDir, lists: [] }));
  const page = join(dataDir, '../page.html');
  const explained = ['--explain', '--out', page, '--overwrite'];
  const commands = [
    ['match', ...pictures, hexOf(1), hashToHex(hash), 'none', ...at, ...explained],
    ['match', ...pictures, hexOf(1), ...at, '--json', '--all', '--max-distance', '60'],
    ['check', ...pictures, ...at, '--json', '--refuse-review'],
  ];
  const all = async () => {
    const ended: Ended[] = [];
    for (const words of commands) ended.push(await run(...words));
    return [...ended, readFileSync(page, 'utf8')];
  };
  const alone = await all();
  expect(alone[0]).toMatchObject({
    lines: expect.arrayContaining([expect.stringMatching(/^match,3,original,/)]),
    code: 2,
  });
  await served(dataDir, async () => expect(await all()).toEqual(alone));
});

test('the serve that has the store fetches a list, and pending removals are confirmed', async () => {
  const service = await SERVICES.stopncii!({ seconds: 1_767_225_600 }, 3);
  try {
    const dataDir = await newStore();
    const config = join(dataDir, '../lists.json');
    const lists = [listOf('theirs', service)];
    writeFileSync(config, JSON.stringify({ store: dataDir, lists }));
    service.list(1);
    const env = { ...service.env };
    const fetch = (...words: string[]) =>
      onlyhashes(['fetch', config, ...words], { node: EMBEDDED, env });
    const ended = await serving(
      ['-b', config, '--fetch-minutes', '10000'],
      async (url) => {
        await eventually(async () => expect(await verdictOf(url, hexOf(1))).toBe('match'));
        await eventually(async () => {
          const { lines } = await run('lists', config);
          expect(lines[0]).toMatch(/^theirs,stopncii,1,/);
        });
        service.list(2);
        expect(await fetch()).toMatchObject({ lines: ['theirs,2,1,0'], err: '', code: 0 });
        await eventually(async () => expect(await verdictOf(url, hexOf(2))).toBe('match'));
        const { err, code } = await fetch('--confirm', 'theirs');
        expect([err, code]).toEqual(['onlyhashes: theirs: no removals are pending\n', 2]);
      },
      { node: EMBEDDED, env },
    );
    expect([ended.code, ended.err]).toEqual([0, '']);
  } finally {
    await service.fake.close();
  }
});

test('a command that serve has no route for ends with 2 and names the process of serve', async () => {
  const dataDir = await newStore();
  await served(dataDir, async (_, pid) => {
    const config = join(dataDir, '../lists.json');
    writeFileSync(config, JSON.stringify({ store: dataDir, lists: [] }));
    for (const words of [
      ['store', 'status', '--store', dataDir],
      ['store', 'import', config, '--store', dataDir],
      ['serve', '--port', '0', '--store', dataDir],
    ]) {
      const { out, err, code } = await run(...words);
      expect([out, code]).toEqual(['', 2]);
      expect(err).toContain(`process ${pid} has the folder open`);
    }
  });
});

test('the socket of a killed serve is removed by the next program that opens the store', async () => {
  const dataDir = await newStore();
  const program = new ServingProgram(['--store', dataDir, '--fetch-minutes', '0'], {
    node: EMBEDDED,
  });
  await program.ready();
  await program.end('SIGKILL');
  expect(readdirSync(dataDir)).toContain('serve.sock');
  expect(await run('lists', '--store', dataDir)).toMatchObject({ err: '', code: 0 });
  expect(readdirSync(dataDir)).toEqual(['data']);
});

test('a folder whose path is longer than an address of a socket', async () => {
  const dataDir = await newStore('x'.repeat(200));
  await served(dataDir, async () => {
    const { lines, err } = await run('lists', '--store', dataDir);
    expect([lines.length, err]).toEqual([1, '']);
  });
  expect(readdirSync(dataDir)).toEqual(['data']);
});

test('another file at the path of the socket stays, and serve reports it', async () => {
  const dataDir = await newStore();
  mkdirSync(join(dataDir, 'serve.sock'));
  const { err, code } = await served(dataDir, async (url) => {
    expect(await verdictOf(url, hexOf(1))).toBe('match');
  });
  expect(code).toBe(0);
  expect(err).toBe(
    'onlyhashes: the store: no other command can use it meanwhile: Error EADDRINUSE\n',
  );
  expect(readdirSync(dataDir)).toEqual(['data', 'serve.sock']);
});

test('a command that cannot get the store from another ends with 2', async () => {
  const dataDir = await newStore();
  const store = await openStore({ dataDir });
  const { err, code } = await run('lists', '--store', dataDir);
  await store.close();
  const holder = `process ${process.pid} has the folder open`;
  expect([err, code]).toEqual([`onlyhashes: the store: ${holder}\n`, 2]);
});

const PATIENT = { heardSeconds: 60, idleSeconds: 60 };
const HASTY = { heardSeconds: 0.05, idleSeconds: 0.05 };

/** What a command says of a serve that answers so. */
async function saidOf(server: Server, limits: ServeLimits): Promise<string | undefined> {
  const folder = mkdtempSync(join(base, 'socket-'));
  await new Promise<void>((resolve) => server.listen(join(folder, 'serve.sock'), resolve));
  try {
    const serve = new HoldingServe(folder, 'process 7 has it', limits);
    expect(await serve.listens()).toBe(true);
    return `${await serve.ask('GET', '/v1/lists').catch(textOf)}`;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test.each<[string, RequestListener, string]>([
  [
    'an older one',
    (_, to) => to.writeHead(404).end('{"message":"expected a path of the service"}'),
    'answered 404: expected a path of the service',
  ],
  [
    'one that ends',
    (_, to) =>
      to
        .writeHead(503)
        .end('{"message":"expected a request to another server: this one is ending"}'),
    'answered 503: expected a request to another server: this one is ending',
  ],
  ['one that says nothing more', () => {}, 'did not answer within 0.05 s'],
  ['one that stops in the middle', (_, to) => to.write('{"a":'), 'did not answer within 0.05 s'],
  ['one that is killed', ({ socket }) => socket.destroy(), 'its answer was cut short'],
  ['one that answers what is no JSON', (_, to) => to.end('<html>'), 'its answer was cut short'],
  ['one that answers nothing', (_, to) => to.end(), 'its answer is empty'],
])('of %s', async (_, listener, why) => {
  const server = createWebServer(listener);
  const limits = why.includes('0.05') ? HASTY : PATIENT;
  expect(await saidOf(server, limits)).toBe(`the store: process 7 has it, and ${why}`);
});

test('of one that accepts, and never answers', async () => {
  const server = createServer((socket) => socket.resume());
  expect(await saidOf(server, HASTY)).toBe(
    'the store: process 7 has it, and did not answer within 0.05 s',
  );
});

test('no server listens where there is no socket, or another kind of file', async () => {
  const folder = mkdtempSync(join(base, 'none-'));
  const listens = () => new HoldingServe(folder, '').listens();
  expect(await listens()).toBe(false);
  writeFileSync(join(folder, 'serve.sock'), 'a file');
  expect(await listens()).toBe(false);
});
