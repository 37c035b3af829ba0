import { checkedBriefly, checkInteger, checkNumber, checkObject } from '../door.js';
import type { UnknownWord } from '../policy.js';
import {
  CLOCK_SECONDS,
  type FetchUpdatesOptions,
  fetchUpdatesOptions,
  type ListUpdate,
  type UpdatesPage,
} from './list-update.js';
import { ServiceError } from './service-error.js';

/* Lists that report their changes since a time: StopNCII and ThreatExchange. */

/** Progress of a fetch of such a list. */
export interface TimedCheckpoint {
  /** the newest time that was reported, by the service's clock */
  readonly timestampSeconds: number;
  /** when the fetch began, by our clock */
  readonly fetchedSeconds: number;
}

export const TIMED_FETCH_OPTIONS = /* @__PURE__ */ fetchUpdatesOptions(timedCheckpoint);

/**
 * A fetch begins this long before its checkpoint: no document says whether it would report a change
 * made in the very second of the checkpoint, after it was fetched. Repeated updates are harmless.
 */
export const OVERLAP_SECONDS = 1;

/**
 * True if the fetch of `checkpoint` began more than `most` ago, or in the future.
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function isTooOld(checkpoint: TimedCheckpoint, nowSeconds: number, most: number): boolean {
  timedCheckpoint('', checkpoint);
  checkNumber('nowSeconds', nowSeconds, 0);
  const age = nowSeconds - checkpoint.fetchedSeconds;
  return age > most || age < -CLOCK_SECONDS;
}

function timedCheckpoint(_: string, value: unknown): void {
  checkObject(value, 'a checkpoint: { timestampSeconds, fetchedSeconds }');
  const { timestampSeconds, fetchedSeconds } = value as TimedCheckpoint;
  checkInteger('timestampSeconds', timestampSeconds, 0);
  checkInteger('fetchedSeconds', fetchedSeconds, 0);
}

/** A page of such a list. */
export interface TimedPage {
  readonly updates: readonly ListUpdate[];
  readonly unknown: readonly UnknownWord[];
  /** the newest time in it */
  readonly newestSeconds: number;
  /** position of the next page; undefined on the last one */
  readonly next: string | undefined;
}

/** A service with such a list. */
export interface TimedService {
  /** the time, in seconds since 1970 */
  nowSeconds(): number;
  /** start time that fetches everything */
  readonly everything: number;
  /** see `ListClient` */
  mustRestart(checkpoint: TimedCheckpoint, nowSeconds: number): boolean;
  /** error message for a page that leads to an earlier one */
  readonly twice: string;
  /** @param next from the page before */
  page(startSeconds: number, next: string | undefined): Promise<TimedPage>;
}

/** Every update since a checkpoint, which is the newest time of all pages. */
export async function* timedUpdates(
  options: FetchUpdatesOptions<TimedCheckpoint>,
  service: TimedService,
): AsyncGenerator<UpdatesPage<TimedCheckpoint>, void, undefined> {
  const { checkpoint } = checkedBriefly(options, TIMED_FETCH_OPTIONS);
  const fetchedSeconds = Math.floor(service.nowSeconds());
  const isFromStart = checkpoint === undefined || service.mustRestart(checkpoint, fetchedSeconds);
  const start = isFromStart ? service.everything : checkpoint.timestampSeconds;
  const followed = new Set<string>();
  let newest = start;
  for (let next: string | undefined, isDrained = false; !isDrained; ) {
    const { updates, unknown, ...page } = await service.page(start, next);
    next = page.next;
    isDrained = next === undefined;
    if (next !== undefined && followed.has(next))
      throw new ServiceError('bad-reply', service.twice);
    if (next !== undefined) followed.add(next);
    newest = Math.max(newest, page.newestSeconds);
    // A time that is still to come would hide every change until then.
    const timestampSeconds = Math.max(start, Math.min(newest, fetchedSeconds));
    const reached = isDrained && { checkpoint: { timestampSeconds, fetchedSeconds } };
    yield { updates, unknown, ...reached, isDrained, isFromStart };
  }
}
