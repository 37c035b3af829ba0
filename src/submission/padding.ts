const SMALLEST_CLASS = 4096;

/** The size class of a text of `byteLength` bytes: the next of 4 KiB, 8 KiB, 16 KiB … */
export function sizeClass(byteLength: number): number {
  let size = SMALLEST_CLASS;
  while (size < byteLength) size *= 2;
  return size;
}

/**
 * Dots that pad a text of `byteLength` bytes to its size class. Its size then does not tell how
 * many hashes it has.
 */
export const paddingFor = (byteLength: number): string =>
  '.'.repeat(sizeClass(byteLength) - byteLength);
