import { randomBytes } from 'node:crypto';
import { type Role, type TokenRule, tokenHash } from '../../server/index.js';
import { Failure, jsonIn } from '../failure.js';
import { wholeFile } from '../file-name.js';

const MEMBERS = ['name', 'hash', 'role', 'requestsPerSecond', 'answersPerDay'];

const EXPECTED = 'expected a JSON list of { "name", "hash", "role" }';

/**
 * The tokens in a file: a JSON list of `{ "name", "hash", "role", "requestsPerSecond",
 * "answersPerDay" }`. The service validates the members.
 * @throws {Failure} if it cannot be read, or is something else. No message quotes it
 */
export async function readTokens(path: string): Promise<TokenRule[]> {
  const json = jsonIn((await wholeFile(path)).toString());
  if (!Array.isArray(json) || json.length === 0) throw new Failure(`${path}: ${EXPECTED}`);
  for (const [at, rule] of json.entries()) {
    if (typeof rule !== 'object' || rule === null) {
      throw new Failure(`${path}: [${at}]: ${EXPECTED}`);
    }
    if (!Object.keys(rule).every((name) => MEMBERS.includes(name))) {
      throw new Failure(`${path}: [${at}]: unknown member; expected ${MEMBERS.join(', ')}`);
    }
  }
  return json;
}

/** A fresh token, and its entry for the file of tokens. */
export function newToken(role: Role): { readonly token: string; readonly rule: TokenRule } {
  const token = randomBytes(32).toString('base64url');
  const name = `${role}-${randomBytes(3).toString('hex')}`;
  return { token, rule: { name, hash: tokenHash(token), role } };
}
