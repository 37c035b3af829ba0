/** A phone has memory for this: the browser digests only what it holds as a whole. */
const MOST_BYTES = 2 ** 30;

/**
 * The SHA-256 of a video, in hex. It finds that very file, and no copy of it that was saved again.
 * @returns undefined if the file is too large, or cannot be read
 */
export async function digestOf(file: Blob): Promise<string | undefined> {
  if (file.size > MOST_BYTES) return undefined;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    const bytes = Array.from(new Uint8Array(digest));
    return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    return undefined;
  }
}
