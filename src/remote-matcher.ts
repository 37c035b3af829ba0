import type { Hash } from './hash.js';

/** A listed hash near the queried one, as far as the service reveals it. */
export interface RemoteHit {
  /** the service and, if it has several, the list or bank */
  readonly source?: string;
  /** the reasons for listing it, in the service's words; default no labels */
  readonly labels?: readonly string[];
  /** the service's own identifier of the entry */
  readonly id?: string;
  /** of the entry, if known */
  readonly hash?: Hash;
  /** in bits, if it or the hash is known */
  readonly distance?: number;
  /** whether the list confirmed the entry */
  readonly confirmed?: boolean;
}

/**
 * A service's answer about one of the queried hashes. `unanswered` is not `none`: it is unknown
 * whether the hash is listed. `none` must be explicit: an answer with neither hits nor `none` is no
 * answer.
 */
export type RemoteAnswer =
  | { readonly hash: Hash; readonly answer: 'none' }
  | { readonly hash: Hash; readonly answer: 'hits'; readonly hits: readonly RemoteHit[] }
  | {
      readonly hash: Hash;
      readonly answer: 'unanswered';
      /** a `ServiceErrorCode`, `left-out` of a reply, or `unknown-word` in it */
      readonly reason?: string;
    };

/**
 * A remote matcher: the client of a service. `createRemoteList` makes a list of it. A query gives
 * the hash away: it is personal data, and a third party learns who asks when about which picture.
 */
export interface RemoteMatcher {
  /** name of the service, for decisions and logs */
  readonly name: string;
  /**
   * Queries hashes.
   * @param hashes the matcher may keep them
   * @param options `signal`: aborts when the answer is no longer awaited
   * @returns one answer for each hash, in any order; a hash without an answer, or with two, is not
   *   answered
   */
  ask(hashes: readonly Hash[], options: { signal: AbortSignal }): Promise<readonly RemoteAnswer[]>;
}
