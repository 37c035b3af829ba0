/** The ASCII text of `length` bytes, as formats name their parts by; shorter where the bytes end. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
