import { checkOptions, wrongKind, wrongRange } from '../door.js';
import { FormatError } from '../errors.js';
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

/** The request of a person to withdraw a bundle: its case, and the token that only they have. */
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
  if (read === undefined) wrongRange('a token of 24 letters and digits');
  if (!(await isTokenOf(caseId, withdraw, read))) {
    wrongRange('the token of this bundle');
  }
  return { format: 'onlyhashes-withdrawal', version: 1, case: caseId, token: read };
}

async function isTokenOf(caseId: string, withdraw: string, token: string): Promise<boolean> {
  const digest = await withdrawDigest(caseId, token);
  // All digits are compared, so that the time taken reveals nothing about the digest.
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

/** Options of `readWithdrawal`. */
export interface ReadWithdrawalOptions extends TextLimits {
  /** returns the bundle of a case, as it was kept; undefined if there is none */
  bundleOf(caseId: string): Withdrawable | undefined | Promise<Withdrawable | undefined>;
}

/**
 * Reads a withdrawal, and proves it: it has the token whose digest the bundle of its case holds.
 * @throws {TypeError | RangeError} if the input or an option is invalid, or `bundleOf` returns
 *   something other than a bundle
 * @throws {FormatError} `bad-bundle` or `bad-length`, as `readBundle`; `bad-token` if there is no
 *   such bundle, or the token is another's. Errors of `bundleOf` are passed on.
 * @example
 * const { case: id } = await readWithdrawal(text, { bundleOf: (caseId) => kept.get(caseId) });
 * await blocklist.apply({ withdraw: [{ id, source: 'bundle' }] });
 */
export async function readWithdrawal(
  input: string | Uint8Array,
  options: ReadWithdrawalOptions,
): Promise<Withdrawal> {
  checkOptions(options, 'options: { bundleOf }');
  const { bundleOf } = options;
  if (typeof bundleOf !== 'function') wrongKind('bundleOf to be a function');
  const withdrawal = withdrawalOf(parsed(textOf(input, options)));
  const bundle = await bundleOf(withdrawal.case);
  const kept = bundle === undefined ? undefined : withdrawableOf(bundle);
  if (
    kept?.case !== withdrawal.case ||
    !(await isTokenOf(kept.case, kept.withdraw, withdrawal.token))
  ) {
    throw new FormatError('bad-token', 'expected the withdrawal of a known bundle');
  }
  return withdrawal;
}

/** Checks parsed JSON and returns it as a new withdrawal. @throws {FormatError} `bad-bundle` */
function withdrawalOf(from: unknown): Withdrawal {
  const value = members(from, '', ['format', 'version', 'case', 'token'], []);
  check(value.format === 'onlyhashes-withdrawal', 'format', 'be onlyhashes-withdrawal');
  check(value.version === 1, 'version', 'be 1');
  const caseId = hexDigits(value.case, 'case', 32);
  const token = typeof value.token === 'string' ? readWithdrawToken(value.token) : undefined;
  check(token !== undefined, 'token', 'be a withdraw token');
  return { format: 'onlyhashes-withdrawal', version: 1, case: caseId, token: token! };
}
