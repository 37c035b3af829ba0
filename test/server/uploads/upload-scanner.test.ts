import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { UploadRefused } from '../../../src/server/uploads/scanner.js';
import {
  createUploadScanner,
  type FileStream,
} from '../../../src/server/uploads/upload-scanner.js';
import { BMP, blocklist, busy, LISTED, OTHER, pool } from './uploads.js';

/*
 * The adapters of examples/ show its use with files of forms and stored uploads: multer.test.ts,
 * fastify.test.ts and tus.test.ts.
 */

const options = { blocklist, pool, onError: 'refuse' } as const;

test('a stored file is checked, and refused by an error', async () => {
  const told: unknown[] = [];
  const scanner = createUploadScanner<number>({
    ...options,
    onDecision: ({ verdict }, upload) => void told.push([verdict, upload]),
  });
  expect(await scanner.check(OTHER, 1)).toMatchObject({ verdict: 'none' });
  const refused = scanner.check(LISTED, 2);
  await expect(refused).rejects.toBeInstanceOf(UploadRefused);
  await expect(refused).rejects.toMatchObject({ status: 451, verdict: 'match' });
  await expect(scanner.check(BMP, 3)).rejects.toMatchObject({ status: 415 });
  expect(told).toEqual([
    ['none', 1],
    ['match', 2],
    ['unhashable', 3],
  ]);
});

test('a file is accepted with its decision, complete from its first byte', async () => {
  const scanner = createUploadScanner(options);
  const kept = await scanner.keep(Readable.from([OTHER]), undefined, async (chunks, decision) => {
    const all: Uint8Array[] = [];
    for await (const chunk of chunks) all.push(chunk);
    return [Buffer.concat(all), decision.verdict];
  });
  expect(kept).toEqual([OTHER, 'none']);
});

test('mistakes of the caller are reported', async () => {
  expect(() => createUploadScanner({ blocklist } as never)).toThrow('onError');
  const scanner = createUploadScanner({ check: busy, onError: 'accept' });
  const keep = async () => {};
  for (const stream of [undefined, {}, 'a name']) {
    await expect(scanner.keep(stream as never, undefined, keep)).rejects.toThrow(TypeError);
  }
  const stream: FileStream = Readable.from([OTHER]);
  await expect(scanner.keep(stream, undefined, 5 as never)).rejects.toThrow('keep');
  for (const name of ['undo', 'hold']) {
    const wrong = { [name]: 5 };
    await expect(scanner.keep(stream, undefined, keep, wrong)).rejects.toThrow(name);
  }
});
