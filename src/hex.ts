/**
 * Decodes `length` hex digits of `text`, from `at` on and in either case, into `out`.
 * @returns whether all of them are hex digits; if not, `out` holds part of the bytes
 */
export function hexInto(
  text: string,
  at: number,
  length: number,
  out: Uint8Array,
  outAt: number,
): boolean {
  if (at + length > text.length) return false;
  for (let i = 0; i < length; i += 2) {
    const high = digit(text.charCodeAt(at + i));
    const low = digit(text.charCodeAt(at + i + 1));
    if ((high | low) < 0) return false;
    out[outAt + (i >> 1)] = (high << 4) | low;
  }
  return true;
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  // 32 is the bit that differs between the two cases of a letter
  const letter = (code | 32) - 87;
  return letter >= 10 && letter <= 15 ? letter : -1;
}
