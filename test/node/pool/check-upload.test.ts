import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { hashAll } from '../../../src/node/hash-files.js';
import { check, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { imagePath, photoFixtures, photoPath } from '../fixtures.js';
import { ownScripts } from './hash-process.js';

const photo = photoPath(photoFixtures[0]!.file);
const bytes = readFileSync(photo);

ownScripts('hash-process');
const pool = createHashPool({ timeoutSeconds: 3600 });
afterAll(() => pool.close());

test('an upload is checked from every form that a server may have it in', async () => {
  const { hash } = await hashFile(photo);
  const blocklist = createBlocklist([{ hash, labels: ['a'] }]);
  const sources = {
    path: photo,
    bytes,
    'array buffer': new Uint8Array(bytes).buffer,
    blob: new Blob([bytes]),
    file: new File([bytes], 'a.jpg'),
    'stream of Node': Readable.from([bytes.subarray(0, 999), bytes.subarray(999)]),
    'web stream': new Blob([bytes]).stream(),
    request: new Request('http://localhost/', { method: 'POST', body: bytes }),
    response: new Response(bytes),
  };
  for (const [name, source] of Object.entries(sources)) {
    const { verdict, upload } = await check(source, blocklist, { pool });
    expect([name, verdict, upload?.hash]).toEqual([name, 'match', hash]);
  }
});

test('the variants of an upload are thorough by default', async () => {
  const { hash } = await hashFile(photo, { variants: 'dihedral' });
  const mirrored = (await hashFile(photo, { variants: 'dihedral' })).variants.find(
    ({ name }) => name === 'flipY',
  )!;
  const blocklist = createBlocklist([{ hash: mirrored.hash, labels: ['mirrored'] }]);
  expect((await check(photo, blocklist, { pool })).verdict).toBe('match');
  const plain = await check(photo, blocklist, { pool, variants: 'none' });
  expect(plain.verdict).not.toBe('match');
  expect(plain.upload?.hash).toEqual(hash);
});

test('mistakes of the caller are thrown; everything else is a decision', async () => {
  const blocklist = createBlocklist([]);
  expect((await check(imagePath('half.jpg'), blocklist, { pool })).verdict).toBe('unhashable');
  await expect(check(bytes, blocklist, { pool: {} as never })).rejects.toThrow(TypeError);
  await expect(check(bytes, blocklist, { pool, all: 1 as never })).rejects.toThrow(TypeError);
  const used = new Response(bytes);
  await used.arrayBuffer();
  await expect(check(used, blocklist, { pool })).rejects.toThrow(TypeError);
  const failing = new ReadableStream({
    start: (controller) => controller.error(new TypeError('terminated')),
  });
  const { verdict, reason } = await check(failing, blocklist, { pool });
  expect([verdict, reason]).toEqual(['unhashable', 'unreadable']);
});

test('files of a batch are hashed by a pool as without one', async () => {
  const files = [photo, imagePath('half.jpg'), imagePath('rgb.png')];
  const here: unknown[] = [];
  for await (const { file, image, error } of hashAll(files)) {
    here.push([file, image, error?.code]);
  }
  const there: unknown[] = [];
  for await (const { file, image, error } of hashAll(files, {
    hash: (file, options) => pool.hash(file, options),
  })) {
    there.push([file, image, error?.code]);
  }
  expect(there).toEqual(here);
});
