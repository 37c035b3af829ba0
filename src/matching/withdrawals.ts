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

/** The withdrawals in force, in the order in which they were first made. */
export class Withdrawals {
  readonly #byKey = new Map<string, Withdrawn>();

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
    return true;
  }

  delete(key: WithdrawnKey): boolean {
    return this.#byKey.delete(keyOf(key));
  }

  /** Whether one of them is of this entry, whose hash is perhaps not told. */
  cover({ hash, id, source, list = '' }: Partial<Covered>): boolean {
    if (this.size === 0) return false;
    return [{}, { list }].some(
      (on) =>
        (hash !== undefined && this.has({ ...hash, ...on })) ||
        (id !== undefined &&
          (this.has({ id, ...on }) || (source !== undefined && this.has({ id, source, ...on })))),
    );
  }
}

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
  return Object.assign(newHash(withdrawal.algorithm, withdrawal.bytes.slice()), told);
}

function keyOf(key: WithdrawnKey): string {
  const on = key.list === undefined ? [] : [key.list];
  if ('id' in key) return JSON.stringify([key.id, key.source, ...on]);
  return [key.algorithm, hashToHex(key), ...on].join(' ');
}
