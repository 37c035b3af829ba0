/** A memory that never grows, so its buffer is never detached. */
export interface SimdMemory {
  readonly buffer: ArrayBufferLike;
}
