import { checkInteger, checkObject, checkTypeOf } from './door.js';
import { bitsOf, checkResample, type Hash, type Resample } from './hash.js';

/** One entry of a blocklist: a listed hash and what the lister said about it. */
export interface BlocklistEntry {
  readonly hash: Hash;
  /** why it is listed, in the lister's words; often empty */
  readonly labels: readonly string[];
  /** an integer 0…100, if the list has it (PDQ) */
  readonly quality?: number;
  /** who listed it: a programme, an exchange or a file */
  readonly source?: string;
  /** the source's own identifier of the entry */
  readonly id?: string;
  /** the size convention of a PDQ hash, if the list has it */
  readonly resample?: Resample;
  /**
   * which part or form of the picture was hashed, by the name of the variant: `window1x1` … Absent:
   * the picture itself, or not known
   */
  readonly variant?: string;
}

/** @throws {TypeError | RangeError} if `entry` is invalid, or its hash is a draft */
export function checkEntry(entry: BlocklistEntry): void {
  checkObject(entry, 'an entry: { hash, labels }');
  checkNoDraft(entry);
  const { hash, labels, quality, source, id, resample, variant } = entry;
  bitsOf(hash);
  checkLabels(labels);
  if (quality !== undefined) checkInteger('quality', quality, 0, 100);
  checkTypeOf('source', source, 'string');
  checkTypeOf('id', id, 'string');
  if (resample !== undefined) checkResample(resample);
  checkTypeOf('variant', variant, 'string');
}

/**
 * @param hashed as `hashFile` gives it, perhaps with labels
 * @throws {TypeError} if it comes of a picture that was decoded in part
 */
export function checkNoDraft(hashed: object): void {
  if ((hashed as { decoding?: unknown }).decoding === 'draft') {
    throw new TypeError(
      "expected a hash of the full picture: one of decoding 'draft' is for matching alone",
    );
  }
}

/** @throws {TypeError} unless `labels` is a list of strings */
export function checkLabels(labels: readonly string[]): void {
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === 'string'))) {
    throw new TypeError('expected labels to be a list of strings');
  }
}
