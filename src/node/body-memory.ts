import type { Reservation } from './byte-budget.js';

/** How often it is looked at what a body has sent. */
const LOOK_MILLISECONDS = 500;

/**
 * The memory of one body from its first byte on. It has some to begin with, and gets more as more
 * comes. What has not filled half of it since the last look gives back all but twice of what has
 * come: else a hundred senders that promise 30 MB and pause would keep out all others.
 */
export class BodyMemory {
  readonly #reservation: Reservation;
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #needed = 0;
  /** milliseconds that it has waited for more */
  waited = 0;

  constructor(reservation: Reservation, signal: AbortSignal) {
    this.#reservation = reservation;
    this.#signal = signal;
  }

  /**
   * Settles when it has room for so many bytes, or for its most.
   * @returns the bytes that it has then
   */
  async room(bytes: number): Promise<number> {
    this.#needed = bytes;
    this.#timer ??= setInterval(() => this.#look(), LOOK_MILLISECONDS).unref();
    const { held } = this.#reservation;
    if (bytes > held) {
      const asked = performance.now();
      await this.#reservation.growTo(Math.max(bytes, 2 * held), this.#signal);
      this.waited += performance.now() - asked;
    }
    return this.#reservation.held;
  }

  #look(): void {
    const enough = 2 * this.#needed;
    if (enough < this.#reservation.held) this.#reservation.squeezeTo(enough);
  }

  /** All is there. */
  isComplete(bytes: number): void {
    clearInterval(this.#timer);
    this.#reservation.shrinkTo(bytes);
  }

  release(): void {
    clearInterval(this.#timer);
    this.#reservation.release();
  }
}
