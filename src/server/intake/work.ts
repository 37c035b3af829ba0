import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A proof of work that a service under load asks for. */
export interface Work {
  readonly challenge: string;
  /** the digest begins with so many zero bits */
  readonly bits: number;
}

/** A challenge holds for the rest of its ten minutes, and the ten after them. */
const WINDOW = 600_000;
const MINUTE = 60_000;
/** Bits at the first step: 2^16 digests take a phone about a second. */
const LEAST_BITS = 16;
/** 2^22 digests take it about a minute. */
const MOST_BITS = 22;

/**
 * Asks for a proof of work while many cases come: none up to `casesPerMinute`, then one whose cost
 * grows with their number. A proof is for one case, so it cannot be used for others.
 */
export class WorkGate {
  readonly #secret: string;
  readonly #casesPerMinute: number;
  readonly #now: () => number;
  #minute = 0;
  #count = 0;
  #countBefore = 0;

  /**
   * @param secret the same in all processes of a service
   * @param now in milliseconds since 1970
   */
  constructor(secret: string, casesPerMinute: number, now: () => number) {
    this.#secret = secret;
    this.#casesPerMinute = casesPerMinute;
    this.#now = now;
  }

  /** Counts a case that came, and returns the work that is asked for it now, if any. */
  count(): Work | undefined {
    const minute = Math.floor(this.#now() / MINUTE);
    if (minute !== this.#minute) {
      this.#countBefore = minute === this.#minute + 1 ? this.#count : 0;
      this.#minute = minute;
      this.#count = 0;
    }
    this.#count++;
    const times = Math.max(this.#count, this.#countBefore) / this.#casesPerMinute;
    if (times <= 1) return undefined;
    const bits = Math.min(MOST_BITS, LEAST_BITS + Math.floor(Math.log2(times)));
    return { challenge: this.#challenge(0), bits };
  }

  /**
   * True if a header proves the work for a case.
   * @param given `challenge:nonce`
   */
  isDone(given: string | null, id: string, bits: number): boolean {
    const [, challenge, nonce] = /^([\w-]{22}):(\d{1,16})$/.exec(given ?? '') ?? [];
    if (challenge === undefined) return false;
    const isOurs = [0, 1].some((windows) => isEqual(challenge, this.#challenge(windows)));
    const digest = createHash('sha256')
      .update(workText(challenge, id, nonce!))
      .digest();
    return isOurs && zeroBits(digest) >= bits;
  }

  /** @param windows ago */
  #challenge(windows: number): string {
    const window = Math.floor(this.#now() / WINDOW) - windows;
    const code = createHmac('sha256', this.#secret).update(`onlyhashes work 1\n${window}`);
    return code.digest('base64url').slice(0, 22);
  }
}

/** The text whose SHA-256 is to begin with zero bits. */
export const workText = (challenge: string, id: string, nonce: string): string =>
  `onlyhashes work 1\n${challenge}\n${id}\n${nonce}`;

function zeroBits(digest: Uint8Array): number {
  const at = digest.findIndex((byte) => byte !== 0);
  return at < 0 ? 8 * digest.length : 8 * at + Math.clz32(digest[at]!) - 24;
}

const isEqual = (a: string, b: string) => timingSafeEqual(Buffer.from(a), Buffer.from(b));
