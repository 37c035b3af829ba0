import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { hashesOf, uniformHashes } from '../workloads.js';

/** Seed of the hashes of lists. Queries need another. */
export const LIST_SEED = 5;

/** A list of `count` random hashes and some more, ready to be searched. */
export async function madeList(count: number, more: readonly Hash[] = []): Promise<Blocklist> {
  const hashes = hashesOf(uniformHashes(count, LIST_SEED).bytes);
  const list = createBlocklist(entriesOf([...hashes, ...more]));
  await list.settled();
  return list;
}

function* entriesOf(hashes: readonly Hash[]): Generator<BlocklistEntry> {
  for (const hash of hashes) yield { hash, labels: ['listed'] };
}
