import type { Bundle } from './bundle-shape.js';
import {
  check,
  given,
  hexDigits,
  members,
  parsed,
  type TextLimits,
  textOf,
} from './strict-json.js';
import { readWithdrawToken, withdrawDigest } from './withdraw-token.js';

/** What a person sends to withdraw a bundle: its case, and the token that only they have. */
export interface Withdrawal {
  readonly format: 'onlyhashes-withdrawal';
  readonly version: 1;
  readonly case: string;
  readonly token: string;
}

/** The members of a bundle that a withdrawal needs. */
type Withdrawable = Pick<Bundle, 'case' | 'withdraw'>;

/**
 * Creates the withdrawal of `bundle`.
 * @param token as it was shown when the bundle was made; case, spaces and hyphens do not matter
 * @throws {TypeError} if `bundle` is not a bundle
 * @throws {RangeError} if `token` is not this bundle's
 */
export async function createWithdrawal(bundle: Withdrawable, token: string): Promise<Withdrawal> {
  const { case: caseId, withdraw } = withdrawableOf(bundle);
  const read = typeof token === 'string' ? readWithdrawToken(token) : undefined;
  if (read === undefined) throw new RangeError('expected a token of 24 letters and digits');
  if (!(await isTokenOf(caseId, withdraw, read))) {
    throw new RangeError('expected the token that was shown with this bundle');
  }
  return { format: 'onlyhashes-withdrawal', version: 1, case: caseId, token: read };
}

/**
 * Whether `withdrawal` withdraws `bundle`: it names its case and has the token whose digest the
 * bundle holds.
 * @throws {TypeError} if either argument is invalid
 */
export async function allowsWithdrawal(
  bundle: Withdrawable,
  withdrawal: Withdrawal,
): Promise<boolean> {
  const { case: caseId, withdraw } = withdrawableOf(bundle);
  const { case: asked, token } = copyOf(withdrawal);
  return (await isTokenOf(caseId, withdraw, token)) && asked === caseId;
}

async function isTokenOf(caseId: string, withdraw: string, token: string): Promise<boolean> {
  const digest = await withdrawDigest(caseId, token);
  // All digits are compared, so that the time taken tells nothing about the digest.
  let difference = 0;
  for (let i = 0; i < digest.length; i++) {
    difference |= digest.charCodeAt(i) ^ withdraw.charCodeAt(i);
  }
  return difference === 0;
}

/** @throws {TypeError} if `bundle` lacks its case or the digest of its token */
const withdrawableOf = (bundle: Withdrawable): Withdrawable =>
  given('a bundle', () => ({
    case: hexDigits(bundle.case, 'case', 32),
    withdraw: hexDigits(bundle.withdraw, 'withdraw', 64),
  }));

/** A copy of `withdrawal`. @throws {TypeError} if it is not a withdrawal */
const copyOf = (withdrawal: Withdrawal): Withdrawal =>
  given('a withdrawal', () => withdrawalOf(withdrawal));

/**
 * Reads a withdrawal.
 * @throws {TypeError | RangeError} if the input or the limit is invalid
 * @throws {FormatError} `bad-bundle` or `bad-length`, as `readBundle`
 */
export function readWithdrawal(input: string | Uint8Array, limits: TextLimits = {}): Withdrawal {
  return withdrawalOf(parsed(textOf(input, limits)));
}

/** Checks parsed JSON and returns it as a fresh withdrawal. @throws {FormatError} `bad-bundle` */
function withdrawalOf(from: unknown): Withdrawal {
  const value = members(from, '', ['format', 'version', 'case', 'token'], []);
  check(value.format === 'onlyhashes-withdrawal', 'format', 'be onlyhashes-withdrawal');
  check(value.version === 1, 'version', 'be 1');
  const caseId = hexDigits(value.case, 'case', 32);
  const token = typeof value.token === 'string' ? readWithdrawToken(value.token) : undefined;
  check(token !== undefined, 'token', 'be a withdraw token');
  return { format: 'onlyhashes-withdrawal', version: 1, case: caseId, token: token! };
}
