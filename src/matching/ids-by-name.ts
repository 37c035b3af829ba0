/**
 * Names that one map may hold. A map that grows moves all it holds: 16,384 names take about 1 ms,
 * a million 70.
 */
const ROOM = 2 ** 14;

/**
 * Index ids by the entries' own ids, their names here; a name may have several ids. A million names
 * lie in some sixty maps, so that no change takes long. A look-up asks each of them, which takes
 * some microseconds.
 */
export class IdsByName {
  readonly #maps: Map<string, number | number[]>[] = [];
  /** the map that new names go to */
  #open: Map<string, number | number[]> | undefined;

  /** The ids under a name, in no particular order. */
  get(name: string): number[] {
    return this.#maps.flatMap((map) => map.get(name) ?? []);
  }

  add(name: string, id: number): void {
    const map = this.#mapFor(name);
    const ids = map.get(name);
    if (ids === undefined) map.set(name, id);
    else if (typeof ids === 'number') map.set(name, [ids, id]);
    else ids.push(id);
  }

  /** Removes an id, if it is there. The ids of a name are best removed last first. */
  delete(name: string, id: number): void {
    for (const map of this.#maps) {
      const ids = map.get(name);
      if (ids === id) map.delete(name);
      if (typeof ids !== 'object') continue;
      const at = ids.lastIndexOf(id);
      if (at < 0) continue;
      ids[at] = ids.at(-1)!;
      ids.pop();
      if (ids.length === 0) map.delete(name);
    }
  }

  /** A map with room, though not for long if half of what it held was deleted. */
  #mapFor(name: string): Map<string, number | number[]> {
    if (this.#open && (this.#open.size < ROOM || this.#open.has(name))) return this.#open;
    this.#open = this.#maps.find((map) => map.size < ROOM / 2);
    if (!this.#open) {
      this.#open = new Map();
      this.#maps.push(this.#open);
    }
    return this.#open;
  }
}
