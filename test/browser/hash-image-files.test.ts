import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../project/package.js';
import { runs } from '../seed.js';
import { bundledWorker } from './bundle.js';
import { describeEngine, ENGINES } from './engines/engines.js';
import type { Site } from './engines/serve.js';
import { openHashing, serveHashing } from './hashing-page.js';
import { inNode } from './node-hash.js';

const PHOTO = 'fixtures/photos/locomotion-house-cat.jpg';
const SMALL = 'fixtures/images/orientation-1.jpg';
const MANY = Math.max(40, runs(200));
const HALF = 'fixtures/images/half.jpg';
/** A Worker that dies after its job. */
const DIES = `${await bundledWorker()}
const post = postMessage.bind(globalThis);
globalThis.postMessage = (reply, transfer) => {
  post(reply, transfer);
  if ('variant' in reply && !reply.variant) setTimeout(() => { throw new Error('later'); });
};`;
const [photo, small] = await Promise.all([PHOTO, SMALL].map((file) => inNode(join(ROOT, file))));

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    let site: Site;
    beforeAll(async () => {
      site = await serveHashing((path) => (path === '/dies.js' ? { body: DIES } : undefined));
      return () => site.close();
    });

    test('a file is digested in pieces', async () => {
      const page = await open.page();
      await openHashing(page, site);
      const [hexes, pieces] = await page.evaluate(async () => {
        const pieces: number[] = [];
        const hashes = await window.onlyhashes.digestFile(new Blob([new Uint8Array(5e6).fill(7)]), {
          algorithms: ['md5', 'sha1', 'sha256'],
          onProgress: (read) => pieces.push(read),
        });
        return [hashes.map(window.onlyhashesCore.hashToHex), pieces] as const;
      });
      const content = Buffer.alloc(5e6, 7);
      const expected = ['md5', 'sha1', 'sha256'].map((name) =>
        createHash(name).update(content).digest('hex'),
      );
      expect([hexes, pieces]).toEqual([expected, [4 * 2 ** 20, 5e6]]);
    });

    test(`results of ${MANY} files, one of them corrupt, are in order, and few are read at a time`, async () => {
      const page = await open.page();
      await openHashing(page, site);
      const outcome = await page.evaluate(
        async (photoUrl: string, smallUrl: string, halfUrl: string, many: number) => {
          const blobOf = async (url: string) => (await fetch(url)).blob();
          const [photo, small, half] = await Promise.all([photoUrl, smallUrl, halfUrl].map(blobOf));
          const files = Array.from({ length: many }, (_, i) =>
            i === 27 ? half! : i % 25 === 0 ? photo! : small!,
          );
          let reading = 0;
          let mostRead = 0;
          const read = Blob.prototype.arrayBuffer;
          Blob.prototype.arrayBuffer = async function () {
            mostRead = Math.max(mostRead, ++reading);
            const bytes = await read.call(this);
            reading--;
            return bytes;
          };
          const hexes: string[] = [];
          const steps: number[] = [];
          let failed = 0;
          const results = window.onlyhashes.hashAll(files, {
            concurrency: 2,
            onProgress: (progress) => {
              steps.push(progress.done);
              failed = progress.failed;
              if (progress.total !== many) throw new Error('another total');
            },
          });
          for await (const { image, error } of results) {
            const digits = (byte: number) => byte.toString(16).padStart(2, '0');
            hexes.push(error ? error.code : Array.from(image.hash.bytes, digits).join(''));
          }
          return { hexes, steps, failed, mostRead };
        },
        PHOTO,
        SMALL,
        HALF,
        MANY,
      );
      const expected = Array.from({ length: MANY }, (_, i) =>
        i === 27 ? 'corrupt' : i % 25 === 0 ? photo!.hash : small!.hash,
      );
      expect(outcome.hexes).toEqual(expected);
      expect(outcome.steps).toEqual(Array.from({ length: MANY }, (_, i) => i + 1));
      expect(outcome.failed).toBe(1);
      expect(outcome.mostRead).toBeLessThanOrEqual(2);
    });

    test('an abort in the middle ends the batch with its reason, and the next one runs', async () => {
      const page = await open.page();
      await openHashing(page, site);
      const outcome = await page.evaluate(async (url: string) => {
        const file = await (await fetch(url)).blob();
        const end = new AbortController();
        const results = window.onlyhashes.hashAll(Array(20).fill(file), {
          signal: end.signal,
        });
        let before = 0;
        let reason: unknown;
        try {
          for await (const _ of results) if (++before === 7) end.abort('enough');
        } catch (error) {
          reason = error;
        }
        let after = 0;
        for await (const { image } of window.onlyhashes.hashAll([file, file])) {
          if (image) after++;
        }
        return { before, reason, after };
      }, PHOTO);
      expect(outcome).toEqual({ before: 7, reason: 'enough', after: 2 });
    });

    test('gives up a file: before its turn, during its work, by ending all Workers, and on timeout', async () => {
      const page = await open.page();
      await openHashing(page, site);
      const outcome = await page.evaluate(async (url: string) => {
        const { hash: hashImageFile, endWorkers } = window.onlyhashes;
        const file = await (await fetch(url)).blob();
        const told = (work: Promise<unknown>) =>
          work.then(
            () => 'hashed',
            (error) => (typeof error?.code === 'string' ? error.code : (error?.name ?? error)),
          );
        const aborted = told(hashImageFile(file, { signal: AbortSignal.abort('before') }));
        const during = new AbortController();
        const decoding = told(
          hashImageFile(file, {
            signal: during.signal,
            onProgress: (stage) => {
              if (stage === 'decoding') during.abort('during');
            },
          }),
        );
        const outcomes = [await aborted, await decoding];
        const waiting = new AbortController();
        const queue = [1, 2, 3, 4].map((_, i) =>
          told(
            hashImageFile(file, { concurrency: 1, ...(i === 3 ? { signal: waiting.signal } : {}) }),
          ),
        );
        waiting.abort('waiting');
        outcomes.push(await queue[3]!, await queue[0]!);
        endWorkers();
        outcomes.push(await queue[1]!, await queue[2]!);
        outcomes.push(await told(hashImageFile(file, { timeoutSeconds: 0.001 })));
        const stages: string[] = [];
        outcomes.push(
          await told(hashImageFile(file, { onProgress: (stage) => stages.push(stage) })),
        );
        const thrown = hashImageFile(file, {
          onProgress: () => {
            throw new RangeError('of the caller');
          },
        });
        outcomes.push(await told(thrown), await told(hashImageFile(file)));
        return { outcomes, stages };
      }, PHOTO);
      expect(outcome).toEqual({
        outcomes: [
          ...['before', 'during', 'waiting', 'hashed', 'AbortError', 'AbortError'],
          ...['timeout', 'hashed', 'RangeError', 'hashed'],
        ],
        stages: ['reading', 'decoding', 'hashing'],
      });
    });

    test('a Worker that died after its file is given no other', async () => {
      const page = await open.page();
      await openHashing(page, site);
      const hashed = await page.evaluate(async (url: string) => {
        const file = await (await fetch(url)).blob();
        let deaths = 0;
        const Started = Worker;
        window.Worker = class extends Started {
          constructor(script: string | URL, options?: WorkerOptions) {
            super(script, options);
            this.addEventListener('error', () => deaths++);
          }
        };
        const options = { workerUrl: '/dies.js', concurrency: 1, timeoutSeconds: 10 };
        let hashed = 0;
        while (hashed < 3) {
          await window.onlyhashes.hash(file, options);
          hashed++;
          while (deaths < hashed) await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return hashed;
      }, SMALL);
      expect(hashed).toBe(3);
    });

    test('a Worker that cannot be started fails each file, but not the batch', async () => {
      const elsewhere = await serveHashing();
      try {
        const page = await open.page();
        await openHashing(page, site);
        const codes = await page.evaluate(
          async (url: string, workerUrl: string) => {
            const file = await (await fetch(url)).blob();
            const codes: (string | undefined)[] = [];
            const results = window.onlyhashes.hashAll([file, file, file], { workerUrl });
            for await (const { error } of results) codes.push(error?.code);
            return codes;
          },
          SMALL,
          `${elsewhere.url}/dist/browser-worker.js`,
        );
        expect(codes).toEqual(['decoder-missing', 'decoder-missing', 'decoder-missing']);
      } finally {
        await elsewhere.close();
      }
    });
  });
}
