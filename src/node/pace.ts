import { setImmediate } from 'node:timers/promises';
import { number, type OptionTable, positive } from '../door.js';
import { DecodeError } from '../errors.js';

/** Limits on slow streams: a sender of a byte a second holds memory and a place in a queue. */
export interface PaceLimits {
  /**
   * the least average rate since reading began, enforced after 5 seconds
   * @defaultValue no limit
   */
  minBytesPerSecond?: number | undefined;
  /**
   * the longest time until the first chunk, and between two chunks
   * @defaultValue no limit
   */
  idleSeconds?: number | undefined;
}

export const PACE = {
  minBytesPerSecond: { is: number },
  idleSeconds: { is: positive },
} as const satisfies OptionTable<PaceLimits>;

/** Connections start slowly: no rate is too low before this. */
const GRACE_MILLISECONDS = 5000;

/** Enforces the pace of one stream. */
export class Pace {
  readonly #leastPerMillisecond: number;
  readonly #idle: number;
  #start = performance.now();

  constructor({ minBytesPerSecond = 0, idleSeconds = Number.POSITIVE_INFINITY }: PaceLimits) {
    this.#leastPerMillisecond = minBytesPerSecond / 1000;
    this.#idle = 1000 * idleSeconds;
  }

  /**
   * The result of `next`, unless it comes too late.
   * @param length bytes read before it
   * @returns rejects with a DecodeError `too-slow`
   */
  async keeping<T>(next: Promise<T>, length: number): Promise<T> {
    const now = performance.now();
    const wait = Math.min(this.#idle, this.#start + this.#timeFor(length) - now);
    if (wait === Number.POSITIVE_INFINITY) return await next;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        async () => {
          // Data that arrived while this thread was busy is read first.
          await setImmediate();
          reject(new DecodeError('too-slow', 'the stream is too slow'));
        },
        Math.min(Math.max(wait, 0), LONGEST_TIMER),
      );
    });
    try {
      return await Promise.race([next, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Excludes a time in which the sender was asked for nothing. */
  leaveOut(milliseconds: number): void {
    this.#start += milliseconds;
  }

  /** Milliseconds allowed for `length` bytes. */
  #timeFor(length: number): number {
    if (this.#leastPerMillisecond === 0) return Number.POSITIVE_INFINITY;
    return Math.max(GRACE_MILLISECONDS, length / this.#leastPerMillisecond);
  }
}

/** Node's longest timer; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
