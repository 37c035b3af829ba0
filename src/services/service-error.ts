/** Reason why a service gave no usable answer. Codes are API; messages are not. */
export type ServiceErrorCode =
  /** no connection, or it broke before the end of the reply */
  | 'unreachable'
  /** no complete reply within `timeoutSeconds` */
  | 'timeout'
  /** 401 or 403: the credentials are missing, wrong, or not valid for this call */
  | 'unauthorized'
  /** 429: too many requests; `retryAfterSeconds` is the service's wait, if it sent one */
  | 'busy'
  /** 5xx: the service failed */
  | 'unavailable'
  /** 3xx: redirects are not followed, since they would carry the credentials elsewhere */
  | 'redirected'
  /** any other status outside 2xx: the service refused the request */
  | 'rejected'
  /** a reply of more than `maxBytes` */
  | 'too-many-bytes'
  /** a reply that does not follow the service's format */
  | 'bad-reply';

/**
 * A service that did not answer, or not as expected. The message names the service and the call,
 * and quotes no credentials, queries or replies.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ServiceErrorCode;
  /** the HTTP status, if there was a reply */
  readonly status?: number;
  /** from the reply's `Retry-After` */
  readonly retryAfterSeconds?: number;

  constructor(
    code: ServiceErrorCode,
    message: string,
    detail: { status?: number; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    const { cause, ...facts } = detail;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, facts);
  }
}
