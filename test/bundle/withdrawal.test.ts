import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import {
  allowsWithdrawal,
  createBundle,
  createWithdrawal,
  readWithdrawal,
} from '../../src/index.js';

const IMAGES = [{ hash: hashFromHex('pdq', '0f'.repeat(32)), variants: [] }];

test('the person who has the token can withdraw the bundle', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const withdrawal = await createWithdrawal(bundle, withdrawToken);
  const sent = readWithdrawal(JSON.stringify(withdrawal));
  expect(sent).toEqual(withdrawal);
  expect(await allowsWithdrawal(bundle, sent)).toBe(true);
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
  expect(await allowsWithdrawal(bundle, theirs)).toBe(false);
  expect(await allowsWithdrawal(bundle, { ...theirs, case: bundle.case })).toBe(false);
  expect(
    await allowsWithdrawal(bundle, { ...theirs, token: withdrawToken, case: other.bundle.case }),
  ).toBe(false);
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 40 }), async (text) => {
      await expect(createWithdrawal(bundle, text)).rejects.toThrow(RangeError);
    }),
    { seed: 1 },
  );
});

test('an error does not quote the token', async () => {
  const { bundle } = await createBundle(IMAGES);
  const { withdrawToken } = await createBundle(IMAGES);
  const error = await createWithdrawal(bundle, withdrawToken).catch((thrown: Error) => thrown);
  expect(String(error)).not.toContain(withdrawToken.slice(0, 9));
});
