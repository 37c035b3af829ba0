import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import type { Decision } from '../../../src/matching/decision.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import type { HashPool, HashPoolOptions } from '../../../src/node/pool/hash-pool.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { imagePath, photoFixtures, photoPath } from '../fixtures.js';
import { ownScripts, workerThat } from './hash-process.js';

export const scripts = ownScripts('hash-process', 'heic-worker');

const pools: HashPool[] = [];
/** A pool; the workers of all are those of `folder` from then on. */
export function poolOf(options: HashPoolOptions = {}, folder = scripts.folder): HashPool {
  setWorkerScripts(folder);
  const pool = createHashPool({ workers: 1, ...options });
  pools.push(pool);
  return pool;
}
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

export const photo = photoPath(photoFixtures[0]!.file);
export const photoBytes = readFileSync(photo);
export const empty = createBlocklist([]);

export const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => (error instanceof DecodeError ? error.code : String(error)),
  );

/** Limits that no machine reaches, for bodies that the test lets wait. */
export const LONG = { timeoutSeconds: 3600, idleSeconds: 3600, minBytesPerSecond: 0 };

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(5);
}

/** Waits until a worker is idle, and gives its process. */
export async function warm(pool: HashPool): Promise<number> {
  await pool.hash(imagePath('rgb.png'));
  return pool.stats().pids[0]!;
}

/** A stream that gives its parts when it is told to. */
export function sent(): {
  stream: ReadableStream<Uint8Array>;
  send(part: Uint8Array): void;
  end(): void;
} {
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
export const said = ({ verdict, reason, matches, policy }: Decision) => ({
  verdict,
  reason,
  policy,
  matches,
});

/** A worker that hashes every picture alike, and does `then` when it is to let one go. */
export const endingWith = (then: string) =>
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

/** Workers that never answer. */
export const silent = () => scripts.played('hash-process', 'silent', workerThat('first', ''));
