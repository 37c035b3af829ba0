import type { Reservation } from './byte-budget.js';

/** How often it is looked at what a body has sent. */
const LOOK_MILLISECONDS = 500;

/**
 * The memory of one body from its first byte on. It is reserved for all of a body, or for the size
 * of most. One that is too slow to fill that in its time has to give back all but twice of what has
 * come: else two senders of 64 MB that pause would keep out all others. It gets more as more comes.
 */
export class BodyMemory {
  readonly #reservation: Reservation;
  readonly #milliseconds: number;
  readonly #signal: AbortSignal;
  readonly #begun = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #needed = 0;
  /** milliseconds that it has waited for more */
  waited = 0;

  /** @param seconds that the body has */
  constructor(reservation: Reservation, seconds: number, signal: AbortSignal) {
    this.#reservation = reservation;
    this.#milliseconds = 1000 * seconds;
    this.#signal = signal;
  }

  /** Settles when it has room for so many bytes, or for its most. */
  async room(bytes: number): Promise<void> {
    this.#needed = bytes;
    this.#timer ??= setInterval(() => this.#look(), LOOK_MILLISECONDS).unref();
    const { held } = this.#reservation;
    if (bytes <= held) return;
    const asked = performance.now();
    await this.#reservation.growTo(Math.max(bytes, 2 * held), this.#signal);
    this.waited += performance.now() - asked;
  }

  #look(): void {
    const { held } = this.#reservation;
    const past = performance.now() - this.#begun - this.waited;
    if (this.#needed * this.#milliseconds < held * past) {
      this.#reservation.squeezeTo(2 * this.#needed);
    }
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
