import {
  checkAsyncIterable,
  checkIterable,
  checkObject,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { DecodeError } from '../errors.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { type Algorithm, type Bits, bitsOf } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { checkIndex } from '../indexing/hamming-index.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { decide, type Found, type Search } from './decide.js';
import { decideAsync, type SomeVariants } from './decide-async.js';
import { type Decision, unhashable } from './decision.js';
import { isDegenerate } from './degenerate.js';
import { checkPolicy, type PolicyOptions } from './policy.js';
import { type FrozenShelf, type IndexedEntries, Shelf } from './shelf.js';
import { copyOf, Withdrawals, type Withdrawn, type WithdrawnKey } from './withdrawals.js';

/** Why an entry was kept out of matching. */
export type KeptOutReason = 'degenerate' | 'withdrawn';

/** A part of a blocklist: one entry, a table of entries, or an existing index with its entries. */
export type BlocklistPart = BlocklistEntry | PackedEntries | IndexedEntries;

export interface BlocklistOptions {
  /**
   * changes to the default policy; for PDQ it matches up to 31 bits, reviews up to 60 and asks for
   * quality 50
   */
  policy?: PolicyOptions;
  /** earlier withdrawals, as `withdrawals` returned them */
  withdrawn?: Iterable<Withdrawn>;
  /** called with each entry that is kept out; entries of an attached index are only counted */
  onKeptOut?: (entry: BlocklistEntry, reason: KeptOutReason) => void;
}

/** A blocklist as it was when it was frozen, to be saved. */
export interface FrozenList extends Omit<SavedList, 'parts'> {
  readonly shelves: readonly FrozenShelf[];
}

/** What a saved blocklist holds. */
export interface SavedList {
  readonly generation: number;
  readonly keptOut: Readonly<Record<KeptOutReason, number>>;
  readonly withdrawals: readonly Withdrawn[];
  readonly parts: readonly IndexedEntries[];
}

const QUERY = 'a hashed image, an iterable of its variants, or a DecodeError';

/** The shelves by algorithm and width; more than one of a kind if indexes were attached. */
type Shelves = Map<string, Shelf[]>;

/**
 * Entries to match against, of any mix of algorithms and widths. Made by `createBlocklist`. A call
 * that throws has changed nothing, even if memory ran out halfway or `onKeptOut` threw.
 */
export class Blocklist {
  readonly policy: PolicyOptions;
  readonly #onKeptOut: ((entry: BlocklistEntry, reason: KeptOutReason) => void) | undefined;
  #keptOut: Record<KeptOutReason, number> = { degenerate: 0, withdrawn: 0 };
  #shelves: Shelves = new Map();
  #withdrawn = new Withdrawals();
  #generation = 0;

  constructor(options: BlocklistOptions = {}) {
    checkOptions(options);
    const { policy = {}, withdrawn = [], onKeptOut } = options;
    checkPolicy(policy);
    checkIterable(withdrawn, 'withdrawn to be an iterable of withdrawals');
    checkTypeOf('onKeptOut', onKeptOut, 'function');
    this.policy = { ...policy, algorithms: { ...policy.algorithms } };
    this.#onKeptOut = onKeptOut;
    for (const withdrawal of withdrawn) this.withdraw(withdrawal);
  }

  /** The number of entries that a query can match. */
  get size(): number {
    let size = 0;
    for (const shelf of this.#allShelves()) size += shelf.size;
    return size;
  }

  /** The number of entries kept out so far, by reason. */
  get keptOut(): Readonly<Record<KeptOutReason, number>> {
    return { ...this.#keptOut };
  }

  /**
   * The number of entries in attached indexes whose degenerate entries were not counted. A search
   * skips degenerate entries, so decisions are the same.
   */
  get uncounted(): number {
    let size = 0;
    for (const shelf of this.#allShelves()) if (shelf.uncounted) size += shelf.size;
    return size;
  }

  /** Copies of the withdrawals in force, for `options.withdrawn` of the next blocklist. */
  get withdrawals(): Withdrawn[] {
    return this.#withdrawn.values().map((withdrawal) => copyOf(withdrawal));
  }

  /**
   * Goes up with each change of the entries or the withdrawals, also across saving, opening and
   * `replaceWith`. Equal numbers of one list mean equal answers.
   */
  get generation(): number {
    return this.#generation;
  }

  /** Copies of all entries that a query can match, in no particular order. */
  entries(): IterableIterator<BlocklistEntry> {
    return entriesOf(this.#allShelves());
  }

  /**
   * Whether a query can match an entry with exactly this hash, or with this id (of this source, if
   * given).
   * @throws {TypeError | RangeError} if `key` is invalid
   */
  has(key: WithdrawnKey): boolean {
    const asked = copyOf(key);
    if (!('id' in asked) && isDegenerate(asked)) return false;
    return this.#allShelves().some((shelf) =>
      idsOf(shelf, asked).some((id) => !('id' in asked) || shelf.canMatch(id)),
    );
  }

  /**
   * Why `add` would keep this entry out; undefined if it would add it.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  reasonToKeepOut(entry: BlocklistEntry): KeptOutReason | undefined {
    checkEntry(entry);
    return this.#reasonToKeepOut(entry);
  }

  /**
   * Makes what the first decision and the first withdrawal would otherwise make at once, which
   * takes seconds for a million entries: the index, and a table of the entries' ids. The event loop
   * turns about every 5 ms, and the blocklist can be used and changed meanwhile.
   * @throws the signal's reason if it aborts; what was made stays
   */
  async warm(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    signal?.throwIfAborted();
    for (const shelf of this.#allShelves()) await inTurns(shelf.warmSteps(this.policy), signal);
  }

  /**
   * Adds a copy of an entry; the next decision sees it. Degenerate hashes and withdrawn entries are
   * kept out.
   * @returns whether it was added; if not, `reasonToKeepOut` tells why
   * @throws {TypeError | RangeError} if `entry` is invalid, or its hash is marked as a draft
   */
  add(entry: BlocklistEntry): boolean {
    checkEntry(entry);
    const bits = bitsOf(entry.hash);
    const reason = this.#reasonToKeepOut(entry);
    if (reason !== undefined) {
      this.#onKeptOut?.(entry, reason);
      this.#keptOut[reason]++;
      return false;
    }
    this.#shelfFor(entry.hash.algorithm, bits).add(entry);
    this.#generation++;
    return true;
  }

  /**
   * Adds an entry or a table of entries, as `add`, or attaches an index, which is searched as it
   * is. If this throws, nothing of the part is added.
   * @throws {TypeError | RangeError} if `part` is invalid
   */
  addPart(part: BlocklistPart): void {
    checkObject(part, 'an entry, PackedEntries or { index, entries }');
    if ('hash' in part) this.add(part);
    else if (part instanceof PackedEntries) this.#addAll(part);
    else this.#attach(part);
  }

  /**
   * Removes entries at once: no later decision finds them. The withdrawal is remembered. An entry
   * with the same hash or id that is added later, from a list that is read again or a feed that
   * lags, is kept out until `reinstate`. Windows of a photo are entries of their own: withdraw by
   * an id that they share, or each of them.
   * @param options `reason`: why, for those who look after the list; it is kept and saved with the
   *   withdrawal
   * @returns how many entries were removed
   * @throws {TypeError | RangeError} if `withdrawal` or an option is invalid
   */
  withdraw(withdrawal: Withdrawn, options: { reason?: string } = {}): number {
    checkOptions(options);
    const kept = copyOf(withdrawal, options.reason);
    const removals = this.#allShelves().map((shelf) => shelf.prepareRemoval(idsOf(shelf, kept)));
    const isNew = this.#withdrawn.set(kept);
    const removed = removals.reduce((count, remove) => count + remove(), 0);
    if (isNew || removed > 0) this.#generation++;
    return removed;
  }

  /**
   * Lifts a withdrawal, given as it was made, so that such entries can be added again. The removed
   * entries do not come back.
   * @returns whether there was such a withdrawal
   * @throws {TypeError | RangeError} if `withdrawal` is invalid
   */
  reinstate(withdrawal: WithdrawnKey): boolean {
    const isLifted = this.#withdrawn.delete(copyOf(withdrawal));
    if (isLifted) this.#generation++;
    return isLifted;
  }

  /**
   * Takes the entries of `other` in place of its own, at once: a decision is about the old list or
   * about the new one, never about both, even if its variants come later. The withdrawals of both
   * are in force afterwards, so what was withdrawn here does not come back. The policy stays.
   * `other` has no entries afterwards. Warm it before, or this takes as long as its first decision.
   * @throws {TypeError} if `other` is not another blocklist
   */
  replaceWith(other: Blocklist): void {
    if (!(other instanceof Blocklist) || other === this) {
      throw new TypeError('expected another blocklist');
    }
    // The other has already kept out what both withdrew.
    const own = this.#withdrawn.values();
    const missing = own.filter((withdrawal) => !other.#withdrawn.has(withdrawal));
    const removals = other.#allShelves().map((shelf) => prepareAll(shelf, missing));
    const withdrawn = new Withdrawals();
    for (const each of [...other.#withdrawn.values(), ...own]) withdrawn.set(each);
    const none: Shelves = new Map();
    // Nothing can fail from here on.
    const removed = removals.reduce((count, remove) => count + remove(), 0);
    this.#shelves = other.#shelves;
    other.#shelves = none;
    this.#withdrawn = withdrawn;
    this.#keptOut = { ...other.keptOut, withdrawn: other.keptOut.withdrawn + removed };
    this.#generation = Math.max(this.#generation, other.#generation) + 1;
    other.#generation++;
  }

  /**
   * Decides about one picture.
   *
   * Variants, the main hash first, are searched until one matches: exactly up to `matchDistance`.
   * If none does, those that a near search found up to `reviewDistance` are for review. That search
   * is not exact beyond 31 bits (see `HammingIndex.searchNear`). A match with a low quality is for
   * review.
   *
   * Variants that are made one at a time, by `variantsOf` or `variantsOfFile`, are told what they
   * came near to and look closer there: more of them match than of a hashed image's.
   *
   * Keep distances from the uploader, and which variant matched: who knows them can change a
   * picture step by step until it is no longer found.
   * @param query variants, which are pulled only as needed; a hashed image; or the error that came
   *   instead, which makes the picture `unhashable`, as does an iterable without variants
   * @param options `all`: search every variant, even after a match; default false
   * @throws {TypeError | RangeError} if `query` or one of its variants is invalid
   */
  decide(
    query: Iterable<HashedVariant> | HashedImage | DecodeError,
    options: { all?: boolean } = {},
  ): Decision {
    checkOptions(options);
    const { all = false } = options;
    checkTypeOf('all', all, 'boolean');
    const { policy } = this;
    if (query instanceof DecodeError) return unhashable(query, policy);
    checkObject(query, QUERY);
    checkIterable('hash' in query ? query.variants : query, QUERY);
    const variants = 'hash' in query ? variantsOf(query) : query;
    return decide(variants, this.#search(), { policy, all });
  }

  /**
   * Decides as `decide`, about variants that may come one at a time from elsewhere: from another
   * process, say. The event loop turns about every 5 ms. The decision is about the list at its
   * end: what was withdrawn meanwhile is not in it.
   * @param query as for `decide`, or an async iterable of variants
   * @param options `signal`: ends it, also while it waits for a variant
   * @returns rejects with `signal.reason` on abort, and with the error of an iterable that throws
   * @throws {TypeError | RangeError} if `query`, one of its variants or an option is invalid
   */
  async decideAsync(
    query: SomeVariants | HashedImage | DecodeError,
    options: { all?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<Decision> {
    checkOptions(options);
    const { all = false, signal } = options;
    checkTypeOf('all', all, 'boolean');
    checkSignal(signal);
    const { policy } = this;
    if (query instanceof DecodeError) return unhashable(query, policy);
    checkObject(query, QUERY);
    if ('hash' in query) checkIterable(query.variants, QUERY);
    else checkAsyncIterable(query, QUERY);
    const variants = 'hash' in query ? variantsOf(query) : query;
    const list = { generation: () => this.#generation, search: () => this.#search() };
    return await decideAsync(variants, list, { policy, all }, signal);
  }

  /** Searches the entries that are in place now, whatever replaces them meanwhile. */
  #search(): Search {
    const all = this.#shelves;
    return ({ hash, quality, ranks }, policy) => {
      const shelves = all.get(kindOf(hash.algorithm, bitsOf(hash))) ?? [];
      if (shelves.every((shelf) => shelf.size === 0)) return undefined;
      const found: Found[] = [];
      const isSure = (quality ?? 100) >= policy.minQuality && !isDegenerate(hash);
      for (const shelf of shelves) {
        for (const { id, distance } of shelf.searchNear(hash, policy, isSure ? ranks : undefined)) {
          const entry = shelf.entryAt(id);
          // An attached index may hold degenerate hashes.
          if (!isDegenerate(entry.hash)) found.push({ entry, distance });
        }
      }
      return found;
    };
  }

  #addAll(part: PackedEntries): void {
    const reasons = new Map<number, KeptOutReason>();
    for (let row = 0; row < part.size; row++) {
      const entry = this.#withdrawn.size > 0 ? part.entryAt(row) : { hash: part.hashAt(row) };
      const reason = this.#reasonToKeepOut(entry);
      if (reason !== undefined) reasons.set(row, reason);
    }
    // The callback may throw, so it is called before anything is added.
    for (const [row, reason] of reasons) this.#onKeptOut?.(part.entryAt(row), reason);
    const shelf = this.#shelfFor(part.algorithm, part.bits);
    const undo = shelf.checkpoint();
    try {
      for (let row = 0; row < part.size; row++) {
        if (!reasons.has(row)) shelf.add(part.entryAt(row));
      }
    } catch (error) {
      undo();
      throw error;
    }
    for (const reason of reasons.values()) this.#keptOut[reason]++;
    if (reasons.size < part.size) this.#generation++;
  }

  #attach(part: IndexedEntries): void {
    checkIndex(part.index);
    const { entries } = part;
    if (typeof entries?.entryAt !== 'function' || typeof entries.idAt !== 'function') {
      throw new TypeError('expected entries with functions entryAt and idAt');
    }
    const { algorithm, bits } = part.index;
    const shelf = new Shelf(algorithm, bits, part);
    const remove = prepareAll(shelf, this.#withdrawn.values());
    this.#shelvesOf(algorithm, bits).push(shelf);
    this.#keptOut.withdrawn += remove();
    this.#keptOut.degenerate += part.degenerate ?? 0;
    this.#generation++;
  }

  #reasonToKeepOut(
    entry: Pick<BlocklistEntry, 'hash' | 'id' | 'source'>,
  ): KeptOutReason | undefined {
    if (isDegenerate(entry.hash)) return 'degenerate';
    return this.#withdrawn.cover(entry) ? 'withdrawn' : undefined;
  }

  /** The shelf to which entries of this algorithm and width are added. */
  #shelfFor(algorithm: Algorithm, bits: Bits): Shelf {
    const shelves = this.#shelvesOf(algorithm, bits);
    if (shelves.length === 0) shelves.push(new Shelf(algorithm, bits));
    return shelves.at(-1)!;
  }

  #shelvesOf(algorithm: Algorithm, bits: Bits): Shelf[] {
    const kind = kindOf(algorithm, bits);
    const shelves = this.#shelves.get(kind) ?? [];
    this.#shelves.set(kind, shelves);
    return shelves;
  }

  #allShelves(): Shelf[] {
    return [...this.#shelves.values()].flat();
  }

  /**
   * Makes the indexes that are missing, step by step, and freezes the list at the last step. Its
   * shelves must be released.
   */
  static *freezeSteps(list: Blocklist): Generator<void, FrozenList> {
    // Another shelf may come while this one is indexed.
    const isCold = (shelf: Shelf) => !shelf.isIndexed;
    for (let cold = list.#allShelves().find(isCold); cold; cold = list.#allShelves().find(isCold)) {
      yield* cold.indexSteps();
    }
    const { generation, keptOut } = list;
    const withdrawals = list.#withdrawn.values();
    const shelves: FrozenShelf[] = [];
    try {
      for (const shelf of list.#allShelves()) if (shelf.size > 0) shelves.push(shelf.freeze());
    } catch (error) {
      for (const shelf of shelves) shelf.release();
      throw error;
    }
    return { generation, keptOut, withdrawals, shelves };
  }

  /** Gives an empty list what was saved: entries without those that it withdrew. */
  static restore(list: Blocklist, saved: SavedList): void {
    for (const each of saved.withdrawals) list.#withdrawn.set(copyOf(each));
    for (const { index, entries } of saved.parts) {
      const { algorithm, bits } = index;
      const shelf = new Shelf(algorithm, bits, { index, entries, degenerate: 0 });
      list.#shelvesOf(algorithm, bits).push(shelf);
    }
    list.#keptOut = { ...list.#keptOut, ...saved.keptOut };
    list.#generation = saved.generation;
  }
}

/**
 * Creates a blocklist from copies of `entries`. An attached index is kept, not copied: do not use
 * it elsewhere afterwards. An async iterable of entries gives a promise.
 * @throws {TypeError | RangeError} if an entry or an option is invalid
 * @example
 * const blocklist = await createBlocklist(readHashList(text));
 * const { verdict, reason, matches } = blocklist.decide(await hashFile(path));
 */
export function createBlocklist(
  entries: Iterable<BlocklistPart>,
  options?: BlocklistOptions,
): Blocklist;
export function createBlocklist(
  entries: AsyncIterable<BlocklistPart>,
  options?: BlocklistOptions,
): Promise<Blocklist>;
export function createBlocklist(
  entries: Iterable<BlocklistPart> | AsyncIterable<BlocklistPart>,
  options?: BlocklistOptions,
): Blocklist | Promise<Blocklist> {
  checkAsyncIterable(entries, 'an iterable of entries');
  const blocklist = new Blocklist(options);
  if (Symbol.asyncIterator in entries) return filled(blocklist, entries);
  for (const part of entries) blocklist.addPart(part);
  return blocklist;
}

async function filled(
  blocklist: Blocklist,
  entries: AsyncIterable<BlocklistPart>,
): Promise<Blocklist> {
  for await (const part of entries) blocklist.addPart(part);
  return blocklist;
}

function* variantsOf(image: HashedImage): Generator<HashedVariant> {
  const { hash, quality, resample, ranks, decoding } = image;
  yield {
    name: 'original',
    hash,
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(ranks !== undefined && { ranks }),
    ...(decoding !== undefined && { decoding }),
  };
  yield* image.variants;
}

/** The ids of the entries that a withdrawal removes. */
function idsOf(shelf: Shelf, withdrawal: WithdrawnKey): number[] {
  return 'id' in withdrawal
    ? shelf.idsOfName(withdrawal.id, withdrawal.source)
    : shelf.idsOfHash(withdrawal);
}

/** A function that removes what these withdrawals name, which cannot fail. */
function prepareAll(shelf: Shelf, withdrawals: readonly WithdrawnKey[]): () => number {
  const ids = new Set(withdrawals.flatMap((withdrawal) => idsOf(shelf, withdrawal)));
  return shelf.prepareRemoval([...ids]);
}

function* entriesOf(shelves: readonly Shelf[]): Generator<BlocklistEntry> {
  for (const shelf of shelves) yield* shelf.entries();
}

const kindOf = (algorithm: Algorithm, bits: Bits) => `${algorithm}-${bits}`;
