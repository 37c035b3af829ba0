import type { Work } from './work-worker.js';

/** The script of the Worker. The build inserts it, so that the page's digest covers it. */
declare const WORK_SCRIPT: string;

/** More would take a phone many minutes. */
const MOST_BITS = 22;

/**
 * Has a Worker do the work that a busy service asks for: to find a number with which the SHA-256 of
 * `onlyhashes work 1`, the challenge, the case and the number, each on a line, begins with so many
 * zero bits. The Worker is the shell's own: a frame that chose the number could hide something in
 * it.
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
  const url = URL.createObjectURL(new Blob([WORK_SCRIPT], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const nonce = await new Promise<number | undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined));
    worker.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
    worker.onerror = () => resolve(undefined);
    worker.postMessage({
      start: `onlyhashes work 1\n${challenge}\n${id}\n`,
      bits: Number(bits),
    } satisfies Work);
  });
  worker.terminate();
  URL.revokeObjectURL(url);
  return nonce === undefined ? undefined : `${challenge}:${nonce}`;
}
