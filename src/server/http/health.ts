import type { SearchThreadsStats } from '../../blocklist/list-state.js';
import { within } from '../../picture/waiting.js';
import type { PendingRemovalsOfList } from '../../services/pending-removals.js';
import type { FollowedList, ServiceParts } from '../routes/parts.js';
import type { Schema } from './json-schema.js';
import type { Gauge } from './metrics.js';
import { TextReply } from './reply.js';
import type { Route } from './route.js';

/** Pending removals of a list, as JSON. */
const PENDING_REMOVALS: Schema = {
  type: 'object',
  required: ['list', 'removals', 'of', 'since', 'isConfirmed'],
  properties: {
    list: { type: 'string' },
    removals: {
      description: 'entries that the service did not send in a fetch from the start; they stay',
      type: 'integer',
    },
    of: { description: 'entries that the list had', type: 'integer' },
    since: { description: 'ISO 8601 time', type: 'string' },
    isConfirmed: {
      description:
        'true if a person confirmed the removals: the next fetch makes them, if it finds no more',
      type: 'boolean',
    },
  },
};

const pendingRemovalsJson = ({ sinceSeconds, ...held }: PendingRemovalsOfList) => ({
  ...held,
  since: new Date(1000 * sinceSeconds).toISOString(),
});

const STATE: Schema = {
  type: 'object',
  required: ['status'],
  properties: {
    status: { enum: ['live', 'ready', 'not-ready', 'ending'] },
    staleSeconds: {
      description: 'seconds since the store last confirmed that the list is current',
      type: 'integer',
      minimum: 0,
    },
    problem: {
      description:
        'code of the error that keeps changes to the file of the list from being applied; absent: none',
      type: 'string',
    },
    pendingRemovals: {
      description: 'removals pending until a person confirms them; absent: none',
      type: 'array',
      items: PENDING_REMOVALS,
    },
  },
};

/** Time limit for the store: an unreachable one does not delay the other metrics. */
const REVISION_SECONDS = 1;

/**
 * `/health/live`: the process answers. `/health/ready`: the list is loaded, at the revision that
 * the store had when opened or later, and the service is not ending. It does not query the store.
 * It stays ready while the store is unreachable or hangs, since hits are answered from memory with
 * their numbers; `staleSeconds` states for how long. It also stays ready while removals are held
 * back or the file of the list cannot be followed (`problem`), since the list is unchanged.
 * `/metrics`: for Prometheus.
 */
export function healthRoutes(parts: ServiceParts): Route[] {
  const stateReply = (status: string, code: number, more: object = {}) =>
    TextReply.json({ status, ...more }, code);
  return [
    {
      method: 'GET',
      path: '/health/live',
      role: 'public',
      about: 'Liveness of the process.',
      replies: { 200: STATE },
      answer: () => stateReply('live', 200),
    },
    {
      method: 'GET',
      path: '/health/ready',
      role: 'public',
      about:
        'Readiness of the service, from memory: an unreachable or hanging store changes only `staleSeconds`.',
      replies: { 200: STATE, 503: STATE },
      answer: () => {
        if (parts.isEnding()) return stateReply('ending', 503);
        const there = parts.followed();
        if (!there) return stateReply('not-ready', 503);
        const stale = staleOf(there);
        const { problem } = there.blocklist;
        const pendingRemovals = parts.pendingRemovals().map(pendingRemovalsJson);
        return stateReply('ready', 200, {
          ...(stale !== undefined && { staleSeconds: Math.floor(stale) }),
          ...(problem && { problem: codeOf(problem) }),
          ...(pendingRemovals.length > 0 && { pendingRemovals }),
        });
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      role: 'match',
      about: 'Counts of answers, and the state of the list and of the pool, for Prometheus.',
      replies: { 200: undefined },
      answer: async () => {
        const type = 'text/plain; version=0.0.4; charset=utf-8';
        const headers = { 'content-type': type, 'cache-control': 'no-store' };
        return new Response(parts.metrics.text(await gaugesOf(parts)), { headers });
      },
    },
  ];
}

/** Without a message, which may name a file. */
const codeOf = ({ name, code }: Error & { code?: unknown }): string =>
  typeof code === 'string' ? code : name;

const staleOf = (there: FollowedList | Pick<FollowedList, 'blocklist'>): number | undefined =>
  'revision' in there ? there.staleSeconds : undefined;

const gaugesOfThreads = (stats: SearchThreadsStats): Gauge[] => [
  gauge('onlyhashes_search_threads', 'Threads that search the list.', stats.workers),
  gauge('onlyhashes_search_bytes', 'Bytes that these threads share.', stats.sharedBytes),
  counter(
    'onlyhashes_thread_searches_total',
    'Searches that threads have answered.',
    stats.searches,
  ),
  counter(
    'onlyhashes_thread_restarts_total',
    'Threads that died and were replaced.',
    stats.restarts,
  ),
];

/** The state of the list and of the pool. */
async function gaugesOf({ followed, store, pool }: ServiceParts): Promise<Gauge[]> {
  const there = followed();
  const gauges = [gauge('onlyhashes_ready', '1 if the list is loaded, else 0.', there ? 1 : 0)];
  if (there) {
    const { size, generation } = there.blocklist;
    gauges.push(
      gauge('onlyhashes_entries', 'Entries in the list.', size),
      gauge('onlyhashes_list_generation', 'Changes to the list in this process.', generation),
    );
    if ('revision' in there) {
      gauges.push(gauge('onlyhashes_list_revision', 'Revision of the list.', there.revision));
      // An unreachable store gives no revision: no lag is reported rather than a wrong one.
      const asked = store && within(REVISION_SECONDS, undefined, () => store.revision());
      const latest = await asked?.catch(() => undefined);
      if (latest !== undefined) {
        const lag = Math.max(0, latest - there.revision);
        gauges.push(
          gauge('onlyhashes_list_lag', 'Changes to the store that are not in the list yet.', lag),
        );
      }
      const stale = staleOf(there);
      if (stale !== undefined) {
        const about = 'Seconds since the store last confirmed that the list is current.';
        gauges.push(gauge('onlyhashes_list_stale_seconds', about, Math.round(1000 * stale) / 1000));
      }
    }
  }
  const threads = there?.blocklist.searchThreads;
  if (threads) gauges.push(...gaugesOfThreads(threads));
  const { queued, reading, atWork, bytesInFlight, workers, busy, done, failed, restarts } =
    pool.stats();
  const byLabel = (label: string, values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
  gauges.push(
    {
      name: 'onlyhashes_pool_pictures',
      about: 'Pictures in the pool.',
      values: byLabel('stage', { queued, reading, at_work: atWork }),
    },
    gauge('onlyhashes_pool_bytes', 'Bytes of pictures in the pool.', bytesInFlight),
    gauge('onlyhashes_pool_workers', 'Workers alive.', workers),
    {
      name: 'onlyhashes_pool_pictures_total',
      about: 'Finished pictures, by outcome.',
      type: 'counter',
      values: byLabel('end', { busy, done, failed }),
    },
    counter('onlyhashes_pool_restarts_total', 'Workers that died or were stopped.', restarts),
  );
  return gauges;
}

const gauge = (name: string, about: string, value: number): Gauge => ({
  ...{ name, about, values: [{ value }] },
});

const counter = (name: string, about: string, value: number): Gauge => ({
  ...gauge(name, about, value),
  type: 'counter',
});
