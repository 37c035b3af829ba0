import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { createBundle, readBundle, sealBundle } from '../../src/index.js';

const imagesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    hash: hashFromHex('pdq', (i + 16).toString(16).repeat(32)),
    variants: [],
  }));

test('only the receiver can read a sealed bundle', async () => {
  const identity = await generateIdentity();
  const { bundle } = await createBundle(imagesOf(2));
  const sealed = await sealBundle(bundle, await identityToRecipient(identity));
  expect(await readBundle(sealed, { identity })).toEqual(bundle);
  const text = new TextDecoder('latin1').decode(sealed);
  expect(text).not.toContain(bundle.hashes[0]!.hash);
  await expect(readBundle(sealed, { identity: await generateIdentity() })).rejects.toMatchObject({
    code: 'bad-seal',
  });
});

test('the sealed content is the text of the preview, as an age file', async () => {
  const identity = await generateIdentity();
  const { bundle } = await createBundle(imagesOf(1));
  const sealed = await sealBundle(bundle, await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  expect(await decrypter.decrypt(sealed, 'text')).toBe(bundle.text);
  expect(new TextDecoder('latin1').decode(sealed)).toMatch(/^age-encryption\.org\/v1\n/);
});

test('the size of a sealed bundle reveals only the size class', async () => {
  const recipient = await identityToRecipient(await generateIdentity());
  const sizes = new Set<number>();
  for (const count of [1, 3, 8, 40]) {
    sizes.add((await sealBundle((await createBundle(imagesOf(count))).bundle, recipient)).length);
  }
  expect(sizes.size).toBe(1);
});

test('a damaged file, another file, a file without a bundle and wrong keys are refused', async () => {
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const { bundle } = await createBundle(imagesOf(1));
  const sealed = await sealBundle(bundle, recipient);
  const damaged = sealed.slice();
  damaged[sealed.length - 5]! ^= 1;
  await expect(readBundle(damaged, { identity })).rejects.toMatchObject({ code: 'bad-seal' });
  await expect(readBundle(sealed.slice(0, -1), { identity })).rejects.toMatchObject({
    code: 'bad-seal',
  });
  await expect(readBundle(new Uint8Array(10), { identity })).rejects.toMatchObject({
    code: 'bad-seal',
  });
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  await expect(readBundle(await encrypter.encrypt('{}'), { identity })).rejects.toMatchObject({
    code: 'bad-bundle',
  });
  const limited = { identity, maxBytes: 1000, padded: true };
  await expect(readBundle(sealed, limited)).rejects.toMatchObject({ code: 'bad-length' });
  expect(() => readBundle(sealed)).toThrow(expect.objectContaining({ code: 'bad-bundle' }));
  await expect(readBundle(bundle.text as never, { identity })).rejects.toThrow(TypeError);
  const text = new TextEncoder().encode(bundle.text);
  await expect(readBundle(text, { identity })).rejects.toMatchObject({ code: 'bad-seal' });
  await expect(sealBundle(bundle, 'age1nonsense')).rejects.toThrow(RangeError);
  await expect(readBundle(sealed, { identity: 'AGE-SECRET-KEY-NONSENSE' })).rejects.toThrow(
    RangeError,
  );
});
