import { changed } from '../blocklist/changed.js';
import { isDegenerate } from '../blocklist/degenerate.js';
import { EntryList } from '../blocklist/entry-list.js';
import type { OpenedEntries } from '../blocklist/kind.js';
import { begun, stepOf } from '../blocklist/list-change.js';
import { ListState, numbersOf, reasonToKeepOut } from '../blocklist/list-state.js';
import { ComingEntries, rowsOf } from '../blocklist/listed-entries.js';
import {
  checkListSettings,
  copyOfSettings,
  type ListSettings,
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
import { type BlocklistEntry, checkEntry } from '../entry.js';
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

/** A part of a blocklist: one entry, a table of entries, or an index file that is open. */
export type BlocklistPart = BlocklistEntry | PackedEntries | OpenedEntries;

export interface BlocklistOptions extends WatchOptions {
  /**
   * changes to the default policy; for PDQ it matches up to 31 bits, reviews up to 60 and asks for
   * quality 50
   */
  policy?: PolicyOptions;
  /** the settings of lists by name, as `apply` takes them; `''` is the unnamed one */
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

  constructor(options: BlocklistOptions = {}) {
    checkOptions(options);
    const { policy = {}, lists = {}, withdrawn = [], onKeptOut } = options;
    checkPolicy(policy);
    checkOptions(lists, 'lists to be an object: settings by name');
    for (const settings of Object.values(lists)) checkListSettings(settings);
    checkIterable(withdrawn, 'withdrawn to be an iterable of withdrawals');
    checkTypeOf('onKeptOut', onKeptOut, 'function');
    const first = new ListState();
    const change = {
      ...begun({ withdraw: withdrawn, settings: lists }),
      coming: new ComingEntries(),
    };
    super(onKeptOut, changed(first, stepOf(first, change, 0)!).state);
    this.policy = { ...policy, algorithms: { ...policy.algorithms } };
    this.#watch = new Watch(options);
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
   * saving and opening. Equal numbers of one list mean equal answers, as far as the
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
   * Why `apply` would keep this entry out; undefined if it would add it.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  reasonToKeepOut(entry: BlocklistEntry): KeptOutReason | undefined {
    checkEntry(entry);
    return reasonToKeepOut(entry, this.state.withdrawn);
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
  const filling = new Filling();
  for (const part of entries) filling.push(part);
  filling.into(blocklist);
  return blocklist;
}

async function filled(
  blocklist: Blocklist,
  entries: AsyncIterable<BlocklistPart>,
): Promise<Blocklist> {
  const filling = new Filling();
  for await (const part of entries) filling.push(part);
  filling.into(blocklist);
  return blocklist;
}

/** What a list is filled with. */
class Filling {
  readonly #coming = new ComingEntries();
  readonly #opened: OpenedEntries[] = [];

  push(part: BlocklistPart): void {
    checkObject(part, PART);
    if ('hash' in part) this.#coming.push(part);
    else if (part instanceof PackedEntries) for (const row of rowsOf(part)) this.#coming.push(row);
    else if (part.listed === undefined) throw new TypeError(`expected ${PART}`);
    else this.#opened.push(part);
  }

  into(blocklist: Blocklist): void {
    blocklist.addNow(this.#coming.tables, this.#opened);
  }
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
