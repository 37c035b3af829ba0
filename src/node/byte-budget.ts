import { onAbort } from '../picture/waiting.js';

/** Bytes that are kept for one picture. */
export interface Reservation {
  /** gives back what it does not need, once its size is known */
  shrinkTo(bytes: number): void;
  /** gives back all of it */
  release(): void;
}

/** A body counts as no less: its buffers and its connection are not free. */
const LEAST = 64 * 1024;

/**
 * Memory for bodies, which is reserved before they are read. They get it in order of arrival: a
 * large one is not overtaken for ever by small ones.
 */
export class ByteBudget {
  readonly #most: number;
  #reserved = 0;
  #waiting: { bytes: number; begin(): void }[] = [];

  /** @param most bytes reserved at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes reserved now. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Bodies that wait for theirs. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Reserves bytes when their turn has come.
   * @param bytes at most those of the whole budget
   * @returns rejects with `signal.reason` if `signal` aborts first; nothing is reserved then
   */
  reserve(bytes: number, signal: AbortSignal): Promise<Reservation> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const own = this.#counted(bytes);
      const waiting = {
        bytes: own,
        begin: () => {
          forget();
          resolve(this.#reservation(own));
        },
      };
      const forget = onAbort(signal, () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal.reason);
        // It may have been the large one that the others waited behind.
        this.#beginWaiting();
      });
      this.#waiting.push(waiting);
      this.#beginWaiting();
    });
  }

  #counted = (bytes: number) => Math.min(this.#most, Math.max(LEAST, bytes));

  #reservation(bytes: number): Reservation {
    let held = bytes;
    const keep = (left: number) => {
      if (left >= held) return;
      this.#reserved -= held - left;
      held = left;
      this.#beginWaiting();
    };
    return {
      shrinkTo: (left) => keep(this.#counted(left)),
      release: () => keep(0),
    };
  }

  #beginWaiting(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || this.#reserved + first.bytes > this.#most) return;
      this.#waiting.shift();
      // Counted here, not by who waited: it goes on only later.
      this.#reserved += first.bytes;
      first.begin();
    }
  }
}
