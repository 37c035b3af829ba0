import {
  checkedOptions,
  checkInteger,
  checkNumber,
  checkObject,
  checkTypeOf,
  choice,
  integer,
  NOW,
  number,
  type OptionCheck,
  type OptionTable,
  SIGNAL,
  wrongKind,
  wrongRange,
} from '../door.js';
import { checkLabels, checkListName } from '../entry.js';
import {
  type Algorithm,
  bitsOf,
  copyOfHash,
  distance as distanceOf,
  type Hash,
  isAlgorithm,
  keyOfHash,
} from '../hash.js';
import { TRUSTS, type Trust } from '../policy.js';
import type { RemoteAnswer, RemoteHit, RemoteMatcher } from '../remote-matcher.js';

/** The most hits, labels and characters that are read. A longer answer is rejected. */
const MOST_READ = 100_000;
const MOST_LABELS = 1000;
const MOST_CHARACTERS = 10_000;

/** Options of a remote list: how it is queried, and how far it is trusted. */
export interface RemoteListOptions {
  /**
   * required: the main hash of each upload that is not matched here at once is sent to the
   * matcher's service. A hash is personal data and reveals a blurred outline of the picture
   */
  sendsHashes: true;
  /** of the list, for decisions and withdrawals, up to 200 characters; default the matcher's */
  name?: string;
  /** time to wait for an answer; default 2 */
  timeoutSeconds?: number;
  /** the highest tier of a hit; default `match` */
  tier?: 'match' | 'review';
  /** trust in the list: hits of a foreign one are for review; default `foreign` */
  trust?: Trust;
  /** the algorithms of the hashes that are sent; default PDQ alone */
  algorithms?: readonly Algorithm[];
  /** the verdict if nothing else matched and this list did not answer; default `review` */
  whenUnanswered?: 'review' | 'unhashable';
  /**
   * time for which `none` is kept, from the query on; default 60, and 0 keeps nothing. Entries that
   * the service adds meanwhile are missed for that long. A hit is never kept: withdrawn means gone
   */
  noneSeconds?: number;
  /** the most hashes without a hit that are kept; default 10,000 */
  mostKept?: number;
  /** milliseconds since 1970, default `Date.now` */
  now?: () => number;
}

const sendsHashes: OptionCheck = (name, value) => {
  if (value !== true) wrongKind(`${name}: true, since hashes go to the matcher`);
};

const listName: OptionCheck = (_, value) => checkListName(value as string);

const algorithms: OptionCheck = (name, value) => {
  if (Array.isArray(value) && value.every(isAlgorithm)) return;
  wrongKind(`${name} to be a list of known algorithms`);
};

export const REMOTE_LIST_OPTIONS = {
  sendsHashes: { is: sendsHashes, required: true },
  name: { is: listName },
  // Longer ones overflow a timer, which then fires at once.
  timeoutSeconds: { is: number, most: 86_400, default: 2 },
  tier: { is: choice, of: ['match', 'review'], default: 'match' },
  trust: { is: choice, of: TRUSTS, default: 'foreign' },
  algorithms: { is: algorithms, default: ['pdq'] },
  whenUnanswered: { is: choice, of: ['review', 'unhashable'], default: 'review' },
  noneSeconds: { is: number, most: 86_400, default: 60 },
  mostKept: { is: integer, most: 10_000_000, default: 10_000 },
  now: NOW,
} as const satisfies OptionTable<RemoteListOptions>;

/** The outcome for a hash: hits, or an empty list; or no answer. */
export type RemoteOutcome = readonly RemoteHit[] | 'unanswered';

/**
 * A list with a remote matcher, for `match`. It queries with a time-out, rejects malformed
 * answers, and remembers for a short time which hashes had no hit.
 */
export class RemoteList {
  readonly name: string;
  readonly tier: 'match' | 'review';
  readonly trust: Trust;
  readonly algorithms: readonly Algorithm[];
  readonly whenUnanswered: 'review' | 'unhashable';
  readonly #matcher: RemoteMatcher;
  readonly #timeoutSeconds: number;
  readonly #noneSeconds: number;
  readonly #mostKept: number;
  readonly #now: () => number;
  /** times of the queries for hashes that had no hit, the earliest kept first */
  readonly #none = new Map<string, number>();

  constructor(matcher: RemoteMatcher, options: RemoteListOptions) {
    checkObject(matcher, 'a matcher: { name, ask }');
    const isMatcher = typeof matcher.name === 'string' && typeof matcher.ask === 'function';
    if (!isMatcher) wrongKind('a matcher: { name, ask }');
    const checked = checkedOptions(options, REMOTE_LIST_OPTIONS);
    const { name = matcher.name } = checked;
    checkListName(name);
    if (name === '') wrongRange('a non-empty name of the list');
    this.name = name;
    this.tier = checked.tier;
    this.trust = checked.trust;
    this.algorithms = [...checked.algorithms];
    this.whenUnanswered = checked.whenUnanswered;
    this.#matcher = matcher;
    this.#timeoutSeconds = checked.timeoutSeconds;
    this.#noneSeconds = checked.noneSeconds;
    this.#mostKept = checked.mostKept;
    this.#now = checked.now;
  }

  /**
   * Queries one hash. It sends a copy, unless the hash recently had no hit.
   * @param options `signal`: ends the wait, as if the list had not answered
   * @returns copies of the hits, the nearest first; none is an empty list; errors of the matcher
   *   never reject
   * @throws {TypeError | RangeError} if `hash` or an option is invalid
   */
  async ask(
    hash: Hash,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<RemoteOutcome> {
    const key = keyOfHash(hash);
    const { signal } = checkedOptions(options, { signal: SIGNAL });
    if (signal?.aborted) return 'unanswered';
    const milliseconds = this.#now();
    checkNumber('the time', milliseconds, 0);
    const now = milliseconds / 1000;
    if (this.#isKept(key, now)) return [];
    const outcome = await this.#answer(copyOfHash(hash), signal);
    if (outcome !== 'unanswered') this.#none.delete(key);
    if (outcome.length === 0) this.#keep(key, now);
    return outcome;
  }

  /** The matcher's answer, if in time. */
  async #answer(hash: Hash, signal: AbortSignal | undefined): Promise<RemoteOutcome> {
    const asking = new AbortController();
    let end = () => {};
    const ended = new Promise<'unanswered'>((resolve) => {
      end = () => resolve('unanswered');
    });
    const timer = setTimeout(end, this.#timeoutSeconds * 1000);
    signal?.addEventListener('abort', end, { once: true });
    try {
      // A copy, since the answers are compared with the hash afterwards.
      const answers = this.#matcher.ask([copyOfHash(hash)], { signal: asking.signal });
      const answered = Promise.resolve(answers).then((all) => outcomeOf(all, hash));
      return await Promise.race([answered.catch(() => 'unanswered' as const), ended]);
    } catch {
      return 'unanswered';
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      asking.abort();
    }
  }

  #isKept(key: string, now: number): boolean {
    const asked = this.#none.get(key);
    // A clock that was set back proves nothing.
    return asked !== undefined && asked <= now && now - asked < this.#noneSeconds;
  }

  #keep(key: string, asked: number): void {
    if (this.#noneSeconds === 0 || this.#mostKept === 0) return;
    if (this.#none.size >= this.#mostKept) {
      const [earliest] = this.#none.keys();
      this.#none.delete(earliest!);
    }
    this.#none.set(key, asked);
  }
}

/**
 * Creates a remote list from a matcher, for `match`. Nothing is sent unless such a list is created
 * and passed there. Then the main hash of an upload is sent if the local blocklist did not match it
 * at once; never a variant, a picture or a name. A hit at a known distance is judged by the policy
 * of `match`, not by that of any list of the blocklist. The options here are its settings: those
 * that `apply` sets under its name are only for entries of the blocklist.
 * @param matcher an `OnlyhashesClient`, a `ShieldClient`, an `HmaClient`, or your own client
 * @throws {TypeError | RangeError} if an argument is invalid
 * @example
 * const matcher = new HmaClient({ baseUrl: 'http://127.0.0.1:5000', tries: 1 });
 * const remoteList = createRemoteList(matcher, { sendsHashes: true, timeoutSeconds: 1 });
 * const decision = await match(variants, blocklist, { remote: [remoteList] });
 */
export function createRemoteList(matcher: RemoteMatcher, options: RemoteListOptions): RemoteList {
  return new RemoteList(matcher, options);
}

/** Remote lists of different names. */
export function remoteLists(_: string, value: unknown): void {
  const lists = value as readonly RemoteList[];
  if (!Array.isArray(lists) || !lists.every((list) => list instanceof RemoteList)) {
    wrongKind('remote to be a list from createRemoteList');
  }
  if (new Set(lists.map(({ name }) => name)).size < lists.length) {
    wrongKind('remote lists with different names');
  }
}

/**
 * Copies of the hits in a matcher's answer about `hash` alone; an empty list if it was `none`.
 * `unanswered` if there was no answer, or an impossible one: about another hash, twice, at a
 * distance that is not the hash's, or malformed. One wrong part spoils the answer.
 */
function outcomeOf(answers: unknown, hash: Hash): RemoteOutcome {
  try {
    if (!Array.isArray(answers) || answers.length !== 1) return 'unanswered';
    const given = answers[0] as Partial<Extract<RemoteAnswer, { answer: 'hits' }>>;
    checkObject(given, 'an answer: { hash, answer }');
    if (keyOfHash(given.hash as Hash) !== keyOfHash(hash)) return 'unanswered';
    const answer: unknown = given.answer;
    if (answer === 'none') return given.hits === undefined ? [] : 'unanswered';
    if (answer !== 'hits') return 'unanswered';
    const { hits } = given;
    if (!Array.isArray(hits) || hits.length === 0 || hits.length > MOST_READ) return 'unanswered';
    // Not by `map`, which skips holes.
    const copies = Array.from(hits as readonly RemoteHit[], (hit) => checkedCopy(hit, hash));
    const far = bitsOf(hash);
    return copies.sort((a, b) => (a.distance ?? far) - (b.distance ?? far));
  } catch {
    return 'unanswered';
  }
}

/** @throws {TypeError | RangeError} if `hit` is invalid */
function checkedCopy(hit: RemoteHit, asked: Hash): RemoteHit {
  checkObject(hit, 'a hit to be an object');
  const { source, labels, id, hash, confirmed } = hit;
  if (labels !== undefined) {
    checkLabels(labels);
    checkInteger('labels', labels.length, 0, MOST_LABELS);
    for (const label of labels) checkInteger('characters', label.length, 0, MOST_CHARACTERS);
  }
  checkTypeOf('source', source, 'string');
  checkTypeOf('id', id, 'string');
  for (const { length } of [source ?? '', id ?? '']) {
    checkInteger('characters', length, 0, MOST_CHARACTERS);
  }
  const actual = hash && distanceOf(asked, hash);
  const { distance = actual } = hit;
  if (distance !== undefined)
    checkInteger('distance', distance, actual ?? 0, actual ?? bitsOf(asked));
  checkTypeOf('confirmed', confirmed, 'boolean');
  return {
    ...(source !== undefined && { source }),
    labels: [...(labels ?? [])],
    ...(id !== undefined && { id }),
    ...(hash !== undefined && { hash: copyOfHash(hash) }),
    ...(distance !== undefined && { distance }),
    ...(confirmed !== undefined && { confirmed }),
  };
}
