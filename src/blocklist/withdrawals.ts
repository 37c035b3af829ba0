import type { BlocklistEntry } from '../entry.js';
import { type Algorithm, type Hash, hashToHex } from '../hash.js';
import {
  copyOfWithdrawn,
  MOST_GROUPS,
  type Withdrawn,
  type WithdrawnGroup,
  type WithdrawnKey,
} from './withdrawn.js';

/** The forms of a withdrawal, by what it names; `ON_LIST` is added if it names a list, too. */
const [OF_HASH, OF_ID, OF_SOURCE, ON_LIST] = [0, 1, 2, 3];
const formOf = (key: WithdrawnKey): number =>
  ('id' in key ? (key.source === undefined ? OF_ID : OF_SOURCE) : OF_HASH) +
  (key.list === undefined ? 0 : ON_LIST);

/** A withdrawal, and its position in the order in which they were made. */
interface Placed {
  readonly withdrawal: Withdrawn;
  readonly place: number;
}

/** The withdrawals in force. A change is made to a copy, which takes microseconds to make. */
export class Withdrawals {
  #byKey = new SlottedMap<Placed>();
  /** number of withdrawals that cover a picture, by the picture and the list */
  #byGroup = new SlottedMap<number>();
  /** the pictures of each withdrawal, by its key, the picture and the list */
  #groups = new SlottedMap<true>();
  /** number of pictures of a withdrawal, by its key and the list */
  #groupsOf = new SlottedMap<number>();
  /** number of withdrawals of each form */
  #forms: readonly number[] = [0, 0, 0, 0, 0, 0];
  #next = 0;

  /** A copy. Do not change the original from then on. */
  fork(): Withdrawals {
    const copy = new Withdrawals();
    copy.#byKey = this.#byKey.fork();
    copy.#byGroup = this.#byGroup.fork();
    copy.#groups = this.#groups.fork();
    copy.#groupsOf = this.#groupsOf.fork();
    copy.#forms = this.#forms;
    copy.#next = this.#next;
    return copy;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** In the order in which they were first made. */
  values(): Withdrawn[] {
    const all = [...this.#byKey.values()].sort((a, b) => a.place - b.place);
    return all.map(({ withdrawal }) => withdrawal);
  }

  has(key: WithdrawnKey): boolean {
    return this.#byKey.has(keyOf(key));
  }

  /** The withdrawal that was made by this key, if it is in force. Do not modify it. */
  get(key: WithdrawnKey): Withdrawn | undefined {
    return this.#byKey.get(keyOf(key))?.withdrawal;
  }

  /**
   * Keeps a withdrawal; the reason and the groups of an earlier one stay.
   * @param withdrawal is kept, not copied, unless an earlier one has groups that it lacks
   * @returns true if anything changed
   */
  set(withdrawal: Withdrawn): boolean {
    const key = keyOf(withdrawal);
    const placed = this.#byKey.get(key);
    const known = placed?.withdrawal;
    const { reason = known?.reason, groups = [] } = withdrawal;
    const joined = groups.filter((each) => this.#join(key, withdrawal as Hash, each));
    if (known && known.reason === reason && joined.length === 0) return false;
    const before = known?.groups ?? [];
    const isWhole =
      before.length === 0 && joined.length === groups.length && withdrawal.reason === reason;
    this.#byKey.set(key, {
      withdrawal: isWhole ? withdrawal : withGroups(withdrawal, [...before, ...joined], reason),
      place: placed?.place ?? this.#next++,
    });
    if (!placed) this.#count(withdrawal, 1);
    return true;
  }

  delete(key: WithdrawnKey): boolean {
    const text = keyOf(key);
    const known = this.#byKey.get(text)?.withdrawal;
    if (!known) return false;
    this.#byKey.delete(text);
    for (const each of known.groups ?? []) this.#leave(text, known as Hash, each);
    this.#count(key, -1);
    return true;
  }

  /** True if this withdrawal is in force, for each of its groups, too. */
  holds(withdrawal: Withdrawn): boolean {
    const key = keyOf(withdrawal);
    const { groups = [] } = withdrawal;
    return (
      this.#byKey.has(key) && groups.every((each) => this.#isIn(key, withdrawal as Hash, each))
    );
  }

  /**
   * True if one of them covers this entry, whose hash may be unknown. Only keys of forms in force
   * are made: making all six took nearly half the time of adding an entry.
   */
  cover({ hash, group, id, source, list = '' }: Partial<Covered>): boolean {
    let hexes: string[] | undefined;
    for (const on of [undefined, list]) {
      const isOf = (form: number) => this.#forms[on === undefined ? form : form + ON_LIST]! > 0;
      if (id !== undefined) {
        if (isOf(OF_ID) && this.#byKey.has(keyOfId(id, undefined, on))) return true;
        const isOfSource = source !== undefined && isOf(OF_SOURCE);
        if (isOfSource && this.#byKey.has(keyOfId(id, source, on))) return true;
      }
      if (hash === undefined || !isOf(OF_HASH)) continue;
      hexes ??= hexesOf(hash, group);
      if (hexes.some((hex) => this.#byKey.has(keyOfHash(hash.algorithm, hex, on)))) return true;
    }
    if (this.#byGroup.size === 0 || hash === undefined) return false;
    return (hexes ?? hexesOf(hash, group)).some((hex) =>
      this.#byGroup.has(textOf(hash.algorithm, { group: hex, list })),
    );
  }

  /**
   * The withdrawals by the hash of this entry, for `set`, that should also cover its group, do not
   * yet, and have room for it.
   */
  widened({ hash, group, list = '' }: Covered): Withdrawn[] {
    if (group === undefined) return [];
    const hex = hashToHex(hash);
    if (group === hex) return [];
    const wider: Withdrawn[] = [];
    for (const on of [undefined, list]) {
      const key = keyOfHash(hash.algorithm, hex, on);
      const known = this.#byKey.get(key)?.withdrawal;
      if (!known || this.#isIn(key, hash, { group, list }) || this.#isFull(key, list)) continue;
      wider.push(copyOfWithdrawn({ ...known, groups: [{ group, list }] }));
    }
    return wider;
  }

  #isIn(key: string, { algorithm }: Hash, group: WithdrawnGroup): boolean {
    return this.#groups.has(`${key}\n${textOf(algorithm, group)}`);
  }

  #isFull(key: string, list: string): boolean {
    return (this.#groupsOf.get(`${key}\n${list}`) ?? 0) >= MOST_GROUPS;
  }

  /** Notes a group of a withdrawal, unless known or one too many. @returns true if it is noted */
  #join(key: string, hash: Hash, group: WithdrawnGroup): boolean {
    if (this.#isIn(key, hash, group) || this.#isFull(key, group.list)) return false;
    const text = textOf(hash.algorithm, group);
    this.#groups.set(`${key}\n${text}`, true);
    add(this.#byGroup, text, 1);
    add(this.#groupsOf, `${key}\n${group.list}`, 1);
    return true;
  }

  #leave(key: string, { algorithm }: Hash, group: WithdrawnGroup): void {
    const text = textOf(algorithm, group);
    if (!this.#groups.delete(`${key}\n${text}`)) return;
    add(this.#byGroup, text, -1);
    add(this.#groupsOf, `${key}\n${group.list}`, -1);
  }

  #count(key: WithdrawnKey, by: number): void {
    const form = formOf(key);
    this.#forms = this.#forms.map((count, at) => (at === form ? count + by : count));
  }
}

/** Counts up or down; counts of 0 are deleted. */
function add(counts: SlottedMap<number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** The reason for which an entry was rejected. */
export type RejectionReason = 'degenerate' | 'withdrawn';

/** Called with each rejected entry. */
export type OnRejected = (entry: BlocklistEntry, reason: RejectionReason) => void;

/** The members of an entry that a withdrawal may name. */
export type Covered = Pick<BlocklistEntry, 'hash' | 'group' | 'id' | 'source' | 'list'>;

/** A withdrawal with these groups in place of its own. */
function withGroups(
  withdrawal: Withdrawn,
  groups: readonly WithdrawnGroup[],
  reason: string | undefined,
): Withdrawn {
  const { groups: _, ...others } = withdrawal;
  return {
    ...others,
    ...(reason !== undefined && { reason }),
    ...(groups.length > 0 && { groups }),
  };
}

const textOf = (algorithm: Algorithm, { group, list }: WithdrawnGroup) =>
  keyOfHash(algorithm, group, list);

const hexesOf = (hash: Hash, group = ''): string[] => {
  const hex = hashToHex(hash);
  return group === '' || group === hex ? [hex] : [hex, group];
};

const keyOf = (key: WithdrawnKey): string =>
  'id' in key
    ? keyOfId(key.id, key.source, key.list)
    : keyOfHash(key.algorithm, hashToHex(key), key.list);

const keyOfId = (id: string, source: string | undefined, list: string | undefined) =>
  JSON.stringify([id, source, ...(list === undefined ? [] : [list])]);

const keyOfHash = (algorithm: Algorithm, hex: string, list: string | undefined) =>
  list === undefined ? `${algorithm} ${hex}` : `${algorithm} ${hex} ${JSON.stringify(list)}`;

/** Maps that share the keys: of a million keys, each holds about 250. */
const SLOTS = 4096;

/**
 * A map that is copied in microseconds, whatever its size. Setting a key in the copy copies only
 * the small map that holds the key, and leaves the original unchanged. A map that grew as a whole
 * would also move its content, which takes about 70 ms for a million keys.
 */
class SlottedMap<V> {
  #slots: (Map<string, V> | undefined)[] = [];
  /** the slots that are not shared with another map */
  readonly #owned = new Set<number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** A copy. Do not change the original from then on. */
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

/** Keys chosen to fall into one slot only make that one large. */
function slotOf(key: string): number {
  let mix = 0;
  for (let i = 0; i < key.length; i++) mix = Math.imul(mix ^ key.charCodeAt(i), 0x9e3779b1);
  return (mix >>> 16) & (SLOTS - 1);
}
