import { grown } from '../packed-words.js';

/** No text in UTF-8 has this byte: it stands for the empty text, which is not the absent one. */
const EMPTY = 0xff;
const decoder = /* @__PURE__ */ new TextDecoder();
const encoder = /* @__PURE__ */ new TextEncoder();
/** Shorter texts are decoded faster one by one. */
const SHORT = 48;

/** Texts end to end in UTF-8, by their numbers. */
export class Texts {
  /** where each begins, and where the last one ends */
  readonly starts: Uint32Array;
  readonly bytes: Uint8Array;

  constructor(starts: Uint32Array, bytes: Uint8Array) {
    this.starts = starts;
    this.bytes = bytes;
  }

  get count(): number {
    return this.starts.length - 1;
  }

  has(at: number): boolean {
    return this.starts[at]! < this.starts[at + 1]!;
  }

  at(at: number): string | undefined {
    const from = this.starts[at]!;
    const to = this.starts[at + 1]!;
    if (from === to) return undefined;
    if (this.bytes[from] === EMPTY) return '';
    let text = '';
    if (to - from <= SHORT) {
      let i = from;
      for (; i < to && this.bytes[i]! < 128; i++) text += String.fromCharCode(this.bytes[i]!);
      if (i === to) return text;
    }
    // A TextDecoder takes no shared memory.
    return decoder.decode(this.bytes.slice(from, to));
  }

  /** Whether number `at` has these bytes, as `encoded` gives them. */
  isAt(at: number, bytes: Uint8Array): boolean {
    const from = this.starts[at]!;
    if (this.starts[at + 1]! - from !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.bytes[from + i] !== bytes[i]) return false;
    return true;
  }
}

/** A text as `Texts` holds it. */
export const encoded = (text: string): Uint8Array =>
  text === '' ? Uint8Array.of(EMPTY) : encoder.encode(text);

/** Texts that come one after the other. */
export class TextsBuilder {
  #starts: Uint32Array;
  #bytes: Uint8Array;
  #count = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#starts = new Uint32Array(capacity + 1);
    this.#bytes = new Uint8Array(16 * capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws {RangeError} if it all takes 4 GiB or more */
  push(text: string | undefined): void {
    if (text !== undefined) {
      const { length } = text;
      this.#reserve(length + 1);
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        this.#bytes[this.#length + i] = code;
      }
      if (i < length || length === 0) this.#append(encoded(text));
      else this.#length += length;
    }
    this.#end();
  }

  /** Adds number `at` of others. */
  copy(texts: Texts, at: number): void {
    this.#append(texts.bytes.subarray(texts.starts[at]!, texts.starts[at + 1]!));
    this.#end();
  }

  /** Makes each text up to number `count` an absent one. */
  fill(count: number): void {
    while (this.#count < count) this.#end();
  }

  made(): Texts {
    return new Texts(
      this.#starts.subarray(0, this.#count + 1),
      this.#bytes.subarray(0, this.#length),
    );
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #end(): void {
    if (this.#count + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, 2 * this.#starts.length);
    }
    this.#starts[++this.#count] = this.#length;
  }

  #reserve(more: number): void {
    const least = this.#length + more;
    if (least <= this.#bytes.length) return;
    if (least > 0xffffffff) throw new RangeError('expected less than 4 GiB of texts');
    this.#bytes = grown(this.#bytes, Math.min(0xffffffff, Math.max(2 * this.#bytes.length, least)));
  }
}
