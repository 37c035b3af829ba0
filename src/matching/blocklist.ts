import { changed } from '../blocklist/changed.js';
import { isDegenerate } from '../blocklist/degenerate.js';
import { EntryList } from '../blocklist/entry-list.js';
import type { ListedPart } from '../blocklist/kind.js';
import { settledState } from '../blocklist/large-change.js';
import { listsWith } from '../blocklist/list-change.js';
import { ListState, numbersOf, reasonToKeepOut } from '../blocklist/list-state.js';
import { ComingEntries, type ListedEntries } from '../blocklist/listed-entries.js';
import {
  checkListSettings,
  copyOfSettings,
  type ListSettings,
  Lists,
  type Trust,
} from '../blocklist/lists.js';
import {
  copyOf,
  type KeptOutReason,
  type OnKeptOut,
  type Withdrawn,
  type WithdrawnKey,
} from '../blocklist/withdrawals.js';
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
import { type Algorithm, type Bits, checkKind } from '../hash.js';
import { PackedEntries } from '../packed-entries.js';
import { checkPolicy, type PolicyOptions } from '../policy.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { decide } from './decide.js';
import { type ChangingList, decideAsync, type SomeVariants } from './decide-async.js';
import { type Decision, unhashable } from './decision.js';
import { Elsewhere } from './elsewhere.js';
import { checkRemoteLists, type RemoteList } from './remote-list.js';
import { searchBy, searchOf } from './search.js';
import type { SearchingThreads, SearchThreadsStats } from './searching-threads.js';
import { Watch, type WatchOptions } from './watch.js';

/** An index file that is open, as `openIndex` gives it; it is searched as it is. */
export interface OpenedEntries {
  readonly listed: ListedPart;
  /** degenerate entries that it left out */
  readonly degenerate: number | undefined;
}

/** A part of a blocklist: one entry, a table of entries, or an index file that is open. */
export type BlocklistPart = BlocklistEntry | PackedEntries | OpenedEntries;

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
  /** called with each entry that is kept out */
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

const PART = 'an entry, PackedEntries or an index of openIndex';
const QUERY = 'a hashed image, an iterable of its variants, or a DecodeError';

/**
 * Entries to match against, of any mix of algorithms and widths. Made by `createBlocklist`. A call
 * that throws has changed nothing, even if memory ran out halfway or `onKeptOut` threw.
 */
export class Blocklist extends EntryList {
  readonly policy: PolicyOptions;
  readonly #watch: Watch;
  /** where decisions that may wait are searched */
  threads: SearchingThreads | undefined;
  /** by path: checksums of the saved states that are part of this one */
  origins: ReadonlyMap<string, readonly number[]> = new Map();

  constructor(options: BlocklistOptions = {}) {
    checkOptions(options);
    const { policy = {}, lists = {}, withdrawn = [], onKeptOut } = options;
    checkPolicy(policy);
    checkOptions(lists, 'lists to be an object: settings by name');
    checkIterable(withdrawn, 'withdrawn to be an iterable of withdrawals');
    checkTypeOf('onKeptOut', onKeptOut, 'function');
    super(onKeptOut);
    this.policy = { ...policy, algorithms: { ...policy.algorithms } };
    this.#watch = new Watch(options);
    for (const [name, settings] of Object.entries(lists)) this.setList(name, settings);
    const withdraw = [...withdrawn].map((each) => copyOf(each));
    if (withdraw.length > 0) this.commit(() => ({ withdraw }));
  }

  /** The number of entries; a query can match those on lists that are enabled. */
  get size(): number {
    return this.state.size;
  }

  /**
   * The number of entries of one algorithm and width, also of those on lists that are off.
   * @throws {TypeError | RangeError} if there are no such hashes
   */
  sizeOf(algorithm: Algorithm, bits: Bits): number {
    checkKind(algorithm, bits);
    return this.state.of({ algorithm, bits }).size;
  }

  /** Copies of the settings of lists, by the names of those that have any. */
  get settings(): Map<string, ListSettings> {
    const all = this.state.lists.entries();
    return new Map(all.map(([name, settings]) => [name, copyOfSettings(settings)]));
  }

  /** How the threads that search the list fare; undefined if there are none. */
  get searchThreads(): SearchThreadsStats | undefined {
    return this.threads?.stats();
  }

  /** The number of entries kept out so far, by reason. */
  get keptOut(): Readonly<Record<KeptOutReason, number>> {
    return { ...this.state.keptOut };
  }

  /** Copies of the withdrawals in force, for `options.withdrawn` of the next blocklist. */
  get withdrawals(): Withdrawn[] {
    return this.state.withdrawn.values().map((withdrawal) => copyOf(withdrawal));
  }

  /**
   * Goes up with each change of the entries, the withdrawals or the settings of lists, also across
   * saving, opening and `replaceWith`. Equal numbers of one list mean equal answers, as far as the
   * allow list, the flood guard and remote lists have not changed theirs.
   */
  get generation(): number {
    return this.state.generation;
  }

  /**
   * Copies of all entries that a query can match, or could if their list were enabled, in no
   * particular order.
   */
  entries(): IterableIterator<BlocklistEntry> {
    return entriesOf(this.state);
  }

  /**
   * Whether there is an entry with exactly this hash, or with this id (of this source, if given; on
   * this list, if given), that a query can match, or could if its list were enabled.
   * @throws {TypeError | RangeError} if `key` is invalid
   */
  has(key: WithdrawnKey): boolean {
    const asked = copyOf(key);
    if (!('id' in asked) && isDegenerate(asked)) return false;
    return [...this.state.kinds.values()].some((kind) => numbersOf(kind, asked).length > 0);
  }

  /**
   * Why `add` would keep this entry out; undefined if it would add it.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  reasonToKeepOut(entry: BlocklistEntry): KeptOutReason | undefined {
    checkEntry(entry);
    return reasonToKeepOut(entry, this.state.withdrawn);
  }

  /**
   * Resolves once nothing is prepared or merged.
   * @throws the signal's reason if it has aborted before or by then
   */
  async warm(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    signal?.throwIfAborted();
    await this.settled();
    signal?.throwIfAborted();
  }

  /**
   * Adds a copy of an entry; the next decision sees it. Degenerate hashes and withdrawn entries are
   * kept out.
   * @returns whether it was added; if not, `reasonToKeepOut` tells why
   * @throws {TypeError | RangeError} if `entry` is invalid, or its hash is marked as a draft
   */
  add(entry: BlocklistEntry): boolean {
    checkEntry(entry);
    const coming = new ComingEntries();
    coming.push(entry);
    return this.commit(() => ({ add: [...coming.entries()] })).added > 0;
  }

  /**
   * Adds an entry or a table of entries, as `add`. If this throws, nothing of the part is added. A
   * large table blocks the event loop; `apply` does not.
   * @throws {TypeError | RangeError} if `part` is invalid
   */
  addPart(part: BlocklistPart): void {
    checkObject(part, PART);
    if ('hash' in part) this.add(part);
    else if (part instanceof PackedEntries) this.addNow([part]);
    else this.#attach(part);
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
    if (!(entries instanceof PackedEntries)) {
      checkAsyncIterable(entries, 'an iterable of entries');
    }
    const { added } = await this.apply({ add: entries }, { signal });
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
    const withdraw = [copyOf(withdrawal, options.reason)];
    return this.commit(() => ({ withdraw })).removed;
  }

  /**
   * Lifts a withdrawal, given as it was made, with all that it took, so that such entries can be
   * added again. The removed entries do not come back.
   * @returns whether there was such a withdrawal
   * @throws {TypeError | RangeError} if `withdrawal` is invalid
   */
  reinstate(withdrawal: WithdrawnKey): boolean {
    const reinstate = [copyOf(withdrawal)];
    return this.commit(() => ({ reinstate })).reinstated > 0;
  }

  /**
   * Sets how a list is used; the next decision goes by it. Settings that are absent stay as they
   * are; `policy` replaces the list's policy as a whole.
   *
   * Without settings, the unnamed list is own and others are shared (`Trust` has what that means),
   * and the blocklist's policy holds. The list that has the largest distances rules the search, so
   * that others may find more beyond 31 bits than they would by themselves.
   * @param name of the list, up to 200 characters, `''` for the unnamed one; it need not have
   *   entries yet. A remote list has the settings that it was made with, whatever is set under its
   *   name
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  setList(name: string, settings: ListSettings): void {
    checkListName(name);
    checkListSettings(settings);
    this.commit(({ lists }) => ({ lists: listsWith(lists, { [name]: settings }) }));
  }

  /** Each list that has entries or settings. */
  lists(): ListInfo[] {
    const sizes = new Map<string, number>();
    for (const [name] of this.state.lists.entries()) sizes.set(name, 0);
    for (const kind of this.state.kinds.values()) {
      for (const [name, count] of kind.counts) {
        if (count > 0 || sizes.has(name)) sizes.set(name, count + (sizes.get(name) ?? 0));
      }
    }
    return [...sizes].map(([name, size]) => ({
      name,
      size,
      tier: 'match',
      enabled: true,
      trust: name === '' ? 'own' : 'shared',
      ...copyOfSettings(this.state.lists.of(name)),
    }));
  }

  /**
   * Gives a list these entries in place of those that it has, at once: a decision is about the old
   * ones or the new ones, never about both. Entries that are there already stay in place, so that
   * reading a list again removes and adds only what has changed in it.
   *
   * The event loop turns about every 5 ms while the entries are read, compared and indexed, however
   * many have changed. They are then put in place in a moment: up to some hundred one by one, more
   * as a segment of their own. Segments are merged afterwards, and what went is freed then, also
   * while the event loop turns.
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
    const replace = { list: name, entries: given };
    const { added, removed } = await this.apply({ replace }, { signal });
    return { added, removed };
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
    const replace = { list: name, entries: [] };
    return (await this.apply({ replace, settings: { [name]: null } }, { signal })).removed;
  }

  /**
   * Takes the entries of `other` in place of its own, at once: a decision is about the old list or
   * about the new one, never about both, even if its variants come later. The withdrawals of both
   * are in force afterwards, so what was withdrawn here does not come back. The policy stays, and
   * so do the settings of lists; those of lists that have none here are taken over. `other` has no
   * entries afterwards, unless a file keeps it. Warm it before, or this takes as long as its
   * first decision.
   * @throws {TypeError} if `other` is not another blocklist
   */
  replaceWith(other: Blocklist): void {
    if (!(other instanceof Blocklist) || other === this) {
      throw new TypeError('expected another blocklist');
    }
    this.#takeFrom(other);
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
    const { lists } = this.state;
    const rules = { policy, all, distance, lists, ...this.#watch.rules() };
    return this.#watch.told(decide(variants, searchOf(this.state), rules));
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
    const { threads } = this;
    const list: ChangingList = {
      generation: () => this.generation,
      changes: () => this.generation + this.#watch.generation,
      search: () => searchOf(this.state),
      searchElsewhere: threads && searchBy(() => this.state, threads),
      rules: () => ({ policy, all, distance, lists: this.state.lists, ...watched }),
      // Whoever withdraws by source may mean the list or what the service calls it.
      isWithdrawn: (hit, list) =>
        [hit.source ?? list, list].some((source) =>
          this.state.withdrawn.cover({ ...hit, source, list }),
        ),
    };
    const elsewhere = remote.length > 0 ? new Elsewhere(remote) : undefined;
    return this.#watch.told(await decideAsync(variants, list, signal, elsewhere));
  }

  #attach({ listed, degenerate = 0 }: OpenedEntries): void {
    if (listed === undefined) throw new TypeError(`expected ${PART}`);
    this.commit(({ withdrawn }) => ({
      prepared: {
        leaving: new Map(),
        arriving: [listed],
        withdrawn: withdrawn.values(),
        keptOut: [],
        degenerate: degenerate + listed.living.lost,
      },
    }));
  }

  #takeFrom(other: Blocklist): void {
    const own = this.state;
    // What is kept goes on, so the newest entries of both must not lie in one table.
    const taken = other.isKept ? settledState(other.state) : other.state;
    // The other has already kept out what both withdrew.
    const missing = own.withdrawn.values().filter((each) => !taken.withdrawn.holds(each));
    const { state } = changed(new ListState({ ...taken, keptOut: taken.keptOut }), {
      withdraw: missing,
    });
    const removed = taken.size - state.size;
    const lists = new Lists([...taken.lists.entries(), ...own.lists.entries()]);
    const { degenerate, withdrawn } = state.keptOut;
    const origins = new Map(other.origins);
    for (const [path, sums] of this.origins) {
      origins.set(path, [...sums, ...(origins.get(path) ?? [])]);
    }
    // Nothing can fail from here on.
    const generation = Math.max(own.generation, taken.generation) + 1;
    const keptOut = { degenerate, withdrawn: withdrawn + removed };
    this.become(new ListState({ ...state, lists, keptOut, generation }));
    if (!other.isKept) {
      other.become(new ListState({ ...taken, kinds: new Map(), generation: taken.generation + 1 }));
    }
    this.origins = origins;
  }
}

/**
 * Creates a blocklist from copies of `entries`. An async iterable of entries gives a promise.
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
  const coming = new ComingEntries();
  for (const part of entries) push(blocklist, coming, part);
  blocklist.addNow(coming.tables);
  return blocklist;
}

async function filled(
  blocklist: Blocklist,
  entries: AsyncIterable<BlocklistPart>,
): Promise<Blocklist> {
  const coming = new ComingEntries();
  for await (const part of entries) push(blocklist, coming, part);
  blocklist.addNow(coming.tables);
  return blocklist;
}

function push(blocklist: Blocklist, coming: ComingEntries, part: BlocklistPart): void {
  checkObject(part, PART);
  if ('hash' in part) coming.push(part);
  else if (!(part instanceof PackedEntries)) blocklist.addPart(part);
  else for (let row = 0; row < part.size; row++) coming.push(part.numberedAt(row));
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

function* entriesOf({ kinds }: ListState): Generator<BlocklistEntry> {
  for (const kind of kinds.values())
    for (const number of kind.numbers()) yield kind.entryAt(number);
}
