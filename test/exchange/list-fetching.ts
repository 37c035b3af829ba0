import { expect } from 'vitest';
import type { ListClient, ListUpdate, UnknownWord } from '../../src/exchange/list-update.js';
import type { Fault } from '../../src/testing/fake-service.js';

/** A list as a platform keeps it: updates by key, and the checkpoint that was stored last. */
export interface Kept<Checkpoint> {
  list: Map<string, ListUpdate>;
  checkpoint?: Checkpoint;
}

/** Fetches into `kept`, as the documentation says; an error leaves what came before it. */
export async function fetchInto<Checkpoint>(
  kept: Kept<Checkpoint>,
  client: ListClient<Checkpoint>,
): Promise<UnknownWord[]> {
  const { checkpoint } = kept;
  const seen = new Set<string>();
  const unknown: UnknownWord[] = [];
  for await (const page of client.fetchUpdates(checkpoint ? { checkpoint } : {})) {
    for (const update of page.updates) {
      kept.list.set(update.key, update);
      seen.add(update.key);
    }
    unknown.push(...page.unknown);
    expect(page.checkpoint !== undefined).toBe(page.isDrained);
    if (page.isDrained && page.isFromStart) {
      for (const key of kept.list.keys()) if (!seen.has(key)) kept.list.delete(key);
    }
    // As JSON: what is stored is read back after a restart.
    if (page.checkpoint) kept.checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
  }
  return unknown;
}

/** Updates in the order of their keys. */
export const sorted = (updates: Iterable<ListUpdate>): ListUpdate[] =>
  [...updates].sort((a, b) => (a.key < b.key ? -1 : 1));

/** How a request for a page of JSON fails at once. */
export const PAGE_FAULTS: Record<string, Fault> = {
  'a failure': { kind: 'status', status: 500 },
  'a refusal': { kind: 'status', status: 400 },
  'a broken connection': { kind: 'reset' },
  'a reply cut at its start': { kind: 'cut', afterBytes: 1 },
  'a reply cut in the middle': { kind: 'cut' },
  'a reply cut at its end': { kind: 'cut', afterBytes: 1e9 },
  'half a reply': { kind: 'status', status: 200, body: '{"count":2,"hashRecords":[' },
  'an empty reply': { kind: 'status', status: 200, body: '' },
  'another reply': { kind: 'status', status: 200, body: { message: 'hello' } },
};
