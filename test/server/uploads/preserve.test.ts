import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import type { ScanOptions } from '../../../src/server/uploads/scanner.js';
import { createUploadScanner } from '../../../src/server/uploads/upload-scanner.js';
import { blocklist, busy, HALF, LISTED, NO_PICTURE, OTHER, pool, reviewing } from './uploads.js';

type Options = Partial<ScanOptions<string>>;

/** Uploads once. @returns the order of what happened, and what was preserved */
async function upload(source: Parameters<typeof pool.check>[0], options: Options = {}) {
  const happened: unknown[] = [];
  const scanner = createUploadScanner<string>({
    ...{ blocklist, pool, onError: 'refuse' },
    onDecision: ({ verdict }) => void happened.push(verdict),
    preserve: async ({ bytes, decision, signal }, name) => {
      await new Promise((resolve) => setImmediate(resolve));
      happened.push([bytes && Buffer.from(bytes), decision.reason, signal.aborted, name]);
    },
    onPreserveError: (error) => void happened.push(String(error)),
    ...options,
  });
  await scanner.check(source, 'an upload').then(
    () => happened.push('accepted'),
    ({ status }) => happened.push(status),
  );
  return happened;
}

test('the bytes of a match are preserved before it is refused', async () => {
  const preserved = [LISTED, 'within-match-distance', false, 'an upload'];
  expect(await upload(LISTED)).toEqual(['match', preserved, 451]);
  const stream = new Blob([LISTED]).stream();
  expect(await upload(stream)).toEqual(['match', preserved, 451]);
});

test('a review is preserved if it is refused, and nothing else is', async () => {
  const options = { blocklist: reviewing };
  expect(await upload(LISTED, options)).toEqual(['review', 'accepted']);
  const preserved = [LISTED, 'low-entry-quality', false, 'an upload'];
  const refused = await upload(LISTED, { ...options, refuse: 'review' });
  expect(refused).toEqual(['review', preserved, 451]);
  expect(await upload(OTHER)).toEqual(['none', 'accepted']);
  expect(await upload(HALF)).toEqual(['unhashable', 422]);
  expect(await upload(OTHER, { check: busy })).toEqual(['unhashable', 503]);
  expect(await upload(NO_PICTURE, { notPictures: 'refuse' })).toEqual(['unhashable', 415]);
});

test('a listed file is preserved while it is held, and a longer one comes without bytes', async () => {
  const video = Buffer.concat([NO_PICTURE, Buffer.alloc(5000)]);
  const bytes = new Uint8Array(createHash('md5').update(video).digest());
  const listed = createBlocklist([{ hash: { algorithm: 'md5', bytes }, labels: [] }]);
  const preserved = (held: unknown) => [held, 'matched-digest', false, 'an upload'];
  const whole = await upload(video, { blocklist: listed });
  expect(whole).toEqual(['match', preserved(video), 451]);
  const longer = await upload(video, { blocklist: listed, maxBytes: 1000 });
  expect(longer).toEqual(['match', preserved(undefined), 451]);
});

test('a failure or a delay never accepts an upload', async () => {
  const fail = () => {
    throw new Error('the disk is full');
  };
  const refused = ['match', 'Error: the disk is full', 451];
  expect(await upload(LISTED, { preserve: fail })).toEqual(refused);
  expect(await upload(LISTED, { preserve: async () => fail() })).toEqual(refused);
  let given: AbortSignal | undefined;
  const preserve: Options['preserve'] = async ({ signal }) => {
    given = signal;
    await new Promise(() => {});
  };
  const late = await upload(LISTED, { preserve, preserveSeconds: 0.01, onError: 'accept' });
  expect(late).toEqual(['match', expect.any(String), 451]);
  expect(given!.aborted).toBe(true);
});

test('a failure cannot go unnoticed', () => {
  const preserve = () => {};
  const options = { blocklist, pool, onError: 'refuse', preserve } as const;
  expect(() => createUploadScanner(options)).toThrow('onPreserveError');
});
