import { distance, type Hash, hashFromHex } from '../../hash.js';
import {
  checkFake,
  type FakeReply,
  type FakeRequest,
  type FakeService,
  startFakeService,
} from '../fake-service.js';
import type { HmaContent } from './format.js';

/** Options of `fakeHma`. */
export interface FakeHmaOptions {
  /** required as `Authorization: Bearer …`; default none, as an HMA itself requires none */
  token?: string;
  /** distance up to which a lookup hits, in bits; default 31 */
  maxDistance?: number;
  /** milliseconds since 1970, default `Date.now`; decides whether content is still disabled */
  now?: () => number;
}

/** A fake Hasher-Matcher-Actioner, on this machine. */
export interface FakeHma extends FakeService {
  /** Creates a bank, or changes the share of lookups that find it: 0 disables it. */
  setBank(name: string, enabledRatio: number): void;
  /** Stores content under its id, in place of earlier content. Creates its bank if needed. */
  put(content: HmaContent): void;
  /** Removes content at once. */
  remove(id: string): void;
  /** The stored content. */
  contents(): HmaContent[];
}

/**
 * Starts a fake HMA: banks, content by id, `/m/lookup` and `/m/raw_lookup` of PDQ hashes. Its
 * lookups see each change at once; a real HMA takes up to some minutes.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeHma(options: FakeHmaOptions = {}): Promise<FakeHma> {
  checkFake(options, { token: 'string', maxDistance: [0, 256], now: 'function' });
  const { token, maxDistance = 31, now = Date.now } = options;
  const banks = new Map<string, number>();
  const held = new Map<string, HmaContent>();
  const current = (content: HmaContent): HmaContent => {
    const { name } = content.bank;
    return { ...content, bank: { name, enabledRatio: banks.get(name)! } };
  };

  function isOn({ disableUntil, bank }: HmaContent): boolean {
    const isOff = disableUntil !== 1 && (disableUntil === 0 || disableUntil * 1000 > now());
    return !isOff && banks.get(bank.name)! > 0;
  }

  function hits(query: URLSearchParams): { content: HmaContent; bits: number }[] | FakeReply {
    if (query.get('signal_type') !== 'pdq') return failure(400, 'no such signal type');
    let hash: Hash;
    try {
      hash = hashFromHex('pdq', query.get('signal') ?? '');
    } catch {
      return failure(400, 'invalid signal');
    }
    return [...held.values()].flatMap((content) =>
      content.signals
        .filter(({ type, value }) => type === 'pdq' && /^[0-9a-f]{64}$/.test(value))
        .map(({ value }) => ({ content, bits: distance(hash, hashFromHex('pdq', value)) }))
        .filter(({ bits }) => bits <= maxDistance),
    );
  }

  const hitJson = ({ content, bits }: { content: HmaContent; bits: number }) => ({
    bank_content_id: Number(content.id),
    distance: `${bits}`,
  });

  function lookup({ query }: FakeRequest): FakeReply {
    const found = hits(query);
    if (!Array.isArray(found)) return found;
    const asked = query.get('banks')?.split(',');
    const byBank = new Map<string, object[]>();
    for (const hit of found) {
      const { name } = hit.content.bank;
      if (!isOn(hit.content) || asked?.includes(name) === false) continue;
      byBank.set(name, [...(byBank.get(name) ?? []), hitJson(hit)]);
    }
    return { body: Object.fromEntries(byBank) };
  }

  function rawLookup({ query }: FakeRequest): FakeReply {
    const found = hits(query);
    if (!Array.isArray(found)) return found;
    const isLong = query.get('include_distance') === 'true';
    return {
      body: { matches: found.map((hit) => (isLong ? hitJson(hit) : Number(hit.content.id))) },
    };
  }

  const service = await startFakeService((request) => {
    const { method, path, headers, query } = request;
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) {
      return failure(401, 'no token');
    }
    if (method !== 'GET') return failure(405, 'method not allowed');
    if (path === '/m/lookup') return lookup(request);
    if (path === '/m/raw_lookup') return rawLookup(request);
    if (path === '/c/banks') {
      const list = [...banks].map(([name, matching_enabled_ratio]) => ({
        name,
        matching_enabled_ratio,
      }));
      return { body: list };
    }
    if (path === '/c/signal_type/index') {
      // Counts like a real one: the hashes of all banks, disabled ones too.
      const all = [...held.values()].flatMap(({ signals }) => signals);
      return { body: { pdq: { db_size: all.filter(({ type }) => type === 'pdq').length } } };
    }
    const [, bank, id] = /^\/c\/bank\/([^/]+)(?:\/content\/(\d+))?$/.exec(path) ?? [];
    if (bank === undefined)
      return { status: 404, body: '<!doctype html>\n<title>Not Found</title>' };
    if (!banks.has(bank)) return failure(404, `bank '${bank}' not found`);
    if (id === undefined) {
      return { body: { name: bank, matching_enabled_ratio: banks.get(bank) } };
    }
    const content = held.get(id);
    // Like a real one, it does not check whether the content is in that bank.
    if (!content) return failure(404, `content '${id}' not found`);
    const shown = current(content);
    const isFull = query.get('include_signals') === 'true';
    return { body: JSON.parse(writeHmaContent(isFull ? shown : { ...shown, signals: [] })) };
  });
  return {
    ...service,
    setBank: (name, enabledRatio) => void banks.set(name, enabledRatio),
    put(content) {
      if (!banks.has(content.bank.name)) banks.set(content.bank.name, content.bank.enabledRatio);
      held.set(content.id, content);
    },
    remove: (id) => void held.delete(id),
    contents: () => [...held.values()].map(current),
  };
}

function failure(status: number, message: string): FakeReply {
  return { status, body: { message } };
}

/** The text of a reply with content. */
export function writeHmaContent(content: HmaContent): string {
  const { id, bank, disableUntil, signals, exchanges, uri = null, note } = content;
  return JSON.stringify({
    id: /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id,
    disable_until_ts: disableUntil,
    collab_metadata: Object.fromEntries(exchanges.map(({ name, keys }) => [name, keys])),
    original_media_uri: uri,
    bank: { name: bank.name, matching_enabled_ratio: bank.enabledRatio },
    signals: Object.fromEntries(signals.map(({ type, value }) => [type, value])),
    ...(note !== undefined && { note }),
  });
}
