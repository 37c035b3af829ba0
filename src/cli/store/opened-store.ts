import { access } from 'node:fs/promises';
import { openStore, type Store, StoreError, type StorePlace } from '../../server/index.js';
import { Failure } from '../failure.js';
import type { Output } from '../output.js';
import { ALONE, servedStore } from '../serve/served-store.js';
import { HoldingServe, removeLeftSocket } from '../serve/store-socket.js';

/** Retries for a store that another command has, and the pause between them. */
const RETRIES = 50;
const RETRY_MILLISECONDS = 200;

/**
 * Opens a store, which is created if it is missing. Waits some seconds for an embedded one that
 * another command has.
 * @param waiting notified while it waits
 * @throws {Failure} if it cannot be opened, or a `serve` has it; no message holds the address
 */
export async function openedStore(place: StorePlace, waiting?: Output): Promise<Store> {
  const opened = await storeOrServe(place, waiting);
  if (opened instanceof HoldingServe) throw opened.failure(ALONE);
  return opened;
}

/** @returns the `serve` that has the store, if one has */
async function storeOrServe(place: StorePlace, waiting?: Output): Promise<Store | HoldingServe> {
  for (let tries = 1; ; tries++) {
    try {
      const store = await openStore(place);
      if ('dataDir' in place) await removeLeftSocket(place.dataDir!);
      return store;
    } catch (error) {
      const isTaken = error instanceof StoreError && error.code === 'in-use';
      if (!isTaken || !('dataDir' in place)) throw storeFailure(error);
      const serve = new HoldingServe(place.dataDir!, error.message);
      if (await serve.listens()) return serve;
      if (tries > RETRIES) throw storeFailure(error);
    }
    if (tries === 1) waiting?.note('the store: another program has it open; waiting some seconds');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    waiting?.signal.throwIfAborted();
  }
}

/**
 * Opens an existing store for some work, and closes it. If a `serve` has it, requests go to that.
 * @throws {Failure} if it is missing, cannot be opened, or cannot do what is requested
 */
export async function withStore<T>(
  place: StorePlace,
  work: (store: Store) => Promise<T>,
  { waiting, mayMake = false }: { waiting?: Output; mayMake?: boolean } = {},
): Promise<T> {
  if (!mayMake) await checkStoreThere(place);
  const opened = await storeOrServe(place, waiting);
  const store = opened instanceof HoldingServe ? servedStore(opened) : opened;
  try {
    return await work(store);
  } catch (error) {
    throw storeFailure(error);
  } finally {
    await store.close();
  }
}

/**
 * Commands that only read or change a store create none: a misspelt one would look empty.
 * @throws {Failure} if its folder does not exist
 */
export async function checkStoreThere(place: StorePlace): Promise<void> {
  if (!('dataDir' in place) || place.dataDir === undefined) return;
  const isThere = await access(place.dataDir).then(
    () => true,
    () => false,
  );
  if (!isThere) throw new Failure('the store: no such folder; onlyhashes store init creates it');
}

/** An error of a store as a Failure of one line. Other errors are returned unchanged. */
export function storeFailure(error: unknown): unknown {
  if (error instanceof StoreError) return new Failure(`the store: ${error.message}`);
  // Messages of a server may quote what is stored.
  const { severity, code } = Object(error) as { severity?: unknown; code?: unknown };
  return severity === undefined
    ? error
    : new Failure(`the store: the database answered with error ${code}`);
}
