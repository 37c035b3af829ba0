import { bitsOf, distance, type Hash, newHash } from '../../hash.js';
import { jsonObject, own } from '../../text/json.js';
import { checkFake, type FakeReply, type FakeService, startFakeService } from '../fake-service.js';

/** Options of `fakeShield`. */
export interface FakeShieldOptions {
  /** default `user` */
  user?: string;
  /** default `password` */
  password?: string;
  /** distance up to which a hash is near, in bits; default 31 */
  maxDistance?: number;
}

/** A fake Arachnid Shield, on this machine. */
export interface FakeShield extends FakeService {
  /**
   * Lists a hash.
   * @param classification one of Shield's, or any word; `null`: hashes near it get no answer
   */
  put(hash: Hash, classification: string | null): void;
  /** Removes a hash. */
  remove(hash: Hash): void;
}

/**
 * Starts a fake Shield, which answers `POST /v1/pdq`.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function fakeShield(options: FakeShieldOptions = {}): Promise<FakeShield> {
  checkFake(options, { user: 'string', password: 'string', maxDistance: [0, 256] });
  const { user = 'user', password = 'password', maxDistance = 31 } = options;
  const authorization = `Basic ${btoa(`${user}:${password}`)}`;
  const listed = new Map<string, { hash: Hash; classification: string | null }>();

  /** The match of a hash; `undefined` if there is none. */
  function matchOf(hash: Hash): object | undefined {
    const near = [...listed.values()]
      .map((one) => ({ ...one, bits: distance(hash, one.hash) }))
      .filter(({ bits }) => bits <= maxDistance)
      .sort((a, b) => a.bits - b.bits)[0];
    if (near?.classification === null) return undefined;
    const classification = near?.classification ?? 'no-known-match';
    const match_type = near ? (near.bits === 0 ? 'exact' : 'near') : null;
    return { classification, match_type, near_match_details: null };
  }

  const service = await startFakeService(({ method, path, headers, body }): FakeReply => {
    if (headers.authorization !== authorization) return { status: 401, body: { detail: 'no' } };
    if (method !== 'POST' || path !== '/v1/pdq') return { status: 404, body: { detail: 'no' } };
    let hashes: unknown;
    try {
      hashes = own(jsonObject(body), 'hashes');
    } catch {
      // Rejected below.
    }
    const texts = Array.isArray(hashes) ? hashes.map(String) : [];
    const bytes = texts.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
    if (texts.length === 0 || bytes.some(({ length }) => length !== 32)) {
      return { status: 400, body: { detail: 'expected hashes' } };
    }
    const said = texts.map((text, at) => [text, matchOf(newHash('pdq', bytes[at]!))] as const);
    const known = said.filter(([, match]) => match !== undefined);
    return { body: { scanned_hashes: Object.fromEntries(known) } };
  });
  const keyOf = (hash: Hash) => {
    bitsOf(hash);
    return hash.bytes.join();
  };
  return {
    ...service,
    put: (hash, classification) => void listed.set(keyOf(hash), { hash, classification }),
    remove: (hash) => void listed.delete(keyOf(hash)),
  };
}
