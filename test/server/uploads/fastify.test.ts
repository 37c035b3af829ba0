import { Readable } from 'node:stream';
import multipart, {
  type FastifyMultipartBaseOptions,
  type MultipartFile,
} from '@fastify/multipart';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { createPartCheck } from '../../../examples/fastify/check-part.js';
import type { Decision } from '../../../src/matching/decision.js';
import type { ScanOptions } from '../../../src/server/uploads/scanner.js';
import { withResolvers } from '../with-resolvers.js';
import { examAdapter } from './upload-exam.js';
import {
  blocklist,
  breakOffForm,
  busy,
  formOf,
  HALF,
  LISTED,
  OTHER,
  pool,
  serving,
} from './uploads.js';

interface Setup {
  readonly options?: Partial<ScanOptions<MultipartFile>>;
  readonly plugin?: FastifyMultipartBaseOptions;
}

/** A Fastify application that stores what is kept of each file. */
async function application({ options, plugin }: Setup) {
  const decisions: Decision[] = [];
  const stored: Uint8Array[] = [];
  const onDecision = (decision: Decision) => void decisions.push(decision);
  const checkPart = createPartCheck({
    ...{ blocklist, pool, onError: 'refuse', onDecision },
    ...options,
  });
  const app = fastify();
  await app.register(multipart, { limits: { fileSize: 2 ** 24 }, ...plugin });
  app.post('/upload', async (request) => {
    for await (const part of request.files()) stored.push((await checkPart(part)).bytes);
    return 'stored';
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { server: app.server, decisions, stored };
}

/** Posts a form to such an application; its answer, and what was stored. */
async function answer(form: FormData, setup: Setup = {}) {
  const { server, ...told } = await application(setup);
  return await serving(server, async (url) => {
    const response = await fetch(`${url}/upload`, { method: 'POST', body: form });
    const { status, headers } = response;
    const retryAfter = headers.get('retry-after');
    return { status, retryAfter, text: await response.text(), ...told };
  });
}

test('accepted files arrive as they were sent', async () => {
  const { status, text, stored, decisions } = await answer(formOf(OTHER, OTHER));
  expect([status, text]).toEqual([200, 'stored']);
  expect(stored).toEqual([OTHER, OTHER]);
  expect(decisions).toMatchObject([{ verdict: 'none' }, { verdict: 'none' }]);
});

examAdapter((bytes, options) => answer(formOf(bytes), { options }));

test('a match is refused by 451, and its answer names nothing', async () => {
  const { status, text, stored, decisions } = await answer(formOf(OTHER, LISTED));
  expect([status, stored]).toEqual([451, [OTHER]]);
  expect(JSON.parse(text)).toEqual({
    statusCode: 451,
    error: 'Unavailable For Legal Reasons',
    message: 'the upload was refused',
  });
  expect(decisions).toMatchObject([{ verdict: 'none' }, { verdict: 'match' }]);
});

test.each([true, false])(
  'a file that the plugin cut at its limit is no picture, whether it throws (%s) or not',
  async (throwFileSizeLimit) => {
    for (const options of [
      {},
      { onError: 'accept' },
      { onError: 'accept', check: busy },
    ] as const) {
      const plugin = { limits: { fileSize: HALF.length }, throwFileSizeLimit };
      const { status, stored, decisions } = await answer(formOf(OTHER), { options, plugin });
      expect([status, stored]).toEqual([413, []]);
      const { verdict, reason } = decisions.at(-1)!;
      expect([verdict, reason]).toEqual(['unhashable', 'too-many-bytes']);
    }
  },
);

const partOf = (chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) =>
  ({ file: Readable.from(chunks) }) as MultipartFile;

test('files are held up to a limit; one beyond it is refused by 503, and the next is accepted', async () => {
  for (const check of [busy, undefined]) {
    const checkPart = createPartCheck({
      ...{ blocklist, pool, onError: 'accept', maxBytes: 100_000, maxBytesHeld: 100_000 },
      ...(check && { check }),
    });
    const rest = withResolvers();
    const reading = withResolvers();
    const slow = async function* () {
      yield OTHER.subarray(0, 40_000);
      reading.resolve();
      await rest.promise;
      yield OTHER.subarray(40_000, 50_000);
    };
    const first = checkPart(partOf(slow()));
    await reading.promise;
    const large = partOf([Buffer.alloc(60_001)]);
    await expect(checkPart(large)).rejects.toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
    });
    rest.resolve();
    expect((await first).bytes).toEqual(OTHER.subarray(0, 50_000));
    // Whatever it is, it is not too many bytes any more.
    const { bytes } = await checkPart(partOf([Buffer.alloc(100_000)]));
    expect(bytes).toHaveLength(100_000);
  }
});

test('a form that breaks off is not checked as a whole', async () => {
  const told = new Promise<Decision>((resolve) => {
    void application({ options: { onError: 'accept', onDecision: resolve } }).then(
      async ({ server, stored }) =>
        await serving(server, async (url) => {
          await breakOffForm(`${url}/upload`);
          await told;
          expect(stored).toEqual([]);
        }),
    );
  });
  expect(await told).toMatchObject({ verdict: 'unhashable', reason: 'unreadable' });
});
