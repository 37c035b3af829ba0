/** Words of a page: 32,768 entries, so that to lose one copies 4 KiB. */
const PAGE = 1024;

/** Which of the entries of a part are there. It does not change: what loses some is another. */
export class Living {
  /** a bit for each entry that is gone, in pages; a page without any is absent */
  readonly #gone: readonly (Uint32Array | undefined)[];
  /** how many are gone */
  readonly lost: number;
  /** how many of each list are gone */
  readonly lostOf: ReadonlyMap<string, number>;

  constructor(
    gone: readonly (Uint32Array | undefined)[] = [],
    lost = 0,
    lostOf: ReadonlyMap<string, number> = new Map<string, number>(),
  ) {
    this.#gone = gone;
    this.lost = lost;
    this.lostOf = lostOf;
  }

  has(entry: number): boolean {
    const page = this.#gone[entry >>> 15];
    return page === undefined || (page[(entry >>> 5) & (PAGE - 1)]! & (1 << entry)) === 0;
  }

  /**
   * The same without some entries.
   * @param listOf tells the list of each
   */
  without(entries: Iterable<number>, listOf: (entry: number) => string): Living {
    const gone = this.#gone.slice();
    const lostOf = new Map(this.lostOf);
    let { lost } = this;
    for (const entry of entries) {
      const at = entry >>> 15;
      const word = (entry >>> 5) & (PAGE - 1);
      const bit = 1 << entry;
      if (((gone[at]?.[word] ?? 0) & bit) !== 0) continue;
      const page = gone[at] === this.#gone[at] ? copyOf(gone[at]) : gone[at]!;
      gone[at] = page;
      page[word]! |= bit;
      lost++;
      const list = listOf(entry);
      lostOf.set(list, (lostOf.get(list) ?? 0) + 1);
    }
    return lost === this.lost ? this : new Living(gone, lost, lostOf);
  }

  /**
   * The same without those that are marked, which were marked when `earlier` were there.
   * @param listOf tells the list of an entry
   */
  withoutAll(marked: EntryMarks, earlier: Living, listOf: (entry: number) => string): Living {
    const lostOf = new Map(this.lostOf);
    let lost = this.lost + marked.count;
    for (const [list, count] of marked.counts) lostOf.set(list, (lostOf.get(list) ?? 0) + count);
    // Some have gone by themselves since, and are counted already.
    for (const entry of this.since(earlier)) {
      if (!marked.has(entry)) continue;
      const list = listOf(entry);
      lostOf.set(list, lostOf.get(list)! - 1);
      lost--;
    }
    const pages = Math.max(this.#gone.length, marked.pages.length);
    const gone = Array.from({ length: pages }, (_, at) => {
      const more = marked.pages[at];
      if (!more) return this.#gone[at];
      const page = copyOf(this.#gone[at]);
      for (let word = 0; word < PAGE; word++) page[word]! |= more[word]!;
      return page;
    });
    return new Living(gone, lost, lostOf);
  }

  /** Those that are gone here and were not in an earlier one of the same part. */
  since(earlier: Living): Generator<number> {
    return marksOf(this.#gone, earlier.#gone);
  }
}

/** Entries of a part that are marked one by one. */
export class EntryMarks {
  /** a bit for each entry that is marked; a page without any is absent */
  readonly pages: (Uint32Array | undefined)[] = [];
  /** how many of each list are marked */
  readonly counts = new Map<string, number>();
  count = 0;

  has(entry: number): boolean {
    return ((this.pages[entry >>> 15]?.[(entry >>> 5) & (PAGE - 1)] ?? 0) & (1 << entry)) !== 0;
  }

  [Symbol.iterator](): Generator<number> {
    return marksOf(this.pages, []);
  }

  /** Each entry once. */
  add(entry: number, list: string): void {
    const at = entry >>> 15;
    while (this.pages.length <= at) this.pages.push(undefined);
    const page = this.pages[at] ?? new Uint32Array(PAGE);
    this.pages[at] = page;
    page[(entry >>> 5) & (PAGE - 1)]! |= 1 << entry;
    this.counts.set(list, (this.counts.get(list) ?? 0) + 1);
    this.count++;
  }
}

/** The bits that are set, but for those of earlier pages. */
function* marksOf(
  pages: readonly (Uint32Array | undefined)[],
  earlier: readonly (Uint32Array | undefined)[],
): Generator<number> {
  for (const [at, page] of pages.entries()) {
    const before = earlier[at];
    if (page === undefined || page === before) continue;
    for (let word = 0; word < PAGE; word++) {
      let anew = page[word]! & ~(before?.[word] ?? 0);
      for (; anew !== 0; anew &= anew - 1) {
        yield 32 * (PAGE * at + word) + 31 - Math.clz32(anew & -anew);
      }
    }
  }
}

function copyOf(page: Uint32Array | undefined): Uint32Array {
  return page?.slice() ?? new Uint32Array(PAGE);
}
