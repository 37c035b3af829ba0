import { checkedBriefly, wrongKind } from '../door.js';
import { bitsOf, type Hash } from '../hash.js';
import type { RemoteAnswer } from '../remote-matcher.js';
import { ServiceError } from './service-error.js';
import { CALL_OPTIONS, type CallOptions } from './service-options.js';

/** @throws {TypeError | RangeError} unless `hashes` is a list of hashes */
export function checkHashes(hashes: readonly Hash[]): void {
  if (!Array.isArray(hashes)) wrongKind('a list of hashes');
  for (const hash of hashes as readonly Hash[]) bitsOf(hash);
}

/** @throws {TypeError} unless `hashes` is a list of PDQ hashes */
export function checkPdqHashes(hashes: readonly Hash[]): void {
  checkHashes(hashes);
  if (hashes.some(({ algorithm }) => algorithm !== 'pdq')) wrongKind('hashes of pdq');
}

/**
 * Asks about PDQ hashes, `most` at a time and in order. Once the service fails, the rest are not
 * sent.
 * @param about returns one answer for each of its hashes
 * @throws {TypeError} if an argument is invalid
 */
export async function askedInTurn(
  hashes: readonly Hash[],
  most: number,
  options: CallOptions,
  about: (some: readonly Hash[]) => Promise<readonly RemoteAnswer[]>,
): Promise<RemoteAnswer[]> {
  checkPdqHashes(hashes);
  checkedBriefly(options, CALL_OPTIONS);
  const answers: RemoteAnswer[] = [];
  try {
    while (answers.length < hashes.length) {
      answers.push(...(await about(hashes.slice(answers.length, answers.length + most))));
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    for (const hash of hashes.slice(answers.length)) {
      answers.push({ hash, answer: 'unanswered', reason: error.code });
    }
  }
  return answers;
}
