import { open, readFile, stat } from 'node:fs/promises';
import { type BlocklistEntry, createAllowList, type ListException } from '../../index.js';
import type { Store } from '../../server/index.js';
import { Failure, failureOf } from '../failure.js';
import { encoded } from '../file-name.js';
import { listPlaceOf } from '../lists/list-config.js';
import { readEach } from '../lists/lists.js';
import { configIn, savedBlocklist } from '../lists/saved-blocklist.js';
import { counted, type Output } from '../output.js';

/** Entries of a text list per change. */
const BATCH = 10_000;

/** The beginning of an allow list that was written as JSON. No entry of a list begins so. */
const ALLOW_LIST = /^\uFEFF?\s*\{\s*("radius"\s*:\s*\d+\s*,\s*)?"exceptions"\s*:/;
const HEAD_BYTES = 4096;

/** The result of a LIST: new or changed entries, and excluded ones. */
export interface Imported {
  readonly added: number;
  readonly degenerate: number;
  readonly withdrawn: number;
}

/**
 * Adds a LIST to a store.
 * @param list gets the entries of text lists and index files
 * @throws {Failure} if it cannot be read
 */
export async function importInto(
  store: Store,
  path: string,
  list: string | undefined,
  out: Output,
): Promise<Imported> {
  const exceptions = await exceptionsIn(path, out);
  if (exceptions) {
    if (list !== undefined) throw new Failure(`${path}: --list: exceptions are on no list`);
    const { allowed } = await store.apply({ allow: exceptions });
    return { added: allowed, degenerate: 0, withdrawn: 0 };
  }
  return (
    (await savedInto(store, path, list, out)) ??
    (await entriesInto(store, readEach(path, out), list, out))
  );
}

/** A blocklist is one change: what it has withdrawn never matches in between. */
async function savedInto(
  store: Store,
  path: string,
  list: string | undefined,
  out: Output,
): Promise<Imported | undefined> {
  const config = await configIn(path);
  if (config && 'store' in listPlaceOf(path, config)) {
    throw new Failure(`${path}: expected "list": its lists are already in a store`);
  }
  const wanted = { algorithm: undefined, bits: undefined, allowEmpty: true };
  const saved = await savedBlocklist(path, wanted);
  if (!saved) return undefined;
  if (list !== undefined) throw new Failure(`${path}: --list: its entries already have lists`);
  const { blocklist } = saved;
  out.stage('storing');
  const { added, rejected } = await store.apply({
    withdraw: blocklist.withdrawals,
    settings: Object.fromEntries(
      blocklist.lists().map(({ name, trust, tier, enabled, policy }) => {
        return [name, { trust, tier, enabled, ...(policy && { policy }) }];
      }),
    ),
    add: blocklist.entries(),
  });
  return { added, ...rejected };
}

async function entriesInto(
  store: Store,
  entries: AsyncIterable<BlocklistEntry>,
  list: string | undefined,
  { signal }: Output,
): Promise<Imported> {
  const done = { added: 0, degenerate: 0, withdrawn: 0 };
  for await (const batch of inBatches(entries)) {
    signal.throwIfAborted();
    const { added, rejected } = await store.apply({
      add: list === undefined ? batch : batch.map((entry) => ({ ...entry, list })),
    });
    done.added += added;
    done.degenerate += rejected.degenerate;
    done.withdrawn += rejected.withdrawn;
  }
  return done;
}

async function* inBatches(entries: AsyncIterable<BlocklistEntry>) {
  let batch: BlocklistEntry[] = [];
  for await (const entry of entries) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The exceptions in a file; undefined if it is something else. */
async function exceptionsIn(path: string, out: Output): Promise<ListException[] | undefined> {
  // A pipe is read once, as a list.
  if (path === '-' || !(await stat(encoded(path)).catch(() => undefined))?.isFile()) {
    return undefined;
  }
  try {
    if (!ALLOW_LIST.test(await headOf(path))) return undefined;
    const text = await readFile(encoded(path), 'utf8');
    const { radius, exceptions } = createAllowList(JSON.parse(text.replace(/^\uFEFF/, '')));
    if (radius > 0) out.say(path, `its radius of ${counted(radius, 'bit')} is not stored`);
    return exceptions;
  } catch (error) {
    // Messages of JSON.parse may quote.
    if (error instanceof SyntaxError) throw new Failure(`${path}: expected JSON`);
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new Failure(`${path}: ${error.message}`);
    }
    throw failureOf(path, error);
  }
}

async function headOf(path: string): Promise<string> {
  const file = await open(encoded(path));
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
