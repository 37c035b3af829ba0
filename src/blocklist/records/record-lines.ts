import { wrongRange } from '../../door.js';
import { type BlocklistEntry, entryToJSON } from '../../entry.js';
import { checksumSteps } from '../../indexing/snapshot.js';

/** Lines that a step writes: about 0.3 ms. */
const STEP = 64;
/** Characters per piece of bytes. */
const PIECE = 1 << 18;

/** The entries of a large change in bytes, written before its turn. */
export interface Body {
  /** each a multiple of four bytes */
  readonly pieces: readonly Uint8Array[];
  readonly byteLength: number;
  readonly sum: number;
  /** number of removed entries, and of added ones after them */
  readonly remove: number;
  readonly add: number;
}

/** Collects lines of JSON as bytes. Spaces pad each piece. */
export class Lines {
  readonly pieces: Uint8Array[] = [];
  byteLength = 0;
  #text = '';

  push(json: object): void {
    this.#text += `${JSON.stringify(json)}\n`;
    if (this.#text.length >= PIECE) this.flush();
  }

  *write<T>(items: Iterable<T>, jsonOf: (item: T) => object): Generator<void> {
    let at = 0;
    for (const item of items) {
      if (at++ % STEP === 0) yield;
      this.push(jsonOf(item));
    }
  }

  flush(): void {
    const text = new TextEncoder().encode(this.#text);
    const piece = new Uint8Array(4 * Math.ceil(text.length / 4)).fill(0x20, text.length);
    piece.set(text);
    this.#text = '';
    this.pieces.push(piece);
    this.byteLength += piece.length;
    if (this.byteLength > 0xfffffff0) wrongRange('less than 4 GiB of changes');
  }
}

/** @param entries the removed ones, then the added ones */
export function* bodySteps(
  entries: Iterable<BlocklistEntry>,
  counts: Pick<Body, 'remove' | 'add'>,
): Generator<void, Body> {
  const lines = new Lines();
  yield* lines.write(entries, entryToJSON);
  lines.flush();
  const { pieces, byteLength } = lines;
  return { pieces, byteLength, sum: yield* checksumSteps(pieces.map(wordsOf)), ...counts };
}

export const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4);
