/** Ids of a page, one bit each. A set takes 512 bytes for each page that holds an id, and gives emptied pages back. */
const PAGE = 4096;

/** A set of ids 0 … 2^32 - 1, as dense as ids are. */
export class IdSet {
  /** page number to its bits; the last word counts them */
  readonly #pages = new Map<number, Uint32Array>();
  // Ids come in order, mostly: the page of the one before is not looked up again.
  #number = -1;
  #page: Uint32Array | undefined;

  has(id: number): boolean {
    const page = this.#pageOf(id);
    return page !== undefined && ((page[(id % PAGE) >>> 5]! >>> (id & 31)) & 1) === 1;
  }

  add(id: number): void {
    let page = this.#pageOf(id);
    if (page === undefined) {
      page = new Uint32Array(PAGE / 32 + 1);
      this.#pages.set(this.#number, page);
      this.#page = page;
    }
    const word = (id % PAGE) >>> 5;
    const bits = page[word]!;
    page[word] = bits | (1 << (id & 31));
    if (page[word] !== bits) page[PAGE / 32]!++;
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    if (!this.has(id)) return false;
    const page = this.#page!;
    page[(id % PAGE) >>> 5]! &= ~(1 << (id & 31));
    if (--page[PAGE / 32]! === 0) {
      this.#pages.delete(this.#number);
      this.#page = undefined;
    }
    return true;
  }

  #pageOf(id: number): Uint32Array | undefined {
    const number = Math.floor(id / PAGE);
    if (number !== this.#number) {
      this.#number = number;
      this.#page = this.#pages.get(number);
    }
    return this.#page;
  }
}
