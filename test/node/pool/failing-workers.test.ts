import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { isSpent } from '../../../src/node/pool/worker-lease.js';
import { runs } from '../../seed.js';
import { imagePath, photoPath } from '../fixtures.js';
import { isAlive, workerThat } from './hash-process.js';
import {
  codeOf,
  empty,
  endingWith,
  photo,
  photoBytes,
  poolOf,
  scripts,
  until,
  warm,
} from './pools.js';

describe('a failing worker costs only its current picture', () => {
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

  test('and gets only the environment variables it needs, by name', async () => {
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

  test('and none is retried for ever', async () => {
    const begins = poolOf({}, scriptOf('begin', 'begin', 'process.exit(1);'));
    expect(await codeOf(begins.hash(photoBytes))).toBe('crashed');
    const missing = poolOf({}, new URL('missing', scripts.folder));
    expect(await codeOf(missing.hash(photoBytes))).toBe('decoder-missing');
    expect(missing.stats().restarts).toBe(3);
  });
});

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

test('a worker is replaced if it retains much memory, or after a number of pictures', async () => {
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
