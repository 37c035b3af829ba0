import { checkInteger, checkObject, checkTypeOf } from './door.js';
import { bitsOf, checkResample, type Hash, type Resample } from './hash.js';

/** One entry of a blocklist: a hash that somebody listed, and what they said about it. */
export interface BlocklistEntry {
  readonly hash: Hash;
  /** why it is listed, in the lister's words; often none */
  readonly labels: readonly string[];
  /** 0…100, an integer, where the list says it (PDQ) */
  readonly quality?: number;
  /** who listed it: a programme, an exchange, a file */
  readonly source?: string;
  /** the source's own name for the entry */
  readonly id?: string;
  /** the size convention of a PDQ hash, where the list says it */
  readonly resample?: Resample;
}

/** @throws {TypeError | RangeError} if `entry` is none */
export function checkEntry(entry: BlocklistEntry): void {
  checkObject(entry, 'an entry: { hash, labels }');
  const { hash, labels, quality, source, id, resample } = entry;
  bitsOf(hash);
  checkLabels(labels);
  if (quality !== undefined) checkInteger('quality', quality, 0, 100);
  checkTypeOf('source', source, 'string');
  checkTypeOf('id', id, 'string');
  if (resample !== undefined) checkResample(resample);
}

/** @throws {TypeError} unless `labels` is a list of strings */
export function checkLabels(labels: readonly string[]): void {
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === 'string'))) {
    throw new TypeError('expected labels to be a list of strings');
  }
}
