/*
 * The common part of all adapters: an upload is checked, the platform is notified of the decision,
 * and the answer depends only on the verdict and the options.
 */

import { Blocklist } from '../../blocklist/blocklist.js';
import {
  callback,
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  object,
  positive,
  tableOf,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import { type Decision, unhashable } from '../../matching/decision.js';
import { ALLOW_LIST, digestsOn, FLOOD_GUARD, type MatchRules } from '../../matching/match.js';
import { check as checkUpload, type HashPool } from '../../node/pool/create-hash-pool.js';
import { type ImageSource, lengthOf } from '../../node/read-bytes.js';
import { MAX_BYTES } from '../../picture/options.js';
import { unlessAborted, within } from '../../picture/waiting.js';
import { POLICY } from '../../policy.js';
import { NOT_CHECKED, RETRY_AFTER_SECONDS, STATUS } from '../http/route.js';

/** A refused upload, to be preserved. */
export interface Refused {
  /** of the upload; absent if it was not held, because it is too long or another check read it */
  readonly bytes?: Uint8Array;
  readonly decision: Decision;
  /** aborts when the time is up */
  readonly signal: AbortSignal;
}

/** Limits of a check. */
export interface CheckLimits {
  readonly maxBytes: number;
  readonly maxDigestBytes?: number;
  readonly signal?: AbortSignal;
  /** search every variant, even after a match; default false */
  readonly all?: boolean;
  /** as in `CheckOptions`; a check of the caller's may ignore it */
  readonly onBytes?: (bytes: Uint8Array) => void;
}

/** Options that turn a decision into an answer. */
export interface ScanAnswerOptions<Upload> {
  /**
   * action for a picture that could not be checked: a full queue, a time-out, a file that is broken
   * or of a kind that is not read here. There is no default, since none suits everyone. A picture
   * that is too long, and an upload that is empty or incomplete, is always refused
   */
  onError: 'accept' | 'refuse';
  /**
   * action for a file that does not begin as a picture of any kind, and that no list has by its
   * digest: a video, a document, a voice note
   * @defaultValue 'accept'
   */
  notPictures?: 'accept' | 'refuse' | undefined;
  /**
   * `review`: an upload for review is refused too
   * @defaultValue 'match'
   */
  refuse?: 'match' | 'review' | undefined;
  /**
   * delay before a client may retry after 503: `busy`, `timeout` or `unanswered`
   * @defaultValue 5
   */
  retryAfterSeconds?: number | undefined;
  /**
   * receives every decision before the upload is accepted or refused, for the platform's review
   * queue and log. Only it sees distances and labels. If it throws, the adapter throws the same,
   * and the upload is not kept
   */
  onDecision?: ((decision: Decision, upload: Upload) => void | Promise<void>) | undefined;
  /**
   * preserves an upload that is refused for a match, or a review, before the refusal is answered:
   * some laws require it. Nothing is kept unless it keeps it. If it fails or takes longer than
   * `preserveSeconds`, `onPreserveError` is called, and the upload is refused all the same
   */
  preserve?: ((refused: Refused, upload: Upload) => void | Promise<void>) | undefined;
  /** @defaultValue 10 */
  preserveSeconds?: number | undefined;
  /** called with the error of `preserve`; required with it; must not throw */
  onPreserveError?: ((error: unknown) => void) | undefined;
}

/**
 * Options of checks, and of the answers to them.
 * @typeParam Upload the adapter's description of an upload, for `onDecision`
 */
export interface ScanOptions<Upload> extends MatchRules, ScanAnswerOptions<Upload> {
  /** the list to check uploads against; not needed with `check`. An empty one refuses nothing */
  blocklist?: Blocklist | undefined;
  /** decodes and hashes uploads; default: the pool that `check` shares */
  pool?: Pick<HashPool, 'check'> | undefined;
  /**
   * replaces the check against `blocklist`. It must decide on any upload; the adapter throws its
   * errors
   */
  check?: ((source: ImageSource, limits: CheckLimits) => Promise<Decision>) | undefined;
  /**
   * size limit of a picture or a form, in bytes
   * @defaultValue 64 MiB
   */
  maxBytes?: number | undefined;
  /** as in `CheckOptions`. `check` gets no upload whose stated length is beyond both limits */
  maxDigestBytes?: number | undefined;
}

const blocklist: OptionCheck = (name, value) => {
  if (value instanceof Blocklist) return;
  throw new TypeError(`expected ${name} to be a blocklist`);
};

export const SCAN_ANSWER_OPTIONS = {
  onError: { is: choice, of: ['accept', 'refuse'], required: true },
  notPictures: { is: choice, of: ['accept', 'refuse'], default: 'accept' },
  refuse: { is: choice, of: ['match', 'review'], default: 'match' },
  retryAfterSeconds: { is: number, default: RETRY_AFTER_SECONDS },
  onDecision: { is: callback },
  preserve: { is: callback },
  preserveSeconds: { is: positive, most: 3600, default: 10 },
  onPreserveError: { is: callback },
} as const satisfies OptionTable<ScanAnswerOptions<never>>;

export const SCAN_OPTIONS = /* @__PURE__ */ tableOf(SCAN_ANSWER_OPTIONS, {
  policy: POLICY,
  allowList: ALLOW_LIST,
  floodGuard: FLOOD_GUARD,
  blocklist: { is: blocklist },
  pool: { is: object, methods: ['check'] },
  check: { is: callback },
  maxBytes: { is: integer, least: 1, default: MAX_BYTES },
  maxDigestBytes: { is: integer },
}) satisfies OptionTable<ScanOptions<never>>;

/** Action for an upload. */
export interface Outcome {
  readonly decision: Decision;
  readonly keep: boolean;
  /** HTTP status: 200 (accept), 451 (reject), or the reason for having no verdict */
  readonly status: number;
  /** delay before a retry, if one may help */
  readonly retryAfterSeconds?: number;
}

/**
 * The error for a refused upload. Express and Fastify answer with its `status` and `headers`, tus
 * with `status_code` and `body`. The message reveals nothing of the upload.
 */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly verdict: Decision['verdict'];
  readonly status: number;
  readonly statusCode: number;
  readonly status_code: number;
  readonly body = 'the upload was refused\n';
  readonly headers: Readonly<Record<string, string>>;

  /** @param outcome the decision, and the status of the answer */
  constructor(outcome: Outcome) {
    super('the upload was refused');
    this.verdict = outcome.decision.verdict;
    this.status = outcome.status;
    this.statusCode = outcome.status;
    this.status_code = outcome.status;
    this.headers = headersOf(outcome);
  }
}

/** Headers of the answer to an upload. */
export function headersOf({ decision, retryAfterSeconds }: Outcome): Record<string, string> {
  return {
    'onlyhashes-verdict': decision.verdict,
    // HTTP has only whole seconds.
    ...(retryAfterSeconds !== undefined && {
      'retry-after': String(Math.ceil(retryAfterSeconds)),
    }),
  };
}

/** Uploads with nothing complete to keep, whatever `onError` is. */
const NOTHING_TO_KEEP: readonly unknown[] = ['bad-request', 'too-slow', 'too-many-bytes'];

/** Status of the answer for an upload left unchecked for this reason. */
export function statusOf(reason: string): number {
  const code = NOT_CHECKED[reason];
  // A missing decoder is not the caller's mistake.
  return code === undefined || code === 'not-available' ? 500 : STATUS[code];
}

/** Checks uploads and decides on the action. */
export class Scanner<Upload> {
  readonly maxBytes: number;
  /** true if any file may be refused now: the list has digests, or others are refused */
  get checksFiles(): boolean {
    const { blocklist, notPictures } = this.#options;
    return notPictures === 'refuse' || (blocklist !== undefined && digestsOn(blocklist).length > 0);
  }

  readonly #options: ScanOptions<Upload>;
  readonly #check: (source: ImageSource, limits: CheckLimits) => Promise<Decision>;

  /**
   * @param options checked by the caller
   * @param how `all`: checks against the blocklist search every variant, even after a match
   * @throws {TypeError} if options contradict each other
   */
  constructor(options: ScanOptions<Upload>, how: Pick<CheckLimits, 'all'> = {}) {
    const { check, maxBytes = MAX_BYTES } = options;
    if (check && (options.allowList ?? options.floodGuard) !== undefined) {
      throw new TypeError('expected allowList and floodGuard with a blocklist, not with a check');
    }
    if (options.preserve && !options.onPreserveError) {
      throw new TypeError('expected onPreserveError with preserve: its failure must not be lost');
    }
    this.maxBytes = maxBytes;
    this.#options = options;
    this.#check = check ?? checkAgainst(options, how);
  }

  /**
   * Checks one upload, notifies `onDecision`, and returns the action.
   * @param source read at most once; by a check of the caller's not at all if its stated length is
   *   too large
   * @param signal if its reason is a DecodeError, that is the outcome, whatever the check does
   * @param limits of a source whose bytes another reader holds
   */
  async scan(
    source: ImageSource,
    upload: Upload,
    signal?: AbortSignal,
    limits: Pick<CheckLimits, 'maxDigestBytes'> = {},
  ): Promise<Outcome> {
    const { maxBytes } = this;
    const { check, maxDigestBytes = 0 } = this.#options;
    if (signal?.reason instanceof DecodeError) return await this.notChecked(signal.reason, upload);
    const length = typeof source === 'string' || source instanceof URL ? 0 : lengthOf(source);
    // A check of our own reads the beginning: what is no picture may be longer.
    if (check && length !== undefined && length > Math.max(maxBytes, maxDigestBytes)) {
      return await this.notChecked(new DecodeError('too-many-bytes', 'too many bytes'), upload);
    }
    let bytes: Uint8Array | undefined;
    const onBytes = (held: Uint8Array) => {
      bytes = held;
    };
    const kept = this.#options.preserve && { onBytes };
    const checked = this.#check(source, {
      maxBytes,
      ...limits,
      ...(signal && { signal }),
      ...kept,
    });
    const decision = await unlessAborted(checked, signal).catch((error: unknown) => {
      const isLate = error instanceof DecodeError && error === signal?.reason;
      return isLate ? this.#unhashable(error) : checked;
    });
    return await this.#outcomeOf(decision, upload, bytes);
  }

  /** Action for an upload that was not checked because of `error`. */
  async notChecked(error: DecodeError, upload: Upload): Promise<Outcome> {
    return await this.#outcomeOf(this.#unhashable(error), upload);
  }

  /** The same for an upload that cannot be kept, whatever `onError` is. */
  async notKept(error: DecodeError, upload: Upload): Promise<Outcome> {
    const outcome = await this.notChecked(error, upload);
    return { ...outcome, ...this.#refusedAs(statusOf(error.code)) };
  }

  #refusedAs(status: number): Omit<Outcome, 'decision'> {
    const { retryAfterSeconds = RETRY_AFTER_SECONDS } = this.#options;
    return { keep: false, status, ...(status === 503 && { retryAfterSeconds }) };
  }

  #unhashable(error: DecodeError): Decision {
    return unhashable(error, this.#options.policy);
  }

  async #outcomeOf(decision: Decision, upload: Upload, bytes?: Uint8Array): Promise<Outcome> {
    await this.#options.onDecision?.(decision, upload);
    const outcome = { decision, ...this.#answerTo(decision) };
    if (!outcome.keep && decision.verdict !== 'unhashable') {
      await this.#preserve({ decision, ...(bytes && { bytes }) }, upload);
    }
    return outcome;
  }

  async #preserve(refused: Omit<Refused, 'signal'>, upload: Upload): Promise<void> {
    const { preserve, preserveSeconds = 10, onPreserveError } = this.#options;
    try {
      await within(preserveSeconds, undefined, async (signal) => {
        await preserve?.({ ...refused, signal }, upload);
      });
    } catch (error) {
      onPreserveError?.(error);
    }
  }

  #answerTo({ verdict, reason }: Decision): Omit<Outcome, 'decision'> {
    const { onError, notPictures = 'accept', refuse = 'match' } = this.#options;
    if (verdict === 'match' || (verdict === 'review' && refuse === 'review')) {
      return { keep: false, status: 451 };
    }
    if (verdict !== 'unhashable') return { keep: true, status: 200 };
    const isThere = !NOTHING_TO_KEEP.includes(NOT_CHECKED[reason]);
    const action = reason === 'not-a-picture' ? notPictures : onError;
    return isThere && action === 'accept'
      ? { keep: true, status: 200 }
      : this.#refusedAs(statusOf(reason));
  }
}

/**
 * A check against a list.
 * @throws {TypeError} if there is no list
 */
function checkAgainst(
  given: Pick<ScanOptions<never>, 'blocklist' | 'pool' | 'maxDigestBytes' | keyof MatchRules>,
  how: Pick<CheckLimits, 'all'>,
) {
  const { blocklist, pool, policy, allowList, floodGuard, maxDigestBytes } = given;
  if (blocklist === undefined) throw new TypeError('expected a blocklist or a check');
  return (source: ImageSource, limits: CheckLimits) => {
    const longest = maxDigestBytes !== undefined && { maxDigestBytes };
    const options = { policy, allowList, floodGuard, ...longest, ...limits, ...how };
    return pool ? pool.check(source, blocklist, options) : checkUpload(source, blocklist, options);
  };
}
