import { hexOf } from '../hash.js';

/** Crockford's base32 digits. Without I, L, O and U, a token copied by hand can be read back. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 24 digits of 5 bits: 120 random bits. */
const LENGTH = 24;

/** A random withdraw token: six groups of four digits. */
export function newWithdrawToken(): string {
  let token = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(LENGTH))) {
    if (token.length % 5 === 4) token += '-';
    token += DIGITS[byte & 31];
  }
  return token;
}

/**
 * Normalises a token that a person typed: either case, spaces or hyphens anywhere, O for 0, I or L
 * for 1.
 * @returns the token as it was made, or `undefined` if `text` is not a token
 */
export function readWithdrawToken(text: string): string | undefined {
  const digits = text
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{24}$/.test(digits)) return undefined;
  return digits.match(/.{4}/g)!.join('-');
}

/**
 * SHA-256, in hex, of a token and its case, so that one bundle's digest fits no other.
 * @param token as `newWithdrawToken` or `readWithdrawToken` returned it
 */
export async function withdrawDigest(caseId: string, token: string): Promise<string> {
  const text = new TextEncoder().encode(`onlyhashes withdraw 1\n${caseId}\n${token}`);
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', text)));
}
