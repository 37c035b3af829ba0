import { wrongRange } from '../door.js';
import { FormatError } from '../errors.js';
import { hexOf } from '../hash.js';
import { check, hexDigits, members, parsed, type TextLimits, textOf } from './strict-json.js';
import { caseOf, proofOf, readWithdrawToken } from './withdraw-token.js';

/** The request of a person to withdraw a bundle: its case, and the token that only they have. */
export interface Withdrawal {
  readonly format: 'onlyhashes-withdrawal';
  readonly version: 1;
  /** it follows from the token */
  readonly case: string;
  readonly token: string;
}

/**
 * Creates the withdrawal of a bundle from its token alone.
 * @param token as it was shown when the bundle was made; case, spaces and hyphens do not matter
 * @throws {RangeError} if it is not a token: a wrong digit is noticed
 */
export async function createWithdrawal(token: string): Promise<Withdrawal> {
  const read = checkedToken(token);
  return { format: 'onlyhashes-withdrawal', version: 1, case: await caseOf(read), token: read };
}

/**
 * Creates the proof with which a person asks a service for the state of their case. It takes
 * nothing back, and who has only the bundle cannot make it.
 * @param token as for `createWithdrawal`
 * @returns the case, and the proof as 64 hex digits, for the header `case-proof`
 * @throws {RangeError} if it is not a token: a wrong digit is noticed
 * @example
 * const { case: id, proof } = await createStateProof(token);
 * const reply = await fetch(`/v1/cases/${id}`, { headers: { 'case-proof': proof } });
 */
export async function createStateProof(token: string): Promise<{ case: string; proof: string }> {
  const read = checkedToken(token);
  const caseId = await caseOf(read);
  return { case: caseId, proof: hexOf(await proofOf(caseId, read)) };
}

function checkedToken(token: string): string {
  const read = typeof token === 'string' ? readWithdrawToken(token) : undefined;
  if (read === undefined) wrongRange('a token of 24 letters and digits, each as it was shown');
  return read;
}

/**
 * Reads a withdrawal, and proves it: its case follows from its token, which only the person has.
 * The reader's own lists say whether there is such a case.
 * @param input the text of a withdrawal, or its UTF-8
 * @throws {TypeError | RangeError} if the input or an option is invalid
 * @throws {FormatError} `bad-bundle` or `bad-length`, as `readBundle`; `bad-token` if the token
 *   belongs to another case
 * @example
 * const { case: id } = await readWithdrawal(text);
 * await blocklist.apply({ withdraw: [{ id, source: 'bundle' }] });
 */
export async function readWithdrawal(
  input: string | Uint8Array,
  options: TextLimits = {},
): Promise<Withdrawal> {
  const value = members(
    parsed(textOf(input, options)),
    '',
    ['format', 'version', 'case', 'token'],
    [],
  );
  check(value.format === 'onlyhashes-withdrawal', 'format', 'be onlyhashes-withdrawal');
  check(value.version === 1, 'version', 'be 1');
  const caseId = hexDigits(value.case, 'case', 32);
  const token = typeof value.token === 'string' ? readWithdrawToken(value.token) : undefined;
  check(token !== undefined, 'token', 'be a withdraw token');
  if ((await caseOf(token!)) !== caseId) {
    throw new FormatError('bad-token', 'expected the token of this case');
  }
  return { format: 'onlyhashes-withdrawal', version: 1, case: caseId, token: token! };
}
