import { createHash } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { digestFile } from '../../src/browser/digest-file.js';
import { DIGESTS, hashToHex } from '../../src/hash.js';

const MIB = 2 ** 20;
const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 31) % 251);

afterEach(() => void vi.doUnmock('@noble/hashes/sha2.js'));

test.each([1, 4 * MIB, 9 * MIB + 5])(
  'a file of %d bytes has the digests of node:crypto, piece by piece',
  async (length) => {
    const content = bytes(length);
    const pieces: number[] = [];
    const file = new Blob([content]);
    const slice = vi.spyOn(file, 'slice');
    const onProgress = (read: number) => pieces.push(read);
    const hashes = await digestFile(file, { algorithms: DIGESTS, onProgress });
    expect(hashes.map((hash) => [hash.algorithm, hashToHex(hash)])).toEqual(
      DIGESTS.map((name) => [name, createHash(name).update(content).digest('hex')]),
    );
    expect(pieces).toHaveLength(Math.ceil(length / (4 * MIB)));
    expect(pieces.at(-1)).toBe(length);
    expect(slice).toHaveBeenCalledTimes(pieces.length);
    const [sha256] = await digestFile(file);
    expect(sha256?.algorithm).toBe('sha256');
  },
);

test('a signal ends it between two pieces', async () => {
  const cancel = new AbortController();
  const reason = new Error('no more');
  const pieces: number[] = [];
  const digests = digestFile(new Blob([bytes(9 * MIB)]), {
    signal: cancel.signal,
    onProgress(read) {
      pieces.push(read);
      cancel.abort(reason);
    },
  });
  await expect(digests).rejects.toBe(reason);
  expect(pieces).toEqual([4 * MIB]);
});

test('an empty, a too long and an unreadable file are errors, and so is a missing package', async () => {
  const gone = new Blob(['x']);
  vi.spyOn(gone, 'slice').mockReturnValue({
    arrayBuffer: () => Promise.reject(new Error('secret-name.mp4')),
  } as unknown as Blob);
  for (const [file, options, code] of [
    [new Blob([]), {}, 'empty'],
    [new Blob(['four']), { maxBytes: 3 }, 'too-many-bytes'],
    [gone, {}, 'unreadable'],
  ] as const) {
    const error = await digestFile(file, options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'DecodeError', code });
    expect((error as Error).message).not.toContain('secret');
  }
  vi.doMock('@noble/hashes/sha2.js', () => {
    throw new Error('not installed');
  });
  await expect(digestFile(new Blob(['x']))).rejects.toMatchObject({ code: 'decoder-missing' });
  await expect(digestFile('x' as never)).rejects.toThrow(TypeError);
  await expect(digestFile(new Blob(['x']), { algorithms: ['pdq' as never] })).rejects.toThrow(
    TypeError,
  );
});
