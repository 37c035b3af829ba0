import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { hashToHex } from '../../src/hash.js';
import { loadBlocklist as openBlocklist } from '../../src/node/files/list-records.js';
import { hash as hashFile } from '../../src/node/hash-file.js';
import { eventually, RawClient, refusal } from '../cli/serve/serving-program.js';
import { saveList } from '../node/files/saved-list.js';
import { installedPackage, ROOT } from './package.js';

/*
 * Each example runs as it is, beside the packed tarball, and in a folder of its own: what it writes
 * is there.
 */

const EXAMPLES = join(ROOT, 'examples');
const SERVERS = ['express', 'fastify', 'hono'] as const;
type ServerName = (typeof SERVERS)[number];
const NAMES = [...SERVERS, 'tus', 'queue-worker', 'lambda', 'vite-page'];
/** Of the project, which the examples need beside it. */
const PACKAGES = [
  'express',
  'multer',
  'fastify',
  '@fastify',
  'hono',
  '@hono',
  '@tus',
  '@types',
  'vite',
];

const PHOTOS = join(ROOT, 'fixtures/photos');
const LISTED_PATH = join(PHOTOS, 'locomotion-house-cat-w301.jpg');
const OTHER_PATH = join(PHOTOS, 'nagasaki-boats-q40.jpg');
const LISTED = readFileSync(LISTED_PATH);
const OTHER = readFileSync(OTHER_PATH);
const MIRRORED = await sharp(LISTED).flop().webp({ quality: 80 }).toBuffer();
const HALF = OTHER.subarray(0, OTHER.length >> 1);
const NO_PICTURE = Buffer.from('no picture at all');
/** One byte more than the examples take. */
const OVERSIZED = Buffer.concat([OTHER], 16 * 2 ** 20 + 1);

const { hash: listed } = await hashFile(join(PHOTOS, 'locomotion-house-cat.jpg'));
const { hash: other } = await hashFile(OTHER_PATH);
const LIST = `${hashToHex(listed)},reported by its owner\n`;

const project = installedPackage({ decoders: true });
const folderOf = (name: string) => join(project.folder, name);
beforeAll(() => {
  for (const name of PACKAGES) {
    symlinkSync(join(ROOT, 'node_modules', name), join(project.folder, 'node_modules', name));
  }
  for (const name of NAMES) {
    cpSync(join(EXAMPLES, name), folderOf(name), { recursive: true });
    writeFileSync(join(folderOf(name), 'list.csv'), LIST);
  }
});

/** A running program of an example. */
class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  out = '';

  /** @param file by default, what `npm start` runs */
  constructor(name: string, file?: string) {
    const { scripts } = JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8'));
    const path = file ?? /^node (\S+)$/.exec(scripts.start)![1]!;
    this.child = spawn(process.execPath, [path], {
      cwd: folderOf(name),
      env: { ...process.env, PORT: '0', UPLOAD_SECONDS: '10', ADMIN_TOKEN: TOKEN },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.ended = once(this.child, 'exit');
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    running.add(this.child);
  }

  /** Asks a program that answers line by line. */
  tell(job: unknown): void {
    this.child.stdin!.write(`${typeof job === 'string' ? job : JSON.stringify(job)}\n`);
  }

  /** What it has printed as JSON, once there are `count` such lines. */
  async answers(count: number): Promise<Record<string, unknown>[]> {
    return await eventually(() => {
      const lines = this.out.split('\n').filter((line) => line.startsWith('{'));
      expect(lines).toHaveLength(count);
      return lines.map((line) => JSON.parse(line));
    });
  }
}
const TOKEN = 'a-token-of-the-administrator';
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server of an example. */
class Server extends Program {
  url = '';

  static async started(name: ServerName | 'tus'): Promise<Server> {
    const server = new Server(name);
    const port = await eventually(() => /^listening .*\bport: (\d+)/m.exec(server.out)![1]);
    server.url = `http://127.0.0.1:${port}`;
    return server;
  }

  /** The status and the text of the answer to an upload. */
  async upload(bytes: Uint8Array, ...fields: string[]): Promise<{ status: number; text: string }> {
    const { type, body } = await formOf(bytes, ...fields);
    const headers = { 'content-type': type, 'content-length': body.length };
    return await new Promise((resolve, reject) => {
      const sent = request(`${this.url}/upload`, { method: 'POST', headers }, async (response) => {
        // A refused upload may be cut off: its answer came before.
        sent.off('error', reject).on('error', () => {});
        let text = '';
        for await (const chunk of response.setEncoding('utf8')) text += chunk;
        resolve({ status: response.statusCode!, text });
      });
      sent.once('error', reject).end(body);
    });
  }

  async status(bytes: Uint8Array): Promise<number> {
    return (await this.upload(bytes)).status;
  }

  /** Changes the list. @returns the status of the answer */
  async change(method: string, hex: string, token = TOKEN): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${this.url}/list/${hex}`, { method, headers })).status;
  }

  /** Begins an upload, and sends half of it once the server has read its headers. */
  async halfUpload(bytes: Uint8Array): Promise<{ client: RawClient; rest: Uint8Array }> {
    const { type, body } = await formOf(bytes);
    const client = new RawClient(this.url);
    const head = [
      'POST /upload HTTP/1.1',
      'Host: a.test',
      'Expect: 100-continue',
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ];
    client.socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 100 /));
    client.received = '';
    client.socket.write(body.subarray(0, body.length >> 1));
    return { client, rest: body.subarray(body.length >> 1) };
  }
}

/** A form that has one picture in each of the fields, as it is sent. */
async function formOf(bytes: Uint8Array, ...fields: string[]) {
  const form = new FormData();
  form.append('title', 'a title');
  const file = new File([bytes as Uint8Array<ArrayBuffer>], 'a.jpg');
  for (const field of fields.length > 0 ? fields : ['photo']) form.append(field, file);
  const response = new Response(form);
  const body = Buffer.from(await response.arrayBuffer());
  return { type: response.headers.get('content-type')!, body };
}

const storedBy = (name: ServerName | 'tus') => {
  const folder = join(folderOf(name), 'uploads');
  // tus writes a note beside each.
  const files = readdirSync(folder).filter((file) => !file.endsWith('.json'));
  return files.map((file) => readFileSync(join(folder, file)));
};

describe('servers', () => {
  const servers = {} as Record<ServerName, Server>;
  beforeAll(async () => {
    const all = SERVERS.map(async (name) => {
      servers[name] = await Server.started(name);
    });
    await Promise.all(all);
  });

  test.each(SERVERS)('%s: listed pictures are refused, and others are stored', async (name) => {
    const server = servers[name];
    expect(await server.status(LISTED)).toBe(451);
    expect(await server.status(MIRRORED)).toBe(451);
    expect(storedBy(name)).toEqual([]);
    expect(await server.status(OTHER)).toBe(201);
    expect(storedBy(name)).toEqual([OTHER]);
    expect(server.out).toMatch(/^match within/m);
  });

  test.each(SERVERS)(
    '%s: a request that is no upload is refused, and leaves nothing behind',
    async (name) => {
      const server = servers[name];
      expect(await server.status(HALF)).toBe(422);
      expect(await server.status(NO_PICTURE)).toBe(415);
      expect(await server.status(OVERSIZED)).toBe(413);
      const { status: empty } = await server.upload(Buffer.alloc(0));
      expect(empty).toBe(400);
      const other = await server.upload(LISTED, 'another-field');
      expect([400, 451]).toContain(other.status);
      const url = `${server.url}/upload`;
      const text = await fetch(url, { method: 'POST', body: 'a text' });
      expect([400, 415]).toContain(text.status);
      const headers = { 'content-type': 'multipart/form-data; boundary=a' };
      const broken = await fetch(url, { method: 'POST', headers, body: '--a\r\nnonsense' });
      expect(broken.status).toBe(400);
      for (const response of [text, broken]) {
        expect(await response.text()).not.toContain('node_modules');
      }
      expect(storedBy(name)).toEqual([OTHER]);
      expect(await server.status(LISTED)).toBe(451);
    },
  );

  test.each(['express', 'hono'] as const)('%s: a form has one picture', async (name) => {
    expect((await servers[name].upload(OTHER, 'photo', 'photo')).status).toBe(400);
    expect(storedBy(name)).toEqual([OTHER]);
  });

  test.each(SERVERS)('%s: authorized callers change the list while it runs', async (name) => {
    const server = servers[name];
    const hex = hashToHex(other);
    expect(await server.change('PUT', hex, 'another-token')).toBe(401);
    expect((await fetch(`${server.url}/list/${hex}`, { method: 'PUT' })).status).toBe(401);
    expect([400, 404]).toContain(await server.change('PUT', 'no-hash'));
    expect(await server.status(OTHER)).toBe(201);

    expect(await server.change('PUT', hex)).toBe(204);
    expect(await server.status(OTHER)).toBe(451);
    expect(await server.change('DELETE', hex)).toBe(204);
    expect(await server.status(OTHER)).toBe(201);
    expect(await server.change('PUT', hex)).toBe(204);
    expect(await server.status(OTHER)).toBe(451);
    expect(await server.change('DELETE', hashToHex(listed))).toBe(204);
    expect(await server.status(LISTED)).toBe(201);
  });

  test.each(SERVERS)(
    "%s: the list is changed only under the server's own host names",
    async (name) => {
      const { url } = servers[name];
      const headers = { authorization: `Bearer ${TOKEN}` };
      const statusBy = (host: string) =>
        new Promise((resolve, reject) => {
          const path = `${url}/list/${hashToHex(other)}`;
          const asking = request(path, { method: 'DELETE', headers: { ...headers, host } });
          asking.once('response', (response) => resolve(response.resume().statusCode));
          asking.once('error', reject).end();
        });
      for (const host of ['evil.test', `evil.test:${new URL(url).port}`, '127.0.0.1.evil.test']) {
        expect([host, await statusBy(host)]).toEqual([host, 421]);
      }
      expect(await statusBy('localhost:8080')).toBe(204);
      expect(await servers[name].change('PUT', hashToHex(other))).toBe(204);
    },
  );

  test.each(SERVERS)('%s: a change is acknowledged only if the list accepted it', async (name) => {
    const server = servers[name];
    const entries = async (hex: string) => {
      const all = [...(await openBlocklist(join(folderOf(name), 'list.ohb'))).entries()];
      return all.filter(({ hash }) => hashToHex(hash) === hex).length;
    };
    const degenerate = '00'.repeat(32);
    expect([await server.change('PUT', degenerate), await entries(degenerate)]).toEqual([409, 0]);
    const hex = hashToHex(other);
    // It is there already, and stays there once.
    expect([await server.change('PUT', hex), await entries(hex)]).toEqual([204, 1]);
    expect([await server.change('DELETE', hex), await entries(hex)]).toEqual([204, 0]);
    // Who may change the list may take a withdrawal back.
    expect([await server.change('PUT', hex), await entries(hex)]).toEqual([204, 1]);
  });

  test('an upload that stalls is ended, and delays no other', async () => {
    const each = SERVERS.map(async (name) => {
      const server = servers[name];
      const { client } = await server.halfUpload(LISTED);
      expect(await server.status(OTHER)).toBe(451);
      await eventually(() => expect(client.received).toMatch(/^HTTP\/1.1 408 /));
      client.socket.destroy();
      expect(await server.status(OTHER)).toBe(451);
    });
    await Promise.all(each);
  });

  test('a shutdown answers requests in progress, cuts off stalled ones, and keeps the changes', async () => {
    const each = SERVERS.map(async (name) => {
      const server = servers[name];
      const begun = await server.halfUpload(OTHER);
      const stalled = await server.halfUpload(OTHER);
      server.child.kill('SIGTERM');
      await eventually(async () => expect(await refusal(server.url)).toBe('ECONNREFUSED'));
      begun.client.socket.write(begun.rest);
      await eventually(() => expect(begun.client.received).toMatch(/^HTTP\/1.1 451 /));
      expect(await server.ended).toEqual([0, null]);
      await stalled.client.closed;

      const next = await Server.started(name);
      expect(await next.status(OTHER)).toBe(451);
      expect(await next.status(LISTED)).toBe(201);
      next.child.kill('SIGTERM');
      expect(await next.ended).toEqual([0, null]);
    });
    await Promise.all(each);
  });

  test.each(SERVERS)('%s: it does not begin without a token or a list', async (name) => {
    const file = join(folderOf(name), 'server.js');
    const begin = (cwd: string, env: NodeJS.ProcessEnv) =>
      spawnSync(process.execPath, [file], { cwd, env: { ...process.env, ...env, PORT: '0' } });
    const { status, stderr } = begin(folderOf(name), { ADMIN_TOKEN: '' });
    expect([status, `${stderr}`]).toEqual([1, expect.stringContaining('ADMIN_TOKEN')]);
    const without = begin(project.folder, { ADMIN_TOKEN: TOKEN });
    expect([without.status, `${without.stderr}`]).toEqual([1, expect.stringContaining('list.csv')]);
  });
});

test('tus: a listed upload is removed once it is complete', async () => {
  const file = join(folderOf('tus'), 'list.ohb');
  await saveList(file, createBlocklist([{ hash: listed, labels: [] }]));
  const server = await Server.started('tus');
  const statusOf = async (bytes: Uint8Array) => {
    const headers = {
      'tus-resumable': '1.0.0',
      'upload-length': `${bytes.length}`,
      'content-type': 'application/offset+octet-stream',
    };
    const body = bytes as Uint8Array<ArrayBuffer>;
    return (await fetch(`${server.url}/files`, { method: 'POST', headers, body })).status;
  };
  expect(await statusOf(LISTED)).toBe(451);
  expect(await statusOf(HALF)).toBe(422);
  expect(await statusOf(OVERSIZED)).toBe(413);
  expect(storedBy('tus')).toEqual([]);
  expect(await statusOf(OTHER)).toBe(201);
  expect(storedBy('tus')).toEqual([OTHER]);
  expect(server.out).toMatch(/^match within[\s\S]*^none [\s\S]*^stored /m);
  server.child.kill('SIGTERM');
  expect(await server.ended).toEqual([0, null]);
});

test.each(['express/checked-storage.js', 'fastify/check-part.js', 'tus/tus-check.js'])(
  '%s is short enough to be copied',
  (path) => {
    const lines = readFileSync(join(EXAMPLES, path), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
  },
);

describe('the queue worker', () => {
  const NAME = 'queue-worker';
  const verdictsOf = (answers: Record<string, unknown>[]) =>
    Object.fromEntries(
      answers.map(({ id, verdict, reason, error }) => [id, error ?? verdict ?? reason]),
    );

  test('answers every job, whatever the others are', async () => {
    const folder = folderOf(NAME);
    writeFileSync(join(folder, 'oversized.jpg'), OVERSIZED);
    writeFileSync(join(folder, 'half.jpg'), HALF);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const program = new Program(NAME);
    const jobs = [
      { id: 'half', path: 'half.jpg' },
      { id: 'oversized', path: 'oversized.jpg' },
      { id: 'a pipe that nobody writes to', path: 'pipe' },
      { id: 'absent', path: 'absent.jpg' },
      { id: 'no bytes', bytes: '' },
      { id: 'a number', path: 5 },
      { id: 'no hash', add: 'zz' },
      { id: 'nothing' },
      'no JSON',
      'null',
      { id: 'listed', path: LISTED_PATH },
      { id: 'mirrored', bytes: MIRRORED.toString('base64') },
      { id: 'other', path: OTHER_PATH },
    ];
    for (const job of jobs) program.tell(job);
    const answers = await program.answers(jobs.length);
    expect(verdictsOf(answers)).toEqual({
      half: 'unhashable',
      oversized: 'unhashable',
      'a pipe that nobody writes to': 'unhashable',
      absent: 'unhashable',
      'no bytes': 'unhashable',
      'a number': 'TypeError',
      'no hash': 'RangeError',
      nothing: 'RangeError',
      undefined: 'expected a job as JSON',
      listed: 'match',
      mirrored: 'match',
      other: 'none',
    });
    const reasonOf = (id: string) => answers.find((answer) => answer.id === id)!.reason;
    expect(reasonOf('oversized')).toBe('too-many-bytes');
    expect(reasonOf('half')).toBe('corrupt');
    program.child.stdin!.end();
    expect(await program.ended).toEqual([0, null]);
  });

  test('adds and withdraws, and keeps both changes', async () => {
    const first = new Program(NAME);
    const hex = hashToHex(other);
    const asked: object[] = [];
    const ask = async (job: object) => {
      asked.push(job);
      first.tell({ id: asked.length, ...job });
      return (await first.answers(asked.length)).at(-1);
    };
    expect(await ask({ add: hex })).toMatchObject({ entries: 2 });
    expect(await ask({ path: OTHER_PATH })).toMatchObject({ verdict: 'match' });
    expect(await ask({ withdraw: hex })).toMatchObject({ entries: 1 });
    expect(await ask({ path: OTHER_PATH })).toMatchObject({ verdict: 'none' });
    expect(await ask({ withdraw: hashToHex(listed) })).toMatchObject({ entries: 0 });
    expect(await ask({ add: hex })).toMatchObject({ entries: 1, isListed: true });
    expect(await ask({ add: hex })).toMatchObject({ entries: 1, isListed: true });
    const degenerate = '00'.repeat(32);
    expect(await ask({ add: degenerate })).toMatchObject({ entries: 1, isListed: false });
    first.child.kill('SIGTERM');
    expect(await first.ended).toEqual([0, null]);

    const second = new Program(NAME);
    second.tell({ id: 'other', path: OTHER_PATH });
    second.tell({ id: 'listed', path: LISTED_PATH });
    expect(verdictsOf(await second.answers(2))).toEqual({ other: 'match', listed: 'none' });
    second.child.stdin!.end();
    expect(await second.ended).toEqual([0, null]);
  });
});

describe('the Lambda', () => {
  const NAME = 'lambda';
  const eventOf = (bytes: Uint8Array) => ({
    isBase64Encoded: true,
    body: Buffer.from(bytes).toString('base64'),
  });

  test('answers each event, by the list at that time', async () => {
    const file = join(folderOf(NAME), 'list.ohb');
    await saveList(file, createBlocklist([{ hash: listed, labels: [] }]));
    writeFileSync(
      join(folderOf(NAME), 'instance.mjs'),
      `import { createInterface } from 'node:readline';
import { handler } from './handler.js';
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await handler(JSON.parse(line))));
}
`,
    );
    const instance = new Program(NAME, 'instance.mjs');
    let asked = 0;
    const answerTo = async (event: object) => {
      instance.tell(event);
      return (await instance.answers(++asked)).at(-1)!;
    };
    const statusOf = async (event: object) => (await answerTo(event)).statusCode;
    expect(await answerTo(eventOf(LISTED))).toMatchObject({
      statusCode: 451,
      headers: { 'content-type': 'application/json' },
      body: '{"verdict":"match"}',
    });
    expect(await statusOf(eventOf(MIRRORED))).toBe(451);
    expect(await statusOf(eventOf(OTHER))).toBe(200);
    expect(await statusOf(eventOf(HALF))).toBe(422);
    expect(await statusOf(eventOf(NO_PICTURE))).toBe(415);
    expect(await statusOf(eventOf(OVERSIZED.subarray(0, 6 * 2 ** 20 + 1)))).toBe(413);
    for (const event of [{}, { body: null }, { body: 'a text', isBase64Encoded: false }]) {
      expect(await statusOf(event)).toBe(400);
    }

    const changed = await openBlocklist(file);
    await changed.apply({ add: [{ hash: other, labels: [] }] });
    await changed.apply({ withdraw: [listed] });
    await saveList(file, changed);
    expect(await statusOf(eventOf(OTHER))).toBe(451);
    expect(await statusOf(eventOf(LISTED))).toBe(200);
    instance.child.stdin!.end();
    expect(await instance.ended).toEqual([0, null]);
  });
});

test('the examples have no type errors', () => {
  const compilerOptions = {
    ...{ module: 'NodeNext', target: 'ES2022', lib: ['ES2023', 'DOM', 'DOM.Iterable'] },
    ...{ types: ['node'], strict: true, allowJs: true, checkJs: true, noEmit: true },
    skipLibCheck: true,
  };
  const include = NAMES.map((name) => `${name}/*`);
  project.write('tsconfig.json', JSON.stringify({ compilerOptions, include }));
  const tsc = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], {
    cwd: project.folder,
    encoding: 'utf8',
  });
  expect(tsc).toMatchObject({ stdout: '', status: 0 });
});

test.each(NAMES)('%s requires the versions that are tested here', (name) => {
  const manifestOf = (folder: string) =>
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { version, devDependencies } = manifestOf(ROOT);
  const tested = { ...devDependencies, onlyhashes: `^${version}` };
  const example = manifestOf(join(EXAMPLES, name));
  const wanted = { ...example.dependencies, ...example.devDependencies };
  expect(Object.keys(wanted)).toContain('onlyhashes');
  expect(tested).toMatchObject(wanted);
});
