import {
  checkAsyncIterable,
  checkInteger,
  checkIterable,
  checkObject,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import { type BlocklistEntry, checkEntry, checkListName } from '../entry.js';
import { DecodeError } from '../errors.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { type Algorithm, type Bits, checkKind } from '../hash.js';
import { inTurns } from '../in-turns.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { decide, type Search } from './decide.js';
import { type ChangingList, decideAsync, type SomeVariants } from './decide-async.js';
import { type Decision, unhashable } from './decision.js';
import { isDegenerate } from './degenerate.js';
import { Elsewhere } from './elsewhere.js';
import type { IndexedEntries } from './entry-rows.js';
import { Holdings } from './holdings.js';
import { filledEntries, type ListedEntries } from './listed-entries.js';
import { checkListSettings, copyOfSettings, type ListSettings, type Trust } from './lists.js';
import { checkPolicy, type PolicyOptions } from './policy.js';
import { checkRemoteLists, type RemoteList } from './remote-list.js';
import type { SearchThreadsStats } from './searching-threads.js';
import type { Shelf } from './shelf.js';
import { idsOf } from './shelves.js';
import { Watch, type WatchOptions } from './watch.js';
import {
  copyOf,
  type KeptOutReason,
  type OnKeptOut,
  type Withdrawn,
  type WithdrawnKey,
} from './withdrawals.js';

/** A part of a blocklist: one entry, a table of entries, or an existing index with its entries. */
export type BlocklistPart = BlocklistEntry | PackedEntries | IndexedEntries;

export interface BlocklistOptions extends WatchOptions {
  /**
   * changes to the default policy; for PDQ it matches up to 31 bits, reviews up to 60 and asks for
   * quality 50
   */
  policy?: PolicyOptions;
  /** the settings of lists by name, as `setList` takes them; `''` is the unnamed one */
  lists?: Readonly<Record<string, ListSettings>>;
  /** earlier withdrawals, as `withdrawals` returned them */
  withdrawn?: Iterable<Withdrawn>;
  /** called with each entry that is kept out; entries of an attached index are only counted */
  onKeptOut?: OnKeptOut;
}

/** A list of a blocklist. */
export interface ListInfo extends Required<Omit<ListSettings, 'policy'>> {
  /** empty for the unnamed one */
  readonly name: string;
  /** entries, also if the list is not enabled */
  readonly size: number;
  readonly trust: Trust;
  readonly policy?: PolicyOptions;
}

const QUERY = 'a hashed image, an iterable of its variants, or a DecodeError';

/**
 * Entries to match against, of any mix of algorithms and widths. Made by `createBlocklist`. A call
 * that throws has changed nothing, even if memory ran out halfway or `onKeptOut` threw.
 */
export class Blocklist {
  readonly policy: PolicyOptions;
  readonly #held: Holdings;
  readonly #watch: Watch;

  constructor(options: BlocklistOptions = {}) {
    checkOptions(options);
    const { policy = {}, lists = {}, withdrawn = [], onKeptOut } = options;
    checkPolicy(policy);
    checkOptions(lists, 'lists to be an object: settings by name');
    checkIterable(withdrawn, 'withdrawn to be an iterable of withdrawals');
    checkTypeOf('onKeptOut', onKeptOut, 'function');
    this.policy = { ...policy, algorithms: { ...policy.algorithms } };
    this.#watch = new Watch(options);
    this.#held = new Holdings(onKeptOut);
    for (const [name, settings] of Object.entries(lists)) this.setList(name, settings);
    for (const withdrawal of withdrawn) this.withdraw(withdrawal);
  }

  /** The number of entries; a query can match those on lists that are enabled. */
  get size(): number {
    let size = 0;
    for (const shelf of this.#held.shelves.all()) size += shelf.size;
    return size;
  }

  /**
   * The number of entries of one algorithm and width, also of those on lists that are off.
   * @throws {TypeError | RangeError} if there are no such hashes
   */
  sizeOf(algorithm: Algorithm, bits: Bits): number {
    checkKind(algorithm, bits);
    return this.#held.shelves.of(algorithm, bits).reduce((size, shelf) => size + shelf.size, 0);
  }

  /** Copies of the settings of lists, by the names of those that have any. */
  get settings(): Map<string, ListSettings> {
    const all = this.#held.lists.entries();
    return new Map(all.map(([name, settings]) => [name, copyOfSettings(settings)]));
  }

  /** How the threads that search the list fare; undefined if there are none. */
  get searchThreads(): SearchThreadsStats | undefined {
    return this.#held.threads?.stats();
  }

  /** The number of entries kept out so far, by reason. */
  get keptOut(): Readonly<Record<KeptOutReason, number>> {
    return { ...this.#held.keptOut };
  }

  /**
   * The number of entries in attached indexes whose degenerate entries were not counted. A search
   * skips degenerate entries, so decisions are the same.
   */
  get uncounted(): number {
    let size = 0;
    for (const shelf of this.#held.shelves.all()) if (shelf.uncounted) size += shelf.size;
    return size;
  }

  /** Copies of the withdrawals in force, for `options.withdrawn` of the next blocklist. */
  get withdrawals(): Withdrawn[] {
    return this.#held.withdrawn.values().map((withdrawal) => copyOf(withdrawal));
  }

  /**
   * Goes up with each change of the entries, the withdrawals or the settings of lists, also across
   * saving, opening and `replaceWith`. Equal numbers of one list mean equal answers, as far as the
   * allow list, the flood guard and remote lists have not changed theirs.
   */
  get generation(): number {
    return this.#held.generation;
  }

  /**
   * Copies of all entries that a query can match, or could if their list were enabled, in no
   * particular order.
   */
  entries(): IterableIterator<BlocklistEntry> {
    return entriesOf(this.#held.shelves.all());
  }

  /**
   * Whether there is an entry with exactly this hash, or with this id (of this source, if given; on
   * this list, if given), that a query can match, or could if its list were enabled.
   * @throws {TypeError | RangeError} if `key` is invalid
   */
  has(key: WithdrawnKey): boolean {
    const asked = copyOf(key);
    if (!('id' in asked) && isDegenerate(asked)) return false;
    return this.#held.shelves
      .all()
      .some((shelf) => idsOf(shelf, asked).some((id) => !('id' in asked) || shelf.canMatch(id)));
  }

  /**
   * Why `add` would keep this entry out; undefined if it would add it.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  reasonToKeepOut(entry: BlocklistEntry): KeptOutReason | undefined {
    checkEntry(entry);
    return this.#held.reasonToKeepOut(entry);
  }

  /**
   * Makes what the first decision and the first withdrawal would otherwise make at once, which
   * takes seconds for a million entries: the index, a table of the entries' ids and, if lists have
   * settings, the numbers of their entries. The event loop turns about every 5 ms, and the
   * blocklist can be used and changed meanwhile.
   * @param options `lists`: count the entries of each list even if none has settings, so that a
   *   list can be switched off without a pause; default false. `signal`: ends it
   * @throws the signal's reason if it aborts; what was made stays
   */
  async warm(options: { lists?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    checkOptions(options);
    const { lists = false, signal } = options;
    checkTypeOf('lists', lists, 'boolean');
    checkSignal(signal);
    signal?.throwIfAborted();
    for (const shelf of this.#held.shelves.all()) {
      await inTurns(shelf.warmSteps(this.policy, this.#held.lists, lists), signal);
    }
  }

  /**
   * Adds a copy of an entry; the next decision sees it. Degenerate hashes and withdrawn entries are
   * kept out.
   * @returns whether it was added; if not, `reasonToKeepOut` tells why
   * @throws {TypeError | RangeError} if `entry` is invalid, or its hash is marked as a draft
   */
  add(entry: BlocklistEntry): boolean {
    checkEntry(entry);
    return this.#held.add(entry);
  }

  /**
   * Adds an entry or a table of entries, as `add`, or attaches an index, which is searched as it
   * is. If this throws, nothing of the part is added. A large table blocks the event loop: for
   * about 15 µs an entry if the blocklist has been searched before. `addAll` does not.
   * @throws {TypeError | RangeError} if `part` is invalid
   */
  addPart(part: BlocklistPart): void {
    checkObject(part, 'an entry, PackedEntries or { index, entries }');
    if ('hash' in part) this.add(part);
    else if (part instanceof PackedEntries) this.#held.addAll(part);
    else this.#held.attach(part);
  }

  /**
   * Adds copies of entries, as `add`, all at once: a decision is about all of them or none. What
   * takes long is done before, while the event loop turns about every 5 ms, however many they are.
   * @param options `signal`: ends it between two entries, with nothing changed
   * @returns how many were added, not kept out; rejects if reading the entries does
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   */
  async addAll(
    entries: ListedEntries,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<{ added: number }> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    const anew = await filledEntries(undefined, entries, signal);
    const tables = anew.coming().map(({ rows }) => rows);
    const added = await inTurns(this.#held.addSteps(tables), signal);
    await this.#held.tidied(signal);
    return { added };
  }

  /**
   * Removes entries at once: no later decision finds them. The withdrawal is remembered. An entry
   * with the same hash or id that is added later, from a list that is read again or a feed that
   * lags, is kept out until `reinstate`.
   *
   * By a hash, a picture goes with all that names it as its group: its windows, and what is a part
   * or form of it. By the hash of a part, the picture goes as well, on the list that says which it
   * is, also if that entry comes later. Another picture under the same id stays. By an id, all goes
   * that has it, and just that stays out: a part that comes later without the id is taken.
   * @param withdrawal what to withdraw, from all lists or from the one that it names; what somebody
   *   else's list withdraws should name that list
   * @param options `reason`: why, for those who look after the list; it is kept and saved with the
   *   withdrawal
   * @returns how many entries were removed
   * @throws {TypeError | RangeError} if `withdrawal` or an option is invalid
   */
  withdraw(withdrawal: Withdrawn, options: { reason?: string } = {}): number {
    checkOptions(options);
    return this.#held.withdraw(copyOf(withdrawal, options.reason));
  }

  /**
   * Lifts a withdrawal, given as it was made, with all that it took, so that such entries can be
   * added again. The removed entries do not come back.
   * @returns whether there was such a withdrawal
   * @throws {TypeError | RangeError} if `withdrawal` is invalid
   */
  reinstate(withdrawal: WithdrawnKey): boolean {
    return this.#held.reinstate(copyOf(withdrawal));
  }

  /**
   * Sets how a list is used; the next decision goes by it. Settings that are absent stay as they
   * are; `policy` replaces the list's policy as a whole.
   *
   * Without settings, the unnamed list is own and others are shared (`Trust` has what that means),
   * and the blocklist's policy holds. The list that has the largest distances rules the search, so
   * that others may find more beyond 31 bits than they would by themselves. Once a list is switched
   * off, a decision needs the numbers of entries by lists. For an index that is attached or was
   * opened it counts them the first time, for 2 s a million: await `warm({ lists: true })` before.
   * @param name of the list, up to 200 characters, `''` for the unnamed one; it need not have
   *   entries yet. A remote list has the settings that it was made with, whatever is set under its
   *   name
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  setList(name: string, settings: ListSettings): void {
    checkListName(name);
    checkListSettings(settings);
    const before = this.#held.lists;
    const lists = before.with(name, settings);
    const isChanged = JSON.stringify(lists.of(name)) !== JSON.stringify(before.of(name));
    if (isChanged) this.#held.setLists(lists);
  }

  /**
   * Each list that has entries or settings. To count the entries of an attached index, it reads
   * them the first time, which takes seconds for a million.
   */
  lists(): ListInfo[] {
    const sizes = new Map<string, number>();
    for (const [name] of this.#held.lists.entries()) sizes.set(name, 0);
    for (const shelf of this.#held.shelves.all()) {
      for (const [name, count] of shelf.counts) {
        if (count > 0 || sizes.has(name)) sizes.set(name, count + (sizes.get(name) ?? 0));
      }
    }
    return [...sizes].map(([name, size]) => ({
      name,
      size,
      tier: 'match',
      enabled: true,
      trust: name === '' ? 'own' : 'shared',
      ...copyOfSettings(this.#held.lists.of(name)),
    }));
  }

  /**
   * Gives a list these entries in place of those that it has, at once: a decision is about the old
   * ones or the new ones, never about both. Entries that are there already stay in place, so that
   * reading a list again removes and adds only what has changed in it.
   *
   * The event loop turns about every 5 ms while the entries are read, compared and indexed, however
   * many have changed. They are then put in place in a moment: up to some hundred one by one, more
   * as an index of their own. At most four such indexes of a kind stay side by side; more are
   * merged afterwards, and what went is freed then, also while the event loop turns.
   *
   * Withdrawn and degenerate entries are kept out; who is told of them may be told twice if the
   * blocklist changes meanwhile. Entries that are added to the list meanwhile do not stay.
   * @param name of the list, `''` for the unnamed one; whatever list an entry names, it is on this
   *   one afterwards
   * @param entries the new ones; those of another blocklist are copied
   * @param options `signal`: ends it between two entries, with nothing changed
   * @returns how many entries were added and removed; rejects if reading the entries does
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   */
  async replaceList(
    name: string,
    entries: ListedEntries | Blocklist,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<{ added: number; removed: number }> {
    checkListName(name);
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    if (entries === this) throw new TypeError('expected another blocklist');
    const given = entries instanceof Blocklist ? entries.entries() : entries;
    const anew = await filledEntries(name, given, signal);
    const changed = await inTurns(this.#held.replaceSteps(name, anew, false), signal);
    await this.#held.tidied(signal);
    return changed;
  }

  /**
   * Removes a list, its entries and its settings, at once. An entry that comes later and names it
   * is on a list without settings.
   * @param name of the list, `''` for the unnamed one
   * @param options `signal`: ends it, with nothing changed
   * @returns how many entries were removed
   * @throws {TypeError} if an argument is invalid
   */
  async removeList(
    name: string,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<number> {
    checkListName(name);
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    const none = await filledEntries(name, [], signal);
    const { removed } = await inTurns(this.#held.replaceSteps(name, none, true), signal);
    await this.#held.tidied(signal);
    return removed;
  }

  /**
   * Takes the entries of `other` in place of its own, at once: a decision is about the old list or
   * about the new one, never about both, even if its variants come later. The withdrawals of both
   * are in force afterwards, so what was withdrawn here does not come back. The policy stays, and
   * so do the settings of lists; those of lists that have none here are taken over. `other` has no
   * entries afterwards. Warm it before, or this takes as long as its first decision.
   * @throws {TypeError} if `other` is not another blocklist
   */
  replaceWith(other: Blocklist): void {
    if (!(other instanceof Blocklist) || other === this) {
      throw new TypeError('expected another blocklist');
    }
    this.#held.takeFrom(other.#held);
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
   * came near to, and places near an entry are moved closer. A hashed image, as `hashFile` gives
   * it, has no pixels to do so: some edited copies that would match are then for review only. The
   * decision says by `refined` which it was. Decide about uploads by `checkUpload`.
   *
   * Keep distances from the uploader, and which variant matched: who knows them can change a
   * picture step by step until it is no longer found.
   * @param query variants, which are pulled only as needed; a hashed image; or the error that came
   *   instead, which makes the picture `unhashable`, as does an iterable without variants
   * @param options `all`: search every variant, even after a match; default false. `distance`: in
   *   bits, beyond which nothing is found, as if no policy had a larger one; default no such limit
   * @throws {TypeError | RangeError} if `query`, one of its variants or an option is invalid
   */
  decide(
    query: Iterable<HashedVariant> | HashedImage | DecodeError,
    options: { all?: boolean; distance?: number | undefined } = {},
  ): Decision {
    checkOptions(options);
    const { all = false, distance } = options;
    checkTypeOf('all', all, 'boolean');
    checkDistance(distance);
    const { policy } = this;
    if (query instanceof DecodeError) return unhashable(query, policy);
    checkObject(query, QUERY);
    checkIterable('hash' in query ? query.variants : query, QUERY);
    const variants = 'hash' in query ? variantsOf(query) : query;
    const rules = { policy, all, distance, lists: this.#held.lists, ...this.#watch.rules() };
    return this.#watch.told(decide(variants, this.#search(), rules));
  }

  /**
   * Decides as `decide`, about variants that may come one at a time from elsewhere: from another
   * process, say. The event loop turns about every 5 ms. The decision is about the list at its
   * end: what was withdrawn meanwhile is not in it. As with `decide`, fewer edited copies of a
   * hashed image match: see `refined` of the decision.
   * @param query as for `decide`, or an async iterable of variants
   * @param options as for `decide`; `signal`: ends it, also while it waits for a variant or an
   *   answer; `remote`: lists elsewhere that are asked about the main hash, by `createRemoteList`,
   *   unless an entry here matches it at once. They are waited for, unless a variant matches here
   *   and `all` is not set. While one does not answer, the verdict is not `none`
   * @returns rejects with `signal.reason` on abort, and with the error of an iterable that throws
   * @throws {TypeError | RangeError} if `query`, one of its variants or an option is invalid
   */
  async decideAsync(
    query: SomeVariants | HashedImage | DecodeError,
    options: {
      all?: boolean;
      distance?: number | undefined;
      signal?: AbortSignal | undefined;
      remote?: readonly RemoteList[];
    } = {},
  ): Promise<Decision> {
    checkOptions(options);
    const { all = false, distance, signal, remote = [] } = options;
    checkRemoteLists(remote);
    checkDistance(distance);
    checkTypeOf('all', all, 'boolean');
    checkSignal(signal);
    const { policy } = this;
    if (query instanceof DecodeError) return unhashable(query, policy);
    checkObject(query, QUERY);
    if ('hash' in query) checkIterable(query.variants, QUERY);
    else checkAsyncIterable(query, QUERY);
    const variants = 'hash' in query ? variantsOf(query) : query;
    const watched = this.#watch.rules();
    const { threads } = this.#held;
    const list: ChangingList = {
      generation: () => this.#held.generation,
      changes: () => this.#held.generation + this.#watch.generation,
      search: () => this.#search(),
      searchElsewhere:
        threads &&
        ((variant, policy) => {
          const { shelves, lists } = this.#held;
          return shelves.searchBy(threads, lists)(variant, policy);
        }),
      rules: () => ({ policy, all, distance, lists: this.#held.lists, ...watched }),
      // Whoever withdraws by source may mean the list or what the service calls it.
      isWithdrawn: (hit, list) =>
        [hit.source ?? list, list].some((source) =>
          this.#held.withdrawn.cover({ ...hit, source, list }),
        ),
    };
    const elsewhere = remote.length > 0 ? new Elsewhere(remote) : undefined;
    return this.#watch.told(await decideAsync(variants, list, signal, elsewhere));
  }

  /** Searches the entries that are in place now, whatever replaces them meanwhile. */
  #search(): Search {
    return this.#held.shelves.search(this.#held.lists);
  }

  /** What a list holds, for what saves and opens it. */
  static held(list: Blocklist): Holdings {
    return list.#held;
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

function checkDistance(distance: number | undefined): void {
  if (distance !== undefined) checkInteger('distance', distance, 0, 256);
}

function* entriesOf(shelves: readonly Shelf[]): Generator<BlocklistEntry> {
  for (const shelf of shelves) yield* shelf.entries();
}
