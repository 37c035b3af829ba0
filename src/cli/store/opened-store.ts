import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { openStore, type Store, StoreError, type StorePlace } from '../../server/index.js';
import type { Call, Option } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import type { Output } from '../output.js';
import { ALONE, servedStore } from '../serve/served-store.js';
import { HoldingServe, removeLeftSocket } from '../serve/store-socket.js';

/** Retries for a store that another command has, and the pause between them. */
const RETRIES = 50;
const RETRY_MILLISECONDS = 200;

/** The option of every command that uses a store. */
export const STORE_OPTIONS = {
  store: {
    about:
      'address of a PostgreSQL server, or folder of an embedded store; by default the value of ONLYHASHES_STORE, which keeps a password out of the process list',
    value: 'URL|FOLDER',
  },
} as const satisfies Record<string, Option>;

/**
 * The address of the store, from the command line or the environment.
 * @throws {UsageError} if neither states one
 */
export function storePlaceOf(call: Call): StorePlace {
  const place = givenStore(call) ?? namedStore();
  if (place) return place;
  throw new UsageError('expected --store URL|FOLDER, or ONLYHASHES_STORE');
}

/** The address of the store on the command line. */
export function givenStore(call: Call): StorePlace | undefined {
  const place = call.text('store');
  return place === undefined ? undefined : placeOfStore(place);
}

/** The address of the store in the environment. */
export function namedStore(): StorePlace | undefined {
  const { ONLYHASHES_STORE: place } = process.env;
  return place ? placeOfStore(place) : undefined;
}

/** @param base the folder that a relative path begins from; default the working one */
export function placeOfStore(text: string, base = ''): StorePlace {
  return /^postgres(ql)?:\/\//i.test(text) ? { url: text } : { dataDir: resolve(base, text) };
}

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
