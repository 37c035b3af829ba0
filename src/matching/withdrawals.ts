import { checkObject, checkTypeOf } from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { bitsOf, type Hash, hashToHex, newHash } from '../hash.js';

/**
 * What to withdraw: every entry with this hash, or every entry with this id (of this source, if
 * given). With `list`, only of the list of that name, so that a list withdraws no other's entries.
 */
export type WithdrawnKey = (Hash | { readonly id: string; readonly source?: string }) & {
  readonly list?: string;
};

/** A withdrawal in force, and why it was made, if that was told. */
export type Withdrawn = WithdrawnKey & { readonly reason?: string };

/** What a withdrawal names. */
interface Form {
  readonly isOfHash: boolean;
  readonly hasSource: boolean;
  readonly hasList: boolean;
}

/** The withdrawals in force, in the order in which they were first made. */
export class Withdrawals {
  readonly #byKey = new Map<string, Withdrawn>();
  /** how many withdrawals name what */
  readonly #forms: [Form, number][] = [];

  get size(): number {
    return this.#byKey.size;
  }

  values(): Withdrawn[] {
    return [...this.#byKey.values()];
  }

  has(key: WithdrawnKey): boolean {
    return this.#byKey.has(keyOf(key));
  }

  /** The withdrawal that was made by this key, if it is in force. It is not to be changed. */
  get(key: WithdrawnKey): Withdrawn | undefined {
    return this.#byKey.get(keyOf(key));
  }

  /**
   * Keeps a withdrawal; the reason of an earlier one stays if this has none.
   * @param withdrawal is kept, not copied
   * @returns whether anything changed
   */
  set(withdrawal: Withdrawn): boolean {
    const key = keyOf(withdrawal);
    const known = this.#byKey.get(key);
    const { reason = known?.reason } = withdrawal;
    if (known && known.reason === reason) return false;
    this.#byKey.set(key, withdrawal);
    if (!known) this.#count(withdrawal, 1);
    return true;
  }

  delete(key: WithdrawnKey): boolean {
    const isDeleted = this.#byKey.delete(keyOf(key));
    if (isDeleted) this.#count(key, -1);
    return isDeleted;
  }

  /**
   * Whether one of them is of this entry, whose hash is perhaps not told. Only keys of such forms
   * are made as are in force: to make all six took nearly half the time of adding an entry.
   * @param lifted those that do not count
   */
  cover({ hash, id, source, list = '' }: Partial<Covered>, lifted?: Withdrawals): boolean {
    for (const [form, count] of this.#forms) {
      if (count === 0 || (form.isOfHash ? hash : id) === undefined) continue;
      if (form.hasSource && source === undefined) continue;
      const key: WithdrawnKey = {
        ...(form.isOfHash ? hash! : { id: id!, ...(form.hasSource && { source: source! }) }),
        ...(form.hasList && { list }),
      };
      if (this.has(key) && !lifted?.has(key)) return true;
    }
    return false;
  }

  #count(key: WithdrawnKey, by: number): void {
    const isOfHash = !('id' in key);
    const hasSource = 'id' in key && key.source !== undefined;
    const hasList = key.list !== undefined;
    const known = this.#forms.find(
      ([form]) =>
        form.isOfHash === isOfHash && form.hasSource === hasSource && form.hasList === hasList,
    );
    if (known) known[1] += by;
    else this.#forms.push([{ isOfHash, hasSource, hasList }, by]);
  }
}

/** Why an entry was kept out of matching. */
export type KeptOutReason = 'degenerate' | 'withdrawn';

/** Called with each entry that is kept out. */
export type OnKeptOut = (entry: BlocklistEntry, reason: KeptOutReason) => void;

/** What of an entry a withdrawal may name. */
export type Covered = Pick<BlocklistEntry, 'hash' | 'id' | 'source' | 'list'>;

/**
 * A copy of a withdrawal that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid
 */
export function copyOf(withdrawal: Withdrawn, reason = withdrawal?.reason): Withdrawn {
  checkObject(withdrawal, 'a hash or { id, source }');
  checkTypeOf('reason', reason, 'string');
  const { list } = withdrawal;
  checkTypeOf('list', list, 'string');
  const told = { ...(list !== undefined && { list }), ...(reason !== undefined && { reason }) };
  if ('id' in withdrawal) {
    const { id, source } = withdrawal;
    if (typeof id !== 'string') throw new TypeError('expected id to be a string');
    checkTypeOf('source', source, 'string');
    return { id, ...(source !== undefined && { source }), ...told };
  }
  bitsOf(withdrawal);
  // Without the mark of a draft: a withdrawal is of these bits, whatever they were made of.
  return Object.assign(newHash(withdrawal.algorithm, new Uint8Array(withdrawal.bytes)), told);
}

function keyOf(key: WithdrawnKey): string {
  const on = key.list === undefined ? [] : [key.list];
  if ('id' in key) return JSON.stringify([key.id, key.source, ...on]);
  return [key.algorithm, hashToHex(key), ...on].join(' ');
}
