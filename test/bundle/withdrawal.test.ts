import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newWithdrawToken, readWithdrawToken } from '../../src/bundle/withdraw-token.js';
import { hashFromHex } from '../../src/hash.js';
import {
  createBundle,
  createStateProof,
  createWithdrawal,
  readWithdrawal,
} from '../../src/index.js';

const IMAGES = [{ hash: hashFromHex('pdq', '0f'.repeat(32)), variants: [] }];

test('the token alone withdraws the bundle', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const withdrawal = await createWithdrawal(withdrawToken);
  expect(withdrawal.case).toBe(bundle.case);
  expect(await readWithdrawal(JSON.stringify(withdrawal))).toEqual(withdrawal);
});

test('the case is the start of a SHA-256 of the token', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const digest = createHash('sha256').update(`onlyhashes case 1\n${withdrawToken}`).digest('hex');
  expect(bundle.case).toBe(digest.slice(0, 32));
});

test('the proof of a state follows from the token, and the bundle has its digest', async () => {
  const { bundle, withdrawToken } = await createBundle(IMAGES);
  const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();
  const proof = sha256(`onlyhashes state 1\n${bundle.case}\n${withdrawToken}`);
  const typed = withdrawToken.toLowerCase().replaceAll('-', ' ');
  expect(await createStateProof(typed)).toEqual({
    case: bundle.case,
    proof: proof.toString('hex'),
  });
  expect(bundle.state).toBe(sha256(proof).toString('hex'));
  await expect(createStateProof(withdrawToken.slice(1))).rejects.toThrow(RangeError);
});

test('reads a token copied by hand', async () => {
  const token = newWithdrawToken();
  const copied = [
    token.toLowerCase(),
    ` ${token.replaceAll('-', ' ')}\n`,
    token.replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'l'),
  ];
  for (const text of copied) expect((await createWithdrawal(text)).token).toBe(token);
});

test('notices every wrong digit, and any two that changed places', () => {
  const digits = newWithdrawToken().replaceAll('-', '');
  const put = (at: number, digit: string) => digits.slice(0, at) + digit + digits.slice(at + 1);
  for (let at = 0; at < digits.length; at++) {
    for (const digit of '0123456789ABCDEFGHJKMNPQRSTVWXYZ') {
      const text = put(at, digit);
      expect(readWithdrawToken(text) !== undefined).toBe(text === digits);
    }
  }
  fc.assert(
    fc.property(fc.integer(), () => {
      const [token, swapped] = [newWithdrawToken(), newWithdrawToken()].map((text) =>
        text.replaceAll('-', ''),
      ) as [string, string];
      expect(token).not.toBe(swapped);
      for (let i = 0; i < token.length; i++) {
        for (let j = 0; j < i; j++) {
          if (token[i] === token[j]) continue;
          const text = [...token];
          [text[i], text[j]] = [text[j]!, text[i]!];
          expect(readWithdrawToken(text.join(''))).toBe(undefined);
        }
      }
    }),
    { numRuns: 20 },
  );
});

test('a token of another case and any other text withdraw nothing', async () => {
  const [mine, theirs] = [
    await createWithdrawal(newWithdrawToken()),
    await createWithdrawal(newWithdrawToken()),
  ];
  for (const sent of [
    { ...theirs, case: mine.case },
    { ...theirs, token: mine.token },
  ]) {
    const read = readWithdrawal(JSON.stringify(sent));
    await expect(read).rejects.toMatchObject({ name: 'FormatError', code: 'bad-token' });
  }
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 40 }), async (text) => {
      await expect(createWithdrawal(text)).rejects.toThrow(RangeError);
    }),
  );
});

test('an error does not quote the token', async () => {
  const token = newWithdrawToken();
  const wrong = token.slice(0, -1);
  const error = await createWithdrawal(wrong).catch((thrown: Error) => thrown);
  expect(String(error)).not.toContain(token.slice(0, 9));
});
