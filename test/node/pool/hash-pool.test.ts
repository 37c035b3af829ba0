import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { type Hash, hashFromHex, hashFromJSON, hashToHex, hashToJSON } from '../../../src/hash.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import type { Decision } from '../../../src/matching/decision.js';
import { match } from '../../../src/matching/match.js';
import { createRemoteList } from '../../../src/matching/remote-list.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type {
  CheckOptions,
  Decide,
  HashPool,
  HashPoolOptions,
} from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { isSpent } from '../../../src/node/pool/worker-lease.js';
import type { RemoteAnswer } from '../../../src/remote-matcher.js';
import type { HashedImage } from '../../../src/variant.js';
import { runs } from '../../seed.js';
import {
  heicPath,
  hostileFixtures,
  imageFixtures,
  imagePath,
  photoFixtures,
  photoPath,
} from '../fixtures.js';
import { variantsOfFile } from '../variants-of-file.js';
import { isAlive, ownScripts, workerThat } from './hash-process.js';

// Processes start, and the machine may be busy.

const scripts = ownScripts('hash-process', 'heic-worker');

const pools: HashPool[] = [];
/** A pool; the workers of all are those of `folder` from then on. */
function poolOf(options: HashPoolOptions = {}, folder = scripts.folder): HashPool {
  setWorkerScripts(folder);
  const pool = createHashPool({ workers: 1, ...options });
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

const photo = photoPath(photoFixtures[0]!.file);
const photoBytes = readFileSync(photo);
const empty = createBlocklist([]);

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => (error instanceof DecodeError ? error.code : String(error)),
  );

/** Limits that no machine reaches, for bodies that the test lets wait. */
const LONG = { timeoutSeconds: 3600, idleSeconds: 3600, minBytesPerSecond: 0 };

/** Waits until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(5);
}

/** Waits until a worker is idle, and gives its process. */
async function warm(pool: HashPool): Promise<number> {
  await pool.hash(imagePath('rgb.png'));
  return pool.stats().pids[0]!;
}

/** A stream that gives its parts when it is told to. */
function sent(): { stream: ReadableStream<Uint8Array>; send(part: Uint8Array): void; end(): void } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  return {
    stream,
    send: (part) => controller.enqueue(part),
    end: () => controller.close(),
  };
}

/** What a decision says, apart from where its time went. */
const said = ({ verdict, reason, matches, policy }: Decision) => ({
  verdict,
  reason,
  policy,
  matches,
});

describe.each(['process', 'thread'] as const)('a pool of isolation %s', (isolation) => {
  test('hashes as this thread does', async () => {
    const pool = poolOf({ isolation, workers: 2 });
    const files = [...imageFixtures, ...hostileFixtures].map(({ file }) => imagePath(file));
    const some = isolation === 'thread' ? files.filter((_, i) => i % 8 === 0) : files;
    for (const file of some) {
      const options = { variants: 'dihedral', timeoutSeconds: 60 } as const;
      const here = hashFile(file, options).catch(({ code, message }) => ({ code, message }));
      const there = pool.hash(file, options).catch(({ code, message }) => ({ code, message }));
      expect(await there).toEqual(await here);
    }
  });

  test('gives hashes that write themselves', async () => {
    const pool = poolOf({ isolation });
    const here = await hashFile(photo, { variants: 'dihedral' });
    const there = await pool.hash(photo, { variants: 'dihedral' });
    const hashesIn = (image: HashedImage) =>
      [image, ...image.variants].map(({ hash }) => JSON.parse(JSON.stringify(hash)));
    expect(hashesIn(there)).toEqual(hashesIn(here));
    const { hash } = here;
    const listed = createBlocklist([
      { hash: { algorithm: hash.algorithm, bytes: hash.bytes }, labels: ['a'] },
    ]);
    const { matches, upload } = await pool.check(photo, listed);
    expect(matches).toHaveLength(1);
    for (const one of [upload!.hash, matches[0]!.variant.hash, matches[0]!.entry.hash]) {
      expect(hashFromJSON(JSON.parse(JSON.stringify(one)))).toEqual(hash);
    }
  });

  test('decides as this thread does, also about cuts that have to be looked at closer', async () => {
    const pool = poolOf({ isolation, workers: 2 });
    const { hash } = await hashFile(photo);
    const blocklist = createBlocklist([{ hash, labels: ['a'] }]);
    const { width = 0, height = 0 } = await sharp(photo).metadata();
    let closer = 0;
    for (const [left, top, right, bottom] of [
      [0.09, 0.02, 0.01, 0.07],
      [0.03, 0.12, 0.05, 0.02],
      [0.11, 0, 0.04, 0.09],
      [0.01, 0.06, 0.13, 0.03],
      [0.3, 0.3, 0.3, 0.3],
    ] as const) {
      const area = {
        left: Math.round(left * width),
        top: Math.round(top * height),
        width: Math.round((1 - left - right) * width),
        height: Math.round((1 - top - bottom) * height),
      };
      const cut = await sharp(photo).extract(area).png().toBuffer();
      for (const all of [false, true]) {
        const { variants } = await variantsOfFile(cut, { variants: 'thorough' });
        const here = match(variants, blocklist, { all });
        expect(said(await pool.check(cut, blocklist, { all }))).toEqual(said(here));
        expect(here.refined).toBe(true);
      }
      const listed = await hashFile(cut, { variants: 'thorough' });
      const plain = match(listed, blocklist);
      expect(plain.refined).toBe(false);
      if (plain.verdict !== (await pool.check(cut, blocklist)).verdict) closer++;
    }
    expect(closer).toBeGreaterThan(0);
    // These move nothing.
    for (const options of [
      { variants: 'dihedral' },
      { orientation: 'stored' },
      { algorithm: 'phash', bits: 256 },
    ] as const) {
      const { verdict, refined } = await pool.check(photo, blocklist, options);
      expect([verdict === 'unhashable', refined]).toEqual([false, false]);
    }
  });
});

test('a picture of HEIC is decoded in a thread, by the script beside its worker', async () => {
  const file = heicPath('photo.heic');
  const here = await hashFile(file);
  const moved = scripts.played('hash-process', 'moved', "import '../hash-process.js';");
  for (const isolation of ['process', 'thread'] as const) {
    expect(await codeOf(poolOf({ isolation }, moved).hash(file))).toBe('decoder-missing');
  }
  scripts.played('heic-worker', 'moved', "import '../heic-worker.js';");
  for (const isolation of ['process', 'thread'] as const) {
    expect(await poolOf({ isolation }, moved).hash(file)).toEqual(here);
  }
});

test('a decision tells of the upload, where the time went and what was searched', async () => {
  const image = await hashFile(photo);
  const blocklist = createBlocklist([{ hash: image.hash, labels: ['a'] }]);
  const { verdict, upload, timings, generation } = await poolOf().check(photo, blocklist);
  const { hash, quality, resample, width, height } = image;
  expect(verdict).toBe('match');
  expect(upload).toMatchObject({ hash, quality, resample, width, height, format: 'jpeg' });
  expect(upload).not.toHaveProperty('ranks');
  expect(upload).not.toHaveProperty('name');
  expect(Object.keys(timings!).sort()).toEqual([
    'decoding',
    'hashing',
    'reading',
    'search',
    'waiting',
  ]);
  for (const milliseconds of Object.values(timings!)) expect(milliseconds).toBeGreaterThan(0);
  expect(generation).toBe(blocklist.generation);
});

test('a large picture is decoded as a draft, placed in the full one', async () => {
  const large = await sharp(photo)
    .resize({ width: 4032 })
    .extend({ top: 400, background: '#fff' })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const { hash } = await hashFile(photo);
  const listed = { hash: { ...hash }, labels: ['a'] };
  const blocklist = createBlocklist([listed]);
  const pool = poolOf();
  const options = { variants: 'thorough', decoding: 'draft' } as const;
  for (const all of [false, true]) {
    const { variants, width, height } = await variantsOfFile(large, options);
    const decision = await pool.check(large, blocklist, { all });
    expect(said(decision)).toEqual(said(match(variants, blocklist, { all })));
    expect(decision.upload).toMatchObject({ width, height, decoding: 'draft' });
  }
  const [{ upload }, full] = [await pool.check(large, blocklist), await pool.hash(large)];
  // Hex cannot carry the mark: whoever writes it down answers for it.
  const draftHex = hashFromHex('pdq', hashToHex(upload!.hash));
  const draft = await pool.check(large, createBlocklist([{ hash: draftHex, labels: [] }]));
  expect(draft.matches).toMatchObject([{ distance: 0, variant: { hash: { decoding: 'draft' } } }]);
  for (const hash of [upload!.hash, (await pool.hash(large, options)).hash]) {
    expect(JSON.parse(JSON.stringify(hash))).toEqual(hashToJSON(hash, { decoding: 'draft' }));
    await expect(blocklist.apply({ add: [{ hash, labels: [] }] })).rejects.toThrow(
      "decoding 'draft'",
    );
  }
  const inFull = await pool.check(large, blocklist, { decoding: 'full' });
  expect(inFull.upload).toMatchObject({ decoding: 'full', hash: full.hash });
  expect(full).toEqual(await hashFile(large));
});

test('what keeps a picture from being hashed is the reason of its decision', async () => {
  const pool = poolOf();
  for (const { file, error } of hostileFixtures) {
    const decision = await pool.check(imagePath(file), empty);
    expect([decision.verdict, decision.reason]).toEqual(['unhashable', error]);
  }
  const late = await pool.check(photoBytes, empty, { signal: AbortSignal.abort(new Error('no')) });
  expect(late.reason).toBe('aborted');
  expect((await pool.check(photo, empty, { maxBytes: 100 })).reason).toBe('too-many-bytes');
  expect((await pool.check(imagePath('missing.png'), empty)).reason).toBe('unreadable');
  expect((await pool.check(new Uint8Array(), empty)).reason).toBe('empty');
  expect((await pool.check(photo, empty, { timeoutSeconds: 0.001 })).reason).toBe('timeout');
  await expect(pool.check(7 as never, empty)).rejects.toThrow(TypeError);
  await expect(pool.check(photo, {} as never)).rejects.toThrow(TypeError);
  await expect(pool.check(photo, empty, { maxPixels: -1 })).rejects.toThrow(RangeError);
});

/** A worker that hashes every picture alike, and does `then` when it is to let one go. */
const endingWith = (then: string) =>
  scripts.played(
    'hash-process',
    `end-${then.length}`,
    `const hash = { algorithm: 'pdq', bytes: new Uint8Array(32).fill(15) };
     const variants = [{ name: 'original', hash, quality: 100 }];
     const facts = { width: 9, height: 9, format: 'png', decoding: 'full' };
     process.on('disconnect', () => process.exit());
     process.on('message', ({ ask }) => {
       if (ask === 'end') { ${then} }
       else process.send(ask === 'begin' ? 'ready' : { variants, done: true, hashing: 1, facts });
     });
     process.send('ready');`,
  );

describe('a worker that fails costs the picture that it has', () => {
  const scriptOf = (name: string, ask: 'begin' | 'first', then: string) =>
    scripts.played('hash-process', name, workerThat(ask, then));

  test('if it crashes', async () => {
    const pool = poolOf({}, scriptOf('crash', 'first', 'process.abort();'));
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(pool.hash(photoBytes))));
    expect(codes).toEqual(['crashed', 'crashed', 'crashed']);
    expect(pool.stats()).toMatchObject({ failed: 3, restarts: 3, bytesInFlight: 0 });
  });

  test('if it hangs', async () => {
    const pool = poolOf({}, scriptOf('hang', 'first', 'for (;;);'));
    expect(await codeOf(pool.hash(photoBytes, { timeoutSeconds: 2 }))).toBe('timeout');
    expect(pool.stats().restarts).toBe(1);
    await until(() => pool.stats().workers === 0);
  });

  test('if it is stopped', async () => {
    const pool = poolOf();
    const pid = await warm(pool);
    process.kill(pid, 'SIGSTOP');
    expect(await codeOf(pool.hash(photoBytes, { timeoutSeconds: 0.5 }))).toBe('timeout');
    await until(() => !isAlive(pid));
    expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
  });

  test('if it uses too much memory', async () => {
    const create = { width: 9000, height: 7000, channels: 3, background: '#123' } as const;
    const large = await sharp({ create }).png({ compressionLevel: 1 }).toBuffer();
    const pool = poolOf({ maxMemory: 220 * 2 ** 20 });
    expect(await codeOf(pool.hash(large))).toBe('crashed');
    expect(await codeOf(pool.hash(photoBytes))).toBe('done');
    expect(pool.stats().restarts).toBe(1);
    expect(await codeOf(poolOf().hash(large))).toBe('done');
  });

  test('and none, if it had not begun', async () => {
    const pool = poolOf();
    const pid = await warm(pool);
    // It has to let that picture go.
    await wait(500);
    process.kill(pid, 'SIGSTOP');
    const hashed = pool.hash(photoBytes);
    await until(() => pool.stats().atWork === 1);
    process.kill(pid, 'SIGKILL');
    expect(await hashed).toEqual(await hashFile(photoBytes));
  });

  test('and none, if it dies or hangs after its last answer', async () => {
    for (const then of ['process.exit(1)', '']) {
      const pool = poolOf({}, endingWith(then));
      for (let i = 0; i < 2; i++) expect(await codeOf(pool.hash(photoBytes))).toBe('done');
      expect(pool.stats()).toMatchObject({ queued: 0, atWork: 0, bytesInFlight: 0 });
    }
  });

  test('and none, if the worker before it has grown too large', async () => {
    const broken = "{ code: 'crashed', message: 'too large', isBroken: true }";
    const answers = `
      const question = ({ ask }) => process.send(
        ask === 'first' ? first : ask === 'end' ? { residentBytes: 0 } : 'ready');
      const hash = { algorithm: 'pdq', bytes: new Uint8Array(32).fill(15) };
      const variants = [{ name: 'original', hash, quality: 100 }];
      const facts = { width: 9, height: 9, format: 'png', decoding: 'full' };
      const first = { variants, done: true, hashing: 1, facts };
      process.on('disconnect', () => process.exit());`;
    const atEnd = scripts.played(
      'hash-process',
      'large-at-end',
      `${answers}
       process.on('message', (asked) => {
         if (asked.ask === 'end') process.send(${broken});
         setTimeout(question, 5, asked);
       });
       process.send('ready');`,
    );
    const pool = poolOf({}, atEnd);
    for (let i = 0; i < 3; i++) expect(await codeOf(pool.hash(photoBytes))).toBe('done');
    const atBegin = scripts.played(
      'hash-process',
      'large-at-begin',
      `${answers}
       import { existsSync, writeFileSync } from 'node:fs';
       const mark = new URL('large-once', import.meta.url);
       process.on('message', (asked) => {
         if (asked.ask === 'begin' && !existsSync(mark)) {
           writeFileSync(mark, '');
           process.send(${broken});
         } else question(asked);
       });
       process.send('ready');`,
    );
    expect(await codeOf(poolOf({}, atBegin).hash(photoBytes))).toBe('done');
  });

  test('and has of the environment what it needs, by name', async () => {
    const folder = scripts.played(
      'hash-process',
      'environment',
      `import { writeFileSync } from 'node:fs';
       writeFileSync(new URL('environment.json', import.meta.url), JSON.stringify(process.env));
       ${workerThat('first', "process.send({ code: 'corrupt', message: '', isBroken: false })")}`,
    );
    const secrets = {
      ...{ DATABASE_URL: 'postgres://a:secret@b', PGPASSWORD: 'secret', ONLYHASHES_KEY: 'secret' },
      ...{ AWS_SECRET_ACCESS_KEY: 'secret', NPM_TOKEN: 'secret', DENO_AUTH_TOKENS: 'secret' },
      ...{ NODE_AUTH_TOKEN: 'secret', MY_PATH: 'secret', PATHS: 'secret', HOME_PASSWORD: 'secret' },
    };
    const needed = {
      ...{ LD_LIBRARY_PATH: '/nowhere', DYLD_FALLBACK_LIBRARY_PATH: '/nowhere' },
      ...{ VIPS_MAX_COORD: '9999', MALLOC_ARENA_MAX: '3', MALLOC_CONF: 'narenas:1' },
      ...{ NODE_OPTIONS: '--no-deprecation', NODE_PATH: '/nowhere', DENO_DIR: '/nowhere' },
      ...{ TMPDIR: '/tmp', SystemRoot: 'C:', HOME: '/nowhere' },
    };
    const before = { ...process.env };
    Object.assign(process.env, secrets, needed);
    try {
      expect(await codeOf(poolOf({}, folder).hash(photoBytes))).toBe('corrupt');
    } finally {
      for (const name of Object.keys({ ...secrets, ...needed })) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
    const given = JSON.parse(readFileSync(new URL('environment.json', folder), 'utf8'));
    expect(given).toMatchObject({ ...needed, PATH: process.env.PATH, UV_THREADPOOL_SIZE: '2' });
    expect(Object.keys(given).filter((name) => name in secrets)).toEqual([]);
    expect(JSON.stringify(given)).not.toContain('secret');
  });

  test('and none is tried for ever', async () => {
    const begins = poolOf({}, scriptOf('begin', 'begin', 'process.exit(1);'));
    expect(await codeOf(begins.hash(photoBytes))).toBe('crashed');
    const missing = poolOf({}, new URL('missing', scripts.folder));
    expect(await codeOf(missing.hash(photoBytes))).toBe('decoder-missing');
    expect(missing.stats().restarts).toBe(3);
  });
});

/** Workers that never answer. */
const silent = () => scripts.played('hash-process', 'silent', workerThat('first', ''));

/** Workers killed under load; the release runs 500. */
const KILLS = Number(process.env.POOL_KILLS ?? runs(12));

test(`${KILLS} workers are killed at random: every upload has exactly one answer`, async () => {
  const pool = poolOf({ workers: 2 });
  const next = random(KILLS);
  const small = await sharp(photo).resize(300).png().toBuffer();
  const { hash } = await hashFile(small);
  const blocklist = createBlocklist([{ hash: hash, labels: ['a'] }]);
  const other = readFileSync(photoPath('airplane-from-above.jpg'));
  const sources = [small, other, readFileSync(imagePath('half.jpg'))];
  const reasons = ['within-match-distance', 'nothing-near', 'corrupt'];
  const wrong: string[] = [];
  let kills = 0;
  let begun = 0;
  let answered = 0;
  const client = async () => {
    while (kills < KILLS) {
      const at = begun++ % sources.length;
      const { reason } = await pool.check(sources[at]!, blocklist);
      answered++;
      if (reason !== reasons[at] && reason !== 'crashed') wrong.push(`${at}: ${reason}`);
    }
  };
  const killer = async () => {
    while (kills < KILLS) {
      await wait(next() % 400);
      const { pids } = pool.stats();
      const pid = pids[next() % Math.max(1, pids.length)];
      if (pid === undefined || !isAlive(pid)) continue;
      process.kill(pid, 'SIGKILL');
      kills++;
    }
  };
  await Promise.all([killer(), ...[1, 2, 3, 4, 5].map(client)]);
  expect(answered).toBe(begun);
  expect(wrong).toEqual([]);
  const { done, failed, restarts, bytesInFlight, queued, atWork } = pool.stats();
  expect(done + failed).toBe(begun);
  expect(restarts).toBeGreaterThan(0);
  expect({ bytesInFlight, queued, atWork }).toEqual({ bytesInFlight: 0, queued: 0, atWork: 0 });
  expect((await pool.check(small, blocklist)).verdict).toBe('match');
});

describe('admission', () => {
  test('when too many wait, the next is told so at once and not read', async () => {
    const pool = poolOf({ maxQueued: 2, timeoutSeconds: 5 }, silent());
    const accepted = [1, 2, 3].map(() => codeOf(pool.hash(photoBytes)));
    await until(() => pool.stats().atWork === 1);
    expect(pool.stats()).toMatchObject({ queued: 2, atWork: 1 });
    let cancelled = false;
    const stream = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    const untouched = Readable.from([photoBytes]);
    expect((await pool.check(stream, empty)).reason).toBe('busy');
    expect(await codeOf(pool.hash(untouched))).toBe('busy');
    const body = new Request('http://localhost/', { method: 'POST', body: photoBytes });
    expect((await pool.check(body, empty)).reason).toBe('busy');
    expect(cancelled).toBe(true);
    expect(untouched.readableDidRead || untouched.destroyed).toBe(false);
    expect(pool.stats().busy).toBe(3);
    expect(await Promise.all(accepted)).toEqual(['timeout', 'timeout', 'timeout']);
  });

  test('a body that is slow holds no worker, and is ended', async () => {
    const pool = poolOf(LONG);
    const { stream, send, end } = sent();
    const slow = pool.check(stream, empty);
    send(photoBytes.subarray(0, 100));
    await until(() => pool.stats().reading === 1);
    expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
    expect(pool.stats()).toMatchObject({ reading: 1, atWork: 0, queued: 0 });
    send(photoBytes.subarray(100));
    end();
    expect((await slow).verdict).toBe('none');
    // It sends nothing more, however long this takes.
    const never = sent();
    never.send(photoBytes.subarray(0, 100));
    const ended = poolOf({ ...LONG, idleSeconds: 0.1 }).check(never.stream, empty);
    expect((await ended).reason).toBe('too-slow');
  });

  test('bytes are reserved before a body is read, and given back when its size is known', async () => {
    const EIGHTH = 2 ** 17;
    const pool = poolOf({ maxBytesInFlight: 8 * EIGHTH });
    const first = sent();
    const whole = new Uint8Array(6 * EIGHTH);
    whole.set(photoBytes);
    const headers = { 'content-length': String(whole.length) };
    const one = pool.check(new Response(first.stream, { headers }), empty);
    await until(() => pool.stats().reading === 1);
    expect(pool.stats().bytesInFlight).toBe(6 * EIGHTH);
    let isRead = false;
    const second = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          isRead = true;
          controller.enqueue(photoBytes);
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const other = pool.check(second, empty, { maxBytes: 6 * EIGHTH });
    await wait(50);
    expect([pool.stats().queued, isRead]).toEqual([1, false]);
    first.send(whole);
    first.end();
    expect([(await one).verdict, (await other).verdict]).toEqual(['none', 'none']);
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('a body that promises much has a part at first, and more as it comes', async () => {
    const MIB = 2 ** 20;
    const pool = poolOf({ maxBytesInFlight: 8 * MIB });
    const { stream, send, end } = sent();
    const whole = new Uint8Array(6 * MIB);
    whole.set(photoBytes);
    const headers = { 'content-length': String(whole.length) };
    const one = pool.check(new Response(stream, { headers }), empty);
    await until(() => pool.stats().reading === 1);
    expect(pool.stats().bytesInFlight).toBe(MIB);
    send(whole.subarray(0, MIB));
    await until(() => pool.stats().bytesInFlight === 2 * MIB);
    for (let at = MIB; at < whole.length; at += MIB) send(whole.subarray(at, at + MIB));
    end();
    expect((await one).verdict).toBe('none');
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('bodies that pause give their memory to others, and get it back', async () => {
    const MIB = 2 ** 20;
    const pool = poolOf({ ...LONG, maxBytesInFlight: 16 * MIB });
    const large = new Uint8Array(6 * MIB);
    const maxBytes = large.length;
    large.set(photoBytes);
    const headers = { 'content-length': String(large.length) };
    const slow = [sent(), sent(), sent()];
    const paused = slow.map(({ stream }, i) =>
      pool.check(i === 0 ? new Response(stream, { headers }) : stream, empty, { maxBytes }),
    );
    for (const { send } of slow) send(large.subarray(0, 1000));
    await until(() => pool.stats().reading === 3);
    // Without that, these would wait until the slow ones are ended.
    const sources = [new Blob([large]), new Blob([large]).stream()];
    const quick = await Promise.all(
      sources.map((source) => pool.check(source, empty, { maxBytes })),
    );
    expect(quick.map(({ verdict }) => verdict)).toEqual(['none', 'none']);
    expect(pool.stats().reading).toBe(3);
    for (const { send, end } of slow) {
      send(large.subarray(1000));
      end();
    }
    for (const { verdict } of await Promise.all(paused)) expect(verdict).toBe('none');
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('never more bytes are in flight than may be', async () => {
    const most = 3 * photoBytes.length;
    const pool = poolOf({ workers: 2, maxBytesInFlight: most });
    let largest = 0;
    let held = 0;
    const chunks = async function* () {
      for (let at = 0; at < photoBytes.length; at += 10_000) {
        const part = photoBytes.subarray(at, at + 10_000);
        held += part.length;
        largest = Math.max(largest, held, pool.stats().bytesInFlight);
        yield part;
        await null;
      }
    };
    const sources = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0 ? chunks() : i % 3 === 1 ? new Blob([photoBytes]) : photoBytes,
    );
    const decisions = sources.map(async (source) => {
      const { verdict } = await pool.check(source, empty, { variants: 'none' });
      if (!(source instanceof Blob || source instanceof Uint8Array)) held -= photoBytes.length;
      return verdict;
    });
    expect(new Set(await Promise.all(decisions))).toEqual(new Set(['none']));
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(most);
  });
});

describe('who gives up is answered at once', () => {
  const reason = new Error('enough');

  test('while the picture waits for memory, is read or waits for a worker', async () => {
    const pool = poolOf({ maxBytesInFlight: 2 ** 20, timeoutSeconds: 6 }, silent());
    const held = codeOf(pool.hash(imagePath('rgb.png')));
    await until(() => pool.stats().atWork === 1);
    const stages: [ReadableStream<Uint8Array> | Uint8Array, () => boolean][] = [
      [photoBytes.subarray(0, 1000), () => pool.stats().queued === 1],
      [sent().stream, () => pool.stats().reading === 1],
    ];
    for (const [source, isThere] of stages) {
      const controller = new AbortController();
      const { signal } = controller;
      const hashed = pool.hash(source, { signal, maxBytes: 2 ** 19 });
      await until(isThere);
      controller.abort(reason);
      await expect(hashed).rejects.toBe(reason);
      await until(() => pool.stats().queued + pool.stats().reading === 0);
    }
    const first = new AbortController();
    const reading = pool.hash(sent().stream, { signal: first.signal, maxBytes: 900_000 });
    await until(() => pool.stats().reading === 1);
    const second = new AbortController();
    const { signal } = second;
    const waiting = pool.hash(sent().stream, { signal, maxBytes: 900_000 });
    await until(() => pool.stats().queued === 1);
    second.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    first.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(await held).toBe('timeout');
    expect(pool.stats().bytesInFlight).toBe(0);
  });

  test('while it is at work, whose worker goes on with the next', async () => {
    const pool = poolOf();
    const pid = await warm(pool);
    const controller = new AbortController();
    const checked = pool.check(photoBytes, empty, { signal: controller.signal });
    await until(() => pool.stats().atWork === 1);
    controller.abort(reason);
    expect((await checked).reason).toBe('aborted');
    expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
    expect(pool.stats()).toMatchObject({ pids: [pid], restarts: 0, bytesInFlight: 0 });
  });
});

test('a worker whose caller gave up has the rest of the time to answer', async () => {
  const hung = scripts.played('hash-process', 'hung', workerThat('begin', ''));
  const pool = poolOf({ timeoutSeconds: 3 }, hung);
  const controller = new AbortController();
  const checked = pool.check(photoBytes, empty, { signal: controller.signal });
  await until(() => pool.stats().atWork === 1);
  controller.abort();
  expect((await checked).reason).toBe('aborted');
  expect(pool.stats()).toMatchObject({ failed: 1, atWork: 1, restarts: 0 });
  await until(() => pool.stats().restarts === 1);
  await until(() => pool.stats().bytesInFlight === 0);
  expect(pool.stats()).toMatchObject({ queued: 0, atWork: 0, failed: 1 });
});

test('a check goes by its policy, allow list and distance', async () => {
  const pool = poolOf();
  const { hash } = await hashFile(photo);
  const listed = createBlocklist([{ hash, labels: ['a'] }]);
  const allowList = createAllowList({ exceptions: [{ hash, reason: 'a mistake' }] });
  const policy = { matchDistance: -1 };
  const how = { decoding: 'full', variants: 'none' } as const;
  const check = (options: CheckOptions) => pool.check(photo, listed, { ...how, ...options });
  expect((await check({})).verdict).toBe('match');
  expect(await check({ allowList })).toMatchObject({ verdict: 'none', reason: 'allowed' });
  expect(await check({ policy })).toMatchObject({ verdict: 'review', policy });
  expect(await pool.check(Buffer.from('x'), listed, { policy })).toMatchObject({ policy });
  expect((await check({ distance: 0, policy })).policy).toMatchObject({ reviewDistance: 0 });
  await expect(check({ allowlist: allowList } as object)).rejects.toThrow('allowList');
});

test('what is withdrawn while a worker lets its picture go is in no decision', async () => {
  const pool = poolOf();
  const { hash } = await hashFile(photo);
  const blocklist = createBlocklist([{ hash, labels: ['a'] }]);
  await warm(pool);
  let withdrawn = false;
  const decide: Decide = async (variants, options) => {
    const decision = await match(variants, blocklist, options);
    setImmediate(() => {
      blocklist.apply({ withdraw: [hash] });
      withdrawn = true;
    });
    return decision;
  };
  const { verdict } = await pool.check(photo, decide);
  expect([verdict, withdrawn]).toEqual(['match', false]);
});

test('a list that decides before a variant that it has asked for costs no other', async () => {
  const pool = poolOf();
  const { hash } = await hashFile(photo);
  const listed = createBlocklist([{ hash, labels: ['a'] }]);
  const hasty: Decide = async (variants) => {
    const all = variants[Symbol.asyncIterator]();
    const { value } = await all.next();
    all.next().catch(() => {});
    return match([value], empty);
  };
  expect((await pool.check(photo, hasty)).verdict).toBe('none');
  for (let i = 0; i < 2; i++) expect((await pool.check(photo, listed)).verdict).toBe('match');
});

test('a worker is free while a remote list is waited for', async () => {
  const pool = poolOf({ workers: 1 });
  let tell: () => void = () => {};
  const ask = ([hash]: readonly Hash[]) =>
    new Promise<RemoteAnswer[]>((answer) => {
      tell = () => answer([{ hash: hash!, answer: 'none' }]);
    });
  const remote = createRemoteList(
    { name: 'elsewhere', ask },
    { sendsHashes: true, timeoutSeconds: 60 },
  );
  const waiting = pool.check(photoBytes, empty, { remote: [remote] });
  await until(() => pool.stats().queued === 1 && pool.stats().atWork === 0);
  expect((await pool.check(photoBytes, empty)).verdict).toBe('none');
  tell();
  expect(await waiting).toMatchObject({ verdict: 'none', unanswered: [] });
  const silent = createRemoteList(
    { name: 'silent', ask: async () => [] },
    { sendsHashes: true, timeoutSeconds: 60 },
  );
  expect(await pool.check(photoBytes, empty, { remote: [silent] })).toMatchObject({
    verdict: 'review',
    unanswered: ['silent'],
  });
});

test('a worker is replaced if it keeps much, or after so many pictures', async () => {
  const large = endingWith('process.send({ residentBytes: 2 ** 29 + 1 })');
  const pool = poolOf({ maxMemory: 2 ** 30 }, large);
  const pids = new Set<number>();
  for (let i = 0; i < 3; i++) {
    await pool.hash(photoBytes);
    for (const pid of pool.stats().pids) pids.add(pid);
    await until(() => pool.stats().workers === 0);
  }
  expect(pids.size).toBe(3);
  expect(pool.stats()).toMatchObject({ done: 3, restarts: 0 });
  const spent = (pictures: number, residentBytes: number) =>
    isSpent({ pictures, residentBytes }, 2 ** 30);
  expect([spent(9999, 2 ** 29), spent(10_000, 0), spent(1, 2 ** 29 + 1)]).toEqual([
    false,
    true,
    true,
  ]);
});

test('closing answers what was accepted, refuses the rest and ends the workers', async () => {
  const pool = poolOf({ workers: 2 });
  await warm(pool);
  const { stream, send, end } = sent();
  const accepted = [photo, photoBytes, stream].map((source) => pool.check(source, empty));
  const closed = pool.close();
  const { pids } = pool.stats();
  expect((await pool.check(photo, empty)).reason).toBe('busy');
  await expect(pool.hash(photo)).rejects.toThrow('closed');
  send(photoBytes);
  end();
  await closed;
  for (const { verdict } of await Promise.all(accepted)) expect(verdict).toBe('none');
  expect(pool.stats()).toMatchObject({ workers: 0, done: 4, busy: 0 });
  expect(pids.filter(isAlive)).toEqual([]);
  await pool.close();
});

test('stages are counted', async () => {
  const pool = poolOf();
  for (let i = 0; i < 3; i++) await pool.check(photo, empty);
  const { latencies, done } = pool.stats();
  expect(done).toBe(3);
  for (const { count } of Object.values(latencies)) expect(count).toBe(3);
  expect(latencies.decoding.median).toBeGreaterThan(0);
});

describe('a program with a pool', () => {
  /** Hashes a picture, does `then` and tells its worker. */
  const program = (then: string) =>
    scripts.write(
      `program-${then.length}`,
      `import { createHashPool } from ${JSON.stringify(scripts.build('src/node/pool/create-hash-pool.ts').href)};
       const pool = createHashPool({ workers: 1 });
       await pool.hash(${JSON.stringify(photo)});
       ${then}
       console.log(pool.stats().pids[0]);`,
    );

  async function run(url: URL): Promise<{ pid: number; child: ReturnType<typeof spawn> }> {
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const child = spawn(process.execPath, [url.pathname], { stdio: [...stdio] });
    const [line] = await once(child.stdout!, 'data');
    return { pid: Number(line), child };
  }

  test.skipIf(process.platform === 'win32')('goes on if no process can be started', async () => {
    const url = scripts.write(
      'no-descriptors',
      `import { openSync } from 'node:fs';
         import { createHashPool } from ${JSON.stringify(scripts.build('src/node/pool/create-hash-pool.ts').href)};
         const pool = createHashPool({ workers: 1 });
         try { for (;;) openSync('/dev/null'); } catch {}
         await pool.hash(new Uint8Array(9)).catch(({ code }) => console.log(code));
         await pool.close();`,
    );
    const command = `ulimit -n 60; exec "${process.execPath}" "${url.pathname}"`;
    const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(child.stdout, 'data');
    expect(String(line)).toBe('decoder-missing\n');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('ends by itself, and its workers with it', async () => {
    const { pid, child } = await run(program(''));
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    await until(() => !isAlive(pid));
  });

  test('takes its workers along when it is killed', async () => {
    const { pid, child } = await run(program('setInterval(() => {}, 1000);'));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => !isAlive(pid));
  });

  test('decides itself about an interrupt from the terminal', async () => {
    const { pid, child } = await run(
      program(`process.on('SIGINT', async () => {
        console.log((await pool.hash(${JSON.stringify(photo)})).width);
        process.exit();
      }); setInterval(() => {}, 1000);`),
    );
    process.kill(pid, 'SIGINT');
    child.kill('SIGINT');
    const [width] = await once(child.stdout!, 'data');
    expect(Number(width)).toBe(photoFixtures[0]!.width);
    await until(() => !isAlive(pid));
  });
});
