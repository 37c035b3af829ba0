import {
  checkInteger,
  checkMethods,
  checkNumber,
  checkObject,
  checkOptions,
  checkTypeOf,
} from '../door.js';
import { Blocklist } from '../matching/blocklist.js';
import { checkRules, type MatchRules } from '../matching/match.js';
import { checkRemoteLists, type RemoteList } from '../matching/remote-list.js';
import { createHashPool } from '../node/create-hash-pool.js';
import { confirmHeldBack, heldBackLists } from '../node/fetch-list.js';
import { checkPool, type HashPool } from '../node/hash-pool.js';
import { MAX_BYTES } from '../picture/options.js';
import type { ReviewQueueOptions } from '../store/review-queue.js';
import type { Store } from '../store/store.js';
import { Access, type AccessOptions } from './access.js';
import type { DecisionWebhookOptions } from './decision-webhook.js';
import {
  createPictureFetcher,
  type FetchPicture,
  type FetchPictureOptions,
} from './fetch-picture.js';
import { type FollowedList, healthRoutes, listOf, rulesOf, type ServiceState } from './health.js';
import { Metrics } from './metrics.js';
import { openApiOf } from './openapi.js';
import { RateLimit } from './rate-limit.js';
import { FormReader, MAX_BYTES_HELD } from './read-form.js';
import { callDirectly, responseOf } from './reply.js';
import { reviewRoutes } from './review-routes.js';
import { Refusal, type Route } from './route.js';
import { type Client, type LogRecord, Router } from './router.js';
import { type ScanRouteOptions, v1Routes } from './v1.js';

/** What routes of another dialect stand on. */
export interface ServiceParts {
  /** @throws {Refusal} 503 until the list is there */
  readonly list: () => Blocklist;
  /**
   * what decides besides the list
   * @throws {Refusal} 503 until the list is there
   */
  readonly rules: () => MatchRules;
  /** whether the service is ready */
  readonly isReady: () => boolean;
  readonly pool: HashPool;
  /** fetches pictures by their address; undefined unless hosts are allowed */
  readonly fetchPicture: FetchPicture | undefined;
  /** reads forms: what they hold counts together */
  readonly forms: FormReader;
  /** most bytes of a picture */
  readonly maxBytes: number;
}

/** How a service answers, and what it knows. */
export interface CreateServiceOptions extends AccessOptions, MatchRules {
  /**
   * what is matched against. While it is a promise, the service is not ready, and refuses what
   * needs it
   */
  blocklist?: Blocklist | Promise<Blocklist> | undefined;
  /** in place of `blocklist`: a list that follows a store, and has the allow list of the store */
  follower?: FollowedList | Promise<FollowedList> | undefined;
  /**
   * tells the metrics how far the follower is behind; `review`, and confirming what fetches held
   * back, need all of it
   */
  store?: Pick<Store, 'revision'> | Store | undefined;
  /**
   * serves the pages for moderators at `/review`, and takes uploads into their queue by `item` and
   * `link` of `/v1/match` and `/v1/scan`. Moderators sign in by a token of the role `curate`. The
   * store keeps the queue, the review log and the sessions
   */
  review?: ReviewOptions | undefined;
  /**
   * where pictures are decoded and hashed
   * @defaultValue one of its own, which ends with the service
   */
  pool?: HashPool | undefined;
  /**
   * whether callers of the role `match` are told the hashes of entries, as curators are. Without it
   * they still have verdicts and distances: about 260 questions about chosen hashes tell the hash
   * of an entry, and that is a blurred outline of its picture. What bounds this is
   * `answersPerDay`, and whom you give a token
   * @defaultValue false
   */
  tellHashes?: boolean | undefined;
  /**
   * from where routes fetch pictures whose address they are told
   * @defaultValue nothing is fetched
   */
  fetchPictures?: FetchPictureOptions | undefined;
  /** lists elsewhere that `/v1/match` asks, by `createRemoteList` */
  remote?: readonly RemoteList[] | undefined;
  /** serves `/v1/scan`, which says by its status whether to keep an upload */
  scan?: ScanRouteOptions | undefined;
  /** serves `/v1/decisions`, for what moderators decided elsewhere */
  webhook?: DecisionWebhookOptions | undefined;
  /** further routes, of another dialect, say */
  routes?: ((parts: ServiceParts) => readonly Route[]) | undefined;
  /**
   * most bytes of a picture
   * @defaultValue 64 MiB
   */
  maxBytes?: number | undefined;
  /**
   * bytes of forms that are held at a time. What comes beyond them is `busy`
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
  /**
   * most bytes of a body of JSON
   * @defaultValue 1 MiB
   */
  maxJsonBytes?: number | undefined;
  /**
   * from a request to its answer
   * @defaultValue 60
   */
  timeoutSeconds?: number | undefined;
  /** takes a line for each answer; must not throw */
  onLog?: ((record: LogRecord) => void) | undefined;
  /** told of what fails here, which callers are not told of; must not throw */
  onError?: ((error: unknown) => void) | undefined;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: (() => number) | undefined;
}

/** How uploads are reviewed: what may be kept, and what follows. */
export interface ReviewOptions extends ReviewQueueOptions {
  /**
   * how long a moderator stays signed in
   * @defaultValue 8
   */
  sessionHours?: number | undefined;
}

/** A service that others can call by HTTP. */
export interface Service {
  /** Answers a request. It does not reject. */
  readonly handler: (request: Request, client?: Client) => Promise<Response>;
  /**
   * Ends the service: it takes no new work, waits for what is being answered, and closes its own
   * pool. `/health/live` goes on being answered.
   */
  drain(): Promise<void>;
}

/** Most photos of the web are no larger. */
const FIRST_FORM_BYTES = 2 ** 20;
const MAX_JSON_BYTES = 2 ** 20;
const TIMEOUT_SECONDS = 60;

/**
 * Creates a service: `/v1/match`, `/v1/status` and `/v1/lists/{name}/confirm`, `/v1/scan` and
 * `/v1/decisions` if wanted, `/health/live`, `/health/ready`, `/metrics`, and `/openapi.json`,
 * which describes them all.
 *
 * Without a token, callers on loopback may do everything, and others nothing; `tokens` and
 * `trustNetworks` change that. A proxy in front of it has to pass on the tokens, as it hides the
 * addresses.
 * @throws {TypeError | RangeError} if an option is invalid
 * @example
 * const { handler, drain } = createService({ blocklist });
 * const server = createServer(NODE_LIMITS, createNodeListener(handler)).listen(8080, '127.0.0.1');
 * @example
 * // Fastify, without its parsers, since the service reads bodies itself
 * app.register(async (mounted) => {
 *   mounted.removeAllContentTypeParsers();
 *   mounted.addContentTypeParser('*', (_request, _payload, done) => done(null));
 *   const listener = createNodeListener(handler);
 *   mounted.all('/*', (request, reply) => {
 *     reply.hijack();
 *     listener(request.raw, reply.raw);
 *   });
 * });
 * @example
 * // Deno, with `deno run -A`: pictures are hashed in processes
 * Deno.serve({ port: 8080 }, (request, { remoteAddr }) =>
 *   handler(request, { address: remoteAddr.hostname }));
 * @example
 * // Bun
 * Bun.serve({
 *   port: 8080,
 *   fetch: (request, server) =>
 *     handler(request, { address: server.requestIP(request)?.address ?? '' }),
 * });
 */
export function createService(options: CreateServiceOptions): Service {
  checkOptions(options);
  const { blocklist, follower, store, routes, onLog, onError, now = Date.now } = options;
  const { maxBytes = MAX_BYTES, maxJsonBytes = MAX_JSON_BYTES } = options;
  const { timeoutSeconds = TIMEOUT_SECONDS, tellHashes = false, remote = [] } = options;
  const { scan, webhook, fetchPictures, review } = options;
  const { policy, allowList, floodGuard } = options;
  const rules = { policy, allowList, floodGuard };
  checkRules(rules);
  if (allowList !== undefined && follower !== undefined) {
    throw new TypeError('expected no allowList with a follower, which has its own');
  }
  for (const [name, value] of Object.entries({ routes, onLog, onError, now })) {
    checkTypeOf(name, value, 'function');
  }
  checkInteger('maxBytes', maxBytes, 1);
  checkInteger('maxJsonBytes', maxJsonBytes, 1);
  const { maxBytesHeld = Math.max(MAX_BYTES_HELD, maxBytes) } = options;
  checkInteger('maxBytesHeld', maxBytesHeld, maxBytes);
  for (const [name, value] of Object.entries({ scan, fetchPictures, webhook })) {
    if (value !== undefined) checkOptions(value, `${name} to be options`);
  }
  checkTypeOf('tellHashes', tellHashes, 'boolean');
  checkRemoteLists(remote);
  checkNumber('timeoutSeconds', timeoutSeconds, 0.001, 3600);
  if (store !== undefined) checkMethods(store, 'store to be a store', ['revision']);
  if (review !== undefined) checkReview(review, store);
  if (options.pool !== undefined) checkPool(options.pool);
  const fetchPicture = fetchPictures && createPictureFetcher({ maxBytes, ...fetchPictures });
  const access = new Access(options);
  const start = startOf(blocklist, follower);
  const pool = options.pool ?? createHashPool();

  let list: FollowedList | { readonly blocklist: Blocklist } | undefined;
  let isEnding = false;
  const metrics = new Metrics();
  const state: ServiceState = {
    list: () => list,
    rules,
    revision: store && (() => store.revision()),
    pool,
    metrics,
    isEnding: () => isEnding,
    heldBack() {
      if (!list) return [];
      return 'revision' in list ? (list.heldBack ?? []) : heldBackLists(list.blocklist);
    },
    async confirm(name) {
      if (store && 'confirm' in store) return (await store.confirm(name)).confirmed;
      if (!follower) return await confirmHeldBack(listOf(state), name);
      throw new Refusal('not-available', 'this service was started without its store');
    },
  };
  const take = (there: typeof list) => {
    list = there;
  };
  const started =
    start instanceof Promise ? start.then(take).catch((error) => onError?.(error)) : take(start);
  const forms = new FormReader({ maxBytes, maxBytesHeld, firstBytes: FIRST_FORM_BYTES });
  const parts: ServiceParts = {
    list: () => listOf(state),
    rules: () => rulesOf(state),
    isReady: () => list !== undefined && !isEnding,
    fetchPicture,
    ...{ pool, forms, maxBytes },
  };
  const queue = review && (store as Store).reviewQueue({ now, ...review });
  const v1 = v1Routes({ state, forms, maxBytes, tellHashes, remote, scan, webhook, queue });
  const all: Route[] = [...healthRoutes(state), ...v1, ...(routes?.(parts) ?? [])];
  if (review && queue) {
    const followed = () => (list && 'revision' in list ? list.revision : undefined);
    const callerOfToken = (token: string) => access.callerOfToken(token);
    const { sessionHours: hours } = review;
    all.push(
      ...reviewRoutes({
        ...{ store: store as Store, queue, followed, callerOfToken, now },
        log: (store as Store).reviewLog({ now, ...review }),
        sessions: (store as Store).sessions({ now, ...(hours !== undefined && { hours }) }),
      }),
    );
  }
  all.push(openApiRoute(all));
  const router = new Router({
    routes: all,
    isEnding: state.isEnding,
    access,
    rateLimit: new RateLimit(() => performance.now()),
    metrics,
    onLog: onLog ?? (() => {}),
    onError: onError ?? (() => {}),
    maxBytes: maxJsonBytes,
    timeoutSeconds,
    now,
  });
  let drained: Promise<void> | undefined;
  const handler: Service['handler'] = async (request, client = { address: '' }) => {
    checkObject(request, 'a Request');
    checkObject(client, 'a client: { address }');
    return responseOf(await router.answer(request, client));
  };
  callDirectly(handler, (request, client) => router.answer(request, client));
  return {
    handler,
    drain() {
      isEnding = true;
      drained ??= (async () => {
        await started;
        await router.idle();
        if (!options.pool) await pool.close();
      })();
      return drained;
    },
  };
}

/** @throws {TypeError} unless the store can keep reviews */
function checkReview(review: ReviewOptions, store: CreateServiceOptions['store']): void {
  checkOptions(review, 'review to be options');
  if (store === undefined || !('reviewQueue' in store)) {
    throw new TypeError('expected review with a store, of openStore');
  }
}

const NO_LIST = 'expected blocklist or follower, and not both';

/** @throws {TypeError} unless there is one of the two; rejects unless it is a promise of one */
function startOf(
  blocklist: CreateServiceOptions['blocklist'],
  follower: CreateServiceOptions['follower'],
) {
  if ((blocklist === undefined) === (follower === undefined)) throw new TypeError(NO_LIST);
  if (follower instanceof Promise) return follower.then(checkedList);
  if (follower !== undefined) return checkedList(follower);
  if (blocklist instanceof Promise) return blocklist.then((one) => checkedList({ blocklist: one }));
  return checkedList({ blocklist: blocklist! });
}

/** @throws {TypeError} unless it has a blocklist */
function checkedList<List extends { readonly blocklist: Blocklist }>(list: List): List {
  checkObject(list, 'a blocklist or a follower');
  if (list.blocklist instanceof Blocklist) return list;
  throw new TypeError('expected a blocklist or a follower');
}

/** The version of this document goes with the package's. */
const INFO = { title: 'onlyhashes', version: '1' };

function openApiRoute(routes: Route[]): Route {
  let text: string | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    role: 'public',
    about: 'This document.',
    replies: { 200: { title: 'an OpenAPI 3.1 document', type: 'object' } },
    answer: () => {
      text ??= JSON.stringify(openApiOf(routes, INFO));
      return new Response(text, { headers: { 'content-type': 'application/json' } });
    },
  };
}
