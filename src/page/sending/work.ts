/** More would take a phone many minutes. */
const MOST_BITS = 22;
/** Digests at a time. The engine computes them beside the page, which stays usable. */
const BATCH = 512;

/**
 * Does the work that a busy service asks for: finds a number with which the SHA-256 of
 * `onlyhashes work 1`, the challenge, the case and the number, each on a line, begins with so many
 * zero bits. No Worker does it: in a sandboxed page, Chromium gives a Worker no digests.
 * @param work as the service described it
 * @returns the header that proves it; undefined if it is not what a service asks for, or was ended
 */
export async function proofOfWork(
  work: unknown,
  id: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { challenge, bits } = { ...(work as { challenge?: unknown; bits?: unknown }) };
  const isChallenge = typeof challenge === 'string' && /^[\x21-\x7e]{1,512}$/.test(challenge);
  if (!isChallenge || !(Number(bits) >= 0 && Number(bits) <= MOST_BITS)) return undefined;
  const start = `onlyhashes work 1\n${challenge}\n${id}\n`;
  const encoder = new TextEncoder();
  for (let from = 0; !signal.aborted; from += BATCH) {
    const digests = Array.from({ length: BATCH }, (_, i) =>
      crypto.subtle.digest('SHA-256', encoder.encode(start + (from + i))),
    );
    const found = (await Promise.all(digests)).findIndex(
      (digest) => Math.clz32(new DataView(digest).getUint32(0)) >= Number(bits),
    );
    if (found >= 0) return `${challenge}:${from + found}`;
  }
  return undefined;
}
