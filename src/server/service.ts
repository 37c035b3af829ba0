import { Blocklist } from '../blocklist/blocklist.js';
import {
  boolean,
  callback,
  checkedOptions,
  checkObject,
  integer,
  NOW,
  nested,
  type OptionCheck,
  type OptionTable,
  object,
  positive,
  tableOf,
} from '../door.js';
import {
  ALLOW_LIST,
  FLOOD_GUARD,
  type MatchRules,
  REMOTE,
  type RemoteList,
} from '../matching/match.js';
import { allPendingRemovals, confirmPendingRemovals } from '../node/files/fetch-list.js';
import { createHashPool, type HashPool, hashPool } from '../node/pool/create-hash-pool.js';
import { MAX_BYTES } from '../picture/options.js';
import { POLICY } from '../policy.js';
import { Store } from '../store/store.js';
import { HMA_ROUTE_OPTIONS, type HmaRouteOptions, hmaRoutes } from './hma/routes.js';
import { ACCESS_OPTIONS, Access, type AccessOptions } from './http/access.js';
import { healthRoutes } from './http/health.js';
import { Metrics } from './http/metrics.js';
import { openApiRoute, startRoute } from './http/openapi.js';
import { RateLimit } from './http/rate-limit.js';
import { FormReader, MAX_BYTES_HELD } from './http/read-form.js';
import { callDirectly, responseOf } from './http/reply.js';
import { Refusal, type Route } from './http/route.js';
import { type Client, type LogRecord, Router } from './http/router.js';
import { casesOf, INTAKE_OPTIONS, type IntakeOptions, intakeRoutes } from './intake/routes.js';
import { pageRoutes } from './pages.js';
import { REVIEW_OPTIONS, type ReviewOptions } from './review/routes.js';
import { absentRoute } from './routes/absent-routes.js';
import {
  DECISION_WEBHOOK_OPTIONS,
  type DecisionWebhookOptions,
} from './routes/decision-webhook.js';
import type { FollowedList, ServiceParts } from './routes/parts.js';
import { SCAN_BLOB_OPTIONS, type ScanBlobOptions, scanBlobRoute } from './routes/scan-blob.js';
import { CURATION_OPTIONS, type CurationOptions, storeRoutes } from './routes/store-routes.js';
import { type ScanRouteOptions, v1Routes } from './routes/v1.js';
import {
  FETCH_PICTURE_OPTIONS,
  type FetchPictureOptions,
  pictureFetcher,
} from './uploads/fetch-picture.js';
import { bytesHeld } from './uploads/scan.js';
import { SCAN_ANSWER_OPTIONS } from './uploads/scanner.js';

/** Options of `createService`. */
export interface CreateServiceOptions extends AccessOptions, MatchRules {
  /**
   * the list to match against. While the promise is pending, the service is not ready and refuses
   * requests that need the list
   */
  blocklist?: Blocklist | Promise<Blocklist> | undefined;
  /** in place of `blocklist`: a list that follows a store, with the allow list of that store */
  follower?: FollowedList | Promise<FollowedList> | undefined;
  /**
   * holds the data of `review`, `curation` and the banks of `hma`, and confirms removals that
   * fetches held back; the metrics report the follower's lag
   */
  store?: Store | undefined;
  /**
   * serves the moderators' pages at `/review`. Uploads enter their queue by `item` and `link` of
   * `/v1/match` and `/v1/scan`. Moderators sign in with a `curate` token. The store keeps queue,
   * review log and sessions
   */
  review?: ReviewOptions | undefined;
  /**
   * takes the cases of people at `/v1/cases`: files that the page makes. They wait until somebody
   * of the desk confirms them; then their hashes are on a list of the store
   */
  intake?: IntakeOptions | undefined;
  /**
   * decodes and hashes pictures
   * @defaultValue a new pool, closed with the service
   */
  pool?: HashPool | undefined;
  /**
   * if true, callers of the role `match` see the hashes of entries, as curators do. Otherwise they
   * see only verdicts and distances, which leak: about 260 chosen queries reveal an entry's hash,
   * a blurred outline of its picture. `answersPerDay` and your choice of token holders limit this
   * @defaultValue false
   */
  includeHashes?: boolean | undefined;
  /**
   * the hosts from which routes may fetch a picture by its address
   * @defaultValue nothing is fetched
   */
  fetchPictures?: FetchPictureOptions | undefined;
  /** remote matchers that `/v1/match` queries, from `createRemoteList` */
  remote?: readonly RemoteList[] | undefined;
  /** serves `/v1/scan`, whose status says whether to accept an upload */
  scan?: ScanRouteOptions | undefined;
  /** serves `/v1/decisions`, for decisions that moderators make in another tool */
  webhook?: DecisionWebhookOptions | undefined;
  /** serves `/xrpc/com.atproto.unspecced.scanBlob`, for Bluesky's moderation daemon */
  scanBlob?: ScanBlobOptions | undefined;
  /**
   * serves HMA's dialect, version 1.1: `/h/…`, `/m/…`, `/c/…` and `/status`. A bank is a list.
   * Content is an entry, identified by its number in the store. Without a store, banks are
   * read-only. The unnamed list is the bank `UNNAMED`
   */
  hma?: HmaRouteOptions | undefined;
  /**
   * serves the routes that administer the store: `/v1/changes`, `/v1/lists`, fetching a list now,
   * and the review log
   */
  curation?: CurationOptions | undefined;
  /**
   * size limit of a picture, in bytes
   * @defaultValue 64 MiB
   */
  maxBytes?: number | undefined;
  /**
   * bytes of forms held in memory at a time. Forms beyond that are refused as `busy`
   * @defaultValue 256 MiB, or `maxBytes` if that is more
   */
  maxBytesHeld?: number | undefined;
  /**
   * size limit of a JSON body, in bytes
   * @defaultValue 1 MiB
   */
  maxJsonBytes?: number | undefined;
  /**
   * time limit from a request to its answer
   * @defaultValue 60
   */
  timeoutSeconds?: number | undefined;
  /** receives one log line per answer; must not throw */
  onLog?: ((record: LogRecord) => void) | undefined;
  /** receives internal errors, whose details callers do not see; must not throw */
  onError?: ((error: unknown) => void) | undefined;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: (() => number) | undefined;
}

/** A blocklist, or a promise of one. */
const blocklist: OptionCheck = (_, value) => {
  if (!(value instanceof Promise)) checkedList({ blocklist: value as Blocklist });
};

/** A list that follows a store, or a promise of one. */
const follower: OptionCheck = (_, value) => {
  if (!(value instanceof Promise)) checkedList(value as FollowedList);
};

export const SERVICE_OPTIONS = /* @__PURE__ */ tableOf(ACCESS_OPTIONS, {
  policy: POLICY,
  allowList: ALLOW_LIST,
  floodGuard: FLOOD_GUARD,
  blocklist: { is: blocklist },
  follower: { is: follower },
  store: { is: object, methods: ['revision'] },
  review: { is: nested, options: REVIEW_OPTIONS },
  intake: { is: nested, options: INTAKE_OPTIONS },
  pool: { is: hashPool },
  includeHashes: { is: boolean, default: false },
  fetchPictures: { is: nested, options: FETCH_PICTURE_OPTIONS },
  remote: REMOTE,
  scan: { is: nested, options: SCAN_ANSWER_OPTIONS },
  webhook: { is: nested, options: DECISION_WEBHOOK_OPTIONS },
  scanBlob: { is: nested, options: SCAN_BLOB_OPTIONS },
  hma: { is: nested, options: HMA_ROUTE_OPTIONS },
  curation: { is: nested, options: CURATION_OPTIONS },
  maxBytes: { is: integer, least: 1, default: MAX_BYTES },
  maxBytesHeld: { is: bytesHeld },
  maxJsonBytes: { is: integer, least: 1, default: 2 ** 20 },
  timeoutSeconds: { is: positive, most: 3600, default: 60 },
  onLog: { is: callback },
  onError: { is: callback },
  now: NOW,
}) satisfies OptionTable<CreateServiceOptions>;

/** A service that clients call over HTTP. */
export interface Service {
  /** Answers a request; never rejects. */
  readonly handler: (request: Request, client?: Client) => Promise<Response>;
  /**
   * Ends the service: it refuses new work, waits for the requests in progress, and closes its own
   * pool. `/health/live` still answers.
   */
  drain(): Promise<void>;
}

/** Most photos on the web are no larger. */
const FIRST_FORM_BYTES = 2 ** 20;

/**
 * Creates a service with `/v1/match`, `/v1/status`, `/v1/lists/{name}/confirm`, `/health/live`,
 * `/health/ready`, `/metrics`, `/openapi.json`, which describes every route, and `/`. Options add
 * `/v1/scan`, `/v1/decisions` and more.
 *
 * Without a token, callers on loopback may do everything, and others nothing. `tokens` and
 * `trustNetworks` change that. A proxy in front must pass on the tokens, since it hides the
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
  return serviceWith([], options);
}

/** A service with additional routes. */
export function serviceWith(further: readonly Route[], options: CreateServiceOptions): Service {
  const checked = checkedOptions(options, SERVICE_OPTIONS);
  const { store, onLog, onError, now, maxBytes, includeHashes, remote } = checked;
  const { maxBytesHeld = Math.max(MAX_BYTES_HELD, maxBytes) } = checked;
  const { scan, webhook, fetchPictures, review, scanBlob, hma, curation, intake } = checked;
  const needsStore = review ?? curation ?? intake ?? (hma && store);
  if (needsStore !== undefined && !(store instanceof Store)) {
    throw new TypeError('expected a store of openStore for review, intake, curation and hma');
  }
  const fetchPicture = fetchPictures && pictureFetcher({ maxBytes, ...fetchPictures });
  const { tokens, trustNetworks, hostNames } = checked;
  const access = new Access({ tokens, trustNetworks, hostNames }, onError);
  const { parts, started, end } = partsOf(options, {
    ...{ fetchPicture, maxBytes, now },
    forms: new FormReader({ maxBytes, maxBytesHeld, firstBytes: FIRST_FORM_BYTES }),
  });
  const { sessionHours: hours, uploads, ...queued } = review ?? ({} as ReviewOptions);
  const cases = intake && casesOf(store!, intake, now);
  const queue = review && store!.reviewQueue({ now, ...queued });
  const all: Route[] = [
    ...healthRoutes(parts),
    ...v1Routes({ parts, includeHashes, remote, scan, webhook, queue }),
    ...(scanBlob ? [scanBlobRoute(scanBlob, parts)] : []),
    ...(hma ? hmaRoutes(parts, hma) : []),
    ...(curation ? storeRoutes(store!, curation) : []),
    ...(cases ? intakeRoutes(cases, intake!, { secret: store!.id, now }) : []),
    ...further,
  ];
  if (queue || cases) {
    const { feedbackOf: _, ...retention } = queued;
    const moderated = queue && {
      ...{ queue, uploads, onError: onError ?? (() => {}) },
      log: store!.reviewLog({ now, ...retention }),
    };
    all.push(...pageRoutes({ parts, store: store!, access, review: moderated, cases, hours }));
  }
  // With a page of its own to send from, intake has taken `/`.
  if (!all.some(({ path }) => path === '/')) all.push(startRoute(all));
  all.push(openApiRoute(all));
  const router = new Router({
    routes: all,
    isEnding: parts.isEnding,
    access,
    rateLimit: new RateLimit(() => performance.now()),
    metrics: parts.metrics,
    onLog: onLog ?? (() => {}),
    onError: onError ?? (() => {}),
    maxBytes: checked.maxJsonBytes,
    timeoutSeconds: checked.timeoutSeconds,
    now,
    absentRoute: (path) => absentRoute(options, path),
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
      end();
      drained ??= (async () => {
        await started;
        await router.idle();
        if (!options.pool) await parts.pool.close();
      })();
      return drained;
    },
  };
}

/** The list, once loaded, and the other parts that the routes share. */
function partsOf(
  options: CreateServiceOptions,
  others: Pick<ServiceParts, 'fetchPicture' | 'forms' | 'maxBytes' | 'now'>,
) {
  const { blocklist, follower, store, onError, policy, allowList, floodGuard } = options;
  const rules = { policy, allowList, floodGuard };
  if (allowList !== undefined && follower !== undefined) {
    throw new TypeError('expected no allowList with a follower, which has its own');
  }
  let followed: ReturnType<ServiceParts['followed']>;
  let isEnding = false;
  const there = () => {
    if (followed) return followed;
    throw new Refusal('not-ready', 'expected the list to be loaded');
  };
  const take = (list: typeof followed) => {
    followed = list;
  };
  const start = startOf(blocklist, follower);
  const started =
    start instanceof Promise ? start.then(take).catch((error) => onError?.(error)) : take(start);
  const parts: ServiceParts = {
    ...{ policy, store, pool: options.pool ?? createHashPool(), metrics: new Metrics(), ...others },
    followed: () => followed,
    list: () => there().blocklist,
    rules() {
      const list = there();
      return 'allowList' in list ? { ...rules, allowList: list.allowList } : rules;
    },
    isEnding: () => isEnding,
    pendingRemovals() {
      if (!followed) return [];
      return 'revision' in followed
        ? (followed.pendingRemovals ?? [])
        : allPendingRemovals(followed.blocklist);
    },
    async confirm(name) {
      if (store && 'confirm' in store) return (await store.confirm(name)).confirmed;
      if (!follower) return await confirmPendingRemovals(there().blocklist, name);
      throw new Refusal('not-available', 'this service was started without its store');
    },
  };
  const end = () => {
    isEnding = true;
  };
  return { parts, started, end };
}

const NO_LIST = 'expected blocklist or follower, not both';

/** @throws {TypeError} unless exactly one is given; rejects if the promise gives neither */
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
