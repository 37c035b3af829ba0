import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { createBundle, createWithdrawal, readWithdrawal } from '../../src/index.js';

const IMAGES = [{ hash: hashFromHex('pdq', '0f'.repeat(32)), variants: [] }];

test('the holder of the token can withdraw the bundle', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const withdrawal = await createWithdrawal(bundle, withdrawToken);
  const kept = new Map([[bundle.case, bundle]]);
  const sent = JSON.stringify(withdrawal);
  expect(await readWithdrawal(sent, { bundleOf: (id) => kept.get(id) })).toEqual(withdrawal);
  const stored = { case: bundle.case, withdraw: bundle.withdraw };
  expect(await readWithdrawal(sent, { bundleOf: async () => stored })).toEqual(withdrawal);
});

test('the bundle holds the SHA-256 of case and token', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const text = `onlyhashes withdraw 1\n${bundle.case}\n${withdrawToken}`;
  expect(bundle.withdraw).toBe(createHash('sha256').update(text).digest('hex'));
});

test('reads a token copied by hand', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const copied = [
    withdrawToken.toLowerCase(),
    ` ${withdrawToken.replaceAll('-', ' ')}\n`,
    withdrawToken.replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'l'),
  ];
  for (const text of copied) {
    expect((await createWithdrawal(bundle, text)).token).toBe(withdrawToken);
  }
});

test('no other token, no token of another bundle and no other text can withdraw it', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const other = await createBundle(IMAGES);
  await expect(createWithdrawal(bundle, other.withdrawToken)).rejects.toThrow(RangeError);
  const theirs = await createWithdrawal(other.bundle, other.withdrawToken);
  for (const kept of [bundle, undefined, { ...other.bundle, withdraw: bundle.withdraw }]) {
    for (const sent of [
      theirs,
      { ...theirs, case: bundle.case },
      { ...theirs, token: withdrawToken },
    ]) {
      const read = readWithdrawal(JSON.stringify(sent), { bundleOf: () => kept });
      await expect(read).rejects.toMatchObject({ name: 'FormatError', code: 'bad-token' });
    }
  }
  const sent = JSON.stringify(await createWithdrawal(bundle, withdrawToken));
  for (const bundleOf of [
    () => null,
    () => ({}),
    () => ({ case: bundle.case }),
    bundle,
    undefined,
  ]) {
    await expect(readWithdrawal(sent, { bundleOf } as never)).rejects.toThrow(TypeError);
  }
  await expect(readWithdrawal(sent, undefined as never)).rejects.toThrow(TypeError);
  const failed = () => Promise.reject(new Error('no database'));
  await expect(readWithdrawal(sent, { bundleOf: failed })).rejects.toThrow('no database');
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 40 }), async (text) => {
      await expect(createWithdrawal(bundle, text)).rejects.toThrow(RangeError);
    }),
  );
});

test('an error does not quote the token', async () => {
  const { bundle } = await createBundle(IMAGES);
  const { withdrawToken } = await createBundle(IMAGES);
  const error = await createWithdrawal(bundle, withdrawToken).catch((thrown: Error) => thrown);
  expect(String(error)).not.toContain(withdrawToken.slice(0, 9));
});
