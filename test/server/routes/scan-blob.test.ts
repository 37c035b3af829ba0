import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { hashToHex } from '../../../src/hash.js';
import { unhashable } from '../../../src/matching/decision.js';
import { hash as hashFile } from '../../../src/node/hash-file.js';
import { tokenHash } from '../../../src/server/routes/webhook-sender.js';
import { type CreateServiceOptions, createService } from '../../../src/server/service.js';
import { LISTED, NO_PICTURE, OTHER, pool, poolWith } from '../uploads/uploads.js';

const PASSWORD = 'a-token-of-many-characters';
const { hash } = await hashFile(LISTED);
const blocklist = createBlocklist([{ hash, labels: [], list: 'csam' }]);

/** Asks as Bluesky's moderation daemon does. */
async function asked(
  bytes: Uint8Array,
  { password = PASSWORD, ...options }: Partial<CreateServiceOptions> & { password?: string } = {},
) {
  const logs: unknown[] = [];
  const service = createService({
    ...{ blocklist, pool },
    scanBlob: { labels: { csam: 'csam' } },
    tokens: [{ name: 'hepa', hash: tokenHash(PASSWORD), role: 'match' }],
    onLog: (record) => logs.push(record),
    ...options,
  });
  const query = new URLSearchParams({
    did: 'did:plc:somebody',
    handle: 'somebody.test',
    accountEmail: 'somebody@mail.test',
    uri: 'at://did:plc:somebody/app.bsky.feed.post/1',
  });
  const request = new Request(`http://a.test/xrpc/com.atproto.unspecced.scanBlob?${query}`, {
    method: 'POST',
    body: new Uint8Array(bytes),
    headers: {
      authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
      'content-type': 'image/jpeg',
    },
  });
  const response = await service.handler(request, { address: '192.0.2.1' });
  const reply = (await response.json()) as {
    blob: { ref: { $link: string }; mimeType: string; size: number };
    match: { status: string; hits: object[] };
  };
  return { status: response.status, reply, logs: JSON.stringify(logs) };
}

test('a listed picture is a hit, with the label of its list', async () => {
  const { status, reply, logs } = await asked(LISTED);
  expect([status, reply.match]).toEqual([
    200,
    {
      status: 'success',
      hits: [{ hashType: 'pdq', hashValue: hashToHex(hash), label: 'csam' }],
    },
  ]);
  for (const secret of ['somebody', 'mail.test', PASSWORD, hashToHex(hash)]) {
    expect(logs).not.toContain(secret);
  }
  const other = await asked(LISTED, { scanBlob: { labels: {} } });
  expect(other.reply.match.hits).toEqual([{ hashType: 'pdq', hashValue: hashToHex(hash) }]);
});

test('the picture is named by its CID, its type and its size', async () => {
  const { reply } = await asked(OTHER);
  expect(reply.match).toEqual({ status: 'success', hits: [] });
  expect(reply.blob).toMatchObject({ $type: 'blob', mimeType: 'image/jpeg', size: OTHER.length });
  const digest = createHash('sha256').update(OTHER).digest('hex');
  // Base32 by the digits' places, five bits each.
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  const bits = [...reply.blob.ref.$link.slice(1)]
    .map((one) => digits.indexOf(one).toString(2).padStart(5, '0'))
    .join('');
  const hex = bits
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0'));
  expect(reply.blob.ref.$link[0]).toBe('b');
  expect(hex.join('')).toBe(`01551220${digest}`);
});

test('one that cannot be hashed is no success, and one that was not answered is 503', async () => {
  expect((await asked(NO_PICTURE)).reply.match).toEqual({ status: 'error', hits: [] });
  for (const code of ['busy', 'timeout', 'decoder-missing'] as const) {
    const check = async () => unhashable(new DecodeError(code, 'not now'));
    expect((await asked(OTHER, { pool: poolWith({ check }) })).status).toBe(503);
  }
});

test('the password is a token of the service', async () => {
  expect((await asked(LISTED, { password: 'of-nobody' })).status).toBe(401);
});

test('a list without a label hides none that has one', async () => {
  const md5 = { algorithm: 'md5', bytes: createHash('md5').update(LISTED).digest() } as const;
  const both = createBlocklist([
    { hash: { ...md5, bytes: new Uint8Array(md5.bytes) }, labels: [], list: 'spam' },
    { hash, labels: [], list: 'csam' },
  ]);
  const { reply } = await asked(LISTED, { blocklist: both });
  expect(reply.match.hits).toMatchObject([{ hashType: 'md5' }, { label: 'csam' }]);
});

test('a picture that was not read to its end has no CID', async () => {
  expect((await asked(OTHER, { maxBytes: 1000 })).status).toBe(413);
});
