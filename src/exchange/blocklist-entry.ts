import type { Hash, Resample } from '../hash.js';

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
