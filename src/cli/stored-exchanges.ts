import process from 'node:process';
import type { ListClient } from '../exchange/index.js';
import type { Exchange, Store } from '../store/index.js';
import { Failure, UsageError } from './failure.js';
import { LIST_SERVICES } from './list-services.js';

/** The services that lists of a store are fetched from. */
export type Exchanges = ReturnType<Store['exchanges']>;

/**
 * The key of the credentials of a store's exchanges, from the environment alone.
 * @throws {UsageError} unless it has 64 hex digits
 */
export function exchangeKey(): Uint8Array | undefined {
  const { ONLYHASHES_KEY: hex } = process.env;
  if (!hex) return undefined;
  if (/^[0-9a-f]{64}$/i.test(hex)) return Buffer.from(hex, 'hex');
  throw new UsageError('ONLYHASHES_KEY: expected 64 hex digits');
}

/** @throws {Failure} if the service is not known, or a setting or credential is wrong */
export async function clientOf(
  { name, api, settings, hasCredentials }: Exchange,
  exchanges: Exchanges,
): Promise<ListClient<unknown>> {
  // A `serve` that has the store fetches, and knows them.
  if (!('credentials' in exchanges)) return idleClientOf({ api, settings });
  const { connect } = serviceOf(api);
  if (hasCredentials && exchangeKey() === undefined) {
    throw new Failure('expected ONLYHASHES_KEY, with which its credentials were stored');
  }
  const credentials = hasCredentials ? await exchanges.credentials(name) : undefined;
  return connect({ ...credentials }, { ...settings });
}

/** A client that can tell whether a fetch must begin from the start, and fetch nothing. */
export function idleClientOf({
  api,
  settings,
}: Pick<Exchange, 'api' | 'settings'>): ListClient<unknown> {
  const { connect, credentials } = serviceOf(api);
  const unused = Object.keys(credentials).map((each) => [each, 'unused']);
  return connect(Object.fromEntries(unused), { ...settings });
}

function serviceOf(api: string) {
  if (Object.hasOwn(LIST_SERVICES, api)) return LIST_SERVICES[api]!;
  throw new Failure(`expected an exchange of ${Object.keys(LIST_SERVICES).join(', ')}`);
}
