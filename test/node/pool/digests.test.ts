import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../../src/entry.js';
import { type Digest, type Hash, hashToHex } from '../../../src/hash.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { createFloodGuard } from '../../../src/matching/flood-guard.js';
import { match } from '../../../src/matching/match.js';
import { digestFile } from '../../../src/node/digest-file.js';
import { createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { imagePath } from '../fixtures.js';
import { photoBytes, poolOf } from './pools.js';

const folder = mkdtempSync(join(tmpdir(), 'onlyhashes-digests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VIDEO = Buffer.concat([readFileSync(imagePath('film.mp4')), Buffer.alloc(3_000_000, 7)]);
const PHOTO = photoBytes;
const ALL: readonly Digest[] = ['md5', 'sha1', 'sha256'];

const digestOf = (bytes: Uint8Array, algorithm: Digest): Hash => ({
  algorithm,
  bytes: new Uint8Array(createHash(algorithm).update(bytes).digest()),
});
const entryOf = (bytes: Uint8Array, algorithm: Digest, said = {}): BlocklistEntry => ({
  ...{ hash: digestOf(bytes, algorithm), labels: ['listed'] },
  ...said,
});

/** The same bytes as each kind of source that is read in its own way. */
function sourcesOf(bytes: Uint8Array, name: string) {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
  }
  return { path, bytes, blob: new Blob([new Uint8Array(bytes)]), chunks: chunks() };
}

test.each(ALL)('any file that is listed by its %s matches, undecoded', async (algorithm) => {
  const pool = poolOf();
  const list = createBlocklist([entryOf(VIDEO, algorithm)]);
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    const decision = await pool.check(source, list);
    expect(decision, name).toMatchObject({
      ...{ verdict: 'match', reason: 'matched-digest' },
      policy: { matchDistance: 0, reviewDistance: 0, minQuality: 0 },
      matches: [{ distance: 0, tier: 'match', variant: { name: 'file' } }],
    });
    expect(decision.detail !== undefined).toBe(algorithm === 'md5');
    expect(decision).not.toHaveProperty('upload');
    expect(decision).not.toHaveProperty('refined');
  }
  expect(pool.stats()).toMatchObject({ workers: 0, done: 4, failed: 0, bytesInFlight: 0 });
});

test('a file that is no picture says so, and what it was compared by', async () => {
  const pool = poolOf();
  const none = { verdict: 'unhashable', reason: 'not-a-picture', matches: [] };
  const others = createBlocklist([entryOf(PHOTO, 'md5'), entryOf(PHOTO, 'sha256')]);
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    const compared = await pool.check(source, others);
    expect(compared, name).toMatchObject(none);
    expect(compared.detail).toContain('it was compared by md5, sha256');
  }
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    const uncompared = await pool.check(source, createBlocklist([]));
    expect(uncompared, name).toMatchObject(none);
    expect(uncompared.detail).toContain('nothing was compared');
  }
  const isDisabled = createBlocklist([entryOf(VIDEO, 'md5', { list: 'a' })], {
    lists: { a: { enabled: false } },
  });
  expect((await pool.check(VIDEO, isDisabled)).detail).toContain('nothing was compared');
  // An upload may be anything for a function that decides: it states the digests that it compares.
  const decided = await pool.check(VIDEO, async (variants, options) => {
    return await match(variants, others, options);
  });
  expect(decided).toMatchObject(none);
});

test('beyond the limit of pictures a file is digested, and not held', async () => {
  const pool = poolOf();
  const list = createBlocklist([entryOf(VIDEO, 'sha1')]);
  const limits = { maxBytes: 100_000 };
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    expect((await pool.check(source, list, limits)).verdict, name).toBe('match');
  }
  const other = Buffer.concat([VIDEO, Buffer.from('.')]);
  for (const [name, source] of Object.entries(sourcesOf(other, 'other'))) {
    expect((await pool.check(source, list, limits)).reason, name).toBe('not-a-picture');
  }
  // Not compared, and so not answered.
  for (const [name, source] of Object.entries(sourcesOf(other, 'other'))) {
    const decision = await pool.check(source, list, { ...limits, maxDigestBytes: 200_000 });
    expect(decision.reason, name).toBe('too-many-bytes');
  }
  for (const [name, source] of Object.entries(sourcesOf(PHOTO, 'photo'))) {
    const decision = await pool.check(source, list, { maxBytes: 1000 });
    expect(decision.reason, name).toBe('too-many-bytes');
  }
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    const decision = await pool.check(source, createBlocklist([]), limits);
    expect(decision.reason, name).toBe('not-a-picture');
  }
});

test('a picture is compared by its digest first, then as a picture', async () => {
  const pool = poolOf();
  const { hash } = await pool.hash(PHOTO);
  const listed = { hash, labels: ['picture'] };
  const both = createBlocklist([listed, entryOf(PHOTO, 'md5')]);
  expect((await pool.check(PHOTO, both)).reason).toBe('matched-digest');
  const all = await pool.check(PHOTO, both, { all: true });
  expect(all.matches.map(({ variant }) => variant.name)).toContain('original');
  expect(all).toMatchObject({ upload: { format: 'jpeg' }, refined: true });
  const copy = Buffer.concat([PHOTO, Buffer.from('.')]);
  const decision = await pool.check(copy, both, { lenient: true });
  expect(decision).toMatchObject({ verdict: 'match', reason: 'within-match-distance' });
  expect(decision.policy.matchDistance).toBe(31);
  const digestsAlone = await pool.check(copy, createBlocklist([entryOf(PHOTO, 'md5')]), {
    lenient: true,
  });
  expect(digestsAlone).toMatchObject({ verdict: 'none', reason: 'nothing-near' });
  expect(digestsAlone.policy.matchDistance).toBe(31);
});

test('an empty file stays empty, even if a list has the digest of nothing', async () => {
  const pool = poolOf();
  const list = createBlocklist(ALL.map((algorithm) => entryOf(new Uint8Array(0), algorithm)));
  expect(await pool.check(new Uint8Array(0), list)).toMatchObject({
    ...{ verdict: 'unhashable', reason: 'empty' },
  });
});

test('lists, exceptions and floods treat a digest as any entry', async () => {
  const pool = poolOf();
  const hash = digestOf(VIDEO, 'sha256');
  const reasonOf = async (said: object, options = {}, lists = {}) => {
    const list = createBlocklist([entryOf(VIDEO, 'sha256', said)], { lists });
    const { verdict, reason } = await pool.check(VIDEO, list, options);
    return `${verdict} ${reason}`;
  };
  expect(await reasonOf({ quality: 1 })).toBe('match matched-digest');
  expect(await reasonOf({ confirmed: false })).toBe('review unconfirmed-entry');
  expect(await reasonOf({ list: 'a' }, {}, { a: { tier: 'review' } })).toBe(
    'review review-only-list',
  );
  expect(await reasonOf({ list: 'a' }, {}, { a: { trust: 'foreign' } })).toBe(
    'review foreign-list',
  );
  const policy = { matchDistance: -1, reviewDistance: -1 };
  expect(await reasonOf({}, { policy })).toBe('match matched-digest');
  const allowList = createAllowList({ radius: 31 });
  allowList.allow(hash, { reason: 'a flag', entry: hash });
  expect(await reasonOf({}, { allowList })).toBe('unhashable not-a-picture');
  const beside = createAllowList({ radius: 31 });
  const bytes = hash.bytes.slice();
  bytes[0]! ^= 1;
  beside.allow({ ...hash, bytes }, { reason: 'another file' });
  expect(await reasonOf({}, { allowList: beside })).toBe('match matched-digest');
  // Copies of one file are one upload, however many there are.
  const floodGuard = createFloodGuard({ mostUploads: 1 });
  for (let i = 0; i < 4; i++) {
    expect(await reasonOf({}, { floodGuard })).toBe('match matched-digest');
  }
});

test('a withdrawn digest matches no more, and a reinstated one again', async () => {
  const pool = poolOf();
  const hash = digestOf(VIDEO, 'md5');
  const list = createBlocklist([entryOf(VIDEO, 'md5'), entryOf(PHOTO, 'md5')]);
  expect((await pool.check(VIDEO, list)).verdict).toBe('match');
  await list.apply({ withdraw: [hash] });
  expect((await pool.check(VIDEO, list)).reason).toBe('not-a-picture');
  expect(await list.apply({ add: [entryOf(VIDEO, 'md5')] })).toMatchObject({
    rejected: { withdrawn: 1 },
  });
});

test('digestFile gives the digests of node:crypto, of any source', async () => {
  for (const [name, source] of Object.entries(sourcesOf(VIDEO, 'video'))) {
    const hashes = await digestFile(source, { algorithms: ALL });
    expect(hashes.map(hashToHex), name).toEqual(
      ALL.map((algorithm) => hashToHex(digestOf(VIDEO, algorithm))),
    );
  }
  await expect(digestFile(new Uint8Array(0))).rejects.toMatchObject({ code: 'empty' });
  await expect(digestFile(VIDEO, { maxBytes: 1000 })).rejects.toMatchObject({
    code: 'too-many-bytes',
  });
  await expect(digestFile(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'unreadable' });
  const reason = new Error('no more');
  await expect(digestFile(VIDEO, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a stream of 2 GB needs no memory', async () => {
  const chunk = Buffer.alloc(2 ** 20, 5);
  const count = Number(process.env.DIGEST_MEGABYTES ?? 200);
  const expected = createHash('sha256');
  for (let i = 0; i < count; i++) expected.update(chunk);
  async function* chunks() {
    for (let i = 0; i < count; i++) yield chunk;
  }
  const bytes = new Uint8Array(expected.digest());
  const list = createBlocklist([{ hash: { algorithm: 'sha256', bytes }, labels: [] }]);
  const pool = createHashPool({ maxBytesInFlight: 2 ** 20 });
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }, 5);
  expect((await pool.check(chunks(), list)).verdict).toBe('match');
  clearInterval(watch);
  expect(most).toBeLessThan(20e6);
  await pool.close();
});

test('a broken picture whose digest is for review is not checked, and a match is one', async () => {
  const pool = poolOf();
  const half = PHOTO.subarray(0, PHOTO.length / 2);
  const listed = (tier: 'match' | 'review', bytes: Uint8Array) =>
    createBlocklist([entryOf(bytes, 'md5', { list: 'a' })], { lists: { a: { tier } } });
  const about = async (bytes: Uint8Array, tier: 'match' | 'review') => {
    const { verdict, reason } = await pool.check(bytes, listed(tier, bytes));
    return [verdict, reason];
  };
  expect(await about(half, 'review')).toEqual(['unhashable', 'corrupt']);
  expect(await about(half, 'match')).toEqual(['match', 'matched-digest']);
  expect(await about(VIDEO, 'review')).toEqual(['review', 'review-only-list']);
});

test('a body that states too long a length is digested, and takes no more memory', async () => {
  const pool = createHashPool({ maxBytesInFlight: 2 ** 26 });
  const list = createBlocklist([entryOf(VIDEO, 'md5')]);
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const chunk = new Uint8Array(2 ** 20).fill(7);
  let left = 40;
  const body = new ReadableStream({
    pull(controller) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const headers = { 'content-length': `${40 * 2 ** 20}` };
  const init = { method: 'POST', body, headers, duplex: 'half' };
  const request = new Request('http://a.test', init as RequestInit);
  const { reason } = await pool.check(request, list, { maxBytes: 39 * 2 ** 20 });
  expect(reason).toBe('not-a-picture');
  expect(most).toBeLessThan(25 * 2 ** 20);
  await pool.close();
});

test('a search that fails before it has its picture gives the worker back', async () => {
  const pool = poolOf({ workers: 1 });
  const failed = pool.check(PHOTO, async (variants) => {
    void (variants as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
    throw new TypeError('a mistake');
  });
  await expect(failed).rejects.toThrow('a mistake');
  const { verdict, reason } = await pool.check(PHOTO, createBlocklist([]));
  expect([verdict, reason, pool.stats()]).toMatchObject([
    'none',
    'nothing-comparable',
    { queued: 0, atWork: 0 },
  ]);
});
