import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createHashPool, createSearchThreads, type HashPool } from '../../node/index.js';
import {
  type ClamdOptions,
  createClamdListener,
  createNodeListener,
  createService,
  type LogRecord,
  NODE_LIMITS,
  type Role,
  type Service,
} from '../../server/index.js';
import type { Call, Command } from '../command.js';
import { Failure, UsageError } from '../failure.js';
import { feedKey } from '../list-feed.js';
import { LIST_KINDS } from '../lists/lists.js';
import { type Output, toStdout } from '../output.js';
import { STORE_OPTIONS } from '../store/store-place.js';
import { Feedback, intakeOf, webhookOf } from './more-routes.js';
import { type Place, type ServeOptions, serveOptionsOf } from './serve-options.js';
import { openedSource, placeOfSource, type Source, wordsOf } from './serve-source.js';
import { newToken } from './serve-tokens.js';
import { listenForCommands } from './store-socket.js';

/** Interval between removals of expired reviews. */
const PRUNE_MINUTES = 60;

/** Interval between sendings of feedback. */
const FEEDBACK_MINUTES = 1;

/** Seconds after a signal for pending requests to finish and for callers to read the answers. */
const ANSWER_SECONDS = 20;
const READ_SECONDS = 3;
const GRACE_SECONDS = 25;

/** `onlyhashes serve`: the service over HTTP. */
export const serveCommand: Command = {
  name: 'serve',
  usage: '',
  about: `Answer requests over HTTP, from a store or a list.
Serves /v1/match, /v1/status and /v1/lists/NAME/confirm, HMA's /h, /m, /c and /status, \
/health/live, /health/ready, /metrics and /openapi.json, and pages for moderators if \
--review-days is given. Once ready, it prints a line with its address and the networks that need \
no token, and then one for each answer: TIME CALLER METHOD ROUTE STATUS MILLISECONDS. \
ONLYHASHES_KEY is the key of the credentials of its feeds, 64 hex digits. Lists with a service \
are fetched in the background. While a database is unreachable, it answers from memory. On \
SIGTERM or SIGINT it stops accepting requests, answers pending ones within ${ANSWER_SECONDS} \
seconds, and exits with 0; on a second signal it exits at once.`,
  options: {
    ...STORE_OPTIONS,
    blocklist: {
      about: `in place of a store: ${LIST_KINDS}`,
      value: 'LIST',
      short: 'b',
    },
    host: { about: 'address to listen on', value: 'HOST', default: '127.0.0.1' },
    port: {
      about: 'port to listen on; 0 takes a free one',
      value: 'PORT',
      range: [0, 65_535],
      default: '8080',
    },
    tokens: { about: 'tokens of callers: a JSON list of what --new-token prints', value: 'FILE' },
    'new-token': {
      about: 'print a new token, and its entry for the tokens file; serve nothing',
      choices: ['match', 'curate', 'admin', 'desk', 'feed'],
    },
    'trust-network': {
      about: 'networks that need no token: CIDR=ROLE, comma-separated',
      value: 'CIDR=ROLE',
    },
    'host-name': {
      about: 'further host names that those networks use for it, comma-separated',
      value: 'NAME',
    },
    'allow-url-host': {
      about: 'hosts that pictures may be fetched from, comma-separated (default none)',
      value: 'HOST',
    },
    'review-days': {
      about: 'serve pages for moderators at /review, and keep their decisions for N days',
      value: 'N',
      range: [1, 36_500],
    },
    intake: {
      about: 'take cases of people at /v1/cases, files that the page makes, for the desk at /desk',
      needs: { 'case-days': [] },
    },
    'case-days': {
      about: 'days after which a case that was not confirmed is dropped',
      value: 'N',
      range: [1, 3650],
      needs: { intake: [] },
    },
    routes: {
      about:
        'JSON of more that it serves. "scan": { "onError": "accept" or "refuse" }: /v1/scan. "webhook": { "outcomes", "tokenHashes" }: /v1/decisions, for decisions made in another tool. "feedback": { "stopncii": { "company" }, "ncmec": { "reasonIds" } }: decisions are sent to these services, whose lists it fetches. "scanBlob": { "labels": { LIST: LABEL } }: answers to the moderation daemon of Bluesky. "intake": { "list", "confirmations", "proxy": { "cidr", "header" }, "casesPerHour", "casesPerMinute" }: more of --intake',
      value: 'FILE',
    },
    'hma-resample': {
      about:
        'hash pictures as HMA does, in full, or scaled to 512 x 512 first, as lists such as those of StopNCII are made',
      choices: ['none', '512'],
      default: 'none',
    },
    'hma-not-pictures': {
      about:
        'answer of /h/hash about a photo that is no picture: an error, by which policyserv blocks it, or no hash',
      choices: ['refuse', 'accept'],
      default: 'refuse',
    },
    'include-hashes': { about: 'show callers of the role match the hashes of entries, too' },
    clamd: {
      about:
        'answer clients of clamd too, on a loopback HOST:PORT or the path of a socket. They take FOUND for malware',
      value: 'PLACE',
    },
    'clamd-unread': {
      about: 'answer for pictures in unsupported formats, such as SVG: refuse is ERROR, accept OK',
      choices: ['refuse', 'accept'],
      default: 'refuse',
      needs: { clamd: [] },
    },
    'unseen-frames': {
      about: 'verdict if no entry is near, but not all frames of a file were checked',
      choices: ['none', 'review'],
      default: 'none',
    },
    videos: { about: 'decode videos, by FFmpeg, or the part that nine tenths of --timeout allow' },
    'max-megabytes': { about: 'largest picture', value: 'N', range: [1, 1024], default: '64' },
    'cpu-seconds': { about: 'CPU time for a picture', value: 'N', range: [1, 3600], default: '5' },
    timeout: {
      about: 'time limit for an answer',
      value: 'SECONDS',
      range: [1, 3600],
      default: '60',
    },
    'fetch-minutes': {
      about: 'interval between fetches of the lists; 0 fetches none',
      value: 'N',
      range: [0, 10_080],
      default: '15',
    },
    workers: {
      about: 'threads that search, besides the one that answers; all share one index',
      value: 'N',
      range: [0, 256],
      default: '0',
    },
    'log-json': { about: 'print one JSON object per answer' },
  },
  examples: [
    ['onlyhashes serve -b list.csv', 'for this machine only'],
    ['onlyhashes serve --new-token match', 'a token; the second line goes into tokens.json'],
    [
      'onlyhashes serve --store hashes --host 0.0.0.0 --tokens tokens.json',
      'for other machines, from a store',
    ],
  ],
  minWords: 0,
  maxWords: 0,
  graceSeconds: GRACE_SECONDS,
  async run(call, out) {
    const role = call.text('new-token') as Role | undefined;
    if (role !== undefined) {
      const { token, rule } = newToken(role);
      await out.line(token);
      await out.line(JSON.stringify(rule));
      return 0;
    }
    const place = placeOfSource(call);
    const options = await serveOptionsOf(call);
    const fetches = call.number('fetch-minutes') > 0 || options.routes.feedback !== undefined;
    const source = await openedSource(place, { out, fetches });
    const pool = createHashPool({
      cpuSeconds: call.number('cpu-seconds'),
      unseenFrames: call.text('unseen-frames') as 'none',
      ...(call.on('videos') && { videos: { timeoutSeconds: 0.9 * call.number('timeout') } }),
    });
    try {
      const { reviewDays, caseDays } = options;
      if ((reviewDays ?? caseDays) !== undefined && !source.store) {
        const [option, kept] = reviewDays ? ['review-days', 'decisions'] : ['intake', 'cases'];
        throw new UsageError(`--${option}: expected a store, which keeps the ${kept}`);
      }
      await serve(source, options, { call, out, pool });
    } finally {
      await pool.close();
      // A follower that is still loading ends first.
      await source.follower?.catch(() => {});
      await source.close();
    }
    return 0;
  },
};

interface Serving {
  readonly call: Call;
  readonly out: Output;
  readonly pool: HashPool;
}

/** Serves until the signal aborts; resolves once all requests are answered. */
async function serve(
  { store, dataDir, feeds, follower, blocklist, listFeeds, fetch, fetchList }: Source,
  { place, clamd, reviewDays, caseDays, trusted, routes, service: options }: ServeOptions,
  { call, out, pool }: Serving,
): Promise<void> {
  const { signal } = out;
  const onError = (error: unknown) => out.note(`the service: ${wordsOf(error)}`);
  const toLine = call.on('log-json') ? (record: LogRecord) => JSON.stringify(record) : textOfRecord;
  const feedback = routes.feedback && new Feedback(routes.feedback, listFeeds!);
  const feedbackOf = feedback?.of ?? (() => []);
  const review = reviewDays === undefined ? undefined : { retentionDays: reviewDays, feedbackOf };
  const intake = caseDays && intakeOf(routes, { store: store!, caseDays, notesKey: feedKey() });
  const log = new Log();
  const ending = new AbortController();
  const regular: Promise<void>[] = [];
  let fetching: Promise<unknown> = Promise.resolve();
  const fetchNow: typeof fetchList = async (name, options) => {
    const both = AbortSignal.any([options.signal, ending.signal]);
    const done = fetchList?.(name, { ...options, signal: both });
    fetching = Promise.allSettled([fetching, done]);
    return await done;
  };
  const service = createService({
    ...options,
    review,
    intake: intake ? intake.options : undefined,
    webhook: review && webhookOf(routes.webhook, store!, review),
    ...(follower ? { follower } : { blocklist }),
    ...{ store, pool, onError },
    onLog: (record) => log.push(toLine(record)),
    hma: { feeds, ...options.hma },
    curation: store && { fetch: fetchNow },
  });
  const server = createServer(NODE_LIMITS, createNodeListener(service.handler, onError));
  const webServers = [server];
  const servers: Server[] = [];
  /** connections of clamd's clients */
  const sockets = new Set<Socket>();
  let threads: ReturnType<typeof createSearchThreads> | undefined;
  const closeWeb = () => {
    for (const each of webServers) each.closeAllConnections();
  };
  try {
    if (dataDir !== undefined) {
      const commands = await forCommands(dataDir, service, { out, onError });
      if (commands) webServers.push(commands);
    }
    await feedback?.find();
    await listening(server, place, '--port', onError);
    const followed = await follower;
    const list = followed?.blocklist ?? blocklist!;
    const workers = call.number('workers');
    if (workers > 0) {
      const onProblem = () => out.note('--workers: a thread ended and was replaced');
      threads = createSearchThreads(list, { workers, onProblem });
      await threads.ready();
    }
    const { port } = server.address() as { port: number };
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    const at = followed ? `, revision: ${followed.revision}` : '';
    const size = `lists: ${list.lists().length}, entries: ${list.size}${at}`;
    if (clamd) {
      const unreadPictures = call.text('clamd-unread') as ClamdOptions['unreadPictures'];
      const allowList = followed?.allowList;
      const checking = { blocklist: list, allowList, pool, signal, unreadPictures };
      const scanning = { enabled: true, ...checking } as const;
      const scanner = await clamdServer(clamd, scanning, { out, onError });
      scanner.on('connection', (socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      servers.push(scanner);
    }
    await out.line(`http://${host}:${port} ${size}, trusted without a token: ${trusted}`);
    const minutes = call.number('fetch-minutes');
    if (fetch && minutes > 0) regular.push(every(minutes, fetch, ending.signal, onError));
    if (store && review) {
      const prune = async () => void (await store.pruneReviews({ retentionDays: reviewDays! }));
      regular.push(every(PRUNE_MINUTES, prune, ending.signal, onError));
    }
    if (intake) regular.push(every(PRUNE_MINUTES, intake.prune, ending.signal, onError));
    if (feedback) {
      const send = (until: AbortSignal) => feedback.send(store!, until);
      regular.push(every(FEEDBACK_MINUTES, send, ending.signal, onError));
    }
    if (!signal.aborted) await once(signal, 'abort');
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ending.abort();
    // Stops accepting connections and ends idle ones; pending requests are answered.
    const closed = [...webServers, ...servers].map(closing);
    const late = setTimeout(() => {
      closeWeb();
      for (const socket of sockets) socket.destroy();
    }, 1000 * ANSWER_SECONDS);
    await service.drain();
    for (const each of webServers) each.closeIdleConnections();
    const read = setTimeout(closeWeb, 1000 * READ_SECONDS);
    await Promise.all(closed);
    clearTimeout(read);
    clearTimeout(late);
    await Promise.all([...regular, fetching]);
    await threads?.close();
    log.flush();
  }
}

/**
 * The lines of the log, those of one turn of the event loop together. An answer does not wait for
 * the log's reader.
 */
class Log {
  #lines: string[] = [];

  push(line: string): void {
    if (this.#lines.length === 0) setImmediate(() => this.flush());
    this.#lines.push(`${line}\n`);
  }

  flush(): void {
    if (this.#lines.length > 0) toStdout(this.#lines.join(''));
    this.#lines = [];
  }
}

/** Runs something now, and again some minutes after each run. */
async function every(
  minutes: number,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await work(signal).catch(onError);
    await wait(60_000 * minutes, undefined, { signal }).catch(() => {});
  }
}

/** Without it, the service works, and commands beside it exit 2. */
async function forCommands(
  dataDir: string,
  service: Service,
  { out, onError }: { readonly out: Output; readonly onError: (error: unknown) => void },
): Promise<HttpServer | undefined> {
  try {
    return await listenForCommands(dataDir, service, onError);
  } catch (error) {
    out.note(`the store: no other command can use it meanwhile: ${wordsOf(error)}`);
    return undefined;
  }
}

/** @throws {Failure} if it cannot listen there */
async function clamdServer(
  place: Place,
  options: ClamdOptions,
  { out, onError }: { readonly out: Output; readonly onError: (error: unknown) => void },
): Promise<Server> {
  const server = createSocketServer(createClamdListener(options, onError));
  await listening(server, place, '--clamd', onError);
  out.note(
    '--clamd: callers take FOUND for malware: Nextcloud deletes the file, which may be evidence',
  );
  return server;
}

/**
 * @param onError called for failures once it listens
 * @throws {Failure} with the system's reason
 */
async function listening(
  server: Server,
  place: Place,
  option: string,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    await once(server.listen(place), 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`${option}: cannot listen: ${code}`);
  }
  server.on('error', onError);
}

/** Works, too, for a server that does not listen, which the callback reports as an error. */
const closing = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

function textOfRecord({ time, caller, method, route, status, milliseconds }: LogRecord): string {
  const known = [time, caller ?? '-', method, route ?? '-', status, Math.round(milliseconds)];
  return known.join(' ');
}
