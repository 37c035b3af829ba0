import { createHash, randomBytes } from 'node:crypto';
import { checkedOptions, NOW, type OptionTable, positive } from '../../door.js';
import type { Database } from '../sql/database.js';

/** Options of `Store.sessions`. */
export interface SessionsOptions {
  /**
   * length of a session, from its beginning
   * @defaultValue 8
   */
  hours?: number;
  /**
   * the time, in milliseconds since 1970
   * @defaultValue Date.now
   */
  now?: () => number;
}

/** Hours of a session: a year at most. */
export const SESSION_HOURS = { is: positive, most: 8760, default: 8 } as const;
export const SESSIONS_OPTIONS = {
  hours: SESSION_HOURS,
  now: NOW,
} as const satisfies OptionTable<SessionsOptions>;

const HOUR = 3_600_000;
const SECRET_BYTES = 32;
const SECRET = /^[\w-]{43}$/;

/**
 * Sessions of the page for moderators, for all processes of a service. Made by `Store.sessions`. A
 * session represents a token: it is worthless once the service no longer knows that token.
 */
export class Sessions {
  readonly #database: Database;
  readonly #milliseconds: number;
  readonly #now: () => number;

  /** Use `Store.sessions`. */
  constructor(database: Database, options: SessionsOptions = {}) {
    const { hours, now } = checkedOptions(options, SESSIONS_OPTIONS);
    this.#database = database;
    this.#milliseconds = hours * HOUR;
    this.#now = now;
  }

  /**
   * Begins a session, and removes expired ones.
   * @param tokenHash of the token that was shown, as `tokenHash` returns it
   * @returns the secret of the session, for the browser: 43 letters, digits, `-` and `_`
   * @throws {TypeError} if it is not the hash of a token
   */
  async begin(tokenHash: string): Promise<string> {
    if (typeof tokenHash !== 'string' || !/^[0-9a-f]{64}$/i.test(tokenHash)) {
      throw new TypeError('expected the hash of a token to come from tokenHash');
    }
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const now = this.#now();
    await this.#database.query('delete from session where until <= $1', [new Date(now)]);
    await this.#database.query('insert into session (key, token, until) values ($1, $2, $3)', [
      keyOf(secret),
      Buffer.from(tokenHash, 'hex'),
      new Date(now + this.#milliseconds),
    ]);
    return secret;
  }

  /**
   * The hash of a session's token, in hex; undefined if there is no such session, or it has
   * expired.
   * @throws {TypeError} if `secret` is not a string
   */
  async tokenHashOf(secret: string): Promise<string | undefined> {
    if (typeof secret !== 'string') throw new TypeError('expected secret to be a string');
    if (!SECRET.test(secret)) return undefined;
    const [row] = await this.#database.query<{ token: Uint8Array }>(
      'select token from session where key = $1 and until > $2',
      [keyOf(secret), new Date(this.#now())],
    );
    return row && Buffer.from(row.token).toString('hex');
  }

  /**
   * Ends a session.
   * @returns whether there was one
   * @throws {TypeError} if `secret` is not a string
   */
  async end(secret: string): Promise<boolean> {
    if (typeof secret !== 'string') throw new TypeError('expected secret to be a string');
    const gone = await this.#database.query('delete from session where key = $1 returning 1', [
      keyOf(secret),
    ]);
    return gone.length === 1;
  }
}

/** A secret of 256 random bits needs no salt and no slow hash. */
const keyOf = (secret: string): Uint8Array => createHash('sha256').update(secret).digest();
