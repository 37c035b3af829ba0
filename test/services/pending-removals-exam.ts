import { expect } from 'vitest';
import type { FetchOptions, FetchProgress } from '../../src/services/list-fetch.js';
import type { ListClient, ListUpdate, UpdatesPage } from '../../src/services/list-update.js';
import type { PendingRemovalsOfList } from '../../src/services/pending-removals.js';
import { updateOf } from './telling.js';

/** Where a list is kept that is fetched. */
export interface HeldPlace {
  fetch(client: ListClient<number>, options?: FetchOptions): Promise<FetchProgress>;
  confirm(): Promise<boolean>;
  pendingRemovals(): Promise<readonly PendingRemovalsOfList[]>;
  /** what is listed, by its numbers, in their order */
  listed(): Promise<number[]>;
  /** as when the program is started anew */
  restart(): Promise<void>;
}

const START = 1_767_225_600;

/** The numbers from one to another. */
export const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** A service that tells these records to whoever asks from the start, and the changes to others. */
export function tellingAll(all: readonly number[], changes: readonly ListUpdate[] = []) {
  const asked: (number | undefined)[] = [];
  const client: ListClient<number> = {
    async *fetchUpdates({ checkpoint } = {}) {
      asked.push(checkpoint);
      const isFromStart = checkpoint === undefined;
      const updates = isFromStart ? [...all.map((n) => updateOf(n)), ...changes] : changes;
      const page: UpdatesPage<number> = { updates, unknown: [], isDrained: false, isFromStart };
      yield page;
      yield { ...page, updates: [], isDrained: true, checkpoint: (checkpoint ?? 0) + 1 };
    },
    mustRestart: () => false,
  };
  return { client, asked };
}

/** Each place where lists are fetched holds removals back by the same rule. */
export async function examPendingRemovals(place: HeldPlace): Promise<void> {
  const all = range(1, 100);
  const fetch = async (told: readonly number[], changes: readonly ListUpdate[] = []) => {
    const { client } = tellingAll(told, changes);
    return await place.fetch(client, { fromStart: true });
  };
  const listed = async () => await place.listed();
  await fetch(all);
  expect(await place.confirm()).toBe(false);

  // A fifth goes, and no more.
  await fetch(range(21, 100));
  expect(await listed()).toEqual(range(21, 100));
  expect(await place.pendingRemovals()).toEqual([]);
  await fetch(all);

  // A service that tells nothing empties no list: what comes is taken, what it names goes.
  const changes = [updateOf(101), updateOf(1, 'withdrawn')];
  const done = await fetch([], changes);
  const kept = range(2, 101);
  expect(done).toMatchObject({ added: 1, removed: 1, isDrained: true, isFromStart: true });
  expect(done.pendingRemovals).toMatchObject({ removals: 99, of: 100, isConfirmed: false });
  expect(await listed()).toEqual(kept);
  const [held] = await place.pendingRemovals();
  expect(held).toEqual({
    ...{ list: 'a', removals: 99, of: 100, isConfirmed: false },
    sinceSeconds: START,
  });

  // It is held back until somebody confirms, also after a restart, by whole fetches.
  await place.restart();
  expect(await place.pendingRemovals()).toEqual([held]);
  const again = tellingAll([101]);
  expect((await place.fetch(again.client)).pendingRemovals).toMatchObject({
    removals: 99,
    of: 100,
  });
  expect(again.asked).toEqual([undefined]);
  expect(await listed()).toEqual(kept);

  // A fetch that finds something else is held back again, whatever was confirmed.
  expect(await place.confirm()).toBe(true);
  expect(await place.pendingRemovals()).toEqual([{ ...held, isConfirmed: true }]);
  await place.restart();
  const other = await place.fetch(tellingAll(range(2, 50)).client);
  expect(other.pendingRemovals).toMatchObject({ removals: 51, of: 100, isConfirmed: false });
  expect(await listed()).toEqual(kept);

  // A fetch that runs when somebody confirms is not the one after that.
  const during = tellingAll(range(2, 50));
  const pages = during.client.fetchUpdates;
  const confirming: ListClient<number> = {
    ...during.client,
    async *fetchUpdates(options) {
      for await (const page of pages(options)) {
        if (page.isDrained) expect(await place.confirm()).toBe(true);
        yield page;
      }
    },
  };
  expect((await place.fetch(confirming)).pendingRemovals).toMatchObject({ isConfirmed: true });
  expect(await listed()).toEqual(kept);

  // The next one finds at most the same: it goes, and fetches go on from their checkpoint.
  const last = await place.fetch(tellingAll([...range(2, 50), 60, 70]).client);
  expect(last).toMatchObject({ removed: 49, isDrained: true });
  expect(last.pendingRemovals).toBeUndefined();
  expect(await listed()).toEqual([...range(2, 50), 60, 70]);
  expect(await place.pendingRemovals()).toEqual([]);
  const after = tellingAll([]);
  await place.fetch(after.client);
  expect(after.asked).toEqual([expect.any(Number)]);

  // What was held back is forgotten once the service tells all again.
  await fetch([2]);
  expect(await place.pendingRemovals()).toHaveLength(1);
  expect((await place.fetch(tellingAll([...range(2, 50), 60, 70]).client)).pendingRemovals).toBe(
    undefined,
  );
  expect(await place.pendingRemovals()).toEqual([]);

  // However many a service names, one by one, go at once.
  const named = range(2, 50).map((n) => updateOf(n, 'deleted'));
  expect((await fetch([60, 70], named)).pendingRemovals).toBeUndefined();
  expect(await listed()).toEqual([60, 70]);
  // Fewer than 20 are no loss that needs a person.
  expect((await fetch([])).pendingRemovals).toBeUndefined();
  expect(await listed()).toEqual([]);
}
