import { hexOf } from '../hash.js';

/** Crockford's base32 digits. Without I, L, O and U, a token copied by hand can be read back. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 22 digits of 5 random bits: 110 bits. */
const RANDOM = 22;
/**
 * The largest prime below the 1,024 values of two digits. The powers of 32 to the 23rd are
 * different modulo it, so every wrong digit is noticed, and any two that changed places.
 */
const PRIME = 1021;

/**
 * A random withdraw token: six groups of four digits, of which the last two check the others. The
 * case of its bundle follows from it, so a person needs nothing else to withdraw the bundle.
 */
export function newWithdrawToken(): string {
  const random = crypto.getRandomValues(new Uint8Array(RANDOM));
  return grouped(withCheck(Array.from(random, (byte) => DIGITS[byte & 31]).join('')));
}

/**
 * Normalises a token that a person typed: either case, spaces or hyphens anywhere, O for 0, I or L
 * for 1.
 * @returns the token as it was made, or `undefined` if `text` is not a token, as with a wrong digit
 */
export function readWithdrawToken(text: string): string | undefined {
  const digits = text
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{24}$/.test(digits)) return undefined;
  return digits === withCheck(digits.slice(0, RANDOM)) ? grouped(digits) : undefined;
}

function withCheck(random: string): string {
  let rest = 0;
  for (const digit of random) rest = (rest * 32 + DIGITS.indexOf(digit)) % PRIME;
  return random + DIGITS[rest >> 5] + DIGITS[rest & 31];
}

const grouped = (digits: string): string => digits.match(/.{4}/g)!.join('-');

/**
 * The case of a token's bundle: the first 128 bits of the SHA-256 of `onlyhashes case 1` and the
 * token, each on a line, in hex. The token cannot be found from it.
 * @param token as `newWithdrawToken` or `readWithdrawToken` returned it
 */
export async function caseOf(token: string): Promise<string> {
  const digest = await sha256(new TextEncoder().encode(`onlyhashes case 1\n${token}`));
  return hexOf(digest.subarray(0, 16));
}

/**
 * The proof that a person may know the state of a case: the SHA-256 of `onlyhashes state 1`, the
 * case and the token, each on a line.
 * @param token as for `caseOf`
 */
export async function proofOf(caseId: string, token: string): Promise<Uint8Array> {
  return await sha256(new TextEncoder().encode(`onlyhashes state 1\n${caseId}\n${token}`));
}

/**
 * The SHA-256 of a proof, in hex. A bundle carries it, so who has only the bundle cannot make the
 * proof.
 */
export const stateOf = async (proof: Uint8Array): Promise<string> => hexOf(await sha256(proof));

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
