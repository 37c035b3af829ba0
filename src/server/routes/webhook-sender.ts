import { createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { type OptionCheck, type OptionTable, wrongKind } from '../../door.js';

/* Authentication of a webhook's callers, by a token or a signature. */

/** Shorter keys can be factored now or soon (NIST SP 800-131A). */
const MIN_BITS = 2048;

/** Shorter tokens could be guessed from their hashes. */
const MIN_TOKEN = 20;

/**
 * The SHA-256 of a token, in hex: a service stores it instead of the token. Generate tokens at
 * random, with at least 128 bits: a hash hides nothing that can be guessed.
 * @param token as its caller sends it, without `Bearer`
 * @throws {TypeError} if `token` is not a string
 * @throws {RangeError} unless it has 20 or more ASCII characters and no space
 */
export function tokenHash(token: string): string {
  if (typeof token !== 'string') throw new TypeError('expected token to be a string');
  // A header can hold no others.
  if (token.length < MIN_TOKEN || !/^[!-~]+$/.test(token)) {
    throw new RangeError(
      `expected token to be ${MIN_TOKEN} or more ASCII characters, without spaces`,
    );
  }
  return digestOf(token).toString('hex');
}

const digestOf = (text: string | Uint8Array) => createHash('sha256').update(text).digest();

/** Credentials of a webhook's callers: at least one. If both are set, callers need both. */
export interface SenderProof {
  /** `tokenHash` of each token accepted in `Authorization: Bearer`; two during a change */
  tokenHashes?: readonly string[] | undefined;
  /**
   * the public key, as PEM, of at least 2,048 bits, that verifies the body's signature in
   * `Coop-Signature`: base64 of RSASSA-PKCS1-v1_5 with SHA-256, as Coop signs
   */
  publicKey?: string | undefined;
}

/** Results of `tokenHash`, one or more. */
const tokenHashes: OptionCheck = (name, value) => {
  const isHash = (hash: unknown) => typeof hash === 'string' && /^[0-9a-f]{64}$/i.test(hash);
  if (Array.isArray(value) && value.length > 0 && value.every(isHash)) return;
  wrongKind(`${name} to be a list of hashes from tokenHash`);
};

const rsaPublicKey: OptionCheck = (_, value) => void rsaKey(value as string);

export const SENDER_PROOF = {
  tokenHashes: { is: tokenHashes },
  publicKey: { is: rsaPublicKey },
} as const satisfies OptionTable<SenderProof>;

/** Authenticates requests. */
export class SenderCheck {
  readonly #digests: readonly Buffer[] | undefined;
  readonly #key: KeyObject | undefined;

  /** @throws {TypeError} unless there is a token or a key */
  constructor({ tokenHashes, publicKey }: SenderProof) {
    if (tokenHashes === undefined && publicKey === undefined) {
      throw new TypeError('expected tokenHashes or publicKey');
    }
    this.#digests = tokenHashes?.map((hash) => Buffer.from(hash, 'hex'));
    if (publicKey !== undefined) this.#key = rsaKey(publicKey);
  }

  /** True if a request's token is valid. The time it takes reveals nothing of valid tokens. */
  hasToken(request: Request): boolean {
    if (this.#digests === undefined) return true;
    const header = request.headers.get('authorization') ?? '';
    const given = digestOf(/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
    let isRight = false;
    for (const digest of this.#digests) if (timingSafeEqual(digest, given)) isRight = true;
    return isRight;
  }

  /** True if the body has a valid signature. */
  hasSigned(request: Request, body: Uint8Array): boolean {
    if (this.#key === undefined) return true;
    const header = request.headers.get('coop-signature') ?? '';
    try {
      return verify('RSA-SHA256', body, this.#key, Buffer.from(header, 'base64'));
    } catch {
      return false;
    }
  }
}

function rsaKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    // A private key would be accepted too, with its public part derived, but must not be here.
    if (/^\s*-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) key = createPublicKey(pem);
  } catch {
    // Reported below, since OpenSSL's message is no help.
  }
  const { modulusLength = 0 } = key?.asymmetricKeyDetails ?? {};
  if (key?.asymmetricKeyType === 'rsa' && modulusLength >= MIN_BITS) return key;
  throw new TypeError(
    `expected publicKey to be an RSA public key in PEM, of ${MIN_BITS} bits or more`,
  );
}
