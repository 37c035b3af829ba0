import type { Hash } from './hash.js';

/** A listed hash near the one that was asked about: as much as the service tells. */
export interface RemoteHit {
  /** the service and, if it has several, the list or bank */
  readonly source?: string;
  /** why it is listed there, in the service's words; default no labels */
  readonly labels?: readonly string[];
  /** the service's own identifier of the entry */
  readonly id?: string;
  /** of the entry, if it is told */
  readonly hash?: Hash;
  /** in bits, if it is told or the hash is */
  readonly distance?: number;
  /** whether the list confirmed the entry */
  readonly confirmed?: boolean;
}

/**
 * What a service says about one of the hashes that it was asked about. `unanswered` is not `none`:
 * nobody knows whether the hash is listed. `none` has to be said: an answer with neither hits nor
 * `none` is no answer.
 */
export type RemoteAnswer =
  | { readonly hash: Hash; readonly answer: 'none' }
  | { readonly hash: Hash; readonly answer: 'hits'; readonly hits: readonly RemoteHit[] }
  | {
      readonly hash: Hash;
      readonly answer: 'unanswered';
      /** a `ServiceErrorCode`, `left-out` of a reply, or `unknown-word` that it said */
      readonly reason?: string;
    };

/**
 * Who matches hashes elsewhere: a client of a service. `createRemoteList` makes a list of it.
 * Whoever asks gives the hash away: it is personal data, and a third party learns who asks when
 * about which picture.
 */
export interface RemoteMatcher {
  /** of the service, for decisions and logs */
  readonly name: string;
  /**
   * Asks about hashes.
   * @param hashes are the matcher's to keep
   * @param options `signal`: aborts when nobody waits any more
   * @returns one answer for each hash, in any order; a hash without an answer, or with two, is not
   *   answered
   */
  ask(hashes: readonly Hash[], options: { signal: AbortSignal }): Promise<readonly RemoteAnswer[]>;
}
