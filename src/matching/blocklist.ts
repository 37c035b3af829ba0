import {
  checkAsyncIterable,
  checkIterable,
  checkObject,
  checkOptions,
  checkTypeOf,
} from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { DecodeError } from '../errors.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { type Algorithm, type Bits, bitsOf, type Hash, hashToHex } from '../hash.js';
import { checkIndex } from '../indexing/hamming-index.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { decide, type Found } from './decide.js';
import { type Decision, unhashable } from './decision.js';
import { isDegenerate } from './degenerate.js';
import { checkPolicy, type Policy, type PolicyOptions } from './policy.js';
import { type IndexedEntries, Shelf } from './shelf.js';

/**
 * What to withdraw: every entry with this hash, or every entry with this id (of this source, if
 * given).
 */
export type WithdrawnKey = Hash | { readonly id: string; readonly source?: string };

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
  withdrawn?: Iterable<WithdrawnKey>;
  /** called with each entry that is kept out; entries of an attached index are only counted */
  onKeptOut?: (entry: BlocklistEntry, reason: KeptOutReason) => void;
}

/**
 * Entries to match against, of any mix of algorithms and widths. Made by `createBlocklist`. A call
 * that throws has changed nothing, even if memory ran out halfway or `onKeptOut` threw.
 */
export class Blocklist {
  readonly policy: PolicyOptions;
  readonly #onKeptOut: ((entry: BlocklistEntry, reason: KeptOutReason) => void) | undefined;
  readonly #keptOut: Record<KeptOutReason, number> = { degenerate: 0, withdrawn: 0 };
  /** by algorithm and width; more than one if indexes were attached */
  readonly #shelves = new Map<string, Shelf[]>();
  readonly #withdrawn = new Map<string, WithdrawnKey>();

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

  /** The withdrawals in force, for `options.withdrawn` of the next blocklist. */
  get withdrawals(): WithdrawnKey[] {
    return [...this.#withdrawn.values()];
  }

  /**
   * Adds a copy of an entry; the next decision sees it. Degenerate hashes and withdrawn entries are
   * kept out.
   * @returns whether it was added
   * @throws {TypeError | RangeError} if `entry` is invalid
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
   * @returns how many entries were removed
   * @throws {TypeError | RangeError} if `withdrawal` is invalid
   */
  withdraw(withdrawal: WithdrawnKey): number {
    const kept = copyOf(withdrawal);
    const removals = this.#allShelves().map((shelf) => shelf.prepareRemoval(idsOf(shelf, kept)));
    this.#withdrawn.set(keyOf(kept), kept);
    return removals.reduce((count, remove) => count + remove(), 0);
  }

  /**
   * Lifts a withdrawal, given as it was made, so that such entries can be added again. The removed
   * entries do not come back.
   * @returns whether there was such a withdrawal
   * @throws {TypeError | RangeError} if `withdrawal` is invalid
   */
  reinstate(withdrawal: WithdrawnKey): boolean {
    return this.#withdrawn.delete(keyOf(copyOf(withdrawal)));
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
    const what = 'a hashed image, an iterable of its variants, or a DecodeError';
    checkObject(query, what);
    checkIterable('hash' in query ? query.variants : query, what);
    const variants = 'hash' in query ? variantsOf(query) : query;
    return decide(variants, (variant, policy) => this.#search(variant, policy), { policy, all });
  }

  #search({ hash, quality, ranks }: HashedVariant, policy: Policy): Found[] | undefined {
    const shelves = this.#shelvesOf(hash.algorithm, bitsOf(hash));
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
  }

  #attach(part: IndexedEntries): void {
    checkIndex(part.index);
    const { entries } = part;
    if (typeof entries?.entryAt !== 'function' || typeof entries.idAt !== 'function') {
      throw new TypeError('expected entries with functions entryAt and idAt');
    }
    const { algorithm, bits } = part.index;
    const shelf = new Shelf(algorithm, bits, part);
    const ids = new Set<number>();
    for (const withdrawal of this.#withdrawn.values()) {
      for (const id of idsOf(shelf, withdrawal)) ids.add(id);
    }
    const remove = shelf.prepareRemoval([...ids]);
    this.#shelvesOf(algorithm, bits).push(shelf);
    this.#keptOut.withdrawn += remove();
    this.#keptOut.degenerate += part.degenerate ?? 0;
  }

  #reasonToKeepOut(
    entry: Pick<BlocklistEntry, 'hash' | 'id' | 'source'>,
  ): KeptOutReason | undefined {
    if (isDegenerate(entry.hash)) return 'degenerate';
    return this.#isWithdrawn(entry) ? 'withdrawn' : undefined;
  }

  #isWithdrawn({ hash, id, source }: Pick<BlocklistEntry, 'hash' | 'id' | 'source'>): boolean {
    if (this.#withdrawn.size === 0) return false;
    return (
      this.#withdrawn.has(keyOf(hash)) ||
      (id !== undefined &&
        (this.#withdrawn.has(keyOf({ id })) ||
          (source !== undefined && this.#withdrawn.has(keyOf({ id, source })))))
    );
  }

  /** The shelf to which entries of this algorithm and width are added. */
  #shelfFor(algorithm: Algorithm, bits: Bits): Shelf {
    const shelves = this.#shelvesOf(algorithm, bits);
    if (shelves.length === 0) shelves.push(new Shelf(algorithm, bits));
    return shelves.at(-1)!;
  }

  #shelvesOf(algorithm: Algorithm, bits: Bits): Shelf[] {
    const kind = `${algorithm}-${bits}`;
    const shelves = this.#shelves.get(kind) ?? [];
    this.#shelves.set(kind, shelves);
    return shelves;
  }

  #allShelves(): Shelf[] {
    return [...this.#shelves.values()].flat();
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
  const { hash, quality, resample, ranks } = image;
  yield {
    name: 'original',
    hash,
    ...(quality !== undefined && { quality }),
    ...(resample !== undefined && { resample }),
    ...(ranks !== undefined && { ranks }),
  };
  yield* image.variants;
}

/** The ids of the entries that a withdrawal removes. */
function idsOf(shelf: Shelf, withdrawal: WithdrawnKey): number[] {
  return 'id' in withdrawal
    ? shelf.idsOfName(withdrawal.id, withdrawal.source)
    : shelf.idsOfHash(withdrawal);
}

function copyOf(withdrawal: WithdrawnKey): WithdrawnKey {
  checkObject(withdrawal, 'a hash or { id, source }');
  if ('id' in withdrawal) {
    const { id, source } = withdrawal;
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    checkTypeOf('source', source, 'string');
    return { id, ...(source !== undefined && { source }) };
  }
  bitsOf(withdrawal);
  return { algorithm: withdrawal.algorithm, bytes: withdrawal.bytes.slice() };
}

function keyOf(withdrawal: WithdrawnKey): string {
  return 'id' in withdrawal
    ? JSON.stringify([withdrawal.id, withdrawal.source])
    : `${withdrawal.algorithm} ${hashToHex(withdrawal)}`;
}
