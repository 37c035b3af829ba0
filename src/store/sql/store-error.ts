/** Why a store did not do what was asked. Codes are API; messages are not. */
export type StoreErrorCode =
  /** the optional package that talks to the database is not installed */
  | 'client-missing'
  /** the database cannot be reached, or the connection was lost before it answered */
  | 'unreachable'
  /** a newer version of the library made the store */
  | 'newer-schema'
  /** the idempotency key was used for another change */
  | 'key-used'
  /**
   * the database has less than PostgreSQL 14 or another encoding than UTF8, is read-only, or lacks
   * a right that is needed
   */
  | 'unsuitable'
  /** another process has the folder of an embedded store, or is fetching the same list */
  | 'in-use'
  /** what changed since a revision is no longer known, or is not yet */
  | 'revision-gone'
  /** another process went on with it, since this one did not answer: nothing was written */
  | 'taken-over'
  /** the credentials were encrypted with another key */
  | 'wrong-key'
  /** the store or the follower was closed */
  | 'closed';

/** A store did not do what was asked. The message holds no address, credential, hash or label. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
