import { setImmediate } from 'node:timers/promises';
import { DecodeError } from '../errors.js';

/** How slow a stream may be: who sends a byte a second holds memory and a place in a queue. */
export interface PaceLimits {
  /**
   * the least average rate since reading began, looked at after 5 seconds
   * @defaultValue no limit
   */
  minBytesPerSecond?: number | undefined;
  /**
   * the longest time between two chunks, and until the first
   * @defaultValue no limit
   */
  idleSeconds?: number | undefined;
}

/** Connections start slowly: until then no rate is too low. */
const GRACE_MILLISECONDS = 5000;

/** Watches one stream. */
export class Pace {
  readonly #leastPerMillisecond: number;
  readonly #idle: number;
  #start = performance.now();

  constructor({ minBytesPerSecond = 0, idleSeconds = Number.POSITIVE_INFINITY }: PaceLimits) {
    this.#leastPerMillisecond = minBytesPerSecond / 1000;
    this.#idle = 1000 * idleSeconds;
  }

  /**
   * What `next` gives, unless it comes too late.
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
          // What has arrived while this thread was busy is read first.
          await setImmediate();
          reject(new DecodeError('too-slow', 'the stream is slower than it may be'));
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

  /** Does not count a time in which nothing was asked of the sender. */
  leaveOut(milliseconds: number): void {
    this.#start += milliseconds;
  }

  /** How long `length` bytes may take. */
  #timeFor(length: number): number {
    if (this.#leastPerMillisecond === 0) return Number.POSITIVE_INFINITY;
    return Math.max(GRACE_MILLISECONDS, length / this.#leastPerMillisecond);
  }
}

/** Node's longest timer; a longer one would end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
