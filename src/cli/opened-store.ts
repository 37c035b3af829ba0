import { resolve } from 'node:path';
import process from 'node:process';
import { openStore, type Store, StoreError, type StorePlace } from '../store/index.js';
import type { Call, Option } from './command.js';
import { Failure, UsageError } from './failure.js';

/** The option of every command that uses a store. */
export const STORE_OPTIONS = {
  store: {
    about:
      'the address of a PostgreSQL server, or the folder of an embedded store; by default ' +
      'what the variable ONLYHASHES_STORE has, where no list of processes shows a password',
    value: 'URL|FOLDER',
  },
} as const satisfies Record<string, Option>;

/**
 * The place of the store that the command line or the environment names.
 * @throws {UsageError} if neither does
 */
export function storePlaceOf(call: Call): StorePlace {
  const place = call.text('store') ?? process.env.ONLYHASHES_STORE;
  if (!place) throw new UsageError('expected --store URL|FOLDER, or ONLYHASHES_STORE');
  return /^postgres(ql)?:\/\//i.test(place) ? { url: place } : { dataDir: resolve(place) };
}

/**
 * Opens a store, which is made if it is not there.
 * @throws {Failure} if it cannot be opened; no message holds the address
 */
export async function openedStore(place: StorePlace): Promise<Store> {
  try {
    return await openStore(place);
  } catch (error) {
    throw storeFailure(error);
  }
}

/** What went wrong with a store as a Failure of one line. Other errors are returned as they are. */
export function storeFailure(error: unknown): unknown {
  return error instanceof StoreError ? new Failure(`the store: ${error.message}`) : error;
}
