import type { Bundle } from './bundle.js';
import { check, members, parsed, type TextLimits, textOf } from './strict-json.js';
import { readWithdrawToken, withdrawDigest } from './withdraw-token.js';

/** What a person sends to take a bundle back: its case and the token that only they have. */
export interface Withdrawal {
  readonly format: 'onlyhashes-withdrawal';
  readonly version: 1;
  readonly case: string;
  readonly token: string;
}

/**
 * The withdrawal of `bundle`.
 * @param token as it was shown when the bundle was made; case, spaces and hyphens do not matter
 * @throws {RangeError} if it is not this bundle's token
 */
export async function createWithdrawal(
  bundle: Pick<Bundle, 'case' | 'withdraw'>,
  token: string,
): Promise<Withdrawal> {
  const read = readWithdrawToken(token);
  if (read === undefined) throw new RangeError('expected a token of 24 letters and digits');
  const withdrawal: Withdrawal = {
    format: 'onlyhashes-withdrawal',
    version: 1,
    case: bundle.case,
    token: read,
  };
  if (!(await allowsWithdrawal(bundle, withdrawal))) {
    throw new RangeError('expected the token that was shown when this bundle was made');
  }
  return withdrawal;
}

/** Whether `withdrawal` takes back `bundle`: its case, and the token whose digest the bundle carries. */
export async function allowsWithdrawal(
  bundle: Pick<Bundle, 'case' | 'withdraw'>,
  withdrawal: Withdrawal,
): Promise<boolean> {
  const digest = await withdrawDigest(bundle.case, withdrawal.token);
  // All digits are compared whatever the first ones say, so that time tells nothing.
  let difference = digest.length ^ bundle.withdraw.length;
  for (let i = 0; i < digest.length; i++) {
    difference |= digest.charCodeAt(i) ^ bundle.withdraw.charCodeAt(i);
  }
  return withdrawal.case === bundle.case && difference === 0;
}

/** The text of a withdrawal: JSON in ASCII. */
export const withdrawalText = ({ format, version, case: caseId, token }: Withdrawal): string =>
  `${JSON.stringify({ format, version, case: caseId, token }, null, 2)}\n`;

/**
 * The withdrawal that `input` writes.
 * @throws {FormatError} `bad-bundle` or `bad-length`, as `readBundle`
 */
export function readWithdrawal(input: string | Uint8Array, limits: TextLimits = {}): Withdrawal {
  const value = members(
    parsed(textOf(input, limits)),
    '',
    ['format', 'version', 'case', 'token'],
    [],
  );
  check(value.format === 'onlyhashes-withdrawal', 'format', 'be onlyhashes-withdrawal');
  check(value.version === 1, 'version', 'be 1');
  check(
    typeof value.case === 'string' && /^[0-9a-f]{32}$/.test(value.case),
    'case',
    'be 32 lower-case hex digits',
  );
  const token = typeof value.token === 'string' ? readWithdrawToken(value.token) : undefined;
  check(token !== undefined, 'token', 'be a withdraw token');
  return {
    format: 'onlyhashes-withdrawal',
    version: 1,
    case: value.case as string,
    token: token!,
  };
}
