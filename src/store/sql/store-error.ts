/** Reason why a store call failed. Codes are API; messages are not. */
export type StoreErrorCode =
  /** the optional package that talks to the database is not installed */
  | 'client-missing'
  /** the database cannot be reached, or the connection was lost before the answer */
  | 'unreachable'
  /** a newer version of the library made the store */
  | 'newer-schema'
  /** the idempotency key was used for another change */
  | 'key-used'
  /**
   * the database is older than PostgreSQL 14, has another encoding than UTF8, is read-only, or
   * lacks a right that is needed
   */
  | 'unsuitable'
  /** another process has the folder of an embedded store, or is fetching the same list */
  | 'in-use'
  /** the changes since a revision are no longer known, or not yet */
  | 'revision-gone'
  /** another process took over, since this one did not answer: nothing was written */
  | 'taken-over'
  /** the credentials were encrypted with another key */
  | 'wrong-key'
  /** the store or the follower was closed */
  | 'closed';

/** A failed store call. The message holds no address, credential, hash or label. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
