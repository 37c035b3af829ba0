/** Numbers of a page: 4 KiB. */
const PAGE = 2 ** 15;

/**
 * A set of numbers 0…2^32 - 1: a bit for each, in pages. However high a number, it takes one page
 * at most. A copy shares the pages until it changes them.
 */
export class Marks {
  readonly #pages: (Int32Array | undefined)[];
  /** pages that are not to be changed */
  readonly #shared: readonly (Int32Array | undefined)[];
  #count = 0;

  constructor(original?: Marks) {
    this.#shared = original ? original.#pages : [];
    this.#pages = this.#shared.slice();
    this.#count = original ? original.#count : 0;
  }

  /** The numbers below `end`. */
  static below(end: number): Marks {
    const marks = new Marks();
    for (let number = 0; number < end; number += PAGE) marks.#own(number >>> 15).fill(-1);
    marks.#count = PAGE * Math.ceil(end / PAGE);
    for (let number = end; number % PAGE > 0; number++) marks.delete(number);
    return marks;
  }

  get count(): number {
    return this.#count;
  }

  has(number: number): boolean {
    const page = this.#pages[number >>> 15];
    return page !== undefined && (page[(number >>> 5) & 1023]! & (1 << number)) !== 0;
  }

  /** Makes room for a number. Adding or deleting it cannot fail then. */
  reserve(number: number): void {
    this.#own(number >>> 15);
  }

  /** Whether it was not there. */
  add(number: number): boolean {
    if (this.has(number)) return false;
    this.#own(number >>> 15)[(number >>> 5) & 1023]! |= 1 << number;
    this.#count++;
    return true;
  }

  /** Whether it was there. */
  delete(number: number): boolean {
    if (!this.has(number)) return false;
    this.#own(number >>> 15)[(number >>> 5) & 1023]! &= ~(1 << number);
    this.#count--;
    return true;
  }

  /** Adds all of others, whose number matters little. @returns those that were there already */
  addAll(others: Marks): number[] {
    const known: number[] = [];
    for (const [at, page] of others.#pages.entries()) {
      if (!page) continue;
      const own = this.#own(at);
      for (let word = 0; word < page.length; word++) {
        for (let both = own[word]! & page[word]!; both !== 0; both &= both - 1) {
          known.push(numberAt(at, word, both));
        }
        own[word]! |= page[word]!;
      }
    }
    this.#count += others.#count - known.length;
    return known;
  }

  /** Those that are not in another, in ascending order; pages that they share take no time. */
  *besides(other?: Marks): Generator<number> {
    const theirs = other ? other.#pages : [];
    for (const [at, page] of this.#pages.entries()) {
      const others = theirs[at];
      for (let word = 0; page && page !== others && word < page.length; word++) {
        for (let bits = page[word]! & ~(others?.[word] ?? 0); bits !== 0; bits &= bits - 1) {
          yield numberAt(at, word, bits);
        }
      }
    }
  }

  #own(at: number): Int32Array {
    const page = this.#pages[at];
    if (page && page !== this.#shared[at]) return page;
    const own = page ? page.slice() : new Int32Array(PAGE / 32);
    this.#pages[at] = own;
    return own;
  }
}

/** The number of the lowest bit that is set in a word of a page. */
const numberAt = (page: number, word: number, bits: number): number =>
  PAGE * page + 32 * word + 31 - Math.clz32(bits & -bits);
