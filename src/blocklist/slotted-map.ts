/** Maps that the keys lie in: of a million keys, each holds about 250. */
const SLOTS = 4096;

/**
 * A map that is copied in microseconds, however large it is. What is set in the copy copies the
 * small map that its key lies in, and leaves the original as it was. A map that grew as a whole
 * would move all it holds, too, which takes about 70 ms for a million keys.
 */
export class SlottedMap<V> {
  #slots: (Map<string, V> | undefined)[] = [];
  /** the slots that no other map shares */
  readonly #owned = new Set<number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A copy. The original is not to be changed from then on. */
  fork(): SlottedMap<V> {
    const copy = new SlottedMap<V>();
    copy.#slots = this.#slots.slice();
    copy.#size = this.#size;
    return copy;
  }

  has(key: string): boolean {
    return this.#slots[slotOf(key)]?.has(key) ?? false;
  }

  get(key: string): V | undefined {
    return this.#slots[slotOf(key)]?.get(key);
  }

  set(key: string, value: V): void {
    const slot = this.#own(slotOf(key));
    const { size } = slot;
    slot.set(key, value);
    this.#size += slot.size - size;
  }

  delete(key: string): boolean {
    if (!this.has(key)) return false;
    this.#own(slotOf(key)).delete(key);
    this.#size--;
    return true;
  }

  /** In no particular order. */
  *values(): Generator<V> {
    for (const slot of this.#slots) if (slot) yield* slot.values();
  }

  #own(at: number): Map<string, V> {
    if (this.#slots.length === 0) this.#slots = new Array(SLOTS).fill(undefined);
    const slot = this.#slots[at];
    if (slot && this.#owned.has(at)) return slot;
    const copy = new Map(slot);
    this.#slots[at] = copy;
    this.#owned.add(at);
    return copy;
  }
}

/** Keys that were chosen to lie in one slot only make that one large. */
function slotOf(key: string): number {
  let mix = 0;
  for (let i = 0; i < key.length; i++) mix = Math.imul(mix ^ key.charCodeAt(i), 0x9e3779b1);
  return (mix >>> 16) & (SLOTS - 1);
}
