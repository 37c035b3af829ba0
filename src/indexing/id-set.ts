/** Ids of a page, 2^10: 32 words. */
const PAGE = 1024;

/**
 * A set of ids 0…2^32 - 1: a bit for each, in pages made for the ids there are. However high an
 * id, it takes no more than one page.
 */
export class IdSet {
  readonly #pages = new Map<number, Uint32Array>();
  /** the page of the id that was added last, as ids mostly ascend, and its number */
  #page: Uint32Array = new Uint32Array(0);
  #number = -1;

  has(id: number): boolean {
    const page = this.#pages.get(Math.floor(id / PAGE));
    return page !== undefined && (page[(id >>> 5) & 31]! & (1 << (id & 31))) !== 0;
  }

  /** Makes room for an id. Adding it cannot fail then. */
  reserve(id: number): void {
    const number = id >>> 10;
    if (number === this.#number) return;
    let page = this.#pages.get(number);
    if (!page) {
      page = new Uint32Array(PAGE / 32);
      this.#pages.set(number, page);
    }
    this.#page = page;
    this.#number = number;
  }

  add(id: number): void {
    this.reserve(id);
    this.#page[(id >>> 5) & 31]! |= 1 << (id & 31);
  }

  /** Whether it was there. */
  delete(id: number): boolean {
    const there = this.has(id);
    if (there) this.#pages.get(Math.floor(id / PAGE))![(id >>> 5) & 31]! &= ~(1 << (id & 31));
    return there;
  }
}
