/** The store of a command: its option and address. The database itself is loaded only when used. */
import { resolve } from 'node:path';
import process from 'node:process';
import type { StorePlace } from '../../server/index.js';
import type { Call, Option } from '../command.js';
import { UsageError } from '../failure.js';

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
