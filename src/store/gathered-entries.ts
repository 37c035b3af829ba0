import { createHash } from 'node:crypto';
import { eachEntry, type ListedEntries } from '../blocklist/listed-entries.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { bitsOf, hexOf } from '../hash.js';
import { PackedEntries } from '../packed-entries.js';
import { checkStorable, keyOfEntry, valuesOf } from './stored-entry.js';
import { type ChangeOptions, checkChange } from './write.js';

/**
 * Copies of entries that a change is about. They are read and checked before it begins: while it
 * runs, all other changes wait, and must not do so for whoever gives the entries.
 */
export class GatheredEntries {
  readonly #tables = new Map<string, PackedEntries>();
  /** of each entry, in the order given */
  readonly #tableOf: PackedEntries[] = [];
  readonly #rowOf: number[] = [];
  readonly #told: ReturnType<typeof createHash> | undefined;

  /** @param isDigested whether `digest` will be asked for */
  constructor(isDigested = false) {
    if (isDigested) this.#told = createHash('sha256');
  }

  get size(): number {
    return this.#rowOf.length;
  }

  /** @throws {TypeError | RangeError} if the entry is invalid, or a database cannot keep it */
  push(entry: BlocklistEntry): void {
    const bits = bitsOf(entry.hash);
    const { algorithm } = entry.hash;
    const kind = `${algorithm}-${bits}`;
    const table = this.#tables.get(kind) ?? new PackedEntries(algorithm, bits);
    const row = table.push(entry);
    checkStorable(entry.source, entry.id, entry.variant, entry.list);
    this.#tables.set(kind, table);
    this.#tableOf.push(table);
    this.#rowOf.push(row);
    this.#told?.update(JSON.stringify(valuesOf(entry, keyOfEntry(entry)).map(inText)));
  }

  /** The entries that name a group, in batches. */
  *parts(most: number): Generator<BlocklistEntry[]> {
    if ([...this.#tables.values()].every(({ hasGroups }) => !hasGroups)) return;
    let batch: BlocklistEntry[] = [];
    for (let place = 0; place < this.size; place++) {
      if (this.#tableOf[place]!.groupAt(this.#rowOf[place]!) === undefined) continue;
      batch.push(this.at(place));
      if (batch.length < most) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  at(place: number): BlocklistEntry {
    return this.#tableOf[place]!.entryAt(this.#rowOf[place]!);
  }

  /** Of all entries in their order, in hex, if that was wanted: equal ones are the same change. */
  digest(): string | undefined {
    return this.#told?.copy().digest('hex');
  }
}

const inText = (value: unknown) => (value instanceof Uint8Array ? hexOf(value) : value);

/**
 * @param change that they are of: its key needs their digest
 * @param list that all of them are put on; undefined: each is on the one that it names
 * @throws {TypeError | RangeError} if an argument or an entry is invalid
 */
export async function gatheredEntries(
  entries: ListedEntries,
  change: ChangeOptions,
  list?: string,
): Promise<GatheredEntries> {
  checkChange(change);
  const gathered = new GatheredEntries(change.idempotencyKey !== undefined);
  await eachEntry(entries, undefined, (entry) => {
    // Its own list is checked, too.
    checkEntry(entry);
    gathered.push(list === undefined ? entry : { ...entry, list });
  });
  return gathered;
}
