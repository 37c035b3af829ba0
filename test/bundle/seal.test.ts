import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { bundleText, createBundle, sealBundle, unsealBundle } from '../../src/index.js';

const imagesOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    hash: hashFromHex('pdq', (i + 16).toString(16).repeat(32)),
    variants: [],
  }));

test('only the receiver can read a sealed bundle', async () => {
  const identity = await generateIdentity();
  const { bundle } = await createBundle(imagesOf(2));
  const sealed = await sealBundle(bundle, await identityToRecipient(identity));
  expect(await unsealBundle(sealed, identity)).toEqual(bundle);
  const text = new TextDecoder('latin1').decode(sealed);
  expect(text).not.toContain(bundle.hashes[0]!.hash);
  await expect(unsealBundle(sealed, await generateIdentity())).rejects.toMatchObject({
    code: 'bad-seal',
  });
});

test('the sealed content is the text of the preview, as an age file', async () => {
  const identity = await generateIdentity();
  const { bundle } = await createBundle(imagesOf(1));
  const sealed = await sealBundle(bundle, await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  expect(await decrypter.decrypt(sealed, 'text')).toBe(bundleText(bundle));
  expect(new TextDecoder('latin1').decode(sealed)).toMatch(/^age-encryption\.org\/v1\n/);
});

test('its size tells only the size class', async () => {
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
  await expect(unsealBundle(damaged, identity)).rejects.toMatchObject({ code: 'bad-seal' });
  await expect(unsealBundle(sealed.slice(0, -1), identity)).rejects.toMatchObject({
    code: 'bad-seal',
  });
  await expect(unsealBundle(new Uint8Array(10), identity)).rejects.toMatchObject({
    code: 'bad-seal',
  });
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  await expect(unsealBundle(await encrypter.encrypt('{}'), identity)).rejects.toMatchObject({
    code: 'bad-bundle',
  });
  await expect(sealBundle(bundle, 'age1nonsense')).rejects.toThrow(RangeError);
  await expect(unsealBundle(sealed, 'AGE-SECRET-KEY-NONSENSE')).rejects.toThrow(RangeError);
});
