/** The chunks of a stream, as one array in the end. */
export class Gathered {
  readonly #expected: number;
  #chunks: Uint8Array[] = [];
  /** filled from the start */
  #filled: Uint8Array | undefined;
  length = 0;
  /** number of bytes that there is room for, if known */
  room: number | undefined;

  /** @param expected bytes in all, if the source states them */
  constructor(expected = Number.POSITIVE_INFINITY) {
    this.#expected = expected;
  }

  add(chunk: Uint8Array): void {
    const at = this.length;
    this.length += chunk.length;
    if (this.#filled && this.length <= this.#expected) {
      this.#filled.set(chunk, at);
      return;
    }
    // It is longer than stated.
    if (this.#filled) this.#chunks = [this.#filled.subarray(0, at)];
    this.#filled = undefined;
    this.#chunks.push(chunk);
    // One array from here on: joining chunks at the end would need the memory twice. Not earlier: a
    // sender that announces 64 MB and sends nothing gets no memory.
    const room = this.room ?? 8 * this.length;
    if (this.length < this.#expected && this.#expected <= room) {
      this.#filled = Buffer.allocUnsafeSlow(this.#expected);
      this.#filled.set(Buffer.concat(this.#chunks, this.length));
      this.#chunks = [];
    }
  }

  whole(): Uint8Array {
    if (this.#filled) return this.#filled.subarray(0, this.length);
    const [first] = this.#chunks;
    return this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks, this.length);
  }
}
