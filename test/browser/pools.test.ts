import { expect, test } from 'vitest';
import { checkPixelReadback } from '../../src/browser/check-pixel-readback.js';
import { hashImageFile } from '../../src/browser/hash-image-file.js';
import { hashImageFiles } from '../../src/browser/hash-image-files.js';
import { DecodeError } from '../../src/errors.js';

const file = new Blob([Uint8Array.of(1)]);

// As this is Node.
test('where there are no Workers, the error says where to go', async () => {
  for (const work of [hashImageFile(file), checkPixelReadback()]) {
    const error = await work.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({
      code: 'decoder-missing',
      message: expect.stringContaining('onlyhashes/node'),
    });
  }
});

test('a batch gives that error for each file, and goes on', async () => {
  const codes: (string | undefined)[] = [];
  for await (const { error } of hashImageFiles([file, file])) codes.push(error?.code);
  expect(codes).toEqual(['decoder-missing', 'decoder-missing']);
});

test('a number of Workers that cannot be is refused', async () => {
  for (const workers of [0, -1, 1.5, Number.NaN]) {
    await expect(hashImageFile(file, { workers })).rejects.toThrow(RangeError);
  }
  await expect(hashImageFile(file, { workers: '2' as never })).rejects.toThrow(TypeError);
});
