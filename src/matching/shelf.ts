import type { BlocklistEntry, EntryFacts, NumberedEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { type Algorithm, type Bits, type Hash, hexOf } from '../hash.js';
import type { HammingIndex, Hit } from '../indexing/hamming-index.js';
import { hitsOf, indexSteps, joined, MutableIndex } from '../indexing/mutable-index.js';
import { EXACT_DISTANCE } from '../indexing/near.js';
import { IdSet } from '../indexing/snapshot.js';
import { grown } from '../packed-words.js';
import { isDegenerate } from './degenerate.js';
import { type EntryRows, type IndexedEntries, rowsOf } from './entry-rows.js';
import { type FrozenIndex, frozenIndex } from './frozen-index.js';
import { Gradual } from './gradual.js';
import { HiddenIds, type Hiding } from './hidden-ids.js';
import { IdsByName } from './ids-by-name.js';
import { ListCounts } from './list-counts.js';
import { Lists } from './lists.js';
import { type Policy, type PolicyOptions, policyUnder } from './policy.js';
import type { SearchingThreads } from './searching-threads.js';

/** A shelf as it was when it was frozen. */
export interface FrozenShelf {
  readonly index: FrozenIndex;
  entryAt(id: number): BlocklistEntry;
  /** To be called once, when the entries are no longer needed. */
  release(): void;
}

/** Marks a removed entry; no entry has this id. */
const GONE = 0xffffffff;
const NO_HITS = /* @__PURE__ */ new Uint32Array(0);
/** Names that a step looks at: about 0.2 ms. */
const NAME_STEP = 256;
/** Attached entries of which a step tells whether they are on a list and can be found. */
const LISTED_STEP = 64;
/** Added entries of which a step tells whether they are on a list: about 0.1 ms. */
const LIST_STEP = 4096;

/**
 * The entries of one algorithm and width, under one index that gives each its id: first those of an
 * attached index, then those added here. The first search indexes the added entries all at once,
 * unless `warmSteps` did so before; later ones are indexed one by one. A call that throws has
 * changed nothing: everything that can fail comes before the first write.
 */
export class Shelf {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly #attached: EntryRows | undefined;
  readonly #added: PackedEntries;
  readonly #indexing: Gradual<HammingIndex>;
  /** the id of the first added entry */
  #firstId: number | undefined;
  /** the row in #added of each added entry, in the order of ids */
  #rows = new Uint32Array(0);
  #count = 0;
  /** erased rows of #added, for reuse */
  readonly #free: number[] = [];
  /** attached ids that were removed here */
  readonly #removed = new IdSet();
  readonly #hidden = new HiddenIds();
  #removals = 0;
  /** made by the first look-up of a name, unless `warmSteps` did so before */
  readonly #naming = new Gradual(() => this.#nameSteps());
  /** the ids by name, perhaps not all yet */
  #names: IdsByName | undefined;
  /** as the names, by the pictures that entries are parts of */
  readonly #grouping = new Gradual(() => this.#groupSteps());
  #groups: IdsByName | undefined;
  /** those who froze the shelf and have not released it */
  #holders = 0;
  /** the rows of entries that were removed since, by their ids */
  readonly #held = new Map<number, number>();
  readonly #counts: ListCounts;
  /** pairs of id and distance, of one search */
  #out = new Uint32Array(512);

  /** whether the index may hold degenerate entries that were not counted */
  readonly uncounted: boolean;
  /** whether its index is the blocklist's own: it has lost nothing, and another may replace it */
  readonly isOwn: boolean;

  /** @param options `isOwn`: as the field; default whether nothing is attached */
  constructor(
    algorithm: Algorithm,
    bits: Bits,
    attached?: IndexedEntries,
    { isOwn = attached === undefined } = {},
  ) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.isOwn = isOwn;
    this.uncounted = attached !== undefined && attached.degenerate === undefined;
    this.#added = new PackedEntries(algorithm, bits);
    this.#attached = attached?.entries;
    this.#counts = new ListCounts(
      attached?.entries,
      (id) => this.isOwn || !this.has(id) || this.#isFound(id),
    );
    this.#indexing = new Gradual(() => this.#buildSteps(), attached?.index);
  }

  /** The number of entries that a search can find. */
  get size(): number {
    return (this.index?.size ?? this.#added.size) - this.#hidden.size;
  }

  add(entry: BlocklistEntry): void {
    const { hash, id: name, group } = entry;
    if (this.#count === this.#rows.length) {
      this.#rows = grown(this.#rows, Math.max(64, 2 * this.#count));
    }
    const index = this.index;
    const free = this.#free.at(-1);
    const row = this.#added.put(entry, free);
    let id = this.#count;
    try {
      if (index) id = index.add(hash);
    } catch (error) {
      if (free === undefined) this.#added.pop();
      else this.#added.erase(row);
      throw error;
    }
    this.#free.pop();
    this.#firstId ??= id;
    this.#rows[this.#count++] = row;
    // Names that are still being noted will come to this one.
    if (name !== undefined) this.#naming.made?.add(name, id);
    if (group !== undefined) this.#grouping.made?.add(group, id);
    this.#counts.count(entry.list);
  }

  /** Returns a function that removes everything added from now on. That function cannot fail. */
  checkpoint(): () => void {
    const count = this.#count;
    this.#readyToRemove();
    return () => {
      for (let at = this.#count - 1; at >= count; at--) {
        const row = this.#rows[at]!;
        const [names, list] = [this.#namesOf(this.#added, row), this.#added.listAt(row)];
        const id = this.#firstId! + at;
        this.#counts.count(list, -1);
        if (this.index) this.#remove(id, names);
        else {
          this.#forget(names, id);
          this.#added.pop();
          this.#count--;
        }
      }
    };
  }

  /** The ids within `maxDistance` of `hash`, with their distances. */
  search(hash: Hash, maxDistance: number): Hit[] {
    if (maxDistance < 0 || this.size === 0) return [];
    const hits = this.#indexing.now().search(hash, Math.min(maxDistance, this.#added.bits));
    return this.#hidden.last ? hits.filter(({ id }) => !this.#hidden.has(id)) : hits;
  }

  /**
   * The entries within `matchDistance` of `hash`, and those of a near search within
   * `reviewDistance`: pairs of id and distance.
   */
  searchNear(
    hash: Hash,
    { matchDistance, reviewDistance }: Policy,
    ranks?: Uint8Array,
  ): Uint32Array {
    const { bits } = this.#added;
    if (Math.max(matchDistance, reviewDistance) < 0 || this.size === 0) return NO_HITS;
    const within = () =>
      this.#pairs((index, out) => index.searchInto(hash, Math.min(matchDistance, bits), out));
    if (reviewDistance <= matchDistance) return within();
    const near = this.#pairs((index, out) =>
      index.searchNearInto(hash, Math.min(reviewDistance, bits), out, { ranks }),
    );
    // A near search finds all to there.
    if (matchDistance <= EXACT_DISTANCE) return near;
    return joined([within(), hitsOf(near, (_, distance) => distance > matchDistance)]);
  }

  /**
   * As `searchNear`, as far as threads search it. It has to be read before an entry is removed.
   * @returns undefined if nothing of it is for them; resolves to undefined if they failed
   */
  searchNearBy(
    threads: SearchingThreads,
    hash: Hash,
    { matchDistance, reviewDistance }: Policy,
    ranks?: Uint8Array,
  ): Promise<Uint32Array | undefined> | undefined {
    const index = this.index;
    // What is exact is found here, in less time than a message takes.
    if (matchDistance > EXACT_DISTANCE || reviewDistance <= EXACT_DISTANCE) return undefined;
    if (!(index instanceof MutableIndex) || this.#added.bits !== 256) return undefined;
    const found = threads.searchNear(index, hash, Math.min(reviewDistance, 256), ranks);
    return found?.then((hits) => hits && this.#seenOf(hits));
  }

  #pairs(search: (index: HammingIndex, out: Uint32Array) => number): Uint32Array {
    const index = this.#indexing.now();
    const total = search(index, this.#out);
    if (total === 0) return NO_HITS;
    if (2 * total > this.#out.length) {
      this.#out = new Uint32Array(4 * total);
      search(index, this.#out);
    }
    return this.#seenOf(this.#out.slice(0, 2 * total));
  }

  /** Its index, if it is made. */
  get index(): HammingIndex | undefined {
    return this.#indexing.made;
  }

  entryAt(id: number): BlocklistEntry {
    const place = this.#placeOf(id);
    return place.rows.entryAt(place.row);
  }

  /** As `entryAt`, with the number by which a store calls it, for another shelf. */
  numberedAt(id: number): NumberedEntry {
    const { rows, row } = this.#placeOf(id);
    return rows === this.#added ? this.#added.numberedAt(row) : rows.entryAt(row);
  }

  /** The number by which a store calls an entry, if it came with one. */
  numberAt(id: number): number | undefined {
    if (!this.#isAdded(id)) return undefined;
    return this.#added.numberAt(this.#rows[id - this.#firstId!]!);
  }

  /** What a decision reads of an entry. The next call may overwrite it. */
  factsAt(id: number): EntryFacts {
    if (!this.#isAdded(id)) return this.#attached!.entryAt(id);
    return this.#added.factsAt(this.#rows[id - this.#firstId!]!);
  }

  /** The ids of the entries with exactly this hash. */
  idsOfHash(hash: Hash): number[] {
    const { algorithm, bits } = this.#added;
    if (hash.algorithm !== algorithm || hash.bytes.length * 8 !== bits) return [];
    return this.search(hash, 0).map(({ id }) => id);
  }

  /** The ids of the entries whose own id is `name`, of any source or of the given one. */
  idsOfName(name: string, source: string | undefined): number[] {
    const ids = [...(this.#attached?.rowsOf?.(name) ?? []), ...this.#naming.now().get(name)];
    return this.#there(ids).filter(
      (id) => source === undefined || this.entryAt(id).source === source,
    );
  }

  /** The ids of the entries that name this picture as their group. */
  idsOfGroup({ algorithm, bytes }: Hash): number[] {
    if (algorithm !== this.algorithm || bytes.length * 8 !== this.bits) return [];
    const group = hexOf(bytes);
    const ids = this.#attached?.rowsOfGroup?.(group) ?? [];
    return this.#there([...ids, ...this.#grouping.now().get(group)]);
  }

  /** Those that are there: an index may have lost attached ones before. */
  #there(ids: readonly number[]): number[] {
    return ids.filter(
      (id) => this.has(id) && (this.isOwn || this.#isAdded(id) || this.#isFound(id)),
    );
  }

  /** The numbers of entries by the names of their lists. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts.now();
  }

  /** Makes the numbers of entries by lists. */
  countSteps(): Generator<void, unknown> {
    return this.#counts.steps();
  }

  /** Whether a search can find an entry of a list that is enabled. */
  isSearched(lists: Lists): boolean {
    if (this.size === 0 || lists.areAllEnabled) return this.size > 0;
    for (const [list, count] of this.counts) if (count > 0 && lists.isEnabled(list)) return true;
    return false;
  }

  /**
   * The ids of the entries on a list, or on any, that a search can find, and how many entries have
   * ever been added here.
   */
  *listedSteps(list: string | undefined): Generator<void, { ids: number[]; added: number }> {
    const ids: number[] = [];
    const attached = this.#attached;
    // All entries of a hash at once: searching for each of many equal ones would take long.
    const found = new IdSet();
    let seen = 0;
    for (const id of attached ? rowsOf(attached) : []) {
      if (seen++ % LISTED_STEP === 0) yield;
      if (!this.has(id)) continue;
      if (this.isOwn && list === undefined) {
        ids.push(id);
        continue;
      }
      const entry = attached!.entryAt(id);
      if (list !== undefined && (entry.list ?? '') !== list) continue;
      // The index may have lost it before it was attached.
      if (!this.isOwn && !found.has(id)) {
        for (const each of this.idsOfHash(entry.hash)) found.add(each);
      }
      if (this.isOwn || found.has(id)) ids.push(id);
    }
    let added = 0;
    while (added < this.#count) {
      const end = Math.min(this.#count, added + LIST_STEP);
      ids.push(...this.#addedOn(list, added, end));
      added = end;
      yield;
    }
    return { ids, added };
  }

  /** Those of the ids that still have an entry, and of later entries on a list, or on any. */
  listedSince(
    list: string | undefined,
    { ids, added }: { readonly ids: readonly number[]; readonly added: number },
  ): number[] {
    return [...ids.filter((id) => this.has(id)), ...this.#addedOn(list, added, this.#count)];
  }

  *#addedOn(list: string | undefined, from: number, end: number): Generator<number> {
    for (let at = from; at < end; at++) {
      const id = this.#firstId! + at;
      if (!this.has(id)) continue;
      if (list === undefined || (this.#added.listAt(this.#rows[at]!) ?? '') === list) yield id;
    }
  }

  /** Whether there is an entry of this id; an index may have lost attached ones before. */
  has(id: number): boolean {
    if (this.#hidden.has(id)) return false;
    return this.#isAdded(id) ? this.#rows[id - this.#firstId!] !== GONE : !this.#removed.has(id);
  }

  /** Whether a query can match the entry of this id. */
  canMatch(id: number): boolean {
    return !isDegenerate(this.entryAt(id).hash) && this.#isFound(id);
  }

  /** Whether a search finds it: an index may have lost entries before it was attached. */
  #isFound(id: number): boolean {
    return this.idsOfHash(this.entryAt(id).hash).includes(id);
  }

  #seenOf(hits: Uint32Array): Uint32Array {
    return this.#hidden.last ? hitsOf(hits, (id) => !this.#hidden.has(id)) : hits;
  }

  /** Copies of the entries that a search can find, but for degenerate ones. */
  *entries(): Generator<BlocklistEntry> {
    const attached = this.#attached;
    const seen = new IdSet();
    for (const row of attached ? rowsOf(attached) : []) {
      if (seen.has(row) || !this.has(row)) continue;
      const { hash } = attached!.entryAt(row);
      if (isDegenerate(hash)) continue;
      // All entries of a hash at once: searching for each of many equal ones would take long.
      for (const id of this.idsOfHash(hash)) {
        if (seen.has(id) || this.#isAdded(id)) continue;
        seen.add(id);
        if (this.has(id)) yield attached!.entryAt(id);
      }
    }
    for (let at = 0; at < this.#count; at++) {
      if (this.has(this.#firstId! + at)) yield this.#added.entryAt(this.#rows[at]!);
    }
  }

  /**
   * Returns a function that removes the entries of these ids and returns their number. That
   * function cannot fail.
   */
  prepareRemoval(ids: readonly number[]): () => number {
    if (ids.length === 0) return () => 0;
    this.#indexing.now();
    this.#readyToRemove();
    const notes = ids.map((id) => {
      if (!this.#isAdded(id)) this.#removed.reserve(id);
      const { rows, row } = this.#placeOf(id);
      const list = rows === this.#added ? this.#added.listAt(row) : rows.entryAt(row).list;
      return { names: this.#namesOf(rows, row), list };
    });
    return () =>
      ids.reduceRight((count, id, i) => {
        const { names, list } = notes[i]!;
        const removed = this.#remove(id, names);
        if (removed > 0) this.#counts.count(list, -1);
        return count + removed;
      }, 0);
  }

  /** Makes what hides the entries of these ids. */
  *hidingSteps(ids: readonly number[]): Generator<void, Hiding> {
    yield* this.#indexing.steps();
    const removals = this.#removals;
    const set = new IdSet();
    const hidden: number[] = [];
    for (const [at, id] of ids.entries()) {
      if (at % LIST_STEP === 0) yield;
      if (!this.has(id) || set.has(id)) continue;
      set.add(id);
      hidden.push(id);
    }
    return { ids: hidden, set, count: hidden.length, removals };
  }

  /**
   * Hides entries of one list, those that are not gone by now. It cannot fail. `sweepSteps` removes
   * them.
   * @returns how many
   */
  hide(hiding: Hiding, list: string): number {
    if (this.#removals !== hiding.removals) {
      for (const id of hiding.ids) {
        if (!this.has(id) && hiding.set.delete(id)) hiding.count--;
      }
    }
    this.#counts.count(list, -hiding.count);
    this.#removals += hiding.count;
    this.#hidden.push(hiding);
    return hiding.count;
  }

  /** Whether entries are hidden that `sweepSteps` is to remove. */
  get isSwept(): boolean {
    return this.#hidden.last === undefined;
  }

  /** Removes what is hidden, one by one. */
  *sweepSteps(): Generator<void, void> {
    for (let hiding = this.#hidden.last; hiding; hiding = this.#hidden.last) {
      this.#readyToRemove();
      while (hiding.ids.length > 0) {
        const id = hiding.ids.at(-1)!;
        if (hiding.set.has(id)) {
          const { rows, row } = this.#placeOf(id);
          if (rows !== this.#added) this.#removed.reserve(id);
          this.#remove(id, this.#namesOf(rows, row));
          hiding.set.delete(id);
          hiding.count--;
        }
        hiding.ids.pop();
        yield;
      }
      this.#hidden.forget(hiding);
    }
  }

  /** It goes up with each entry that is hidden or removed. */
  get removals(): number {
    return this.#removals;
  }

  /** How many entries have ever been added here. */
  get added(): number {
    return this.#count;
  }

  get isIndexed(): boolean {
    return this.index !== undefined;
  }

  /** Makes the index, if it is not made. */
  indexSteps(): Generator<void, HammingIndex> {
    return this.#indexing.steps();
  }

  /** Makes what the first search within this policy and the first removal would make. */
  *warmSteps(
    changes: PolicyOptions,
    lists = new Lists(),
    isCounted = false,
  ): Generator<void, void> {
    yield* this.#indexing.steps();
    yield* this.#naming.steps();
    yield* this.#grouping.steps();
    // Once a list is switched off, a decision needs them.
    if (isCounted || lists.entries().length > 0) yield* this.countSteps();
    this.#readyToRemove();
    yield;
    const { algorithm, bits } = this.#added;
    const hash = { algorithm, bytes: new Uint8Array(bits / 8).fill(0x35) };
    this.searchNear(hash, lists.widest(changes, algorithm, bits));
  }

  /** The entries as they are now. Their rows are kept until they are released. */
  freeze(): FrozenShelf {
    const index = frozenIndex(this.#indexing.now());
    this.#holders++;
    return {
      index,
      entryAt: (id) => {
        const { rows, row } = this.#placeOf(id);
        return rows.entryAt(row === GONE ? this.#held.get(id)! : row);
      },
      release: () => {
        if (--this.#holders > 0) return;
        for (const row of this.#held.values()) this.#erase(row);
        this.#held.clear();
      },
    };
  }

  /** Indexes the added entries, also those that are added meanwhile. None is removed before. */
  *#buildSteps(): Generator<void, HammingIndex> {
    const { algorithm, bits, size: count, hashes } = this.#added;
    const { reviewDistance: maxDistance } = policyUnder({}, algorithm, bits);
    const words = new Int32Array(hashes.bytes.buffer, 0, (count * bits) / 32);
    const purpose = { kind: undefined, maxDistance, sketchBits: 32 } as const;
    const index = yield* indexSteps({ algorithm, bits, count, words }, purpose, { simd: 'auto' });
    for (let row = count; row < this.#added.size; row++) {
      yield;
      index.add(this.#added.hashAt(row));
    }
    return index;
  }

  /** Notes the names of all entries but those that `rowsOf` finds. */
  *#nameSteps(): Generator<void, IdsByName> {
    const names = new IdsByName();
    this.#names = names;
    const note = (name: string | undefined, id: number) => {
      if (name !== undefined) names.add(name, id);
    };
    const attached = this.#attached?.rowsOf ? undefined : this.#attached;
    let noted = 0;
    for (const id of attached ? rowsOf(attached) : []) {
      if (noted++ % NAME_STEP === 0) yield;
      note(attached!.idAt(id), id);
    }
    for (let at = 0; at < this.#count; at++) {
      if (at % NAME_STEP === 0) yield;
      const row = this.#rows[at]!;
      if (row !== GONE) note(this.#added.idAt(row), this.#firstId! + at);
    }
    return names;
  }

  /** Notes the groups of all entries but those that `rowsOfGroup` finds. */
  *#groupSteps(): Generator<void, IdsByName> {
    const groups = new IdsByName();
    this.#groups = groups;
    const note = (rows: EntryRows, row: number, id: number) => {
      const group = groupAt(rows, row);
      if (group !== undefined) groups.add(group, id);
    };
    const attached = this.#attached?.rowsOfGroup ? undefined : this.#attached;
    let noted = 0;
    for (const id of attached ? rowsOf(attached) : []) {
      if (noted++ % NAME_STEP === 0) yield;
      note(attached!, id, id);
    }
    // Most lists have none: then no entry is looked at.
    for (let at = 0; at < this.#count && this.#added.hasGroups; at++) {
      if (at % NAME_STEP === 0) yield;
      const row = this.#rows[at]!;
      if (row !== GONE) note(this.#added, row, this.#firstId! + at);
    }
    return groups;
  }

  /**
   * An index allocates in its first removal, even of an id that no entry has. This makes it do so
   * now.
   */
  #readyToRemove(): void {
    this.index?.remove(GONE);
  }

  /**
   * Removes one entry, and overwrites its hash if it was added here and nobody holds it. Returns 0
   * if it was already gone.
   */
  #remove(id: number, names: Names): number {
    const { rows, row } = this.#placeOf(id);
    if (row === GONE) return 0;
    this.#forget(names, id);
    if (rows === this.#added) {
      if (this.#holders > 0) this.#held.set(id, row);
      else this.#erase(row);
      this.#rows[id - this.#firstId!] = GONE;
    } else this.#removed.add(id);
    this.#removals++;
    return this.index!.remove(id);
  }

  #erase(row: number): void {
    this.#added.erase(row);
    this.#free.push(row);
  }

  #isAdded(id: number): boolean {
    return this.#firstId !== undefined && id >= this.#firstId;
  }

  #placeOf(id: number): { rows: EntryRows; row: number } {
    return this.#isAdded(id)
      ? { rows: this.#added, row: this.#rows[id - this.#firstId!]! }
      : { rows: this.#attached!, row: id };
  }

  /** What an entry was noted under, as far as anything was. */
  #namesOf(rows: EntryRows, row: number): Names {
    return {
      name: this.#names && rows.idAt(row),
      group: this.#groups && !rows.rowsOfGroup ? groupAt(rows, row) : undefined,
    };
  }

  #forget({ name, group }: Names, id: number): void {
    if (name !== undefined) this.#names?.delete(name, id);
    if (group !== undefined) this.#groups?.delete(group, id);
  }
}

/** The id and the group of an entry. */
interface Names {
  readonly name: string | undefined;
  readonly group: string | undefined;
}

const groupAt = (rows: EntryRows, row: number): string | undefined =>
  rows.groupAt ? rows.groupAt(row) : rows.entryAt(row).group;
