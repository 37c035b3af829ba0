import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { hashFromHex, hashToHex } from '../../../src/hash.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { HmaClient } from '../../../src/services/hma/client.js';
import type { Fetch } from '../../../src/services/service-options.js';
import { flipBits } from '../../arbitraries.js';
import { hexOf } from '../../node/files/fed-services.js';
import { ROOT } from '../../project/package.js';
import { HALF, LISTED, OTHER } from '../uploads/uploads.js';
import { followedStore, pictureForm, pictureServer, servedHma } from './hma-served.js';

/* The requests that HMA's callers send, and what they make of the replies. */

const TOKEN = 'a-token-of-many-characters';
const tokens = [{ name: 'the caller', hash: tokenHash(TOKEN), role: 'match' }] as const;
const { hash: HASH } = await hashFile(LISTED);
const listed = createBlocklist([{ hash: HASH, labels: [], list: 'CSAM_ONE' }]);

/**
 * Scans as policyserv does: it hashes by a form whose file is named x, looks each hash up, ignores
 * the status of that, and takes the members of the object for the names of banks.
 * @returns whether it blocks the message: by a listed bank, or because something failed
 */
async function policyserv(url: string, bytes: Uint8Array, { token = TOKEN, type = kindOf(bytes) }) {
  const headers = { authorization: `Bearer ${token}` };
  const form = pictureForm(type, bytes);
  const hashed = await fetch(`${url}/h/hash`, { method: 'POST', headers, body: form });
  if (hashed.status !== 200) return 'blocked: error';
  for (const [signalType, signal] of Object.entries((await hashed.json()) as object)) {
    const query = new URLSearchParams({ signal_type: signalType, signal: String(signal) });
    const reply: unknown = await (await fetch(`${url}/m/lookup?${query}`, { headers })).json();
    if (typeof reply !== 'object' || Array.isArray(reply)) return 'blocked: error';
    if (BANKS.some((bank) => Object.hasOwn(reply ?? {}, bank))) return 'blocked: listed';
  }
  return 'passed';
}
/** The banks that it is configured with. */
const BANKS = ['CSAM_ONE', 'VIDEOS'];

/** As Go's `DetectContentType`: what does not begin as a video is sent as a photo. */
const kindOf = (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(4, 8)).toString() === 'ftyp' ? 'video' : 'photo';

const file = (name: string) => readFileSync(join(ROOT, 'fixtures/images', name));
const VIDEO = file('film.mp4');
const OTHER_VIDEO = Buffer.concat([VIDEO, Buffer.from('.')]);
const PLAIN = await sharp({
  create: { width: 64, height: 64, channels: 3, background: '#777' },
})
  .png()
  .toBuffer();
const video = { algorithm: 'md5' as const, bytes: createHash('md5').update(VIDEO).digest() };
const withVideo = createBlocklist([
  { hash: HASH, labels: [], list: 'CSAM_ONE' },
  { hash: { ...video, bytes: new Uint8Array(video.bytes) }, labels: [], list: 'VIDEOS' },
]);

test.each([
  ['with a token', { tokens }],
  ['without one, on a trusted network', {}],
] as const)('policyserv blocks what is listed, and passes the rest, %s', async (_, access) => {
  await servedHma(
    async ({ url, logs }) => {
      expect(await policyserv(url, LISTED, {})).toBe('blocked: listed');
      expect(await policyserv(url, VIDEO, {})).toBe('blocked: listed');
      for (const plain of [OTHER, PLAIN, file('animated.gif'), OTHER_VIDEO]) {
        expect(await policyserv(url, plain, {})).toBe('passed');
      }
      for (const other of [file('page.pdf'), file('sound.wav'), HALF]) {
        expect(await policyserv(url, other, {})).toBe('blocked: error');
      }
      const text = JSON.stringify(logs);
      expect(text).toContain('"route":"/m/lookup"');
      for (const secret of [hashToHex(HASH), 'CSAM_ONE', TOKEN]) expect(text).not.toContain(secret);
    },
    { blocklist: withVideo, onError: () => {}, ...access },
  );
});

test('policyserv passes files that are no pictures, if the service does', async () => {
  await servedHma(
    async ({ url }) => {
      for (const other of [file('page.pdf'), file('sound.wav'), OTHER_VIDEO]) {
        expect(await policyserv(url, other, { type: 'photo' })).toBe('passed');
      }
      expect(await policyserv(url, HALF, {})).toBe('blocked: error');
      expect(await policyserv(url, LISTED, {})).toBe('blocked: listed');
    },
    { blocklist: withVideo, tokens, hma: { notPictures: 'accept' } },
  );
});

test('policyserv blocks where the list does not answer, or its token is unknown', async () => {
  await servedHma(
    async ({ url }) => {
      expect(await policyserv(url, LISTED, {})).toBe('blocked: error');
    },
    { blocklist: new Promise<typeof listed>(() => {}), tokens },
  );
  await servedHma(
    async ({ url }) => {
      expect(await policyserv(url, OTHER, { token: 'of-nobody' })).toBe('blocked: error');
    },
    { blocklist: listed, tokens },
  );
});

test('an unknown token on a trusted network is reported once', async () => {
  const errors: unknown[] = [];
  await servedHma(
    async ({ url }) => {
      for (let i = 0; i < 3; i++) expect(await policyserv(url, OTHER, {})).toBe('passed');
    },
    { blocklist: listed, onError: (error) => errors.push(error) },
  );
  expect(errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining('unknown token') }),
  ]);
});

test.each([
  ['a quota that is spent', { tokens: [{ ...tokens[0], answersPerDay: 1 }] }],
  ['a list that is not there yet', { blocklist: new Promise<typeof listed>(() => {}) }],
])('policyserv reads %s as an error, not as nothing found', async (_, options) => {
  const { hash } = await hashFile(OTHER);
  await servedHma(
    async ({ url }) => {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const ask = () =>
        fetch(`${url}/m/lookup?signal_type=pdq&signal=${hashToHex(hash)}`, { headers });
      await ask();
      const refused = await ask();
      expect([429, 503]).toContain(refused.status);
      expect(await refused.json()).toEqual(expect.any(String));
    },
    { blocklist: listed, tokens, ...options },
  );
});

test('Coop makes banks, fills them and looks hashes up, without a token', async () => {
  const { store, follower } = await followedStore();
  afterAll(() => store.close());
  await pictureServer(
    OTHER,
    async (origin, fetchPictures) =>
      await servedHma(
        async ({ url, json }) => {
          expect((await json('GET', '/c/bank/COOP_ORG_MINE')).status).toBe(404);
          const made = await json('POST', '/c/banks', {
            name: 'COOP_ORG_MINE',
            enabled_ratio: '1',
          });
          expect(made.status).toBe(201);
          expect((await json('GET', '/c/bank/COOP_ORG_MINE')).status).toBe(200);

          // A form, whose fields have their own names, and JSON of its own as metadata.
          const form = pictureForm('photo', LISTED, {
            content_id: 'item 1',
            content_uri: 'https://pictures.test/1',
            metadata: '{"reviewer":"somebody","queue":5}',
          });
          const path = `${url}/c/bank/COOP_ORG_MINE/content`;
          const sent = await fetch(path, { method: 'POST', body: form });
          const added = (await sent.json()) as { id: number; signals: Record<string, string> };
          expect(sent.ok).toBe(true);
          expect(added.signals).toEqual({ pdq: hashToHex(HASH) });
          expect(await store.entry(added.id)).toMatchObject({
            id: 'item 1',
            list: 'COOP_ORG_MINE',
            parts: expect.stringMatching(/^[\da-f]{384}/),
          });

          // By an address: everything is in the query, and there is no body.
          const query = new URLSearchParams({
            url: `${origin}/2`,
            content_id: 'item 2',
            content_uri: 'https://pictures.test/2',
            metadata: '{"reviewer":"somebody"}',
          });
          const fetched = await fetch(`${path}?${query}`, { method: 'POST' });
          const second = (await fetched.json()) as { id: number };
          expect(await store.entry(second.id)).toMatchObject({ id: 'item 2' });

          const hashed = await json('GET', `/h/hash?url=${encodeURIComponent(origin)}`);
          const { pdq } = hashed.body as { pdq: string };
          await follower.reached(await store.revision());
          const lookup = async () => {
            const { status, body } = await json('GET', `/m/lookup?signal_type=pdq&signal=${pdq}`);
            expect(status).toBe(200);
            const bank = (body as Record<string, object[]>).COOP_ORG_MINE;
            return bank !== undefined && bank.length > 0;
          };
          expect(await lookup()).toBe(true);
          const renamed = await json('PUT', '/c/bank/COOP_ORG_MINE', { name: 'COOP_ORG_OTHER' });
          expect(renamed.status).toBe(200);
          await follower.reached(await store.revision());
          expect(await lookup()).toBe(false);
          const back = { name: 'COOP_ORG_MINE', enabled_ratio: 1 };
          expect((await json('PUT', '/c/bank/COOP_ORG_OTHER', back)).status).toBe(200);
          await follower.reached(await store.revision());
          expect(await lookup()).toBe(true);
          const content = `/c/bank/COOP_ORG_MINE/content/${second.id}`;
          expect((await json('DELETE', content)).body).toEqual({ deleted: 1 });
          await follower.reached(await store.revision());
          expect(await lookup()).toBe(false);
          // It asks first whether the bank belongs to an exchange.
          expect((await json('GET', '/c/exchange/COOP_ORG_MINE')).status).toBe(404);
          expect((await json('DELETE', '/c/bank/COOP_ORG_MINE')).status).toBe(200);
          expect((await json('GET', '/c/bank/COOP_ORG_MINE')).status).toBe(404);
        },
        {
          ...{ follower, store, tokens, fetchPictures },
          trustNetworks: [{ cidr: '127.0.0.0/8', role: 'curate' }],
        },
      ),
  );
});

test('our own client of an HMA fetches a bank, and looks hashes up', async () => {
  const { store, follower } = await followedStore();
  afterAll(() => store.close());
  const order = Array.from({ length: 256 }, (_, at) => (at * 91) % 256);
  const near = flipBits(HASH, order, 5);
  const { numbers } = await store.apply({
    add: [
      { hash: HASH, labels: ['why'], list: 'MINE' },
      { hash: near, labels: [], list: 'MINE', id: 'theirs', source: 'StopNCII' },
      { hash: flipBits(HASH, order, 120), labels: [], list: 'MINE' },
      { hash: near, labels: [], list: 'YOURS' },
    ],
  });
  await store.pause(numbers[2]!, 'for-good');
  await follower.reached(await store.revision());
  await servedHma(
    async ({ url }) => {
      const client = new HmaClient({ baseUrl: url, bank: 'MINE', token: TOKEN, maxMissing: 8 });
      const updates = [];
      for await (const page of client.fetchUpdates()) {
        expect(page.unknown).toEqual([]);
        updates.push(...page.updates);
      }
      expect(updates.map(({ key, state }) => [key, state])).toEqual([
        [String(numbers[0]), 'active'],
        [String(numbers[1]), 'active'],
        [String(numbers[2]), 'withdrawn'],
      ]);
      expect(updates[0]!.entries[0]!.hash).toEqual(HASH);
      expect(updates[1]!.entries[0]!).toMatchObject({ hash: near, labels: ['MINE', 'StopNCII'] });
      const hit = (number: number, distance: number) => ({
        bank: 'MINE',
        ...{ contentId: String(number), distance },
      });
      expect(await client.lookup(HASH)).toEqual([hit(numbers[0]!, 0), hit(numbers[1]!, 5)]);
      const [answer] = await client.ask([HASH]);
      expect(answer).toMatchObject({ answer: 'hits', hits: [{ labels: ['MINE'] }, {}] });
      const stranger = new HmaClient({ baseUrl: url, token: 'of-nobody' });
      expect(await stranger.ask([HASH])).toMatchObject([{ answer: 'unanswered' }]);
    },
    {
      ...{ follower, store },
      tokens: [{ ...tokens[0], role: 'curate' }],
    },
  );
});

test('our own client of an HMA fetches a bank between entries of others, and requests no id more', async () => {
  const { store, follower } = await followedStore();
  afterAll(() => store.close());
  const entry = (n: number, list: string) => ({
    ...{ hash: hashFromHex('pdq', hexOf(n)), labels: [], list },
  });
  const { numbers } = await store.apply({
    add: Array.from({ length: 130 }, (_, n) => entry(n, n < 110 || n % 2 ? 'YOURS' : 'MINE')),
  });
  await follower.reached(await store.revision());
  await servedHma(
    async ({ url }) => {
      let [open, most, asked] = [0, 0, 0];
      const counting: Fetch = async (...call) => {
        asked++;
        most = Math.max(most, ++open);
        return await fetch(...call).finally(() => open--);
      };
      const options = { baseUrl: url, bank: 'MINE', token: TOKEN, fetch: counting };
      const client = new HmaClient(options);
      const pages = [];
      for await (const page of client.fetchUpdates()) pages.push(page);
      const mine = numbers.filter((_, n) => n >= 110 && n % 2 === 0);
      expect(pages.flatMap(({ updates }) => updates.map(({ key }) => Number(key)))).toEqual(mine);
      const highestId = mine.at(-1)!;
      expect(pages).toMatchObject([{ isDrained: true, checkpoint: { highestId } }]);
      expect(most).toBe(8);
      expect(asked).toBe(1 + highestId);
      // The last ones go: the bank ends where it ends.
      for (const number of mine.slice(2)) await store.apply({ remove: [number] });
      const left = [];
      for await (const page of client.fetchUpdates()) left.push(...page.updates);
      expect(left.map(({ key }) => Number(key))).toEqual(mine.slice(0, 2));
    },
    {
      ...{ follower, store },
      tokens: [{ ...tokens[0], role: 'curate' }],
    },
  );
});
