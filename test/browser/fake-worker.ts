import type { Reply, Request } from '../../src/browser/message.js';

/** A Worker without a thread: the test plays its part. It says what a real one would, and no more once it is ended. */
export class FakeWorker {
  onmessage: ((event: MessageEvent<Reply>) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  readonly received: Request[] = [];
  /** whether it was ended, by the pool */
  ended = false;
  /** whether it died, of itself */
  dead = false;

  /** whether it was given something when it was no more */
  misused = false;

  postMessage(request: Request, transfer: Transferable[] = []): void {
    this.misused ||= this.ended || this.dead;
    this.received.push(structuredClone(request, { transfer: transfer as never }));
  }

  terminate(): void {
    this.ended = true;
  }

  say(reply: Reply): void {
    if (!this.ended && !this.dead) this.onmessage?.({ data: reply } as MessageEvent<Reply>);
  }

  die(): void {
    if (this.ended || this.dead) return;
    this.dead = true;
    this.onerror?.({ preventDefault() {} });
  }
}

/** As the pool and its Workers take it. */
export const asWorker = (fake: FakeWorker) => fake as unknown as Worker;
