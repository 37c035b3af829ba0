import type { Hash } from '../hash.js';

/** A listed hash that a service found near the one it was asked for. */
export interface RemoteHit {
  /** the service and, if it has several, the list or bank */
  readonly source: string;
  /** in the service's words; may be empty */
  readonly labels: readonly string[];
  /** the service's own identifier of what is listed, if it tells one */
  readonly id?: string;
  /** in bits, if the service tells it */
  readonly distance?: number;
}

/**
 * What a service says of one hash. `unanswered` is not `none`: nobody knows whether the hash is
 * listed.
 */
export type RemoteAnswer =
  | { readonly answer: 'hits'; readonly hits: readonly RemoteHit[] }
  | { readonly answer: 'none' }
  | {
      readonly answer: 'unanswered';
      /** a `ServiceErrorCode`, `left-out` of a reply, or `unknown-word` that it said */
      readonly reason: string;
    };

/**
 * A list that is not here but can be asked. Whoever asks gives the hash away: it is personal data,
 * and a third party learns who asks when about which picture.
 */
export interface RemoteList {
  /**
   * What the service says of each hash, in the order of `hashes`. A service that fails leaves them
   * unanswered.
   * @throws the reason of `signal` when it is aborted
   */
  ask(hashes: readonly Hash[], options?: { signal?: AbortSignal }): Promise<RemoteAnswer[]>;
}
