/** Which of the entries of a part are there. It does not change: what loses some is another. */
export class Living {
  readonly #gone: Uint32Array | undefined;
  /** how many are gone */
  readonly lost: number;
  /** how many of each list are gone */
  readonly lostOf: ReadonlyMap<string, number>;

  constructor(
    gone?: Uint32Array,
    lost = 0,
    lostOf: ReadonlyMap<string, number> = new Map<string, number>(),
  ) {
    this.#gone = gone;
    this.lost = lost;
    this.lostOf = lostOf;
  }

  has(entry: number): boolean {
    const word = this.#gone?.[entry >>> 5];
    return word === undefined || (word & (1 << entry)) === 0;
  }

  /**
   * The same without some entries of `size`.
   * @param listOf tells the list of each
   */
  without(entries: Iterable<number>, size: number, listOf: (entry: number) => string): Living {
    const gone = this.#copy(size);
    const lostOf = new Map(this.lostOf);
    let { lost } = this;
    for (const entry of entries) {
      const bit = 1 << entry;
      if ((gone[entry >>> 5]! & bit) !== 0) continue;
      gone[entry >>> 5]! |= bit;
      lost++;
      const list = listOf(entry);
      lostOf.set(list, (lostOf.get(list) ?? 0) + 1);
    }
    return lost === this.lost ? this : new Living(gone, lost, lostOf);
  }

  /**
   * The same without those of a set.
   * @param leaving `set`: a bit each; `counts`: how many of each list they were when `living` were
   *   there
   */
  withoutAll(
    {
      set,
      counts,
      living,
    }: { set: Uint32Array; counts: ReadonlyMap<string, number>; living: Living },
    listOf: (entry: number) => string,
  ): Living {
    const lostOf = new Map(this.lostOf);
    for (const [list, count] of counts) lostOf.set(list, (lostOf.get(list) ?? 0) + count);
    let lost = this.lost;
    for (const count of counts.values()) lost += count;
    for (const entry of this.since(living)) {
      if ((set[entry >>> 5]! & (1 << entry)) === 0) continue;
      const list = listOf(entry);
      lostOf.set(list, lostOf.get(list)! - 1);
      lost--;
    }
    const gone = this.#copy(32 * set.length);
    for (let i = 0; i < gone.length; i++) gone[i]! |= set[i]!;
    return new Living(gone, lost, lostOf);
  }

  /** Those that are gone here and are not in an earlier one of the same part. */
  *since(earlier: Living): Generator<number> {
    if (!this.#gone || this === earlier) return;
    for (let i = 0; i < this.#gone.length; i++) {
      let anew = this.#gone[i]! & ~(earlier.#gone?.[i] ?? 0);
      for (; anew !== 0; anew &= anew - 1) yield 32 * i + 31 - Math.clz32(anew & -anew);
    }
  }

  #copy(size: number): Uint32Array {
    // The part may have grown.
    const copy = new Uint32Array(Math.ceil(size / 32));
    if (this.#gone) copy.set(this.#gone);
    return copy;
  }
}
