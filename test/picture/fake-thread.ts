import type { Thread, ThreadEvents } from '../../src/picture/pool.js';

/** A thread that the test plays. It says what a real one would, and no more once it is ended. */
export class FakeThread implements Thread {
  readonly #events: ThreadEvents;
  readonly received: unknown[] = [];
  /** whether it was ended, by the pool */
  ended = false;
  /** whether it died, of itself */
  dead = false;
  /** whether it was given something when it was no more */
  misused = false;
  /** whether it keeps the process alive */
  holds = true;

  constructor(events: ThreadEvents) {
    this.#events = events;
  }

  post(message: unknown, transfer: readonly object[]): void {
    this.misused ||= this.ended || this.dead;
    this.received.push(structuredClone(message, { transfer: transfer as never }));
  }

  terminate(): void {
    this.ended = true;
  }

  hold(holds: boolean): void {
    this.misused ||= this.ended || this.dead;
    this.holds = holds;
  }

  say(message: unknown): void {
    if (!this.ended && !this.dead) this.#events.said(message);
  }

  die(cause?: unknown): void {
    if (this.ended || this.dead) return;
    this.dead = true;
    this.#events.died(cause);
  }
}
