import {
  checkFake,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  Pages,
  reordered,
  startFakeService,
} from '../fake-service.js';
import type { ThreatDescriptor, ThreatUpdate } from './format.js';

/** Options of `fakeThreatExchange`. */
export interface FakeThreatExchangeOptions {
  /** default `1234567890|secret` */
  accessToken?: string;
  /** the number of the group, default `1` */
  privacyGroup?: string;
  /** most records of one page, whatever size is requested; default 500 */
  maxPageSize?: number;
  /** shuffles the records of a fetch, the same way for the same seed; default by time */
  reorderSeed?: number;
  /** the time of the first change, in seconds since 1970; each change is a second later */
  startSeconds?: number;
}

/** A fake privacy group of ThreatExchange, on this machine. */
export interface FakeThreatExchange extends FakeService {
  /** Lists a record now, in place of an earlier one of the same id. Returns it with its time. */
  put(record: Omit<ThreatUpdate, 'lastUpdated'>): ThreatUpdate;
  /** Deletes a record now: from then on its notice is listed. */
  remove(id: string): void;
  /** All listed records, with notices of deletion. */
  records(): ThreatUpdate[];
}

/**
 * Starts a fake ThreatExchange: `threat_updates` of one group, with pages. It accepts the token in
 * the header or in the query. Its links carry the token, as real ones do.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeThreatExchange(
  options: FakeThreatExchangeOptions = {},
): Promise<FakeThreatExchange> {
  checkFake(options, {
    ...{ accessToken: 'string', privacyGroup: 'string' },
    ...{ maxPageSize: [1], reorderSeed: [0], startSeconds: [0] },
  });
  const { accessToken = '1234567890|secret', privacyGroup = '1', reorderSeed } = options;
  const { maxPageSize = 500, startSeconds = 1_600_000_000 } = options;
  const listed = new Map<string, ThreatUpdate>();
  const pages = new Pages<ThreatUpdate>();
  let now = startSeconds;

  function put(record: Omit<ThreatUpdate, 'lastUpdated'>): ThreatUpdate {
    const dated = { ...record, lastUpdated: now++ };
    listed.set(record.id, dated);
    return dated;
  }

  function page({ query }: FakeRequest): FakeReply {
    const size = Math.min(Number(query.get('limit') ?? maxPageSize), maxPageSize);
    const page = pages.page(query.get('after'), size, () => {
      const types = query.get('types')?.split(',');
      const from = Number(query.get('start_time') ?? 0);
      const to = Number(query.get('stop_time') ?? Number.POSITIVE_INFINITY);
      const found = [...listed.values()]
        .filter(({ lastUpdated, type }) => {
          const isWithin = lastUpdated! >= from && lastUpdated! <= to;
          return isWithin && (types?.includes(type) ?? true);
        })
        .sort((a, b) => a.lastUpdated! - b.lastUpdated!);
      return reordered(found, reorderSeed);
    });
    if (!page) return { status: 400, body: { error: { code: 100 } } };
    const { records, next: cursor } = page;
    const headers = { 'content-type': 'application/json' };
    if (cursor === undefined) return { headers, body: writeThreatUpdates(records) };
    const link = new URLSearchParams(query);
    link.set('access_token', accessToken);
    link.set('after', cursor);
    const next = `${service.url}/${privacyGroup}/threat_updates/?${link}`;
    return { headers, body: writeThreatUpdates(records, { next }) };
  }

  const service = await startFakeService((request) => {
    const { method, path, query, headers } = request;
    const isAllowed =
      headers.authorization === `Bearer ${accessToken}` ||
      query.get('access_token') === accessToken;
    if (!isAllowed) return { status: 401, body: { error: { code: 190 } } };
    if (method === 'GET' && path === `/${privacyGroup}/threat_updates/`) return page(request);
    return { status: 404, body: { error: { code: 100 } } };
  });
  return {
    ...service,
    put,
    remove(id) {
      const record = listed.get(id);
      if (!record) return;
      const { descriptors: _, lastUpdated: __, ...rest } = record;
      put({ ...rest, shouldDelete: true });
    },
    records: () => [...listed.values()],
  };
}

/** The text of a reply of `threat_updates`. */
export function writeThreatUpdates(
  records: Iterable<ThreatUpdate>,
  { next }: { next?: string } = {},
): string {
  const data = Array.from(records, (record) => {
    const { id, indicator, type, lastUpdated, shouldDelete, descriptors } = record;
    return {
      id,
      indicator,
      type,
      last_updated: lastUpdated,
      should_delete: shouldDelete,
      ...(descriptors && { descriptors: { data: descriptors.map(descriptorJson) } }),
    };
  });
  return JSON.stringify({ data, ...(next !== undefined && { paging: { next } }) });
}

function descriptorJson({ id, ownerId, status, tags, reactions }: ThreatDescriptor) {
  return {
    id,
    owner: { id: ownerId },
    status,
    ...(tags.length > 0 && { tags: { data: tags.map((text) => ({ text })) } }),
    ...(reactions.length > 0 && {
      reactions: reactions.map(({ key, ownerIds }) => ({ key, value: ownerIds.join(',') })),
    }),
  };
}
