import type { Asked } from './asked.js';
import { Refusal } from './route.js';

/**
 * When an answer is wanted no more: its time is up, or the client is gone. Its signal is made when
 * it is first asked for: signals are dear, and a look-up asks for none.
 */
export class Deadline {
  /** rejects at that time, with a refusal or with what aborted the request */
  readonly over: Promise<never>;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #forget: () => void;
  #controller: AbortController | undefined;
  #reason: unknown;
  #end!: (reason: unknown) => void;

  constructor(request: Asked, seconds: number) {
    this.over = new Promise((_, reject) => {
      this.#end = (reason) => {
        this.#reason ??= reason;
        this.#controller?.abort(this.#reason);
        reject(this.#reason);
      };
    });
    this.over.catch(() => {});
    this.#timer = setTimeout(() => {
      this.#end(new Refusal('timeout', 'expected to be done sooner'));
    }, seconds * 1000);
    this.#forget = whenGone(request, () => this.#end(request.signal.reason));
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The work is over. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }
}

/** @returns a function that forgets the listener */
function whenGone(request: Asked, listener: () => void): () => void {
  if (request.onGone) {
    request.onGone(listener);
    return () => {};
  }
  const { signal } = request;
  if (signal.aborted) listener();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
