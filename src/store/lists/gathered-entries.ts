import { createHash } from 'node:crypto';
import type { BlocklistEntry } from '../../entry.js';
import { hexOf } from '../../hash.js';
import { eachInTurns } from '../../in-turns.js';
import {
  EntryTables,
  entriesOf,
  type ListedEntries,
  type PackedEntries,
} from '../../packed-entries.js';
import { checkStorable, keyOfEntry, valuesOf } from '../stored-entry.js';
import { type ChangeOptions, checkChange } from '../write.js';

/**
 * Copies of the entries of a change, read and checked before it begins: all other changes wait
 * while it runs, and must not wait for the source of the entries.
 */
export class GatheredEntries {
  readonly #additions = new EntryTables();
  /** of each entry, in input order */
  readonly #tableOf: PackedEntries[] = [];
  readonly #digest: ReturnType<typeof createHash> | undefined;

  /** @param isDigested whether `digest` will be asked for */
  constructor(isDigested = false) {
    if (isDigested) this.#digest = createHash('sha256');
  }

  /**
   * @param list the list that it is put on; undefined: the one that it names
   * @throws {TypeError | RangeError} if the entry is invalid, or a database cannot store it
   */
  push(entry: BlocklistEntry, list?: string): void {
    this.#tableOf.push(this.#additions.push(entry, list));
    checkStorable(entry.source, entry.id, entry.variant, list ?? entry.list);
    const put = list === undefined ? entry : { ...entry, list };
    this.#digest?.update(JSON.stringify(valuesOf(put, keyOfEntry(put)).map(inText)));
  }

  /**
   * The entries in input order, in batches.
   * @param onlyParts only those that name a group
   */
  *batches(most: number, onlyParts = false): Generator<BlocklistEntry[]> {
    if (onlyParts && this.#additions.tables.every(({ hasGroups }) => !hasGroups)) return;
    const rows = new Map<PackedEntries, number>();
    let batch: BlocklistEntry[] = [];
    for (const table of this.#tableOf) {
      const row = rows.get(table) ?? 0;
      rows.set(table, row + 1);
      if (onlyParts && table.groupAt(row) === undefined) continue;
      batch.push(table.entryAt(row));
      if (batch.length < most) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  /** Digest of the entries in order, in hex, if requested: equal ones mean the same change. */
  digest(): string | undefined {
    return this.#digest?.copy().digest('hex');
  }
}

const inText = (value: unknown) => (value instanceof Uint8Array ? hexOf(value) : value);

/**
 * @param change their change: its key needs their digest
 * @param list the list that all of them are put on; undefined: each goes on the one that it names
 * @throws {TypeError | RangeError} if an argument or an entry is invalid
 */
export async function gatheredEntries(
  entries: ListedEntries,
  change: ChangeOptions,
  list?: string,
): Promise<GatheredEntries> {
  checkChange(change);
  const gathered = new GatheredEntries(change.idempotencyKey !== undefined);
  await eachInTurns(entriesOf(entries), undefined, (entry) => gathered.push(entry, list));
  return gathered;
}
