import { isIP } from 'node:net';
import { createBlocklist } from '../../index.js';
import {
  type CreateServiceOptions,
  createService,
  type NetworkRule,
  type Role,
} from '../../server/index.js';
import type { Call } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import { CASES, type MoreRoutes, readRoutes } from './more-routes.js';
import { readTokens } from './serve-tokens.js';

/** The address of a server: a host and a port, or a socket of the file system. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** The command line's options of a service, apart from the list that it answers from. */
export interface ServeOptions {
  readonly place: Extract<Place, { port: number }>;
  readonly clamd: Place | undefined;
  /** days that reviews are kept; undefined if none are */
  readonly reviewDays: number | undefined;
  /** days that a case waits to be confirmed; undefined if none are taken */
  readonly caseDays: number | undefined;
  /** the networks whose callers need no token, in the form of `--trust-network` */
  readonly trusted: string;
  readonly routes: MoreRoutes;
  readonly service: Omit<CreateServiceOptions, 'blocklist' | 'follower'>;
}

/**
 * Reads the options of a service, before anything is opened.
 * @throws {UsageError} if an option is wrong, or strangers could call without a token
 * @throws {Failure} if the file of tokens is wrong
 */
export async function serveOptionsOf(call: Call): Promise<ServeOptions> {
  const host = call.text('host')!;
  const networks = call.text('trust-network');
  const tokensFile = call.text('tokens');
  if (!isLoopback(host) && networks === undefined && tokensFile === undefined) {
    throw new UsageError(
      `--host: other machines could call; give --tokens FILE (--new-token makes one) or \
--trust-network CIDR=ROLE`,
    );
  }
  const clamd = call.text('clamd');
  const hosts = call.text('allow-url-host')?.split(',');
  const hostNames = call.text('host-name')?.split(',');
  const service = {
    ...(networks !== undefined && { trustNetworks: networksOf(networks) }),
    ...(hostNames && { hostNames }),
    ...(hosts && { fetchPictures: { hosts } }),
    timeoutSeconds: call.number('timeout'),
    maxBytes: call.number('max-megabytes') * 2 ** 20,
    includeHashes: call.on('include-hashes'),
    hma: {
      resample: call.text('hma-resample') === '512' ? (512 as const) : ('none' as const),
      notPictures: call.text('hma-not-pictures') as 'refuse',
    },
  };
  const place = { host, port: call.number('port') };
  const clamdPlace = clamd === undefined ? undefined : placeOf(clamd);
  checkService(service, (message) => new UsageError(message));
  const tokens = tokensFile === undefined ? undefined : await readTokens(tokensFile);
  const all = { ...service, ...(tokens && { tokens }) };
  checkService(all, (message) => new Failure(`${tokensFile}: ${message}`));
  const file = call.text('routes');
  const routes = file === undefined ? {} : await readRoutes(file);
  const { webhook, feedback, intake, ...others } = routes;
  checkService(
    { ...others, ...(webhook && { webhook: { ...webhook, ...UNUSED_LOG } }) },
    (message) => new Failure(`${file}: ${message}`),
  );
  if (intake) {
    const options = { list: CASES, ...intake, caseDays: 1 };
    checkService({ intake: options }, (message) => new Failure(`${file}: intake: ${message}`));
  }
  const reviewDays =
    call.text('review-days') === undefined ? undefined : call.number('review-days');
  if (reviewDays === undefined && (webhook ?? feedback)) {
    throw new UsageError('--routes: expected --review-days, for webhook and feedback');
  }
  const caseDays = call.on('intake') ? call.number('case-days') : undefined;
  if (caseDays === undefined && intake) {
    throw new UsageError('--routes: expected --intake, for intake');
  }
  const trusted = networks ?? (tokens === undefined ? 'loopback=admin' : 'none');
  return {
    place,
    clamd: clamdPlace,
    reviewDays,
    caseDays,
    trusted,
    routes,
    service: { ...all, ...others },
  };
}

/** Checks of a webhook's other options need one. */
const UNUSED_LOG = {
  log: { append: async () => {}, timeOf: async () => undefined },
  factsOf: () => undefined,
};

/** The service's own messages name a wrong option; a pool starts with its first picture. */
function checkService(
  options: ServeOptions['service'],
  failure: (message: string) => Failure,
): void {
  try {
    void createService({ ...options, blocklist: createBlocklist([]) }).drain();
  } catch (error) {
    const { message } = error as Error;
    // The store is not open yet. Its absence is checked last.
    if (!message.startsWith('expected a store of openStore')) throw failure(message);
  }
}

/** `CIDR=ROLE`, several comma-separated. */
function networksOf(text: string): NetworkRule[] {
  return text.split(',').map((each) => {
    const [cidr = '', role, ...others] = each.split('=');
    if (role === undefined || others.length > 0) {
      throw new UsageError('--trust-network: expected CIDR=ROLE, comma-separated');
    }
    return { cidr, role: role as Role };
  });
}

/** A path has a slash; an address has none. */
function placeOf(text: string): Place {
  if (text.includes('/')) return { path: text };
  const [, host = '', port] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65_535) {
    throw new UsageError('--clamd: expected HOST:PORT, or a path with a slash');
  }
  // Its protocol has no tokens, and a caller without limits can find out what is listed.
  if (!isLoopback(host)) {
    throw new UsageError(
      '--clamd: other machines could connect without a token; give a loopback address, or the path of \
a socket, which another container may share',
    );
  }
  return { host, port: Number(port) };
}

/** True if only this machine can reach an address. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
