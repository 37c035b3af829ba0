/** A copy with room for `length` elements. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array>(
  array: T,
  length: number,
): T {
  const copy = new (array.constructor as new (length: number) => T)(length);
  copy.set(array);
  return copy;
}
