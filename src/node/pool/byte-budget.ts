import { onAbort } from '../../picture/waiting.js';

/** Bytes reserved for one picture. */
export interface Reservation {
  /** bytes reserved now */
  readonly held: number;
  /**
   * Grows the reservation once all others can still reach their maximum.
   * @param bytes in all; it never has more than its maximum
   * @returns rejects with `signal.reason` if `signal` aborts first; nothing has changed then
   */
  growTo(bytes: number, signal: AbortSignal): Promise<void>;
  /** gives back what it does not need for now */
  squeezeTo(bytes: number): void;
  /** gives back what it will not need; it grows no more */
  shrinkTo(bytes: number): void;
  /** gives back everything */
  release(): void;
}

/** A body that holds bytes. */
interface Holder {
  held: number;
  /** its maximum need */
  most: number;
}

/** A request for bytes, by a new body or by one that grows. */
interface Waiting {
  readonly holder: Holder;
  readonly bytes: number;
  begin(): void;
}

/** Minimum that a body counts as: its buffers and its connection have a cost. */
const LEAST = 64 * 1024;

/**
 * Memory for bodies, reserved before they are read. Bodies get it in order of arrival: small ones
 * do not overtake a large one for ever.
 *
 * A body may begin with less than it can need, and grow. Such bodies could each hold a part and
 * wait for the others for ever. So bytes are only granted if all bodies could then reach their
 * maximum, one after another, each with what those before it gave back (Dijkstra's banker's
 * algorithm). No body begins while another waits to grow.
 *
 * Why our own code: packages that limit work count tasks, and one body may need a thousand times
 * the memory of another.
 */
export class ByteBudget {
  readonly #most: number;
  readonly #holders = new Set<Holder>();
  #reserved = 0;
  #arrived: Waiting[] = [];
  #growing: Waiting[] = [];

  /** @param most bytes reserved at a time */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes reserved now. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Number of bodies that wait for memory. */
  get waiting(): number {
    return this.#arrived.length + this.#growing.length;
  }

  /**
   * Reserves bytes, in order of arrival.
   * @param bytes at most those of the whole budget
   * @param most how far the reservation may grow
   * @returns rejects with `signal.reason` if `signal` aborts first; nothing is reserved then
   */
  async reserve(bytes: number, signal: AbortSignal, most = bytes): Promise<Reservation> {
    const own = this.#counted(bytes);
    const holder: Holder = { held: 0, most: Math.max(own, this.#counted(most)) };
    await this.#wait(this.#arrived, holder, own, signal);
    const keep = (left: number) => {
      this.#give(holder, Math.min(holder.held, left));
      this.#beginWaiting();
    };
    return {
      get held() {
        return holder.held;
      },
      growTo: async (wanted, end) => {
        const to = Math.min(holder.most, wanted);
        if (to > holder.held) await this.#wait(this.#growing, holder, to, end);
      },
      squeezeTo: (left) => keep(this.#counted(left)),
      shrinkTo: (left) => {
        holder.most = Math.min(holder.held, this.#counted(left));
        keep(holder.most);
      },
      release: () => {
        holder.most = 0;
        this.#holders.delete(holder);
        keep(0);
      },
    };
  }

  #counted = (bytes: number) => Math.min(this.#most, Math.max(LEAST, bytes));

  /** Waits until `holder` has so many bytes. */
  #wait(line: Waiting[], holder: Holder, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => void line.splice(line.indexOf(waiting), 1);
      const waiting: Waiting = {
        holder,
        bytes,
        begin: () => {
          leave();
          forget();
          resolve();
        },
      };
      const forget = onAbort(signal, () => {
        leave();
        reject(signal.reason);
        // It may have been a large one that blocked the others.
        this.#beginWaiting();
      });
      line.push(waiting);
      this.#beginWaiting();
    });
  }

  #give(holder: Holder, bytes: number): void {
    this.#reserved += bytes - holder.held;
    holder.held = bytes;
  }

  #beginWaiting(): void {
    // The one with the least need first: if it has to wait, then for a body that waits for nothing.
    while (this.#growing.length > 0) {
      const next = this.#growing.reduce((a, b) => (needOf(b.holder) < needOf(a.holder) ? b : a));
      if (!this.#begin(next)) return;
    }
    while (this.#arrived.length > 0) if (!this.#begin(this.#arrived[0]!)) return;
  }

  /** Grants a request if it fits. Counted here, since the waiting caller resumes only later. */
  #begin({ holder, bytes, begin }: Waiting): boolean {
    const before = holder.held;
    const isNew = !this.#holders.has(holder);
    this.#holders.add(holder);
    this.#give(holder, bytes);
    if (this.#isSafe()) {
      begin();
      return true;
    }
    this.#give(holder, before);
    if (isNew) this.#holders.delete(holder);
    return false;
  }

  /** True if all bodies can reach their maximum, those with the least need first. */
  #isSafe(): boolean {
    let free = this.#most - this.#reserved;
    if (free < 0) return false;
    const growing: Holder[] = [];
    for (const holder of this.#holders) {
      if (needOf(holder) > 0) growing.push(holder);
      else free += holder.held;
    }
    growing.sort((a, b) => needOf(a) - needOf(b));
    for (const holder of growing) {
      if (needOf(holder) > free) return false;
      free += holder.held;
    }
    return true;
  }
}

const needOf = ({ held, most }: Holder): number => most - held;
