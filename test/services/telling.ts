import { hashFromHex } from '../../src/hash.js';
import type { ListClient, ListUpdate, UpdatesPage } from '../../src/services/list-update.js';
import { hexOf } from '../node/files/fed-services.js';

export const hashOf = (n: number) => hashFromHex('pdq', hexOf(n));
export const hexes = (...numbers: number[]) => numbers.map(hexOf).sort();

/** An update as a service tells it. */
export function updateOf(n: number, state: ListUpdate['state'] = 'active', hash = n): ListUpdate {
  const [key, source] = [`r${n}`, 'fake'];
  const entry = { hash: hashOf(hash), labels: [], id: key, source };
  return { key, source, state, signals: [], entries: [entry] };
}

/** A client that tells these pages, and what the checkpoint of each fetch was. */
export function telling(...pages: Partial<UpdatesPage<number>>[]) {
  const asked: (number | undefined)[] = [];
  const client: ListClient<number> = {
    async *fetchUpdates({ checkpoint } = {}) {
      asked.push(checkpoint);
      const isFromStart = checkpoint === undefined;
      for (const [at, page] of pages.entries()) {
        const isDrained = at === pages.length - 1;
        const reached = isDrained && { checkpoint: (checkpoint ?? 0) + 1 };
        yield { updates: [], unknown: [], isDrained, isFromStart, ...reached, ...page };
      }
    },
    mustRestart: () => false,
  };
  return { client, asked };
}
