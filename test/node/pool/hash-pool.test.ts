import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { type Hash, hashFromHex, hashFromJSON, hashToHex, hashToJSON } from '../../../src/hash.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { match } from '../../../src/matching/match.js';
import { createRemoteList } from '../../../src/matching/remote-list.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import type { CheckOptions, Decide } from '../../../src/node/pool/hash-pool.js';
import type { RemoteAnswer } from '../../../src/remote-matcher.js';
import type { HashedImage } from '../../../src/variant.js';
import { isDeep } from '../../seed.js';
import { heicPath, hostileFixtures, imageFixtures, imagePath } from '../fixtures.js';
import { variantsOfFile } from '../variants-of-file.js';
import { codeOf, empty, photo, photoBytes, poolOf, said, scripts, until, warm } from './pools.js';

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

  test('gives hashes that serialize themselves', async () => {
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

  test('decides as this thread does, also about crops that need a closer search', async () => {
    const pool = poolOf({ isolation, workers: 2 });
    const { hash } = await hashFile(photo);
    const blocklist = createBlocklist([{ hash, labels: ['a'] }]);
    const { width = 0, height = 0 } = await sharp(photo).metadata();
    let closer = 0;
    for (const [left, top, right, bottom] of [
      [0.09, 0.02, 0.01, 0.07],
      ...(isDeep
        ? ([
            [0.03, 0.12, 0.05, 0.02],
            [0.11, 0, 0.04, 0.09],
            [0.01, 0.06, 0.13, 0.03],
          ] as const)
        : []),
      [0.3, 0.3, 0.3, 0.3],
    ] as const) {
      const area = {
        left: Math.round(left * width),
        top: Math.round(top * height),
        width: Math.round((1 - left - right) * width),
        height: Math.round((1 - top - bottom) * height),
      };
      const cut = await sharp(photo).extract(area).png().toBuffer();
      for (const all of isDeep ? [false, true] : [closer > 0]) {
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

test('a decision describes the upload, where the time went and what was searched', async () => {
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

test('a picture that cannot be hashed gives the cause as the reason of its decision', async () => {
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

test('a check obeys its policy, allow list and distance', async () => {
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

test('an entry withdrawn while a worker releases its picture is in no decision', async () => {
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

test('a list that decides before a requested variant arrives does not affect other uploads', async () => {
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

test('stages are counted', async () => {
  const pool = poolOf();
  for (let i = 0; i < 3; i++) await pool.check(photo, empty);
  const { latencies, done } = pool.stats();
  expect(done).toBe(3);
  for (const { count } of Object.values(latencies)) expect(count).toBe(3);
  expect(latencies.decoding.median).toBeGreaterThan(0);
});
