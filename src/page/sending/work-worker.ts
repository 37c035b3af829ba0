import { sha256 } from '@noble/hashes/sha2.js';

/*
 * The Worker that does what a busy service asks for. It has a SHA-256 of its own: in a sandboxed
 * page, Chromium gives a Worker none.
 */

/** A text to which a number is to be added, and the zero bits with which the digest begins. */
export interface Work {
  readonly start: string;
  readonly bits: number;
}

/** The Worker's own scope; the library's types know the page's. */
const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Work>) => void;
  postMessage(nonce: number): void;
};

scope.onmessage = ({ data: { start, bits } }) => {
  const encoder = new TextEncoder();
  // The blocks of the common start are hashed once.
  const begun = sha256.create().update(encoder.encode(start));
  for (let nonce = 0; ; nonce++) {
    const [a = 0, b = 0, c = 0, d = 0] = begun
      .clone()
      .update(encoder.encode(`${nonce}`))
      .digest();
    if (Math.clz32((a << 24) | (b << 16) | (c << 8) | d) < bits) continue;
    scope.postMessage(nonce);
    return;
  }
};
