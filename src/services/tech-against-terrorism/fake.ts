import {
  checkFake,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  reordered,
  startFakeService,
} from '../fake-service.js';
import type { TechAgainstTerrorismPage, TechAgainstTerrorismRecord } from './format.js';

/** Options of `fakeTechAgainstTerrorism`. */
export interface FakeTechAgainstTerrorismOptions {
  /** records of one page, default 1000 */
  pageSize?: number;
  /** shuffles the records of each page, the same way for the same seed */
  reorderSeed?: number;
  /** whether pages before the last one name a checkpoint; default true */
  pageCheckpoints?: boolean;
  /** accepted login; default any */
  login?: { username: string; password: string };
  /** the time of the first change, in seconds since 1970; each change is a second later */
  startSeconds?: number;
}

/** A fake Tech Against Terrorism, on this machine. */
export interface FakeTechAgainstTerrorism extends FakeService {
  /** Lists a record now, in place of an earlier one of the same id. Returns it with its time. */
  put(record: Omit<TechAgainstTerrorismRecord, 'updatedOn'>): TechAgainstTerrorismRecord;
  /** Marks a record as deleted now. */
  remove(id: string): void;
  /** Invalidates every token issued so far. */
  expireTokens(): void;
  /** All listed records, with deleted ones. */
  records(): TechAgainstTerrorismRecord[];
}

/**
 * Starts a fake Tech Against Terrorism: the login, and the list in order of change. Links to the
 * next page have an offset, and see the list at the time when they are followed.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeTechAgainstTerrorism(
  options: FakeTechAgainstTerrorismOptions = {},
): Promise<FakeTechAgainstTerrorism> {
  checkFake(options, {
    ...{ pageSize: [1], reorderSeed: [0], startSeconds: [0], pageCheckpoints: 'boolean' },
    login: { texts: ['username', 'password'] },
  });
  const { pageSize = 1000, reorderSeed, pageCheckpoints = true, login } = options;
  const { startSeconds = 1_700_000_000 } = options;
  const listed = new Map<string, TechAgainstTerrorismRecord>();
  const tokens = new Set<string>();
  let now = startSeconds + 0.5;
  let given = 0;
  let url = '';

  function put(record: Omit<TechAgainstTerrorismRecord, 'updatedOn'>) {
    const dated = { ...record, updatedOn: now++ };
    // At the end, since the list is in order of change.
    listed.delete(record.id);
    listed.set(record.id, dated);
    return dated;
  }

  function logIn({ body }: FakeRequest): FakeReply {
    const form = new URLSearchParams(body);
    const { username, password } = login ?? {
      username: form.get('username'),
      password: form.get('password'),
    };
    if (!username || form.get('username') !== username || form.get('password') !== password) {
      return { status: 400, body: { non_field_errors: ['unable to log in'] } };
    }
    const token = `token-${++given}`;
    tokens.add(token);
    return { body: { token, user: {} } };
  }

  function page({ query }: FakeRequest): FakeReply {
    const [time, id] = (query.get('after') || '0,0').split(',').map(Number);
    const offset = Number(query.get('offset') ?? 0);
    const found = [...listed.values()].filter(
      (each) => each.updatedOn! > time! || (each.updatedOn === time && Number(each.id) > id!),
    );
    const ordered = found.slice(offset, offset + pageSize);
    const last = ordered.at(-1);
    const hasMore = found.length > offset + pageSize;
    const link = new URLSearchParams(query);
    link.set('limit', `${pageSize}`);
    link.set('offset', `${offset + pageSize}`);
    const checkpoint = last ? `${last.updatedOn},${last.id}` : query.get('after');
    const body = writeTechAgainstTerrorismPage({
      count: found.length,
      records: reordered(ordered, reorderSeed),
      ...(hasMore && { next: `${url}/api/hash-list/v2/all?${link}` }),
      ...((pageCheckpoints || !hasMore) && checkpoint && { checkpoint }),
    });
    return { body, headers: { 'content-type': 'application/json' } };
  }

  const service = await startFakeService((request) => {
    const { method, path, headers } = request;
    if (method === 'POST' && path === '/token-auth/tcap/') return logIn(request);
    if (method === 'GET' && path === '/api/hash-list/v2/all') {
      const isKnown = tokens.has(`${headers.authorization}`.replace(/^Bearer /, ''));
      return isKnown ? page(request) : { status: 401, body: { detail: 'Invalid token.' } };
    }
    return { status: 404, body: { detail: 'Not found.' } };
  });
  url = service.url;
  return {
    ...service,
    put,
    remove(id) {
      const record = listed.get(id);
      if (record) put({ ...record, deleted: true });
    },
    expireTokens: () => tokens.clear(),
    records: () => [...listed.values()],
  };
}

/** The text of a page. */
export function writeTechAgainstTerrorismPage(
  page: Omit<TechAgainstTerrorismPage, 'unknown'>,
): string {
  const { records, next = null, checkpoint = null, count } = page;
  return JSON.stringify({
    count: count ?? records.length,
    next,
    previous: null,
    checkpoint,
    results: records.map((record: TechAgainstTerrorismRecord) => {
      const { id, algorithm, hashDigest, ideology, fileType, further } = record;
      const { deleted, updatedOn, createdOn } = record;
      return {
        hash_digest: hashDigest,
        algorithm,
        ideology,
        file_type: fileType,
        deleted,
        updated_on: updatedOn,
        created_on: createdOn,
        // Like the service: an id that is a number is written as one.
        id: /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id,
        ...further,
      };
    }),
  });
}
